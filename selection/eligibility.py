"""Who may take which seat of which target (docs/spec/draw.md 5, "Seats" and "Candidates")."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from msgspec import Struct

from selection.keys import stage_key
from selection.order import in_order
from selection.plan import Plan, Seat
from selection.pool import Person, Pools

__all__ = ["STAGE_OF_ROLE", "Exclusion", "OpenSeat", "Staff", "seats_of"]

Exclusion = Literal["role", "section", "code", "area", "conflict"]

STAGE_OF_ROLE = {"inspector": "inspectors", "expert": "experts"}


class OpenSeat(Struct, frozen=True):
    """One seat to fill, with its candidates in the order of `<stage>/<target>`."""

    target: str
    number: int
    candidates: tuple[str, ...]


def seats_of(plan: Plan, class_id: str, role: str, sections: Collection[str]) -> list[tuple[int, Seat]]:
    """Return (number, seat) of a class for the sections that draw the target, keeping the plan's numbers."""
    declared = next(c for c in plan.classes if c.id == class_id)
    seats = declared.inspector_seats if role == "inspector" else declared.expert_seats
    return [(number, seat) for number, seat in enumerate(seats, 1) if seat.section in sections]


def area_allows(rule: str, person: Person, area: str) -> bool:
    """Return whether the plan's area rule lets the person go to a target of `area`."""
    return rule == "any" or (area in person.areas) == (rule == "same")


class Staff:
    """The people of one draw, with what each seat needs: candidates, clashes and places."""

    def __init__(self, plan: Plan, pools: Pools, draw_key: str) -> None:
        self._plan, self._key = plan, draw_key
        self._conflicts: Mapping[str, frozenset[str]] = pools.conflicts
        self._people: dict[str, Person] = {person.id: person for person in pools.people}
        self._eligible: dict[tuple[str, str, tuple[str, ...], str], list[str]] = {}
        apart = defaultdict(set)
        for a, b in pools.apart:
            apart[a].add(b)
            apart[b].add(a)
        self.apart: Mapping[str, set[str]] = apart
        self.places = {person.id: person.places for person in pools.people}

    def _without_conflicts(self, role: str, seat: Seat, area: str) -> list[str]:
        key = (role, seat.section, seat.codes, area if self._plan.area_rule != "any" else "")
        if key not in self._eligible:
            self._eligible[key] = [
                person.id
                for person in self._people.values()
                if person.role == role
                and person.section == seat.section
                and set(seat.codes) <= set(person.codes)
                and area_allows(self._plan.area_rule, person, area)
            ]
        return self._eligible[key]

    def open_seats(
        self, role: str, target: str, class_id: str, area: str, sections: Collection[str]
    ) -> list[OpenSeat]:
        """Return the seats of one target with their candidates in order."""
        stage = stage_key(self._key, f"{STAGE_OF_ROLE[role]}/{target}")
        kept_away = self._conflicts.get(target, frozenset())
        ordered: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}  # seats that ask the same share their order
        seats = []
        for number, seat in seats_of(self._plan, class_id, role, sections):
            asked = (seat.section, seat.codes)
            if asked not in ordered:
                able = [p for p in self._without_conflicts(role, seat, area) if p not in kept_away]
                ordered[asked] = tuple(id for _, id in in_order(stage, able))
            seats.append(OpenSeat(target, number, ordered[asked]))
        return seats

    def why_not(self, role: str, seat: Seat, target: str, area: str, person: str) -> tuple[Exclusion, ...]:
        """Return every reason why a person is no candidate of a seat, in the order of the tests; none for a candidate."""
        who = self._people[person]
        tests: dict[Exclusion, bool] = {
            "role": who.role == role,
            "section": who.section == seat.section,
            "code": set(seat.codes) <= set(who.codes),
            "area": area_allows(self._plan.area_rule, who, area),
            "conflict": person not in self._conflicts.get(target, ()),
        }
        return tuple(reason for reason, passed in tests.items() if not passed)

    def clashes(self, person: str, with_: Iterable[str]) -> bool:
        """Return whether `apart` pairs the person with anyone of `with_`."""
        apart = self.apart.get(person)
        return bool(apart) and not apart.isdisjoint(with_)  # type: ignore[union-attr]
