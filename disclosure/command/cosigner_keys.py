"""A cosigner's key files (PEM, PKCS#8, Ed25519 or ML-DSA-44, mode 0600) and the memory of what it has signed.

The memory is one folder, of one process at a time: a file per log, canonical JSON, written beside, synced and renamed before any
answer leaves. A crash leaves the old file or the new one. Lost or put back from a backup, the cosigner could be led to sign a
second history: then make a new key, and tell the bureau.
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from disclosure.cosignature import ML_DSA_44_KEY_BYTES, MLDSA44Signer
from disclosure.cosigning import Seen
from disclosure.errors import CosigningError
from disclosure.keys import Ed25519Signer, Signer
from disclosure.note import KIND_COSIGNATURE, KIND_ML_DSA_44, VerifierKey

__all__ = ["create_key", "load_key", "lock_memory", "read_memory", "remember", "vkey_of"]


def create_key(path: Path, ml_dsa: bool) -> None:
    """Write a new private key to `path`; FileExistsError if there is a file: a key is never overwritten."""
    key = MLDSA44PrivateKey.generate() if ml_dsa else Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def load_key(path: Path) -> Signer:
    """Return the signer of the key in `path`; CosigningError if others may read it, or it is another kind of file."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise CosigningError(f"{path} 他人可读 can be read by others: chmod 600 {path}")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CosigningError(f"{path} 不是未加密的 PEM 私钥 is not an unencrypted PEM private key: {error}") from error
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer(key)
    if isinstance(key, MLDSA44PrivateKey):
        return MLDSA44Signer(key)
    raise CosigningError(f"{path} 不是 Ed25519 或 ML-DSA-44 密钥 is neither an Ed25519 nor an ML-DSA-44 key")


def vkey_of(name: str, signer: Signer) -> VerifierKey:
    """Return the cosigner's verifier key, of kind 0x04 or 0x06."""
    kind = KIND_ML_DSA_44 if len(signer.public_key) == ML_DSA_44_KEY_BYTES else KIND_COSIGNATURE
    return VerifierKey(name, kind, signer.public_key)


@contextlib.contextmanager
def lock_memory(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; CosigningError if another process holds it. Ends with the process, however that ends."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("wb") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CosigningError(f"{folder} 正被另一进程使用 is in use by another process") from error
        yield


def read_memory(folder: Path) -> dict[str, Seen]:
    """Return what was signed, by origin; CosigningError for a file that cannot be read: it is never taken for nothing."""
    seen = {}
    for path in sorted(folder.glob("*.json")):
        try:
            data = path.read_bytes()
            found = msgspec.json.decode(data, type=Seen, strict=True)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CosigningError(f"{path} 无法读取，停止 cannot be read, so nothing is signed: {error}") from error
        if path != _file(folder, found.origin) or msgspec.json.encode(found, order="sorted") != data:
            raise CosigningError(f"{path} 不是本程序写下的 is not as it was written, so nothing is signed")
        seen[found.origin] = found
    return seen


def remember(folder: Path, seen: Seen) -> None:
    """Write `seen` durably in the place of what was remembered of this log."""
    path = _file(folder, seen.origin)
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        file.write(msgspec.json.encode(seen, order="sorted"))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    if os.name == "posix":  # the new name itself has to survive a power cut
        directory = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _file(folder: Path, origin: str) -> Path:
    return folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.json"
