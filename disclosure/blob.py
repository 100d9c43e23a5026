"""References to blobs: SHA-256, size, lines and Merkle root (docs/spec/pools.md, "Reference to a blob")."""

from disclosure.tree import leaf_hash, root
from selection.keys import digest_of
from selection.plan import BlobReference
from selection.pool import blob_lines

__all__ = ["refer"]


def refer(blob: bytes) -> BlobReference:
    """Return the reference to `blob`; its root is over the lines without their LF."""
    lines = blob_lines(blob)
    merkle = root(leaf_hash(line) for line in lines).hex()
    return BlobReference(count=len(lines), root=merkle, sha256=digest_of(blob), size=len(blob))
