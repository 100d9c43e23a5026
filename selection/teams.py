"""Teams: the lexicographically first complete assignment (docs/spec/draw.md 5).

The result is defined, not the program: seats in order, for each the first candidate after whom all later seats can
still be filled. `first_come` gives every seat its first candidate with a free place; where that fills all seats it is
the result. Else its gaps are near the end, and most seats before them keep their first choice: `assign` searches from
late seats on, then from earlier ones, until one search holds for the whole. Each is DRAW line by line, and
`flow.Network` answers FILLABLE.

Costs: without `apart`, one search through the network per choice that has to displace somebody, and no search twice
through what an earlier one found used up; of all that only the seats searched from, not the whole.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from selection.eligibility import OpenSeat
from selection.flow import Network, members
from selection.residual import Reached, reached
from selection.transcript import Certificate, CertificatePair, CertificatePerson, CertificateSeat

__all__ = ["Assignment", "Separations", "assign", "certificate_of", "first_come", "node_limit"]


Outcome = Literal["COMPLETE", "IMPOSSIBLE", "IMPOSSIBLE_PAIRS", "SEARCH_LIMIT"]


class Separations(Protocol):
    """What `assign` asks of a staff."""

    @property
    def apart(self) -> Mapping[str, Collection[str]]:
        """Who may not sit with whom, named from both sides."""


class Assignment(Struct, frozen=True):
    """The outcome of one stage; `people` in seat order, empty unless COMPLETE."""

    outcome: Outcome
    people: tuple[str, ...] = ()
    certificate: Certificate | None = None


def node_limit(seats: int) -> int:
    """Return LIMIT, the number of choices DRAW may try before it answers SEARCH_LIMIT."""
    return 20 * seats + 10_000


def assign(
    seats: Sequence[OpenSeat],
    places: Mapping[str, int],
    staff: Separations,
    mates: Mapping[str, Collection[str]],
) -> Assignment:
    """Return the outcome of DRAW for `seats` in their order; the seats of one target follow one another.

    `places` are the places left at the start of the stage; `mates` the people an earlier stage fixed per target.
    """
    quick = first_come(seats, places, staff.apart, mates)
    if None not in quick:
        return Assignment("COMPLETE", tuple(filter(None, quick)))
    starts = _starts(seats, quick.index(None))
    outcomes = (_search(start, seats, places, staff.apart, mates, quick) for start in starts)
    return next(found for found in outcomes if found is not None)


def _starts(seats: Sequence[OpenSeat], gap: int) -> Iterator[int]:
    """Yield from which seat on to search, earlier and earlier, each the first of its target; the last is 0.

    Where the seats from `start` on can be filled after all first choices before it, FILLABLE holds after every one of
    those, so DRAW makes them, one node each. What is missing at the end can mostly be had near the end.
    """
    size = 2 * (len(seats) - gap)
    while size < len(seats):
        start = len(seats) - size
        while start and seats[start].target == seats[start - 1].target:
            start -= 1
        yield start
        size *= 2
    yield 0


def _search(
    start: int,
    seats: Sequence[OpenSeat],
    places: Mapping[str, int],
    apart: Mapping[str, Collection[str]],
    mates: Mapping[str, Collection[str]],
    quick: Sequence[str | None],
) -> Assignment | None:
    """Return the outcome of DRAW as far as it keeps to `quick` before `start`; None if it does not. From 0 it always answers."""
    taken = Counter(quick[:start])
    left = {name: count - taken[name] for name, count in places.items()}
    network = Network(seats[start:], left, apart, mates, quick[start:])
    if not network.fill():
        return None if start else Assignment("IMPOSSIBLE", certificate=certificate_of(network, reached(network)))
    outcome = _draw(network, start, node_limit(len(seats)))
    if outcome == "COMPLETE":
        later = (network.names[person] for person in network.holder)
        return Assignment("COMPLETE", (*filter(None, quick[:start]), *later))
    return None if start and outcome == "IMPOSSIBLE_PAIRS" else Assignment(outcome)


def _draw(network: Network, nodes: int, limit: int) -> Outcome:
    """Run the loop of DRAW over a network whose seats are all filled, `nodes` choices made before; the result is its holders."""
    seats, i = network.seats, 0
    position, barred = [0] * (len(seats) + 1), [0] * len(seats)
    number, bit, left, holder, clashing = network.number, network.bit, network.left, network.holder, network.apart
    while i < len(seats):
        found, candidates = False, seats[i].candidates
        barred[i] = out = network.barred[network.target_of[i]]
        while position[i] < len(candidates):
            person = number[candidates[position[i]]]
            position[i] += 1
            if not left[person] or out & bit[person]:
                continue
            nodes += 1
            if nodes > limit:
                return "SEARCH_LIMIT"
            if found := person == holder[i] and person not in clashing:
                network.fix(i, person, bit[person])  # the flow that is kept shows that the rest can be filled
            else:
                found = network.choose(i, person)
            if found:
                break
        if found:
            i += 1
            position[i] = 0
        elif i == 0:
            return "IMPOSSIBLE_PAIRS"
        else:
            # Only with `apart` pairs: FILLABLE looks at each later seat alone. The seat before tries its next candidate.
            i -= 1
            network.unfix(barred[i])
    return "COMPLETE"


def first_come(
    seats: Sequence[OpenSeat],
    places: Mapping[str, int],
    apart: Mapping[str, Collection[str]],
    mates: Mapping[str, Collection[str]],
) -> list[str | None]:
    """Return for each seat in turn the first candidate who passes the tests of DRAW's inner loop, or None if nobody does."""
    left, barred, target, chosen = dict(places), set[str](), None, list[str | None]()
    for seat in seats:
        if seat.target != target:
            target, barred = seat.target, set()
            if apart:
                barred.update(*(apart.get(mate, ()) for mate in mates.get(target, ())))
        for person in seat.candidates:
            if left[person] and person not in barred:
                left[person] -= 1
                barred.add(person)
                if apart:
                    barred.update(apart.get(person, ()))
                chosen.append(person)
                break
        else:
            chosen.append(None)
    return chosen


def certificate_of(network: Network, cut: Reached) -> Certificate:
    """Return the certificate of the minimal cut of a network whose flow is maximal, or of a part of it."""
    people = members(cut.people)
    supply = sum(network.left[person] for person in people) + len(cut.pairs)
    return Certificate(
        pairs=tuple(
            CertificatePair(person=network.names[person], target=network.targets[target])
            for target, person in cut.pairs
        ),
        people=tuple(
            CertificatePerson(person=network.names[person], places=network.left[person]) for person in people
        ),
        seats=tuple(
            CertificateSeat(seat=network.seats[seat].number, target=network.seats[seat].target)
            for seat in cut.seats
        ),
        short=len(cut.seats) - supply,
        supply=supply,
    )
