"""Importing a file into a registry: check first, show, then confirm. Nothing is written to a registry before the confirmation.

A confirmation reads the file again and compares with the registry as it is at that moment, under the lock of its kind. If any
row would now fare otherwise than the person saw, nothing is written. Records are added and changed, never deleted: what
is absent from a file is only reported, because a closed firm is a status, not a gap.
"""

import asyncio
import hashlib
from uuid import UUID

import msgspec
from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.office import Office, as_time
from service.registry.check import CheckReport, check_table
from service.registry.findings import Finding
from service.registry.records import KEYS, KINDS, RECORD_TYPES, Kind, Record, record_key
from service.registry.spreadsheet import read_table
from service.registry.store import read_aliases
from service.registry.table import Table, TableError
from service.registry.writing import TABLES, fields_of, from_database, write
from service.visibility import read_scope

__all__ = ["ImportView", "check_import", "confirm_import", "read_import", "read_rejected", "try_import"]

SHOWN = 1000  # findings and changes kept for the page; the file of refused rows has them all


class RowChange(Struct, frozen=True):
    """One field of one row that would change."""

    row: int
    key: str
    label: str
    old: str
    new: str


class CheckSummary(Struct, frozen=True):
    """What a check found, as people see it: at most 1,000 findings and changes, with their true numbers."""

    usable: bool
    sheet: str
    encoding: str
    columns: dict[str, str]
    ignored_columns: tuple[str, ...]
    findings: tuple[Finding, ...]
    findings_total: int
    changes: tuple[RowChange, ...]
    changes_total: int
    absent: tuple[str, ...]
    absent_total: int


class ImportView(Struct, frozen=True):
    """A checked file; `confirmed_at` is None until someone stands by it. `counts` are numbers of rows."""

    id: str
    kind: str
    filename: str
    sha256: str
    counts: dict[str, int]
    report: CheckSummary
    checked_at: str
    confirmed_at: str | None
    by_hand: bool = False  # one row typed into a form


async def try_import(office: Office, who: Staff | None, kind: Kind, filename: str, content: bytes) -> CheckReport:
    """Return what importing the file would do, and keep nothing of it. Raises as `check_import` does."""
    _check_registrar(who)
    table = await _read(content, filename[:200])
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await _check(connection, kind, table, who.department if who else None)


async def check_import(
    office: Office, who: Staff | None, kind: str, filename: str, content: bytes, by_hand: bool = False
) -> ImportView:
    """Keep the file and return what importing it would do; no registry changes. `who` is None on the command line.

    Raises Denied for anyone but a registrar, Invalid for an unknown kind or a file that is no table.
    """
    _check_registrar(who)
    known = _known_kind(kind)
    table = await _read(content, filename[:200])
    async with office.pool.acquire() as connection:
        # One snapshot, so that the version is that of the records compared with.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            version = await connection.fetchval("SELECT version FROM registry_version WHERE kind = $1", known)
            report = await _check(connection, known, table, who.department if who else None)
        summary, digest, rejected = await asyncio.to_thread(_digest_report, report)
        async with connection.transaction():
            id = await connection.fetchval(
                "INSERT INTO import_batch (kind, filename, sha256, content, counts, report, rejected, verdicts,"
                " checked_by, checked_at, registry_version, by_hand) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12) RETURNING id",
                known, filename[:200].replace("\0", ""), hashlib.sha256(content).hexdigest(), content,
                msgspec.json.encode(report.counts).decode(), msgspec.json.encode(summary).decode().replace("\\u0000", ""),
                rejected, digest, who.id if who else None, office.now(), version, by_hand,
            )  # fmt: skip
            await access_log.note(connection, who.id if who else None, f"check import of {known}", str(id))
        return await _view(connection, id)


async def confirm_import(office: Office, who: Staff | None, id: UUID | str) -> ImportView:
    """Write the checked file into its registry, all of it or nothing, and return it; confirming again changes nothing.

    Raises Denied, NotFound, Invalid for a file that is no such list, Conflicting if the registry changed so that a row
    would fare otherwise than the check said: check the file again.
    """
    _check_registrar(who)
    async with office.pool.acquire() as connection:
        found = await connection.fetchrow(
            "SELECT id, kind, filename, content, confirmed_at FROM import_batch WHERE id = $1", _uuid(id)
        )
        if found is None:
            raise NotFound("没有这次导入", "there is no such import")
        if found["confirmed_at"] is not None:
            return await _view(connection, found["id"])
        kind = _known_kind(found["kind"])
        table = await _read(found["content"], found["filename"])
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM registry_version WHERE kind = $1 FOR UPDATE", kind)
            row = await connection.fetchrow(
                "SELECT verdicts, confirmed_at, department FROM import_batch WHERE id = $1 FOR UPDATE", found["id"]
            )
            if row["confirmed_at"] is None:
                report = await _check(connection, kind, table, row["department"])
                _, digest, _ = await asyncio.to_thread(_digest_report, report)
                if not report.usable:
                    raise Invalid("文件不能导入", "the file cannot be imported",
                                  tuple(f"{f.message_zh}{f.mend_zh}" for f in report.findings if f.severity == "error"))  # fmt: skip
                if digest != row["verdicts"]:
                    raise Conflicting(
                        "检查之后名录已变化，导入结果会与所见不同，请重新上传检查",
                        "the registry changed since the check and rows would fare otherwise; check the file again",
                    )
                version = await write(connection, kind, report, office.now())
                await connection.execute(
                    "UPDATE import_batch SET confirmed_by = $2, confirmed_at = $3, version = $4 WHERE id = $1",
                    found["id"], who.id if who else None, office.now(), version,
                )  # fmt: skip
                await access_log.note(
                    connection, who.id if who else None, f"confirm import of {kind}", str(found["id"])
                )
        return await _view(connection, found["id"])


async def read_import(office: Office, id: UUID) -> ImportView:
    """Return an import; NotFound if there is none."""
    async with office.pool.acquire() as connection:
        return await _view(connection, id)


async def read_rejected(office: Office, id: UUID) -> bytes:
    """Return the refused rows with reasons and mends as CSV; NotFound if there is no such import."""
    async with office.pool.acquire() as connection:
        data: bytes | None = await connection.fetchval("SELECT rejected FROM import_batch WHERE id = $1", id)
    if data is None:
        raise NotFound("没有这次导入", "there is no such import")
    return data


def _check_registrar(who: Staff | None) -> None:
    if who is not None and "registrar" not in who.roles:
        raise Denied("只有登记员可以导入名录", "only a registrar imports into registries")


def _known_kind(kind: str) -> Kind:
    for known in KINDS:
        if known == kind:
            return known
    raise Invalid(f"没有名录 {kind}", f"there is no registry {kind}; there are {', '.join(KINDS)}")


def _uuid(id: UUID | str) -> UUID:
    try:
        return id if isinstance(id, UUID) else UUID(id)
    except ValueError as error:
        raise NotFound("没有这次导入", "there is no such import") from error


async def _read(content: bytes, filename: str) -> Table:
    try:
        return await asyncio.to_thread(read_table, content, filename)
    except TableError as error:
        raise Invalid(
            f"{error.message_zh}{error.mend_zh}", f"{error.message_en} {error.mend_en}", (error.message_zh,)
        ) from error


async def _check(connection: Connection, kind: Kind, table: Table, department: str | None) -> CheckReport:
    """Return the check as a registrar of `department` is to have it: of another's people and items nothing is written or told (ADR 27)."""
    existing, scope = await _existing(connection, kind), await read_scope(connection, department)
    people = targets = None
    merged = await read_aliases(connection)
    if kind in ("conflicts", "experts", "services", "inspections"):
        targets = {row["id"] for row in await connection.fetch("SELECT id FROM target")}
    if kind == "conflicts":
        rows = await connection.fetch(
            f"SELECT number FROM inspector WHERE {_OWN} UNION SELECT number FROM expert WHERE {_OWN}", scope.words  # noqa: S608
        )
        people = {row["number"] for row in rows}
        existing = {key: record for key, record in existing.items() if scope.words is None or record.person in people}  # type: ignore[union-attr]
    elif kind == "services":
        people = {row["number"] for row in await connection.fetch(f"SELECT number FROM expert WHERE {_OWN}", scope.words)}  # noqa: S608
        existing = {key: record for key, record in existing.items()
                    if scope.words is None or record.provider_kind != "expert" or record.provider in people}  # type: ignore[union-attr]  # fmt: skip
    return await asyncio.to_thread(
        check_table, kind, table, existing, known_people=people, known_targets=targets, merged=merged, owns=scope.owns
    )


_OWN = "$1::text[] IS NULL OR department = ANY($1)"


async def _existing(connection: Connection, kind: Kind) -> dict[str, Record]:
    table, key = TABLES[kind], KEYS[kind]
    rows = await connection.fetch(f"SELECT {', '.join(fields_of(kind))} FROM {table} ORDER BY {', '.join(key)}")  # noqa: S608 (names from TABLES)
    type = RECORD_TYPES[kind]

    def make() -> dict[str, Record]:
        records = (type(*map(from_database, row)) for row in rows)
        return {record_key(record): record for record in records}

    return await asyncio.to_thread(make)


def _digest_report(report: CheckReport) -> tuple[CheckSummary, str, bytes]:
    """Return what people see, a digest that changes with the fate of any row, and the file of refused rows."""
    digest = hashlib.sha256()
    changes: list[RowChange] = []
    total = 0
    for row in report.rows:
        digest.update(msgspec.json.encode((row.row, row.key, row.verdict, row.record, row.changes)) + b"\n")
        total += len(row.changes)
        if len(changes) < SHOWN:
            changes += [RowChange(row.row, row.key, c.label, c.old, c.new) for c in row.changes]
    # Errors first: they are what a person must mend.
    findings = sorted(report.findings, key=lambda f: (f.severity != "error", f.row))
    summary = CheckSummary(
        usable=report.usable,
        sheet=report.table.sheet,
        encoding=report.table.encoding,
        columns=report.columns,
        ignored_columns=tuple(header[:200] for header in report.ignored_columns),
        findings=tuple(findings[:SHOWN]),
        findings_total=len(findings),
        changes=tuple(changes[:SHOWN]),
        changes_total=total,
        absent=report.absent[:SHOWN],
        absent_total=len(report.absent),
    )
    return summary, digest.hexdigest(), report.rejected_csv()


async def _view(connection: Connection, id: UUID) -> ImportView:
    row = await connection.fetchrow(
        "SELECT id, kind, filename, sha256, counts, report, checked_at, confirmed_at, by_hand FROM import_batch WHERE id = $1",
        id,
    )
    if row is None:
        raise NotFound("没有这次导入", "there is no such import")
    return ImportView(
        id=str(row["id"]),
        kind=row["kind"],
        filename=row["filename"],
        sha256=row["sha256"],
        counts=msgspec.json.decode(row["counts"], type=dict[str, int]),
        report=msgspec.json.decode(row["report"], type=CheckSummary),
        checked_at=as_time(row["checked_at"]),
        confirmed_at=as_time(row["confirmed_at"]) if row["confirmed_at"] else None,
        by_hand=row["by_hand"],
    )
