"""The working-day calendars of this installation: a file is checked, seen, confirmed; only then a year counts as loaded."""

import asyncio
import hashlib
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.annual_plan.calendar_file import CalendarFile, read_calendar
from service.calendar import Calendar, DifferentDay, calendar_of
from service.database import Connection
from service.errors import Denied, Invalid, NotFound
from service.office import Office
from service.registry.spreadsheet import read_table
from service.registry.table import TableError

__all__ = ["CalendarLoad", "check_calendar", "confirm_calendar", "list_calendars", "parse_file", "read_calendar_load", "read_calendars"]


class CalendarLoad(Struct, frozen=True):
    """A checked file of one year; `confirmed_at` is None until somebody stands by it. `by` and `confirmed_by` are names."""

    id: UUID
    year: int
    days: tuple[DifferentDay, ...]
    filename: str
    source: str
    sha256: str
    by: str | None
    loaded_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None


_LOADS = (
    "SELECT l.id, l.year, l.days, l.filename, l.source, l.sha256, s.name AS by, l.loaded_at, c.name AS confirmed_by, l.confirmed_at"
    " FROM calendar_load l LEFT JOIN staff s ON s.id = l.loaded_by LEFT JOIN staff c ON c.id = l.confirmed_by"
)


def _load(row: Connection) -> CalendarLoad:
    days = msgspec.json.decode(row["days"], type=tuple[DifferentDay, ...])
    return CalendarLoad(**{**dict(row), "days": days})


def _check_registrar(who: Staff | None) -> None:
    if who is not None and "registrar" not in who.roles:
        raise Denied("只有登记员可以导入工作日历", "only a registrar loads the calendar of working days")


async def parse_file(filename: str, content: bytes) -> CalendarFile:
    """Return what a file says of a year, with its faults; Invalid for a file that is no table."""
    try:
        return read_calendar(await asyncio.to_thread(read_table, content, filename))
    except TableError as error:
        raise Invalid(f"{error.message_zh}{error.mend_zh}", f"{error.message_en} {error.mend_en}") from error


async def check_calendar(office: Office, who: Staff | None, filename: str, content: bytes, source: str) -> CalendarLoad:
    """Keep a file without faults for confirmation and return it; no deadline changes yet. `who` is None on the command line.

    Raises Denied, Invalid naming every fault, or if nobody says which notice the days are from.
    """
    _check_registrar(who)
    found = await parse_file(filename, content)
    if found.faults:
        words = tuple(f"第 {row} 行：{fault}" if row else fault for row, fault in found.faults)
        raise Invalid(f"没有读取这份日历：{words[0]}", f"the calendar was not taken: {len(words)} faults", words)
    if not source.strip():
        raise Invalid("请写明依据的放假通知（文号）", "say which notice the days are from", ("source",))
    async with office.pool.acquire() as connection, connection.transaction():
        id = await connection.fetchval(
            "INSERT INTO calendar_load (year, days, filename, source, sha256, loaded_by, loaded_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            found.year, msgspec.json.encode(found.days).decode(), filename[:200].replace("\0", ""), source.strip()[:200],
            hashlib.sha256(content).hexdigest(), who.id if who else None, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id if who else None, "check calendar", f"{found.year} {id}")
        return await _read(connection, id)


async def confirm_calendar(office: Office, who: Staff | None, id: UUID) -> CalendarLoad:
    """Let the days of a checked file hold for its year from now on; confirming again changes nothing. Raises Denied, NotFound."""
    _check_registrar(who)
    async with office.pool.acquire() as connection, connection.transaction():
        done = await connection.execute(
            "UPDATE calendar_load SET confirmed_by = $2, confirmed_at = $3 WHERE id = $1 AND confirmed_at IS NULL",
            id, who.id if who else None, office.now(),
        )  # fmt: skip
        load = await _read(connection, id)
        if done == "UPDATE 1":
            await connection.execute("UPDATE registry_version SET version = version + 1 WHERE kind = 'calendar'")
            await access_log.note(connection, who.id if who else None, "confirm calendar", f"{load.year} {id}")
        return load


async def _read(connection: Connection, id: UUID) -> CalendarLoad:
    row = await connection.fetchrow(f"{_LOADS} WHERE l.id = $1", id)
    if row is None:
        raise NotFound("没有这份日历", "there is no such calendar")
    return _load(row)


async def read_calendar_load(office: Office, id: UUID) -> CalendarLoad:
    """Return a checked file; NotFound."""
    async with office.pool.acquire() as connection:
        return await _read(connection, id)


async def list_calendars(office: Office) -> list[CalendarLoad]:
    """Return every confirmed calendar, the newest year first and of a year the one that holds first."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(f"{_LOADS} WHERE l.confirmed_at IS NOT NULL ORDER BY l.year DESC, l.confirmed_at DESC, l.id")
    return [_load(row) for row in rows]


async def read_calendars(connection: Connection) -> Calendar:
    """Return what is known of the working days of all years."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (year) year, days FROM calendar_load WHERE confirmed_at IS NOT NULL ORDER BY year, confirmed_at DESC, id"
    )
    return calendar_of({row["year"]: msgspec.json.decode(row["days"], type=tuple[DifferentDay, ...]) for row in rows})
