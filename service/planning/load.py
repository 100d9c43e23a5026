"""Who went where, and with whom, over the draws of a year; and what the lot alone would give. Pure.

What the lot would give is simple on purpose, so that anybody can check it by hand: every seat goes to each of its candidates with
the same chance, conflicts and places left aside. A person then expects one target per seat and number of candidates, summed over all
seats; a pair expects to meet `1/n * 1/m` times per team in which one could take a seat of n candidates and the other then one of m.

Whether something stands out is said by a bound without any approximation: something expected E times happens c times or more with a
chance of at most E^c / c! (the union bound over the c occasions). Over all pairs the bounds add up.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from math import factorial

from msgspec import Struct

__all__ = ["ALARM", "Kind", "LoadReport", "PairLine", "PersonLine", "YearDraw", "report_load"]

ALARM = Fraction(1, 100)  # what the lot gives less often than this, over all people or pairs, stands out
PAIRS_JUDGED = 2_000  # of the pairs that met most often; those who met once or twice by the thousand say nothing


class Kind(Struct, frozen=True):
    """So many teams whose seats have the same candidates, by registry number."""

    teams: int
    seats: tuple[tuple[str, ...], ...]


class YearDraw(Struct, frozen=True):
    """What one draw says: its people with their places, the standing teams, who was replaced and who stepped in.

    All people are named by registry number.
    """

    id: str
    title: str
    names: Mapping[str, str]
    places: Mapping[str, int]
    teams: tuple[tuple[str, ...], ...]
    kinds: tuple[Kind, ...]
    left: Mapping[str, int]
    joined: Mapping[str, int]


class PersonLine(Struct, frozen=True):
    """One person: targets, places, what the lot alone would give, and the bound of reaching that many by lot."""

    number: str
    name: str
    targets: int
    places: int
    expected: Fraction
    left: int
    joined: int
    bound: Fraction

    @property
    def share(self) -> Fraction:
        return Fraction(self.targets, self.places) if self.places else Fraction(0)


class PairLine(Struct, frozen=True):
    """Two people who went together, how often, and how often the lot alone would send them together."""

    numbers: tuple[str, str]
    names: tuple[str, str]
    together: int
    expected: Fraction
    bound: Fraction


class LoadReport(Struct, frozen=True):
    """All people by number of targets, and the pairs that went together most often.

    `meetings` counts every two people of every team, `distinct` the different pairs among them. Bounds are those of one line times
    the number of lines that could have been the one: below `ALARM` the line stands out.
    """

    draws: tuple[YearDraw, ...]
    teams: int
    people: tuple[PersonLine, ...]
    pairs: tuple[PairLine, ...]
    meetings: int
    distinct: int
    possible: int

    @property
    def people_out(self) -> tuple[PersonLine, ...]:
        return tuple(line for line in self.people if line.bound < ALARM)

    @property
    def pairs_out(self) -> tuple[PairLine, ...]:
        return tuple(line for line in self.pairs if line.bound < ALARM)


def report_load(draws: Sequence[YearDraw], pairs_shown: int = 20) -> LoadReport:
    """Return the report over `draws`; the pairs are the `pairs_shown` that met most often, and every one that stands out."""
    draws = [draw for draw in draws if draw.teams]  # one whose teams could not be drawn sent nobody anywhere
    loads, places, left, joined = (Counter[str]() for _ in range(4))
    names: dict[str, str] = {}
    met: Counter[tuple[str, str]] = Counter()
    for draw in draws:
        names.update(draw.names)
        places.update(draw.places)
        left.update(draw.left)
        joined.update(draw.joined)
        for team in draw.teams:
            loads.update(team)
            met.update(combinations(sorted(team), 2))
    kinds = [kind for draw in draws for kind in draw.kinds]
    expected = _expected_loads(kinds)
    people = [
        PersonLine(
            number, names.get(number, ""), loads[number], places[number], expected.get(number, Fraction(0)), left[number],
            joined[number], _bound(expected.get(number, Fraction(0)), loads[number], len(places)),
        )
        for number in places
    ]  # fmt: skip
    possible = len(places) * (len(places) - 1) // 2
    sets = _KindsOf(kinds)
    pairs = []
    for pair, together in sorted(met.items(), key=lambda item: (-item[1], item[0]))[:PAIRS_JUDGED]:
        mean = sets.meetings(*pair)
        pairs.append(
            PairLine(pair, (names.get(pair[0], ""), names.get(pair[1], "")), together, mean, _bound(mean, together, possible))
        )
    pairs.sort(key=lambda line: (-line.together, line.expected, line.numbers))
    return LoadReport(
        draws=tuple(draws), teams=sum(len(draw.teams) for draw in draws),
        people=tuple(sorted(people, key=lambda line: (-line.targets, line.number))),
        pairs=tuple(line for place, line in enumerate(pairs) if place < pairs_shown or line.bound < ALARM),
        meetings=met.total(), distinct=len(met), possible=possible,
    )  # fmt: skip


def _bound(expected: Fraction, times: int, among: int) -> Fraction:
    """Return an upper bound of the chance that the lot lets any of `among` reach `times`, each expecting `expected`; at most 1."""
    if times == 0:
        return Fraction(1)
    return min(Fraction(1), among * expected**times / factorial(times))


def _expected_loads(kinds: Iterable[Kind]) -> dict[str, Fraction]:
    expected: dict[str, Fraction] = {}
    # Seats with the same number of candidates are summed as whole numbers first: fractions are slow.
    whole: dict[str, Counter[int]] = {}
    for kind in kinds:
        for seat in kind.seats:
            for number in seat:
                whole.setdefault(number, Counter())[len(seat)] += kind.teams
    for number, counts in whole.items():
        expected[number] = sum((Fraction(teams, size) for size, teams in counts.items()), Fraction(0))
    return expected


class _KindsOf:
    """The kinds of teams, with their candidates as sets."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        merged: Counter[tuple[tuple[str, ...], ...]] = Counter()
        for kind in kinds:
            merged[kind.seats] += kind.teams
        self._kinds: list[tuple[int, list[Collection[str]]]] = [
            (teams, [frozenset(seat) for seat in seats]) for seats, teams in merged.items()
        ]

    def meetings(self, a: str, b: str) -> Fraction:
        """Return how often the lot alone would send the two together."""
        total = Fraction(0)
        for teams, seats in self._kinds:
            for first, second in combinations(seats, 2):
                for one, other in ((a, b), (b, a)):
                    if one in first and other in second:
                        total += Fraction(teams, len(first) * (len(second) - (one in second)))
        return total
