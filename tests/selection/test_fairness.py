"""Small slices of `./run prove fairness` and `distributions`, and the yardsticks those proofs measure with."""

import math
from fractions import Fraction
from itertools import combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.prove import distributions, distributions_exact
from benchmarks.prove.distributions_exact import RULES, best_ratio, make_instance, of_rule, of_uniform
from benchmarks.prove.fairness_provincial import line_chances, page_outcomes, report_page
from benchmarks.prove.fairness_sizes import (
    ALPHA,
    SIZES,
    Size,
    count_draws,
    fixed_pairs,
    id_chi_square,
    judge,
    number_of_tests,
)
from benchmarks.prove.fairness_statistics import binomial_tails, chi_square_tail, pair_chi_square

# The yardsticks


@pytest.mark.parametrize("degrees", [2, 4, 10, 100, 1498])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 3.0])
def test_chi_square_tail_is_the_finite_sum_for_even_degrees(degrees, share):
    half = Fraction(share * degrees / 2)
    term = total = Fraction(1)
    for i in range(1, degrees // 2):
        term = term * half / i
        term = Fraction(round(term * 2**200), 2**200)  # 60 digits are enough
        total += term
    wanted = math.exp(math.log(total.numerator) - math.log(total.denominator) - float(half))
    assert chi_square_tail(2 * float(half), degrees) == pytest.approx(wanted, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("value", [0.01, 0.5, 1, 2, 4, 30, 200])
def test_chi_square_tail_of_one_degree_is_that_of_a_normal_square(value):
    assert chi_square_tail(value, 1) == pytest.approx(math.erfc(math.sqrt(value / 2)), rel=1e-11)


def test_chi_square_tail_at_the_ends():
    assert chi_square_tail(0, 5) == 1
    assert chi_square_tail(1e6, 100) == 0


@given(st.integers(1, 40), st.integers(0, 12), st.integers(1, 12), st.data())
def test_binomial_tails_are_the_sums(draws, a, b, data):
    chance = Fraction(min(a, b), b)
    count = data.draw(st.integers(0, draws))
    mass = [math.comb(draws, x) * chance**x * (1 - chance) ** (draws - x) for x in range(draws + 1)]
    low, high = binomial_tails(count, draws, chance)
    assert low == pytest.approx(float(sum(mass[: count + 1])), rel=1e-12, abs=1e-15)
    assert high == pytest.approx(float(sum(mass[count:])), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("size", "taken"), [(6, 3), (7, 2), (7, 5), (8, 4)])
def test_pair_chi_square_has_its_degrees_as_mean_and_is_blind_to_nothing_else(size, taken):
    """Over all samples of one draw, all equally likely, the mean of the statistic is exactly its degrees of freedom."""
    total = Fraction(0)
    samples = list(combinations(range(size), taken))
    for sample in samples:
        together = {(i, j): int(i in sample and j in sample) for i, j in combinations(range(size), 2)}
        value, degrees = pair_chi_square(together, size, taken, 1)
        total += Fraction(value)
    assert degrees == size * (size - 3) // 2
    assert float(total / len(samples)) == pytest.approx(degrees, rel=1e-12)


def test_number_of_tests_is_known_beforehand():
    assert all(len(fixed_pairs(size.ids, size.taken)) == (math.comb(size.ids, 2) if size.ids <= 150 else 1000) for size in SIZES)
    assert sum(map(number_of_tests, SIZES)) == 79_807
    assert {(size.ids, size.taken) for size in SIZES} == {(1499, 500), (1751, 24), (119, 50), (145, 95), (12_000, 7_000)}


# The provincial rules, as published descriptions measured them


@pytest.mark.parametrize(
    ("size", "count", "outcomes", "never", "always"),
    [
        (1_000, 50, 20, 0, 0),
        (1_499, 500, 2, 499, 0),
        (1_751, 24, 72, 23, 0),
        (119, 50, 2, 19, 0),
        (20_000, 1_000, 20, 1_500, 0),
        (145, 95, 2, 0, 45),
        (12_000, 7_000, 2, 2_500, 4_500),
    ],
)
def test_restated_page_rule_gives_the_published_figures(size, count, outcomes, never, always):
    report = report_page(size, count)
    assert (report.outcomes, report.never, report.always) == (outcomes, never, always)
    assert {len(rows) for rows in page_outcomes(size, count)} == {count}


def test_restated_line_rule_gives_the_published_figures():
    chances = line_chances(1_000, 50)
    first, last = sum(chances[:50]) / 50, sum(chances[-50:]) / 50
    assert (round(first, 3), round(last, 3), round(last / first, 2)) == (0.027, 0.073, 2.73)
    assert max(len(range(start, 1_000, 1_000 // 400)) for start in range(1_000)) == 500


# Ours


@pytest.mark.parametrize("size", [Size(20, 6, 600), Size(21, 15, 600), Size(600, 200, 300, together=20)])
def test_every_id_pair_and_reserve_is_as_likely_as_it_should_be_and_provincial_ones_are_not(size):
    tally = count_draws(size)
    limit = ALPHA / number_of_tests(size)
    assert min(judge(tally).values()) >= limit
    assert id_chi_square(tally.line, size) < limit
    assert sum(tally.drawn) == size.taken * size.draws == sum(tally.table[0])


def test_a_planted_unfairness_is_seen():
    """One firm that is drawn in place of its neighbour every fourth time."""
    tally = count_draws(Size(20, 6, 2000))
    moved = tally.drawn[3] // 4
    tally.drawn[3] -= moved
    tally.drawn[4] += moved
    found = judge(tally)
    assert found["ids"] < 1e-6 and found["single ids"] < 1e-4


# Teams


def test_uniform_distribution_is_that_of_all_complete_assignments():
    instance = make_instance(0, 12)
    pairs, total = of_uniform(instance)
    counted, ways = {}, 0

    def fill(t, left, chosen):
        nonlocal ways
        if t == distributions_exact.TARGETS:
            ways += 1
            for pair in chosen:
                counted[pair] = counted.get(pair, 0) + 1
            return
        for team in combinations(instance.eligible[t], 2):
            if all(left[p] for p in team):
                fill(t + 1, [n - (p in team) for p, n in enumerate(left)], [*chosen, *((t, p) for p in team)])

    fill(0, list(instance.places), [])
    assert ways == total
    assert pairs == {pair: Fraction(count, ways) for pair, count in counted.items()}


@pytest.mark.parametrize("places", [12, 14])
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_a_distribution_that_the_best_lottery_bounds(rule, places):
    instance = make_instance(2, places)
    uniform, _ = of_uniform(instance)
    pairs, finished = of_rule(instance, RULES[rule])
    assert [sum(p for (t, _), p in pairs.items() if t == target) for target in range(distributions_exact.TARGETS)] == [2] * 6
    assert pairs.keys() <= uniform.keys() and (finished == 1) == (rule != distributions.GREEDY)
    assert distributions.worst_ratio(instance, pairs, uniform) <= best_ratio(instance, uniform) <= 1


def test_exact_distribution_in_list_order_is_that_of_all_ticket_orders():
    """Every order of the eligible people of every target, tried one by one, on the targets that are left to one another."""
    instance = make_instance(2, 12)
    small = distributions_exact.Instance(instance.eligible, instance.places)
    rule = RULES[distributions.LISTED]
    pairs, _ = of_rule(small, rule)
    counted, orders = {}, list(permutations(small.eligible[0]))
    for order in orders:
        left = list(small.places)
        for _ in range(2):
            for p in order:
                taken = [q for q in order if left[q] < small.places[q]]
                if p not in taken and left[p] and _completes(small, (*taken, p)):
                    left[p] -= 1
                    counted[p] = counted.get(p, 0) + 1
                    break
    assert {p: Fraction(c, len(orders)) for p, c in counted.items()} == {p: c for (t, p), c in pairs.items() if t == 0}


def _completes(instance, chosen):
    """Whether the first target may hold `chosen` in some complete assignment."""

    def fill(t, left):
        if t == distributions_exact.TARGETS:
            return True
        return any(
            fill(t + 1, [n - (p in team) for p, n in enumerate(left)])
            for team in combinations(instance.eligible[t], 2)
            if all(left[p] for p in team) and (t or set(chosen) <= set(team))
        )

    return fill(0, list(instance.places))


@pytest.mark.parametrize(("number", "places"), [(0, 12), (1, 14), (2, 18)])
def test_program_draws_from_the_exact_distribution(number, places):
    assert distributions.check_program(make_instance(number, places), number, 400) >= ALPHA / 84


def test_caps_bound_the_load_and_one_ticket_for_all_targets_would_leave_most_idle():
    narrow, wide = distributions.workload(7, 5)[0], distributions.workload(20, 5)
    assert narrow < 1 < wide[0] and wide[1] < 0.02
    assert distributions.workload(20, 3, one_ticket=True)[1] == pytest.approx(2 / 3)
