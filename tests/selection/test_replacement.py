"""Nobody chooses a successor; what is not named stays (docs/spec/draw.md 7)."""

import random

import pytest
from bureau import freeze, hexed
from msgspec.structs import replace

from selection.draw import draw
from selection.errors import ReplacementError
from selection.order import in_order
from selection.replacement import (
    PersonEvent,
    TargetEvent,
    apply_event,
    replace_person,
    replace_target,
    standing_after_draw,
)

SEEDS = range(40)
EVIDENCE = hexed("evidence")


def history(seed, length=10, **wishes):
    """Yield (frozen, standing before, event, standing after) for a random lawful history."""
    frozen = freeze(seed, **wishes)
    transcript = draw(frozen.plan, frozen.pools, frozen.lines)
    standing, r = standing_after_draw(frozen.plan, frozen.pools, transcript), random.Random(seed)
    for _ in range(length):
        if not standing.targets:
            return
        target = r.choice(sorted(standing.targets))
        held = sorted(
            (role, n) for role, team in standing.targets[target].teams.items() for n, p in team if p
        )
        if held and r.random() < 0.65:
            event = replace_person(standing, target, *r.choice(held), "ill", EVIDENCE)
        else:
            event = replace_target(standing, target, "not-existing", EVIDENCE, frozen.opened)
        after = apply_event(standing, event)
        yield frozen, standing, event, after
        standing = after


def everything(**wishes):
    return [step for seed in SEEDS for step in history(seed, **wishes)]


HISTORIES = everything() + everything(places=4, targets=25, apart=4, area_rule="any")


def test_histories_hold_every_kind_of_event():
    events = [event for _, _, event, _ in HISTORIES]
    for kind in (PersonEvent, TargetEvent):
        of_kind = [event for event in events if isinstance(event, kind)]
        assert sum(event.successor is None for event in of_kind) >= 3
        assert sum(event.successor is not None for event in of_kind) >= 30
    assert any(e.successor.opened for e in events if isinstance(e, TargetEvent) and e.successor)
    assert any(
        None in (*e.successor.inspectors, *e.successor.experts)
        for e in events
        if isinstance(e, TargetEvent) and e.successor
    )


def test_everything_not_named_stays():
    for _, before, event, after in HISTORIES:
        new = event.successor.id if isinstance(event, TargetEvent) and event.successor else None
        for target, place in before.targets.items():
            if target != event.target:
                assert after.targets[target] == place
        if isinstance(event, PersonEvent):
            for role, team in before.targets[event.target].teams.items():
                for (number, person), now in zip(team, after.targets[event.target].teams[role], strict=True):
                    assert now == (
                        number,
                        event.successor if (role, number) == (event.role, event.seat) else person,
                    )
            assert after.targets.keys() == before.targets.keys()
        else:
            assert after.targets.keys() == before.targets.keys() - {event.target} | ({new} if new else set())


def test_places_left_are_what_the_specification_counts():
    """places − seats held on standing targets − times replaced; a removed person's place is not returned."""
    removed = {}
    for frozen, before, event, after in HISTORIES:
        if before.events == 0:
            removed = {}
        if isinstance(event, PersonEvent):
            removed[event.person] = removed.get(event.person, 0) + 1
        held = [p for place in after.targets.values() for team in place.teams.values() for _, p in team if p]
        wanted = {p.id: p.places - held.count(p.id) - removed.get(p.id, 0) for p in frozen.pools.people}
        assert after.left() == wanted
        assert min(wanted.values()) >= 0
        if isinstance(event, PersonEvent):
            assert after.left()[event.person] == before.left()[event.person]


def test_person_never_comes_back_to_a_target_they_left():
    gone = set()
    for _, before, event, _ in HISTORIES:
        if before.events == 0:
            gone = set()
        if isinstance(event, PersonEvent):
            gone.add((event.target, event.person))
            assert (event.target, event.successor) not in gone


def test_successor_of_a_person_is_the_first_who_may():
    for frozen, before, event, _ in HISTORIES:
        if not isinstance(event, PersonEvent):
            continue
        place, people = before.targets[event.target], {p.id: p for p in frozen.pools.people}
        firm = place.target
        class_ = next(c for c in frozen.plan.classes if c.id == firm.class_)
        seat = (class_.inspector_seats if event.role == "inspector" else class_.expert_seats)[event.seat - 1]
        team = {p for t in place.teams.values() for _, p in t if p} - {event.person}
        left, rule = before.left(), frozen.plan.area_rule

        def may(
            p,
            seat=seat,
            team=team,
            left=left,
            rule=rule,
            event=event,
            firm=firm,
            before=before,
            frozen=frozen,
        ):
            return (
                p.role == event.role
                and p.section == seat.section
                and set(seat.codes) <= set(p.codes)
                and (rule == "any" or (firm.area in p.areas) == (rule == "same"))
                and p.id not in before.pools.conflicts.get(firm.id, ())
                and left[p.id] > 0
                and p.id != event.person
                and p.id not in team
                and (firm.id, p.id) not in before.removed
                and not any((min(p.id, q), max(p.id, q)) in frozen.pools.apart for q in team)
            )

        from selection.keys import stage_key

        stage = stage_key(before.draw_key, f"{event.role}s/{event.target}")
        able = [id for _, id in in_order(stage, [p.id for p in people.values() if may(p)])]
        assert event.successor == (able[0] if able else None)


def test_successor_of_a_target_is_the_next_reserve_of_its_stratum():
    used = set()
    for frozen, before, event, after in HISTORIES:
        if before.events == 0:
            used = set()
        if not isinstance(event, TargetEvent):
            continue
        ended = before.targets[event.target]
        transcript = draw(frozen.plan, frozen.pools, frozen.lines)
        drawn = {t.id for t in transcript.targets}
        candidates = [
            t.id
            for t in frozen.pools.targets
            if t.stratum == ended.target.stratum and t.id not in frozen.pools.mandatory
        ]
        order = [id for _, id in in_order(transcript.stage_key, candidates)]
        free = [id for id in order if id not in drawn and id not in used]
        assert (event.successor.id if event.successor else None) == (free[0] if free else None)
        if event.successor:
            used.add(event.successor.id)
            assert event.successor.rank == order.index(event.successor.id) + 1
            assert after.targets[event.successor.id].sections == ended.sections


def alterations(event):
    """Every single change of a member that a person might make."""
    yield replace(event, sequence=event.sequence + 1)
    yield replace(event, target="elsewhere")
    yield replace(event, reason="dislike")
    if isinstance(event, PersonEvent):
        yield replace(event, reason="not-existing")
        yield replace(event, person="p-" + "0" * 32)
        yield replace(event, seat=event.seat + 7)
        yield replace(event, role="expert" if event.role == "inspector" else "inspector", seat=99)
        yield replace(event, successor=event.person)
        yield replace(event, successor=None if event.successor else "p-" + "0" * 32)
        return
    yield replace(event, reason="ill")
    new = event.successor
    if new is None:
        return
    yield replace(event, successor=None)
    yield replace(event, successor=replace(new, rank=new.rank + 1))
    yield replace(event, successor=replace(new, ticket=hexed("another")))
    yield replace(event, successor=replace(new, items=new.items[1:]))
    yield replace(event, successor=replace(new, id="elsewhere"))
    yield replace(event, successor=replace(new, inspectors=(*new.inspectors, None)))
    if new.inspectors:
        yield replace(
            event,
            successor=replace(
                new, inspectors=(None if new.inspectors[0] else "p-" + "0" * 32, *new.inspectors[1:])
            ),
        )
    if new.experts:
        yield replace(event, successor=replace(new, experts=("p-" + "1" * 32, *new.experts[1:])))


def test_no_altered_event_is_applied():
    tried = 0
    for _, before, event, _ in HISTORIES[::3]:
        for altered in alterations(event):
            tried += 1
            with pytest.raises(ReplacementError):
                apply_event(before, altered)
    assert tried > 500


def test_events_come_in_sequence():
    for _, before, event, after in HISTORIES:
        assert event.sequence == before.events + 1 == after.events
        with pytest.raises(ReplacementError, match="follows"):
            apply_event(after, event)


def test_vacant_seat_and_ended_target_cannot_be_replaced():
    for _, _, event, after in HISTORIES:
        if isinstance(event, PersonEvent) and event.successor is None:
            with pytest.raises(ReplacementError, match="vacant"):
                replace_person(after, event.target, event.role, event.seat, "ill", EVIDENCE)
        if isinstance(event, TargetEvent):
            with pytest.raises(ReplacementError, match="not a standing target"):
                replace_target(after, event.target, "not-existing", EVIDENCE, {})


def test_stage_that_was_not_complete_stays_empty():
    met = 0
    for seed in SEEDS:
        for _, before, event, _ in history(seed, length=2):
            if isinstance(event, TargetEvent) and event.successor and not before.complete["inspector"]:
                met += 1
                assert event.successor.inspectors == event.successor.experts == ()
    assert met > 3
