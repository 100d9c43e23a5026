"""What a confirmed import writes, all in the caller's transaction: the rows, what changed in each, and what targets are found by."""

import asyncio
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import msgspec

from service.database import Connection
from service.office import Office
from service.registry.check import CheckReport
from service.registry.records import KEYS, KINDS, RECORD_TYPES, Kind, Target
from service.registry.search import initials_of, marks_of

__all__ = ["CHOICES", "TABLES", "fields_of", "fill_marks", "from_database", "write"]

# The table of each registry; its primary key are the fields of KEYS.
TABLES: Final[dict[Kind, str]] = {kind: kind.removesuffix("s") for kind in KINDS}
# Fields that filter and whose values are not a fixed vocabulary.
CHOICES: Final[dict[Kind, tuple[str, ...]]] = {
    "targets": ("area", "sector", "credit_class", "standardisation", "entity_type"),
    "items": ("department",),
    "inspectors": ("department", "unit"),
    "experts": ("department",),
    "conflicts": (),
    "services": (),
    "inspections": ("department",),
}
_DATES = frozenset({"established", "last_inspected", "certificate_expires", "term_ends", "inspected_on", "since", "until"})
_BATCH: Final = 5_000  # rows marked in one transaction
_PATIENCE: Final = 3_600.0  # seconds one statement may take: a million targets need two minutes on a small machine
_MANY: Final = 1_000  # from so many rows on the planner must learn of them at once, not when the server finds the time


def fields_of(kind: Kind) -> tuple[str, ...]:
    """Return the fields of a record, which are the columns of its table."""
    return tuple(field.name for field in msgspec.structs.fields(RECORD_TYPES[kind]))


def from_database(value: Any) -> Any:
    """Return a column as records hold it: dates as text, lists as tuples."""
    if isinstance(value, list):
        return tuple(value)
    return value.isoformat() if isinstance(value, date) else value


def _to_database(name: str, value: Any) -> Any:
    if name in _DATES:
        return None if value is None else date.fromisoformat(value)
    return list(value) if isinstance(value, tuple) else value


def _rows(kind: Kind, report: CheckReport, now: datetime) -> Iterator[tuple[Any, ...]]:
    names = fields_of(kind)
    for record in report.accepted():
        row = (*(_to_database(name, getattr(record, name)) for name in names), now)
        yield (*row, *_found_by(record)) if isinstance(record, Target) else row


def _found_by(target: Target) -> tuple[str, list[str]]:
    initials = initials_of(target.name)
    return initials, marks_of(target, initials)


def _mark(targets: list[Target]) -> list[tuple[str, str, list[str]]]:
    return [(target.id, *_found_by(target)) for target in targets]


def _changes(kind: Kind, report: CheckReport, version: int) -> Iterator[tuple[Any, ...]]:
    for row in report.rows:
        if row.verdict == "new":
            yield kind, version, row.key, None
        elif row.verdict == "changed":
            changes = [(change.label, change.old, change.new) for change in row.changes]
            yield kind, version, row.key, msgspec.json.encode(changes).decode()


async def write(connection: Connection, kind: Kind, report: CheckReport, now: datetime) -> int:
    """Add and change the records of a checked file and return the version this makes. The caller holds the lock of the kind.

    By COPY into a temporary table and one statement. What changed is kept for ever, row by row, under the new version.
    """
    rows = await asyncio.to_thread(lambda: list(_rows(kind, report, now)))
    columns = (*fields_of(kind), "changed_at", *(("initials", "marks") if kind == "targets" else ()))
    await _put(connection, kind, columns, rows)
    version: int = await connection.fetchval(
        "UPDATE registry_version SET version = version + 1 WHERE kind = $1 RETURNING version", kind
    )
    changes = await asyncio.to_thread(lambda: list(_changes(kind, report, version)))
    await connection.copy_records_to_table(
        "registry_change", columns=("kind", "version", "key", "changes"), records=changes,
        timeout=_PATIENCE,
    )
    if len(rows) >= _MANY:
        await connection.execute(f"ANALYZE {TABLES[kind]}", timeout=_PATIENCE)
    return version


async def _put(connection: Connection, kind: Kind, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    table, key = TABLES[kind], KEYS[kind]
    listed, updates = ", ".join(columns), ", ".join(f"{c} = excluded.{c}" for c in columns if c not in key)
    await connection.execute(f"CREATE TEMPORARY TABLE incoming (LIKE {table}) ON COMMIT DROP")
    await connection.copy_records_to_table("incoming", columns=columns, records=rows, schema_name="pg_temp", timeout=_PATIENCE)
    await connection.execute(
        f"INSERT INTO {table} ({listed}) SELECT {listed} FROM incoming"  # noqa: S608 (names from TABLES)
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {updates}",
        timeout=_PATIENCE,
    )
    for field in CHOICES[kind]:
        await connection.execute(
            f"INSERT INTO registry_value SELECT DISTINCT $1, $2, {field} FROM incoming ON CONFLICT DO NOTHING",  # noqa: S608
            kind, field,
        )  # fmt: skip


async def fill_marks(office: Office) -> int:
    """Mark the targets that nobody has marked yet, as an older version left them; return how many. A crash loses the batch at hand."""
    done, names = 0, fields_of("targets")
    while True:
        async with office.pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                f"SELECT {', '.join(names)} FROM target WHERE marks IS NULL ORDER BY id LIMIT {_BATCH} FOR UPDATE SKIP LOCKED"  # noqa: S608
            )
            targets = [Target(*map(from_database, row)) for row in rows]
            found = await asyncio.to_thread(_mark, targets)
            await connection.executemany("UPDATE target SET initials = $2, marks = $3 WHERE id = $1", found)
        done += len(rows)
        if len(rows) < _BATCH:
            return done
