"""RFC 3161 time stamps over the newest checkpoint of every log, once a day, by the authorities that were named with `timestamp-add`.

An authority that is down or answers badly is noted and asked again in an hour; nothing waits for it. Order: ask → verify under its root →
store. A crash in between loses one answer, and the authority is asked again.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from disclosure.checkpoint import format_checkpoint, read_unverified
from disclosure.command.timestamp import verify_timestamp
from disclosure.errors import TimestampError
from service.database import Connection
from service.errors import Conflicting, Invalid
from service.office import Office

__all__ = ["add_authority", "read_timestamp", "stamp_checkpoints", "timestamp_roots"]

EVERY, AGAIN = timedelta(days=1), timedelta(hours=1)
PATIENCE = 10.0  # seconds for one answer, all of it
MAX_RESPONSE = 64 << 10  # bytes; a response with a chain of certificates has about 6 KiB


class _Due(Struct, frozen=True):
    authority: str
    url: str
    root: bytes
    shard: str
    size: int
    note: bytes


async def add_authority(office: Office, name: str, url: str, certificate: bytes) -> None:
    """Name an authority: its address, and the PEM root certificate its answers are to verify under.

    Raises Invalid for an address that is none or a file that holds not exactly one certificate, Conflicting if the name is taken.
    """
    if not _is_address(url):
        raise Invalid(f"{url} 不是网址", f"{url} is not an http or https address")
    try:
        (root,) = x509.load_pem_x509_certificates(certificate)
    except ValueError as error:
        raise Invalid(
            f"根证书文件应恰有一份 PEM 证书：{error}", f"the file is to hold exactly one PEM certificate: {error}"
        ) from error
    made = await office.pool.fetchval(
        "INSERT INTO timestamp_authority (name, url, root, added_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING RETURNING name",
        name, url, root.public_bytes(Encoding.DER), office.now(),
    )  # fmt: skip
    if made is None:
        raise Conflicting(f"时间戳机构 {name} 已登记", f"there is a time-stamping authority {name} already")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


async def stamp_checkpoints(office: Office) -> None:
    """Have every newest checkpoint stamped by every authority whose turn it is. Never raises for what an authority does."""
    for due in await _list_due(office):
        trouble = None
        try:
            async with asyncio.timeout(PATIENCE):
                request, response, at = await _ask(due)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimestampError, TimeoutError) as error:
            trouble = f"{type(error).__name__}: {error}"[:500]
        async with office.pool.acquire() as connection, connection.transaction():
            if trouble is None:
                await connection.execute(
                    "INSERT INTO timestamp_token (shard, size, authority, request, response, at)"
                    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    due.shard, due.size, due.authority, request, response, at,
                )  # fmt: skip
            await connection.execute(
                "UPDATE timestamp_authority SET tried_at = $2, trouble = $3 WHERE name = $1",
                due.authority, office.now(), trouble,
            )  # fmt: skip


async def _list_due(office: Office) -> list[_Due]:
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT a.name, a.url, a.root, c.shard, c.size, c.note FROM timestamp_authority a CROSS JOIN log_head h"
            " CROSS JOIN LATERAL (SELECT shard, size, note FROM log_checkpoint WHERE shard = h.shard ORDER BY size DESC LIMIT 1) c"
            " WHERE (a.tried_at IS NULL OR a.tried_at <= CASE WHEN a.trouble IS NULL THEN $1::timestamptz ELSE $2::timestamptz END)"
            " AND NOT EXISTS (SELECT FROM timestamp_token t WHERE (t.shard, t.size, t.authority) = (c.shard, c.size, a.name))"
            " ORDER BY a.name, c.shard",
            office.now() - EVERY, office.now() - AGAIN,
        )  # fmt: skip
    return [_Due(*row) for row in rows]


async def _ask(due: _Due) -> tuple[bytes, bytes, datetime]:
    """Return request, response and the time stamped. Raises TimestampError, or an error of httpx, if there is no good answer."""
    stamped = format_checkpoint(read_unverified(due.note)).encode()
    asked = TimestampRequestBuilder(data=stamped, hash_algorithm=HashAlgorithm.SHA256, cert_req=True).build()
    response = b""
    async with (
        httpx.AsyncClient() as client,
        client.stream(
            "POST", due.url, content=asked.as_bytes(), headers={"Content-Type": "application/timestamp-query"}
        ) as answer,
    ):
        if answer.status_code != 200:
            raise TimestampError(f"应答状态码 {answer.status_code} the answer has status {answer.status_code}, not 200")
        async for part in answer.aiter_bytes():
            response += part
            if len(response) > MAX_RESPONSE:
                raise TimestampError(f"应答超过 {MAX_RESPONSE} 字节 the answer is over {MAX_RESPONSE} bytes")
    return asked.as_bytes(), response, datetime.fromisoformat(verify_timestamp(response, stamped, [due.root], asked.nonce))


async def read_timestamp(connection: Connection, shard: str, size: int) -> bytes | None:
    """Return the earliest response over the checkpoint of `size`, or None."""
    response: bytes | None = await connection.fetchval(
        "SELECT response FROM timestamp_token WHERE shard = $1 AND size = $2 ORDER BY at, authority LIMIT 1",
        shard,
        size,
    )
    return response


async def timestamp_roots(connection: Connection) -> Sequence[bytes]:
    """Return the root certificates of all authorities, for the policy."""
    rows = await connection.fetch("SELECT DISTINCT root FROM timestamp_authority ORDER BY root")
    return [row["root"] for row in rows]
