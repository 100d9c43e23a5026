"""The Merkle tree of RFC 6962 section 2.1 over SHA-256: roots, inclusion and consistency proofs.

A leaf is hashed as SHA-256(0x00, entry), a node as SHA-256(0x01, left, right); the root of no entries
is SHA-256 of nothing. `(level, index)` names the complete subtree over the entries from index * 2^level
to (index + 1) * 2^level. Proofs are made from a reader of such subtrees, so that a proof of a large log
reads a few dozen hashes.

    >>> root([leaf_hash(b""), leaf_hash(b"\\0")]).hex()
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from disclosure.errors import TreeError

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "MAX_SIZE",
    "CompactRange",
    "HashAt",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root",
    "root_at",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
MAX_SIZE = 2**63 - 1

HashAt = Callable[[int, int], bytes]
"""A reader of complete subtrees: (level, index) to the 32 byte hash."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the 32 byte hash of a log entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32 byte hash of the node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The right edge of a growing tree: enough to append and to know the root, at most 63 hashes.

    `edge` are the roots of the complete subtrees of `size`, largest first, one per set bit of `size`.
    """

    __slots__ = ("_edge", "_size")

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """Resume from a stored size and edge; TreeError if they do not fit each other."""
        if not 0 <= size <= MAX_SIZE:
            raise TreeError(f"tree size {size} is not within 0 to 2^63 - 1")
        if len(edge) != size.bit_count() or any(len(part) != HASH_BYTES for part in edge):
            raise TreeError(f"the edge of a tree of {size} has {size.bit_count()} hashes of 32 bytes")
        self._size = size
        self._edge = list(edge)

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @property
    def edge(self) -> tuple[bytes, ...]:
        """The roots of the complete subtrees, largest first."""
        return tuple(self._edge)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash; return every subtree this completes, as (level, index, hash), leaf first."""
        if self._size >= MAX_SIZE:
            raise TreeError("the tree is full")
        if len(leaf) != HASH_BYTES:
            raise TreeError(f"a leaf hash has {HASH_BYTES} bytes, not {len(leaf)}")
        level, index, edge = 0, self._size, self._edge
        made = [(level, index, leaf)]
        while index & 1:
            leaf = sha256(b"\x01" + edge.pop() + leaf).digest()  # node_hash, without the call: a log has millions
            level, index = level + 1, index >> 1
            made.append((level, index, leaf))
        edge.append(leaf)
        self._size += 1
        return made

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        return _fold(self._edge)


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over `leaf_hashes`, reading them once."""
    tree = CompactRange()
    for leaf in leaf_hashes:
        tree.append(leaf)
    return tree.root()


def root_at(size: int, hash_at: HashAt) -> bytes:
    """Return the root of the first `size` leaves, read from the complete subtrees."""
    _check_size(size)
    return _range_hash(0, size, hash_at)


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` (RFC 6962 2.1.1), leaf's sibling first."""
    _check_size(size)
    if not 0 <= index < size:
        raise TreeError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_hash(middle, high, hash_at))
            high = middle
        else:
            path.append(_range_hash(low, middle, hash_at))
            low = middle
    path.reverse()
    return path


def consistency_proof(old_size: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Return the proof that the tree of `old_size` is a prefix of that of `size` (RFC 6962 2.1.2).

    Empty for an old size of 0 or equal sizes. Raises TreeError if `old_size` is beyond `size`.
    """
    _check_size(size)
    if not 0 <= old_size <= size:
        raise TreeError(f"a tree of {old_size} is not a prefix of a tree of {size}")
    if old_size in (0, size):
        return []
    path: list[bytes] = []
    low, high = 0, size
    while high != old_size:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(_range_hash(middle, high, hash_at))
            high = middle
        else:
            path.append(_range_hash(low, middle, hash_at))
            low = middle
    # The verifier holds the old root itself, so it is sent only where it is not the whole old tree.
    if low:
        path.append(_range_hash(low, high, hash_at))
    path.reverse()
    return path


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> None:
    """Raise TreeError unless `proof` leads from `leaf` (a leaf hash) at `index` to `root_hash` of `size`."""
    _check_size(size)
    _check_hashes((leaf, root_hash, *proof))
    if not 0 <= index < size:
        raise TreeError(f"leaf {index} is not in a tree of {size}")
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise TreeError(f"inclusion proof of leaf {index} in {size} is too long")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise TreeError(f"inclusion proof of leaf {index} in {size} is too short")
    if found != root_hash:
        raise TreeError(f"inclusion proof of leaf {index} in {size} leads to another root")


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root_hash: bytes, proof: Sequence[bytes]
) -> None:
    """Raise TreeError unless `proof` shows the old tree to be a prefix of the tree (`size`, `root_hash`).

    From the empty tree, and between equal sizes, the only proof is the empty one.
    """
    _check_size(size)
    _check_hashes((old_root, root_hash, *proof))
    if not 0 <= old_size <= size:
        raise TreeError(f"a tree of {old_size} is not a prefix of a tree of {size}")
    if (size == 0 and root_hash != EMPTY_ROOT) or (old_size == 0 and old_root != EMPTY_ROOT):
        raise TreeError("the root of the empty tree is SHA-256 of nothing")
    if old_size in (0, size):
        if proof:
            raise TreeError(f"consistency proof from {old_size} to {size} must be empty")
        if old_size == size and old_root != root_hash:
            raise TreeError(f"two roots for one size {size}: the log shows different histories")
        return
    path = list(proof)
    # An old tree that is one complete subtree starts the path itself (RFC 9162 2.1.4.2 step 2).
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise TreeError(f"consistency proof from {old_size} to {size} is empty")
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_found = new_found = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise TreeError(f"consistency proof from {old_size} to {size} is too long")
        if node & 1 or node == last:
            old_found = node_hash(sibling, old_found)
            new_found = node_hash(sibling, new_found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_found = node_hash(new_found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise TreeError(f"consistency proof from {old_size} to {size} is too short")
    if old_found != old_root:
        raise TreeError(f"consistency proof from {old_size} to {size} does not lead to the old root")
    if new_found != root_hash:
        raise TreeError(f"consistency proof from {old_size} to {size} does not lead to the new root")


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _fold(edge: Sequence[bytes]) -> bytes:
    if not edge:
        return EMPTY_ROOT
    found = edge[-1]
    for part in reversed(edge[:-1]):
        found = node_hash(part, found)
    return found


def _range_hash(low: int, high: int, hash_at: HashAt) -> bytes:
    """Return the hash over the leaves from `low` to `high`, where `low` starts a subtree of that extent."""
    edge: list[bytes] = []
    while low < high:
        level = (high - low).bit_length() - 1
        part = hash_at(level, low >> level)
        _check_hashes((part,))
        edge.append(part)
        low += 1 << level
    return _fold(edge)


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_SIZE:
        raise TreeError(f"tree size {size} is not within 0 to 2^63 - 1")


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for part in hashes:
        if len(part) != HASH_BYTES:
            raise TreeError(f"a hash has {HASH_BYTES} bytes, not {len(part)}")
