"""One row typed into a form: it goes through the very same checks as a file, as a file of one row, and waits for its confirmation like one."""

import csv
import io
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.accounts import Staff
from service.errors import NotFound
from service.office import Office
from service.registry.check import Verdict
from service.registry.export import BYTE_ORDER_MARK, header_cells, row_cells
from service.registry.fields import FIELDS
from service.registry.findings import Finding, make_finding
from service.registry.importing import check_import, try_import
from service.registry.records import KEYS, RECORD_TYPES, Kind, Record, joint_key
from service.registry.spreadsheet import read_table
from service.registry.writing import TABLES, fields_of, from_database

__all__ = ["ENDS", "Checked", "check_typed", "read_record", "read_typed", "texts_of"]

# The field by which a row ends; conflicts and inspections have none.
ENDS: Final[dict[Kind, str]] = {"targets": "status", "items": "status", "inspectors": "status", "experts": "status", "services": "until"}
_ROW: Final = 2  # of our one-row file


class Checked(Struct, frozen=True):
    """What a check says of a typed row: findings by field ("" for the whole row), and the import that waits for confirmation; None where
    there is none, because the row is refused or changes nothing."""

    verdict: Verdict
    findings: Mapping[str, tuple[Finding, ...]]
    waits: UUID | None


async def read_record(office: Office, kind: Kind, key: tuple[str, ...]) -> Record:
    """Return the record that `key` names; NotFound if there is none."""
    where = " AND ".join(f"{name}::text = ${number}" for number, name in enumerate(KEYS[kind], start=1))
    row = await office.pool.fetchrow(f"SELECT {', '.join(fields_of(kind))} FROM {TABLES[kind]} WHERE {where}", *key)  # noqa: S608
    if row is None:
        raise NotFound("名录里没有这一行", "the registry has no such row")
    return RECORD_TYPES[kind](*map(from_database, row))


def texts_of(kind: Kind, record: Record) -> dict[str, str]:
    """Return the cells of a record by field, as a form shows them and an import reads them."""
    return dict(zip((field.name for field in FIELDS[kind]), row_cells(kind, record), strict=True))


async def read_typed(office: Office, id: UUID) -> tuple[Kind, dict[str, str]]:
    """Return what was typed for an import that came from a form, to go on typing; NotFound if it did not."""
    row = await office.pool.fetchrow("SELECT kind, content FROM import_batch WHERE id = $1 AND by_hand", id)
    if row is None:
        raise NotFound("没有这次登记", "there is no such entry")
    kind: Kind = row["kind"]
    cells = read_table(row["content"], "").rows
    return kind, dict(zip((field.name for field in FIELDS[kind]), [*cells[-1], *[""] * len(FIELDS[kind])], strict=False))


def _file(kind: Kind, texts: Mapping[str, str]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([header_cells(kind), [texts.get(field.name, "") for field in FIELDS[kind]]])
    return (BYTE_ORDER_MARK + buffer.getvalue()).encode()


async def check_typed(office: Office, who: Staff, kind: Kind, key: tuple[str, ...] | None, texts: Mapping[str, str]) -> Checked:
    """Check a typed row and, where it can be written, keep it as an import that waits for confirmation; nothing is written yet.

    `key` names the row that is edited, None asks for a new one: a code that is taken is then an error, and no quiet change of another row.
    Raises Denied for anyone but a registrar, NotFound if the row to be edited is not there.
    """
    known = None if key is None else texts_of(kind, await read_record(office, kind, key))
    if known is not None:
        texts = known | dict(texts) | {name: known[name] for name in KEYS[kind]}
    name = texts.get("name", "").strip() or joint_key(*(texts.get(part, "").strip() for part in KEYS[kind]))
    filename, content = f"{'单条登记' if key is None else '单条修改'}：{name}"[:120], _file(kind, texts)
    report = await try_import(office, who, kind, filename, content)
    labels = {field.label: field.name for field in FIELDS[kind]}
    found: dict[str, tuple[Finding, ...]] = {}
    for finding in report.findings:
        place = labels.get(finding.column, "")
        found[place] = (*found.get(place, ()), finding)
    verdict: Verdict = report.rows[0].verdict if report.rows else "refused"
    if key is None and verdict in ("changed", "unchanged"):
        first = KEYS[kind][0]
        label = next(field.label for field in FIELDS[kind] if field.name == first)
        found[first] = (*found.get(first, ()), make_finding(_ROW, label, texts.get(first, ""), "code-taken"))
        verdict = "refused"
    if verdict not in ("new", "changed"):
        return Checked(verdict, found, None)
    view = await check_import(office, who, kind, filename, content, by_hand=True)
    return Checked(verdict, found, UUID(view.id))
