"""Every hash of a draw (docs/spec/draw.md 1, 2, 8; pools.md 6). Nothing is joined or hashed anywhere else in `selection`.

All inputs are text, UTF-8, LF; all outputs 64 lower-case hexadecimal digits. The first line of every input but a
ticket's names its use, and a ticket's begins with 64 hex digits, so no two uses can share an input.

    $ printf 'double-random/1\\nstage\\n%s\\n%s\\n' "$draw_key" targets | sha256sum
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

__all__ = ["conflicts_commitment", "digest_of", "draw_key", "nonce_commitment", "sealed_commitment", "stage_key",
           "ticket", "tickets"]  # fmt: skip


def digest_of(data: bytes) -> str:
    """Return SHA256hex of `data`: the name of a document or blob, and S of a plan."""
    return sha256(data).hexdigest()


def _joined(use: str, lines: Iterable[str]) -> str:
    return digest_of(("double-random/1\n" + use + "\n" + "".join(line + "\n" for line in lines)).encode())


def draw_key(plan: str, lines: Sequence[str]) -> str:
    """Return the key of the draw from S and the contribution lines in plan order (draw.md 2)."""
    return _joined("key", [plan, *lines])


def stage_key(key: str, stage: str) -> str:
    """Return the key of one stage: `targets`, `items/<target>`, `inspectors/<target>` or `experts/<target>`."""
    return _joined("stage", [key, stage])


def ticket(stage: str, id: str) -> str:
    """Return the ticket of `id` under the stage key `stage`: SHA256hex(stage + ":" + id)."""
    return digest_of(f"{stage}:{id}".encode())


def tickets(stage: str, ids: Iterable[str], below: bytes | None = None) -> list[tuple[bytes, str]]:
    """Return (ticket, id) of all ids, or of those whose ticket is under `below`; tickets as 32 raw bytes.

    Raw bytes sort as their hex text does. The first block of every input is the same, so its hash state is copied.
    """
    begun, found = sha256(f"{stage}:".encode()).copy, []
    for id in ids:
        hash = begun()
        hash.update(id.encode())
        drawn = hash.digest()
        if below is None or drawn < below:
            found.append((drawn, id))
    return found


def nonce_commitment(bureau: str, number: int, attempt: int, nonce: str) -> str:
    """Return what a plan states of a nonce that opens later (draw.md 1)."""
    return _joined("nonce", [bureau, str(number), str(attempt), nonce])


def conflicts_commitment(salt: str, people: Sequence[str]) -> str:
    """Return what `conflicts` states of a target; `people` strictly ascending, at least one (pools.md 6)."""
    return _joined("conflicts", [salt, *people])


def sealed_commitment(key: str, content: bytes) -> str:
    """Return what is published of a sealed result or event: binds `content` and the draw key (draw.md 8)."""
    return _joined("sealed", [key, digest_of(content)])
