"""The reference verifier, served as it is: one file of plain Python, written from the specification by somebody else."""

from hashlib import sha256
from pathlib import Path

from msgspec import Struct

__all__ = ["REFERENCE", "Reference"]

_SERVICE = Path(__file__).resolve().parent.parent
# A checkout has it with the specification; a wheel carries a copy among the files of the package.
_PLACES = (
    _SERVICE.parent / "docs" / "spec" / "reference" / "verify.py",
    _SERVICE / "reference" / "verify.py",
)


class Reference(Struct, frozen=True):
    """The bytes of `verify.py`, and their SHA-256 in hex."""

    data: bytes
    sha256: str


def _read() -> Reference | None:
    for place in _PLACES:
        if place.is_file():
            data = place.read_bytes()
            return Reference(data, sha256(data).hexdigest())
    return None


REFERENCE = _read()  # once, with the program: it changes only with it; None where it was not installed
