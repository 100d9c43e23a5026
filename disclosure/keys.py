"""Ed25519 keys and signatures (RFC 8032), and the one base64 form of bytes (RFC 4648).

A public key is 32 raw bytes. Its id is `sha256:` and the lowercase hex SHA-256 of the DER
SubjectPublicKeyInfo (RFC 8410), so that `openssl pkey -pubout -outform DER | sha256sum` prints it.

    >>> key_id(bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
    'sha256:06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9'
"""

import base64
import binascii
import hashlib
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from disclosure.errors import EncodingError, KeyFormatError

__all__ = [
    "PUBLIC_KEY_BYTES",
    "SIGNATURE_BYTES",
    "Ed25519Signer",
    "Signer",
    "check_public_key",
    "decode_base64",
    "decode_base64url",
    "encode_base64",
    "encode_base64url",
    "key_id",
    "verify",
]

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64

_SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")
_FIELD_PRIME = 2**255 - 19
# The y coordinates of the eight points of small order: under such a key one signature fits many messages.
_SMALL_ORDER_Y = frozenset(
    (
        0,
        1,
        _FIELD_PRIME - 1,
        0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
        0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
    )
)


class Signer(Protocol):
    """Something that signs with one Ed25519 key and never gives the key away."""

    @property
    def public_key(self) -> bytes:
        """The raw public key, 32 bytes."""

    def sign(self, message: bytes) -> bytes:
        """Return the 64 byte signature of `message`."""


class Ed25519Signer:
    """A Signer over a private key held in memory by the cryptography package."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self._public_key = private_key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """Return the 64 byte signature of `message` (RFC 8032, pure Ed25519)."""
        return self._private_key.sign(message)


def check_public_key(raw_public: bytes) -> None:
    """Raise KeyFormatError unless `raw_public` is 32 bytes, canonical, and not of small order.

    RFC 8032 5.1.3 permits keys of small order; we refuse them because their signatures bind nothing.
    """
    if len(raw_public) != PUBLIC_KEY_BYTES:
        raise KeyFormatError(f"an Ed25519 public key has {PUBLIC_KEY_BYTES} bytes, not {len(raw_public)}")
    y = int.from_bytes(raw_public, "little") & (2**255 - 1)
    if y >= _FIELD_PRIME:
        raise KeyFormatError("the Ed25519 public key is not in canonical form")
    if y in _SMALL_ORDER_Y:
        raise KeyFormatError("the Ed25519 public key is a point of small order; anyone can sign for it")


def key_id(raw_public: bytes) -> str:
    """Return `sha256:` and the hex SHA-256 of the DER SubjectPublicKeyInfo; KeyFormatError if unusable."""
    check_public_key(raw_public)
    return "sha256:" + hashlib.sha256(_SPKI_PREFIX + raw_public).hexdigest()


def verify(raw_public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether `signature` is by `raw_public` over `message`; KeyFormatError if the key is unusable."""
    check_public_key(raw_public)
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(raw_public).verify(signature, message)
    except InvalidSignature:
        return False
    except ValueError as error:
        raise KeyFormatError(f"the Ed25519 public key is refused: {error}") from error
    return True


def encode_base64(data: bytes) -> str:
    """Return standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """Return the bytes of `text`; EncodingError unless `encode_base64` writes exactly `text` for them."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise EncodingError(f"{text[:40]!r} is not standard base64: {error}") from error
    if encode_base64(data) != text:
        raise EncodingError(f"{text[:40]!r} is not the canonical base64 of its bytes")
    return data


def encode_base64url(data: bytes) -> str:
    """Return URL-safe base64 without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Return the bytes of `text`; EncodingError unless `encode_base64url` writes exactly `text` for them."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        data = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise EncodingError(f"{text[:40]!r} is not unpadded base64url: {error}") from error
    if encode_base64url(data) != text:
        raise EncodingError(f"{text[:40]!r} is not the canonical base64url of its bytes")
    return data
