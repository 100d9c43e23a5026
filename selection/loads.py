"""How the work of one result is spread: seats per person, and how often the same two sat together."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import combinations

from msgspec import Struct

__all__ = ["Concentration", "Load", "Together", "concentration_of"]


class Load(Struct, frozen=True):
    """One person: seats held, of how many places."""

    person: str
    seats: int
    places: int


class Together(Struct, frozen=True):
    """Two people, the smaller id first, who sat in `times` teams together."""

    first: str
    second: str
    times: int


class Concentration(Struct, frozen=True):
    """Loads by person; pairs by how often, then by id.

    `meetings` counts the pairs of all teams. `distinct` of them are different pairs, so distinct / meetings is 1 where
    nobody sat with the same person twice; the fraction is left to whoever shows it, as both are whole numbers.
    """

    loads: tuple[Load, ...]
    pairs: tuple[Together, ...]
    meetings: int
    distinct: int
    largest: int


def concentration_of(places: Mapping[str, int], teams: Iterable[Collection[str]]) -> Concentration:
    """Return loads and pair concentration of `teams`; `places` names everyone who counts, with their places."""
    seats, pairs = Counter[str](), Counter[tuple[str, str]]()
    for team in teams:
        seats.update(team)
        pairs.update(combinations(sorted(team), 2))
    return Concentration(
        loads=tuple(Load(person, seats[person], places[person]) for person in sorted(places)),
        pairs=tuple(Together(a, b, n) for (a, b), n in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))),
        meetings=pairs.total(),
        distinct=len(pairs),
        largest=max(pairs.values(), default=0),
    )
