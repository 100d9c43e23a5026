"""The logs of a bureau as one stream of authentic entries: every tile used is checked against a signed checkpoint."""

from collections.abc import Iterable, Iterator
from heapq import merge

from msgspec import Struct

from disclosure.checkpoint import Checkpoint, Cosignature, open_checkpoint, read_unverified
from disclosure.errors import TileError
from disclosure.leaf import Leaf, LeafError, parse_leaf
from disclosure.monitoring.archive import Read
from disclosure.note import VerifierKey
from disclosure.tiles import AuthenticatedTiles, Bundle, Tile, bundles
from disclosure.tree import root_at

__all__ = ["Log", "Raw", "in_time", "open_log"]


class Log(Struct, frozen=True):
    """A log whose checkpoint is signed by its key and whose right edge gives the root."""

    shard: str  # the last word of the origin, as in the addresses
    key: VerifierKey
    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
    tiles: AuthenticatedTiles
    read: Read

    @property
    def origin(self) -> str:
        return self.checkpoint.origin

    def root(self, size: int) -> bytes | None:
        """Return the root this log had at `size`, None if it is not that large."""
        return root_at(size, self.tiles.hash_at) if size <= self.checkpoint.size else None


class Raw(Struct, frozen=True):
    """An entry as it stands; `leaf` is None where `fault` says why it is not one."""

    log: Log
    index: int
    leaf: Leaf | None
    fault: str
    clock: str  # the latest time claimed in this log up to here


def open_log(read: Read, key: VerifierKey, cosigners: tuple[VerifierKey, ...]) -> Log | None:
    """Return the log of `key`, None if the source serves no checkpoint of it: nothing, or another log under this address.

    Raises DisclosureError if the checkpoint or its edge is not that log's, and what `read` raises.
    """
    shard = key.name.rpartition("/")[2]
    note = read(f"log/{shard}/checkpoint")
    if note is None or read_unverified(note).origin != key.name:
        return None
    opened = open_checkpoint(note, key, cosigners)
    head = opened.checkpoint

    def read_tile(tile: Tile) -> bytes:
        return _needed(read, f"log/{shard}/{tile.path}")

    tiles = AuthenticatedTiles(head.size, head.root, read_tile)
    return Log(shard, key, head, opened.cosignatures, tiles, read)


def in_time(logs: Iterable[Log]) -> Iterator[Raw]:
    """Yield all entries of all logs: each log in its own order, and the logs among one another by the times they claim.

    Raises TileError naming the file if one is absent or false: nothing can be said of such a log.
    """
    streams = [((raw.clock, number, raw.index, raw) for raw in _entries(log)) for number, log in enumerate(logs)]
    return (raw for *_, raw in merge(*streams, key=lambda item: item[:3]))


def _entries(log: Log) -> Iterator[Raw]:
    clock = ""
    for bundle in bundles(log.checkpoint.size):
        for offset, data in enumerate(_authentic(log, bundle)):
            leaf, fault = None, ""
            try:
                leaf = parse_leaf(data)
                clock = max(clock, leaf.at)
            except LeafError as error:
                fault = str(error)
            yield Raw(log, bundle.index * 256 + offset, leaf, fault, clock)


def _authentic(log: Log, bundle: Bundle) -> list[bytes]:
    path = f"log/{log.shard}/{bundle.path}"
    try:
        return log.tiles.entries(bundle, _needed(log.read, path))
    except TileError as error:
        raise TileError(f"{path}: {error}") from error


def _needed(read: Read, path: str) -> bytes:
    data = read(path)
    if data is None:
        raise TileError(f"{path} is not served")
    return data
