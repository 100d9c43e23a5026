"""`/staff/registries/` and `/staff/registries/<kind>/`: what there is, and a page of it that fits a question."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from service.database import Connection
from service.language import gettext
from service.office import Office
from service.pages.registry.finding import PAGE, Found, find
from service.pages.registry.question import BLANK, FILTERS, Question, field_of
from service.pages.registry.words import label_of, registry_label, shown, title_of, word_of
from service.registry.export import VOCABULARIES
from service.registry.records import KEYS, KINDS, RECORD_TYPES, Conflict, Inspection, Kind, Record, Service
from service.registry.store import read_aliases
from service.registry.writing import CHOICES, TABLES, from_database

__all__ = ["COLUMNS", "Choice", "Listing", "Overview", "Row", "names_of", "read_listing", "read_overview"]

OFFERED: Final = 300  # choices of one filter; beyond them it is a field to write in

# The columns of a list, after the name with its code.
COLUMNS: Final[dict[Kind, tuple[str, ...]]] = {
    "targets": ("area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type", "status"),
    "items": ("department", "mandatory", "legal_basis", "status"),
    "inspectors": ("unit", "department", "areas", "specialities", "certificate_expires", "status"),
    "experts": ("employer", "department", "specialities", "term_ends", "status"),
    "conflicts": ("reason", "evidence"),
    "services": ("provider_kind", "since", "until", "what"),
    "inspections": ("inspected_on", "department", "origin", "outcome", "punished"),
}


class Overview(Struct, frozen=True):
    """One registry: how many rows, its version, and the last confirmed import."""

    kind: Kind
    label: str
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
    kept: str | None = None  # what a target was merged into


class Listing(Struct, frozen=True):
    """One page. `more` is the key after which the next begins."""

    label: str
    rows: tuple[Row, ...]
    found: Found
    more: str | None
    choices: tuple[Choice, ...]


async def read_overview(office: Office) -> list[Overview]:
    """Return the seven registries."""
    async with office.pool.acquire() as connection:
        versions = {r["kind"]: r["version"] for r in await connection.fetch("SELECT kind, version FROM registry_version")}
        last = await connection.fetch(
            "SELECT DISTINCT ON (kind) kind, filename, confirmed_at, name FROM import_batch LEFT JOIN staff ON staff.id = confirmed_by"
            " WHERE confirmed_at IS NOT NULL ORDER BY kind, confirmed_at DESC"
        )
        imports = {row["kind"]: row for row in last}
        found = []
        for kind in KINDS:
            row = imports.get(kind)
            found.append(Overview(
                kind, registry_label(kind), await connection.fetchval(f"SELECT count(*) FROM {TABLES[kind]}"), versions[kind],  # noqa: S608
                row and row["confirmed_at"], row and (row["name"] or gettext("命令行")), row and row["filename"],
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
        aliases = await read_aliases(connection) if kind == "targets" else {}
    more = _key(kind, records[-1]) if len(found.rows) > PAGE else None
    return Listing(registry_label(kind), tuple(_row(kind, record, names, aliases) for record in records), found, more, choices)


def _key(kind: Kind, record: Record) -> str:
    return msgspec.json.encode([getattr(record, name) for name in KEYS[kind]]).decode()


def _row(kind: Kind, record: Record, names: Mapping[str, str], aliases: Mapping[str, str]) -> Row:
    title, code = title_of(record, names)
    cells = tuple((label_of(field), shown(record, field)) for field in (field_of(kind, name) for name in COLUMNS[kind]))
    return Row(_key(kind, record), title, code, cells, aliases.get(code))


async def names_of(connection: Connection, records: Sequence[Record]) -> dict[str, str]:
    """Return code -> name of the firms and people that conflicts, services and inspections name."""
    targets = {record.target for record in records if isinstance(record, Conflict | Service | Inspection)}
    people = {record.person for record in records if isinstance(record, Conflict)}
    for record in records:
        if isinstance(record, Service):
            (people if record.provider_kind == "expert" else targets).add(record.provider)
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
    blank = (BLANK, gettext("（未填）"))
    if field.form == "flag":
        return Choice(name, label_of(field), (("yes", gettext("是")), ("no", gettext("否"))))
    if field.form in VOCABULARIES:
        words = tuple((word, word_of(field, word)) for word in VOCABULARIES[field.form])
        return Choice(name, label_of(field), words if name in ("status", "provider_kind") else (*words, blank))
    if values is None or len(values) > OFFERED:
        return Choice(name, label_of(field), None)
    return Choice(name, label_of(field), (*((value, value) for value in values), blank))
