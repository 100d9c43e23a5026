"""How every seat of one target came to its person: the draw, and the replacements after it, with a reason for whoever was passed over.

Pure, from published facts alone: plan, lists, result, opened conflicts and events. The reasons at the draw are those of
`selection.skips`; a replacement asks the vacant seat alone (docs/spec/draw.md 7).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from selection.eligibility import OpenSeat, Staff, seats_of
from selection.order import DrawnTarget
from selection.plan import Plan
from selection.pool import Pools, Target
from selection.replacement import Event, PersonEvent, TargetEvent
from selection.skips import Skip, explain_skips
from selection.transcript import Certificate, Transcript
from service.planning.feasibility import able
from service.planning.stage import StageSeats

__all__ = ["PAIRS", "Passed", "Past", "Reason", "SeatFilled", "SeatsFilled", "history_of", "stage_seats"]

PAIRS = 1_500_000  # (seat, candidate) pairs up to which later seats are laid out to say exactly which of them need a person
ROLES: tuple[Literal["inspector", "expert"], ...] = ("inspector", "expert")
Reason = Literal["no place left", "already in this team", "apart", "needed", "no team found", "left this team", "later seats"]
"""As in `selection.skips`; `left this team`: replaced in this team before; `later seats`: needed there, not worked out how."""


class Past(Struct, frozen=True):
    """The published facts. `pools` holds people, pairs apart and opened conflicts; of `targets` those ever drawn."""

    plan: Plan
    pools: Pools
    transcript: Transcript
    events: Sequence[Event]


class Passed(Struct, frozen=True):
    person: str
    reason: Reason
    apart_from: str | None = None
    certificate: Certificate | None = None


class SeatFilled(Struct, frozen=True):
    """One seat: its candidates in ticket order, who was passed over, and who took it; None where nobody could."""

    role: str
    number: int
    candidates: tuple[str, ...]
    passed: tuple[Passed, ...]
    person: str | None


class SeatsFilled(Struct, frozen=True):
    """What one moment gave the target: the draw, its succession, or the replacement of one person. `event` is None at the draw."""

    event: Event | None
    seats: tuple[SeatFilled, ...]


def drawn_targets(past: Past) -> list[DrawnTarget]:
    """Return the drawn targets in drawn order."""
    targets = {target.id: target for target in past.pools.targets}
    return [DrawnTarget(targets[t.id], t.ticket, t.rank, t.sections) for t in past.transcript.targets]


def stage_seats(past: Past, role: str) -> StageSeats | None:
    """Return the stage as the draw saw it, or None where it is too large to lay out."""
    drawn = drawn_targets(past)
    count: dict[tuple[str, str, tuple[str, ...]], int] = {}
    pairs = 0
    for d in drawn:
        key = (d.target.class_, d.target.area, d.sections)
        if key not in count:
            seats = seats_of(past.plan, d.target.class_, role, d.sections)
            count[key] = sum(len(able(past.plan, past.pools.people, role, seat, d.target.area)) for _, seat in seats)
        pairs += count[key]
        if pairs > PAIRS:
            return None
    mates = {t.id: t.inspectors for t in past.transcript.targets} if role == "expert" else {}
    return StageSeats(past.plan, past.pools, Staff(past.plan, past.pools, past.transcript.draw_key), role, drawn, mates)


def history_of(past: Past, target: str) -> tuple[SeatsFilled, ...]:
    """Return how the seats of `target`, drawn or a successor, were filled, in time order; empty if it never had seats."""
    state, filled = _State(past), list[SeatsFilled]()
    if any(t.id == target for t in past.transcript.targets):
        filled.append(SeatsFilled(None, _at_the_draw(past, state.staff, target)))
    for event in past.events:
        if isinstance(event, TargetEvent):
            if event.successor is not None and event.successor.id == target:
                filled.append(SeatsFilled(event, state.succession(event)))
        elif event.target == target:
            filled.append(SeatsFilled(event, state.replacement(event)))
        state.apply(event)
    return tuple(each for each in filled if each.seats)


def _filled(role: str, seats: Sequence[OpenSeat], skips: Sequence[Skip], people: Sequence[str], whole: bool) -> list[SeatFilled]:
    return [
        SeatFilled(role, seat.number, seat.candidates, tuple(
            Passed(s.person, s.reason if whole or s.reason not in ("needed", "no team found") else "later seats",
                   s.apart_from, s.certificate if whole else None)
            for s in skips if s.seat == seat.number
        ), person)
        for seat, person in zip(seats, people, strict=True)
    ]  # fmt: skip


def _at_the_draw(past: Past, staff: Staff, id: str) -> tuple[SeatFilled, ...]:
    found = next(d for d in drawn_targets(past) if d.target.id == id)
    results = past.transcript.targets
    mates: dict[str, tuple[str, ...]] = {}
    filled: list[SeatFilled] = []
    for role in ROLES:
        teams = {t.id: t.inspectors if role == "inspector" else t.experts for t in results}
        if not teams[id]:
            continue
        before = results[: next(n for n, t in enumerate(results) if t.id == id)]
        left = Counter(staff.places)
        left.subtract(person for t in before for person in teams[t.id])
        seats = staff.open_seats(role, id, found.target.class_, found.target.area, found.sections)
        # Most reasons need no look at later seats; where one does, and the draw is not too large, all are laid out.
        skips = explain_skips(seats, left, staff, mates, teams[id], id)
        whole = not any(skip.reason in ("needed", "no team found") for skip in skips)
        if not whole and (asked := stage_seats(past, role)) is not None:
            people = [person for t in results for person in teams[t.id]]
            skips, whole = explain_skips(asked.seats, asked.places, staff, asked.mates, people, id), True
        filled += _filled(role, seats, skips, teams[id], whole)
        mates = {id: teams[id]}
    return tuple(filled)


class _State:
    """Who holds which seat, and what was lost, after some events."""

    def __init__(self, past: Past) -> None:
        self.past, self.staff = past, Staff(past.plan, past.pools, past.transcript.draw_key)
        self.targets: dict[str, Target] = {target.id: target for target in past.pools.targets}
        self.sections = {t.id: t.sections for t in past.transcript.targets}
        self.held: dict[str, dict[tuple[str, int], str | None]] = {}
        for t in past.transcript.targets:
            self._seat(t.id, {"inspector": t.inspectors, "expert": t.experts})
        self.lost: Counter[str] = Counter()
        self.gone: set[tuple[str, str]] = set()

    def _seat(self, id: str, people: Mapping[str, Sequence[str | None]]) -> None:
        self.held[id] = {
            (role, seat[0]): person
            for role, team in people.items() if team
            for seat, person in zip(seats_of(self.past.plan, self.targets[id].class_, role, self.sections[id]), team, strict=True)
        }  # fmt: skip

    def _left(self) -> Counter[str]:
        left = Counter(self.staff.places)
        left.subtract(person for team in self.held.values() for person in team.values() if person is not None)
        left.subtract(self.lost)
        return left

    def succession(self, event: TargetEvent) -> tuple[SeatFilled, ...]:
        """Return how the seats of a successor are filled."""
        assert event.successor is not None
        new, sections = event.successor, self.sections[event.target]
        left = self._left()
        left.update(person for person in self.held[event.target].values() if person is not None)
        target, filled = self.targets[new.id], list[SeatFilled]()
        mates: dict[str, tuple[str, ...]] = {}
        for role, team in (("inspector", new.inspectors), ("expert", new.experts)):
            seats = self.staff.open_seats(role, new.id, target.class_, target.area, sections)
            people = [person for person in team if person is not None]
            if len(people) == len(seats):
                filled += _filled(role, seats, explain_skips(seats, left, self.staff, mates, people, new.id), people, True)
            elif team:
                filled += [SeatFilled(role, seat.number, seat.candidates, (), None) for seat in seats]
            mates = {new.id: tuple(people)}
        return tuple(filled)

    def replacement(self, event: PersonEvent) -> tuple[SeatFilled, ...]:
        """Return how one vacant seat is filled."""
        id, left = event.target, self._left()
        target = self.targets[id]
        team = {p for p in self.held[id].values() if p is not None} - {event.person}
        seats = self.staff.open_seats(event.role, id, target.class_, target.area, self.sections[id])
        seat = next(seat for seat in seats if seat.number == event.seat)
        passed = []
        for person in seat.candidates:
            if person == event.successor:
                break
            apart = sorted(set(self.staff.apart.get(person, ())) & team)
            reason: Reason = (
                "left this team" if person == event.person or (id, person) in self.gone
                else "no place left" if left[person] <= 0
                else "already in this team" if person in team else "apart"
            )  # fmt: skip
            passed.append(Passed(person, reason, apart[0] if reason == "apart" else None))
        return (SeatFilled(event.role, event.seat, seat.candidates, tuple(passed), event.successor),)

    def apply(self, event: Event) -> None:
        if isinstance(event, PersonEvent):
            self.held[event.target][event.role, event.seat] = event.successor
            self.gone.add((event.target, event.person))
            self.lost[event.person] += 1
            return
        del self.held[event.target]
        if (new := event.successor) is not None:
            self.sections[new.id] = self.sections[event.target]
            self._seat(new.id, {"inspector": new.inspectors, "expert": new.experts})
