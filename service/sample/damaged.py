"""A workbook of targets with every fault real files have, to try an import on and to test it with.

`FAULTS` is in the order of the rows; the tests state for each what the check must say.
"""

import datetime
import io
import zipfile
from collections.abc import Callable
from typing import Final

import xlsxwriter

from service.registry import Target, row_cells
from service.registry.credit_code import registration_check_character

from .targets import make_target

Cells = list[str | int | float | datetime.date | None]
HEADERS: Final = (
    "序号", "统一社会信用代码/注册号 *", "企业名称（必填）", "所属 乡镇", "行业领域", "风险等级",
    "信用等级", "标准化等级", "企业类型", "生产经营地址", "成立日期（长期填9999-09-09）", "状态",
    "最近检查时间", "联系人备注",
)  # fmt: skip
TITLE_ROWS: Final = ("云州市检查对象名录（测试用，数据均为虚构）", "填报单位：云州市应急管理局")
FIRST_ROW: Final = len(TITLE_ROWS) + 2
_FULL_WIDTH: Final = {ord("0") + digit: ord("０") + digit for digit in range(10)}
_ID, _NAME, _COLOUR, _GRADE, _ESTABLISHED, _STATUS, _LAST = 1, 2, 5, 7, 10, 11, 12


def _set(column: int, change: Callable[[str], str | int | float | None]) -> Callable[[Cells], None]:
    def apply(cells: Cells) -> None:
        cells[column] = change(str(cells[column]))

    return apply


def _both(first: Callable[[Cells], None], second: Callable[[Cells], None]) -> Callable[[Cells], None]:
    def apply(cells: Cells) -> None:
        first(cells)
        second(cells)

    return apply


def _wrong_check(code: str) -> str:
    return code[:17] + ("0" if code[17] != "0" else "1")


def _registration(first: str) -> str:
    return first + registration_check_character(first)


def _wrong_digit(number: str) -> str:
    return number[:14] + str((int(number[14]) + 1) % 10)


# name of the fault, what it does to the cells of a sound row (None: repeat the row before)
FAULTS: Final[tuple[tuple[str, Callable[[Cells], None] | None], ...]] = (
    ("sound", lambda cells: None),
    ("lower-case", _set(_ID, str.lower)),
    ("full-width digits", _set(_ID, lambda code: code.translate(_FULL_WIDTH))),
    ("spaces in code", _set(_ID, lambda code: f" {code[:8]}\u00a0{code[8:]}\u3000\u200b")),
    ("text mark before code", _set(_ID, lambda code: "'" + code)),
    ("wrong check character", _set(_ID, _wrong_check)),
    ("letter O for zero", _set(_ID, lambda code: code.replace("0", "O", 1))),
    ("15-digit number", _set(_ID, lambda code: _registration("42190200000001"))),
    ("15-digit number, wrong check", _set(_ID, lambda code: _wrong_digit(_registration("42190200000002")))),
    ("own number", _set(_ID, lambda code: "SITE-0001")),
    ("15-digit number as number", _set(_ID, lambda code: int(_registration("42190300000002")))),
    ("code as number", _set(_ID, lambda code: 914219020068691700)),
    ("code missing", _set(_ID, lambda code: None)),
    ("code with Chinese", _set(_ID, lambda code: "正在办理")),
    ("name missing", _set(_NAME, lambda name: None)),
    ("spaces in name", _set(_NAME, lambda name: f"{name[:4]} 　{name[4:]}")),
    ("formula-like name", _set(_NAME, lambda name: f'=HYPERLINK("http://example.invalid","{name}")')),
    ("unknown colour", _set(_COLOUR, lambda colour: "紫色")),
    ("colour in other words", _set(_COLOUR, lambda colour: "重大风险")),
    ("unknown grade", _set(_GRADE, lambda grade: "四星级")),
    ("serial date", _set(_ESTABLISHED, lambda date: 42801)),
    ("date with slashes", _set(_ESTABLISHED, lambda date: "2016/9/8")),
    ("date in Chinese", _set(_ESTABLISHED, lambda date: "2016年9月8日")),
    ("no-end date", _set(_ESTABLISHED, lambda date: "9999-09-09")),
    ("day-first date", _set(_ESTABLISHED, lambda date: "8/9/2016")),
    ("impossible date", _set(_LAST, lambda date: "2025-02-30")),
    ("unknown status", _set(_STATUS, lambda status: "待核实")),
    ("long status", _set(_STATUS, lambda status: "存续（在营、开业、在册）")),
    ("to be repeated", lambda cells: None),
    ("repeated with other letters", None),
    ("to be contradicted", lambda cells: None),
    ("contradicting", None),
    ("two faults", _both(_set(_COLOUR, lambda colour: "A"), _set(_LAST, lambda date: "去年"))),
    ("last sound", lambda cells: None),
)  # fmt: skip
# Blank rows stand before these positions of FAULTS.
BLANK_BEFORE: Final = (10, 20)


def damaged_rows(seed: str, as_of: datetime.date) -> list[Cells]:
    """The data rows in order, blank rows as empty lists."""
    rows: list[Cells] = []
    previous: Cells = []
    for position, (name, change) in enumerate(FAULTS):
        if position in BLANK_BEFORE:
            rows.append([])
        if change is None:
            cells = list(previous)
            if name == "contradicting":
                cells[_NAME] = f"{cells[_NAME]}（新）"
            else:
                cells[_ID] = str(cells[_ID]).lower() + " "
        else:
            target = make_target(seed, 900_000 + position, as_of)
            cells = [None, *row_cells("targets", _plain(target))[: _LAST], f"联系人{position + 1}"]
            change(cells)
        cells[0] = position + 1
        rows.append(cells)
        previous = cells
    return rows


def _plain(target: Target) -> Target:
    """The target with a name and status that no fault but its own touches."""
    return Target(
        target.id, target.name, target.area, target.sector, "blue", "B", "三级", target.entity_type,
        target.address, "2010-05-06", "active", "2024-04-05",
    )  # fmt: skip


def format_damaged(seed: str, as_of: datetime.date) -> bytes:
    """The workbook, the same bytes on every machine: dated 1980 and stored without compression, since the
    output of a compressor differs between versions."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"created": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)})
    sheet = book.add_worksheet("检查对象")
    for row, title in enumerate(TITLE_ROWS):
        sheet.write_string(row, 0, title)
    for column, header in enumerate(HEADERS):
        sheet.write_string(len(TITLE_ROWS), column, header)
    for row, cells in enumerate(damaged_rows(seed, as_of), start=FIRST_ROW - 1):
        for column, value in enumerate(cells):
            if value is not None and value != "":
                sheet.write(row, column, value)
    book.add_worksheet("填写说明").write_string(0, 0, "请从第4行开始填写")
    book.close()
    return _stored(buffer.getvalue())


def _stored(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as packed,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as stored,
    ):
        for member in packed.infolist():
            entry = zipfile.ZipInfo(member.filename)
            entry.create_system = 3
            stored.writestr(entry, packed.read(member))
    return buffer.getvalue()
