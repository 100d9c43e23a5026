"""What else lies in the folder of a publication: files that the audit of the log had no reason to open.

Narrower tiles that an older checkpoint called for must be the beginnings of today's. A file named by its digest must have it. All
else is named: nothing wrong was found in it, but nothing that is signed speaks of it either.
"""

import re
from collections.abc import Iterable

from disclosure.auditing import FORMS, Seen
from disclosure.authenticated_log import Read, Remark, Report
from disclosure.errors import TileError
from disclosure.tiles import TILE_HEIGHT, TILE_WIDTH, Bundle, Tile, parse_bundle, parse_path, parse_tile
from selection.keys import digest_of

__all__ = ["check_blobs", "check_documents", "check_draws", "check_tiles"]

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def check_tiles(paths: Iterable[str], prefix: str, size: int, read: Read, report: Report) -> int:
    """Look at every file of `paths` (below `prefix`) that the tree of `size` entries does not call for; return how many there were."""
    others = 0
    for path in paths:
        try:
            tile = parse_path(path.removeprefix(f"{prefix}/"))
        except TileError:
            others += 1
            report(Remark("not-checked", path, "日志文件夹中的未知文件", "not a file of the log; nobody asks for it"))
            continue
        count = size if isinstance(tile, Bundle) else size >> (TILE_HEIGHT * tile.level)
        width = min(TILE_WIDTH, count - tile.index * TILE_WIDTH)
        if tile.width == width:
            continue  # one of today's: looked at already
        others += 1
        if tile.width > width:
            report(Remark("not-checked", path, "属于比检查点更大的日志", f"of a larger log than the {size} entries of the checkpoint: it will follow, or was left behind"))  # fmt: skip
        elif not _begins(tile, width, prefix, read):
            report(Remark("fail", path, "旧的散列或条目文件不是现有文件的开头", f"not the beginning of the file of width {width} that took its place"))
    return others


def _begins(tile: Tile | Bundle, width: int, prefix: str, read: Read) -> bool:
    """Return whether the narrower `tile` holds what the one of `width` in its place begins with."""
    if isinstance(tile, Bundle):
        now = read(f"{prefix}/{Bundle(tile.index, width).path}")
    else:
        now = read(f"{prefix}/{Tile(tile.level, tile.index, width).path}")
    old = read(f"{prefix}/{tile.path}")
    parse = parse_bundle if isinstance(tile, Bundle) else parse_tile
    try:
        return old is not None and now is not None and parse(now, width)[: tile.width] == parse(old, tile.width)
    except TileError:
        return False


def check_documents(paths: Iterable[str], seen: Seen, read: Read, report: Report) -> int:
    """Look at every file below `doc/` that belongs to no entry of the logs that were audited; return how many there were."""
    others = 0
    for path in paths:
        name, _, form = path.removeprefix("doc/").partition(".")
        if _SHA256.fullmatch(name) is None or form not in FORMS:
            others += 1
            report(Remark("not-checked", path, "未知文件", "not a file that belongs here"))
        elif bytes.fromhex(name[:16]) not in seen.documents:
            others += 1
            _named_by_digest(path, name, form == "json", read, report)
    return others


def check_blobs(paths: Iterable[str], seen: Seen, read: Read, report: Report) -> int:
    """Look at every file below `blob/` that no document named; return how many there were."""
    others = 0
    for path in paths:
        name = path.removeprefix("blob/")
        if _SHA256.fullmatch(name) is None:
            others += 1
            report(Remark("not-checked", path, "未知文件", "not a file that belongs here"))
        elif name not in seen.blobs:
            others += 1
            _named_by_digest(path, name, True, read, report)
    return others


def check_draws(paths: Iterable[str], seen: Seen, report: Report) -> int:
    """Look at every bundle below `draws/` that is of no plan in the logs that were audited; return how many there were."""
    others = 0
    for path in paths:
        draw = path.split("/")[1]
        if path.endswith(".bundle.json") and (draw not in seen.draws or path != f"draws/{draw}/{draw}.bundle.json"):
            others += 1
            report(Remark("not-checked", path, "日志中没有它的计划", "the bundle of a draw whose plan is not in the log"))
    return others


def _named_by_digest(path: str, name: str, whole: bool, read: Read, report: Report) -> None:
    if whole and digest_of(read(path) or b"") != name:
        report(Remark("fail", path, "内容与文件名不符", "its bytes do not hash to its name"))
    else:
        report(Remark("not-checked", path, "日志中没有文书提到它", "no document in the log speaks of it"))
