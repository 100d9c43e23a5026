"""Signed notes (c2sp.org/signed-note) and the cosignatures on them (c2sp.org/tlog-cosignature).

A note is text ending in a newline, an empty line, and one or more signature lines

    — <key name> <base64 of: 4 byte key hash, signature>

The text ends at the *last* empty line. A verifier key is `<name>+<8 hex digits>+<base64 of: kind, key>`.
Kind 0x01 signs the text itself. Kinds 0x04 (Ed25519) and 0x06 (ML-DSA-44) are cosignatures: 8 bytes of time in
seconds since 1970, then a signature over one of the messages of `cosignature`.

A reader ignores lines by keys it does not know; one bad line by a key it knows refuses the whole note.
"""

import hashlib

import msgspec

from disclosure.cosignature import (
    ML_DSA_44_KEY_BYTES,
    ML_DSA_44_SIGNATURE_BYTES,
    ed25519_message,
    ml_dsa_44_message,
    verify_ml_dsa_44,
)
from disclosure.errors import CheckpointError, EncodingError, KeyFormatError, NoteError, SignatureError
from disclosure.keys import SIGNATURE_BYTES, Signer, check_public_key, decode_base64, encode_base64, verify

__all__ = [
    "COSIGNING_KINDS",
    "KIND_COSIGNATURE",
    "KIND_ED25519",
    "KIND_ML_DSA_44",
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "MAX_TIME",
    "Note",
    "NoteSignature",
    "OpenedNote",
    "VerifiedSignature",
    "VerifierKey",
    "add_signature",
    "format_note",
    "format_vkey",
    "key_hash",
    "open_note",
    "parse_note",
    "parse_vkey",
    "sign_cosignature",
    "sign_note",
]

KIND_ED25519 = 0x01
KIND_COSIGNATURE = 0x04
KIND_ML_DSA_44 = 0x06
COSIGNING_KINDS = (KIND_COSIGNATURE, KIND_ML_DSA_44)
MAX_SIGNATURES = 64
MAX_NOTE_BYTES = 1 << 20
MAX_TIME = 2**63 - 1

_KEY_BYTES = {KIND_ED25519: 32, KIND_COSIGNATURE: 32, KIND_ML_DSA_44: ML_DSA_44_KEY_BYTES}
_DASH = "\u2014 "


class NoteSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature line: key name, 32 bit key hash, and the bytes after the hash."""

    name: str
    key_hash: int
    signature: bytes


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note as written; nothing about it is verified. `text` ends in a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]


class VerifierKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named public key of one signature kind (0x01, 0x04 or 0x06)."""

    name: str
    kind: int
    public_key: bytes


class VerifiedSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature that verified: whose, and for a cosignature its time in seconds since 1970."""

    key: VerifierKey
    time: int | None


class OpenedNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A note with at least one verified signature; `unknown` are the lines that were ignored."""

    text: str
    verified: tuple[VerifiedSignature, ...]
    unknown: tuple[NoteSignature, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the keys that verified, in the order of their lines."""
        return tuple(signature.key.name for signature in self.verified)


def key_hash(name: str, kind: int, public_key: bytes) -> int:
    """Return the 32 bit key id: the first four bytes of SHA-256(name, newline, kind, key)."""
    return int.from_bytes(hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:4])


def parse_vkey(text: str) -> VerifierKey:
    """Return the key written as `name+hash+base64`; NoteError unless `format_vkey` writes exactly `text`."""
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise NoteError(f"verifier key {text[:80]!r} is not of the form name+hash+base64")
    try:
        material = decode_base64(parts[2])
    except EncodingError as error:
        raise NoteError(f"verifier key of {parts[0]!r}: {error}") from error
    if not material:
        raise NoteError(f"verifier key of {parts[0]!r} has no key")
    key = VerifierKey(name=parts[0], kind=material[0], public_key=material[1:])
    if format_vkey(key) != text:
        raise NoteError(f"verifier key {text[:80]!r}: the hash {parts[1]!r} is not that of its name and key")
    return key


def format_vkey(key: VerifierKey) -> str:
    """Return `name+hash+base64`; NoteError for a bad name, an unknown kind or an unusable key."""
    _check_name(key.name)
    if len(key.public_key) != _KEY_BYTES.get(key.kind):
        raise NoteError(
            f"verifier key of {key.name!r}: kind {key.kind:#04x} with {len(key.public_key)} key bytes"
        )
    if key.kind != KIND_ML_DSA_44:
        try:
            check_public_key(key.public_key)
        except KeyFormatError as error:
            raise NoteError(f"verifier key of {key.name!r}: {error}") from error
    number = key_hash(key.name, key.kind, key.public_key)
    return f"{key.name}+{number:08x}+{encode_base64(bytes([key.kind]) + key.public_key)}"


def parse_note(data: bytes) -> Note:
    """Return the note whose bytes are exactly `data`; NoteError otherwise. Verifies no signature."""
    if len(data) > MAX_NOTE_BYTES:
        raise NoteError(f"a note of {len(data)} bytes is over the limit of {MAX_NOTE_BYTES}")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError(f"note is not UTF-8: {error}") from error
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteError("a note is text, an empty line, and signature lines that end in a newline")
    signatures = tuple(_parse_line(line) for line in tail[:-1].split("\n"))
    note = Note(text=head + "\n", signatures=signatures)
    if format_note(note) != data:
        raise NoteError("not the form in which a note is written")
    return note


def format_note(note: Note) -> bytes:
    """Return the bytes of `note`; NoteError if its text, names or number of signatures are not permitted."""
    _check_text(note.text)
    if not 1 <= len(note.signatures) <= MAX_SIGNATURES:
        raise NoteError(f"{len(note.signatures)} signatures; a note has 1 to {MAX_SIGNATURES}")
    lines = []
    for signature in note.signatures:
        _check_name(signature.name)
        if not signature.signature or not 0 <= signature.key_hash < 2**32:
            raise NoteError(f"signature line of {signature.name!r} has no signature or no 32 bit key hash")
        material = signature.key_hash.to_bytes(4) + signature.signature
        lines.append(f"{_DASH}{signature.name} {encode_base64(material)}\n")
    data = (note.text + "\n" + "".join(lines)).encode("utf-8")
    if len(data) > MAX_NOTE_BYTES:
        raise NoteError(f"a note of {len(data)} bytes is over the limit of {MAX_NOTE_BYTES}")
    return data


def sign_note(text: str, name: str, signer: Signer) -> Note:
    """Return the note of `text` with one signature (kind 0x01) by `name`; NoteError if not permitted."""
    _check_text(text)
    _check_name(name)
    line = NoteSignature(
        name=name,
        key_hash=key_hash(name, KIND_ED25519, signer.public_key),
        signature=signer.sign(text.encode("utf-8")),
    )
    return Note(text=text, signatures=(line,))


def sign_cosignature(text: str, name: str, signer: Signer, time: int) -> NoteSignature:
    """Return a cosignature line over `text` at `time`, seconds since 1970, 1 to 2^63 - 1; the key's length tells its kind.

    One key must serve one cosigner only: the message of kind 0x04 does not hold `name` (tlog-cosignature). Raises
    CheckpointError if kind 0x06 is asked to sign what is not a checkpoint.
    """
    _check_text(text)
    _check_name(name)
    if not 1 <= time <= MAX_TIME:
        raise NoteError(f"cosignature time {time} is not within 1 to 2^63 - 1")
    kind = KIND_ML_DSA_44 if len(signer.public_key) == ML_DSA_44_KEY_BYTES else KIND_COSIGNATURE
    message = ed25519_message(text, time) if kind == KIND_COSIGNATURE else ml_dsa_44_message(text, name, time)
    return NoteSignature(
        name=name,
        key_hash=key_hash(name, kind, signer.public_key),
        signature=time.to_bytes(8) + signer.sign(message),
    )


def add_signature(note: Note, signature: NoteSignature) -> Note:
    """Return `note` with one line more; a line by the same name and key hash is replaced in its place."""
    same = [(line.name, line.key_hash) == (signature.name, signature.key_hash) for line in note.signatures]
    if any(same):
        lines = tuple(signature if equal else line for equal, line in zip(same, note.signatures, strict=True))
    else:
        lines = (*note.signatures, signature)
    changed = Note(text=note.text, signatures=lines)
    format_note(changed)
    return changed


def open_note(note: Note, vkeys: tuple[VerifierKey, ...]) -> OpenedNote:
    """Return what `vkeys` signed in `note`.

    Raises SignatureError if a line by a known name and hash does not verify or stands twice, or if no
    line is by a known key; NoteError for a malformed note, or two given keys with one name and hash.
    """
    format_note(note)
    known: dict[tuple[str, int], VerifierKey] = {}
    for key in vkeys:
        format_vkey(key)
        handle = (key.name, key_hash(key.name, key.kind, key.public_key))
        if known.setdefault(handle, key) != key:
            raise NoteError(f"two verifier keys are named {key.name!r} with hash {handle[1]:08x}")
    verified: list[VerifiedSignature] = []
    unknown: list[NoteSignature] = []
    for line in note.signatures:
        found = known.get((line.name, line.key_hash))
        if found is None:
            unknown.append(line)
            continue
        if any(signature.key == found for signature in verified):
            raise SignatureError(f"{line.name} signed the note twice with one key")
        verified.append(VerifiedSignature(key=found, time=_verify_line(note.text, line, found)))
    if not verified:
        raise SignatureError("no signature of the note is by a known key")
    return OpenedNote(text=note.text, verified=tuple(verified), unknown=tuple(unknown))


def _verify_line(text: str, line: NoteSignature, key: VerifierKey) -> int | None:
    """Return the time of a cosignature, None for a plain signature; SignatureError if it is bad."""
    time: int | None = None
    if key.kind == KIND_ED25519:
        good = verify(key.public_key, line.signature, text.encode())
    else:
        good, time = _verify_cosignature(text, line, key)
    if not good:
        raise SignatureError(f"signature by {line.name} does not verify; the whole note is refused")
    return time


def _verify_cosignature(text: str, line: NoteSignature, key: VerifierKey) -> tuple[bool, int]:
    wanted = 8 + (SIGNATURE_BYTES if key.kind == KIND_COSIGNATURE else ML_DSA_44_SIGNATURE_BYTES)
    if len(line.signature) != wanted:
        raise SignatureError(f"cosignature by {line.name} has {len(line.signature)} bytes, not {wanted}")
    time, signature = int.from_bytes(line.signature[:8]), line.signature[8:]
    if not 1 <= time <= MAX_TIME:
        raise SignatureError(f"cosignature by {line.name} has time {time}, not within 1 to 2^63 - 1")
    if key.kind == KIND_COSIGNATURE:
        return verify(key.public_key, signature, ed25519_message(text, time)), time
    try:
        message = ml_dsa_44_message(text, line.name, time)
    except (CheckpointError, NoteError) as error:
        raise SignatureError(f"cosignature by {line.name} over what is no checkpoint: {error}") from error
    return verify_ml_dsa_44(key.public_key, signature, message), time


def _parse_line(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise NoteError(f"signature line {line[:80]!r} is not: em dash, key name, base64")
    try:
        material = decode_base64(encoded)
    except EncodingError as error:
        raise NoteError(f"signature line of {name!r}: {error}") from error
    if len(material) < 5:
        raise NoteError(f"signature line of {name!r} is too short")
    return NoteSignature(name=name, key_hash=int.from_bytes(material[:4]), signature=material[4:])


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends in a newline")
    for character in text:
        if character < " " and character != "\n":
            raise NoteError(f"the text of a note holds the control character {character!r}")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NoteError(f"the text of a note is not UTF-8: {error}") from error


def _check_name(name: str) -> None:
    if not name:
        raise NoteError("a key name is empty")
    if any(character.isspace() or character == "+" or character < " " for character in name):
        raise NoteError(f"key name {name!r} holds a space, a plus sign or a control character")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NoteError(f"key name {name!r} is not UTF-8: {error}") from error
