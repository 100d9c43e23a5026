"""Teams: the lexicographically first complete assignment (docs/spec/draw.md 5).

The result is defined, not the program: seats in order, for each the first candidate after whom all later seats can
still be filled. Three parts below:

    _greedy      first candidate who passes the tests of the inner loop; where it reaches the end it is the result
    _Network     one assignment of all open seats, repaired along augmenting paths; answers FILLABLE and certifies
    assign       DRAW, line by line

`_Network` keeps an answer instead of finding one anew: after a choice only the seats it disturbs are filled again.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from selection.eligibility import OpenSeat, Staff
from selection.transcript import Certificate, CertificatePair, CertificatePerson, CertificateSeat

__all__ = ["Assignment", "assign", "node_limit"]


Outcome = Literal["COMPLETE", "IMPOSSIBLE", "IMPOSSIBLE_PAIRS", "SEARCH_LIMIT"]


class Assignment(Struct, frozen=True):
    """The outcome of one stage; `people` in seat order, empty unless COMPLETE."""

    outcome: Outcome
    people: tuple[str, ...] = ()
    certificate: Certificate | None = None


def node_limit(seats: int) -> int:
    """Return LIMIT, the number of choices DRAW may try before it answers SEARCH_LIMIT."""
    return 20 * seats + 10_000


def assign(
    seats: Sequence[OpenSeat], places: Mapping[str, int], staff: Staff, mates: Mapping[str, Collection[str]]
) -> Assignment:
    """Return the outcome of DRAW for `seats` in their order.

    `places` are the places left at the start of the stage; `mates` the people an earlier stage fixed per target.
    """
    if (quick := _greedy(seats, places, staff, mates)) is not None:
        return Assignment("COMPLETE", quick)
    network = _Network(seats, places, staff, mates)
    if not network.fill():
        return Assignment("IMPOSSIBLE", certificate=network.certificate())
    i, nodes, position, chosen = 0, 0, [0] * (len(seats) + 1), [""] * len(seats)
    while i < len(seats):
        found, candidates = False, seats[i].candidates
        while position[i] < len(candidates):
            person = candidates[position[i]]
            position[i] += 1
            if not network.may_take(i, person):
                continue
            nodes += 1
            if nodes > node_limit(len(seats)):
                return Assignment("SEARCH_LIMIT")
            if network.choose(i, person):
                chosen[i], found = person, True
                break
        if found:
            i += 1
            position[i] = 0
        elif i == 0:
            return Assignment("IMPOSSIBLE_PAIRS")
        else:
            # Only with `apart` pairs: FILLABLE looks at each later seat alone. The seat before tries its next candidate.
            i -= 1
            network = _Network(seats, places, staff, mates, chosen[:i])
            network.fill()
    return Assignment("COMPLETE", tuple(chosen))


def _greedy(
    seats: Sequence[OpenSeat], places: Mapping[str, int], staff: Staff, mates: Mapping[str, Collection[str]]
) -> tuple[str, ...] | None:
    left, team, target, chosen = dict(places), set[str](), None, []
    for seat in seats:
        if seat.target != target:
            target, team = seat.target, set()
        for person in seat.candidates:
            clash = staff.clashes(person, team) or staff.clashes(person, mates.get(seat.target, ()))
            if left[person] and person not in team and not clash:
                break
        else:
            return None
        left[person] -= 1
        team.add(person)
        chosen.append(person)
    return tuple(chosen)


class _Network:
    """The flow network of FILLABLE with one flow in it: `seat_of_pair` is the flow, the rest follows from it."""

    def __init__(
        self,
        seats: Sequence[OpenSeat],
        places: Mapping[str, int],
        staff: Staff,
        mates: Mapping[str, Collection[str]],
        fixed: Sequence[str] = (),
    ) -> None:
        self.seats, self.staff, self.mates = seats, staff, mates
        self.left = dict(places)
        self.team: dict[str, set[str]] = {seat.target: set() for seat in seats}
        self.open = range(len(fixed), len(seats))
        for seat, person in zip(seats, fixed, strict=False):
            self.team[seat.target].add(person)
            self.left[person] -= 1
        self.person_of: dict[int, str] = {}
        self.seat_of_pair: dict[tuple[str, str], int] = {}
        self.held: dict[str, set[int]] = {person: set() for person in places}
        self.by_target: dict[str, list[int]] = {}
        for index, seat in enumerate(seats):
            self.by_target.setdefault(seat.target, []).append(index)

    def _allowed(self, target: str, person: str) -> bool:
        team = self.team[target]
        return not (
            person in team
            or self.staff.clashes(person, team)
            or self.staff.clashes(person, self.mates.get(target, ()))
        )

    def may_take(self, index: int, person: str) -> bool:
        """The three tests of DRAW's inner loop."""
        return self.left[person] > 0 and self._allowed(self.seats[index].target, person)

    def fill(self) -> bool:
        """Make the flow maximal; return whether every open seat is filled."""
        return all([index in self.person_of or self._augment(index) for index in self.open])

    def choose(self, index: int, person: str) -> bool:
        """Fix `person` in seat `index`, the first open one, if all later seats can then be filled; else change nothing."""
        before = (
            dict(self.person_of),
            dict(self.seat_of_pair),
            {p: set(s) for p, s in self.held.items() if s},
        )
        target = self.seats[index].target
        self._unassign(index)
        self.open = range(index + 1, len(self.seats))
        self.team[target].add(person)
        self.left[person] -= 1
        disturbed = [
            later
            for later in self.by_target[target]
            if later > index and not self._allowed(target, self.person_of[later])
        ]
        for later in disturbed:
            self._unassign(later)
        if len(self.held[person]) > self.left[person]:
            surplus = min(self.held[person])
            self._unassign(surplus)
            disturbed.append(surplus)
        if all(self._augment(later) for later in disturbed):
            return True
        self.open = range(index, len(self.seats))
        self.team[target].discard(person)
        self.left[person] += 1
        self.person_of, self.seat_of_pair, held = before
        self.held = {p: held.get(p, set()) for p in self.held}
        return False

    def _unassign(self, index: int) -> None:
        person = self.person_of.pop(index)
        del self.seat_of_pair[self.seats[index].target, person]
        self.held[person].discard(index)

    def _reach(self, starts: Sequence[int]) -> tuple[dict[int, tuple[int, str] | None], dict[tuple[str, str], int], set[str], tuple[int, str] | None]:  # fmt: skip
        """Search the residual network from open seats: the seats, pairs and people reached, and a free place if met.

        A seat reaches the pairs it may use. A pair that carries a unit reaches only the seat that holds it (the two swap);
        an empty one reaches its person. A full person reaches the pairs, hence the seats, that use their places.
        """
        seats: dict[int, tuple[int, str] | None] = dict.fromkeys(starts)
        pairs: dict[tuple[str, str], int] = {}
        people: set[str] = set()
        queue = deque(starts)
        while queue:
            index = queue.popleft()
            target = self.seats[index].target
            for person in self.seats[index].candidates:
                pair = (target, person)
                if pair in pairs or self.person_of.get(index) == person or not self._allowed(target, person):
                    continue
                pairs[pair] = index
                holder = self.seat_of_pair.get(pair)
                if holder is not None:
                    if holder not in seats:
                        seats[holder] = (index, person)
                        queue.append(holder)
                elif person not in people:
                    people.add(person)
                    if len(self.held[person]) < self.left[person]:
                        return seats, pairs, people, (index, person)
                    for other in sorted(self.held[person]):
                        pairs.setdefault((self.seats[other].target, person), index)
                        if other not in seats:
                            seats[other] = (index, person)
                            queue.append(other)
        return seats, pairs, people, None

    def _augment(self, start: int) -> bool:
        """Fill the open seat `start`, moving others along one path if need be; return whether it could be done."""
        seats, _, _, end = self._reach([start])
        if end is None:
            return False
        step: tuple[int, str] | None = end
        moves = []
        while step is not None:
            moves.append(step)
            step = seats[step[0]]
        for index, _ in moves:
            if index in self.person_of:
                self._unassign(index)
        for index, person in moves:
            self.person_of[index] = person
            self.seat_of_pair[self.seats[index].target, person] = index
            self.held[person].add(index)
        return True

    def certificate(self) -> Certificate:
        """Return the shortage certificate; the flow is maximal, so what the search reaches is the same for every one."""
        seats, pairs, people, _ = self._reach([index for index in self.open if index not in self.person_of])
        position = {target: number for number, target in enumerate(self.by_target)}
        single = sorted(
            ((target, person) for target, person in pairs if person not in people),
            key=lambda pair: (position[pair[0]], pair[1]),
        )
        supply = sum(self.left[person] for person in people) + len(single)
        return Certificate(
            pairs=tuple(CertificatePair(person=person, target=target) for target, person in single),
            people=tuple(
                CertificatePerson(person=person, places=self.left[person]) for person in sorted(people)
            ),
            seats=tuple(
                CertificateSeat(seat=self.seats[index].number, target=self.seats[index].target)
                for index in sorted(seats)
            ),
            short=len(seats) - supply,
            supply=supply,
        )
