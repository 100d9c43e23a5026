"""How evenly teams are drawn: our rule beside greedy with re-draw, list order, fewest first and least loaded first.

On small instances (distributions_exact.py) every rule's distribution is computed exactly and set beside two others: the
uniform one over all complete assignments, and the best a lottery of any kind can do for the worst-off pair.

    TV         half the sum of differences to the uniform distribution, per seat, mean over seats and instances
    min ratio  least chance of a possible (target, person) pair over the equal chance 2/|eligible|, mean over instances
    rejected   share of seeds thrown away

Then the program itself: `selection.teams.assign` on fixed numbers, every pair's count against its exact probability. A
figure of the earlier study counts as reproduced if it lies within three standard errors of its 12 instances and ours;
its instances are not known, so no closer agreement can be asked for.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from math import fsum, log2, sqrt
from typing import cast

from benchmarks.county import dice
from benchmarks.prove.distributions_exact import (
    PEOPLE,
    RULES,
    SEATS,
    TARGETS,
    Instance,
    Pairs,
    best_ratio,
    make_instance,
    of_rule,
    of_uniform,
)
from benchmarks.prove.fairness_statistics import binomial_tails
from selection.eligibility import OpenSeat, Staff
from selection.keys import digest_of, draw_key, stage_key
from selection.order import in_order
from selection.teams import assign

__all__ = ["OURS", "check_program", "count_program", "run", "total_variation", "workload", "worst_ratio"]

OURS, GREEDY, LISTED, FEWEST, IDLEST = RULES
UNIFORM, BEST = "uniform over complete assignments", "best possible for the worst-off pair"
PLACES = {"1.00": 12, "1.15": 14, "1.50": 18}
INSTANCES, CHECKED, DRAWS, ALPHA = 60, 12, 4_000, 1e-6

# (TV, min ratio) at the three tightnesses, and the seeds greedy throws away, as the earlier study states them.
STATED_TV = {
    OURS: (0.013, 0.024, 0.028),
    GREEDY: (0.011, 0.020, 0.025),
    LISTED: (0.082, 0.089, 0.078),
    FEWEST: (0.067, 0.081, 0.063),
    IDLEST: (0.028, 0.063, 0.074),
}
STATED_RATIO = {
    OURS: (0.40, 0.51, 0.59),
    GREEDY: (0.38, 0.50, 0.57),
    LISTED: (0.22, 0.23, 0.29),
    FEWEST: (0.24, 0.23, 0.31),
    IDLEST: (0.26, 0.56, 0.52),
    UNIFORM: (0.38, 0.44, 0.47),
}
STATED_REJECTED = (0.79, 0.32, 0.21)
STATED_OF_BEST = {OURS: (0.84, 0.82, 0.82), UNIFORM: (0.79, 0.71, 0.68)}
STATED_DEVIATION = {7: 0.80, 8: 1.61, 10: 2.23, 20: 2.49}
STUDY_INSTANCES = 12


class NobodyApart:
    """All that `assign` asks of a staff in which no two people are kept apart."""

    apart: Mapping[str, set[str]] = {}

    def clashes(self, person: str, with_: Collection[str]) -> bool:
        return False


STAFF = cast(Staff, NobodyApart())


def total_variation(pairs: Pairs, uniform: Pairs) -> Fraction:
    """Return the mean over seats of the distance between two distributions of pairs."""
    off = sum((abs(pairs.get(p, Fraction(0)) - uniform.get(p, Fraction(0))) for p in {*pairs, *uniform}), Fraction(0))
    return off / 2 / (SEATS * TARGETS)


def worst_ratio(instance: Instance, pairs: Pairs, possible: Pairs) -> Fraction:
    """Return the least chance of a possible pair over its equal chance."""
    return min(pairs.get(pair, Fraction(0)) * Fraction(len(instance.eligible[pair[0]]), SEATS) for pair in possible)


def count_program(instance: Instance, number: int, draws: int) -> Counter[tuple[int, int]]:
    """Return how often `assign` gave each pair in `draws` draws; every draw has to be complete."""
    s = digest_of(f"double-random prove distributions, instance {number}, places {sum(instance.places)}".encode())
    places = {f"p-{p}": have for p, have in enumerate(instance.places)}
    counts = Counter[tuple[int, int]]()
    for draw in range(draws):
        key = draw_key(s, [dice(draw)])
        seats = []
        for _, target in in_order(stage_key(key, "targets"), map(str, range(TARGETS))):
            able = [f"p-{p}" for p in instance.eligible[int(target)]]
            order = tuple(person for _, person in in_order(stage_key(key, f"inspectors/{target}"), able))
            seats += [OpenSeat(target, seat, order) for seat in range(1, SEATS + 1)]
        found = assign(seats, places, STAFF, {})
        assert found.outcome == "COMPLETE"
        counts.update((int(seat.target), int(p[2:])) for seat, p in zip(seats, found.people, strict=True))
    return counts


def check_program(instance: Instance, number: int, draws: int) -> float:
    """Return the least of the exact tails of all pairs' counts under the computed distribution."""
    exact, _ = of_rule(instance, RULES[OURS])
    counts = count_program(instance, number, draws)
    if not counts.keys() <= exact.keys():
        return 0.0
    return min(min(binomial_tails(counts[pair], draws, chance)) for pair, chance in exact.items())


def workload(cap: int, draws: int, one_ticket: bool = False) -> tuple[float, float]:
    """Return the standard deviation of the load and the share of people without any: 100 targets × 2, 30 people.

    With `one_ticket` everybody has one ticket for all targets: the design we do not use.
    """
    people = [f"p-{n:02}" for n in range(30)]
    s, deviation, idle = digest_of(f"double-random prove distributions, cap {cap}".encode()), list[float](), 0
    for draw in range(draws):
        key = draw_key(s, [dice(draw)])
        seats, everywhere = list[OpenSeat](), tuple(p for _, p in in_order(stage_key(key, "inspectors"), people))
        for _, target in in_order(stage_key(key, "targets"), [f"t-{n}" for n in range(100)]):
            order = everywhere
            if not one_ticket:
                order = tuple(p for _, p in in_order(stage_key(key, f"inspectors/{target}"), people))
            seats += [OpenSeat(target, 1, order), OpenSeat(target, 2, order)]
        found = assign(seats, dict.fromkeys(people, cap), STAFF, {})
        assert found.outcome == "COMPLETE"
        load = Counter(found.people)
        deviation.append(sqrt(fsum((load[p] - 200 / 30) ** 2 for p in people) / 30))
        idle += sum(not load[p] for p in people)
    return fsum(deviation) / draws, idle / (30 * draws)


def round_robin(people: int, targets: int) -> tuple[int, int, int]:
    """Return, for teams of two dealt in turn from a random start: whole draws, teams within one draw, teams in all."""
    draws = {
        tuple(((start + 2 * t) % people, (start + 2 * t + 1) % people) for t in range(targets))
        for start in range(people)
    }
    return len(draws), max(len(set(draw)) for draw in draws), len({team for draw in draws for team in draw})


def _verdict(values: Sequence[float], stated: float) -> str:
    mean = fsum(values) / len(values)
    deviation = sqrt(fsum((v - mean) ** 2 for v in values) / (len(values) - 1))
    # Half a unit of the last printed digit is the study's own rounding.
    near = abs(mean - stated) <= 3 * deviation * sqrt(1 / len(values) + 1 / STUDY_INSTANCES) + 0.0005
    return "reproduced" if near else "CORRECTED"


def _word(near: bool) -> str:
    return "reproduced" if near else "CORRECTED"


def _table(title: str, found: Mapping[str, Sequence[Sequence[float]]], stated: Mapping[str, Sequence[float]], digits: int) -> None:  # fmt: skip
    print(f"  {title}, at places ÷ seats {' / '.join(PLACES)}; stated in brackets")
    for name, columns in found.items():
        cells = []
        for at, values in enumerate(columns):
            cell = f"{fsum(values) / len(values):.{digits}f}"
            if name in stated:
                cell += f" [{stated[name][at]:.{digits}f} {_verdict(values, stated[name][at])}]"
            cells.append(f"{cell:<26}")
        print(f"    {name:<40}{''.join(cells)}".rstrip())


def run(instances: int = INSTANCES, checked: int = CHECKED, draws: int = DRAWS, loads: int = 200) -> bool:
    """Print all tables; return whether every claim at the end holds."""
    pairs_at_most = checked * len(PLACES) * TARGETS * PEOPLE
    limit = ALPHA / (2 * pairs_at_most)
    print(f"distributions: {TARGETS} targets × {SEATS} seats, {PEOPLE} people, 65 % eligible; {instances} instances (0..{instances - 1})"
          f" per tightness, exact; program: {checked} instances × {draws} draws, numbers dice(0)..dice({draws - 1}); no p below"
          f" 1e-6/{2 * pairs_at_most} = {limit:.1e}")  # fmt: skip
    names = (*RULES, UNIFORM, BEST)
    tv: dict[str, list[list[float]]] = {name: [[] for _ in PLACES] for name in RULES}
    ratio: dict[str, list[list[float]]] = {name: [[] for _ in PLACES] for name in names}
    rejected: list[list[float]] = [[] for _ in PLACES]
    shut_out = ours_rejects = 0
    least = 1.0
    for at, places in enumerate(PLACES.values()):
        for number in range(instances):
            instance = make_instance(number, places)
            uniform, _ = of_uniform(instance)
            for name, rule in RULES.items():
                pairs, finished = of_rule(instance, rule)
                tv[name][at].append(float(total_variation(pairs, uniform)))
                ratio[name][at].append(float(worst_ratio(instance, pairs, uniform)))
                if name == OURS:
                    shut_out += pairs.keys() != uniform.keys()
                    ours_rejects += finished != 1
                if name == GREEDY:
                    rejected[at].append(float(1 - finished))
            ratio[UNIFORM][at].append(float(worst_ratio(instance, uniform, uniform)))
            ratio[BEST][at].append(float(best_ratio(instance, uniform)))
            if number < checked:
                least = min(least, check_program(instance, number, draws))
    _table("TV to uniform per seat", tv, STATED_TV, 3)
    _table("min ratio", ratio, STATED_RATIO, 2)
    _table("rejected seeds", {GREEDY: rejected}, {GREEDY: STATED_REJECTED}, 2)
    of_best = {
        name: [[v / b for v, b in zip(ratio[name][at], ratio[BEST][at], strict=True)] for at in range(len(PLACES))]
        for name in (*RULES, UNIFORM)
    }
    _table("min ratio ÷ the best possible", of_best, STATED_OF_BEST, 2)
    print("  least loaded first serves the worst-off pair as well as ours; what speaks against it is that whoever counts can"
          " tell who comes next")  # fmt: skip
    print(f"  the program against the exact distribution: least p of all pairs {least:.2g}")

    print(f"  load of 30 people, 100 targets × 2 (mean 6.67), all eligible, {loads} draws: standard deviation; stated in brackets")
    deviations = {cap: workload(cap, loads) for cap in STATED_DEVIATION}
    spread_held = True
    for cap, (deviation, idle) in deviations.items():
        near = abs(deviation - STATED_DEVIATION[cap]) <= 0.05
        spread_held = spread_held and near
        print(f"    cap {cap:>2}: {deviation:.2f} [{STATED_DEVIATION[cap]:.2f} {_word(near)}], idle {100 * idle:.1f} %")
    _, idle = workload(20, loads, one_ticket=True)
    print(f"    one ticket per person for all targets, cap 20: idle {100 * idle:.1f} % [62 % {_word(abs(idle - 0.62) <= 0.02)}];"
          " with everybody eligible ten people of 20 places fill all 200 seats")  # fmt: skip
    whole, within, in_all = round_robin(30, 100)
    print(f"  teams dealt in turn from a random start (provincial system), 30 people, 100 targets × 2: {whole} whole draws ="
          f" {log2(whole):.1f} bits, {within} teams within a draw, {in_all} of {30 * 29 // 2} in all"
          f" [30, 4.9, 15 {_word((whole, round(log2(whole), 1), within) == (30, 4.9, 15))}]")  # fmt: skip
    print("  not repeated: seats shuffled or in rounds, one ticket (TV), swap chain, min-cost flow, simplex against interior point,"
          " the 100 × 40 instances: no claim of ours rests on them")  # fmt: skip

    def mean(of: Mapping[str, Sequence[Sequence[float]]], name: str, at: int) -> float:
        return fsum(of[name][at]) / len(of[name][at])

    claims: dict[str, Callable[[], bool]] = {
        "the program's counts are those of the exact distribution": lambda: least >= limit,
        "our rule throws no seed away": lambda: not ours_rejects,
        "exactly the pairs that some complete assignment has can be drawn": lambda: not shut_out,
        "greedy throws seeds away at every tightness": lambda: all(mean({GREEDY: rejected}, GREEDY, at) > 0.02 for at in range(3)),
        "ours is nearer to uniform than list order, fewest first and least loaded first": lambda: all(
            mean(tv, OURS, at) < mean(tv, other, at) for at in range(3) for other in (LISTED, FEWEST, IDLEST)
        ),
        "ours serves the worst-off pair better than list order and fewest first": lambda: all(
            mean(ratio, OURS, at) > mean(ratio, other, at) for at in range(3) for other in (LISTED, FEWEST)
        ),
        "from 1.15 on, also better than the uniform distribution does": lambda: all(
            mean(ratio, OURS, at) > mean(ratio, UNIFORM, at) for at in (1, 2)
        ),
        # 3/4 was asked for first, from the study's 0.84 / 0.82 / 0.82, and did not hold: 0.74 at tightness 1.00.
        "ours gives the worst-off pair over 7/10 of the best any lottery could (3/4 was claimed first: false at 1.00)": lambda: all(
            mean(of_best, OURS, at) > 0.7 for at in range(3)
        ),
        "caps set the spread of the load as stated": lambda: spread_held,
        "one ticket for all targets leaves two thirds idle, ours under 1 %": lambda: abs(idle - 2 / 3) < 0.01 and deviations[20][1] < 0.01,
        "teams dealt in turn know 30 whole draws and 15 teams in each": lambda: (whole, within) == (30, 15),
    }
    verdicts = {claim: holds() for claim, holds in claims.items()}
    for claim, holds in verdicts.items():
        print(f"  {'holds' if holds else 'DOES NOT HOLD'}: {claim}")
    return all(verdicts.values())
