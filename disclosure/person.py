"""Personal fields kept outside the signed document, so that they can be erased (RFC 9901 section 4.2).

A field is published as a disclosure string, the unpadded base64url of the canonical JSON array
`[salt, name, value]`; the signed document carries only its digest, the unpadded base64url SHA-256 of
that string's ASCII. The salt is 16 fresh random bytes (as base64url), handed in by the caller: without
it, a name or telephone number could be found by trying all of them.

Deleting the string erases the field; every signature and proof stays valid. Keep the string itself:
another spelling of the same array has another digest.
"""

import hashlib

from disclosure.errors import EncodingError, PersonError
from disclosure.keys import decode_base64url, encode_base64url
from selection.canonical import CanonicalError, format_canonical, parse_canonical

__all__ = ["DIGEST_ALGORITHM", "SALT_BYTES", "digest", "make_disclosure", "parse_disclosure"]

DIGEST_ALGORITHM = "sha-256"
SALT_BYTES = 16
# Names with a meaning of their own in RFC 9901; as a disclosed name they would confuse other readers.
_RESERVED_NAMES = frozenset(("_sd", "_sd_alg", "..."))


def make_disclosure(salt16: bytes, name: str, value: object) -> str:
    """Return the disclosure string of one field.

    `value` is anything canonical JSON can carry. Raises PersonError if the salt has not 16 bytes, the
    name is empty, not ASCII or reserved by RFC 9901, or the value has no canonical form.
    """
    if len(salt16) != SALT_BYTES:
        raise PersonError(f"the salt has {len(salt16)} bytes, not {SALT_BYTES}")
    if not name or not name.isascii() or name in _RESERVED_NAMES:
        raise PersonError(f"{name!r} cannot be the name of a disclosed field")
    try:
        return encode_base64url(format_canonical([encode_base64url(salt16), name, value]))
    except CanonicalError as error:
        raise PersonError(f"field {name}: {error}") from error


def digest(disclosure: str) -> str:
    """Return the unpadded base64url SHA-256 of the disclosure string; PersonError if it is not ASCII."""
    if not disclosure.isascii():
        raise PersonError("a disclosure string is ASCII")
    return encode_base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def parse_disclosure(disclosure: str) -> tuple[bytes, str, object]:
    """Return (salt of 16 bytes, name, value); PersonError unless `make_disclosure` writes exactly this."""
    try:
        array = parse_canonical(decode_base64url(disclosure))
    except (EncodingError, CanonicalError) as error:
        raise PersonError(f"disclosure: {error}") from error
    if not isinstance(array, list) or len(array) != 3:
        raise PersonError("a disclosure is an array of three: salt, name, value")
    salt, name, value = array
    if not isinstance(salt, str) or not isinstance(name, str):
        raise PersonError("the salt and the name of a disclosure are text")
    try:
        salt_bytes = decode_base64url(salt)
    except EncodingError as error:
        raise PersonError(f"salt: {error}") from error
    if make_disclosure(salt_bytes, name, value) != disclosure:
        raise PersonError("not the form in which we write disclosures")
    return salt_bytes, name, value
