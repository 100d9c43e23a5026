"""The cosigner's decision: each status of tlog-witness, what is remembered, and that no run of requests makes it sign two histories."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure import checkpoint as heads
from disclosure import cosigning, note
from disclosure.cosigning import SIZE_TYPE, Answer, Request, Seen, decide, format_request, parse_request
from disclosure.errors import CosigningError, DisclosureError
from disclosure.tree import EMPTY_ROOT, CompactRange, consistency_proof, leaf_hash

ORIGIN, NAME, NOW = "disclose.example/log/2026", "audit.example", 1_790_000_000


class History:
    """One history of a log: its entries are `label` and a number, from `fork` on; before that all histories are alike."""

    def __init__(self, label="a", fork=0, size=40):
        self.hashes, self.roots, tree = {}, [EMPTY_ROOT], CompactRange()
        for number in range(size):
            for level, index, value in tree.append(leaf_hash(f"{label if number >= fork else ''} {number}".encode())):
                self.hashes[level, index] = value
            self.roots.append(tree.root())

    def proof(self, old, size):
        return tuple(consistency_proof(old, size, lambda level, index: self.hashes[level, index]))

    def request(self, signer, old, size, proof=None, origin=ORIGIN):
        signed = heads.sign_checkpoint(heads.Checkpoint(origin, size, self.roots[size]), signer)
        return format_request(Request(old, self.proof(min(old, size), size) if proof is None else proof, signed))


A, B = History("a", fork=10), History("b", fork=10)


@pytest.fixture
def ask(signer):
    """A cosigner that remembers, without a disk."""
    seen: dict[str, Seen] = {}
    logs = {ORIGIN: note.VerifierKey(ORIGIN, note.KIND_ED25519, signer(1).public_key)}

    def answer(body: bytes, now=NOW) -> Answer:
        found = decide(logs, seen, NAME, [signer(2)], now, body)
        assert (found.seen is not None) == (found.status == 200)
        if found.seen is not None:
            seen[found.seen.origin] = found.seen
        return found

    return answer


def test_growth_is_signed_and_can_be_read_by_the_log(ask, signer):
    key = note.VerifierKey(NAME, note.KIND_COSIGNATURE, signer(2).public_key)
    for old, size in ((0, 0), (0, 5), (5, 5), (5, 12), (12, 40)):
        body = A.request(signer(1), old, size)
        answer = ask(body)
        assert (answer.status, answer.seen) == (200, Seen(ORIGIN, A.roots[size], size, NOW))
        line, time = cosigning.read_cosignature(parse_request(body).note, answer.body, key)
        assert (line.encode(), time) == (answer.body, NOW)


def test_each_refusal_has_its_status(ask, signer):
    log = signer(1)
    ask(A.request(log, 0, 5))
    signed = heads.sign_checkpoint(heads.Checkpoint(ORIGIN, 12, A.roots[12]), log)
    cases = (
        (400, b"", b""),
        (400, b"old 05\n\n" + signed, b""),
        (400, b"old -1\n\n" + signed, b""),
        (400, b"old 5\nAAAA\n\n" + signed, b""),
        (400, b"old 5\n" + signed, b""),
        (400, b"old 9223372036854775808\n\n" + signed, b""),
        (400, A.request(log, 5, 12).replace(b"\n12\n", b"\n12\n\n", 1), b""),
        (400, format_request(Request(13, (), signed)), b"beyond"),
        (404, A.request(log, 0, 5, origin="other.example/log"), b"not known"),
        (403, A.request(signer(9), 5, 12), b""),
        (409, A.request(log, 0, 12), b"5\n"),
        (409, A.request(log, 4, 12), b"5\n"),
        (409, A.request(log, 6, 12), b"5\n"),
        (409, A.request(log, 4, 4), b"5\n"),
        (409, History("c").request(log, 5, 5), b"5\n"),
        (422, A.request(log, 5, 12, proof=()), b""),
        (422, A.request(log, 5, 12, proof=(bytes(32),)), b""),
        (422, A.request(log, 5, 5, proof=(bytes(32),)), b""),
        (422, History("c").request(log, 5, 12), b""),
        (413, bytes(cosigning.MAX_REQUEST_BYTES + 1), b""),
    )
    for status, body, said in cases:
        answer = ask(body)
        assert answer.status == status, (body[:60], answer)
        assert said in answer.body
        assert (answer.media_type == SIZE_TYPE) == (status == 409)
    assert ask(A.request(log, 5, 12)).status == 200  # none of it was remembered


def test_a_proof_from_nothing_is_empty(ask, signer):
    assert ask(A.request(signer(1), 0, 5, proof=(bytes(32),))).status == 422


def test_a_request_has_at_most_63_proof_lines(signer):
    signed = parse_request(A.request(signer(1), 0, 5)).note
    assert parse_request(format_request(Request(1, (bytes(32),) * 63, signed))).old == 1
    with pytest.raises(CosigningError):
        format_request(Request(1, (bytes(32),) * 64, signed))


def test_the_time_never_falls_even_if_the_clock_does(ask, signer):
    ask(A.request(signer(1), 0, 5), NOW)
    assert ask(A.request(signer(1), 5, 6), NOW - 3600).seen.time == NOW


def test_lines_of_other_keys_are_ignored_and_bad_ones_refused(ask, signer):
    body = A.request(signer(1), 0, 5)
    signed, answer = parse_request(body).note, ask(body).body
    stranger = cosigning.format_line(heads.cosign_checkpoint(signed, "x.example", signer(7), 5)).encode()
    key = note.VerifierKey(NAME, note.KIND_COSIGNATURE, signer(2).public_key)
    assert cosigning.read_cosignature(signed, stranger + answer, key)[0].encode() == answer
    for bad in (b"", stranger, answer + answer, b"\n" + answer, answer[:-1], b"other\n\n" + answer, answer.replace(b"A", b"B")):
        with pytest.raises(DisclosureError):
            cosigning.read_cosignature(signed, bad, key)


def test_keys_that_are_no_logs_are_refused(signer):
    log = note.VerifierKey(ORIGIN, note.KIND_ED25519, signer(1).public_key)
    for keys in (
        [note.VerifierKey(ORIGIN, note.KIND_COSIGNATURE, signer(1).public_key)],
        [log, note.VerifierKey(ORIGIN, note.KIND_ED25519, signer(2).public_key)],
        [note.VerifierKey("n" * 256, note.KIND_ED25519, signer(2).public_key)],
    ):
        with pytest.raises(CosigningError):
            cosigning.check_logs(keys)
    assert cosigning.check_logs([log]) == {ORIGIN: log}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_run_of_requests_makes_it_sign_two_histories(seed, signer):
    """Whatever is asked, in whatever order: what it signs is one history, never smaller than before."""
    r, seen, signed = random.Random(seed), {}, []
    logs = {ORIGIN: note.VerifierKey(ORIGIN, note.KIND_ED25519, signer(1).public_key)}
    for _ in range(30):
        history, size = r.choice((A, B)), r.randrange(41)
        old = seen[ORIGIN].size if seen and r.random() < 0.7 else r.randrange(41)
        proof = r.choice((A, B)).proof(min(old, size), size) if r.random() < 0.3 else None
        answer = decide(logs, seen, NAME, [signer(2)], NOW, history.request(signer(1), old, size, proof))
        if answer.seen is not None:
            signed.append((size, history.roots[size]))
            seen[ORIGIN] = answer.seen
    assert signed == sorted(signed, key=lambda pair: pair[0])
    assert any(all(one.roots[size] == root for size, root in signed) for one in (A, B))


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_answered(data, signer):
    logs = {ORIGIN: note.VerifierKey(ORIGIN, note.KIND_ED25519, signer(1).public_key)}
    assert decide(logs, {}, NAME, [signer(2)], NOW, b"old 0\n\n" + data).status == 400
    assert decide(logs, {}, NAME, [signer(2)], NOW, data).status == 400
