"""Whether the people suffice, asked before the freeze: rehearsals with throw-away keys, and the worst case of every seat.

Entropy and clock are given. A rehearsal is the draw itself on keys that nobody keeps. Its targets are sampled by quota: any key gives every such sample with
the same chance, and of a million targets only the drawn ones are looked at. Nothing of a rehearsal says anything about the draw,
whose numbers do not exist yet.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Literal

from msgspec import Struct

from selection.eligibility import Staff, area_allows, seats_of
from selection.order import DrawnTarget, drawn_depth
from selection.plan import Plan, Seat, Stratum
from selection.pool import Person, Pools, Target
from selection.seat_report import report_seats
from selection.shortage import ShortagePart
from service.planning.stage import StageSeats

__all__ = ["MOST", "PAIRS", "PATIENCE", "Feasibility", "Rehearsals", "SeatLine", "StaffLine", "able", "measure"]

MOST = 200  # rehearsals
PATIENCE = 1.5  # seconds for all rehearsals together
PAIRS = 1_000_000  # (seat, candidate) pairs of one rehearsal; each costs about a microsecond
SCRUTINISED = 20  # rehearsals that are also asked who is possible for each seat; that costs as much again

Stage = Literal["inspectors", "experts"]
_ROLES: tuple[tuple[str, Stage], ...] = (("inspector", "inspectors"), ("expert", "experts"))


class SeatLine(Struct, frozen=True):
    """One seat of a class in one area ("" where the plan's area rule asks nothing).

    `eligible` is the fewest people any of its targets has, `targets` the most that can be drawn, `places` what the eligible can take
    of these. `possible` is the fewest people who could take the seat in a complete team, `forced` how often only one could,
    both over the `looked` seats of the rehearsals that were asked; None and 0 where none was.
    """

    stage: Stage
    class_: str
    number: int
    area: str
    eligible: int
    targets: int
    places: int
    possible: int | None = None
    forced: int = 0
    looked: int = 0


class StaffLine(Struct, frozen=True):
    """All people of one role and section, and the most seats that can be asked of them together."""

    stage: Stage
    section: str
    people: int
    places: int
    seats: int


class Rehearsals(Struct, frozen=True):
    """How many were run, how many filled every seat, and what stopped the others, by stage and outcome."""

    run: int
    complete: int
    stopped: tuple[tuple[Stage, str, int], ...]
    shortage: tuple[Stage, tuple[ShortagePart, ...]] | None  # of the first that was impossible


class Feasibility(Struct, frozen=True):
    """`rehearsals` is None where one would take too long: `pairs` are the (seat, candidate) pairs of one."""

    pairs: int
    rehearsals: Rehearsals | None
    seats: tuple[SeatLine, ...]
    staff: tuple[StaffLine, ...]


class _Group(Struct, frozen=True):
    """The targets of one class in one area that the sections of a seat may draw."""

    class_: str
    area: str


def measure(
    plan: Plan,
    pools: Pools,
    fresh: Callable[[int], bytes],
    patience: float | None = None,
    now: Callable[[], float] = monotonic,
) -> Feasibility:
    """Return how the plan's seats can be filled from `pools`; `fresh(n)` gives n random bytes, `patience` is in seconds.

    Rehearsals stop when the patience is used up, at most `MOST` are run, and none where one alone has more than `PAIRS` pairs.
    """
    split = _Split(plan, pools)
    lines = list(_seat_lines(plan, pools, split))
    pairs = sum(line.targets * line.eligible for line in lines)
    rehearsals, seen = None, _Seen()
    if pairs <= PAIRS:
        rehearsals = _rehearse(plan, pools, split, fresh, PATIENCE if patience is None else patience, now, seen)
    return Feasibility(pairs, rehearsals, tuple(seen.beside(line) for line in lines), tuple(_staff_lines(plan, pools, lines)))


class _Split:
    """The targets by stratum, those drawn by lot and the mandatory ones apart; and how many of each class and area a stratum has."""

    def __init__(self, plan: Plan, pools: Pools) -> None:
        self.plan = plan
        self.free: dict[str, list[Target]] = {stratum.id: [] for stratum in plan.strata}
        self.obliged: list[Target] = []
        self.kept_away = [target for target in pools.targets if target.id in pools.conflicts]
        self.mandatory = pools.mandatory
        self.drawn_by = {(s.id, q.section): q.by_lot for s in plan.strata for q in s.quotas}
        counts: Counter[tuple[str, str, str, bool]] = Counter()
        for target in pools.targets:
            mandatory = target.id in pools.mandatory
            (self.obliged if mandatory else self.free[target.stratum]).append(target)
            counts[target.stratum, target.class_, self.area(target), mandatory] += 1
        self.counts = counts

    def area(self, target: Target) -> str:
        return "" if self.plan.area_rule == "any" else target.area

    def groups(self) -> list[_Group]:
        return [_Group(*key) for key in sorted({(class_, area) for _, class_, area, _ in self.counts})]

    def may_visit(self, section: str, target: Target) -> bool:
        """Return whether the section can come to visit this target."""
        by_lot = self.drawn_by.get((target.stratum, section))
        return by_lot is not None and (by_lot > 0 or target.id in self.mandatory)

    def most(self, group: _Group, section: str) -> int:
        """Return the most targets of the group that the section can come to visit."""
        most = 0
        for stratum in self.plan.strata:
            by_lot = self.drawn_by.get((stratum.id, section))
            if by_lot is not None:
                most += self.counts[stratum.id, group.class_, group.area, True]
                most += min(by_lot, self.counts[stratum.id, group.class_, group.area, False])
        return most

    def depth(self, stratum: Stratum) -> int:
        """Return how many are drawn by lot; a draft that asks more than there are is refused elsewhere."""
        return min(drawn_depth(stratum), len(self.free[stratum.id]))

    def sample(self, chance: random.Random) -> list[DrawnTarget]:
        """Return what a draw with an unknown key draws, in an order it may have."""
        everyone = {stratum.id: tuple(q.section for q in stratum.quotas) for stratum in self.plan.strata}
        drawn = [DrawnTarget(target, "", None, everyone[target.stratum]) for target in self.obliged]
        for stratum in self.plan.strata:
            for rank, target in enumerate(chance.sample(self.free[stratum.id], self.depth(stratum)), 1):
                sections = tuple(quota.section for quota in stratum.quotas if rank <= quota.by_lot)
                drawn.append(DrawnTarget(target, "", rank, sections))
        chance.shuffle(drawn)
        return drawn


def able(plan: Plan, people: Sequence[Person], role: str, seat: Seat, area: str) -> list[Person]:
    """Return whom role, section, codes and areas let take a seat, conflicts not considered."""
    return [
        p for p in people
        if p.role == role and p.section == seat.section and set(seat.codes) <= set(p.codes)
        and area_allows(plan.area_rule, p, area)
    ]  # fmt: skip


def _seat_lines(plan: Plan, pools: Pools, split: _Split) -> Iterator[SeatLine]:
    sections = [section.id for section in plan.sections]
    away: dict[_Group, list[Target]] = defaultdict(list)
    for target in split.kept_away:
        away[_Group(target.class_, split.area(target))].append(target)
    for group in split.groups():
        for role, stage in _ROLES:
            for number, seat in seats_of(plan, group.class_, role, sections):
                most = split.most(group, seat.section)
                if most == 0:
                    continue
                people = able(plan, pools.people, role, seat, group.area)
                ids = {person.id for person in people}
                fewest = min(
                    (len(ids - pools.conflicts[t.id]) for t in away[group] if split.may_visit(seat.section, t)), default=len(ids)
                )
                yield SeatLine(
                    stage, group.class_, number, group.area, fewest, most, sum(min(person.places, most) for person in people),
                )  # fmt: skip


def _staff_lines(plan: Plan, pools: Pools, lines: Sequence[SeatLine]) -> Iterator[StaffLine]:
    section_of = {
        (stage, c.id, number): seat.section
        for c in plan.classes
        for stage, seats in (("inspectors", c.inspector_seats), ("experts", c.expert_seats))
        for number, seat in enumerate(seats, 1)
    }
    for role, stage in _ROLES:
        for section in plan.sections:
            there = [p for p in pools.people if p.role == role and p.section == section.id]
            wanted = _most_seats(plan, [line for line in lines if line.stage == stage and section_of[stage, line.class_, line.number] == section.id], section.id)
            if wanted:
                yield StaffLine(stage, section.id, len(there), sum(p.places for p in there), wanted)


def _most_seats(plan: Plan, lines: Sequence[SeatLine], section: str) -> int:
    """Return the most seats asked of a section at once: so many targets are drawn in all, and the worst are those with most seats."""
    targets = {(line.class_, line.area): line.targets for line in lines}
    seats = Counter((line.class_, line.area) for line in lines)
    left = sum(s.mandatory + q.by_lot for s in plan.strata for q in s.quotas if q.section == section)
    total = 0
    for key in sorted(targets, key=lambda key: -seats[key]):
        taken = min(left, targets[key])
        total, left = total + taken * seats[key], left - taken
    return total


class _Seen:
    """Who was possible for the seats of the rehearsals that were asked, by class seat and area."""

    def __init__(self) -> None:
        self.possible: dict[tuple[Stage, str, int, str], list[int]] = defaultdict(list)

    def look(self, split: _Split, drawn: Sequence[DrawnTarget], asked: StageSeats, stage: Stage) -> None:
        """Add the seats of a rehearsal that can be completed."""
        targets = {d.target.id: d.target for d in drawn}
        for report in report_seats(asked.seats, asked.places, asked.staff, asked.mates) or ():
            target = targets[report.target]
            self.possible[stage, target.class_, report.seat, split.area(target)].append(len(report.possible))

    def beside(self, line: SeatLine) -> SeatLine:
        found = self.possible.get((line.stage, line.class_, line.number, line.area))
        if not found:
            return line
        values = {name: getattr(line, name) for name in line.__struct_fields__}
        return SeatLine(**{**values, "possible": min(found), "forced": found.count(1), "looked": len(found)})


def _rehearse(
    plan: Plan, pools: Pools, split: _Split, fresh: Callable[[int], bytes], patience: float, now: Callable[[], float],
    seen: _Seen,
) -> Rehearsals:  # fmt: skip
    end, run, complete = now() + patience, 0, 0
    stopped: Counter[tuple[Stage, str]] = Counter()
    shortage: tuple[Stage, tuple[ShortagePart, ...]] | None = None
    # Who is possible is asked of the first rehearsals, for at most half of the time.
    half = now() + patience / 2
    while run < MOST and (run == 0 or now() < end):
        chance = random.Random(fresh(32))  # noqa: S311 (a rehearsal, seeded with fresh bytes)
        drawn, staff = split.sample(chance), Staff(plan, pools, fresh(32).hex())
        mates: Mapping[str, tuple[str, ...]] = {}
        scrutinise = run < SCRUTINISED and now() < half
        for role, stage in _ROLES:
            asked = StageSeats(plan, pools, staff, role, drawn, mates)
            found = asked.assign()
            if found.outcome != "COMPLETE":
                stopped[stage, found.outcome] += 1
                if shortage is None and found.outcome == "IMPOSSIBLE":
                    shortage = stage, asked.shortage()
                break
            if scrutinise:
                seen.look(split, drawn, asked, stage)
            mates = asked.teams(found.people)
        else:
            complete += 1
        run += 1
    return Rehearsals(run, complete, tuple((*key, count) for key, count in sorted(stopped.items())), shortage)
