"""Files are recognised by content; hostile or unusable ones are refused in words."""

import datetime
import io
import zipfile

import pytest
import xlsxwriter
from old_excel import format_xls

from service.registry import TableError, check_table, read_table
from service.registry.table import MAXIMUM_COLUMNS, cell_address

ROWS = [["统一社会信用代码", "企业名称"], ["91330100311348661F", "甲，乙"], ["91350100M000100Y43", '名"称"']]


def text(delimiter: str = ",") -> str:
    return "\r\n".join(
        delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in ROWS
    )


def workbook(cells: dict[tuple[int, int], object], **options: object) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, **options})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for (row, column), value in cells.items():
        if isinstance(value, datetime.date):
            sheet.write_datetime(row, column, datetime.datetime.combine(value, datetime.time()), day)
        else:
            sheet.write(row, column, value)
    book.close()
    return buffer.getvalue()


def test_a_workbook_of_excel_97_is_read_whatever_its_name() -> None:
    rows = [["统一社会信用代码", "企业名称", "成立日期"], ["91330100311348661F", "甲，乙", 42801.0], ["91350100M000100Y43", "丙厂", "2016/9/8"]]
    table = read_table(format_xls(rows), "名录.xlsx")
    assert (table.format, table.sheet) == ("xls", "名录")
    assert table.rows == [rows[0], [*rows[1][:2], "42801"], rows[2]]
    report = check_table("targets", table, {})
    assert [record.established for record in report.accepted()] == ["2017-03-07", "2016-09-08"]


def test_merged_cells_are_named_where_they_leave_rows_empty_and_formulas_give_what_they_gave() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer)
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 1, 2, "云州市名录")  # a title above the header may be merged
    sheet.write_row(2, 0, ["统一社会信用代码", "企业名称", "从业人数", "备注"])
    for row in (3, 4, 5):
        sheet.write(row, 0, f"SITE-{row}")
    sheet.merge_range(3, 1, 4, 1, "合并的名称")
    sheet.merge_range(3, 3, 5, 3, "不导入的列")
    sheet.write_formula(5, 1, '=A1&"厂"', None, "甲厂")
    sheet.write_formula(5, 2, "=30+5", None, 35)
    book.close()
    report = check_table("targets", read_table(buffer.getvalue(), "x"), {})
    assert [(f.row, f.code) for f in report.findings if f.code in ("merged-cells", "value-missing")] == [(4, "merged-cells"), (5, "value-missing")]
    assert "B4起的2行" in next(f.message_zh for f in report.findings if f.code == "merged-cells")
    assert {record.id: (record.name, record.headcount) for record in report.accepted()}["SITE-5"] == ("甲厂", 35)
    old = format_xls([["信用代码", "企业名称"], ["SITE-1", "甲"], ["SITE-2", ""]], ((1, 2, 1, 1),))
    assert "merged-cells" in {f.code for f in check_table("targets", read_table(old, "x"), {}).findings}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimited_text_reads_the_same_in_every_encoding_and_delimiter(encoding, delimiter):
    table = read_table(text(delimiter).encode(encoding), "名录.csv")
    assert table.rows == ROWS
    assert table.numbers == [1, 2, 3]


def test_gb18030_round_trip_of_rare_characters():
    rows = "统一社会信用代码,企业名称\n91330100311348661F,𠮷野㐂商贸有限公司\n"
    assert read_table(rows.encode("gb18030"), "x").rows[1][1] == "𠮷野㐂商贸有限公司"


def test_workbook_is_recognised_under_any_name_and_types_are_remembered():
    cells = {
        (0, 0): "证号",
        (1, 0): 123456,
        (2, 0): 914219020068691700,
        (3, 0): datetime.date(2026, 3, 1),
        (4, 0): 1.5,
    }
    table = read_table(workbook(cells), "名录.csv")
    assert table.format == "xlsx"
    assert table.rows[1:] == [["123456"], ["9.142190200686917e+17"], ["2026-03-01"], ["1.5"]]
    assert table.notes == {(2, 0): "integer", (3, 0): "lossy", (4, 0): "date", (5, 0): "fraction"}


def test_rows_keep_the_numbers_of_the_file_when_the_sheet_starts_lower():
    table = read_table(workbook({(4, 2): "企业名称", (6, 2): "甲"}), "x.xlsx")
    assert table.rows[4] == ["", "", "企业名称"]
    assert table.numbers[6] == 7


SPREADSHEET_ML = """<?xml version="1.0"{encoding}?><?mso-application progid="Excel.Sheet"?>{doctype}
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="名录"><Table>
<Row><Cell><Data ss:Type="String">统一社会信用代码</Data></Cell><Cell ss:Index="3"><Data ss:Type="String">企业名称</Data></Cell></Row>
<Row ss:Index="3"><Cell><Data ss:Type="String">91330100311348661F</Data></Cell><Cell ss:Index="3"><Data ss:Type="Number">42801</Data></Cell></Row>
</Table></Worksheet></Workbook>"""


@pytest.mark.parametrize(("encoding", "declared"), [("utf-8", ""), ("gb18030", ' encoding="gb2312"')])
def test_excel_2003_xml_under_the_name_xlsx_keeps_skipped_rows_and_columns(encoding, declared):
    data = SPREADSHEET_ML.format(encoding=declared, doctype="").encode(encoding)
    table = read_table(data, "名录.xlsx")
    assert table.format == "excel-2003-xml"
    assert table.rows == [["统一社会信用代码", "", "企业名称"], [], ["91330100311348661F", "", "42801"]]
    assert table.notes == {(3, 2): "integer"}


def test_entities_of_an_xml_table_are_refused_before_they_expand():
    bomb = SPREADSHEET_ML.format(encoding="", doctype='<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]>')
    with pytest.raises(TableError, match="文档类型声明"):
        read_table(bomb.encode(), "x.xlsx")


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_an_archive_that_unpacks_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr("service.registry.workbook.MAXIMUM_UNPACKED", 1_000_000)
    with pytest.raises(TableError, match="解压后超过"):
        read_table(zipped({"xl/workbook.xml": b"x", "xl/worksheets/sheet1.xml": b" " * 2_000_000}), "x.xlsx")


def test_two_far_cells_cannot_make_the_reader_hold_the_whole_rectangle():
    for address in ("XFD1048576", "GR1048576"):
        sheet = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="{address}"><v>1</v></c></row>'
        with pytest.raises(TableError, match=r"列|跨越"):
            read_table(
                zipped({"xl/workbook.xml": b"x", "xl/worksheets/sheet1.xml": sheet.encode()}), "x.xlsx"
            )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空的"),
        (b" \n", "空的"),
        (b"<html><body><table><tr><td>1</td></tr></table>", "网页"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04garbage", "压缩包"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 9, "密码"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "不是文本表格"),
        ('统一社会信用代码,企业名称\n1,"没有关上的引号\n2,乙\n'.encode(), "引号"),
        (zipped({"readme.txt": b"hello"}), "压缩包"),
        (",".join("x" * (MAXIMUM_COLUMNS + 1)).encode(), "列"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_nature_and_a_mend(data, words):
    with pytest.raises(TableError) as raised:
        read_table(data, "x.xlsx")
    assert words in raised.value.message_zh + raised.value.mend_zh
    assert raised.value.message_en
    assert raised.value.mend_en


def test_every_prefix_of_a_workbook_is_read_or_refused_and_never_crashes():
    whole = workbook(
        {(0, 0): "统一社会信用代码", (0, 1): "企业名称", (1, 0): "91330100311348661F", (1, 1): "甲"}
    )
    for length in range(0, len(whole), 97):
        with pytest.raises(TableError):
            read_table(whole[:length], "x.xlsx")
    assert check_table("targets", read_table(whole, "x"), {}).counts.new == 1


def test_cell_addresses_are_those_of_spreadsheet_programs():
    assert [cell_address(7, column) for column in (0, 25, 26, 701, 702)] == ["A7", "Z7", "AA7", "ZZ7", "AAA7"]
