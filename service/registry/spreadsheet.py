"""`read_table`: what a file is, decided by its bytes and never by its name."""

import io
import re
import zipfile
from typing import Final

from .delimited import read_delimited
from .excel_xml import read_excel_xml
from .table import MAXIMUM_BYTES, Table, TableError
from .workbook import read_workbook

_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML: Final = re.compile(
    rb"^\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|meta|body|table)\b", re.IGNORECASE | re.DOTALL
)


def read_table(data: bytes, filename: str) -> Table:
    """The table in an uploaded file: CSV, .xlsx, .xls, .xlsb, .ods or Excel 2003 XML, under any name.

    `filename` is only shown to people. Raises TableError, which says what the file is and what to do.
    """
    if len(data) > MAXIMUM_BYTES:
        raise TableError(
            f"文件超过{MAXIMUM_BYTES // 1024 // 1024} MiB。",
            f"The file is larger than {MAXIMUM_BYTES // 1024 // 1024} MiB.",
            "请分成几个文件导入。",
            "Split it into several files.",
        )
    if not data.strip():
        raise TableError(
            "文件是空的。", "The file is empty.", "请选择含有数据的文件。", "Choose a file that holds data."
        )
    if data.startswith(b"PK\x03\x04"):
        return read_workbook(data, filename, _archive_form(data))
    if data.startswith(_COMPOUND):
        return read_workbook(data, filename, "xls")
    opening = data[:4096].removeprefix(b"\xef\xbb\xbf")
    if b"urn:schemas-microsoft-com:office:spreadsheet" in opening and opening.lstrip().startswith(b"<"):
        return read_excel_xml(data.removeprefix(b"\xef\xbb\xbf"), filename)
    if _HTML.match(opening):
        raise TableError(
            "文件其实是网页（HTML），只是扩展名像表格。",
            "The file is a web page (HTML) under a spreadsheet's name.",
            "请用表格软件打开后另存为 .xlsx 再上传。",
            "Open it in a spreadsheet program, save as .xlsx and upload again.",
        )
    if opening.startswith(b"%PDF-"):
        raise TableError(
            "文件是 PDF，不是表格。",
            "The file is a PDF, not a table.",
            "请上传原始的表格文件（.xlsx 或 CSV）。",
            "Upload the original table (.xlsx or CSV).",
        )
    return read_delimited(data, filename)


def _archive_form(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        names = set()
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "content.xml" in names:
        return "ods"
    raise TableError(
        "文件是压缩包或已损坏的工作簿，不是表格。",
        "The file is an archive or a damaged workbook, not a table.",
        "请解压后上传其中的表格；若本来就是 .xlsx，请重新另存一次。",
        "Unpack it and upload the table inside; if it is an .xlsx, save it again.",
    )
