"""Offline proofs: complete in themselves, and refused after any change."""

import msgspec
import pytest

from disclosure import proof as proofs
from disclosure.checkpoint import Checkpoint, add_cosignature, cosign_checkpoint, sign_checkpoint
from disclosure.errors import DisclosureError, ProofError, TreeError
from disclosure.note import VerifierKey
from disclosure.tree import inclusion_proof

ORIGIN = "bureau.example/log/2026"


@pytest.fixture
def proved(memory_log, signer):
    log = memory_log(257)
    data = sign_checkpoint(Checkpoint(ORIGIN, 257, log.root), signer(1))
    data = add_cosignature(data, cosign_checkpoint(data, "w.example", signer(2), 1_790_000_000))
    path = tuple(inclusion_proof(100, 257, log.hash_at))
    proof = proofs.Proof(leaf=log.entries[100], index=100, path=path, checkpoint=data)
    return (
        proof,
        VerifierKey(ORIGIN, 1, signer(1).public_key),
        (VerifierKey("w.example", 4, signer(2).public_key),),
    )


def test_reads_back_and_verifies(proved):
    proof, vkey, cosigners = proved
    data = proofs.format_proof(proof)
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nextra ZW50cnkgMTAw\nindex 100\n")
    assert proofs.parse_proof(data) == proof
    assert proofs.verify_proof(proof, vkey, cosigners).cosignatures[0].time == 1_790_000_000


def test_a_log_of_one_has_an_empty_path(memory_log, signer):
    log = memory_log(1)
    data = sign_checkpoint(Checkpoint(ORIGIN, 1, log.root), signer(1))
    proof = proofs.Proof(leaf=log.entries[0], index=0, path=(), checkpoint=data)
    assert proofs.parse_proof(proofs.format_proof(proof)) == proof
    proofs.verify_proof(proof, VerifierKey(ORIGIN, 1, signer(1).public_key))


def test_every_changed_byte_is_refused_or_only_loses_the_cosigner(proved):
    proof, vkey, cosigners = proved
    data = proofs.format_proof(proof)
    for at in range(len(data)):
        for flip in (0x01, 0x20):
            changed = bytearray(data)
            changed[at] ^= flip
            try:
                parsed = proofs.parse_proof(bytes(changed))
                opened = proofs.verify_proof(parsed, vkey, cosigners)
            except DisclosureError:
                continue
            assert (parsed.leaf, parsed.index, parsed.path) == (proof.leaf, proof.index, proof.path)
            assert not opened.cosignatures


def test_every_cut_is_refused(proved):
    data = proofs.format_proof(proved[0])
    # Cutting whole signature lines leaves a shorter note, which is a proof with fewer cosigners.
    last_line = data.rstrip(b"\n").rfind(b"\n") + 1
    for at in range(len(data)):
        if at != last_line:
            with pytest.raises(DisclosureError):
                proofs.parse_proof(data[:at])
        with pytest.raises(DisclosureError):
            proofs.parse_proof(data[at + 1 :])


def test_the_leaf_is_required_and_limited(proved):
    proof, *_ = proved
    data = proofs.format_proof(proof)
    for other in (data.replace(b"extra ZW50cnkgMTAw\n", b""), data.replace(b"ZW50cnkgMTAw", b"")):
        with pytest.raises(ProofError):
            proofs.parse_proof(other)
    for leaf in (b"", bytes(proofs.MAX_LEAF_BYTES + 1)):
        with pytest.raises(ProofError):
            proofs.format_proof(msgspec.structs.replace(proof, leaf=leaf))


@pytest.mark.parametrize("index", [b"0100", b"-1", b"+100", b"1e2", b"257", b"", b"9" * 30])
def test_other_indexes_are_refused(proved, index):
    with pytest.raises(ProofError):
        proofs.parse_proof(proofs.format_proof(proved[0]).replace(b"index 100\n", b"index %s\n" % index))


def test_another_leaf_index_or_path_is_refused(proved):
    proof, vkey, cosigners = proved
    for change in (
        {"leaf": b"entry 101"},
        {"index": 101},
        {"path": proof.path[:-1]},
        {"path": (*proof.path, bytes(32))},
    ):
        with pytest.raises(TreeError):
            proofs.verify_proof(msgspec.structs.replace(proof, **change), vkey, cosigners)
    with pytest.raises(ProofError):
        proofs.format_proof(msgspec.structs.replace(proof, path=(bytes(32),) * 64))
