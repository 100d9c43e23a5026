"""Quotas are exact: what fractions give, never what floats give (docs/spec/plan.md)."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selection.errors import PlanError
from selection.plan import AtLeast, Fixed, LargestRemainder, Percent, PercentOrOne, PerOfficer, PerPeriod
from selection.pool import Person
from selection.quota import Population, count_quota, officers_of, split_total, state_quota

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


@steady
@given(shares, st.integers(0, 10**7))
def test_one_of_percent_or_one_is_given_to_whoever_would_get_none(share, base):
    denominator, numerator = share
    plain = count_quota(Percent(denominator, numerator), base)
    assert count_quota(PercentOrOne(denominator, numerator), base) == (plain or (1 if base else 0))


@steady
@given(shares, st.integers(0, 10**7), st.integers(1, 400))
def test_periods_of_a_year_add_up_to_the_year(share, base, periods):
    """No period's part differs by more than one from an even one, and none is lost by rounding."""
    denominator, numerator = share
    year = count_quota(Percent(denominator, numerator), base)
    parts = [count_quota(PerPeriod(denominator, numerator, period, periods), base) for period in range(1, periods + 1)]
    assert sum(parts) == year
    assert {part - year // periods for part in parts} <= {0, 1}


@pytest.mark.parametrize(("period", "periods"), [(0, 1), (0, 0), (1, 0), (5, 4)])
def test_period_that_is_not_one_of_the_year_is_refused(period, periods):
    with pytest.raises(PlanError, match="is not one of"):
        count_quota(PerPeriod(denominator=2, numerator=1, period=period, periods=periods), 10)


@steady
@given(st.integers(0, 2**53 - 1), st.integers(0, 12_000), st.integers(0, 10**6))
def test_officers_get_so_many_targets_each_and_never_more_than_there_are(targets, officers, base):
    assert count_quota(PerOfficer(targets), base, officers) == min(base, targets * officers)


def test_officers_are_inspectors_with_places():
    def person(section, role, places):
        return Person("p-" + "0" * 32, section, role, (), (), places, "A" * 43)

    staff = [person("lead", "inspector", 1), person("lead", "inspector", 9), person("lead", "inspector", 0),
             person("lead", "expert", 3), person("fire", "inspector", 2)]  # fmt: skip
    assert dict(officers_of(staff)) == {"lead": 2, "fire": 1}


strata = st.lists(st.integers(1, 10**6), min_size=1, max_size=30)


@st.composite
def splits(draw):
    """Bases, and a total that gives each stratum one target or more."""
    bases = draw(strata)
    return draw(st.integers(-(-sum(bases) // min(bases)), sum(bases))), bases


@steady
@given(splits())
def test_split_gives_all_of_the_total_and_nobody_far_from_their_share(given_):
    total, bases = given_
    parts = split_total(total, bases)
    assert sum(parts) == total
    for part, base in zip(parts, bases, strict=True):
        share = Fraction(total * base, sum(bases))
        assert 1 <= floor(share) <= part <= ceil(share) <= base


@steady
@given(splits())
def test_split_is_the_largest_remainders_one_by_one(given_):
    """A second way: hand the rest out one target at a time to the largest remainder, the larger base, the earlier stratum."""
    total, bases = given_
    shares = [Fraction(total * base, sum(bases)) for base in bases]
    parts = [floor(share) for share in shares]
    rest = {h: share - floor(share) for h, share in enumerate(shares)}
    for _ in range(total - sum(parts)):
        h = max(rest, key=lambda h: (rest[h], bases[h], -h))
        parts[h] += 1
        del rest[h]
    assert split_total(total, bases) == parts


@steady
@given(splits(), st.randoms(use_true_random=False))
def test_order_of_the_strata_does_not_matter_to_a_split(given_, r):
    """Only between strata of equal size does the earlier get the odd one."""
    total, bases = given_
    shuffled = r.sample(bases, len(bases))
    assert sorted(zip(bases, split_total(total, bases), strict=True)) == sorted(
        zip(shuffled, split_total(total, shuffled), strict=True)
    )


@pytest.mark.parametrize(
    ("total", "bases", "words"),
    [
        (1, [2, 2], "too small to be split over"), (0, [5], "too small to be split over"), (0, [0], "too small to be split over"),
        (5, [5, 0], "too small to be split over"), (6, [2, 3], "exceeds the 5"), (1, [0], "exceeds the 0"),
    ],
)  # fmt: skip
def test_split_that_leaves_a_stratum_without_a_chance_is_refused(total, bases, words):
    with pytest.raises(PlanError, match=words):
        split_total(total, bases)


def test_largest_remainder_states_the_part_it_is_given():
    quota = state_quota("lead", LargestRemainder(total=10), Population(30, 4), True, split=7)
    assert (quota.base, quota.quota, quota.by_lot, quota.chance) == (30, 7, 3, "3/26")
