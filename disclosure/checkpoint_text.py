"""The three lines of a checkpoint (c2sp.org/tlog-checkpoint), which a log and its cosigners sign. No extension lines:

    bureau.example/log/2026
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

origin, number of entries, base64 of the root.
"""

import msgspec

from disclosure.errors import CheckpointError, EncodingError
from disclosure.keys import decode_base64, encode_base64
from disclosure.tree import EMPTY_ROOT, HASH_BYTES, MAX_SIZE

__all__ = ["Checkpoint", "format_checkpoint", "parse_checkpoint"]


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tree head: origin (the unique name of the log), number of entries, 32 byte root."""

    origin: str
    size: int
    root: bytes


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the note text, three lines; CheckpointError if a part is not permitted."""
    origin = checkpoint.origin
    if not origin or any(c.isspace() or c == "+" or c < " " for c in origin):
        raise CheckpointError(
            f"origin {origin!r} is empty or holds a space, a plus sign or a control character"
        )
    if not 0 <= checkpoint.size <= MAX_SIZE:
        raise CheckpointError(f"tree size {checkpoint.size} is not within 0 to 2^63 - 1")
    if len(checkpoint.root) != HASH_BYTES:
        raise CheckpointError(f"a root has {HASH_BYTES} bytes, not {len(checkpoint.root)}")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise CheckpointError("the root of the empty tree is SHA-256 of nothing")
    return f"{origin}\n{checkpoint.size}\n{encode_base64(checkpoint.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint with exactly this note text; CheckpointError otherwise (extension lines too)."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise CheckpointError("a checkpoint has exactly three lines: origin, size, root; no extension lines")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdigit() and len(size) <= 19):
        raise CheckpointError(f"tree size {size[:40]!r} is not a decimal number of at most 19 digits")
    try:
        checkpoint = Checkpoint(origin=origin, size=int(size), root=decode_base64(root))
    except EncodingError as error:
        raise CheckpointError(f"root: {error}") from error
    if format_checkpoint(checkpoint) != text:
        raise CheckpointError(f"tree size {size!r} has leading zeros")
    return checkpoint
