"""What auditors and monitors read: checkpoint, tiles, documents, blobs, policy. Open to any page; final bytes are immutable."""

import re
from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, PathParameter

from disclosure.envelope import format_envelope, payload_bytes
from disclosure.errors import TileError
from disclosure.tiles import TILE_HEIGHT, TILE_WIDTH, Bundle, Tile, format_bundle, format_tile, parse_path
from selection.canonical import format_canonical
from service.bundles import build_document_bundle, build_proof
from service.database import Connection
from service.disclosures import published_of
from service.documents import read_document
from service.errors import NotFound
from service.log import read_checkpoint_at_least, read_newest_checkpoint
from service.publishing import policy_bytes
from service.web.session import PUBLIC, StaffRequest, office_of

__all__ = ["ROUTES"]

FOREVER = "public, max-age=31536000, immutable"
_FORMS = ("json", "dsse.json", "tlog-proof", "proof.json", "sd.json")
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
Shard = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9._-]{1,100}$")]


def _answer(data: bytes, media_type: str, cache: str, etag: str | None = None) -> Response[bytes]:
    headers = {
        "Cache-Control": cache,
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if etag is not None:
        headers["ETag"] = f'"{etag}"'
    return Response(data, media_type=media_type, headers=headers)


def _missing(what: str) -> NotFound:
    return NotFound(f"没有 {what}", f"there is no {what}")


@get("/log/{shard:str}/checkpoint", opt=PUBLIC)
async def get_checkpoint(request: StaffRequest, shard: Shard) -> Response[bytes]:
    """The newest signed head of a log (c2sp.org/tlog-checkpoint)."""
    async with office_of(request).pool.acquire() as connection:
        newest = await read_newest_checkpoint(connection, shard)
    if newest is None:
        raise _missing(f"checkpoint of {shard[:100]}")
    return _answer(newest[1], "text/plain", "public, max-age=5")


@get("/log/{shard:str}/tile/{path:path}", opt=PUBLIC)
async def get_tile(request: StaffRequest, shard: Shard, path: FromPath[str]) -> Response[bytes]:
    """A hash tile or an entry bundle (c2sp.org/tlog-tiles)."""
    try:
        tile = parse_path(f"tile/{path.lstrip('/')}")
    except TileError as error:
        raise _missing(f"tile {path[:100]}") from error
    async with office_of(request).pool.acquire() as connection:
        newest = await read_newest_checkpoint(connection, shard)
        if newest is None or newest[0] < _last_entry(tile):
            raise _missing(tile.path)
        data = await (_read_tile if isinstance(tile, Tile) else _read_entries)(connection, shard, tile)
    if data is None:
        raise _missing(tile.path)
    # A narrower tile is final too, but soon nobody asks for it again.
    cache = FOREVER if tile.width == TILE_WIDTH else "public, max-age=3600"
    return _answer(data, "application/octet-stream", cache)


def _last_entry(tile: Tile | Bundle) -> int:
    """Return how many entries the log has at least, for this tile to be there: nothing is shown before it is signed."""
    level = tile.level if isinstance(tile, Tile) else 0
    return (tile.index * TILE_WIDTH + tile.width) << (TILE_HEIGHT * level)


async def _read_tile(connection: Connection, shard: str, tile: Tile | Bundle) -> bytes | None:
    assert isinstance(tile, Tile)
    first = tile.index * TILE_WIDTH
    rows = await connection.fetch(
        "SELECT hash FROM log_hash WHERE shard = $1 AND level = $2 AND index >= $3 AND index < $4 ORDER BY index",
        shard, TILE_HEIGHT * tile.level, first, first + tile.width,
    ) if first < 1 << 62 else []  # fmt: skip
    return format_tile([row["hash"] for row in rows]) if len(rows) == tile.width else None


async def _read_entries(connection: Connection, shard: str, bundle: Tile | Bundle) -> bytes | None:
    first = bundle.index * TILE_WIDTH
    rows = await connection.fetch(
        "SELECT leaf FROM log_entry WHERE shard = $1 AND index >= $2 AND index < $3 ORDER BY index",
        shard, first, first + bundle.width,
    ) if first < 1 << 62 else []  # fmt: skip
    return format_bundle([row["leaf"] for row in rows]) if len(rows) == bundle.width else None


@get("/doc/{file:str}", opt=PUBLIC)
async def get_document(request: StaffRequest, file: FromPath[str]) -> Response[bytes]:
    """`<sha256>.json`, the signed bytes; `.dsse.json`, with signatures; `.tlog-proof`, the proof that it is in the log;
    `.proof.json`, all of these in one bundle; `.sd.json`, the disclosures of its `_sd` that are published now."""
    sha256, _, form = file.partition(".")
    if _SHA256.fullmatch(sha256) is None or form not in _FORMS:
        raise _missing(file[:100])
    async with (
        office_of(request).pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if form == "proof.json":  # not immutable: a name may be redacted, a time stamp come
            return _answer(
                await build_document_bundle(connection, sha256), "application/json", "public, max-age=60, must-revalidate"
            )
        if form == "tlog-proof":  # not immutable: a slower cosigner may still add its line
            return _answer(await build_proof(connection, sha256), "text/plain", "public, max-age=60, must-revalidate")
        stored = await read_document(connection, sha256)
        if stored is not None and not await read_checkpoint_at_least(
            connection, stored.shard, stored.index + 1
        ):
            stored = None  # committed a moment ago; its checkpoint is being signed
        published = None if stored is None else await published_of(connection, stored.document)
    if stored is None or (form == "sd.json" and published is None):
        raise _missing(file)
    if form == "sd.json":  # never immutable: a redaction takes it back
        return _answer(format_canonical(published), "application/json", "public, max-age=60, must-revalidate")
    if form == "json":
        return _answer(payload_bytes(stored.envelope), "application/json", FOREVER, sha256)
    return _answer(format_envelope(stored.envelope), "application/json", FOREVER)


@get("/blob/{sha256:str}", opt=PUBLIC)
async def get_blob(request: StaffRequest, sha256: FromPath[str]) -> Response[bytes]:
    """A public list or transcript, by its digest. One that is not public is answered like one that does not exist."""
    data: bytes | None = None
    if _SHA256.fullmatch(sha256) is not None:
        async with office_of(request).pool.acquire() as connection:
            data = await connection.fetchval("SELECT data FROM blob WHERE sha256 = $1 AND public", sha256)
    if data is None:
        raise _missing(f"blob {sha256[:64]}")
    return _answer(data, "text/plain", FOREVER, sha256)


@get("/policy", opt=PUBLIC)
async def get_policy(request: StaffRequest) -> Response[bytes]:
    """The policy as this bureau states it; compare its fingerprints with what you know from elsewhere."""
    return _answer(
        await policy_bytes(office_of(request)), "application/json", "public, max-age=60, must-revalidate"
    )


ROUTES = (get_checkpoint, get_tile, get_document, get_blob, get_policy)
