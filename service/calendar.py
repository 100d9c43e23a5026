"""On which days China works: Monday to Friday, but for the public holidays and the weekend days worked for them, year by year. Pure.

The days are fixed each year by a notice of the State Council, late in the year before. Where the year is not loaded nobody can know,
so a deadline is refused rather than guessed. Estimates may fall back to weekdays where they say so (`free_days`, service/people.py).
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct

from service.errors import Conflicting

__all__ = ["UNKNOWN", "Calendar", "DifferentDay", "add_working_days", "calendar_of", "days_of_year", "is_working_day", "missing_years",
           "working_days_between"]  # fmt: skip

_DAY = timedelta(days=1)


class DifferentDay(Struct, frozen=True, array_like=True):
    """A day that is not as its weekday: a holiday, or a weekend day that is worked (`works`)."""

    day: date
    works: bool
    name: str


class Calendar(Struct, frozen=True, eq=False):
    """What is known: `years` that were loaded, and of each day that differs from its weekday whether it is worked."""

    years: frozenset[int]
    works: Mapping[date, bool]


UNKNOWN = Calendar(frozenset(), {})


def calendar_of(years: Mapping[int, Iterable[DifferentDay]]) -> Calendar:
    """Return the calendar of these years."""
    return Calendar(frozenset(years), {one.day: one.works for days in years.values() for one in days})


def missing_years(calendar: Calendar, first: date, last: date) -> tuple[int, ...]:
    """Return the years from `first` to `last` of which nothing is known."""
    return tuple(year for year in range(first.year, last.year + 1) if year not in calendar.years)


def _refuse(year: int) -> Conflicting:
    return Conflicting(
        f"{year} 年的工作日历尚未导入并确认，不能推算工作日；请登记员在“工作日历”导入国务院办公厅的放假通知",
        f"the working days of {year} are not loaded and confirmed, so none can be counted; load the State Council's notice under the calendar",
    )


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Return whether offices work on `day`; Conflicting if its year is not loaded."""
    if day.year not in calendar.years:
        raise _refuse(day.year)
    return calendar.works.get(day, day.weekday() < 5)


def working_days_between(calendar: Calendar, first: date, last: date) -> int:
    """Return how many working days there are from `first` to `last`, both included, none if `last` is before `first`.

    Conflicting if a year between them is not loaded.
    """
    return sum(is_working_day(calendar, first + n * _DAY) for n in range((last - first).days + 1))


def add_working_days(calendar: Calendar, start: date, n: int) -> date:
    """Return the `n`-th working day after `start`, which does not count itself; `start` for 0, earlier days for a negative `n`.

    Conflicting if the way leads into a year that is not loaded, also for 0.
    """
    step, left, day = (_DAY if n > 0 else -_DAY), abs(n), start
    is_working_day(calendar, day)
    while left:
        day += step
        left -= is_working_day(calendar, day)
    return day


def days_of_year(calendar: Calendar, year: int) -> int:
    """Return how many working days a year has (法定工作日); Conflicting if it is not loaded."""
    return working_days_between(calendar, date(year, 1, 1), date(year, 12, 31))
