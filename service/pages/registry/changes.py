"""`/staff/registries/<kind>/changes`: how a registry differs between two versions, row by row, and `…/versions`: what made each version.

One line for each row that any step between the two versions touched: new, changed (from what it was at the first to what it was at the
second), ended, or changed and changed back. Pages go by key along the primary key of `registry_change`, so that a page costs the same
whether a hundred or a million rows changed; how many they are is added up from the steps and never counted.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import IO, Any, Final

import msgspec
from msgspec import Struct

from service.database import Connection
from service.errors import Invalid
from service.language import gettext, marked
from service.office import Office
from service.pages.registry.listing import names_of
from service.pages.registry.words import MERGED_LABEL, label_of_stored, registry_label, title_of
from service.pages.words import beijing
from service.registry.export import BYTE_ORDER_MARK, VOCABULARIES, inert
from service.registry.fields import FIELDS
from service.registry.records import KEYS, RECORD_TYPES, Kind, split_key
from service.registry.writing import TABLES, fields_of, from_database

__all__ = ["FATES", "PAGE", "Changed", "ChangesPage", "Span", "Step", "export_changes", "parse_span", "read_changes", "read_versions"]

PAGE: Final = 50
_CHUNK: Final = 5_000
FATES: Final = {
    "new": marked("新增"), "changed": marked("变更"), "ended": marked("停用或合并"), "back": marked("改后又改回"),
}  # fmt: skip


class Span(Struct, frozen=True):
    """From version `since` (not included) to version `until`; `only` is a key of FATES or "". `after` is the key where a page begins."""

    kind: Kind
    since: int
    until: int
    only: str = ""
    after: str = ""


class Step(Struct, frozen=True):
    """What made one version. `address` is its page; `by` None is the command line."""

    version: int
    at: Any
    by: str | None
    what: str
    address: str
    added: int
    changed: int


class Changed(Struct, frozen=True):
    """One row that was touched: its key as our links carry it, what became of it, the net changes (label, old, new), and who and when last."""

    key: str
    title: str
    code: str
    fate: str
    changes: tuple[tuple[str, str, str], ...]
    version: int
    at: Any
    by: str | None


class ChangesPage(Struct, frozen=True):
    """A page of a span. `more` is the key after which the next begins; `steps` made the versions of the span, newest first, at most PAGE."""

    label: str
    span: Span
    version: int
    rows: tuple[Changed, ...]
    more: str | None
    steps: tuple[Step, ...]
    steps_total: int
    added: int
    changed: int


def parse_span(kind: Kind, parameters: Mapping[str, str], version: int) -> Span:
    """Return what the address asks; without numbers, what the newest step changed. Invalid for what is no version of this registry."""

    def number(name: str, default: int) -> int:
        text = parameters.get(name, "").strip()
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) > version:
            raise Invalid(f"没有版本 {text[:20]}：名录现在是第 {version} 版", f"there is no version {text[:20]}: the registry is at version {version}")
        return int(text)

    until = number("until", version)
    since = number("since", max(0, until - 1))
    if since > until:
        raise Invalid("起始版本不能晚于截止版本", "the first version must not be later than the second")
    only = parameters.get("only", "")
    return Span(kind, since, until, only if only in ("new", "changed", "ended") else "", parameters.get("after", "")[:1000].replace("\0", ""))


async def version_of(connection: Connection, kind: Kind) -> int:
    """Return the version a registry has now."""
    version: int = await connection.fetchval("SELECT version FROM registry_version WHERE kind = $1", kind)
    return version


# Rows touched in a span, and what each step did to them; `only` narrows it by what an index answers without reading the others.
_TOUCHED: Final = """
    SELECT key, array_agg(version ORDER BY version) AS versions, array_agg(changes::text ORDER BY version) AS changes
    FROM registry_change c WHERE kind = $1 AND version > $2 AND version <= $3 AND key > $4 {only} GROUP BY key ORDER BY key LIMIT {limit}
"""
_EDITED: Final = (
    "AND changes IS NOT NULL AND NOT EXISTS (SELECT FROM registry_change n WHERE n.kind = c.kind AND n.key = c.key"
    " AND n.version > $2 AND n.version <= $3 AND n.changes IS NULL)"
)
_ONLY: Final = {"": "", "new": "AND changes IS NULL", "changed": _EDITED}


def _only(span: Span) -> str:
    if span.only != "ended":
        return _ONLY[span.only]
    words = ", ".join(f"'{word}'" for word in _ending_words(span.kind))
    return (
        f"AND changes IS NOT NULL AND EXISTS (SELECT FROM jsonb_array_elements(changes) AS each WHERE each ->> 0 = '{MERGED_LABEL}'"
        f" OR each ->> 0 = '{_status_label(span.kind)}' AND each ->> 2 IN ({words or 'NULL'}))"
    )


def _status_label(kind: Kind) -> str:
    return next((field.label for field in FIELDS[kind] if field.name == "status"), "")


def _ending_words(kind: Kind) -> list[str]:
    form = next((field.form for field in FIELDS[kind] if field.name == "status"), None)
    return [] if form is None else [word for key, word in VOCABULARIES[form].items() if key != "active"]


async def read_changes(office: Office, kind: Kind, parameters: Mapping[str, str]) -> ChangesPage:
    """Return a page of what changed between two versions; Invalid for versions there are not."""
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        version = await version_of(connection, kind)
        span = parse_span(kind, parameters, version)
        touched = await connection.fetch(_TOUCHED.format(only=_only(span), limit=PAGE + 1), kind, span.since, span.until, span.after)
        rows = await _changed(connection, span, touched[:PAGE])
        steps = await _steps(connection, kind, span.since, span.until, PAGE)
        total = await connection.fetchrow(
            "SELECT count(*) AS steps, coalesce(sum(added), 0)::bigint AS added, coalesce(sum(changed), 0)::bigint AS changed"
            " FROM registry_step WHERE kind = $1 AND version > $2 AND version <= $3", kind, span.since, span.until,
        )  # fmt: skip
    more = touched[PAGE - 1]["key"] if len(touched) > PAGE else None
    return ChangesPage(
        registry_label(kind), span, version, tuple(rows), more, tuple(steps), total["steps"], total["added"], total["changed"]
    )


async def read_versions(office: Office, kind: Kind, before: int | None) -> tuple[list[Step], int]:
    """Return the steps that made the versions, newest first, one more than a page if there are more; and the present version."""
    async with office.pool.acquire() as connection:
        return await _steps(connection, kind, 0, before - 1 if before else 2**62, PAGE + 1), await version_of(connection, kind)


async def _steps(connection: Connection, kind: Kind, since: int, until: int, limit: int) -> list[Step]:
    rows = await connection.fetch(
        "SELECT version, at, name, what, import, merge, added, changed FROM registry_step LEFT JOIN staff ON staff.id = by"
        " WHERE kind = $1 AND version > $2 AND version <= $3 ORDER BY version DESC LIMIT $4", kind, since, until, limit,
    )  # fmt: skip
    return [_step(row) for row in rows]


def _step(row: Any) -> Step:
    address = f"/staff/imports/{row['import']}" if row["import"] else f"/staff/merges/{row['merge']}"
    return Step(row["version"], row["at"], row["name"], row["what"], address, row["added"], row["changed"])


async def _changed(connection: Connection, span: Span, touched: Sequence[Any]) -> list[Changed]:
    kind, type = span.kind, RECORD_TYPES[span.kind]
    keys = [split_key(kind, row["key"]) for row in touched]
    columns = [[_part(name, key[place]) for key in keys] for place, name in enumerate(KEYS[kind])]
    arrays = ", ".join(f"${n}::{'date' if name in ('since', 'inspected_on') else 'text'}[]" for n, name in enumerate(KEYS[kind], start=1))
    found = await connection.fetch(
        f"SELECT {', '.join(fields_of(kind))} FROM {TABLES[kind]} WHERE ({', '.join(KEYS[kind])}) IN (SELECT * FROM unnest({arrays}))",  # noqa: S608
        *columns,
    )
    records = [type(*map(from_database, row)) for row in found]
    names = await names_of(connection, records)
    titles = {tuple(str(getattr(record, name)) for name in KEYS[kind]): title_of(record, names) for record in records}
    last = sorted({row["versions"][-1] for row in touched})
    steps = {row["version"]: row for row in await connection.fetch(
        "SELECT version, at, name FROM registry_step LEFT JOIN staff ON staff.id = by WHERE kind = $1 AND version = ANY($2)", kind, last,
    )}  # fmt: skip
    rows = []
    for row, key in zip(touched, keys, strict=True):
        fate, changes = _net(kind, row["changes"])
        title, code = titles.get(key, (row["key"], row["key"]))
        step, version = steps.get(row["versions"][-1]), row["versions"][-1]
        link = msgspec.json.encode(key).decode()
        rows.append(Changed(link, title, code, fate, changes, version, step and step["at"], step and step["name"]))
    return rows


def _part(name: str, text: str) -> Any:
    return date.fromisoformat(text) if name in ("since", "inspected_on") else text


def _net(kind: Kind, steps: Sequence[str | None]) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    """Return what became of a row over several steps, and field by field what it was before them and is after them."""
    new = any(step is None for step in steps)
    net: dict[str, tuple[str, str]] = {}
    for step in steps:
        for label, old, now in msgspec.json.decode(step, type=tuple[tuple[str, str, str], ...]) if step is not None else ():
            net[label] = (net[label][0] if label in net else old, now)
    changes = tuple((label, old, now) for label, (old, now) in net.items() if old != now)
    ended = any((label == _status_label(kind) and now in _ending_words(kind)) or (label == MERGED_LABEL and now) for label, _, now in changes)
    fate = "ended" if ended else "new" if new else "changed" if changes else "back"
    return fate, tuple((label_of_stored(kind, label), old, now) for label, old, now in changes)


async def export_changes(office: Office, kind: Kind, parameters: Mapping[str, str]) -> tuple[IO[bytes], int]:
    """Return a file of its own with all rows of the span as CSV, one line for each changed field, and how many rows they are; Invalid for
    versions there are not."""
    file, number = tempfile.TemporaryFile(), 0  # noqa: SIM115 (whoever sends it closes it)
    try:
        head = [gettext("名称"), gettext("编号"), gettext("变化"), gettext("项目"), gettext("原值"), gettext("新值"),
                gettext("名录版本"), gettext("何时"), gettext("谁")]  # fmt: skip
        file.write(BYTE_ORDER_MARK.encode() + _lines([head]))
        async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            span = parse_span(kind, {**parameters, "after": ""}, await version_of(connection, kind))
            while True:
                query = _TOUCHED.format(only=_only(span), limit=_CHUNK)
                touched = await connection.fetch(query, kind, span.since, span.until, span.after, timeout=600)
                rows = await _changed(connection, span, touched)
                file.write(await asyncio.to_thread(_lines, [line for row in rows for line in _cells(row)]))
                number += len(rows)
                if len(touched) < _CHUNK:
                    break
                span = msgspec.structs.replace(span, after=touched[-1]["key"])
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, number


def _cells(row: Changed) -> list[list[str]]:
    before, after = [row.title, row.code, gettext(FATES[row.fate])], [str(row.version), beijing(row.at) if row.at else "", row.by or ""]
    return [[*before, label, old, new, *after] for label, old, new in row.changes or (("", "", ""),)]


def _lines(rows: Iterable[list[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([inert(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode()
