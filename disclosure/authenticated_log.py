"""Every entry of a log, in order, authenticated against one checkpoint, and every file of the tree that is not as it must be.

The rightmost tiles of all levels together give the root (docs/spec/log.md 5); any other tile must hash to its entry in the tile
above, an entry to its hash in the tile of level 0. So one pass from the top downwards looks at every byte of every tile and of
every entry bundle, holds one tile per level in memory, and says of each file by itself whether it is true:

- A tile that is false is named, and made again from the files one level below. If that gives what the level above asks for, all
  below it is still authenticated and checked.
- If the rightmost tiles do not give the root, each of them is made again in the same way, and the combination that gives the root
  tells which are false. If none does, the checkpoint contradicts the log.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Literal

from msgspec import Struct

from disclosure.checkpoint import Checkpoint
from disclosure.errors import TileError
from disclosure.tiles import TILE_HEIGHT, TILE_WIDTH, Bundle, Tile, parse_bundle, parse_tile
from disclosure.tree import EMPTY_ROOT, leaf_hash, node_hash, root_at

__all__ = ["Counts", "LogReader", "Read", "Remark", "Report"]

LEVELS = 8

Read = Callable[[str], bytes | None]
"""A file of the log by its path below the log's prefix, or None."""


class Remark(Struct, frozen=True):
    """What was found at one file. `fail`: it is not what it must be. `absent`: a document that is not served, which may be lawful.
    `not-checked`: nothing is wrong with it as far as could be looked. `authentic`: the file is the one that the log signed, and
    wrong in what it says."""

    verdict: Literal["fail", "absent", "not-checked"]
    path: str
    zh: str
    en: str
    authentic: bool = False


Report = Callable[[Remark], None]
Counts = dict[str, int]
Row = Sequence[bytes]


class LogReader:
    """The log of `checkpoint` as files that nobody vouches for. `prefix` is where they lie, for the words only."""

    def __init__(self, checkpoint: Checkpoint, read: Read, prefix: str, report: Report) -> None:
        self.checkpoint = checkpoint
        self.counts: Counts = {"tiles": 0, "bundles": 0, "entries": 0}
        self._read, self._prefix, self._report = read, prefix, report

    def entries(self) -> Iterator[tuple[int, bytes, str]]:
        """Yield (index, entry, path of its bundle) of every authenticated entry, in order; report every false file on the way.

        What cannot be authenticated is reported and left out, never yielded.
        """
        edge = self._edge()
        for level in reversed(edge):
            index, row = edge[level]
            for bundle, hashes in self._leaves(level, index, row):
                yield from self._entries(bundle, hashes)

    def _leaves(self, level: int, index: int, row: Row) -> Iterator[tuple[Bundle, Row]]:
        """Yield every entry bundle below a tile, with the hashes of its entries; none below what could not be authenticated."""
        if level == 0:
            yield Bundle(index, len(row)), row
            return
        for at, expected in enumerate(row):
            child = index * TILE_WIDTH + at
            found = self._row(level - 1, child, expected)
            if found is not None:
                yield from self._leaves(level - 1, child, found)

    def _entries(self, bundle: Bundle, row: Row) -> Iterator[tuple[int, bytes, str]]:
        path = f"{self._prefix}/{bundle.path}"
        self.counts["bundles"] += 1
        try:
            entries = self._parsed_bundle(bundle)
        except TileError as error:
            self._fail(path, f"条目文件有误：{error}", str(error))
            return
        for at, (entry, expected) in enumerate(zip(entries, row, strict=True)):
            index = bundle.index * TILE_WIDTH + at
            if leaf_hash(entry) != expected:
                self._fail(path, f"第 {index} 号条目不是日志所承诺的条目", f"entry {index} is not the entry that the tree commits to")
            else:
                self.counts["entries"] += 1
                yield index, entry, path

    def _row(self, level: int, index: int, expected: bytes) -> Row | None:
        """Return the hashes of a full tile that must hash to `expected`; None if neither it nor what is below it does."""
        tile = Tile(level, index, TILE_WIDTH)
        row = self._parsed_tile(tile)
        if row is not None and _subtree(row) == expected:
            return row
        again = self._made_from_below(tile)
        if again is not None and _subtree(again) == expected:
            self._false_tile(tile, row, again)
            return again
        self._false_tile(tile, row, None)
        self._unknown(f"{self._prefix}/{tile.path}", index << (TILE_HEIGHT * (level + 1)), TILE_WIDTH << (TILE_HEIGHT * level))
        return None

    def _edge(self) -> dict[int, tuple[int, Row]]:
        """Return the rightmost tile of every level that has one, lowest first, after making sure that they give the root.

        Empty if they do not, nor would if some were made again.
        """
        size, places = self.checkpoint.size, dict[int, Tile]()
        for level in range(LEVELS):
            index, width = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
            if width:
                places[level] = Tile(level, index, width)
        files = {level: self._parsed_tile(tile) for level, tile in places.items()}
        found = self._choose(places, [files])
        if found is None:
            below = {level: self._made_from_below(tile) for level, tile in places.items()}
            found = self._choose(places, [files, below])
            for level, tile in places.items():
                expected = below[level] if found is None else found[level]
                if files[level] is None or files[level] != expected:
                    self._false_tile(tile, files[level], expected)
        if found is None:
            self._fail(f"{self._prefix}/checkpoint", f"检查点（{size} 条）的根与散列文件不符",
                       f"the root of the checkpoint of {size} entries is not that of the tiles")  # fmt: skip
            self._unknown(f"{self._prefix}/checkpoint", 0, size)
            return {}
        return {level: (tile.index, found[level]) for level, tile in places.items()}

    def _choose(self, places: dict[int, Tile], sources: list[dict[int, list[bytes] | None]]) -> dict[int, list[bytes]] | None:
        """Return the one combination of rightmost tiles, each from any of `sources`, that gives the root."""
        options = [[row for source in sources if (row := source[level]) is not None] for level in places]
        for rows in product(*options):
            chosen = dict(zip(places, rows, strict=True))
            if self._root(chosen) == self.checkpoint.root:
                return chosen
        return None

    def _root(self, edge: dict[int, list[bytes]]) -> bytes:
        def hash_at(level: int, index: int) -> bytes:
            tile_level, height = divmod(level, TILE_HEIGHT)
            offset = (index << height) % TILE_WIDTH
            return _subtree(edge[tile_level][offset : offset + (1 << height)])

        return root_at(self.checkpoint.size, hash_at) if self.checkpoint.size else EMPTY_ROOT

    def _made_from_below(self, tile: Tile) -> list[bytes] | None:
        """Return the hashes of `tile` made from the files one level below, or None if one of those cannot be read."""
        try:
            if tile.level == 0:
                return [leaf_hash(entry) for entry in self._parsed_bundle(Bundle(tile.index, tile.width))]
            first = tile.index * TILE_WIDTH
            below = [Tile(tile.level - 1, first + at, TILE_WIDTH) for at in range(tile.width)]
            return [_subtree(parse_tile(self._bytes(child.path), TILE_WIDTH)) for child in below]
        except TileError:
            return None

    def _parsed_tile(self, tile: Tile) -> list[bytes] | None:
        self.counts["tiles"] += 1
        try:
            return parse_tile(self._bytes(tile.path), tile.width)
        except TileError:
            return None

    def _parsed_bundle(self, bundle: Bundle) -> list[bytes]:
        return parse_bundle(self._bytes(bundle.path), bundle.width)

    def _bytes(self, path: str) -> bytes:
        data = self._read(path)
        if data is None:
            raise TileError("the file is not there")
        return data

    def _false_tile(self, tile: Tile, found: list[bytes] | None, expected: list[bytes] | None) -> None:
        path = f"{self._prefix}/{tile.path}"
        if found is None:
            data = self._read(tile.path)
            zh = "没有这个散列文件" if data is None else f"散列文件应为 {32 * tile.width} 字节，实为 {len(data)} 字节"
            en = "the file is not there" if data is None else f"a tile of {tile.width} hashes has {32 * tile.width} bytes, not {len(data)}"
            self._fail(path, zh, en)
        elif expected is not None and found != expected:
            at = next(n for n in range(tile.width) if found[n] != expected[n])
            self._fail(path, f"第 {at} 个散列有误：应为 {expected[at].hex()}，实为 {found[at].hex()}",
                       f"hash {at} is {found[at].hex()}, expected {expected[at].hex()}")  # fmt: skip
        else:
            self._fail(path, "散列文件不属于检查点所承诺的日志", "the tile does not belong to the tree of the checkpoint")

    def _unknown(self, path: str, first: int, count: int) -> None:
        last = min(first + count, self.checkpoint.size) - 1
        self._report(Remark("not-checked", path, f"第 {first} 至 {last} 号条目因此无从认证，修复后请再审计",
                            f"entries {first} to {last} cannot be authenticated because of this; mend it and audit again"))  # fmt: skip

    def _fail(self, path: str, zh: str, en: str) -> None:
        self._report(Remark("fail", path, zh, en))


def _subtree(hashes: Sequence[bytes]) -> bytes:
    """Return the hash over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
