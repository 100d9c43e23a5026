"""Workbooks we write: templates for an import, and downloads that an import reads back to the same values. Text only, never a formula."""

import io
from collections.abc import Iterable
from typing import Any, Final

import xlsxwriter

from .export import VOCABULARIES, header_cells, row_cells
from .fields import FIELDS, REGISTRY_LABELS, Field
from .records import Kind, Record

__all__ = ["format_template", "format_workbook"]

_CHECKED: Final = 10_000  # rows of a template whose cells offer their words


def _new(buffer: io.BytesIO, kind: Kind) -> tuple[Any, Any, Any]:
    """Return a workbook, its sheet, and the format of text; rows are written once, from the top, and need no memory after."""
    book = xlsxwriter.Workbook(buffer, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(REGISTRY_LABELS[kind][0])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 1, 24, text)
    sheet.set_column(2, len(FIELDS[kind]) - 1, 14, text)
    return book, sheet, text


def format_workbook(kind: Kind, records: Iterable[Record]) -> bytes:
    """Return the records as .xlsx, every cell as text, so that no code loses digits and nothing is calculated."""
    buffer = io.BytesIO()
    book, sheet, text = _new(buffer, kind)
    head = book.add_format({"bold": True, "num_format": "@"})
    for column, label in enumerate(header_cells(kind)):
        sheet.write_string(0, column, label, head)
    for number, record in enumerate(records, start=1):
        for column, cell in enumerate(row_cells(kind, record)):
            if cell:
                sheet.write_string(number, column, cell, text)
    book.close()
    return buffer.getvalue()


def format_template(kind: Kind) -> bytes:
    """Return an empty .xlsx with the columns of a registry; required ones say so, and cells with a vocabulary offer it."""
    buffer = io.BytesIO()
    book, sheet, _ = _new(buffer, kind)
    required, free = (book.add_format({"bold": True, "num_format": "@", "bg_color": colour}) for colour in ("#F2C14E", "#F4F6FA"))
    for column, field in enumerate(FIELDS[kind]):
        sheet.write_string(0, column, field.label + ("（必填）" if field.required else ""), required if field.required else free)
        if words := _words(field):
            # A warning, not a refusal: an import knows more words than these.
            sheet.data_validation(1, column, _CHECKED, column, {"validate": "list", "source": words, "error_type": "warning"})
    book.close()
    return buffer.getvalue()


def _words(field: Field) -> list[str]:
    if field.form == "flag":
        return ["是", "否"]
    return list(VOCABULARIES.get(field.form, {}).values())
