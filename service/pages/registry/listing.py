"""`/staff/registries/` and `/staff/registries/<kind>/`: what there is, and a page of it that fits a question."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from service.database import Connection
from service.office import Office
from service.pages.registry.finding import PAGE, Found, find
from service.pages.registry.question import BLANK, FILTERS, Question, field_of
from service.registry.export import VOCABULARIES, cell_text
from service.registry.fields import REGISTRY_LABELS
from service.registry.records import KEYS, KINDS, RECORD_TYPES, Conflict, Inspection, Kind, Record
from service.registry.writing import CHOICES, TABLES, from_database

__all__ = ["COLUMNS", "Choice", "Listing", "Overview", "Row", "names_of", "read_listing", "read_overview"]

OFFERED: Final = 300  # choices of one filter; beyond them it is a field to write in

# The columns of a list, after the name with its code.
COLUMNS: Final[dict[Kind, tuple[str, ...]]] = {
    "targets": ("area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type", "status"),
    "items": ("department", "mandatory", "legal_basis"),
    "inspectors": ("unit", "department", "areas", "specialities", "certificate_expires", "status"),
    "experts": ("employer", "department", "specialities", "term_ends", "status"),
    "conflicts": ("reason", "evidence"),
    "inspections": ("inspected_on", "department", "origin", "outcome", "punished"),
}


class Overview(Struct, frozen=True):
    """One registry: how many rows, its version, and the last confirmed import."""

    kind: Kind
    label: str
    english: str
    rows: int
    version: int
    imported_at: Any
    imported_by: str | None
    filename: str | None


class Choice(Struct, frozen=True):
    """One filter: its label and the values it offers, as (value, text); None where one writes it."""

    field: str
    label: str
    values: tuple[tuple[str, str], ...] | None


class Row(Struct, frozen=True):
    """One line of a list: its key as our links carry it, who or what it is, and the cells of COLUMNS."""

    key: str
    title: str
    code: str
    cells: tuple[tuple[str, str], ...]  # label, text


class Listing(Struct, frozen=True):
    """One page. `more` is the key after which the next begins."""

    label: str
    rows: tuple[Row, ...]
    found: Found
    more: str | None
    choices: tuple[Choice, ...]


async def read_overview(office: Office) -> list[Overview]:
    """Return the six registries."""
    async with office.pool.acquire() as connection:
        versions = {r["kind"]: r["version"] for r in await connection.fetch("SELECT kind, version FROM registry_version")}
        last = await connection.fetch(
            "SELECT DISTINCT ON (kind) kind, filename, confirmed_at, name FROM import_batch LEFT JOIN staff ON staff.id = confirmed_by"
            " WHERE confirmed_at IS NOT NULL ORDER BY kind, confirmed_at DESC"
        )
        imports = {row["kind"]: row for row in last}
        found = []
        for kind in KINDS:
            row, (label, english) = imports.get(kind), REGISTRY_LABELS[kind]
            found.append(Overview(
                kind, label, english, await connection.fetchval(f"SELECT count(*) FROM {TABLES[kind]}"), versions[kind],  # noqa: S608
                row and row["confirmed_at"], row and (row["name"] or "命令行"), row and row["filename"],
            ))  # fmt: skip
    return found


async def read_listing(office: Office, question: Question) -> Listing:
    """Return the page a question asks for; Invalid for words too short to search."""
    kind, type = question.kind, RECORD_TYPES[question.kind]
    async with office.pool.acquire() as connection:
        found = await find(connection, question)
        records = [type(*map(from_database, row)) for row in found.rows[:PAGE]]
        names = await names_of(connection, records)
        choices = await _choices(connection, kind)
    more = _key(kind, records[-1]) if len(found.rows) > PAGE else None
    return Listing(REGISTRY_LABELS[kind][0], tuple(_row(kind, record, names) for record in records), found, more, choices)


def _key(kind: Kind, record: Record) -> str:
    return msgspec.json.encode([getattr(record, name) for name in KEYS[kind]]).decode()


def _row(kind: Kind, record: Record, names: dict[str, str]) -> Row:
    if isinstance(record, Conflict):
        title, code = f"{names.get(record.person, '（不在名录）')} 回避 {names.get(record.target, '（不在名录）')}", f"{record.person} {record.target}"
    elif isinstance(record, Inspection):
        title, code = names.get(record.target, "（不在名录）"), record.target
    else:
        title, code = record.name, str(getattr(record, KEYS[kind][0]))
    cells = tuple((field.label, cell_text(record, field)) for field in (field_of(kind, name) for name in COLUMNS[kind]))
    return Row(_key(kind, record), title, code, cells)


async def names_of(connection: Connection, records: Sequence[Record]) -> dict[str, str]:
    """Return code -> name of the firms and people that conflicts and inspections name."""
    targets = {record.target for record in records if isinstance(record, Conflict | Inspection)}
    people = {record.person for record in records if isinstance(record, Conflict)}
    rows = await connection.fetch(
        "SELECT id, name FROM target WHERE id = ANY($1) UNION ALL SELECT number, name FROM inspector WHERE number = ANY($2)"
        " UNION ALL SELECT number, name FROM expert WHERE number = ANY($2)",
        list(targets), list(people),
    )  # fmt: skip
    return {row["id"]: row["name"] for row in rows}


async def _choices(connection: Connection, kind: Kind) -> tuple[Choice, ...]:
    rows = await connection.fetch("SELECT field, value FROM registry_value WHERE kind = $1 ORDER BY value", kind)
    values: dict[str, list[str]] = {name: [] for name in CHOICES[kind]}
    for row in rows:
        if row["field"] in values and row["value"]:
            values[row["field"]].append(row["value"])
    return tuple(_choice(kind, name, values.get(name)) for name in FILTERS[kind])


def _choice(kind: Kind, name: str, values: list[str] | None) -> Choice:
    field = field_of(kind, name)
    if field.form == "flag":
        return Choice(name, field.label, (("yes", "是"), ("no", "否")))
    if values is None:
        words = tuple(VOCABULARIES[field.form].items())
        return Choice(name, field.label, words if name == "status" else (*words, (BLANK, "（未填）")))
    if len(values) > OFFERED:
        return Choice(name, field.label, None)
    return Choice(name, field.label, (*((value, value) for value in values), (BLANK, "（未填）")))
