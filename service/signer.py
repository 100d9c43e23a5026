"""Key custody: the rest of the service gets signatures, never keys.

A key file is PEM, PKCS#8, Ed25519, mode 0600, encrypted under a passphrase unless somebody asked for a bare one (`key_encryption`).
A `Signer` may as well stand before a device; see `disclosure.keys.Signer`.
"""

import getpass
import os
import secrets
import stat
import sys
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
from service.key_encryption import IV_BYTES, SALT_BYTES, encrypt_key

__all__ = ["Passphrase", "create_key", "encrypt_key_file", "is_encrypted", "load_signer"]

SHORTEST = 12  # characters of a passphrase


class Passphrase:
    """Where the passphrase of key files comes from: a file, or whoever sits at the terminal. Asked for once, kept while this lives."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: bytes | None = None

    def __call__(self, path: Path) -> bytes:
        """Return the passphrase for the existing key in `path`; ConfigError with the mend if there is nowhere to get it from."""
        if self._known is None:
            self._known = self._read(path)
        return self._known

    def new(self, path: Path) -> bytes:
        """Return the passphrase for a new key in `path`, typed twice at a terminal; ConfigError if it is too short."""
        if self._known is None:
            chosen = self._read(path)
            if self._file is None and getpass.getpass("再输入一次 once more: ").encode() != chosen:
                raise ConfigError("两次输入不同 the two are not the same")
            if len(chosen.decode()) < SHORTEST:
                raise ConfigError(f"密钥口令至少 {SHORTEST} 个字符 a key's passphrase has {SHORTEST} characters at least")
            self._known = chosen
        return self._known

    def _read(self, path: Path) -> bytes:
        if self._file is not None:
            try:
                return self._file.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r").encode()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"DOUBLE_RANDOM_KEY_PASSPHRASE_FILE 无法读取 cannot be read: {error}") from error
        if not sys.stdin.isatty():
            raise ConfigError(
                f"{path} 须用口令：在终端运行，或把口令放进一个文件并以 DOUBLE_RANDOM_KEY_PASSPHRASE_FILE 指明；不加密的新密钥用 --unencrypted"
                " needs a passphrase: run at a terminal, or put it into a file and name that in DOUBLE_RANDOM_KEY_PASSPHRASE_FILE"
                " (a new key without one: --unencrypted)"
            )
        return getpass.getpass(f"密钥口令 passphrase of {path}: ").encode()


def create_key(path: Path, passphrase: bytes | None = None) -> None:
    """Write a new private key to `path`, bare without a passphrase; FileExistsError if there is a file: a key is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_new(path, _format(Ed25519PrivateKey.generate(), passphrase))


def load_signer(path: Path, passphrase: Passphrase | None = None) -> Ed25519Signer:
    """Return the signer of the key in `path`.

    Raises ConfigError naming file and mend if there is none, it is another kind, others may read it, or it is encrypted and the
    passphrase is missing or wrong.
    """
    return Ed25519Signer(_load(path, passphrase))


def is_encrypted(path: Path) -> bool:
    """Return whether the key in `path` is encrypted under a passphrase."""
    return b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()


def encrypt_key_file(path: Path, passphrase: Passphrase) -> bool:
    """Encrypt the bare key in `path` in its place; return False if it was encrypted already.

    A crash leaves the old file or the new one, and perhaps a file beside that the next run replaces. What a disk keeps of the old
    bytes is not ours to erase: a key whose bare file was ever copied is better replaced (`key-rotate`).
    """
    if is_encrypted(path):
        return False
    key = _load(path, None)
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    _write_new(beside, _format(key, passphrase.new(path)))
    if load_signer(beside, passphrase).public_key != key.public_key().public_bytes_raw():
        raise ConfigError(f"{beside} 读回的密钥不同，原文件未动 reads back as another key; the old file stands")
    beside.replace(path)
    _sync_folder(path.parent)
    return True


def _load(path: Path, passphrase: Passphrase | None) -> Ed25519PrivateKey:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"没有密钥文件 no key at {path}; make one with `python -m service keygen {path}`") from error
    except OSError as error:
        raise ConfigError(f"{path} 无法读取 cannot be read: {error}") from error
    if mode & 0o077:
        raise ConfigError(f"{path} 他人可读，权限 mode {mode:04o}; 请运行 run: chmod 600 {path}")
    encrypted = b"BEGIN ENCRYPTED PRIVATE KEY" in pem
    if encrypted and passphrase is None:
        passphrase = Passphrase(None)
    try:
        key = load_pem_private_key(pem, passphrase(path) if encrypted and passphrase is not None else None)
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{path} 口令不对 wrong passphrase: {error}" if encrypted else f"{path} 不是 PEM 私钥 is not a PEM private key: {error}"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} 不是 Ed25519 密钥 is not an Ed25519 key")
    return key


def _format(key: Ed25519PrivateKey, passphrase: bytes | None) -> bytes:
    if passphrase is None:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return encrypt_key(pkcs8, passphrase, secrets.token_bytes(SALT_BYTES), secrets.token_bytes(IV_BYTES))


def _write_new(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
