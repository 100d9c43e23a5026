"""What depends on a calendar becomes places at the freeze: leave, and how many targets one day holds."""

from datetime import date

import pytest
import scene
from hypothesis import given
from hypothesis import strategies as st

from service.drafting import create_draft, preview
from service.drafts import Leave, VisitDays
from service.people import free_days, places_of

MONDAY = date(2026, 11, 23)


def draft(**more):
    return scene.draft(10, "914201", **more)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [(MONDAY, date(2026, 12, 6), 10), (MONDAY, MONDAY, 1), (date(2026, 11, 28), date(2026, 11, 29), 2), (date(2026, 11, 27), date(2026, 11, 30), 2)],
)
def test_days_are_monday_to_friday_unless_the_visits_are_on_a_weekend_alone(first, last, days):
    assert free_days(draft(visits=VisitDays(first=first, last=last)), "A") == days


def test_leave_takes_its_days_and_only_of_that_person():
    wanted = draft(
        visits=VisitDays(first=MONDAY, last=date(2026, 11, 27)),
        leave=(Leave(person="A", first=MONDAY, last=MONDAY), Leave(person="A", first=MONDAY, last=date(2026, 11, 24))),
        most_per_day=2,
    )
    assert (free_days(wanted, "A"), free_days(wanted, "B")) == (3, 5)
    assert (places_of(wanted, "A", 9), places_of(wanted, "B", 9), places_of(wanted, "B", 12)) == (6, 9, 10)


@given(st.integers(0, 9999), st.integers(1, 100))
def test_a_limit_per_day_never_adds_places(capacity, most):
    wanted = draft(most_per_day=most)
    assert places_of(wanted, "A", capacity) <= capacity
    assert places_of(draft(), "A", capacity) == capacity


async def test_whoever_is_away_throughout_takes_no_part_and_an_unknown_name_is_a_fault(office, clock):
    people = await scene.found_city(office)
    always = Leave(person="42190001", first=date(2026, 1, 1), last=date(2027, 1, 1))
    mandatory = await office.pool.fetchval("SELECT id FROM target WHERE status = 'active' AND risk_colour = 'red' ORDER BY id LIMIT 1")
    clock.set("2026-11-10T01:00:00+00:00")
    one = await create_draft(office, people["operator"], scene.draft(10, mandatory, leave=(always,), most_per_day=1))
    seen = await preview(office, people["operator"], one)
    assert (seen["faults"], seen["people"]["inspector"]) == ([], 44)
    unknown = Leave(person="nobody", first=date(2026, 12, 2), last=date(2026, 12, 1))
    other = await create_draft(office, people["operator"], scene.draft(11, mandatory, leave=(unknown,)))
    with pytest.raises(Exception, match=r"nobody|leave") as refused:
        await preview(office, people["operator"], other)
    assert len(refused.value.faults) == 2
