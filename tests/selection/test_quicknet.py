"""Rounds and times of the beacon, against the calendar of the standard library."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from selection.quicknet import GENESIS, PERIOD, round_at, time_of

LAST = 253_402_300_799  # 9999-12-31T23:59:59Z


def written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@given(st.integers(946_684_800, LAST))
@example(GENESIS)
@example(951_782_400)  # 2000-02-29
@example(LAST)
def test_the_round_of_an_instant_is_the_first_that_is_not_before_it(seconds):
    number = round_at(written(seconds))
    assert number >= 1
    assert GENESIS + PERIOD * (number - 1) >= seconds
    assert number == 1 or GENESIS + PERIOD * (number - 2) < seconds


@given(st.integers(1, (LAST - GENESIS) // PERIOD + 1))
def test_the_time_of_a_round_is_its_own_first_instant(number):
    assert time_of(number) == written(GENESIS + PERIOD * (number - 1))
    assert round_at(time_of(number)) == number


@pytest.mark.parametrize(
    ("instant", "number"),
    [
        ("2023-08-23T15:59:21Z", 999), ("2023-08-23T15:59:22Z", 1000), ("2023-08-23T15:59:24Z", 1000),
        ("2023-08-23T15:59:25Z", 1001), ("2023-08-23T15:09:27Z", 1), ("2023-08-23T15:09:28Z", 2), ("2000-01-01T00:00:00Z", 1),
    ],
)  # fmt: skip
def test_the_cases_the_specification_prints(instant, number):
    assert round_at(instant) == number
