"""Signed tree heads (c2sp.org/tlog-checkpoint) and their cosignatures (c2sp.org/tlog-cosignature).

The note's text is that of `checkpoint_text`. The log's key has the origin as its name and kind 0x01; cosigners have
kind 0x04 (Ed25519) or 0x06 (ML-DSA-44).
"""

import msgspec

from disclosure.checkpoint_text import Checkpoint, format_checkpoint, parse_checkpoint
from disclosure.errors import CheckpointError
from disclosure.keys import Signer
from disclosure.note import (
    COSIGNING_KINDS,
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


class Cosignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cosigner `name` saw this checkpoint, consistent with all before, at `time` (seconds since 1970)."""

    name: str
    time: int


class OpenedCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint its log signed, with the cosignatures that verified; `unknown` lines were ignored."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
    unknown: tuple[NoteSignature, ...]


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

    `vkey` is the log's key (kind 0x01, named like the origin), `cosigners` keys of kind 0x04 or 0x06.
    Raises CheckpointError if the note is not a checkpoint of that log or the log did not sign it,
    NoteError if it is malformed, SignatureError if any line by a known key is bad.
    """
    if vkey.kind != KIND_ED25519:
        raise CheckpointError(f"log key of {vkey.name!r} has kind {vkey.kind:#04x}, not 0x01")
    public_keys = {vkey.public_key}
    for key in cosigners:
        if key.kind not in COSIGNING_KINDS:
            raise CheckpointError(f"cosigner key of {key.name!r} has kind {key.kind:#04x}, not 0x04 or 0x06")
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
