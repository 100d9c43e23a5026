"""Working days: the State Council's years as they are, arithmetic that agrees with counting, and no guess about a year nobody loaded."""

from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.annual_plan.calendar_file import format_calendar, read_calendar
from service.annual_plan.calendars import check_calendar, confirm_calendar, list_calendars, read_calendars
from service.calendar import (
    UNKNOWN,
    DifferentDay,
    add_working_days,
    calendar_of,
    days_of_year,
    is_working_day,
    working_days_between,
)
from service.drafts import VisitDays
from service.errors import Conflicting, Denied, Invalid
from service.people import free_days
from service.registry import read_table

SAMPLES = Path(__file__).parents[2] / "sample"
YEARS = {year: read_calendar(read_table((SAMPLES / f"calendar-{year}.csv").read_bytes(), f"{year}.csv")) for year in (2025, 2026)}
CALENDAR = calendar_of({year: file.days for year, file in YEARS.items()})
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_sample_years_have_248_working_days_as_the_plans_of_bureaus_say(year):
    assert (YEARS[year].year, YEARS[year].faults, YEARS[year].warnings, YEARS[year].working_days) == (year, (), (), 248)
    assert days_of_year(CALENDAR, year) == 248


@pytest.mark.parametrize(("day", "works"), [
    ("2025-01-26", True), ("2025-01-28", False), ("2025-10-11", True), ("2025-10-08", False), ("2026-02-14", True), ("2026-02-16", False),
    ("2026-05-09", True), ("2026-09-20", True), ("2026-11-28", False), ("2026-11-27", True),
])  # fmt: skip
def test_days_of_the_notices(day, works):
    assert is_working_day(CALENDAR, date.fromisoformat(day)) is works


@given(DAYS, DAYS, DAYS)
def test_between_adds_up_over_any_cut(a, b, c):
    first, middle, last = sorted((a, b, c))
    whole = working_days_between(CALENDAR, first, last)
    assert whole == working_days_between(CALENDAR, first, middle) + working_days_between(CALENDAR, middle + timedelta(days=1), last)
    assert whole == sum(is_working_day(CALENDAR, first + timedelta(days=n)) for n in range((last - first).days + 1))


@given(st.dates(date(2025, 3, 1), date(2026, 10, 1)), st.integers(1, 30))
def test_the_nth_working_day_after_is_the_nth_and_the_way_back_is_the_same(start, n):
    end = add_working_days(CALENDAR, start, n)
    assert is_working_day(CALENDAR, end)
    assert working_days_between(CALENDAR, start + timedelta(days=1), end) == n
    assert add_working_days(CALENDAR, start, n + 1) > end
    if is_working_day(CALENDAR, start):
        assert add_working_days(CALENDAR, end, -n) == start


def test_20_working_days_over_the_national_holiday_of_2025():
    # 26 September 2025 is a Friday; 28 September and 11 October are worked, 1 to 8 October are not.
    assert add_working_days(CALENDAR, date(2025, 9, 26), 20) == date(2025, 10, 30)


@given(st.integers(-400, 400))
def test_no_way_leads_into_a_year_nobody_loaded(n):
    only = calendar_of({2025: YEARS[2025].days})
    inside = -120 <= n <= 127  # working days of 2025 before and after 1 July
    with nullcontext() if inside else pytest.raises(Conflicting, match=r"2024|2026"):
        assert add_working_days(only, date(2025, 7, 1), n).year == 2025
    with pytest.raises(Conflicting, match="2026"):
        working_days_between(only, date(2025, 12, 30), date(2026, 1, 2))
    with pytest.raises(Conflicting):
        add_working_days(UNKNOWN, date(2025, 7, 1), 0)


@given(st.dictionaries(st.dates(date(2027, 1, 1), date(2027, 12, 31)), st.tuples(st.booleans(), st.text("节假日春秋", max_size=4)), min_size=1, max_size=40))
def test_a_calendar_written_as_a_file_is_read_back_day_by_day(days):
    wanted = tuple(DifferentDay(day, works, name) for day, (works, name) in sorted(days.items()))
    found = read_calendar(read_table(format_calendar(wanted), "2027.csv"))
    assert (found.year, found.days, found.faults) == (2027, wanted, ())


@pytest.mark.parametrize(("text", "row", "word"), [
    ("日期,名称\n2026-01-01,元旦\n", 0, "上班或放假"),
    ("日期,上班或放假,名称\n2026-13-01,放假,元旦\n", 2, "不是一个日期"),
    ("日期,上班或放假,名称\n2026-01-01,也许,元旦\n", 2, "不认得"),
    ("日期,上班或放假,名称\n2026-01-01,放假,元旦\n2026-01-02,放假,元旦\n2027-01-01,放假,元旦\n", 4, "不在 2026 年"),
    ("日期,上班或放假,名称\n2026-01-01,放假,元旦\n2026-01-01,上班,元旦\n", 3, "第 2 行已经写过"),
    ("日期,上班或放假,名称\n", 0, "没有一天"),
])  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_with_its_row(text, row, word):
    found = read_calendar(read_table(text.encode(), "x.csv"))
    assert [(at, word in words) for at, words in found.faults] == [(row, True)]


def test_a_file_that_is_short_of_holidays_is_noticed():
    found = read_calendar(read_table("日期,上班或放假,名称\n2026-01-01,放假,元旦\n2026-01-04,放假,元旦\n".encode(), "x.csv"))
    assert found.faults == () and found.working_days == 260
    assert "260" in found.warnings[0][1]


def test_free_days_follow_the_calendar_and_weekdays_where_nobody_knows_the_year():
    import scene

    holidays = scene.draft(10, "914201", visits=VisitDays(first=date(2026, 9, 28), last=date(2026, 10, 11)))
    assert free_days(holidays, "A") == 10
    assert free_days(holidays, "A", CALENDAR) == 3 + 3  # 28 to 30 September; 8, 9 and the Saturday 10 October
    on_leave = scene.draft(10, "914201", visits=VisitDays(first=date(2026, 10, 1), last=date(2026, 10, 7)))
    assert free_days(on_leave, "A", CALENDAR) == 7, "visits on days off alone are meant to be on them"


async def test_only_a_confirmed_file_counts_the_newest_holds_and_nothing_confirmed_changes(office, employ):
    registrar = await _staff(office, employ, "deng", "registrar")
    data = (SAMPLES / "calendar-2026.csv").read_bytes()
    load = await check_calendar(office, registrar, "2026.csv", data, "国办发明电〔2025〕7号")
    assert (await _known(office)).years == frozenset()
    for _ in range(2):
        load = await confirm_calendar(office, registrar, load.id)
    assert days_of_year(await _known(office), 2026) == 248
    moved = data.replace("2026-05-09,上班".encode(), "2026-05-10,上班".encode())
    office.clock.advance(minutes=1)
    second = await check_calendar(office, registrar, "2026b.csv", moved, "更正")
    assert is_working_day(await _known(office), date(2026, 5, 9))
    await confirm_calendar(office, registrar, second.id)
    assert not is_working_day(await _known(office), date(2026, 5, 9))
    assert [one.id for one in await list_calendars(office)] == [second.id, load.id]
    for sql in ("UPDATE calendar_load SET days = '[]'", "DELETE FROM calendar_load"):
        with pytest.raises(Exception, match="never change"):
            await office.pool.execute(sql)


async def test_a_calendar_without_its_notice_or_by_somebody_else_is_not_taken(office, employ):
    data = (SAMPLES / "calendar-2025.csv").read_bytes()
    with pytest.raises(Invalid):
        await check_calendar(office, None, "2025.csv", data, " ")
    with pytest.raises(Invalid) as refused:
        await check_calendar(office, None, "2025.csv", data.replace(b"2025-01-01", b"2025-01-41"), "x")
    assert len(refused.value.faults) == 1
    with pytest.raises(Denied):
        await check_calendar(office, await _staff(office, employ, "wang", "operator"), "2025.csv", data, "x")
    assert await office.pool.fetchval("SELECT count(*) FROM calendar_load") == 0


async def _staff(office, employ, login, *roles):
    from service.accounts import Staff

    return Staff(await employ(login, *roles), login, login, frozenset(roles))


async def _known(office):
    async with office.pool.acquire() as connection:
        return await read_calendars(connection)
