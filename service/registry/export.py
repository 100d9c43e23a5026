"""Records back to the columns an import reads: templates, downloads, and the words of a preview."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from .fields import FIELDS, Field
from .records import (
    CONFLICT_REASONS,
    ITEM_STATUSES,
    ORIGINS,
    PERSON_STATUSES,
    PROVIDERS,
    RISK_COLOURS,
    TARGET_STATUSES,
    Kind,
    Record,
)

BYTE_ORDER_MARK: Final = "\ufeff"
VOCABULARIES: Final = {
    "colour": RISK_COLOURS,
    "target-status": TARGET_STATUSES,
    "person-status": PERSON_STATUSES,
    "item-status": ITEM_STATUSES,
    "provider": PROVIDERS,
    "reason": CONFLICT_REASONS,
    "origin": ORIGINS,
}


def cell_text(record: Record, field: Field) -> str:
    """The cell for one field of a record, in the words the import reads back to the same value."""
    value = getattr(record, field.name)
    if field.form in VOCABULARIES:
        return VOCABULARIES[field.form].get(str(value), str(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple):
        return "、".join(value)
    if value is None or (value == 0 and field.form != "headcount"):
        return ""
    return str(value)


def header_cells(kind: Kind) -> list[str]:
    """The column names of our own files, which are also the template for an import."""
    return [field.label for field in FIELDS[kind]]


def row_cells(kind: Kind, record: Record) -> list[str]:
    """The cells of a record, in the order of `header_cells`."""
    return [cell_text(record, field) for field in FIELDS[kind]]


def inert(text: str) -> str:
    """The text with a quote before a first character that spreadsheet programs take for a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def format_csv(kind: Kind, records: Iterable[Record]) -> bytes:
    """The records as CSV: UTF-8 with BOM, CRLF, formulas made inert."""
    return BYTE_ORDER_MARK.encode() + _lines([header_cells(kind)]) + format_rows(kind, records)


def format_rows(kind: Kind, records: Iterable[Record]) -> bytes:
    """The lines of `format_csv` below its header."""
    return _lines([inert(cell) for cell in row_cells(kind, record)] for record in records)


def _lines(rows: Iterable[list[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()
