"""Checkpoints: three lines, one log key, distinct cosigners."""

import pytest

from disclosure import checkpoint as heads
from disclosure import note as notes
from disclosure.errors import CheckpointError, DisclosureError, NoteError, SignatureError
from disclosure.tree import EMPTY_ROOT

ORIGIN = "bureau.example/log/2026"
HEAD = heads.Checkpoint(ORIGIN, 70_000, bytes(range(32)))


def key(name, kind, signer):
    return notes.VerifierKey(name, kind, signer.public_key)


@pytest.fixture
def cosigned(signer):
    data = heads.sign_checkpoint(HEAD, signer(1))
    for number in (2, 3):
        line = heads.cosign_checkpoint(
            data, f"cosigner{number}.example", signer(number), 1_790_000_000 + number
        )
        data = heads.add_cosignature(data, line)
    cosigners = tuple(key(f"cosigner{number}.example", 4, signer(number)) for number in (2, 3))
    return data, key(ORIGIN, 1, signer(1)), cosigners


def test_signed_and_cosigned_checkpoint_opens(cosigned):
    data, vkey, cosigners = cosigned
    opened = heads.open_checkpoint(data, vkey, cosigners)
    assert opened.checkpoint == HEAD == heads.read_unverified(data)
    assert [(one.name, one.time) for one in opened.cosignatures] == [
        ("cosigner2.example", 1_790_000_002),
        ("cosigner3.example", 1_790_000_003),
    ]
    assert opened.unknown == ()
    assert len(heads.open_checkpoint(data, vkey).unknown) == 2


def test_every_changed_byte_is_refused_or_only_loses_a_cosigner(cosigned):
    """A byte in a line may turn its key into an unknown one; the head itself never changes."""
    data, vkey, cosigners = cosigned
    for at in range(len(data)):
        for flip in (0x01, 0x20):
            changed = bytearray(data)
            changed[at] ^= flip
            try:
                opened = heads.open_checkpoint(bytes(changed), vkey, cosigners)
            except DisclosureError:
                continue
            assert opened.checkpoint == HEAD
            assert len(opened.cosignatures) == 1
            assert len(opened.unknown) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        f"{ORIGIN}\n70000\nAAAA\n",
        f"{ORIGIN}\n070000\n{'A' * 43}=\n",
        f"{ORIGIN}\n-1\n{'A' * 43}=\n",
        f"{ORIGIN}\n+1\n{'A' * 43}=\n",
        f"{ORIGIN}\n1_0\n{'A' * 43}=\n",
        f"{ORIGIN}\n１\n{'A' * 43}=\n",
        f"{ORIGIN}\n1\n{'A' * 43}=\nextension\n",
        f"{ORIGIN}\n1\n{'A' * 43}=",
        f"{ORIGIN}\n1\n{'A' * 43}\n",
        f"\n1\n{'A' * 43}=\n",
        f"a b\n1\n{'A' * 43}=\n",
        f"{ORIGIN}\n9223372036854775808\n{'A' * 43}=\n",
        f"{ORIGIN}\n0\n{'A' * 43}=\n",
        f"{ORIGIN}\n1\n{'A' * 42}B=\n",
        f"{ORIGIN}\n99999999999999999999999\n{'A' * 43}=\n",
    ],
)
def test_other_texts_are_refused(text):
    with pytest.raises(CheckpointError):
        heads.parse_checkpoint(text)


def test_the_empty_tree_has_its_own_root():
    empty = heads.Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert heads.parse_checkpoint(heads.format_checkpoint(empty)) == empty


def test_the_wrong_log_key_or_origin_is_refused(cosigned, signer):
    data, _, cosigners = cosigned
    with pytest.raises(CheckpointError, match="expected"):
        heads.open_checkpoint(data, key("other.example", 1, signer(1)), cosigners)
    with pytest.raises(CheckpointError, match="not signed by its log"):
        heads.open_checkpoint(data, key(ORIGIN, 1, signer(8)), cosigners)
    with pytest.raises(SignatureError):
        heads.open_checkpoint(data, key(ORIGIN, 1, signer(8)))
    with pytest.raises(CheckpointError, match="kind"):
        heads.open_checkpoint(data, key(ORIGIN, 4, signer(1)))
    with pytest.raises(CheckpointError, match="kind"):
        heads.open_checkpoint(data, key(ORIGIN, 1, signer(1)), (key("w", 1, signer(2)),))


def test_one_key_cannot_count_as_two_cosigners_or_as_the_log(cosigned, signer):
    data, vkey, cosigners = cosigned
    for extra in (key("twin.example", 4, signer(2)), key("log.example", 4, signer(1))):
        with pytest.raises(CheckpointError, match="key of another"):
            heads.open_checkpoint(data, vkey, (*cosigners, extra))
    with pytest.raises(CheckpointError, match="one name"):
        heads.open_checkpoint(data, vkey, (*cosigners, key("cosigner2.example", 4, signer(7))))


def test_only_checkpoints_are_cosigned(signer):
    data = notes.format_note(notes.sign_note("some other note\n", ORIGIN, signer(1)))
    with pytest.raises(CheckpointError):
        heads.cosign_checkpoint(data, "w", signer(2), 1)
    with pytest.raises(NoteError):
        heads.cosign_checkpoint(b"", "w", signer(2), 1)
