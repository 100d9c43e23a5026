"""Recency over 20 years: 2,000 firms, 10 % a year, 20 repetitions, beside an earlier study's table, line by line.

The study's figures were made with another generator, so a figure counts as reproduced within the tolerance its own noise
asks for; where its rule was another than the line says, the rule that gives its figures is run too, and named.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction

from msgspec import Struct

from selection.keys import ticket
from selection.order import first, in_order
from service.planning.explanation import explain, hundredths, percent
from service.planning.recency import (
    FrequencyCap,
    FreshDraw,
    History,
    Outcome,
    PermanentNumbers,
    Question,
    RecencyStrata,
    Rule,
    Share,
    simulate,
    stage_of,
)

__all__ = ["FIRMS", "FOUND", "KEPT", "REPETITIONS", "RULES", "SEED", "YEARS", "Line", "line_of", "run"]

FIRMS, PLACES, YEARS, REPETITIONS, SEED = 2_000, 200, 20, 20, "double-random prove recency"


class Line(Struct, frozen=True):
    """The figures of one rule: shares in per mille, the ratio in hundredths, None where the study gives none."""

    never: int
    most: int
    repeated: int
    safe: int
    lowest: int | None


# What the study (assignment study 5.4) states.
STATED: dict[str, Line] = {
    "fresh draw each year": Line(122, 9, 190, 0, 100),
    "permanent numbers in turn": Line(27, 4, 27, 900, None),
    "cap 1 year": Line(94, 8, 109, 100, 111),
    "cap 3 years": Line(49, 5, 0, 300, 143),
    "strata 80 % / > 5 years": Line(32, 6, 43, 0, 22),
    "strata 90 % / > 8 years": Line(1, 6, 22, 0, 11),
    "weight 1 + years since": Line(36, 6, 47, 0, 16),
}

RULES: dict[str, Rule] = {
    "fresh draw each year": FreshDraw(),
    "permanent numbers in turn": PermanentNumbers(),
    "cap 1 year": FrequencyCap(years=1),
    "cap 3 years": FrequencyCap(years=3),
    "strata 80 % / > 5 years": RecencyStrata(share=Share(80, 100), years=5),
    "strata 90 % / > 8 years": RecencyStrata(share=Share(90, 100), years=8),
}

# What this file says of each: tickets are hashes, so every figure is the same on every machine.
FOUND: dict[str, Line] = {
    "fresh draw each year": Line(121, 9, 188, 0, 100),
    "permanent numbers in turn": Line(0, 2, 0, 900, 1000),
    "cap 1 year": Line(96, 8, 109, 100, 111),
    "cap 3 years": Line(50, 5, 0, 300, 143),
    "strata 80 % / > 5 years": Line(53, 7, 97, 0, 43),
    "strata 90 % / > 8 years": Line(1, 6, 36, 0, 13),
    "80 % to > 5 years, 20 % among ALL left": Line(31, 7, 43, 0, 22),
    "90 % to > 8 years, 10 % among ALL left": Line(0, 5, 21, 0, 11),
    "weight 1 + years since (not in version 1)": Line(18, 7, 54, 0, 15),
}
KEPT = ("fresh draw each year", "cap 1 year", "cap 3 years")
OTHERS = {
    "strata 80 % / > 5 years": "80 % to > 5 years, 20 % among ALL left",
    "strata 90 % / > 8 years": "90 % to > 8 years, 10 % among ALL left",
    "weight 1 + years since": "weight 1 + years since (not in version 1)",
}
NAMES = [f"firm-{n}" for n in range(1, FIRMS + 1)]
PLACE = {name: n for n, name in enumerate(NAMES)}


def _rounded(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def line_of(outcome: Outcome) -> Line:
    """Return the five figures of the table."""
    return Line(_rounded(1000 * outcome.never), outcome.most, _rounded(1000 * outcome.repeated),
                _rounded(1000 * outcome.knows_safe), _rounded(100 * outcome.lowest))  # fmt: skip


Draw = Callable[[int, Sequence[int], str], list[int]]
Lowest = Callable[[int, Sequence[int]], Fraction]


def _other(draw: Draw, lowest: Lowest) -> Line:
    """Simulate a rule the plan format has no words for; `lowest` is the least chance of the year after the last."""
    counts, later, repeats, least = Counter[int](), 0, 0, Fraction(1)
    for repetition in range(1, REPETITIONS + 1):
        history = History(FIRMS)
        for year in range(1, YEARS + 1):
            history.record(year, draw(year, history.last, stage_of(SEED, repetition, year)))
        counts.update(history.count)
        later += history.later_visits
        repeats += history.repeats
        least = min(least, lowest(YEARS + 1, history.last))
    cases = FIRMS * REPETITIONS
    return Line(_rounded(Fraction(1000 * counts[0], cases)), max(counts), _rounded(Fraction(1000 * repeats, later)), 0,
                _rounded(100 * least / Fraction(PLACES, FIRMS)))  # fmt: skip


def strata_then_all(places: int, years: int) -> tuple[Draw, Lowest]:
    """`places` for firms not seen for more than `years` years, the others among all who are then left, long unseen or not."""

    def parts(year: int, last: Sequence[int]) -> tuple[list[int], int]:
        long_ago = [firm for firm in range(FIRMS) if year - last[firm] > years]
        return long_ago, min(places, len(long_ago))

    def draw(year: int, last: Sequence[int], stage: str) -> list[int]:
        long_ago, taken = parts(year, last)
        chosen = [PLACE[name] for _, name in first(stage, [NAMES[firm] for firm in long_ago], taken)]
        # A stage of its own: in the first one's order those left over are not a random sample.
        left = sorted(set(range(FIRMS)) - set(chosen))
        rest = first(ticket(stage, "second"), [NAMES[firm] for firm in left], PLACES - taken)
        return chosen + [PLACE[name] for _, name in rest]

    def lowest(year: int, last: Sequence[int]) -> Fraction:
        _, taken = parts(year, last)
        return Fraction(PLACES - taken, FIRMS - taken)

    return draw, lowest


def by_weight() -> tuple[Draw, Lowest]:
    """Chances proportional to 1 + the years gone by between last visit and this draw (0 for last year's): integer systematic draw over the ticket order.

    Never seen counts as seen in year 0; who is sure to be drawn by weight is drawn first (certainty loop).
    """

    def weights(year: int, last: Sequence[int]) -> list[int]:
        return [year - max(seen, 0) for seen in last]

    def certain(weight: list[int]) -> tuple[list[int], list[int], int, int]:
        sure, rest, places = list[int](), list(range(FIRMS)), PLACES
        while True:
            total = sum(weight[firm] for firm in rest)
            more = [firm for firm in rest if places * weight[firm] >= total]
            if not more:
                return sure, rest, places, total
            sure += more
            rest = [firm for firm in rest if places * weight[firm] < total]
            places -= len(more)

    def draw(year: int, last: Sequence[int], stage: str) -> list[int]:
        weight = weights(year, last)
        sure, rest, places, total = certain(weight)
        # 2^256 is so much larger than any total that the remainder is even to 1 in 10^70.
        next_mark, passed, chosen = int(ticket(stage, "start"), 16) % total, 0, sure
        for _, name in in_order(stage, [NAMES[firm] for firm in rest]):
            passed += places * weight[PLACE[name]]
            if passed > next_mark:
                chosen.append(PLACE[name])
                next_mark += total
        assert len(chosen) == PLACES
        return chosen

    def lowest(year: int, last: Sequence[int]) -> Fraction:
        weight = weights(year, last)
        _, rest, places, total = certain(weight)
        return Fraction(places * min(weight[firm] for firm in rest), total)

    return draw, lowest


def reproduces(found: Line, stated: Line) -> bool:
    """Return whether every figure is the stated one within noise: 0.4 points of never seen and of repeated, one visit of
    the largest count, 2 hundredths of the lowest chance, the share that knows it is safe exactly."""
    return (
        abs(found.never - stated.never) <= 4
        and abs(found.most - stated.most) <= 1
        and abs(found.repeated - stated.repeated) <= 4
        and found.safe == stated.safe
        and (stated.lowest is None or found.lowest is None or abs(found.lowest - stated.lowest) <= 2)
    )


def _show(name: str, line: Line) -> None:
    lowest = "–" if line.lowest is None else hundredths(Fraction(line.lowest, 100))
    never, repeated, safe = (
        percent(Fraction(share, 1000)) + " %" for share in (line.never, line.repeated, line.safe)
    )
    cells = (never, str(line.most), repeated, safe, lowest)
    print(f"    {name:<46}" + "".join(f"{cell:>16}" for cell in cells))


def run() -> bool:
    """Print the table; return whether every line is reproduced or corrected as this file says."""
    print(f"recency: {FIRMS:,} firms, {PLACES} a year, {YEARS} years, {REPETITIONS} repetitions, seed text {SEED!r}")
    head = ("never seen", "largest count", "within 2 years", "knows safe", "lowest/mean")
    print(f"    {'':<46}" + "".join(f"{cell:>16}" for cell in head))
    held, words = dict[str, bool](), list[str]()
    for name, rule in RULES.items():
        question = Question(FIRMS, Share(10, 100), YEARS, rule, SEED, REPETITIONS)
        outcome = simulate(question)
        words += [f"{sentence.zh}\n    {sentence.en}" for sentence in explain(question, outcome)] + [""]
        _compare(name, line_of(outcome), STATED[name], name in KEPT, held)
    print("  the same two lines with the second part drawn among all who are left, which no disjoint strata do; and weights")
    for name, (draw, lowest) in {
        "strata 80 % / > 5 years": strata_then_all(160, 5),
        "strata 90 % / > 8 years": strata_then_all(180, 8),
        "weight 1 + years since": by_weight(),
    }.items():
        _compare(OTHERS[name], _other(draw, lowest), STATED[name], not name.startswith("weight"), held)
    print("\n  in words, as the planner reads them:")
    for word in words:
        print(f"    {word}" if word else "")
    for claim, holds in held.items():
        print(f"  {'holds' if holds else 'DOES NOT HOLD'}: {claim}")
    return all(held.values())


def _compare(name: str, found: Line, stated: Line, expected: bool, held: dict[str, bool]) -> None:
    kept = reproduces(found, stated)
    _show(name, found)
    _show(f"  stated: {'reproduced' if kept else 'CORRECTED'}", stated)
    held[f"{name} is {'reproduced' if expected else 'corrected'}"] = kept == expected and FOUND[name] == found
