"""One row of cells to the field values it states, with everything there is to say about it."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from .cells import CELL_PARSERS, Parsed, Remark, Value, credit_remarks, parse_code
from .columns import Layout
from .fields import FIELDS, Field
from .findings import WORDINGS, Finding, make_finding
from .normalise import normalise_code, normalise_text
from .records import KEYS, RECORD_TYPES, Kind, Record, joint_key
from .table import CellNote, Table, cell_address

_TARGET_CODES: Final = {("targets", "id"), ("conflicts", "target"), ("services", "target"), ("inspections", "target")}


class ParsedRow(NamedTuple):
    """`key` is "" where the row has no readable code; `values` is None where the row is refused."""

    key: str
    values: dict[str, Value] | None
    findings: list[Finding]


def row_parser(kind: Kind, layout: Layout, table: Table) -> Callable[[int, list[str]], ParsedRow]:
    """A function of (row number, cells) for the rows below the header of this table."""
    plan = [
        (field.name, layout.columns[field.name], _cell_parser(kind, field), field.form == "code")
        for field in FIELDS[kind]
        if field.name in layout.columns
    ]
    # Where a part of the key has no column, or nothing in it, it is the empty text.
    keys = [(field.name, "" if not field.required else None) for field in FIELDS[kind] if field.name in KEYS[kind]]
    notes = table.notes

    def parse(row: int, cells: list[str]) -> ParsedRow:
        values: dict[str, Value] = {}
        findings: list[Finding] = []
        failed = False
        width = len(cells)
        for name, columns, parse_cell, noted in plan:
            column = columns[0]
            text = cells[column] if column < width else ""
            if len(columns) > 1 and not text.strip():
                column = next((other for other in columns if other < width and cells[other].strip()), column)
                text = cells[column] if column < width else ""
            value, remarks = parse_cell(text, notes.get((row, column)) if noted and notes else None)
            values[name] = value
            for remark in remarks:
                failed |= WORDINGS[remark.code].severity == "error"
                address = cell_address(row, column)
                findings.append(
                    make_finding(row, layout.headers[column], text, remark.code, remark.detail, address)
                )
                if remark.code == "reason-unknown":
                    values["unknown reason"] = normalise_text(text)
        if unknown := values.pop("unknown reason", None):
            stated = values.get("evidence")
            values["evidence"] = f"{unknown}；{stated}" if stated else unknown
        if values.get("provider_kind") == "expert" and isinstance(provider := values.get("provider"), str):
            values["provider"] = normalise_code(provider).value  # a number, and written like one
        named = [value for name, default in keys if isinstance(value := values.get(name, default), str)]
        key = "" if len(named) < len(keys) else joint_key(*named) if len(keys) > 1 else named[0]
        return ParsedRow(key, None if failed else values, findings)

    return parse


def _cell_parser(kind: Kind, field: Field) -> Callable[[str, CellNote | None], Parsed]:
    if field.form == "code":
        return _parse_target_code if (kind, field.name) in _TARGET_CODES else parse_code
    parse, limit = CELL_PARSERS[field.form], field.limit
    bounded = field.form in ("text", "name", "reason", "list", "codes")
    required = field.required and field.form in ("text", "date")

    def parse_cell(text: str, note: CellNote | None) -> Parsed:
        if bounded and len(text) > limit:
            return Parsed(None, (Remark("text-long", str(limit)),))
        parsed = parse(text)
        if required and not parsed.value and not parsed.remarks:
            return Parsed(None, (Remark("value-missing"),))
        return parsed

    return parse_cell


def _parse_target_code(text: str, note: CellNote | None) -> Parsed:
    value, remarks = parse_code(text, note)
    if isinstance(value, str):
        return Parsed(value, remarks + credit_remarks(value))
    return Parsed(value, remarks)


def make_record(kind: Kind, values: Mapping[str, Value], known: Record | None) -> Record:
    """The record a row states. Fields whose column the file lacks keep what `known` has, or their default."""
    if known is not None:
        return msgspec.structs.replace(known, **values)
    return RECORD_TYPES[kind](**values)  # type: ignore[arg-type]
