"""Excel 2003 XML ("XML Spreadsheet 2003"), which Chinese systems export under the name .xls or .xlsx."""

import re
from typing import Final
from xml.parsers import expat

from .table import (
    MAXIMUM_CELL,
    MAXIMUM_COLUMNS,
    MAXIMUM_ROWS,
    CellNote,
    Table,
    TableError,
    bounded,
    too_long,
    too_wide,
)
from .workbook import number_cell

_NAMESPACE: Final = "urn:schemas-microsoft-com:office:spreadsheet"
_DECLARED: Final = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")


def read_excel_xml(data: bytes, filename: str) -> Table:
    """The first worksheet with content. Raises TableError for malformed XML and for any document type
    declaration: entities are how a small file becomes an enormous one."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.buffer_text = True
    try:
        parser.Parse(_as_utf8(data), True)
    except (expat.ExpatError, UnicodeDecodeError, LookupError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError(
            f"Excel 2003 XML 文件已损坏（{error}）。",
            f"The Excel 2003 XML file is damaged ({error}).",
            "请用表格软件打开后另存为 .xlsx。",
            "Open it in a spreadsheet program and save as .xlsx.",
        ) from None
    sheets = [sheet for sheet in reader.sheets if sheet[1]]
    name, cells, notes = sheets[0] if sheets else ("", {}, {})
    height = max(cells, default=0)
    rows = [_row(cells.get(number, {})) for number in range(1, height + 1)]
    rows = bounded(rows)
    return Table(
        filename=filename,
        format="excel-2003-xml",
        sheet=name,
        encoding="",
        rows=rows,
        numbers=list(range(1, len(rows) + 1)),
        notes=notes,
        other_sheets=tuple(sheet[0] for sheet in sheets[1:]),
    )


def _row(cells: dict[int, str]) -> list[str]:
    return [cells.get(column, "") for column in range(max(cells, default=-1) + 1)]


def _as_utf8(data: bytes) -> bytes:
    """The document in UTF-8; expat itself knows no GB encoding."""
    declared = _DECLARED.match(data)
    if declared is None or declared[1].lower() not in (b"gb2312", b"gbk", b"gb18030"):
        return data
    return data[declared.end() :].decode("gb18030").encode()


def _refuse_doctype(*_: object) -> None:
    raise TableError(
        "XML 表格含有文档类型声明，可能展开为超大文件，已拒绝。",
        "The XML table has a document type declaration, which may expand enormously; refused.",
        "请用表格软件打开后另存为 .xlsx。",
        "Open it in a spreadsheet program and save as .xlsx.",
    )


class _Reader:
    """Collects cells while expat walks the document; rows and columns may be skipped by ss:Index."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, dict[int, dict[int, str]], dict[tuple[int, int], CellNote]]] = []
        self.row = 0
        self.column = -1
        self.merged = 0
        self.type = ""
        self.text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        index = attributes.get(f"{_NAMESPACE} Index", "")
        if name == "Worksheet":
            self.sheets.append((attributes.get(f"{_NAMESPACE} Name", ""), {}, {}))
            self.row = 0
        elif name == "Row":
            self.row = int(index) if index else self.row + 1
            self.column, self.merged = -1, 0
            if not 0 < self.row <= MAXIMUM_ROWS:
                raise too_long()
        elif name == "Cell":
            self.column = int(index) - 1 if index else self.column + 1 + self.merged
            self.merged = int(attributes.get(f"{_NAMESPACE} MergeAcross", "0"))
            if not 0 <= self.column < MAXIMUM_COLUMNS:
                raise too_wide(self.row, self.column + 1)
        elif name == "Data" and self.sheets:
            self.type = attributes.get(f"{_NAMESPACE} Type", "String")
            self.text = []

    def characters(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def end(self, tag: str) -> None:
        if self.text is None or tag.rpartition(" ")[2] != "Data":
            return
        text, note = "".join(self.text)[:MAXIMUM_CELL], None
        self.text = None
        if self.type == "Number":
            text, note = number_cell(float(text), text)
        elif self.type == "DateTime":
            text, note = text[:10], "date"
        if text and self.column >= 0:
            _, cells, notes = self.sheets[-1]
            cells.setdefault(self.row, {})[self.column] = text
            if note is not None:
                notes[(self.row, self.column)] = note
