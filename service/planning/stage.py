"""One team stage laid out for explanation: its open seats, who may take them, and what its shortage is. Pure."""

from collections.abc import Collection, Mapping, Sequence

from selection.eligibility import OpenSeat, Staff, seats_of
from selection.order import DrawnTarget
from selection.plan import Plan, Seat
from selection.pool import Pools
from selection.shortage import ShortagePart, explain_shortage
from selection.teams import Assignment, assign

__all__ = ["StageSeats", "pairs_of"]


class StageSeats:
    """The seats of one role over the drawn targets in drawn order."""

    def __init__(
        self, plan: Plan, pools: Pools, staff: Staff, role: str, drawn: Sequence[DrawnTarget],
        mates: Mapping[str, Collection[str]],
    ) -> None:  # fmt: skip
        self.role, self.staff, self.mates = role, staff, mates
        self.seats: list[OpenSeat] = []
        self.asked: dict[tuple[str, int], tuple[Seat, str]] = {}  # (target, number) -> the plan's seat, the area
        for d in drawn:
            target = d.target
            self.seats += staff.open_seats(role, target.id, target.class_, target.area, d.sections)
            for number, seat in seats_of(plan, target.class_, role, d.sections):
                self.asked[target.id, number] = seat, target.area
        # Who can have a place in this stage at all: experts are no shortage of inspectors.
        self.places = {person.id: person.places for person in pools.people if person.role == role}

    def assign(self) -> Assignment:
        """Return the outcome of the stage."""
        return assign(self.seats, self.places, self.staff, self.mates)

    def teams(self, people: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the team of each target, for people in seat order."""
        teams: dict[str, tuple[str, ...]] = {}
        for seat, person in zip(self.seats, people, strict=True):
            teams[seat.target] = (*teams.get(seat.target, ()), person)
        return teams

    def why_not(self, seat: OpenSeat, person: str) -> tuple[str, ...]:
        """Return every reason why a person is no candidate of a seat; none for a candidate."""
        asked, area = self.asked[seat.target, seat.number]
        return self.staff.why_not(self.role, asked, seat.target, area, person)

    def shortage(self) -> tuple[ShortagePart, ...]:
        """Return the parts of the shortage, or () if every seat can be filled."""
        return explain_shortage(self.seats, self.places, self.staff, self.mates, self.why_not)


def pairs_of(seats: Sequence[OpenSeat]) -> int:
    """Return the number of (seat, candidate) pairs: what explanations cost."""
    return sum(len(seat.candidates) for seat in seats)
