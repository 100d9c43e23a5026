"""Files in the folder that no run put there: reported, never deleted. Someone may have a reason, or be tampering."""

import asyncio
import os
import re

from disclosure.errors import TileError
from disclosure.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, parse_path
from service.static_folder.files import LOCK, STATE, TEMPORARY, Folder
from service.static_folder.plans import addresses_of_plans
from service.static_folder.snapshot import Snapshot
from service.web.reading import TWINS, has_twin

__all__ = ["strangers_in"]

_FIXED = {"index.html", "policy", "draws/index.html", "verify/index.html", "verify/verify.py", "keys/index.html"}
_PAGE = re.compile(r"page/[1-9][0-9]*/index\.html")
_ASSET = re.compile(r"assets/[^/]+\.[0-9a-f]{12}\.[a-z]+")  # those of an older release too: old pages ask for them
_DOCUMENT = re.compile(r"doc/([0-9a-f]{64})\.(json|dsse\.json|tlog-proof|sd\.json|proof\.json)")


async def strangers_in(folder: Folder, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the paths below the folder that belong to nothing published, in order."""
    connection = snapshot.connection

    async def ids(sql: str) -> set[str]:
        return {row[0] for row in await connection.fetch(sql)}

    documents = await ids("SELECT sha256 FROM document")
    blobs = await ids("SELECT sha256 FROM blob WHERE public")
    draws = await ids("SELECT id FROM draw WHERE plan IS NOT NULL")
    tickets = await ids("SELECT draw || '/' || target FROM draw_target")
    results = {row["id"]: row["rev"] for row in await connection.fetch("SELECT id, rev FROM result")}

    plans = {address.strip("/") + "/index.html" if address.endswith("/") else address.strip("/") for address in await addresses_of_plans(snapshot)}

    def belongs(path: str) -> bool:
        if path.startswith(f"{TWINS}/") and has_twin("/" + path.removeprefix(f"{TWINS}/").removesuffix("index.html")):
            path = path.removeprefix(f"{TWINS}/")
        top, _, rest = path.partition("/")
        name, _, page = rest.partition("/")
        if path in _FIXED or path in plans or _ASSET.fullmatch(path) or (top == "draws" and _PAGE.fullmatch(rest)):
            return True
        if top == "doc" and (match := _DOCUMENT.fullmatch(path)):
            return match[1] in documents
        if top == "blob":
            return rest in blobs
        if top == "results":
            revision = page.removesuffix("/index.html")
            return name in results and (page == "index.html" or (revision.isdecimal() and 0 < int(revision) <= results[name]))
        if top == "draws":
            return name in draws and _is_of_draw(name, page, tickets)
        return top == "log" and name in snapshot.signed and _is_of_log(page, snapshot.signed[name])

    return await asyncio.to_thread(lambda: tuple(sorted(path for path in _paths(folder) if not belongs(path))))


def _is_of_draw(draw: str, path: str, tickets: set[str]) -> bool:
    if path in ("index.html", "tickets/index.html", "people/index.html", f"{draw}.bundle.json"):
        return True
    if path.startswith("tickets/"):
        target = path.removeprefix("tickets/").removesuffix("/index.html").removesuffix("/team")
        return path.endswith("/index.html") and f"{draw}/{target}" in tickets
    return _PAGE.fullmatch(path.removeprefix("people/")) is not None


def _is_of_log(path: str, size: int) -> bool:
    if path in ("checkpoint", "index.html") or _PAGE.fullmatch(path):
        return True
    try:
        tile = parse_path(path)
    except TileError:
        return False
    level = tile.level if isinstance(tile, Tile) else 0
    return (tile.index * TILE_WIDTH + tile.width) << (TILE_HEIGHT * level) <= size


def _paths(folder: Folder) -> list[str]:
    found = []
    for base, folders, files in os.walk(folder.path):
        if base == str(folder.path):
            folders[:] = [name for name in folders if name != TEMPORARY]
        found += [os.path.relpath(os.path.join(base, name), folder.path) for name in files]
    return [path for path in found if path not in (STATE, LOCK)]
