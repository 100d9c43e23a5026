"""A private key encrypted under a passphrase, in the form every PKCS#8 reader takes: PBES2 (RFC 8018) with scrypt (RFC 7914) and AES-256-CBC.

Written by hand because the cryptography package writes PBKDF2 with 2,048 rounds only, which a passphrase that people remember does not
survive. Its `load_pem_private_key` and `openssl pkey -in` both read what is written here.
"""

import base64

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

__all__ = ["IV_BYTES", "SALT_BYTES", "encrypt_key"]

SALT_BYTES = 16
IV_BYTES = 16

# 16 MiB and about half a second for each guess. Readers built on OpenSSL stop at 32 MiB, which N = 2^15 would just pass; so the rest
# of the cost is in P.
_N, _R, _P = 1 << 14, 8, 8

_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")


def encrypt_key(pkcs8: bytes, passphrase: bytes, salt: bytes, iv: bytes) -> bytes:
    """Return the PEM of the DER `pkcs8` (PrivateKeyInfo) encrypted under `passphrase`; `salt` and `iv` are fresh random bytes."""
    key = Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase)
    padder = PKCS7(128).padder()
    encryptor = Cipher(AES256(key), CBC(iv)).encryptor()
    padded = padder.update(pkcs8) + padder.finalize()
    sealed = encryptor.update(padded) + encryptor.finalize()
    cost = _sequence(_der(0x04, salt), *(_integer(number) for number in (_N, _R, _P)))
    kdf, cipher = _sequence(_SCRYPT, cost), _sequence(_AES_256_CBC, _der(0x04, iv))
    der = _sequence(_sequence(_PBES2, _sequence(kdf, cipher)), _der(0x04, sealed))
    text = base64.b64encode(der).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN ENCRYPTED PRIVATE KEY-----", *lines, "-----END ENCRYPTED PRIVATE KEY-----", ""]).encode("ascii")


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1))


def _der(tag: int, content: bytes) -> bytes:
    """Return `content` under `tag`; lengths here stay below 65,536."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content
