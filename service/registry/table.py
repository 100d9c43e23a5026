"""A spreadsheet as text cells with the row numbers a person sees, whatever file it came from."""

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

MAXIMUM_BYTES: Final = 200 * 1024 * 1024
MAXIMUM_ROWS: Final = 1_200_000
MAXIMUM_COLUMNS: Final = 200
MAXIMUM_CELL: Final = 32_767  # characters; the limit of Excel itself

# What the file knew about a cell that its text no longer shows.
#   integer   a number without fraction and at most 15 digits: nothing was lost but leading zeros
#   lossy     a number beyond 15 digits: the file itself no longer holds the digits that were typed
#   fraction  a number with a fraction
#   date      a date-formatted number
CellNote: TypeAlias = Literal["integer", "lossy", "fraction", "date"]


class TableError(ValueError):
    """The file cannot be read as a table at all; says why and what to do, in both languages."""

    def __init__(self, message_zh: str, message_en: str, mend_zh: str, mend_en: str) -> None:
        super().__init__(f"{message_zh}{mend_zh} {message_en} {mend_en}")
        self.message_zh = message_zh
        self.message_en = message_en
        self.mend_zh = mend_zh
        self.mend_en = mend_en


class Table(msgspec.Struct, frozen=True):
    """Rows of text cells as found. `notes` is keyed by (row number, column index from 0); `merged` are the areas of merged cells that reach
    over several rows: first row number, last row number, column."""

    filename: str
    format: str
    sheet: str
    encoding: str
    rows: list[list[str]]
    numbers: list[int]
    notes: dict[tuple[int, int], CellNote]
    other_sheets: tuple[str, ...] = ()
    merged: tuple[tuple[int, int, int], ...] = ()


def cell_address(row: int, column: int) -> str:
    """The spreadsheet address of a cell, e.g. `C7`; `row` from 1, `column` from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def bounded(rows: Iterable[list[str]]) -> list[list[str]]:
    """The rows as a list, empty cells at the right cut off.

    Raises TableError beyond MAXIMUM_ROWS or MAXIMUM_COLUMNS, before more of the file is taken in.
    """
    taken: list[list[str]] = []
    for cells in rows:
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAXIMUM_COLUMNS:
            raise too_wide(len(taken) + 1, len(cells))
        taken.append(cells)
        if len(taken) > MAXIMUM_ROWS:
            raise too_long()
    while taken and not taken[-1]:
        taken.pop()
    return taken


def too_wide(row: int, columns: int) -> TableError:
    """The refusal of a table with too many columns."""
    return TableError(
        f"第{row}行有{columns}列，超过上限{MAXIMUM_COLUMNS}列。",
        f"Row {row} has {columns} columns, over the limit of {MAXIMUM_COLUMNS}.",
        "请删除多余的列后重新上传。",
        "Delete the surplus columns and upload again.",
    )


def too_long() -> TableError:
    """The refusal of a table with too many rows."""
    return TableError(
        f"行数超过上限{MAXIMUM_ROWS}行。",
        f"More than {MAXIMUM_ROWS} rows.",
        "请分成几个文件导入。",
        "Split the table into several files.",
    )
