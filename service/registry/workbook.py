"""Workbooks (.xlsx, .xlsb, .xls, .ods) through calamine, guarded against files made to exhaust memory."""

import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Final

import python_calamine

from .table import MAXIMUM_COLUMNS, MAXIMUM_ROWS, CellNote, Table, TableError, bounded, too_long, too_wide

MAXIMUM_UNPACKED: Final = 1024 * 1024 * 1024
# calamine keeps a full rectangle from the first to the last cell, so two far cells cost this much.
MAXIMUM_RECTANGLE: Final = 40_000_000
_EXACT: Final = 10**15
_CHUNK: Final = 1 << 20
# Begins with a plain letter, which is twice as fast to look for as white space before it; what else ends in `r` and holds an address is none.
_CELL: Final = re.compile(rb"""r\s*=\s*["']([A-Za-z]{1,4}[0-9]{1,9})["']""")
_LETTERS: Final = bytes((*range(65, 91), *range(97, 123)))
_DIGITS: Final = bytes(range(48, 58))
_REPEATED: Final = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["']([0-9]+)["'][^>]*?value""")


def read_workbook(data: bytes, filename: str, form: str) -> Table:
    """The first visible sheet with content; `form` is what `spreadsheet.py` recognised.

    Numbers become text; what their type knew is kept in `notes`. Raises TableError for a damaged or
    password-protected file, and for one that unpacks or spreads beyond the limits.
    """
    if form in ("xlsx", "xlsb", "ods"):
        _guard_archive(data, form)
    elif "EncryptedPackage".encode("utf-16-le") in data:
        raise _protected()
    try:
        book = python_calamine.load_workbook(io.BytesIO(data))
        found: list[tuple[str, python_calamine.CalamineSheet]] = []
        for metadata in book.sheets_metadata:
            if metadata.visible != python_calamine.SheetVisibleEnum.Visible:
                continue
            if metadata.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_name(metadata.name)
            if sheet.height:
                found.append((metadata.name, sheet))
    except python_calamine.PasswordError:
        raise _protected() from None
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise TableError(
            f"工作簿已损坏，无法打开（{error}）。",
            f"The workbook is damaged and cannot be opened ({error}).",
            "请用表格软件打开后另存为 .xlsx 再上传。",
            "Open it in a spreadsheet program, save as .xlsx and upload again.",
        ) from None
    notes: dict[tuple[int, int], CellNote] = {}
    rows: list[list[str]] = []
    if found:
        sheet = found[0][1]
        if sheet.total_width > MAXIMUM_COLUMNS:
            raise too_wide(1, sheet.total_width)
        if sheet.total_height > MAXIMUM_ROWS:
            raise too_long()
        rows = bounded(_texts(sheet, notes))
    return Table(
        filename=filename,
        format=form,
        sheet=found[0][0] if found else "",
        encoding="",
        rows=rows,
        numbers=list(range(1, len(rows) + 1)),
        notes=notes,
        other_sheets=tuple(name for name, _ in found[1:]),
        merged=_merged(found[0][1]) if found else (),
    )


def _merged(sheet: python_calamine.CalamineSheet) -> tuple[tuple[int, int, int], ...]:
    areas = sheet.merged_cell_ranges or []
    return tuple(sorted((first + 1, last + 1, column) for (first, column), (last, _) in areas if last > first))


def _texts(
    sheet: python_calamine.CalamineSheet, notes: dict[tuple[int, int], CellNote]
) -> Iterator[list[str]]:
    for number, values in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        if set(map(type, values)) == {str}:  # of most rows every cell is text, and nothing is to be noted
            yield values  # type: ignore[misc]
            continue
        cells: list[str] = []
        for column, value in enumerate(values):
            if isinstance(value, str):
                cells.append(value)
                continue
            text, note = _text(value)
            cells.append(text)
            if note is not None:
                notes[(number, column)] = note
        yield cells


def _text(value: object) -> tuple[str, CellNote | None]:
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), None
    if isinstance(value, int | float):
        return number_cell(float(value), repr(value))
    if isinstance(value, datetime.datetime):
        return value.date().isoformat(), "date"
    if isinstance(value, datetime.date):
        return value.isoformat(), "date"
    return str(value), None


def number_cell(value: float, shown: str) -> tuple[str, CellNote]:
    """The text of a numeric cell and what is known of its precision.

    A double holds every integer of 15 digits; Excel keeps no more than 15 digits of what was typed.
    """
    if value.is_integer():
        if abs(value) < _EXACT:
            return str(int(value)), "integer"
        return shown, "lossy"
    return shown, "fraction"


def _guard_archive(data: bytes, form: str) -> None:
    """Refuse archives that unpack beyond the limit or whose cells span too large a rectangle.

    Every member is unpacked once in pieces; the standard library checks declared sizes and sums as it goes,
    so a member that lies about its size is found here and not by the workbook reader.
    """
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.flag_bits & 1:
                    raise _protected()
                sheet = form == "xlsx" and member.filename.lower().startswith("xl/worksheets/")
                columns, rows, tail = set[bytes](), 0, b""
                with archive.open(member) as stream:
                    while piece := stream.read(_CHUNK):
                        unpacked += len(piece)
                        if unpacked > MAXIMUM_UNPACKED:
                            raise _bomb()
                        if form == "ods" and _repeats(tail + piece):
                            raise _bomb()
                        if sheet:
                            cells = b" ".join(_CELL.findall(tail + piece))
                            columns.update(cells.translate(None, _DIGITS).split())
                            rows = max(rows, max(map(int, set(cells.translate(None, _LETTERS).split())), default=0))
                        tail = piece[-64:]
                if sheet:
                    _guard_rectangle(max(map(_column_number, columns), default=0), rows)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError, OSError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError(
            f"工作簿压缩包已损坏（{error}）。",
            f"The workbook's archive is damaged ({error}).",
            "请用表格软件打开后另存为 .xlsx 再上传。",
            "Open it in a spreadsheet program, save as .xlsx and upload again.",
        ) from None


def _repeats(piece: bytes) -> bool:
    return any(int(match[1]) > MAXIMUM_ROWS for match in _REPEATED.finditer(piece))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _guard_rectangle(columns: int, rows: int) -> None:
    if columns > MAXIMUM_COLUMNS:
        raise too_wide(1, columns)
    if rows > MAXIMUM_ROWS:
        raise too_long()
    if columns * rows > MAXIMUM_RECTANGLE:
        raise TableError(
            f"工作表跨越{rows}行×{columns}列，超过可读取的范围。",
            f"The sheet spans {rows} rows by {columns} columns, more than can be read.",
            "请删除数据区之外的零散单元格，或分成几个文件。",
            "Delete stray cells outside the data, or split the file.",
        )


def _bomb() -> TableError:
    return TableError(
        f"文件解压后超过{MAXIMUM_UNPACKED // 1024 // 1024} MiB，已拒绝。",
        f"The file unpacks to more than {MAXIMUM_UNPACKED // 1024 // 1024} MiB; refused.",
        "请分成几个文件，或另存为 CSV 上传。",
        "Split it into several files, or save as CSV.",
    )


def _protected() -> TableError:
    return TableError(
        "工作簿设有打开密码。",
        "The workbook is protected by a password.",
        "请去掉密码后重新上传。",
        "Remove the password and upload again.",
    )
