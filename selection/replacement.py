"""Replacement after the draw (docs/spec/draw.md 7): one vacancy per event, applied in sequence to the standing state.

Nobody chooses a successor. `replace_target` and `replace_person` compute the event that the reserve order gives;
`apply_event` computes it again from what a published event names and refuses any other successor.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from selection.draw import draw_stage
from selection.eligibility import STAGE_OF_ROLE, Staff, seats_of
from selection.errors import ReplacementError
from selection.forms import Count, Hex64, Id, Label, Person
from selection.items import draw_items
from selection.keys import stage_key
from selection.order import DrawnTarget, in_order
from selection.plan import Form, Plan
from selection.pool import OpenedConflicts, Pools, Target
from selection.transcript import Transcript

__all__ = ["ConflictsOf", "Event", "PersonEvent", "Standing", "Successor", "TargetEvent", "apply_event",
           "replace_person", "replace_target", "standing_after_draw"]  # fmt: skip

Role = Literal["inspector", "expert"]


class ConflictsOf(Form, frozen=True):
    people: tuple[Person, ...]
    salt: Hex64


class Successor(Form, frozen=True):
    """The target that takes a removed target's place."""

    experts: tuple[Person | None, ...]
    id: Id
    inspectors: tuple[Person | None, ...]
    items: tuple[Id, ...]
    opened: ConflictsOf | None
    rank: Count
    ticket: Hex64


class TargetEvent(Form, frozen=True, tag_field="kind", tag="target"):
    evidence: Hex64
    reason: Label
    sequence: Count
    successor: Successor | None
    target: Id


class PersonEvent(Form, frozen=True, tag_field="kind", tag="person"):
    evidence: Hex64
    person: Person
    reason: Label
    role: Role
    seat: Count
    sequence: Count
    successor: Person | None
    target: Id


Event = TargetEvent | PersonEvent


class StandingTarget(Struct, frozen=True):
    """A target still to be visited, with its teams: (seat number, person or None if vacant)."""

    target: Target
    sections: tuple[str, ...]
    teams: Mapping[str, tuple[tuple[int, str | None], ...]]  # by role

    def members(self) -> set[str]:
        return {person for team in self.teams.values() for _, person in team if person is not None}


class Standing(Struct, frozen=True):
    """What stands after some events. A value: applying an event returns the next one."""

    plan: Plan
    pools: Pools
    draw_key: str
    complete: Mapping[str, bool]  # by role: whether the stage of the draw was COMPLETE
    targets: Mapping[str, StandingTarget]
    reserves: Mapping[
        str, tuple[str, ...]
    ]  # by stratum: candidates beyond the drawn ranks, in order, never used
    ranks: Mapping[str, int]
    removed: frozenset[tuple[str, str]]  # (target, person) ever replaced
    lost_places: Mapping[str, int]
    events: int

    def left(self) -> dict[str, int]:
        """Return the places left per person: places − seats held on standing targets − times replaced."""
        left = {person.id: person.places - self.lost_places.get(person.id, 0) for person in self.pools.people}
        for standing in self.targets.values():
            for person in standing.members():
                left[person] -= 1
        return left


def standing_after_draw(plan: Plan, pools: Pools, transcript: Transcript) -> Standing:
    """Return the state before any event. `pools` as in `draw`; the transcript is that of this plan."""
    by_id = {target.id: target for target in pools.targets}
    standing = {}
    for drawn in transcript.targets:
        target = by_id[drawn.id]
        people = {"inspector": drawn.inspectors, "expert": drawn.experts}
        teams = {role: _seated(plan, target, role, drawn.sections, people[role]) for role in people}
        standing[drawn.id] = StandingTarget(target, drawn.sections, teams)
    reserves: dict[str, tuple[str, ...]] = {}
    ranks: dict[str, int] = {}
    for stratum, outcome in zip(plan.strata, transcript.strata, strict=True):
        candidates = (t.id for t in pools.targets if t.stratum == stratum.id and t.id not in pools.mandatory)
        order = [id for _, id in in_order(transcript.stage_key, candidates)]
        reserves[stratum.id] = tuple(order[len(outcome.order) :])
        ranks.update((id, rank) for rank, id in enumerate(order, 1))
    complete = {
        "inspector": transcript.inspectors.outcome == "COMPLETE",
        "expert": transcript.experts.outcome == "COMPLETE",
    }
    return Standing(
        plan, pools, transcript.draw_key, complete, standing, reserves, ranks, frozenset(), {}, 0
    )  # fmt: skip


def _seated(
    plan: Plan, target: Target, role: str, sections: Sequence[str], people: Sequence[str | None]
) -> tuple[tuple[int, str | None], ...]:
    if not people:
        return ()
    return tuple(
        (number, person)
        for (number, _), person in zip(seats_of(plan, target.class_, role, sections), people, strict=True)
    )


def _check_reason(plan: Plan, applies: str, reason: str) -> None:
    if not any(r.id == reason and r.applies == applies for r in plan.replacement_reasons):
        raise ReplacementError(f"{reason!r} is not a reason of the plan for replacing a {applies}")


def replace_target(
    standing: Standing, target: str, reason: str, evidence: str, opened: Mapping[str, OpenedConflicts]
) -> TargetEvent:
    """Return the event that ends `target`; its successor is the first never-used candidate of its stratum.

    `opened` holds the conflicts of the possible successors (the bureau has all; a verifier the published ones).
    Raises ReplacementError if the target does not stand or the reason is not one of the plan's.
    """
    plan = standing.plan
    _check_reason(plan, "target", reason)
    ended = standing.targets.get(target)
    if ended is None:
        raise ReplacementError(f"{target} is not a standing target of this draw")
    reserves = standing.reserves[ended.target.stratum]
    successor = None
    if reserves:
        conflict = opened.get(reserves[0])
        successor = _succeed(standing, ended, reserves[0], conflict)
    return TargetEvent(
        evidence=evidence, reason=reason, sequence=standing.events + 1, successor=successor, target=target
    )


def _succeed(
    standing: Standing, ended: StandingTarget, id: str, conflict: OpenedConflicts | None
) -> Successor:
    plan, key = standing.plan, standing.draw_key
    target = next(t for t in standing.pools.targets if t.id == id)
    kept_away = {id: frozenset(conflict.people)} if conflict else {}
    staff = _staff(standing, {**standing.pools.conflicts, **kept_away})
    ticket = in_order(stage_key(key, "targets"), [id])[0][0].hex()
    drawn = DrawnTarget(target, ticket, standing.ranks[id], ended.sections)
    left = standing.left()
    for person in ended.members():
        left[person] += 1
    staff.places.update(left)
    teams: dict[str, tuple[str | None, ...]] = {"inspector": (), "expert": ()}
    filled = True  # after inspectors that are not COMPLETE the experts are not run
    mates: tuple[str, ...] = ()
    for role in ("inspector", "expert"):
        if not standing.complete[role]:
            continue
        outcome, found = draw_stage(staff, role, [drawn], {id: mates})
        filled = filled and outcome.outcome == "COMPLETE"
        mates = found.get(id, ()) if filled else ()
        teams[role] = mates if filled else (None,) * len(seats_of(plan, target.class_, role, ended.sections))
    return Successor(
        experts=teams["expert"],
        id=id,
        inspectors=teams["inspector"],
        items=draw_items(plan, key, id, target.class_, ended.sections),
        opened=ConflictsOf(people=conflict.people, salt=conflict.salt) if conflict else None,
        rank=standing.ranks[id],
        ticket=ticket,
    )


def _staff(standing: Standing, conflicts: Mapping[str, frozenset[str]]) -> Staff:
    pools = standing.pools
    return Staff(
        standing.plan,
        Pools(pools.targets, pools.mandatory, pools.people, pools.apart, conflicts),
        standing.draw_key,
    )


def replace_person(
    standing: Standing, target: str, role: Role, seat: int, reason: str, evidence: str
) -> PersonEvent:
    """Return the event that empties one seat; its successor is the first candidate who may take it, or None: vacant.

    Raises ReplacementError if the target does not stand, the seat is not there or is vacant, or the reason is not
    one of the plan's.
    """
    _check_reason(standing.plan, "person", reason)
    place = standing.targets.get(target)
    if place is None:
        raise ReplacementError(f"{target} is not a standing target of this draw")
    removed = dict(place.teams[role]).get(seat)
    if removed is None:
        raise ReplacementError(
            f"seat {seat} of {STAGE_OF_ROLE[role]} of {target} does not exist or is vacant"
        )
    staff, left = _staff(standing, standing.pools.conflicts), standing.left()
    team = place.members() - {removed}
    open_seats = staff.open_seats(role, target, place.target.class_, place.target.area, place.sections)
    candidates = next(s.candidates for s in open_seats if s.number == seat)
    successor = next(
        (
            person
            for person in candidates
            if left[person] > 0
            and person != removed
            and person not in team
            and (target, person) not in standing.removed
            and not staff.clashes(person, team)
        ),
        None,
    )
    return PersonEvent(
        evidence=evidence, person=removed, reason=reason, role=role, seat=seat, sequence=standing.events + 1,
        successor=successor, target=target,
    )  # fmt: skip


def apply_event(standing: Standing, event: Event) -> Standing:
    """Return what stands after `event`; ReplacementError unless it is exactly the event the rules give.

    Conflicts of a successor are taken as the event opens them; whether they open their commitment is for the caller.
    """
    if event.sequence != standing.events + 1:
        raise ReplacementError(f"event {event.sequence} follows event {standing.events}")
    if isinstance(event, PersonEvent):
        lawful: Event = replace_person(
            standing, event.target, event.role, event.seat, event.reason, event.evidence
        )
    else:
        opened = {}
        if event.successor is not None and event.successor.opened is not None:
            conflict = event.successor.opened
            opened = {event.successor.id: OpenedConflicts(event.successor.id, conflict.salt, conflict.people)}
        lawful = replace_target(standing, event.target, event.reason, event.evidence, opened)
    if lawful != event:
        raise ReplacementError(f"event {event.sequence}: the rules give {lawful}, the event says {event}")
    return _after(standing, event)


def _after(standing: Standing, event: Event) -> Standing:
    targets, conflicts = dict(standing.targets), dict(standing.pools.conflicts)
    removed, lost, reserves = standing.removed, dict(standing.lost_places), dict(standing.reserves)
    place = targets[event.target]
    if isinstance(event, PersonEvent):
        teams = {
            role: tuple(
                (number, event.successor if (role, number) == (event.role, event.seat) else person)
                for number, person in team
            )
            for role, team in place.teams.items()
        }
        targets[event.target] = StandingTarget(place.target, place.sections, teams)
        removed |= {(event.target, event.person)}
        lost[event.person] = lost.get(event.person, 0) + 1
    else:
        del targets[event.target]
        if (new := event.successor) is not None:
            target = next(t for t in standing.pools.targets if t.id == new.id)
            people = {"inspector": new.inspectors, "expert": new.experts}
            teams = {r: _seated(standing.plan, target, r, place.sections, p) for r, p in people.items()}
            targets[new.id] = StandingTarget(target, place.sections, teams)
            reserves[target.stratum] = reserves[target.stratum][1:]
            if new.opened is not None:
                conflicts[new.id] = frozenset(new.opened.people)
    old = standing.pools
    pools = Pools(old.targets, old.mandatory, old.people, old.apart, conflicts)
    return Standing(
        standing.plan, pools, standing.draw_key, standing.complete, targets, reserves, standing.ranks, removed, lost,
        event.sequence,
    )  # fmt: skip
