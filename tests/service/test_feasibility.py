"""Whether the people suffice, before the freeze: rehearsals, the worst case of each seat, and the shortage in words."""

import itertools
import random
import time
from types import MappingProxyType

import pytest
import scene as scenes
from bureau import freeze
from msgspec.structs import replace

from selection.draw import draw
from selection.eligibility import OpenSeat, Staff, seats_of
from selection.keys import digest_of
from selection.order import draw_targets
from selection.pool import Pools, Target
from selection.shortage import explain_shortage
from service import steps
from service.drafting import preview
from service.pages.shortage_words import Naming, outcome_words, words_of
from service.planning import feasibility
from service.planning.feasibility import measure
from service.planning.stage import StageSeats

KEYS = random.Random(7)
SEEDS = range(12)


def fresh(count: int) -> bytes:
    """Bytes that are the same in every run of the tests."""
    return KEYS.randbytes(count)


def found_by_hand(plan, pools):
    """(stage, class, number, area) -> fewest eligible, from the definition, target by target."""
    staff = Staff(plan, pools, digest_of(b""))
    least: dict = {}
    for target in pools.targets:
        stratum = next(s for s in plan.strata if s.id == target.stratum)
        sections = [q.section for q in stratum.quotas if q.by_lot or target.id in pools.mandatory]
        for role, stage in (("inspector", "inspectors"), ("expert", "experts")):
            for seat in staff.open_seats(role, target.id, target.class_, target.area, sections):
                key = stage, target.class_, seat.number, "" if plan.area_rule == "any" else target.area
                least[key] = min(least.get(key, 10**9), len(seat.candidates))
    return least


@pytest.mark.parametrize("seed", SEEDS)
def test_each_seat_tells_the_fewest_eligible_and_never_too_few_targets(seed):
    """No draw asks a seat more often than the report says it can."""
    frozen = freeze(seed)
    plan, pools = frozen.plan, frozen.pools
    lines = {(s.stage, s.class_, s.number, s.area): s for s in measure(plan, pools, fresh, patience=0.0).seats}
    by_hand = found_by_hand(plan, pools)
    assert lines.keys() == by_hand.keys()
    assert {key: line.eligible for key, line in lines.items()} == by_hand
    most: dict = {}
    for number in range(30):
        asked: dict = {}
        for d in draw_targets(plan, pools, digest_of(str(number).encode()))[1]:
            area = "" if plan.area_rule == "any" else d.target.area
            for role, stage in (("inspector", "inspectors"), ("expert", "experts")):
                for seat, _ in seats_of(plan, d.target.class_, role, d.sections):
                    key = stage, d.target.class_, seat, area
                    asked[key] = asked.get(key, 0) + 1
        for key, count in asked.items():
            assert count <= lines[key].targets, key
            most[key] = max(most.get(key, 0), count)
    report = measure(plan, pools, fresh, patience=0.0)
    for staff in report.staff:
        assert staff.seats >= max((line.targets for line in report.seats if line.stage == staff.stage
                                   and section_of(plan, line) == staff.section), default=0)  # fmt: skip


def section_of(plan, line):
    of = next(c for c in plan.classes if c.id == line.class_)
    return (of.inspector_seats if line.stage == "inspectors" else of.expert_seats)[line.number - 1].section


def test_a_plan_whose_people_always_suffice_completes_every_rehearsal_and_one_that_never_does_none():
    enough = freeze(3, people=40, places=60, area_rule="any", apart=0, sections=1)
    report = measure(enough.plan, enough.pools, fresh, patience=1.0).rehearsals
    assert report.run == report.complete > 5 and report.shortage is None
    nobody = freeze(3, people=9, places=0, sections=1)
    report = measure(nobody.plan, nobody.pools, fresh, patience=0.3).rehearsals
    assert report.complete == 0 < report.run and report.shortage is not None
    assert report.stopped == (("inspectors", "IMPOSSIBLE", report.run),)


def test_the_share_is_that_of_whole_draws():
    """Rehearsals by sampled targets complete as often as draws with fresh numbers do: seeds where both happen."""
    seen = 0
    for seed in range(60):
        frozen = freeze(seed, places=2, people=10, sections=1, targets=40, sealed=False)
        plan, pools = frozen.plan, frozen.pools
        done = []
        for number in range(60):
            lines = [*frozen.lines[:-1], frozen.lines[-1][:-1] + str(number % 10)]
            plan_n = replace(plan, title=f"{plan.title} {number}")  # another S, so other numbers
            found = draw(plan_n, pools, lines)
            done.append((found.inspectors.outcome, found.experts.outcome) == ("COMPLETE", "COMPLETE"))
        drawn = sum(done) / len(done)
        if not 0.2 < drawn < 0.8:
            continue
        seen += 1
        report = measure(plan, pools, fresh, patience=60.0).rehearsals
        assert report.run == feasibility.MOST
        assert abs(report.complete / report.run - drawn) < 0.3, seed  # more than four standard deviations
        if seen == 3:
            return
    assert seen


def test_the_clock_ends_the_rehearsals_and_the_report_says_how_many_there_were():
    frozen = freeze(3, people=40, places=60, area_rule="any", apart=0, sections=1)
    ticks = itertools.count(0.0, 0.25)
    report = measure(frozen.plan, frozen.pools, fresh, patience=2.0, now=lambda: next(ticks)).rehearsals
    assert 1 <= report.run <= 8
    assert measure(frozen.plan, frozen.pools, fresh, patience=-1.0).rehearsals.run == 1


def test_a_draw_too_large_to_rehearse_is_told_and_still_has_its_worst_case():
    """300,000 targets of which 12,000 are drawn: only the sample is looked at, and the seats are told without any draw."""
    frozen = freeze(3, people=40, places=60, area_rule="any", apart=0, sections=1, sealed=False)
    plan = frozen.plan
    stratum, class_, area = plan.strata[0].id, plan.classes[0].id, plan.areas[0].id
    targets = [Target(f"T{n:07d}", stratum, class_, area) for n in range(300_000)]
    quotas = tuple(replace(q, by_lot=40_000, quota=40_000, base=300_000) for q in plan.strata[0].quotas)
    large = replace(plan, strata=(replace(plan.strata[0], population=300_000, mandatory=0, quotas=quotas), *plan.strata[1:]))
    pools = Pools(targets, frozenset(), frozen.pools.people, frozenset(), {})
    begun = time.process_time()
    report = measure(large, pools, fresh)
    assert report.rehearsals is None and report.pairs > feasibility.PAIRS
    assert report.seats[0].targets == 40_000
    few = tuple(replace(q, by_lot=60, quota=60) for q in quotas)
    small = replace(large, strata=(replace(large.strata[0], quotas=few), *large.strata[1:]))
    assert measure(small, pools, fresh).rehearsals.run >= 1
    assert time.process_time() - begun < 10, "sampled, not drawn"


# ---- the words


class Apart:
    apart = MappingProxyType({})


NAMING = Naming(lambda t: f"target {t}", lambda p: p, lambda t, n: f"第 {n} 席")


def words(seats, places, reasons=None):
    asked = [OpenSeat(*seat) for seat in seats]

    def why(seat, person):
        return () if person in seat.candidates else (reasons or {}).get((seat.target, seat.number, person), ("code",))

    return words_of(explain_shortage(asked, places, Apart(), {}, why), NAMING)


def test_one_person_for_two_seats_of_a_target_is_told_as_that():
    [part] = words([("A", 1, ("Li",)), ("A", 2, ("Li",))], {"Li": 5})
    assert part.missing.en == "seats 1 and 2 of target A have only Li, who can take one of them. 1 seat short."
    assert part.missing.zh == "target A的第 1 席、第 2 席只有Li可以担任，而一人在一户只能占一席。缺 1 席。"
    assert "one more person" in part.helps.en  # a further place for Li would not help


def test_shortage_names_seats_people_places_reasons_and_what_helps_but_never_offers_what_the_law_forbids():
    reasons = {("B", 1, "Sun"): ("conflict",), ("C", 1, "Sun"): ("area",)}
    [part] = words([("A", 1, ("Li", "Wang")), ("B", 1, ("Li", "Wang")), ("C", 1, ("Li", "Wang"))], {"Li": 1, "Wang": 1, "Sun": 3}, reasons)
    assert "Li（名额 1）、Wang（名额 1）" in part.missing.zh and "缺 1 席" in part.missing.zh
    assert "3 seats in all" in part.missing.en and "1 seat short" in part.missing.en
    assert "给Li、Wang中的任何一人增加一个名额" in part.helps.zh
    assert "放宽区域规则：Sun（target C的第 1 席）" in part.helps.zh and "qualifying Sun (seat 1 of target A)" in part.helps.en
    assert "target B" not in part.helps.zh and "target B" not in part.helps.en
    assert "Sun" in part.forbidden.zh and "不得为配席而放开" in part.forbidden.zh
    assert "依法回避 1 人" in part.excluded.zh


def test_parts_that_have_nothing_to_do_with_each_other_are_told_apart():
    parts = words([("A", 1, ()), ("B", 1, ("Li",)), ("B", 2, ("Li",))], {"Li": 1})
    assert len(parts) == 2 and "没有人可以担任" in parts[0].missing.zh


def test_long_lists_are_counted_instead():
    [part] = words([(f"T{n}", 1, ("Li",)) for n in range(40)], {"Li": 1})
    assert "等 40 户的第 1 席" in part.missing.zh and "and 35 more" in part.missing.en and len(part.missing.zh) < 400


@pytest.mark.parametrize("outcome", ["IMPOSSIBLE_PAIRS", "SEARCH_LIMIT"])
def test_outcomes_without_certificate_name_the_remedy(outcome):
    said = outcome_words(outcome, 40, 88)
    assert "88" in said.zh and "93" in said.zh and "5%" in said.zh and "5 %" in said.en
    assert outcome != "SEARCH_LIMIT" or ("10800" in said.zh and "不证明没有" in said.zh)
    assert outcome_words("COMPLETE", 40, 88) is None


# ---- before the freeze


async def test_the_preview_and_the_page_of_the_freeze_tell_staff_by_name(client, office, clock, enter) -> None:
    people = await scenes.found_city(office)
    await office.pool.execute("UPDATE inspector SET lead = false WHERE number > '42190009'")
    await office.pool.execute("UPDATE inspector SET capacity = 1 WHERE lead")
    scene = await scenes.begin(office, clock, 10)
    found = (await preview(office, people["operator"], scene.draw))["feasibility"]
    assert found["rehearsals"]["complete"] == 0 < found["rehearsals"]["run"]
    assert found["rehearsals"]["share"] == "0/1" and "没有配齐" in found["rehearsals"]["zh"]
    said = " ".join(found["shortage"]["parts"][0]["zh"])
    leads = await office.pool.fetch("SELECT number, name FROM inspector WHERE lead")
    assert any(f"{row['name']}（{row['number']}）" in said for row in leads)
    assert "增加一个名额" in said and "云州" in said
    assert any("最坏情况下要" in warning for warning in found["warnings"])
    seat = found["seats"][0]
    assert not seat["enough"] and seat["seat"].endswith("组长") and seat["places"] == len(leads) < seat["most_targets"]
    view = await scene.take("draw-plan/v1", {}, *scenes.BOTH)  # told, but no fault: it can be frozen
    head = await enter("operator-9", "operator")
    page = (await client.get(f"/staff/steps/{view.id}", headers=head)).text
    assert "检查人员够不够" in page and "增加一个名额" in page and "one more place" in page
    assert "<code>feasibility</code>" not in page


async def test_enough_people_give_no_warning(office, clock) -> None:
    people = await scenes.found_city(office)
    scene = await scenes.begin(office, clock, 10)
    found = (await preview(office, people["operator"], scene.draw))["feasibility"]
    assert found["warnings"] == [] and found["shortage"] is None
    assert found["rehearsals"]["complete"] == found["rehearsals"]["run"]
    assert all(seat["possible"] is not None and seat["possible"] >= 3 for seat in found["seats"])


def test_possible_is_what_could_be_in_a_complete_team_and_forced_when_it_is_one():
    """One lead among ten can take a seat of code `boiler`; the seat is forced in every rehearsal."""
    frozen = freeze(3, people=40, places=60, area_rule="any", apart=0, sections=1, sealed=False)
    plan, people = frozen.plan, [replace(p, codes=()) for p in frozen.pools.people]
    first = next(n for n, p in enumerate(people) if p.role == "inspector")
    people[first] = replace(people[first], codes=("boiler",))
    classes = tuple(
        replace(c, inspector_seats=(replace(c.inspector_seats[0], codes=("boiler",)), replace(c.inspector_seats[1], codes=())))
        for c in plan.classes
    )
    pools = replace(frozen.pools, people=people, conflicts={})
    report = measure(replace(plan, classes=classes), pools, fresh, patience=1.0)
    lead = [line for line in report.seats if line.stage == "inspectors" and line.number == 1]
    assert lead and all(line.eligible == line.possible == 1 and line.forced == line.looked > 0 for line in lead)
    others = sum(p.role == "inspector" for p in people) - 1
    assert all(line.possible == others and line.forced == 0 for line in report.seats if line.stage == "inspectors" and line.number == 2)


def test_a_stage_asks_only_people_of_its_role():
    frozen = freeze(5, sections=1)
    staff = Staff(frozen.plan, frozen.pools, digest_of(b"key"))
    drawn = draw_targets(frozen.plan, frozen.pools, digest_of(b"targets"))[1]
    asked = StageSeats(frozen.plan, frozen.pools, staff, "inspector", drawn, {})
    assert asked.places.keys() == {p.id for p in frozen.pools.people if p.role == "inspector"}


async def test_what_is_asked_before_a_freeze_is_shown_to_those_who_see_a_preview(office, client, enter, clock):
    """It names people who are kept away from firms."""
    made = await scenes.begin(office, clock, 10)
    await steps.propose(office, made.people["operator"], made.draw, "draw-plan/v1", {})
    step = await office.pool.fetchval("SELECT id FROM step")
    for role, status in (("inspector", 404), ("publisher", 404), ("confirmer", 200), ("auditor", 200)):
        head = await enter(f"{role}-7", role)
        assert (await client.get(f"/api/v1/steps/{step}", headers=head)).status_code == status, role
        listed = (await client.get(f"/api/v1/draws/{made.draw}", headers=head)).text
        assert (str(step) in listed) == (status == 200), role
