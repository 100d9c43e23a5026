"""Reading ahead from an address: the next files of a log are asked for before they are wanted, a few at a time.

An audit wants one file after another; over a network it would wait for each. Only what is fetched is changed here, never what is
believed: whoever asked authenticates what comes.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from disclosure.auditing import FORMS
from disclosure.command.source import Source, UrlSource
from disclosure.errors import DisclosureError, TileError
from disclosure.leaf import parse_leaf
from disclosure.tiles import TILE_WIDTH, Bundle, Tile, parse_bundle, parse_path

__all__ = ["ReadingAhead"]

FETCHES = 6  # at once
TILES = 12  # ahead of the one that is wanted


class ReadingAhead:
    """A source whose answers may have been fetched already; `wanted` says which paths are worth asking for.

    Only addresses are read ahead: a folder is near enough. `close` it when done.
    """

    def __init__(self, source: Source, wanted: Callable[[str], bool]) -> None:
        self.name = source.name
        self._source, self._wanted = source, wanted
        self._pool = ThreadPoolExecutor(FETCHES) if isinstance(source, UrlSource) else None
        self._coming: dict[str, Future[bytes | None]] = {}

    def close(self) -> None:
        """Let go of what was asked for and never wanted."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def read(self, path: str) -> bytes | None:
        if self._pool is None:
            return self._source.read(path)
        for next_path in _next_tiles(path):
            self._ask(next_path)
        future = self._coming.pop(path, None)
        data = self._source.read(path) if future is None else future.result()
        if data is not None and "/tile/entries/" in path:
            self.ask_documents(path, data)
        return data

    def paths(self, below: str) -> Iterator[str] | None:
        return self._source.paths(below)

    def ask_documents(self, path: str, data: bytes) -> None:
        """Ask for the documents that the entries in `data`, the bundle at `path`, name."""
        try:
            width = parse_path("tile/" + path.rpartition("/tile/")[2]).width
            leaves = [parse_leaf(entry) for entry in parse_bundle(data, width)]
        except DisclosureError:
            return  # whoever asked for the file will say so
        for leaf in leaves:
            for form in FORMS:
                self._ask(f"doc/{leaf.doc.sha256}.{form}")

    def _ask(self, path: str) -> None:
        if self._pool is not None and path not in self._coming and self._wanted(path):
            self._coming[path] = self._pool.submit(self._source.read, path)


def _next_tiles(path: str) -> list[str]:
    """Return the paths of the full tiles that will be wanted after the one at `path`."""
    prefix, found, name = path.rpartition("/tile/")
    try:
        tile = parse_path(f"tile/{name}")
    except TileError:
        return []
    if not found or tile.width != TILE_WIDTH or tile.index % TILES:
        return []
    indexes = range(tile.index + 1, tile.index + 1 + TILES)
    if isinstance(tile, Bundle):
        return [f"{prefix}/{Bundle(index, TILE_WIDTH).path}" for index in indexes]
    return [f"{prefix}/{Tile(tile.level, index, TILE_WIDTH).path}" for index in indexes]
