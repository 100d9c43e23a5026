"""Why a stage is IMPOSSIBLE, part by part, and which single change would fill one seat more (docs/spec/draw.md 5).

The certificate of the result is the minimal cut R. Here it is split into its connected parts, each a shortage of its own,
and set beside what could mend it. Both lists are exact, for they read the residual network of a maximum flow:

    one more place for p      fills one more seat exactly if p is one of R's people
    one more candidate q      for a seat fills one more seat exactly if the seat is in R and q, through the pair
                              (target, q), can still reach the sink

An exclusion that the law makes (a conflict, people apart) is listed and never offered.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from selection.eligibility import OpenSeat
from selection.flow import NOBODY, Network, members
from selection.residual import Reached, able, reached, reaching
from selection.teams import Separations, certificate_of, first_come
from selection.transcript import Certificate

__all__ = ["LEGAL", "ExcludedFor", "Lift", "ShortagePart", "explain_shortage"]

LEGAL = frozenset(("conflict", "apart"))


class Lift(Struct, frozen=True):
    """An excluded person who, admitted to this seat, would let one more seat be filled; `reasons` all stand against it."""

    target: str
    seat: int
    person: str
    reasons: tuple[str, ...]


class ExcludedFor(Struct, frozen=True):
    """How many people are kept from seats of a part for a reason, and for how many (seat, person) that is the first."""

    reason: str
    people: int
    pairs: int


class ShortagePart(Struct, frozen=True):
    """One connected part of the minimal cut.

    One more place for any of `certificate.people` fills one more seat; so does any of `offered`. `legal` would do so too
    but must not be lifted. Lists are in seat order, then by person.
    """

    certificate: Certificate
    excluded: tuple[ExcludedFor, ...]
    offered: tuple[Lift, ...]
    legal: tuple[Lift, ...]


def explain_shortage(
    seats: Sequence[OpenSeat],
    places: Mapping[str, int],
    staff: Separations,
    mates: Mapping[str, Collection[str]],
    reasons: Callable[[OpenSeat, str], Sequence[str]],
    legal: Collection[str] = LEGAL,
) -> tuple[ShortagePart, ...]:
    """Return the parts of the shortage by their first seat, or () if every seat can be filled.

    `places` names the people who count for this stage. `reasons` states why one of them is no candidate of a seat (for a
    draw: `Staff.why_not`); a candidate who clashes with a mate has the reason `apart`. Who has any reason of `legal` is
    not offered.
    """
    network = Network(seats, places, staff.apart, mates, first_come(seats, places, staff.apart, mates))
    if network.fill():
        return ()
    cut, open_end = reached(network), reaching(network)
    parts = []
    for part in _parts(network, cut):
        offered, kept = list[Lift](), list[Lift]()
        first, people = Counter[str](), dict[str, set[str]]()
        for index in part.seats:
            seat, target, may = seats[index], network.target_of[index], able(network, index)
            # A pair in use leads only to the seat that holds it, an empty one only to its person.
            helpful = open_end.people & ~network.sitting[target]
            for mate in network.seats_of[target]:
                if mate in open_end.seats and network.holder[mate] != NOBODY:
                    helpful |= network.bit[network.holder[mate]]
            for person, name in enumerate(network.names):
                if may >> person & 1:
                    continue
                why = tuple(reasons(seat, name)) or ("apart",)
                first[why[0]] += 1
                people.setdefault(why[0], set()).add(name)
                if helpful >> person & 1:
                    lift = Lift(seat.target, seat.number, name, why)
                    (offered if set(why).isdisjoint(legal) else kept).append(lift)
        excluded = tuple(ExcludedFor(why, len(people[why]), count) for why, count in first.most_common())
        parts.append(ShortagePart(certificate_of(network, part), excluded, tuple(offered), tuple(kept)))
    return tuple(parts)


def _parts(network: Network, cut: Reached) -> list[Reached]:
    """Split R: two seats belong together if one person or one pair of R may serve both, and so on."""
    group = {index: index for index in cut.seats}

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    served_by: dict[tuple[int, int], int] = {}  # (-1, person of R) or (target, person of a pair) -> a seat
    touched: dict[int, int] = {}
    for index in cut.seats:
        target = network.target_of[index]
        may = able(network, index)
        touched[index] = may
        for person in members(may):
            key = (NOBODY, person) if cut.people >> person & 1 else (target, person)
            other = served_by.setdefault(key, index)
            group[root(index)] = root(other)
    together: dict[int, list[int]] = {}
    for index in cut.seats:
        together.setdefault(root(index), []).append(index)
    parts = []
    for found in together.values():
        people = 0
        for index in found:
            people |= touched[index] & cut.people
        inside = {root(index) for index in found}
        pairs = tuple(pair for pair in cut.pairs if root(served_by[pair]) in inside)
        parts.append(Reached(tuple(found), people, pairs))
    return parts
