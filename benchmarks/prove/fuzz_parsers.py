"""Every reader of bytes or text from outside, in `disclosure` and `selection`: how it is called, what writes the same again, examples.

The examples are the vectors of the specification and what is inside them. Text readers are given the text of the bytes, bytes that are
no UTF-8 as lone surrogates: such text can come out of JSON of another program, and must be refused in words like anything else.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.log_folder import policy, signer
from disclosure.bundle import Bundle, format_bundle, parse_bundle
from disclosure.checkpoint import open_checkpoint, read_unverified
from disclosure.checkpoint_text import format_checkpoint, parse_checkpoint
from disclosure.cosigning import (
    Request,
    decide,
    format_line,
    format_request,
    parse_line,
    parse_request,
    read_cosignature,
    read_size,
)
from disclosure.document import KINDS, document_of, format_document, parse_document, sign_document
from disclosure.document_bundle import format_document_bundle, parse_document_bundle
from disclosure.envelope import format_envelope, parse_envelope, payload_bytes
from disclosure.errors import DisclosureError
from disclosure.keys import decode_base64, decode_base64url, encode_base64, encode_base64url
from disclosure.leaf import format_leaf, parse_leaf
from disclosure.monitoring.archive import Archive
from disclosure.monitoring.keys import policy_findings
from disclosure.monitoring.record import identity_of
from disclosure.note import (
    KIND_COSIGNATURE,
    KIND_ED25519,
    VerifierKey,
    format_note,
    format_vkey,
    parse_note,
    parse_vkey,
)
from disclosure.person import make_disclosure, parse_disclosure
from disclosure.policy import parse_log_policy, parse_policy
from disclosure.proof import format_proof, parse_proof
from disclosure.tiles import Tile, format_tile, parse_path, parse_tile
from disclosure.tiles import format_bundle as format_entries
from disclosure.tiles import parse_bundle as parse_entries
from disclosure.verification import verify_bundle
from disclosure.verification.document import verify_document_bundle
from selection import pool
from selection.canonical import CanonicalError, format_canonical, parse_canonical, parse_struct
from selection.contribution import check_contributions, check_line
from selection.errors import SelectionError
from selection.forms import is_id
from selection.plan import Plan, format_plan, parse_plan
from selection.transcript import format_transcript, parse_transcript

__all__ = ["FAMILY", "Parser", "as_text", "parsers"]

VECTORS = Path(__file__).resolve().parents[2] / "docs" / "spec" / "vectors"
FAMILY = (DisclosureError, SelectionError, CanonicalError)


class Parser(msgspec.Struct, frozen=True):
    """`functions`: what is covered. `write` gives the bytes of what `parse` returned; None where one value may have several forms."""

    name: str
    functions: tuple[str, ...]
    parse: Callable[[bytes], Any]
    write: Callable[[Any], bytes] | None
    seeds: tuple[bytes, ...]


def as_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _of_text(parse: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda data: parse(as_text(data))


def _to_text(write: Callable[[Any], str]) -> Callable[[Any], bytes]:
    return lambda value: write(value).encode("utf-8", "surrogateescape")


def _same(accept: Callable[[bytes], Any]) -> Callable[[bytes], bytes]:
    """A reader that keeps nothing but whether it accepts."""

    def parse(data: bytes) -> bytes:
        accept(data)
        return data

    return parse


def _sized(parse: Callable[[bytes, int], Any]) -> Callable[[bytes], Any]:
    """A reader that is told how many there are: the first byte says one less."""
    return lambda data: parse(data[1:], data[0] + 1 if data else 0)


def _unsized(write: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    return lambda rows: bytes([len(rows) - 1]) + write(rows)


class _Refused(DisclosureError):
    """An answer that says no without raising."""


def _asked(value: Any) -> Any:
    if value is None or value is False:
        raise _Refused("no")
    return value


def parsers() -> list[Parser]:
    """Return all of them; the seeds are read anew."""
    files = sorted((VECTORS / "valid").glob("*.json"))
    bundles = [parse_bundle(path.read_bytes()) for path in files]
    papers = [parse_document_bundle(path.read_bytes()) for path in sorted((VECTORS / "documents").glob("*.proof.json")) if _is_read(path)]
    documents = _documents(bundles, papers)
    return [*_json(bundles, papers, documents), *_log(bundles, papers), *_cosigning(bundles), *_policies(documents), *_lists(bundles),
            *_whole(files, bundles, papers)]  # fmt: skip


def _is_read(path: Path) -> bool:
    try:
        return bool(parse_document_bundle(path.read_bytes()))
    except DisclosureError:
        return False


def _documents(bundles: list[Bundle], papers: list[Any]) -> list[bytes]:
    """Return two documents of every kind; of the kinds that no vector holds one made of another."""
    found: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    for document, data in [(e.document, e.data) for b in bundles for e in b.entries] + [(p.document, p.data) for p in papers]:
        if len(found[document.type]) < 2:
            found[document.type].append(data)
    result = json.loads(found["inspection-result/v1"][0])
    contest = json.loads(found["contest/v1"][0])
    void = json.loads(found["contribution/v1"][0])
    revised = {"reason": "更正", "requested_by": "subject", "rev": 2, "status": "corrected", "supersedes": "0" * 64, "type": "correction/v1"}
    found["correction/v1"].append(format_canonical({**result, **revised}))
    ended = {"_sd": [], "legal_basis": ["某法第一条"], "reason": "撤回", "requested_by": "court", "type": "withdrawal/v1"}
    found["withdrawal/v1"].append(format_canonical({**{k: v for k, v in contest.items() if k != "received_at"}, **ended}))
    kept = {name: void[name] for name in ("actors", "id", "plan")}
    found["draw-void/v1"].append(format_canonical({**kept, "reason": "plan-error", "statement": "作废", "type": "draw-void/v1",
                                                   "voided_at": void["given_at"]}))  # fmt: skip
    assert all(found.values())
    return [data for several in found.values() for data in several]


def _json(bundles: list[Bundle], papers: list[Any], documents: list[bytes]) -> Iterator[Parser]:
    strings = sorted({s for b in bundles for s in b.disclosures} | {s for p in papers for s in p.disclosures})[:4]
    plans = tuple(data for data in documents if parse_document(data).type == "draw-plan/v1")
    results = tuple(b.blobs[b.shown.result.sha256] for b in bundles if b.shown is not None)
    envelopes = [bundles[0].entries[0].envelope, papers[-1].envelope, sign_document(parse_document(documents[-1]), [signer()])]
    yield Parser("canonical JSON", ("selection.canonical.parse_canonical",), parse_canonical, format_canonical,
                 (b'{"":[],"a":[-1,0,9007199254740991],"b":{"c":null,"d":[true,false]},"e":"\\u0000\\n\\"\xe4\xb8\xad\xf0\x9f\x98\x80"}', documents[-1]))  # fmt: skip
    yield Parser("list of disclosures", ("selection.canonical.parse_struct",), lambda data: parse_struct(data, tuple[str, ...]),
                 format_canonical, (format_canonical(strings), b"[]"))  # fmt: skip
    yield Parser("document", ("disclosure.document.parse_document",), parse_document, format_document, tuple(documents))
    yield Parser("plan", ("selection.plan.parse_plan",), parse_plan, format_plan, plans)
    yield Parser("result", ("selection.transcript.parse_transcript",), parse_transcript, format_transcript, results)
    yield Parser("envelope", ("disclosure.envelope.parse_envelope", "disclosure.envelope.payload_bytes", "disclosure.document.document_of"),
                 lambda data: (parse_envelope(data), payload_bytes(parse_envelope(data)), document_of(parse_envelope(data)))[0],
                 format_envelope, tuple(format_envelope(e) for e in envelopes))  # fmt: skip
    leaves = tuple(entry.leaf for b in bundles[:2] for entry in b.entries[:2]) + tuple(p.proof.leaf for p in papers[:2])
    yield Parser("leaf", ("disclosure.leaf.parse_leaf",), parse_leaf, format_leaf, leaves)
    yield Parser("disclosure", ("disclosure.person.parse_disclosure",), _of_text(parse_disclosure),
                 _to_text(lambda parts: make_disclosure(*parts)), tuple(s.encode() for s in strings))  # fmt: skip
    yield Parser("base64", ("disclosure.keys.decode_base64",), _of_text(decode_base64), _to_text(encode_base64), (b"", b"AA==", b"AAE=", b"+/+/"))
    yield Parser("base64url", ("disclosure.keys.decode_base64url",), _of_text(decode_base64url), _to_text(encode_base64url), (b"", b"AA", b"AAE", b"-_-_"))
    yield Parser("list of disclosures, watched", ("disclosure.monitoring.archive.Archive",), _watched, None, (format_canonical(strings), format_bundle(bundles[0])))


def _watched(data: bytes) -> object:
    archive = Archive(lambda path: data)
    shown = archive.disclosures("x.sd.json", ""), archive.disclosures("x.bundle.json", "")
    return _asked(len(archive.missed) < 2 and shown)


def _log(bundles: list[Bundle], papers: list[Any]) -> Iterator[Parser]:
    notes = tuple(dict.fromkeys([b.note_b for b in bundles[:2]] + [p.proof.checkpoint for p in papers[:1]]))
    texts = tuple(parse_note(note).text.encode() for note in notes)
    vkeys = tuple(text.encode() for text in _vkeys())
    trusted = parse_policy((VECTORS / "policy.json").read_bytes()).log
    hashes = [bytes([n]) * 32 for n in range(3)]
    yield Parser("note", ("disclosure.note.parse_note",), parse_note, format_note, (*notes, b"\n\n\xe2\x80\x94 a AAAAAAE=\n"))
    yield Parser("signed checkpoint", ("disclosure.checkpoint.open_checkpoint", "disclosure.note.open_note", "disclosure.checkpoint.read_unverified"),
                 lambda data: (read_unverified(data), open_checkpoint(data, trusted.logs[0], trusted.cosigners), parse_note(data))[2],
                 format_note, notes)  # fmt: skip
    yield Parser("checkpoint text", ("disclosure.checkpoint_text.parse_checkpoint",), _of_text(parse_checkpoint), _to_text(format_checkpoint), texts)
    yield Parser("vkey", ("disclosure.note.parse_vkey",), _of_text(parse_vkey), _to_text(format_vkey), vkeys)
    yield Parser("proof", ("disclosure.proof.parse_proof",), parse_proof, format_proof, tuple(format_proof(p.proof) for p in papers[:3]))
    paths = tuple(Tile(level, index, width).path.encode() for level, index, width in ((0, 1234067, 5), (7, 0, 256)))
    yield Parser("tile path", ("disclosure.tiles.parse_path",), _of_text(parse_path), _to_text(lambda tile: tile.path), (*paths, b"tile/entries/x001/000"))
    yield Parser("tile", ("disclosure.tiles.parse_tile",), _sized(parse_tile), _unsized(format_tile), (b"\2" + b"".join(hashes),))
    yield Parser("entries", ("disclosure.tiles.parse_bundle",), _sized(parse_entries), _unsized(format_entries),
                 (b"\2" + format_entries([b"zero", b"", b"two" * 100]),))  # fmt: skip


def _vkeys() -> Iterable[str]:
    trusted = parse_policy((VECTORS / "policy.json").read_bytes()).log
    more = json.loads((VECTORS / "cosignatures.json").read_bytes())
    found = [format_vkey(key) for key in (*trusted.logs, *trusted.cosigners)]
    return [*found, *(text for text in _strings(more) if _is_vkey(text))][:6]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _strings(child)


def _is_vkey(text: str) -> bool:
    try:
        return bool(parse_vkey(text))
    except DisclosureError:
        return False


def _cosigning(bundles: list[Bundle]) -> Iterator[Parser]:
    note = bundles[0].note_b
    head = parse_checkpoint(parse_note(note).text)
    log = next(key for key in parse_policy((VECTORS / "policy.json").read_bytes()).log.logs if key.name == head.origin)
    requests = (format_request(Request(0, (), note)), format_request(Request(1, (bytes(32), b"\xff" * 32), note)))
    own = VerifierKey("fuzz.example", KIND_COSIGNATURE, signer().public_key)

    def answer(data: bytes) -> bytes:
        found = decide({head.origin: log}, {}, own.name, [signer()], 1_790_000_000, data)
        return found.body if found.status == 200 else _asked(None)

    good = answer(requests[0])
    yield Parser("add-checkpoint request", ("disclosure.cosigning.parse_request",), parse_request, format_request, requests)
    yield Parser("request, answered", ("disclosure.cosigning.decide",), answer, None, requests)
    yield Parser("cosignature line", ("disclosure.cosigning.parse_line",), _of_text(parse_line), _to_text(format_line), (good,))
    yield Parser("answer 200", ("disclosure.cosigning.read_cosignature",), lambda data: read_cosignature(note, data, own), None,
                 (good, good + b"\xe2\x80\x94 other AAAAAAE=\n"))  # fmt: skip
    yield Parser("answer 409", ("disclosure.cosigning.read_size",), lambda data: _asked(read_size(data)), lambda size: b"%d\n" % size, (b"0\n", b"20852163\n"))


def _policies(documents: list[bytes]) -> Iterator[Parser]:
    files = ((VECTORS / "policy.json").read_bytes(), policy())
    vkeys = list(_vkeys())
    log = next(text for text in vkeys if parse_vkey(text).kind == KIND_ED25519)
    other = next(text for text in vkeys if parse_vkey(text).kind != KIND_ED25519)
    text = f"# whom we believe\nlog {log} https://a.example\n\nwitness a {other}\ngroup g 1 a\ngroup h any g\nquorum h\n"
    yield Parser("policy", ("disclosure.policy.parse_policy",), parse_policy, None, files)
    yield Parser("log policy", ("disclosure.policy.parse_log_policy",), _of_text(parse_log_policy), None, (text.encode(), b"quorum none"))
    event = next(d for data in documents if (d := parse_document(data)).type == "key-event/v1")
    yield Parser("policy, watched", ("disclosure.monitoring.keys.policy_findings",), lambda data: list(policy_findings(data, [event], 1)), None, files)  # type: ignore[list-item]


def _lists(bundles: list[Bundle]) -> Iterator[Parser]:
    plan = bundles[2].plan
    blobs = bundles[2].blobs
    shown = bundles[2].shown
    assert shown is not None
    lists = plan.blobs
    yield Parser("pool", ("selection.pool.parse_pool",), pool.parse_pool, pool.format_pool, (blobs[lists.pool.sha256],))
    yield Parser("excluded", ("selection.pool.parse_listed",), lambda data: pool.parse_listed("excluded", data), pool.format_listed,
                 (blobs[lists.excluded.sha256], b"a-1\tcap\nb\tcap\n"))  # fmt: skip
    yield Parser("people", ("selection.pool.parse_people",), pool.parse_people, pool.format_people, (blobs[lists.people.sha256],))
    pair = b"\t".join(sorted(line.partition(b"\t")[0] for line in pool.blob_lines(blobs[lists.people.sha256]))[:2])
    yield Parser("apart", ("selection.pool.parse_apart",), pool.parse_apart, pool.format_apart, (blobs[lists.apart.sha256], pair + b"\n"))
    yield Parser("conflicts", ("selection.pool.parse_conflicts",), pool.parse_conflicts,
                 lambda found: b"".join(f"{target}\t{commitment}\n".encode() for target, commitment in found.items()),
                 (blobs[lists.conflicts.sha256], b"a\t" + b"0" * 64 + b"\n"))  # fmt: skip
    yield Parser("opened", ("selection.pool.parse_opened",), pool.parse_opened, pool.format_opened,
                 (blobs[shown.opened.sha256], b"a\t" + b"0" * 64 + b"\t" + pair.replace(b"\t", b",") + b"\n"))  # fmt: skip
    yield Parser("contribution lines", ("selection.contribution.check_line", "selection.contribution.check_contributions"),
                 _same(lambda data: _check_contributions(plan, data)), _digits_alone, ("\n".join(shown.contributions).encode(),))  # fmt: skip
    yield Parser("id", ("selection.forms.is_id",), _same(lambda data: _asked(is_id(as_text(data)))), lambda data: data.decode().strip().encode(), (b"yunzhou-2026-9-1.a_B",))
    yield Parser("draw id", ("disclosure.monitoring.record.identity_of",), lambda data: _asked(identity_of(as_text(data))),
                 lambda i: f"{i.bureau}-{i.year}-{i.number}-{i.attempt}".encode(), (b"yunzhou-2026-9-1", b"a-b-9999-1234567890123456-2"))  # fmt: skip


def _check_contributions(plan: Plan, data: bytes) -> None:
    lines = as_text(data).split("\n")
    check_contributions(plan, lines)
    for contributor, line in zip(plan.contributors, lines, strict=True):
        check_line(plan, contributor, line)


def _digits_alone(data: bytes) -> bytes:
    """Write the lines again from their parts: the digits as a number of as many."""
    lines = []
    for line in data.decode("ascii").split("\n"):
        *head, value = line.split(":")
        lines.append(":".join([*head, value if head[0] in ("nonce", "absent") else f"{int(value):0{len(value)}d}"]))
    return "\n".join(lines).encode()


def _whole(files: list[Path], bundles: list[Bundle], papers: list[Any]) -> Iterator[Parser]:
    trusted = parse_policy((VECTORS / "policy.json").read_bytes())
    small = sorted((path.read_bytes() for path in files), key=len)
    proofs = tuple(format_document_bundle(paper) for paper in papers)
    yield Parser("draw bundle", ("disclosure.bundle.parse_bundle",), parse_bundle, format_bundle, tuple(small))
    yield Parser("document bundle", ("disclosure.document_bundle.parse_document_bundle",), parse_document_bundle, format_document_bundle, proofs)
    yield Parser("draw bundle, verified", ("disclosure.verification.verify.verify_bundle",), lambda data: verify_bundle(data, trusted), None, tuple(small[:5]))
    yield Parser("document bundle, verified", ("disclosure.verification.document.verify_document_bundle",),
                 lambda data: verify_document_bundle(data, trusted, None), None, proofs)  # fmt: skip
