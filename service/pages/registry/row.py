"""`/staff/registries/<kind>/row`: one record, what every import changed in it, and which draws had it in their lists."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from service.errors import NotFound
from service.office import Office
from service.pages.registry.listing import names_of
from service.registry.export import cell_text
from service.registry.fields import FIELDS, REGISTRY_LABELS
from service.registry.records import KEYS, RECORD_TYPES, Conflict, Inspection, Kind, Record, Target, joint_key
from service.registry.writing import TABLES, fields_of, from_database

__all__ = ["Past", "RowPage", "read_row"]

_SHOWN: Final = 200  # imports and draws; no row has so many


class Past(Struct, frozen=True):
    """What one import did to the row; `changes` is None where the row was new. `by` is None for the command line."""

    version: int
    imported: str
    filename: str
    at: Any
    by: str | None
    changes: tuple[tuple[str, str, str], ...] | None


class RowPage(Struct, frozen=True):
    """A record as (label, text), newest import first, draws as (id, title), newest first."""

    label: str
    title: str
    code: str
    fields: tuple[tuple[str, str], ...]
    past: tuple[Past, ...]
    draws: tuple[tuple[str, str], ...]
    is_target: bool


async def read_row(office: Office, kind: Kind, key: tuple[str, ...]) -> RowPage:
    """Return the page of the record that `key` names; NotFound if there is none.

    That a draw had a firm in its list is public since the freeze; whether it was drawn is told by its ticket page, in its time.
    """
    where = " AND ".join(f"{name}::text = ${number}" for number, name in enumerate(KEYS[kind], start=1))
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await connection.fetchrow(f"SELECT {', '.join(fields_of(kind))} FROM {TABLES[kind]} WHERE {where}", *key)  # noqa: S608
        if row is None:
            raise NotFound("名录里没有这一行", "the registry has no such row")
        record = RECORD_TYPES[kind](*map(from_database, row))
        names = await names_of(connection, [record])
        past = await connection.fetch(
            "SELECT c.version, c.changes, b.id, b.filename, b.confirmed_at, s.name FROM registry_change c"
            " JOIN import_batch b ON b.kind = c.kind AND b.version = c.version LEFT JOIN staff s ON s.id = b.confirmed_by"
            " WHERE c.kind = $1 AND c.key = $2 ORDER BY c.version DESC LIMIT $3",
            kind, joint_key(*key), _SHOWN,
        )  # fmt: skip
        draws = await connection.fetch(
            "SELECT id, title FROM draw_target JOIN draw ON draw.id = draw WHERE target = $1 ORDER BY draw.created_at DESC LIMIT $2",
            key[0] if kind == "targets" else "", _SHOWN,
        )  # fmt: skip
    title, code = _named(record, names)
    return RowPage(
        REGISTRY_LABELS[kind][0], title, code, tuple((field.label, cell_text(record, field)) for field in FIELDS[kind]),
        tuple(Past(r["version"], str(r["id"]), r["filename"], r["confirmed_at"], r["name"], _changes(r["changes"])) for r in past),
        tuple((r["id"], r["title"]) for r in draws), isinstance(record, Target),
    )  # fmt: skip


def _changes(text: str | None) -> tuple[tuple[str, str, str], ...] | None:
    return None if text is None else msgspec.json.decode(text, type=tuple[tuple[str, str, str], ...])


def _named(record: Record, names: dict[str, str]) -> tuple[str, str]:
    missing = "（不在名录）"
    if isinstance(record, Conflict):
        return f"{names.get(record.person, missing)} 回避 {names.get(record.target, missing)}", f"{record.person} {record.target}"
    if isinstance(record, Inspection):
        return f"{names.get(record.target, missing)} {record.inspected_on}", record.target
    return record.name, record.number if hasattr(record, "number") else record.id
