"""`/staff/registries/<kind>/row`: one record, now or as it was at a version, what every step changed in it, and which draws listed it."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from service.errors import NotFound
from service.language import gettext
from service.office import Office
from service.pages.registry.beside import Beside, read_beside
from service.pages.registry.listing import names_of
from service.pages.registry.twins import twins_of
from service.pages.registry.words import label_of, label_of_stored, registry_label, shown, title_of
from service.registry.export import cell_text
from service.registry.fields import FIELDS
from service.registry.records import KEYS, RECORD_TYPES, Kind, Record, Target, joint_key
from service.registry.writing import TABLES, fields_of, from_database

__all__ = ["Past", "RowPage", "as_it_was", "read_row"]

_SHOWN: Final = 200  # steps and draws; no row has so many
Changes = tuple[tuple[str, str, str], ...]


class Past(Struct, frozen=True):
    """What one step did to the row: an import or a merge. `changes` is None where the row was new. `by` is None for the command line."""

    version: int
    what: str
    address: str
    at: Any
    by: str | None
    changes: Changes | None


class RowPage(Struct, frozen=True):
    """A record as (label, text), newest step first, draws as (id, title), newest first. `at` is the version shown, None for the present.

    `absent` if there was no such row yet at that version. `beside` is what else is known of a target.
    """

    label: str
    title: str
    code: str
    fields: tuple[tuple[str, str], ...]
    past: tuple[Past, ...]
    draws: tuple[tuple[str, str], ...]
    is_target: bool
    version: int
    at: int | None
    absent: bool
    beside: Beside | None
    twins: tuple[tuple[str, str], ...] = ()


async def read_row(office: Office, kind: Kind, key: tuple[str, ...], at: int | None = None) -> RowPage:
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
            "SELECT c.version, c.changes, s.import, s.merge, s.what, s.at, p.name FROM registry_change c"
            " JOIN registry_step s USING (kind, version) LEFT JOIN staff p ON p.id = s.by"
            " WHERE c.kind = $1 AND c.key = $2 ORDER BY c.version DESC LIMIT $3",
            kind, joint_key(*key), _SHOWN,
        )  # fmt: skip
        draws = await connection.fetch(
            "SELECT id, title FROM draw_target JOIN draw ON draw.id = draw WHERE target = $1 ORDER BY draw.created_at DESC LIMIT $2",
            key[0] if kind == "targets" else "", _SHOWN,
        )  # fmt: skip
        version = await connection.fetchval("SELECT version FROM registry_version WHERE kind = $1", kind)
        beside = await read_beside(connection, key[0]) if kind == "targets" else None
        twins = await twins_of(connection, key[0]) if kind == "targets" else []
    title, code = title_of(record, names)
    steps = tuple(_past(kind, r) for r in past)
    at = at if at is not None and 0 <= at < version else None
    fields = None if at is None else as_it_was(kind, record, [(r["version"], _changes(r["changes"])) for r in past], at)
    now = tuple((label_of(field), shown(record, field)) for field in FIELDS[kind])
    return RowPage(
        registry_label(kind), title, code, now if fields is None else fields, steps, tuple((r["id"], r["title"]) for r in draws),
        isinstance(record, Target), version, at, at is not None and fields is None, beside, tuple(twins),
    )  # fmt: skip


def as_it_was(kind: Kind, record: Record, past: list[tuple[int, Changes | None]], at: int) -> tuple[tuple[str, str], ...] | None:
    """Return the fields of a record at version `at`, by undoing what later steps changed (`past`, newest first); None if it was not there.

    What is not kept as changes, since it was imported before changes were kept, is as it is now.
    """
    cells = {field.label: cell_text(record, field) for field in FIELDS[kind]}
    for version, changes in past:
        if version <= at:
            break
        if changes is None:
            return None
        cells |= {label: old for label, old, _ in changes if label in cells}
    return tuple((label_of(field), cells[field.label]) for field in FIELDS[kind])


def _past(kind: Kind, row: Any) -> Past:
    address = f"/staff/imports/{row['import']}" if row["import"] else f"/staff/merges/{row['merge']}"
    what = row["what"] if row["import"] else gettext("合并重复对象")
    changes = _changes(row["changes"])
    named = None if changes is None else tuple((label_of_stored(kind, label), old, new) for label, old, new in changes)
    return Past(row["version"], what, address, row["at"], row["name"], named)


def _changes(text: str | None) -> Changes | None:
    return None if text is None else msgspec.json.decode(text, type=Changes)
