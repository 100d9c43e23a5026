"""Signed tree heads (c2sp.org/tlog-checkpoint) and their cosignatures (c2sp.org/tlog-cosignature).

The text of the note has exactly three lines, and no extension lines:

    bureau.example/log/2026
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

origin, number of entries, base64 of the root. The log's key has the origin as its name and kind 0x01;
cosigners have kind 0x04.
"""

import msgspec

from disclosure.errors import CheckpointError, EncodingError
from disclosure.keys import Signer, decode_base64, encode_base64
from disclosure.note import (
    KIND_COSIGNATURE,
    KIND_ED25519,
    NoteSignature,
    VerifierKey,
    add_signature,
    format_note,
    open_note,
    parse_note,
    sign_cosignature,
    sign_note,
)
from disclosure.tree import EMPTY_ROOT, HASH_BYTES, MAX_SIZE

__all__ = [
    "Checkpoint",
    "Cosignature",
    "OpenedCheckpoint",
    "add_cosignature",
    "cosign_checkpoint",
    "format_checkpoint",
    "open_checkpoint",
    "parse_checkpoint",
    "read_unverified",
    "sign_checkpoint",
]


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tree head: origin (the unique name of the log), number of entries, 32 byte root."""

    origin: str
    size: int
    root: bytes


class Cosignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cosigner `name` saw this checkpoint, consistent with all before, at `time` (seconds since 1970)."""

    name: str
    time: int


class OpenedCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint its log signed, with the cosignatures that verified; `unknown` lines were ignored."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
    unknown: tuple[NoteSignature, ...]


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the note text, three lines; CheckpointError if a part is not permitted."""
    origin = checkpoint.origin
    if not origin or any(c.isspace() or c == "+" or c < " " for c in origin):
        raise CheckpointError(
            f"origin {origin!r} is empty or holds a space, a plus sign or a control character"
        )
    if not 0 <= checkpoint.size <= MAX_SIZE:
        raise CheckpointError(f"tree size {checkpoint.size} is not within 0 to 2^63 - 1")
    if len(checkpoint.root) != HASH_BYTES:
        raise CheckpointError(f"a root has {HASH_BYTES} bytes, not {len(checkpoint.root)}")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise CheckpointError("the root of the empty tree is SHA-256 of nothing")
    return f"{origin}\n{checkpoint.size}\n{encode_base64(checkpoint.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint with exactly this note text; CheckpointError otherwise (extension lines too)."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise CheckpointError("a checkpoint has exactly three lines: origin, size, root; no extension lines")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdigit() and len(size) <= 19):
        raise CheckpointError(f"tree size {size[:40]!r} is not a decimal number of at most 19 digits")
    try:
        checkpoint = Checkpoint(origin=origin, size=int(size), root=decode_base64(root))
    except EncodingError as error:
        raise CheckpointError(f"root: {error}") from error
    if format_checkpoint(checkpoint) != text:
        raise CheckpointError(f"tree size {size!r} has leading zeros")
    return checkpoint


def read_unverified(note_bytes: bytes) -> Checkpoint:
    """Return what a checkpoint claims, checking no signature: for choosing a key, never for trust."""
    return parse_checkpoint(parse_note(note_bytes).text)


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """Return the note with the log's signature; the key name is the origin."""
    return format_note(sign_note(format_checkpoint(checkpoint), checkpoint.origin, signer))


def cosign_checkpoint(note_bytes: bytes, name: str, signer: Signer, time: int) -> NoteSignature:
    """Return the cosignature line of `name` over a checkpoint note, at `time` (seconds since 1970).

    The caller has verified before that the checkpoint is the log's and consistent with the last one seen.
    """
    note = parse_note(note_bytes)
    parse_checkpoint(note.text)
    return sign_cosignature(note.text, name, signer, time)


def add_cosignature(note_bytes: bytes, signature: NoteSignature) -> bytes:
    """Return the note with one cosignature line more, or a newer one in place of the same cosigner's."""
    return format_note(add_signature(parse_note(note_bytes), signature))


def open_checkpoint(
    note_bytes: bytes, vkey: VerifierKey, cosigners: tuple[VerifierKey, ...] = ()
) -> OpenedCheckpoint:
    """Return the checkpoint and its cosignatures, in the order of the lines, verified.

    `vkey` is the log's key (kind 0x01, named like the origin), `cosigners` keys of kind 0x04.
    Raises CheckpointError if the note is not a checkpoint of that log or the log did not sign it,
    NoteError if it is malformed, SignatureError if any line by a known key is bad.
    """
    if vkey.kind != KIND_ED25519:
        raise CheckpointError(f"log key of {vkey.name!r} has kind {vkey.kind:#04x}, not 0x01")
    public_keys = {vkey.public_key}
    for key in cosigners:
        if key.kind != KIND_COSIGNATURE:
            raise CheckpointError(f"cosigner key of {key.name!r} has kind {key.kind:#04x}, not 0x04")
        # An Ed25519 cosignature does not name its cosigner: one key under two names would count twice.
        if key.public_key in public_keys:
            raise CheckpointError(f"cosigner {key.name!r} has the key of another cosigner or of the log")
        public_keys.add(key.public_key)
    if len({key.name for key in cosigners}) != len(cosigners):
        raise CheckpointError("two cosigner keys have one name")
    note = parse_note(note_bytes)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != vkey.name:
        raise CheckpointError(f"checkpoint is of {checkpoint.origin!r}, expected {vkey.name!r}")
    opened = open_note(note, (vkey, *cosigners))
    if all(signature.key != vkey for signature in opened.verified):
        raise CheckpointError(f"checkpoint is not signed by its log {vkey.name!r}")
    cosignatures = tuple(
        Cosignature(name=signature.key.name, time=signature.time)
        for signature in opened.verified
        if signature.time is not None
    )
    return OpenedCheckpoint(checkpoint=checkpoint, cosignatures=cosignatures, unknown=opened.unknown)
