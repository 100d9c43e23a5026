"""Fixed keys, the copied vectors, and a small log in memory."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from disclosure.keys import Ed25519Signer
from disclosure.tiles import TILE_WIDTH, bundles, format_bundle, format_tile, tiles
from disclosure.tree import CompactRange, leaf_hash

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "transparency"


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Read a vector file; each names its origin in its first member."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def signer() -> Callable[[int], Ed25519Signer]:
    """A signer from a number: the key whose seed is that byte 32 times. Worthless outside tests."""
    return lambda number: Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


class MemoryLog:
    """The files of a log of `size` entries, all hashes of its complete subtrees, and its root."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.entries = [f"entry {number}".encode() for number in range(size)]
        self.hashes: dict[tuple[int, int], bytes] = {}
        edge = CompactRange()
        self.roots = [edge.root()]
        for entry in self.entries:
            for level, index, value in edge.append(leaf_hash(entry)):
                self.hashes[level, index] = value
            if size <= 600:
                self.roots.append(edge.root())
        self.root = edge.root()
        self.files: dict[str, bytes] = {}
        for tile in tiles(size):
            first = tile.index * TILE_WIDTH
            row = [self.hashes[8 * tile.level, first + at] for at in range(tile.width)]
            self.files[tile.path] = format_tile(row)
        for bundle in bundles(size):
            first = bundle.index * TILE_WIDTH
            self.files[bundle.path] = format_bundle(self.entries[first : first + bundle.width])

    def hash_at(self, level: int, index: int) -> bytes:
        return self.hashes[level, index]


@pytest.fixture(scope="session")
def memory_log() -> Callable[[int], MemoryLog]:
    made: dict[int, MemoryLog] = {}

    def make(size: int) -> MemoryLog:
        if size not in made:
            made[size] = MemoryLog(size)
        return made[size]

    return make
