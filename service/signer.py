"""Key custody: the rest of the service gets signatures, never keys.

A key file is PEM, PKCS#8, Ed25519, mode 0600. A `Signer` may as well stand before a device; see `disclosure.keys.Signer`.
"""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from disclosure.keys import Ed25519Signer
from service.config import ConfigError

__all__ = ["create_key", "load_signer"]


def create_key(path: Path) -> None:
    """Write a new private key to `path`; FileExistsError if there is a file: a key is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def load_signer(path: Path) -> Ed25519Signer:
    """Return the signer of the key in `path`; ConfigError naming file and mend if there is none or it is another kind."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise ConfigError(f"no key at {path}; make one with `python -m service keygen {path}`") from error
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} is not an unencrypted PEM private key: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} is not an Ed25519 key")
    return Ed25519Signer(key)
