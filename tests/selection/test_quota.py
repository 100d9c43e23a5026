"""Quotas are exact: what fractions give, never what floats give (docs/spec/plan.md)."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selection.errors import PlanError
from selection.plan import AtLeast, Fixed, Percent
from selection.quota import Population, count_quota, state_quota

steady = settings(derandomize=True, deadline=None, max_examples=500)
count = st.integers(0, 2**53 - 1)
shares = st.tuples(st.integers(1, 2**53 - 1), count).map(lambda pair: (max(pair), min(pair)))


@steady
@given(shares, st.integers(0, 10**7))
def test_shares_are_what_fractions_give(share, base):
    denominator, numerator = share
    exact = Fraction(base) * Fraction(numerator, denominator)
    assert count_quota(Percent(denominator, numerator), base) == floor(exact + Fraction(1, 2))
    assert count_quota(AtLeast(denominator, numerator), base) == ceil(exact)


def test_small_shares_by_enumeration():
    for base in range(41):
        for denominator in range(1, 13):
            for numerator in range(denominator + 1):
                exact = Fraction(base * numerator, denominator)
                assert count_quota(Percent(denominator, numerator), base) == floor(exact + Fraction(1, 2))
                assert count_quota(AtLeast(denominator, numerator), base) == ceil(exact)


@steady
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 330), st.booleans())
def test_stated_quota_follows_from_population_and_rule(everyone, obliged, asked, counts):
    m, free = min(everyone, obliged), everyone - min(everyone, obliged)
    base = everyone if counts else free
    if asked > base:
        with pytest.raises(PlanError, match="exceeds"):
            state_quota("lead", Fixed(asked), Population(everyone, m), counts)
        return
    quota = state_quota("lead", Fixed(asked), Population(everyone, m), counts)
    assert (quota.base, quota.quota) == (base, asked)
    assert quota.by_lot == (max(0, asked - m) if counts else asked)
    assert 0 <= quota.by_lot <= free
    assert quota.chance == f"{quota.by_lot}/{free}"
    assert m + quota.by_lot >= asked


@pytest.mark.parametrize("rule", [Percent(0, 0), AtLeast(0, 0), Percent(1, 2), AtLeast(99, 100)])
def test_share_beyond_the_whole_is_refused(rule):
    with pytest.raises(PlanError, match="not between 0 and 1"):
        count_quota(rule, 10)


def test_five_percent_of_ten_is_one():
    """Half up: 0.5 gives 1, where Python's round gives 0."""
    assert count_quota(Percent(denominator=100, numerator=5), 10) == 1
    assert round(0.5) == 0
