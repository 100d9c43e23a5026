"""One moment of the database, and what the application answers at that moment.

The files are what the application answers, asked in this process without a socket. All of one run are asked in one
transaction, so that pages, documents, bundles and checkpoint belong together, whatever is committed meanwhile.
"""

import contextlib
from collections.abc import AsyncIterator
from functools import cached_property
from typing import Any

import msgspec
from litestar import Litestar
from msgspec import Struct

from service.config import Config
from service.database import Connection
from service.office import Office
from service.publishing import catch_up
from service.web.app import create_app

__all__ = ["Snapshot", "take_snapshot"]

TRIES = 3


class _OneConnection:
    """A pool of the one connection whose transaction is the snapshot."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        yield self._connection


class Snapshot(Struct, frozen=True, dict=True):
    """`signed`: entries under the newest checkpoint, by shard; `proved`: entries that have proofs, fewer where cosigners are
    still asked. `complete` says whether all committed entries have; pages wait for that."""

    connection: Connection
    office: Office
    config: Config
    signed: dict[str, int]
    proved: dict[str, int]
    complete: bool

    @cached_property
    def _application(self) -> Litestar:
        return create_app(self.office, self.config)  # takes a moment: not made where nothing is asked

    async def ask(self, address: str) -> bytes | None:
        """Return the answer to GET `address`, or None for 404. RuntimeError for any other."""
        status, body = await _get(self._application, address)
        if status == 404:
            return None
        if status != 200:
            raise RuntimeError(f"{address} answers {status}: {body[:300].decode(errors='replace')}")
        return body


@contextlib.asynccontextmanager
async def take_snapshot(office: Office, config: Config) -> AsyncIterator[Snapshot]:
    """Sign what is unsigned and give a snapshot in which all is signed, or, while others go on appending, nearly all."""
    for attempt in range(1, TRIES + 1):
        await catch_up(office)
        async with (
            office.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            signed, proved, complete = await _sizes(connection)
            if complete or attempt == TRIES:
                seen = msgspec.structs.replace(office, pool=_OneConnection(connection))
                yield Snapshot(connection, seen, config, signed, proved, complete)
                return


async def _sizes(connection: Connection) -> tuple[dict[str, int], dict[str, int], bool]:
    rows = await connection.fetch(
        "SELECT shard, h.size, (SELECT max(size) FROM log_checkpoint c WHERE c.shard = h.shard) AS signed,"
        " (SELECT max(size) FROM log_complete c WHERE c.shard = h.shard) AS proved FROM log_head h ORDER BY shard"
    )
    signed = {row["shard"]: row["signed"] for row in rows if row["signed"] is not None}
    proved = {row["shard"]: row["proved"] or 0 for row in rows}
    return signed, proved, all(proved[row["shard"]] == row["size"] for row in rows)


async def _get(application: Litestar, address: str) -> tuple[int, bytes]:
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "https", "path": address, "raw_path": address.encode(), "root_path": "", "query_string": b"",
        "headers": [(b"host", b"static"), (b"accept", b"text/html, */*")], "client": None, "server": None, "state": {},
    }  # fmt: skip
    status, body = 0, bytearray()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await application(scope, receive, send)  # type: ignore[arg-type]
    return status, bytes(body)
