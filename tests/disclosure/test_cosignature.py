"""Cosignatures of both kinds: form, signing, refusal of every changed bit, and the judgement of another author's software."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from tlog_scales.signing import NoteSignature as TheirSignature
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from disclosure import checkpoint as heads
from disclosure import note as notes
from disclosure.cosignature import MLDSA44Signer, ml_dsa_44_message
from disclosure.errors import CheckpointError, NoteError, SignatureError
from disclosure.tree import CompactRange, leaf_hash

ORIGIN, NAME, TIME = "disclose.example/log/2026", "audit.example/cosigner", 1_790_000_000


def ml_dsa(number: int) -> MLDSA44Signer:
    return MLDSA44Signer(MLDSA44PrivateKey.from_seed_bytes(bytes([number]) * 32))


@pytest.fixture(params=["04", "06"])
def cosigner(request, signer):
    return signer(2) if request.param == "04" else ml_dsa(2)


def vkey(name, signer):
    kind = notes.KIND_ML_DSA_44 if len(signer.public_key) == 1312 else notes.KIND_COSIGNATURE
    return notes.VerifierKey(name, kind, signer.public_key)


@pytest.fixture
def log(signer):
    return notes.VerifierKey(ORIGIN, notes.KIND_ED25519, signer(1).public_key)


@pytest.fixture
def signed(signer):
    tree = CompactRange()
    for number in range(3):
        tree.append(leaf_hash(f"{number}".encode()))
    return heads.sign_checkpoint(heads.Checkpoint(ORIGIN, tree.size, tree.root()), signer(1))


@pytest.fixture
def cosigned(signed, cosigner):
    return heads.add_cosignature(signed, heads.cosign_checkpoint(signed, NAME, cosigner, TIME))


def test_what_is_signed_verifies_with_its_time(cosigned, log, cosigner):
    opened = heads.open_checkpoint(cosigned, log, (vkey(NAME, cosigner),))
    assert opened.cosignatures == (heads.Cosignature(NAME, TIME),)
    assert opened.unknown == ()


def test_the_message_of_kind_06_is_the_one_of_the_specification(signed):
    text = notes.parse_note(signed).text
    _, size, root, _ = text.split("\n")
    wanted = b"subtree/v1\n\x00" + bytes([len(NAME)]) + NAME.encode() + TIME.to_bytes(8, "big") + bytes([len(ORIGIN)])
    wanted += ORIGIN.encode() + bytes(8) + int(size).to_bytes(8, "big") + base64.b64decode(root)
    assert ml_dsa_44_message(text, NAME, TIME) == wanted


def their_verdict(data: bytes, key: notes.VerifierKey) -> bool:
    """Whether tlog-scales finds a good signature by `key` on the note."""
    text, _, tail = data.decode().rpartition("\n\n")
    origin, size, root = text.split("\n")
    lines = [TheirSignature.from_line(line) for line in tail.strip().split("\n")]
    head = TheirCheckpoint(origin, int(size), base64.b64decode(root), lines)
    return bool(VkeySet(Vkey.from_string(notes.format_vkey(key))).verify(lines, head))


def test_another_authors_software_accepts_it_and_refuses_every_flipped_bit_we_refuse(cosigned, log, cosigner):
    key = vkey(NAME, cosigner)
    assert their_verdict(cosigned, key)
    note = notes.parse_note(cosigned)
    line = note.signatures[1]
    places = range(len(line.signature)) if len(line.signature) == 72 else [*range(8), *range(8, 2428, 97), 2427]
    for at in places:
        for bit in (0, 7):
            changed = bytearray(line.signature)
            changed[at] ^= 1 << bit
            bad = notes.format_note(
                notes.Note(note.text, (note.signatures[0], notes.NoteSignature(line.name, line.key_hash, bytes(changed))))
            )
            with pytest.raises(SignatureError):
                heads.open_checkpoint(bad, log, (key,))
            assert not their_verdict(bad, key), (at, bit)


def test_a_cosignature_is_of_one_tree_head_and_a_06_of_one_name(signed, signer, log):
    tree = CompactRange()
    tree.append(leaf_hash(b"other"))
    other = heads.sign_checkpoint(heads.Checkpoint(ORIGIN, 1, tree.root()), signer(1))
    for cosigner in (signer(2), ml_dsa(2)):
        line = heads.cosign_checkpoint(signed, NAME, cosigner, TIME)
        with pytest.raises(SignatureError):
            heads.open_checkpoint(heads.add_cosignature(other, line), log, (vkey(NAME, cosigner),))
    key = vkey("other.example", ml_dsa(2))
    hash_ = notes.key_hash(key.name, key.kind, key.public_key)
    renamed = notes.NoteSignature(key.name, hash_, heads.cosign_checkpoint(signed, NAME, ml_dsa(2), TIME).signature)
    with pytest.raises(SignatureError):
        heads.open_checkpoint(heads.add_cosignature(signed, renamed), log, (key,))


def test_times_and_lengths_out_of_range_are_refused(signed, log, cosigner):
    key = vkey(NAME, cosigner)
    good = heads.cosign_checkpoint(signed, NAME, cosigner, TIME)
    for time in (0, 2**63):
        with pytest.raises(NoteError):
            heads.cosign_checkpoint(signed, NAME, cosigner, time)
        line = notes.NoteSignature(NAME, good.key_hash, time.to_bytes(8, "big") + good.signature[8:])
        with pytest.raises(SignatureError, match="time"):
            heads.open_checkpoint(heads.add_cosignature(signed, line), log, (key,))
    for signature in (good.signature[:-1], good.signature + b"\0", good.signature[:8]):
        line = notes.NoteSignature(NAME, good.key_hash, signature)
        with pytest.raises(SignatureError, match="bytes"):
            heads.open_checkpoint(heads.add_cosignature(signed, line), log, (key,))


def test_kind_06_signs_nothing_but_checkpoints(signer, signed):
    for text in ("some note\n", notes.parse_note(signed).text + "extension\n"):
        note = notes.sign_note(text, ORIGIN, signer(1))
        with pytest.raises(CheckpointError):
            notes.sign_cosignature(text, NAME, ml_dsa(2), TIME)
        line = notes.NoteSignature(NAME, notes.key_hash(NAME, 6, ml_dsa(2).public_key), TIME.to_bytes(8, "big") + bytes(2420))
        with pytest.raises(SignatureError, match="no checkpoint"):
            notes.open_note(notes.add_signature(note, line), (vkey(NAME, ml_dsa(2)),))
    with pytest.raises(NoteError, match="255"):
        heads.cosign_checkpoint(signed, "n" * 256, ml_dsa(2), TIME)


def test_one_cosigner_may_sign_with_both_kinds_and_the_reader_picks(signed, log, signer):
    for own in (signer(2), ml_dsa(2)):
        signed = heads.add_cosignature(signed, heads.cosign_checkpoint(signed, NAME, own, TIME))
    for own in (signer(2), ml_dsa(2)):
        opened = heads.open_checkpoint(signed, log, (vkey(NAME, own),))
        assert [c.name for c in opened.cosignatures] == [NAME]
        assert len(opened.unknown) == 1
    with pytest.raises(CheckpointError, match="one name"):
        heads.open_checkpoint(signed, log, (vkey(NAME, signer(2)), vkey(NAME, ml_dsa(2))))
    with pytest.raises(CheckpointError, match="key of another"):
        heads.open_checkpoint(signed, log, (vkey(NAME, ml_dsa(2)), vkey("twin.example", ml_dsa(2))))


def test_keys_of_kind_06_have_one_length():
    for length in (0, 32, 1311, 1313):
        with pytest.raises(NoteError):
            notes.format_vkey(notes.VerifierKey(NAME, notes.KIND_ML_DSA_44, bytes(length)))
    key = vkey(NAME, ml_dsa(2))
    assert notes.parse_vkey(notes.format_vkey(key)) == key
