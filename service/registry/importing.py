"""Imports in two steps: check, which changes nothing, and confirm, which takes exactly what was shown.

A checked file waits in `import_batch`. Confirming checks the same bytes again within the transaction: if a registry moved in
between so that a row would now be judged otherwise, it is refused and must be looked at again.
"""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.office import Office
from service.registry.check import CheckReport, Counts, check_table
from service.registry.findings import Finding
from service.registry.records import KINDS, Conflict, Expert, Inspector, Item, Kind, Record, Target, record_key
from service.registry.spreadsheet import read_table
from service.registry.store import read_registries
from service.registry.table import TableError
from selection.keys import digest_of

__all__ = ["ImportView", "check_import", "confirm_import", "read_import", "rejected_rows"]

SHOWN = 1_000  # findings shown; the file of rejected rows holds them all


class ImportView(Struct, frozen=True):
    """A checked file as people see it: counts per verdict, findings with row, column, value, reason and mend."""

    id: str
    kind: str
    filename: str
    sha256: str
    counts: Counts
    usable: bool
    columns: dict[str, str]
    ignored_columns: tuple[str, ...]
    findings: tuple[Finding, ...]
    findings_in_all: int
    absent: int  # registered, but not in the file; they stay
    confirmed: bool


def _registrar(who: Staff) -> None:
    if "registrar" not in who.roles:
        raise Denied("只有登记员可以导入", "only a registrar imports")


async def check_import(office: Office, who: Staff, kind: str, filename: str, content: bytes) -> ImportView:
    """Return what importing `content` would do; the registries stay as they are.

    Raises Invalid for a kind that is none or a file that is no table, Denied if `who` is no registrar.
    """
    _registrar(who)
    if kind not in KINDS:
        raise Invalid(f"没有“{kind}”这种名录", f"there is no registry {kind!r}; there are {', '.join(KINDS)}")
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        version = await _version(connection, kind)
        report = await _check(connection, kind, filename, content)  # type: ignore[arg-type]
        id = await connection.fetchval(
            "INSERT INTO import_batch (kind, filename, sha256, content, counts, checked_by, registry_version)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            kind, filename[:200], digest_of(content), content, msgspec.json.encode(report.counts).decode(), who.id, version,
        )  # fmt: skip
        await access_log.note(connection, who.id, f"check {kind}", filename[:200])
    return _view(str(id), kind, filename, digest_of(content), report, confirmed=False)


async def read_import(office: Office, who: Staff, id: UUID) -> ImportView:
    """Return a checked file as it would be judged now, or as it was confirmed; NotFound if there is none."""
    _registrar(who)
    async with office.pool.acquire() as connection:
        row = await _batch(connection, id)
        report = await _check(connection, row["kind"], row["filename"], row["content"])
    view = _view(str(id), row["kind"], row["filename"], row["sha256"], report, row["confirmed_at"] is not None)
    if not view.confirmed:
        return view
    return msgspec.structs.replace(view, counts=msgspec.json.decode(row["counts"], type=Counts))


async def rejected_rows(office: Office, who: Staff, id: UUID) -> bytes:
    """Return the refused rows with their reasons as CSV."""
    _registrar(who)
    async with office.pool.acquire() as connection:
        row = await _batch(connection, id)
        report = await _check(connection, row["kind"], row["filename"], row["content"])
    return report.rejected_csv()


async def confirm_import(office: Office, who: Staff, id: UUID | str) -> ImportView:
    """Take the accepted rows of a checked file into the registry and return what was taken; again changes nothing.

    Raises Conflicting if the registry moved so that the file would be judged otherwise, Invalid if it is not usable.
    """
    _registrar(who)
    batch = UUID(str(id))
    async with office.pool.acquire() as connection, connection.transaction():
        row = await _batch(connection, batch, lock=True)
        kind, checked = row["kind"], msgspec.json.decode(row["counts"], type=Counts)
        if row["confirmed_at"] is not None:
            report = await _check(connection, kind, row["filename"], row["content"])
            view = _view(str(batch), kind, row["filename"], row["sha256"], report, confirmed=True)
            return msgspec.structs.replace(view, counts=checked)
        # One import at a time: what is compared with must not move before it is written.
        version = await connection.fetchval(
            "SELECT version FROM registry_version WHERE kind = $1 FOR UPDATE", kind
        )
        report = await _check(connection, kind, row["filename"], row["content"])
        if version != row["registry_version"] and report.counts != checked:
            raise Conflicting("检查之后名录已变化，请重新检查", "the registry changed since the check; check the file again")
        if not report.usable:
            raise Invalid("此文件不能导入", "this file cannot be imported",
                          tuple(finding.message_zh for finding in report.findings))  # fmt: skip
        await _write(connection, kind, list(report.accepted()))
        await connection.execute("UPDATE registry_version SET version = version + 1 WHERE kind = $1", kind)
        await connection.execute(
            "UPDATE import_batch SET confirmed_by = $2, confirmed_at = $3 WHERE id = $1", batch, who.id, office.now()
        )
        await access_log.note(connection, who.id, f"import {kind}", f"{row['filename']} {checked}")
    return _view(str(batch), kind, row["filename"], row["sha256"], report, confirmed=True)


async def _version(connection: Connection, kind: str) -> int:
    version: int = await connection.fetchval("SELECT version FROM registry_version WHERE kind = $1", kind)
    return version


async def _batch(connection: Connection, id: UUID, lock: bool = False) -> Any:
    row = await connection.fetchrow("SELECT * FROM import_batch WHERE id = $1" + (" FOR UPDATE" if lock else ""), id)
    if row is None:
        raise NotFound("没有这次导入", "there is no such import")
    return row


async def _check(connection: Connection, kind: Kind, filename: str, content: bytes) -> CheckReport:
    registries = await read_registries(connection)
    existing: dict[str, Record] = {record_key(record): record for record in getattr(registries, kind)}
    people = targets = None
    if kind in ("conflicts", "experts"):
        targets = {record.id for record in registries.targets}
    if kind == "conflicts":
        people = {record.number for record in (*registries.inspectors, *registries.experts)}
    try:
        table = await asyncio.to_thread(read_table, content, filename)
        return await asyncio.to_thread(
            check_table, kind, table, existing, known_people=people, known_targets=targets
        )
    except TableError as error:
        raise Invalid(error.message_zh, error.message_en, (error.mend_zh,)) from error


def _view(
    id: str, kind: str, filename: str, sha256: str, report: CheckReport, confirmed: bool
) -> ImportView:
    ordered = sorted(report.findings, key=lambda finding: (finding.severity != "error", finding.row))
    return ImportView(
        id=id,
        kind=kind,
        filename=filename,
        sha256=sha256,
        counts=report.counts,
        usable=report.usable,
        columns=report.columns,
        ignored_columns=report.ignored_columns,
        findings=tuple(ordered[:SHOWN]),
        findings_in_all=len(ordered),
        absent=len(report.absent),
        confirmed=confirmed,
    )


_TABLES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    # kind: (table, key columns, further columns in the order of `_row`)
    "targets": ("target", ("id",), ("name", "area", "sector", "risk_colour", "credit_class", "standardisation",
                                    "entity_type", "address", "established", "status", "last_inspected")),
    "items": ("item", ("id",), ("name", "department", "legal_basis", "mandatory", "classes", "method")),
    "inspectors": ("inspector", ("number",), ("name", "unit", "department", "areas", "specialities",
                                              "certificate_expires", "capacity", "lead", "status")),
    "experts": ("expert", ("number",), ("name", "employer", "department", "areas", "specialities", "term_ends",
                                        "capacity", "serves", "status")),
    "conflicts": ("conflict", ("person", "target"), ("reason", "evidence")),
}  # fmt: skip


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _row(record: Record) -> tuple[Any, ...]:
    match record:
        case Target():
            return (record.id, record.name, record.area, record.sector, record.risk_colour, record.credit_class,
                    record.standardisation, record.entity_type, record.address, _day(record.established), record.status,
                    _day(record.last_inspected))  # fmt: skip
        case Item():
            return (record.id, record.name, record.department, record.legal_basis, record.mandatory,
                    list(record.classes), record.method)  # fmt: skip
        case Inspector():
            return (record.number, record.name, record.unit, record.department, list(record.areas),
                    list(record.specialities), _day(record.certificate_expires), record.capacity, record.lead,
                    record.status)  # fmt: skip
        case Expert():
            return (record.number, record.name, record.employer, record.department, list(record.areas),
                    list(record.specialities), _day(record.term_ends), record.capacity, list(record.serves),
                    record.status)  # fmt: skip
        case Conflict():
            return (record.person, record.target, record.reason, record.evidence)


async def _write(connection: Connection, kind: str, records: list[Record]) -> None:
    """Store new and changed records by COPY into a table of the transaction and one upsert."""
    table, keys, rest = _TABLES[kind]
    columns = (*keys, *rest)
    await connection.execute(f"CREATE TEMP TABLE arriving ON COMMIT DROP AS SELECT {', '.join(columns)} FROM {table} LIMIT 0")
    await connection.copy_records_to_table("arriving", columns=columns, records=[_row(record) for record in records])
    changes = ", ".join(f"{column} = excluded.{column}" for column in rest)
    await connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns)} FROM arriving"
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}, changed_at = now()"
    )
