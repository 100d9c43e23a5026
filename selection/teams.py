"""Teams: the lexicographically first complete assignment (docs/spec/draw.md 5).

The result is defined, not the program: seats in order, for each the first candidate after whom all later seats can
still be filled. `first_come` gives every seat its first candidate with a free place; where that fills all seats it is
the result. Else `assign` is DRAW line by line, and `flow.Network` answers FILLABLE.

Costs: without `apart`, one search through the network per choice that has to displace somebody, and no search twice
through what an earlier one found used up.
"""

from collections.abc import Collection, Mapping, Sequence
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
    network = Network(seats, places, staff.apart, mates, quick)
    if not network.fill():
        return Assignment("IMPOSSIBLE", certificate=certificate_of(network, reached(network)))
    i, nodes, limit = 0, 0, node_limit(len(seats))
    position, barred = [0] * (len(seats) + 1), [0] * len(seats)
    number, bit, left, holder, apart = network.number, network.bit, network.left, network.holder, network.apart
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
                return Assignment("SEARCH_LIMIT")
            if found := person == holder[i] and person not in apart:
                network.fix(i, person, bit[person])  # the flow that is kept shows that the rest can be filled
            else:
                found = network.choose(i, person)
            if found:
                break
        if found:
            i += 1
            position[i] = 0
        elif i == 0:
            return Assignment("IMPOSSIBLE_PAIRS")
        else:
            # Only with `apart` pairs: FILLABLE looks at each later seat alone. The seat before tries its next candidate.
            i -= 1
            network.unfix(barred[i])
    return Assignment("COMPLETE", tuple(network.names[person] for person in network.holder))


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
