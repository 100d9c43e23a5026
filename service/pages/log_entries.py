"""`/log/<shard>/`: the log as a list to read, newest first; `/log/<shard>/page/<n>/`: the same in pages counted from entry 1."""

import msgspec
from msgspec import Struct

from disclosure.tiles import TILE_WIDTH, Bundle, Tile
from service import guard, log
from service.cosigners import Standing, read_standing
from service.errors import NotFound
from service.language import Table, marked
from service.office import Office

__all__ = ["PAGE", "Entry", "LogPage", "page_of", "read_log_page"]

PAGE = 100
KINDS = Table({
    "key-event/v1": marked("密钥事件"), "shard/v1": marked("日志接续"),
    "draw-plan/v1": marked("计划（锁定名单）"), "contribution/v1": marked("登记数字"), "draw-outcome/v1": marked("抽取结果"),
    "sealed-outcome/v1": marked("封存承诺（抽取）"), "sealed-event/v1": marked("封存承诺（递补）"), "draw-opening/v1": marked("启封"),
    "draw-void/v1": marked("作废"), "replacement/v1": marked("递补"), "inspection-result/v1": marked("检查结果"), "correction/v1": marked("更正检查结果"),
    "contest/v1": marked("异议"), "withdrawal/v1": marked("撤回检查结果"), "redaction/v1": marked("遮蔽个人信息"),
})  # fmt: skip
RESULTS = ("inspection-result/v1", "correction/v1", "contest/v1", "withdrawal/v1")


class Entry(Struct, frozen=True):
    """One entry: its place from 1, the time it claims, what it is in words, its draw, and the document it names.

    `result` is the id of the result, whose last part is the target, and `rev` its revision; None for other kinds.
    """

    number: int
    at: str
    kind: str
    draw: str | None
    sha256: str
    result: str | None
    rev: int


class LogPage(Struct, frozen=True):
    """One page of a log. `signed` is how many entries the newest checkpoint holds; `next` is the page where the older
    entries go on, None at the end.

    `files` are what a mirror fetches last: the newest bundle of entries and the newest tile of hashes. `halted` says why nothing
    more is signed, None while all is well.
    """

    shard: str
    origin: str
    size: int
    signed: int | None
    entries: tuple[Entry, ...]
    next: int | None
    files: tuple[str, ...]
    cosigners: tuple[Standing, ...]
    halted: str | None


class _Named(Struct, frozen=True):
    sha256: str


class _Leaf(Struct, frozen=True):
    """What the list shows of a leaf (docs/spec/documents.md, "Leaf"); verifiers read all of it, strictly."""

    at: str
    doc: _Named
    id: str
    rev: int
    type: str


def page_of(index: int) -> int:
    """Return the page that shows the entry at `index`."""
    return index // PAGE + 1


async def read_log_page(office: Office, shard: str, page: int | None = None) -> LogPage:
    """Return the newest entries, or those of a page; NotFound if there is no such log or page."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        head = await log.read_head(connection, shard)
        newest = await log.read_newest_checkpoint(connection, shard)
        cosigners = await read_standing(connection, shard)
        # The newest: the last page, which fills up, and the full one before it, so that nothing stands on two.
        first = max(0, (head.size - 1) // PAGE - 1) * PAGE if page is None else (page - 1) * PAGE
        if page is not None and first >= head.size:
            raise NotFound(f"日志 {shard} 没有第 {page} 页", f"the log {shard} has no page {page}")
        rows = await connection.fetch(
            "SELECT e.index, e.leaf, d.draw FROM log_entry e LEFT JOIN document d ON d.shard = e.shard AND d.leaf_index = e.index"
            " WHERE e.shard = $1 AND e.index >= $2 AND e.index < $3 ORDER BY e.index DESC",
            shard, first, min(head.size, first + (PAGE if page else 2 * PAGE)),
        )  # fmt: skip
    entries = tuple(_entry(row["index"], row["leaf"], row["draw"]) for row in rows)
    signed = None if newest is None else newest[0]
    return LogPage(shard, head.origin, head.size, signed, entries, first // PAGE or None,
                   _last_files(signed or 0), tuple(cosigners), guard.why_not(office, shard))  # fmt: skip


def _entry(index: int, data: bytes, draw: str | None) -> Entry:
    leaf = msgspec.json.decode(data, type=_Leaf)
    return Entry(
        index + 1, leaf.at, KINDS.get(leaf.type, leaf.type), draw, leaf.doc.sha256,
        leaf.id if leaf.type in RESULTS else None, leaf.rev,
    )  # fmt: skip


def _last_files(size: int) -> tuple[str, ...]:
    if size == 0:
        return ()
    index = (size - 1) // TILE_WIDTH
    width = size - index * TILE_WIDTH
    return (Bundle(index, width).path, Tile(0, index, width).path)
