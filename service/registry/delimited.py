"""Comma, tab or semicolon separated text, in the encodings Chinese office software writes."""

import csv
import io
from collections import Counter
from itertools import islice
from typing import Final

from .table import MAXIMUM_CELL, Table, TableError, bounded

DELIMITERS: Final = (",", "\t", ";")
_PROBE_ROWS: Final = 30


def read_delimited(data: bytes, filename: str) -> Table:
    """The table in a delimited text file; row numbers are those a spreadsheet program shows.

    Raises TableError for bytes that are no text, and for a quote that is never closed: read leniently,
    such a quote would swallow all later rows into one cell.
    """
    text, encoding = _decode(data)
    delimiter = _delimiter(text)
    # csv refuses over-long cells only by a process-wide limit; ours is checked below, so allow more here.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = bounded(reader)
    except csv.Error as error:
        raise TableError(
            f"第{reader.line_num}行附近的引号或单元格有误（{error}）。",
            f"A quote or cell near line {reader.line_num} is malformed ({error}).",
            "请检查该行的英文引号是否成对，或用表格软件另存为 .xlsx 后上传。",
            "Check that quotes are paired there, or save the table as .xlsx.",
        ) from None
    for position, cells in enumerate(rows, start=1):
        if cells and max(map(len, cells)) > MAXIMUM_CELL:
            raise TableError(
                f"第{position}行有单元格超过{MAXIMUM_CELL}个字符。",
                f"Row {position} holds a cell of more than {MAXIMUM_CELL} characters.",
                "请检查该行之前是否有未成对的引号。",
                "Look for an unpaired quote before that row.",
            )
    return Table(
        filename=filename,
        format="csv",
        sheet="",
        encoding=encoding,
        rows=rows,
        numbers=list(range(1, len(rows) + 1)),
        notes={},
    )


def _decode(data: bytes) -> tuple[str, str]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates: tuple[str, ...] = ("utf-16",)
    elif data.startswith(b"\xef\xbb\xbf"):
        candidates = ("utf-8-sig",)
    else:
        # Valid UTF-8 with Chinese in it is practically never meant as GB18030; the reverse is common.
        candidates = ("utf-8", "gb18030")
    for encoding in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text, encoding
    raise TableError(
        "文件内容不是文本表格（既不是 UTF-8 也不是 GB18030 编码）。",
        "The file is not a text table (neither UTF-8 nor GB18030).",
        "请上传 .xlsx，或另存为“CSV UTF-8”后上传。",
        "Upload .xlsx, or save as CSV UTF-8.",
    )


def _delimiter(text: str) -> str:
    """The delimiter under which most of the first rows have the same width of two or more."""
    best, best_score = ",", (0, 0)
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            widths = Counter(len(row) for row in islice(reader, _PROBE_ROWS) if len(row) > 1)
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda entry: (entry[1], entry[0]))
        if (count, width) > best_score:
            best, best_score = delimiter, (count, width)
    return best
