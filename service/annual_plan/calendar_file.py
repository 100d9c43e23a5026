"""A file with the days of one year that differ from their weekday: 日期, 上班或放假, 名称. Read and checked, nothing else. Pure."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import Struct

from service.calendar import DifferentDay, calendar_of, days_of_year
from service.language import gettext
from service.registry.normalise import normalise_date
from service.registry.table import Table

__all__ = ["CalendarFile", "format_calendar", "read_calendar"]

_COLUMNS: Final = {
    "day": ("日期", "日子", "date", "day"),
    "works": ("上班或放假", "上班/放假", "类型", "安排", "类别", "kind", "type"),
    "name": ("名称", "节日", "说明", "name"),
}
_WORDS: Final = {"上班": True, "调休上班": True, "补班": True, "work": True, "放假": False, "休息": False, "休": False, "holiday": False}
_USUAL: Final = range(240, 256)  # working days of a year; outside, a row is likely missing


class CalendarFile(Struct, frozen=True):
    """What a file says of one year. `faults` and `warnings` are (row, words); with a fault it cannot be loaded. `working_days` of the year."""

    year: int
    days: tuple[DifferentDay, ...]
    faults: tuple[tuple[int, str], ...]
    warnings: tuple[tuple[int, str], ...]
    working_days: int


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    words = [cell.strip().lower() for cell in header]
    return next((words.index(name) for name in names if name in words), None)


def read_calendar(table: Table) -> CalendarFile:
    """Return what the table says, with everything that is wrong with it; row 0 stands for the whole file."""
    columns = {key: _column(table.rows[0] if table.rows else (), names) for key, names in _COLUMNS.items()}
    if missing := [_COLUMNS[key][0] for key in ("day", "works") if columns[key] is None]:
        words = gettext("第一行没有列“%(columns)s”；需要的列：日期、上班或放假、名称") % {"columns": "、".join(missing)}
        return CalendarFile(0, (), ((0, words),), (), 0)
    days, faults, warnings = list[tuple[int, DifferentDay]](), list[tuple[int, str]](), list[tuple[int, str]]()

    def cell(row: Sequence[str], key: str) -> str:
        place = columns[key]
        return row[place].strip() if place is not None and place < len(row) else ""

    for number, row in zip(table.numbers[1:], table.rows[1:], strict=True):
        if not any(text.strip() for text in row):
            continue
        found, word = normalise_date(cell(row, "day")), cell(row, "works")
        if found.value is None or found.ranged:
            faults.append((number, gettext("“%(text)s”不是一个日期；写成 2026-01-01 这样") % {"text": cell(row, "day")[:40]}))
        elif word.lower() not in _WORDS:
            faults.append((number, gettext("“%(text)s”不认得；只写“上班”或“放假”") % {"text": word[:40]}))
        else:
            days.append((number, DifferentDay(date.fromisoformat(found.value), _WORDS[word.lower()], cell(row, "name")[:100])))
    return _judge(days, faults, warnings)


def _judge(days: list[tuple[int, DifferentDay]], faults: list[tuple[int, str]], warnings: list[tuple[int, str]]) -> CalendarFile:
    if not days:
        return CalendarFile(0, (), tuple(faults) or ((0, gettext("文件里没有一天")),), (), 0)
    year = Counter(one.day.year for _, one in days).most_common(1)[0][0]
    seen: dict[date, int] = {}
    for number, one in days:
        if one.day.year != year:
            faults.append((number, gettext("%(day)s 不在 %(year)s 年；一份文件只写一个年度") % {"day": one.day, "year": year}))
        elif one.day in seen:
            faults.append((number, gettext("%(day)s 在第 %(row)s 行已经写过") % {"day": one.day, "row": seen[one.day]}))
        elif one.works and one.day.weekday() < 5:
            warnings.append((number, gettext("%(day)s 本来就是工作日，写“上班”没有作用") % {"day": one.day}))
        seen.setdefault(one.day, number)
    kept = tuple(sorted((one for _, one in days if one.day.year == year), key=lambda one: one.day))
    working = days_of_year(calendar_of({year: kept}), year)
    if working not in _USUAL:
        warnings.append((0, gettext("照此全年有 %(number)s 个工作日，通常是 248 个上下；请核对有没有缺行") % {"number": working}))
    return CalendarFile(year, kept, tuple(sorted(faults)), tuple(sorted(warnings)), working)


def format_calendar(days: Sequence[DifferentDay]) -> bytes:
    """Return the days as the CSV that `read_calendar` reads, for Excel too."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["日期", "上班或放假", "名称"])
    writer.writerows([one.day.isoformat(), "上班" if one.works else "放假", one.name] for one in days)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()
