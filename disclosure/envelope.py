"""DSSE envelopes: signatures over exact bytes and their type (DSSE 1.0.2; docs/spec/log.md 2).

What is signed, lengths in bytes, one space between parts:

    DSSEv1 <len(type)> <type> <len(payload)> <payload>

The envelope is canonical JSON with base64 payload and signatures. Our profile is narrower than DSSE:
signatures stand in ascending order of their key id, each key signs once, and a verifier refuses an
envelope as soon as one signature is not by a key it was given. Nothing unverified is carried along.
The payload is checked as bytes and never serialised again.
"""

from collections.abc import Iterable, Mapping

import msgspec

from disclosure.errors import EncodingError, EnvelopeError, SignatureError
from disclosure.keys import SIGNATURE_BYTES, Signer, decode_base64, encode_base64, key_id
from disclosure.keys import verify as verify_signature
from selection.canonical import CanonicalError, format_canonical, parse_struct
from selection.forms import KeyId

__all__ = [
    "MAX_SIGNATURES",
    "Envelope",
    "Signature",
    "format_envelope",
    "pae",
    "parse_envelope",
    "payload_bytes",
    "sign",
    "verify",
]

MAX_SIGNATURES = 64


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature: `keyid` as `disclosure.keys.key_id` writes it, `sig` the base64 of 64 bytes."""

    keyid: KeyId
    sig: str


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A DSSE envelope; `payload` is base64, `payloadType` the media type that is signed with it."""

    payload: str
    payloadType: str  # noqa: N815 (the member name fixed by DSSE)
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding, the bytes that are signed (DSSE protocol, PAE)."""
    type_bytes = payload_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(type_bytes), type_bytes, len(payload), payload)


def sign(payload: bytes, payload_type: str, signers: Iterable[Signer]) -> Envelope:
    """Return the envelope of `payload` with one signature per signer, in order of key id.

    Raises EnvelopeError for no signer, more than 64, or two signers with one key.
    """
    message = pae(payload_type, payload)
    made = [
        Signature(keyid=key_id(signer.public_key), sig=encode_base64(signer.sign(message)))
        for signer in signers
    ]
    made.sort(key=lambda signature: signature.keyid)
    envelope = Envelope(payload=encode_base64(payload), payloadType=payload_type, signatures=tuple(made))
    _check_form(envelope)
    return envelope


def payload_bytes(envelope: Envelope) -> bytes:
    """Return the payload; EnvelopeError if its base64 is not canonical. Says nothing about signatures."""
    try:
        return decode_base64(envelope.payload)
    except EncodingError as error:
        raise EnvelopeError(f"payload: {error}") from error


def verify(envelope: Envelope, payload_type: str, keys: Mapping[str, bytes]) -> set[str]:
    """Return the key ids that signed; every signature of the envelope is by one of `keys` and good.

    `keys` maps key id to raw public key. Raises EnvelopeError for another payload type or a malformed
    envelope, SignatureError for a signature by an unknown key or one that does not verify.
    """
    if envelope.payloadType != payload_type:
        raise EnvelopeError(f"payloadType is {envelope.payloadType[:80]!r}, expected {payload_type!r}")
    _check_form(envelope)
    message = pae(payload_type, payload_bytes(envelope))
    for signature in envelope.signatures:
        raw_public = keys.get(signature.keyid)
        if raw_public is None:
            raise SignatureError(f"signature by unknown key {signature.keyid}")
        if key_id(raw_public) != signature.keyid:
            raise SignatureError(f"key id {signature.keyid} is not the id of the key given for it")
        if not verify_signature(raw_public, decode_base64(signature.sig), message):
            raise SignatureError(f"signature by {signature.keyid} does not verify")
    return {signature.keyid for signature in envelope.signatures}


def format_envelope(envelope: Envelope) -> bytes:
    """Return the canonical JSON of `envelope`; EnvelopeError if it is not of our profile."""
    _check_form(envelope)
    try:
        return format_canonical(envelope)
    except CanonicalError as error:
        raise EnvelopeError(str(error)) from error


def parse_envelope(data: bytes) -> Envelope:
    """Return the envelope whose bytes are exactly `data`; EnvelopeError otherwise. Verifies nothing."""
    try:
        envelope = parse_struct(data, Envelope)
    except CanonicalError as error:
        raise EnvelopeError(f"envelope: {error}") from error
    _check_form(envelope)
    return envelope


def _check_form(envelope: Envelope) -> None:
    payload_bytes(envelope)
    if not envelope.payloadType:
        raise EnvelopeError("payloadType is empty")
    if not 1 <= len(envelope.signatures) <= MAX_SIGNATURES:
        raise EnvelopeError(f"{len(envelope.signatures)} signatures; an envelope has 1 to {MAX_SIGNATURES}")
    previous = ""
    for signature in envelope.signatures:
        if signature.keyid == previous:
            raise EnvelopeError(f"two signatures by {signature.keyid}; a key signs once")
        if signature.keyid < previous:
            raise EnvelopeError(f"signature by {signature.keyid} stands after {previous}; order by key id")
        previous = signature.keyid
        try:
            length = len(decode_base64(signature.sig))
        except EncodingError as error:
            raise EnvelopeError(f"signature by {signature.keyid}: {error}") from error
        if length != SIGNATURE_BYTES:
            raise EnvelopeError(f"signature by {signature.keyid} has {length} bytes, not {SIGNATURE_BYTES}")
