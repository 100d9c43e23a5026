"""One row of cells to the field values it states, with everything there is to say about it."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from .cells import CELL_PARSERS, Parsed, Remark, Value, credit_remarks, parse_code
from .columns import Layout
from .fields import FIELDS, Field
from .findings import WORDINGS, Finding, make_finding
from .normalise import normalise_text
from .records import RECORD_TYPES, Kind, Record, conflict_key
from .table import Table, cell_address

_TARGET_CODES: Final = {("targets", "id"), ("conflicts", "target")}


class ParsedRow(NamedTuple):
    """`key` is "" where the row has no readable code; `values` is None where the row is refused."""

    key: str
    values: dict[str, Value] | None
    findings: list[Finding]


def row_parser(kind: Kind, layout: Layout, table: Table) -> Callable[[int, list[str]], ParsedRow]:
    """A function of (row number, cells) for the rows below the header of this table."""
    plan = [(field, layout.columns[field.name]) for field in FIELDS[kind] if field.name in layout.columns]
    keys = ("person", "target") if kind == "conflicts" else (FIELDS[kind][0].name,)
    notes = table.notes

    def parse(row: int, cells: list[str]) -> ParsedRow:
        values: dict[str, Value] = {}
        findings: list[Finding] = []
        failed = False
        width = len(cells)
        for field, columns in plan:
            column = columns[0]
            text = cells[column] if column < width else ""
            if len(columns) > 1 and not text.strip():
                column = next((other for other in columns if other < width and cells[other].strip()), column)
                text = cells[column] if column < width else ""
            parsed = _parse_cell(kind, field, text, notes.get((row, column)) if notes else None)
            values[field.name] = parsed.value
            for remark in parsed.remarks:
                failed |= WORDINGS[remark.code].severity == "error"
                header = layout.headers[column]
                address = cell_address(row, column)
                findings.append(make_finding(row, header, text, remark.code, remark.detail, address))
            if field.form == "reason" and any(remark.code == "reason-unknown" for remark in parsed.remarks):
                values["unknown reason"] = normalise_text(text)
        unknown = values.pop("unknown reason", None)
        if unknown:
            stated = values.get("evidence") or ""
            values["evidence"] = f"{unknown}；{stated}" if stated else unknown
        named = [value for name in keys if isinstance(value := values.get(name), str)]
        key = "" if len(named) < len(keys) else conflict_key(*named) if kind == "conflicts" else named[0]
        return ParsedRow(key, None if failed else values, findings)

    return parse


def _parse_cell(kind: Kind, field: Field, text: str, note: object) -> Parsed:
    if field.form == "code":
        parsed = parse_code(text, note)  # type: ignore[arg-type]
        if isinstance(parsed.value, str) and (kind, field.name) in _TARGET_CODES:
            return Parsed(parsed.value, parsed.remarks + credit_remarks(parsed.value))
        return parsed
    parsed = CELL_PARSERS[field.form](text)
    if field.required and parsed.value == "" and field.form == "text":
        return Parsed(None, (Remark("value-missing"),))
    if isinstance(parsed.value, str) and len(parsed.value) > field.limit:
        return Parsed(None, (Remark("text-long", str(field.limit)),))
    return parsed


def make_record(kind: Kind, values: Mapping[str, Value], known: Record | None) -> Record:
    """The record a row states. Fields whose column the file lacks keep what `known` has, or their default."""
    if known is not None:
        return msgspec.structs.replace(known, **values)
    return RECORD_TYPES[kind](**values)  # type: ignore[arg-type]
