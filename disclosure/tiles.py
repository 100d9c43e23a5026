"""The log as static files: hash tiles of height 8 and entry bundles (c2sp.org/tlog-tiles).

A tile holds up to 256 consecutive hashes of one tile level, 32 bytes each; entry i of tile N at level L
is the hash of the complete subtree over 256^L entries with index 256 * N + i. An entry bundle holds the
up to 256 entries under a level 0 tile, each after its length as two bytes, big end first.

    >>> Tile(level=0, index=1234067, width=5).path
    'tile/0/x001/x234/067.p/5'
    >>> Bundle(index=0, width=256).path
    'tile/entries/000'

`AuthenticatedTiles` reads such files from anybody and hands out only hashes that belong to a given root.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from disclosure.errors import TileError
from disclosure.tree import EMPTY_ROOT, HASH_BYTES, MAX_SIZE, leaf_hash, node_hash, root_at

__all__ = [
    "MAX_ENTRY_BYTES",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "AuthenticatedTiles",
    "Bundle",
    "Tile",
    "bundles",
    "format_bundle",
    "format_tile",
    "parse_bundle",
    "parse_path",
    "parse_tile",
    "tiles",
]

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_ENTRY_BYTES = 65535
# A tree of at most 2^63 - 1 leaves has tile levels 0 to 7.
_LEVELS = 8
_CACHED_TILES = 1024

# At most seven groups: an index has 19 digits or fewer.
_PATH = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class Tile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hash tile: tile level 0 to 7, index within the level, number of hashes (1 to 256)."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """The path below the log's prefix, `tile/<level>/<index>[.p/<width>]`."""
        return f"tile/{self.level}/{_index_path(self.index)}{_width_path(self.width)}"


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry bundle: index, and number of entries (1 to 256)."""

    index: int
    width: int

    @property
    def path(self) -> str:
        """The path below the log's prefix, `tile/entries/<index>[.p/<width>]`."""
        return f"tile/entries/{_index_path(self.index)}{_width_path(self.width)}"


def parse_path(path: str) -> Tile | Bundle:
    """Return the tile or bundle at `path`; TileError unless `.path` writes exactly this."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileError(f"{path[:120]!r} is not a tile path")
    index = int(match[2].replace("/", "").replace("x", ""))
    width = int(match[3]) if match[3] else TILE_WIDTH
    found = Bundle(index, width) if match[1] == "entries" else Tile(int(match[1]), index, width)
    if width > TILE_WIDTH or index > MAX_SIZE or found.path != path:
        raise TileError(f"{path[:120]!r} is not the form in which a tile path is written")
    return found


def tiles(size: int, old_size: int = 0) -> Iterator[Tile]:
    """Yield the tiles of a tree of `size`, level by level; with `old_size`, only those that it lacked.

    A tile whose width grew counts as new: it is another file.
    """
    _check_sizes(size, old_size)
    for level in range(_LEVELS):
        count, before = size >> (TILE_HEIGHT * level), old_size >> (TILE_HEIGHT * level)
        if count > before:
            for index in range(before // TILE_WIDTH, -(-count // TILE_WIDTH)):
                yield Tile(level, index, min(TILE_WIDTH, count - index * TILE_WIDTH))


def bundles(size: int, old_size: int = 0) -> Iterator[Bundle]:
    """Yield the entry bundles of a tree of `size`; with `old_size`, only those that it lacked."""
    _check_sizes(size, old_size)
    if size > old_size:
        for index in range(old_size // TILE_WIDTH, -(-size // TILE_WIDTH)):
            yield Bundle(index, min(TILE_WIDTH, size - index * TILE_WIDTH))


def format_tile(hashes: Sequence[bytes]) -> bytes:
    """Return the bytes of a tile of 1 to 256 hashes; TileError otherwise."""
    if not 1 <= len(hashes) <= TILE_WIDTH or any(len(part) != HASH_BYTES for part in hashes):
        raise TileError(f"a tile has 1 to {TILE_WIDTH} hashes of {HASH_BYTES} bytes")
    return b"".join(hashes)


def parse_tile(data: bytes, width: int) -> list[bytes]:
    """Return the `width` hashes of a tile; TileError if `data` has another length."""
    if not 1 <= width <= TILE_WIDTH or len(data) != width * HASH_BYTES:
        raise TileError(f"a tile of width {width} has {width * HASH_BYTES} bytes, not {len(data)}")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def format_bundle(entries: Iterable[bytes]) -> bytes:
    """Return the bytes of an entry bundle; TileError for 0 or over 256 entries, or one over 65 535 bytes."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise TileError(f"a log entry of {len(entry)} bytes is over the limit of {MAX_ENTRY_BYTES}")
        parts.append(len(entry).to_bytes(2) + entry)
    if not 1 <= len(parts) <= TILE_WIDTH:
        raise TileError(f"an entry bundle has 1 to {TILE_WIDTH} entries, not {len(parts)}")
    return b"".join(parts)


def parse_bundle(data: bytes, width: int) -> list[bytes]:
    """Return the `width` entries of a bundle; TileError if `data` holds fewer, more, or a cut entry."""
    if not 1 <= width <= TILE_WIDTH:
        raise TileError(f"an entry bundle has 1 to {TILE_WIDTH} entries, not {width}")
    entries: list[bytes] = []
    at = 0
    for number in range(width):
        end = at + 2 + int.from_bytes(data[at : at + 2])
        if at + 2 > len(data) or end > len(data):
            raise TileError(f"entry bundle ends within entry {number} of {width}")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise TileError(f"entry bundle has {len(data) - at} bytes after its {width} entries")
    return entries


class AuthenticatedTiles:
    """A reader of the tree (`size`, `root_hash`) from tiles that nobody vouches for.

    The rightmost tile of every level is read first: together their hashes are exactly the right edge of
    the tree and must give the root. Every other tile is full and must hash to its entry in the tile
    above, which is authenticated before. So no byte of any tile is used unchecked (the flaw known as
    CVE-2026-56865 was to trust some of the edge).

    `read` returns the bytes of one tile of exactly the width asked for; what it raises passes through.
    """

    def __init__(self, size: int, root_hash: bytes, read: Callable[[Tile], bytes]) -> None:
        """Read and check the right edge: at most eight tiles. Raises TileError if it gives another root."""
        _check_sizes(size, 0)
        self._size = size
        self._read = read
        self._edge: dict[tuple[int, int], list[bytes]] = {}
        self._full: OrderedDict[tuple[int, int], list[bytes]] = OrderedDict()
        for level in range(_LEVELS):
            index, width = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
            if width:
                data = read(Tile(level, index, width))
                self._edge[level, index] = parse_tile(data, width)
        if (root_at(size, self._unauthenticated_hash) if size else EMPTY_ROOT) != root_hash:
            raise TileError(f"the tiles on the right edge of the tree of {size} give another root")

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree (tree level 0 to 62, index); a `disclosure.tree.HashAt`.

        Raises TileError if the subtree is not complete within the tree, or a tile on the way is false.
        """
        if not 0 <= level < 63 or index < 0 or (index + 1) << level > self._size:
            raise TileError(f"subtree {index} of level {level} is not complete in a tree of {self._size}")
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, offset = divmod(index << height, TILE_WIDTH)
        return _subtree(self._tile(tile_level, tile_index)[offset : offset + (1 << height)])

    def entries(self, bundle: Bundle, data: bytes) -> list[bytes]:
        """Return the entries in `data`, the bytes of `bundle`; TileError unless all are those of the tree."""
        if bundle.index < 0 or bundle.index * TILE_WIDTH + bundle.width > self._size:
            raise TileError(f"{bundle.path} is beyond a tree of {self._size}")
        found = parse_bundle(data, bundle.width)
        expected = self._tile(0, bundle.index)
        for number, entry in enumerate(found):
            if leaf_hash(entry) != expected[number]:
                raise TileError(f"{bundle.path}: entry {number} is not the entry of the tree")
        return found

    def check_tile(self, tile: Tile) -> None:
        """Read `tile` if it was not read yet and check it; TileError if it is false or not of this tree."""
        count = self._size >> (TILE_HEIGHT * tile.level)
        if tile.width != min(TILE_WIDTH, count - tile.index * TILE_WIDTH):
            raise TileError(f"{tile.path} is not a tile of a tree of {self._size}")
        self._tile(tile.level, tile.index)

    def _unauthenticated_hash(self, level: int, index: int) -> bytes:
        """Serve the right edge from the edge tiles alone, before they are known to be true."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, offset = divmod(index << height, TILE_WIDTH)
        return _subtree(self._edge[tile_level, tile_index][offset : offset + (1 << height)])

    def _tile(self, level: int, index: int) -> list[bytes]:
        """Return the hashes of an authenticated tile, reading upwards until one is known."""
        place = (level, index)
        known = self._edge.get(place)
        if known is None:
            known = self._full.get(place)
            if known is not None:
                self._full.move_to_end(place)
        if known is not None:
            return known
        parent = self._tile(level + 1, index // TILE_WIDTH)
        tile = Tile(level, index, TILE_WIDTH)
        hashes = parse_tile(self._read(tile), TILE_WIDTH)
        if _subtree(hashes) != parent[index % TILE_WIDTH]:
            raise TileError(f"{tile.path} does not belong to the tree of {self._size}")
        self._full[place] = hashes
        if len(self._full) > _CACHED_TILES:
            self._full.popitem(last=False)
        return hashes


def _subtree(hashes: list[bytes]) -> bytes:
    """Return the hash over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def _index_path(index: int) -> str:
    digits = f"{index:03d}"
    digits = "0" * (-len(digits) % 3) + digits
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]


def _width_path(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"


def _check_sizes(size: int, old_size: int) -> None:
    if not 0 <= old_size <= size <= MAX_SIZE:
        raise TileError(f"tree sizes {old_size} to {size} are not within 0 to 2^63 - 1, ascending")
