"""Plans for teams alone (docs/spec/plan.md): the targets of a draw whose teams did not work out keep standing, and get teams."""

from collections import Counter

import pytest
from bad_plans import BASES, TEAMS, lists_of
from bureau import Bureau, hexed
from bureau_teams import former_of, freeze_teams, unfinished
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from test_draw import stage_seats

from selection.draw import draw
from selection.errors import ReplacementError
from selection.plan import plan_digest
from selection.plan_rules import plan_faults, refusals
from selection.replacement import (
    TargetEvent,
    apply_event,
    replace_person,
    replace_target,
    standing_after_draw,
)
from selection.transcript import format_transcript, parse_transcript

SEEDS = [(seed, role) for seed in range(12) for role in ("inspector", "expert")]


def made(seed, role, **wishes):
    frozen = freeze_teams(seed, role, **wishes)
    return frozen, draw(frozen.plan, frozen.pools, frozen.lines)


@pytest.mark.parametrize(("seed", "role"), SEEDS)
def test_targets_are_those_of_the_former_draw_and_items_are_none(seed, role):
    frozen, transcript = made(seed, role)
    excluded, former = former_of(frozen)
    assert plan_faults(frozen.plan, *lists_of(frozen.blobs)) == []
    gone = {row.target for row in excluded}
    sections = {t.id: t.sections for t in parse_transcript(former).targets}
    assert {t.id: t.sections for t in transcript.targets} == {id: s for id, s in sections.items() if id not in gone}
    assert all(t.items == () and t.rank is None for t in transcript.targets)
    assert all(s.order == () and s.next is None and {q.cut for q in s.quotas} == {None} for s in transcript.strata)
    assert [(t.ticket, t.id) for t in transcript.targets] == sorted((t.ticket, t.id) for t in transcript.targets)


@pytest.mark.parametrize(("seed", "role"), SEEDS)
def test_every_seat_that_was_empty_is_filled_by_who_may_take_it(seed, role):
    frozen, transcript = made(seed, role, places=90, area_rule="any", apart=0)
    assert (transcript.inspectors.outcome, transcript.experts.outcome) == ("COMPLETE", "COMPLETE")
    load = Counter()
    for stage in ("inspector", "expert"):
        candidates = {(t, n): order for t, n, order in stage_seats(frozen, transcript, stage)}
        taken = [p for t in transcript.targets for p in (t.inspectors if stage == "inspector" else t.experts)]
        assert len(taken) == len(candidates)
        for (_, able), person in zip(candidates.items(), taken, strict=True):
            assert person in able
        load.update(taken)
    assert all(load[p.id] <= p.places for p in frozen.pools.people)
    assert all(t.inspectors == () for t in transcript.targets) == (role == "expert")


def test_former_draws_were_impossible_in_the_stage_that_is_drawn_again():
    for seed, role in SEEDS:
        _, former = unfinished(seed, role)
        short = former.inspectors if role == "inspector" else former.experts
        assert short.outcome == "IMPOSSIBLE"
        assert short.certificate.short == len(short.certificate.seats) - short.certificate.supply > 0


@pytest.mark.parametrize("role", ["inspector", "expert"])
def test_plan_cannot_be_judged_without_the_former_result(role):
    frozen = freeze_teams(1, role)
    pools, excluded, _ = lists_of(frozen.blobs)
    assert "9.1" in {number for number, _ in refusals(frozen.plan, pools, excluded)}
    assert any("not at hand" in fault for fault in plan_faults(frozen.plan, pools))


def test_result_at_hand_must_be_the_one_named():
    pools, excluded, former = lists_of(TEAMS.blobs)
    other = replace(former, stage_key=hexed("another"))
    assert [number for number, _ in refusals(TEAMS.plan, pools, excluded, other)] == ["9.1"]
    assert any("the result at hand is" in fault for fault in plan_faults(TEAMS.plan, pools, excluded, other))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.integers(0, 11), st.sampled_from(["inspector", "expert"]), st.data())
def test_no_former_target_disappears_in_silence(seed, role, data):
    """Whichever targets are taken out of pool and excluded, the plan is refused unless none is."""
    frozen = freeze_teams(seed, role)
    pools, excluded, former = lists_of(frozen.blobs)
    ids = [t.id for t in pools.targets] + [row.target for row in excluded]
    lost = data.draw(st.sets(st.sampled_from(ids)))
    pools = replace(pools, targets=[t for t in pools.targets if t.id not in lost])
    found = refusals(frozen.plan, pools, [row for row in excluded if row.target not in lost], former)
    assert [sentence.split(" ")[0] for number, sentence in found if number == "9.2"] == sorted(lost)


@pytest.mark.parametrize(("seed", "role"), SEEDS)
def test_ended_target_has_no_successor_and_frees_its_team(seed, role):
    """There are no reserves: who is inspected was drawn before."""
    frozen, transcript = made(seed, role, places=20, area_rule="any", apart=0)
    standing = standing_after_draw(frozen.plan, frozen.pools, transcript)
    target, before = transcript.targets[0], standing.left()
    event = replace_target(standing, target.id, "not-existing", hexed("evidence"), frozen.opened)
    assert event.successor is None
    after = apply_event(standing, event).left()
    team = (*target.inspectors, *target.experts)
    assert {p: after[p] - before[p] for p in after if after[p] != before[p]} == dict.fromkeys(team, 1)
    with pytest.raises(ReplacementError):
        replace_target(apply_event(standing, event), target.id, "not-existing", hexed("evidence"), frozen.opened)


@pytest.mark.parametrize(("seed", "role"), SEEDS)
def test_person_is_replaced_as_in_any_draw(seed, role):
    frozen, transcript = made(seed, role, places=20, area_rule="any", apart=0)
    standing = standing_after_draw(frozen.plan, frozen.pools, transcript)
    orders = {(t, n): order for t, n, order in stage_seats(frozen, transcript, role)}
    for target in transcript.targets:
        removed = set()  # from this target, each never to come back to it
        for number, person in dict(standing.targets[target.id].teams[role]).items():
            removed.add(person)
            event = replace_person(standing, target.id, role, number, "ill", hexed("evidence"))
            left, team = standing.left(), standing.targets[target.id].members() - {person}
            able = [p for p in orders[target.id, number] if left[p] > 0 and p not in team and p not in removed]
            assert event.successor == (able[0] if able else None)
            standing = apply_event(standing, event)


@pytest.mark.parametrize(("seed", "role"), SEEDS[::3])
def test_twelve_events_in_sequence_replay_to_the_same_state(seed, role):
    bureau = Bureau(freeze_teams(seed, role), events=12)
    events = bureau.decide()
    assert all(event.successor is None for event in events if isinstance(event, TargetEvent))
    f = bureau.frozen
    standing = again = standing_after_draw(f.plan, f.pools, bureau.transcript)
    for event in events:
        again = apply_event(again, event)
    assert again.events == len(events) > 0
    assert set(again.targets) == set(standing.targets) - {e.target for e in events if isinstance(e, TargetEvent)}


def test_teams_may_be_drawn_for_a_draw_of_teams_alone():
    """What did not work out a second time is drawn a third: its result names the same targets."""
    found = [f for f in (made(seed, "inspector", places=1, people=9) for seed in range(20)) if f[1].inspectors.outcome != "COMPLETE"]
    frozen, transcript = found[0]
    pools, excluded, _ = lists_of(frozen.blobs)
    of = replace(
        frozen.plan.teams_of, draw=frozen.plan.id, plan=plan_digest(frozen.plan), result=hexed("later")
    )
    later = replace(frozen.plan, id="bureau-2026-99-1", teams_of=of)
    faults = [number for number, _ in refusals(later, pools, [], transcript)]
    assert faults == ["1", "9.1"]  # its id and the digest alone; excluded has nobody left to name
    assert [n for n, _ in refusals(replace(frozen.plan, teams_of=of), pools, [], transcript)] == ["9.1", "9.1"], "not its own former"
    assert format_transcript(transcript)
    assert excluded is not None


def test_bases_of_the_bad_plans_are_of_both_kinds():
    assert parse_transcript(BASES["teams"].blobs["former"]).inspectors.outcome == "IMPOSSIBLE"
    assert parse_transcript(BASES["experts"].blobs["former"]).experts.outcome == "IMPOSSIBLE"
