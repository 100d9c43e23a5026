"""Open event streams of one process. One task asks the database once a second for all of them, however many there are.

A stream tells only that something changed, by a word that says nothing else (`state.read_versions`). It ends when its holder's session
or card ends, after an hour, and when the server stops; a browser comes again by itself, and is then asked who it is as always.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from service.ceremony.state import read_versions
from service.database import Connection
from service.errors import Refused
from service.office import Office
from service.sessions import ABSOLUTE, IDLE

__all__ = ["Streams", "TooManyStreams"]

EVERY: Final = 1.0  # seconds between two questions
BEAT: Final = 15.0  # seconds after which a silent stream says that it is there: a dead peer is found, no proxy hangs up
LONGEST: Final = timedelta(hours=1)
MOST, MOST_OF_ONE = 500, 20
_LOG = logging.getLogger("service.ceremony")
Holder = tuple[Literal["session", "card"], bytes]


class TooManyStreams(Refused):
    """This process has as many streams open as it takes; the page can be loaded again by hand."""


class _Stream:
    def __init__(self, draw: str, holder: Holder, until: float) -> None:
        self.draw, self.holder, self.until = draw, holder, until
        self.version, self.ended, self.stirred = "", False, asyncio.Event()

    def tell(self, version: str) -> None:
        if version != self.version:
            self.version = version
            self.stirred.set()

    def end(self) -> None:
        self.ended = True
        self.stirred.set()


class Streams:
    """The streams of one application; `token` below is that of the session or of the card."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._open: set[_Stream] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, draw: str, kind: Literal["session", "card"], token: str) -> AsyncIterator[bytes]:
        """Return the body of a new stream (WHATWG HTML 9.2). Raises TooManyStreams."""
        holder: Holder = (kind, hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest())
        held = Counter(stream.holder for stream in self._open)
        if self._stopping or len(self._open) >= MOST or held[holder] >= MOST_OF_ONE:
            raise TooManyStreams("打开的现场页面过多，请用页面上的刷新链接", "too many live pages are open; load the page again by hand")
        stream = _Stream(draw, holder, asyncio.get_running_loop().time() + LONGEST.total_seconds())
        self._open.add(stream)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        return self._body(stream)

    def end_all(self) -> None:
        """End every stream: the server stops, and waits for none of them."""
        self._stopping = True
        for stream in self._open:
            stream.end()

    async def _body(self, stream: _Stream) -> AsyncIterator[bytes]:
        try:
            yield b"retry: 2000\n\n"
            while not stream.ended:
                try:
                    await asyncio.wait_for(stream.stirred.wait(), BEAT)
                except TimeoutError:
                    yield b": here\n\n"
                    continue
                stream.stirred.clear()
                if not stream.ended:
                    yield f"data: {stream.version}\n\n".encode()
        finally:
            self._open.discard(stream)

    async def _watch(self) -> None:
        while self._open:
            try:
                await self._look()
            except Exception as error:
                # The database is away, or the pool is busy: the streams stay, and the next look finds what changed.
                _LOG.warning("live pages wait: %r", error)
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        streams, now = list(self._open), self._office.now()
        async with self._office.pool.acquire() as connection:
            versions = await read_versions(connection, {stream.draw for stream in streams}, now)
            living = await _living(connection, [stream.holder for stream in streams], now)
        clock = asyncio.get_running_loop().time()
        for stream in streams:
            if stream.holder not in living or clock >= stream.until or stream.draw not in versions:
                stream.end()
                self._open.discard(stream)  # also one whose browser was gone before it began
            else:
                stream.tell(versions[stream.draw])


async def _living(connection: Connection, holders: Sequence[Holder], now: datetime) -> set[Holder]:
    """Return which sessions and cards hold. Looking does not keep a session alive."""
    sessions = [digest for kind, digest in holders if kind == "session"]
    cards = [digest for kind, digest in holders if kind == "card"]
    rows = await connection.fetch(
        "SELECT 'session' AS kind, t.token_sha256 FROM staff_session t JOIN staff s ON s.id = t.staff"
        " WHERE t.token_sha256 = ANY($1) AND s.active AND t.created_at > $3 AND t.seen_at > $4"
        " UNION ALL SELECT 'card', token_sha256 FROM witness_card WHERE token_sha256 = ANY($2) AND revoked_at IS NULL",
        sessions, cards, now - ABSOLUTE, now - IDLE,
    )  # fmt: skip
    return {(row["kind"], row["token_sha256"]) for row in rows}
