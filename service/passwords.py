"""Passwords: argon2id (RFC 9106), two at a time and off the event loop: each costs 64 MiB and a good part of a second."""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.errors import Invalid

__all__ = ["hash_password", "verify_password"]

MINIMUM, MAXIMUM = 12, 256  # characters
_HASHER = PasswordHasher()
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="argon2")
# Of no password: what an unknown login is checked against, so that it takes as long as a known one.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Rrjq3J1c5WmLrsw0SgL+gA$uoxXuGMoHWv7cKZFXoU0BMG1eV8+zXhXM8k1QbFfo0c"


def _normal(password: str) -> bytes:
    # An input method may give full-width digits or a composed letter; the person typed the same thing (NIST SP 800-63B).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


async def hash_password(password: str) -> str:
    """Return the argon2id hash; Invalid for fewer than 12 or more than 256 characters."""
    if not MINIMUM <= len(password) <= MAXIMUM:
        raise Invalid(
            f"口令须为 {MINIMUM} 至 {MAXIMUM} 个字符，现有 {len(password)} 个",
            f"a password has {MINIMUM} to {MAXIMUM} characters, not {len(password)}",
        )
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, _normal(password))


async def verify_password(known_hash: str | None, password: str) -> bool:
    """Return whether `password` is the one behind `known_hash`; False, after the same work, where there is none."""

    def verify() -> bool:
        try:
            _HASHER.verify(known_hash or _NOBODY, _normal(password[: MAXIMUM + 1]))
        except (VerificationError, InvalidHashError):
            return False
        return known_hash is not None and len(password) <= MAXIMUM

    return await asyncio.get_running_loop().run_in_executor(_THREADS, verify)
