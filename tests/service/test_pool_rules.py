"""Pool rules of a draft: who is left out and why; every firm in scope ends in one place, whatever the order of the registries."""

import json
import random
from datetime import date

import journey
import msgspec
import pytest
import scene
from hypothesis import given, settings
from hypothesis import strategies as st

from selection.plan import (
    Fixed,
)
from service.candidates import Registries, sort_candidates
from service.drafting import preview
from service.drafts import (
    Band,
    CapClass,
    Closed,
    Draft,
    DraftStratum,
    JustInspected,
    Mandatory,
    Punished,
    Scope,
    Suspended,
    VisitDays,
    Where,
    YearlyCap,
)
from service.errors import Invalid
from service.past import StandingVisit
from service.pool_rules import REASONS, History, rules_in_words
from service.registry.records import ORIGINS, Inspection, Target
from service.registry.store import read_registries

BASE = journey.draft("rules", "2026-11-10T02:00:00Z", None)  # visits from 2026-12-20 to 2026-12-30
ONE = (DraftStratum(name="全部", rule=Fixed(count=1)),)
FIRM = Target("914200000000000001", "云州一厂", "东湖区", "机械", "red", standardisation="一级", status="active")


def draft(**changes) -> Draft:
    return msgspec.structs.replace(BASE, **({"stratify_by": None, "strata": ONE} | changes))


def registries(*targets: Target, inspections=(), standing=()) -> Registries:
    return Registries(list(targets), [], [], [], [], inspections, standing)


def visit(day: str, origin: str = "plan-random", firm: Target = FIRM, **more) -> Inspection:
    return Inspection(firm.id, day, origin=origin, **more)


def code(rule, *inspections: Inspection, firm: Target = FIRM, standing=(), **more) -> str | None:
    """The code under which the firm is excluded by one rule; None if it stays."""
    found = sort_candidates(draft(pool_rules=(rule,), **more), registries(firm, inspections=inspections, standing=standing))
    return found.excluded[0].reason if found.excluded else None


CAP = YearlyCap(
    caps=(
        CapClass(most=2, risk_colours=("red",), standardisations=("一级",)),
        CapClass(most=4, sectors=("机械", "化工")),
        CapClass(most=0, risk_colours=("blue",)),
    )
)


# ---------------------------------------------------------------- caps


def test_a_cap_counts_the_visits_of_the_year_over_all_departments_and_origins_that_are_not_exempt():
    two = (visit("2026-01-05"), visit("2026-06-01", "special", department="消防"))
    assert code(CAP, *two) == "yearly-cap"
    assert code(CAP, two[0]) is None
    assert code(CAP, two[0], visit("2025-12-31")) is None, "another year"
    assert code(CAP, two[0], visit("2026-06-01", "complaint"), visit("2026-07-01", "recheck")) is None, "exempt origins"
    assert code(CAP, two[0], visit("2026-06-01", "")) == "yearly-cap", "an origin nobody stated counts"
    assert code(CAP, two[0], visit("2026-01-05", department="消防")) is None, "one day is one visit"
    assert code(msgspec.structs.replace(CAP, exempt_origins=("plan-random",)), *two) is None


def test_the_first_class_that_fits_says_the_cap_and_who_fits_none_has_none():
    twice = (visit("2026-01-05"), visit("2026-06-01"))
    plain = msgspec.structs.replace(FIRM, standardisation="")
    assert code(CAP, *twice, firm=plain) is None
    assert code(CAP, *twice, visit("2026-07-01"), visit("2026-08-01"), firm=plain) == "yearly-cap"
    other = msgspec.structs.replace(FIRM, sector="商贸", standardisation="")
    assert code(CAP, *twice, *(visit(f"2026-0{n}-09") for n in range(1, 9)), firm=other) is None
    assert code(CAP, firm=msgspec.structs.replace(other, risk_colour="blue")) == "yearly-cap", "a cap of 0"


def test_visits_over_two_years_are_capped_by_the_fuller_one():
    days = VisitDays(first=date(2026, 12, 20), last=date(2027, 1, 10))
    ahead = (visit("2027-01-02"), visit("2027-01-03"))
    assert code(CAP, *ahead, visits=days) == "yearly-cap"
    assert code(CAP, *ahead) is None
    assert code(CAP, visits=VisitDays(first=date(2026, 12, 20), last=date(2025, 1, 1))) is None, "judged by the plan's rules"


def test_a_visit_drawn_and_still_to_come_counts_until_it_is_imported():
    coming = StandingVisit(FIRM.id, "2026-05-01", "2026-05-31")
    assert code(CAP, visit("2026-01-05"), standing=[coming]) == "yearly-cap"
    assert code(CAP, visit("2026-05-07"), standing=[coming]) is None, "the imported inspection is that visit"
    assert code(CAP, visit("2026-01-05"), visit("2026-05-07", "complaint"), standing=[coming]) == "yearly-cap"
    assert code(CAP, visit("2026-01-05"), standing=[StandingVisit(FIRM.id, "2025-05-01", "2025-05-31")]) is None
    assert code(CAP, visit("2026-01-05"), standing=[StandingVisit(FIRM.id, "2025-12-01", "2026-01-04")]) == "yearly-cap"


def test_the_column_of_the_registry_stands_in_where_no_inspection_is_known():
    once = YearlyCap(caps=(CapClass(most=1),))
    known = msgspec.structs.replace(FIRM, last_inspected="2026-03-01")
    assert code(once, firm=known) == "yearly-cap"
    assert code(once, visit("2025-01-01"), firm=known) == "yearly-cap", "a day that no row has is a visit too"
    twice = YearlyCap(caps=(CapClass(most=2),))
    assert code(twice, visit("2026-03-01"), firm=known) is None, "a day that a row has counts once"
    months = JustInspected(months=12)
    assert code(months, firm=known) == code(months, visit("2026-11-01")) == "just-inspected"
    assert code(months, visit("2025-01-01"), firm=known) == "just-inspected", "the newest of both"
    assert code(months, visit("2025-12-20")) is None
    assert code(months, visit("2025-12-21")) == "just-inspected"
    assert code(JustInspected(months=12, exempt_origins=("complaint",)), visit("2026-11-01", "complaint")) is None
    assert code(JustInspected(months=12, exempt_origins=("complaint",)), visit("2026-03-01", "complaint"), firm=known) is None


def test_punished_this_year_and_suspended_are_left_out():
    assert code(Punished(), visit("2026-02-01", "complaint", punished=True)) == "punished"
    assert code(Punished(), visit("2025-02-01", punished=True), visit("2026-02-01")) is None
    still = msgspec.structs.replace(FIRM, status="suspended")
    assert code(Suspended(), firm=still) == "suspended"
    assert code(Closed(version="2"), firm=still) is None


def test_the_first_rule_that_applies_gives_the_code_and_closed_comes_first():
    rows = (visit("2026-11-01", punished=True), visit("2026-10-01"))
    rules = (CAP, Punished(), JustInspected(months=6))
    for order in (rules, rules[::-1], (rules[1], rules[2], rules[0])):
        found = sort_candidates(draft(pool_rules=order), registries(FIRM, inspections=rows))
        assert found.excluded[0].reason == order[0].__struct_config__.tag
        gone = msgspec.structs.replace(FIRM, status="moved")
        assert sort_candidates(draft(pool_rules=order), registries(gone, inspections=rows)).excluded[0].reason == "closed"
    within = draft(pool_rules=(Punished(),), scope=Scope(not_inspected_within_months=6))
    assert sort_candidates(within, registries(FIRM, inspections=rows)).excluded[0].reason == "just-inspected"


# ---------------------------------------------------------------- must-inspect


def test_an_exclusion_goes_before_the_must_inspect_list_and_is_a_fault_that_names_the_firm_and_the_rule():
    must = (Mandatory(target=FIRM.id, reason="complaint"),)
    rows = (visit("2026-11-01", punished=True),)
    found = sort_candidates(draft(pool_rules=(Punished(),), mandatory=must), registries(FIRM, inspections=rows))
    assert [row.reason for row in found.excluded] == ["punished"]
    (fault,) = found.faults
    assert "云州一厂" in fault
    assert FIRM.id in fault
    assert "punished" in fault
    assert "spares_mandatory" in fault
    spared = draft(pool_rules=(Punished(spares_mandatory=True), CAP), mandatory=must)
    found = sort_candidates(spared, registries(FIRM, inspections=rows))
    assert [t.id for t in found.targets] == [FIRM.id]
    assert not found.faults
    gone = sort_candidates(spared, registries(msgspec.structs.replace(FIRM, status="closed")))
    assert "spares_mandatory" not in gone.faults[0]
    outside = sort_candidates(draft(scope=Scope(areas=("西山区",)), mandatory=must), registries(FIRM))
    assert "不在抽查范围内" in outside.faults[0]


# ---------------------------------------------------------------- everywhere, and in any order


words = {
    "area": ["东湖区", "西山区", ""], "sector": ["机械", "化工", ""], "risk_colour": ["red", "blue", ""],
    "credit_class": ["A", "D", ""], "standardisation": ["一级", ""], "entity_type": ["厂", ""],
}  # fmt: skip
firms = st.builds(
    Target, st.from_regex(r"[0-9A-Z]{1,4}", fullmatch=True), st.just("厂"),
    *(st.sampled_from(words[name]) for name in ("area", "sector", "risk_colour", "credit_class", "standardisation", "entity_type")),
    status=st.sampled_from(["active", "suspended", "closed"]), headcount=st.none() | st.integers(0, 400),
    last_inspected=st.none() | st.sampled_from(["2026-12-01", "2026-02-01", "2020-02-01"]),
)  # fmt: skip
bands = st.builds(Band, from_=st.none() | st.integers(0, 300), to=st.none() | st.integers(0, 300), unknown=st.booleans())
wheres = st.builds(
    Where, **{name: st.lists(st.sampled_from(values), max_size=2).map(tuple) for name, values in words.items()},
    size=st.lists(bands, max_size=2).map(tuple), recency=st.lists(bands, max_size=2).map(tuple),
)  # fmt: skip
rules = st.lists(
    st.sampled_from(
        [CAP, JustInspected(months=12), Punished(), Suspended(), msgspec.structs.replace(CAP, spares_mandatory=True)]
    ),
    max_size=3, unique_by=type,
).map(tuple)  # fmt: skip
scopes = st.builds(Scope, areas=st.sampled_from([(), ("东湖区",)]), sizes=st.sampled_from([(), (Band(to=300, unknown=True),)]))
days = st.sampled_from(["2026-12-01", "2026-03-01", "2026-03-02", "2025-03-01"])


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_every_target_in_scope_ends_in_one_place_whatever_the_order_of_the_registries(data):
    everyone = data.draw(st.lists(firms, max_size=12, unique_by=lambda firm: firm.id))
    ids = st.sampled_from([firm.id for firm in everyone] or ["X"])
    rows = data.draw(st.lists(st.builds(Inspection, ids, days, origin=st.sampled_from([*ORIGINS, ""]), punished=st.booleans()), max_size=20))
    coming = data.draw(st.lists(st.builds(StandingVisit, ids, st.just("2026-12-01"), st.just("2026-12-31")), max_size=5))
    made = draft(
        stratify_by=(*words, "size", "recency"), scope=data.draw(scopes), pool_rules=data.draw(rules),
        strata=tuple(DraftStratum(name=f"{n}", where=where, rule=Fixed(count=0))
                     for n, where in enumerate(data.draw(st.lists(wheres, min_size=1, max_size=3)))),
        mandatory=tuple(Mandatory(target=id, reason="complaint") for id in sorted(data.draw(st.sets(ids, max_size=3)))),
    )  # fmt: skip
    found = sort_candidates(made, registries(*everyone, inspections=rows, standing=coming))
    placed = [t.id for t in found.targets] + [row.target for row in found.excluded] + list(found.unplaced)
    assert sorted(placed) == sorted(found.names), "one place each"
    assert {row.reason for row in found.excluded} <= set(REASONS)
    obliged = {row.target for row in made.mandatory}
    assert obliged <= {t.id for t in found.targets} or found.faults, "a must-inspect firm is in the list or named"
    random.Random(data.draw(st.integers())).shuffle(everyone)
    again = sort_candidates(made, registries(*everyone, inspections=rows[::-1], standing=coming[::-1]))
    assert {t.id: t for t in again.targets} == {t.id: t for t in found.targets}
    assert {row.target: row.reason for row in again.excluded} == {row.target: row.reason for row in found.excluded}
    assert again.faults == found.faults
    assert msgspec.json.decode(msgspec.json.encode(made), type=Draft) == made


@settings(max_examples=200, deadline=None)
@given(st.lists(st.builds(Inspection, st.just("F"), days, origin=st.sampled_from([*ORIGINS, ""])), max_size=8))
def test_another_inspection_never_lowers_a_count(rows):
    record = msgspec.structs.replace(FIRM, id="F")
    counts = [History.of(rows[:n], ()).visits(record, 2026, ("complaint",)) for n in range(len(rows) + 1)]
    assert counts == sorted(counts)
    assert counts[-1] == len({row.inspected_on for row in rows if row.origin != "complaint" and row.inspected_on[:4] == "2026"})


# ---------------------------------------------------------------- words


def test_the_rules_are_printed_in_the_order_in_which_they_apply():
    made = draft(
        pool_rules=(CAP, Punished(version="2026-1")), mandatory=(Mandatory(target=FIRM.id, reason="complaint"),),
        scope=Scope(risk_colours=("red", ""), sizes=(Band(from_=20),), not_inspected_within_months=3),
    )  # fmt: skip
    printed = rules_in_words(made)
    assert [rule.id for rule in printed] == ["scope", "closed", "just-inspected", "yearly-cap", "punished", "complaint"]
    assert printed[0].text.startswith("定向抽查：只从风险等级为红、未填，且从业人数20 人以上（含）的对象中抽取")
    assert rules_in_words(draft())[0].text.startswith("不定向抽查")
    cap = {p.name: p.value for p in printed[3].parameters}
    assert cap["cap-1"] == "most=2;risk_colour=red;standardisation=一级"
    assert cap["years"] == "2026"
    assert "风险等级为红，且标准化等级为一级每年至多 2 次" in printed[3].text
    assert printed[4].version == "2026-1"
    for rule in printed:
        names = [p.name for p in rule.parameters]
        assert names == sorted(set(names))
        assert rule.id in REASONS
        assert all(p.value for p in rule.parameters)


async def test_the_draw_page_prints_every_pool_rule_with_its_version(office, clock, client) -> None:
    cap = YearlyCap(caps=(CapClass(most=2),), version="2026-7")
    made = await scene.frozen_scene(office, clock, pool_rules=(cap,))
    page = (await client.get(f"/draws/{made.draw}/")).text
    assert "每年至多 2 次" in page and "版本 2026-7" in page
    plan = json.loads(await office.pool.fetchval("SELECT data FROM document WHERE draw = $1 AND kind = 'draw-plan/v1'", made.draw))
    assert all(rule["text"] in page for rule in plan["pool_rules"])


async def test_an_imported_visit_of_a_sealed_draw_excludes_nobody_before_the_opening(office, clock) -> None:
    """`excluded` is public: what only a sealed draw explains must not show in it."""
    made = await scene.sealed_scene(office, clock)
    drawn = [t.id for t in (await made.transcript()).targets]
    await office.pool.executemany(
        "INSERT INTO inspection (target, inspected_on, department, number) VALUES ($1, '2026-11-26', '', '')", [(t,) for t in drawn]
    )
    await office.pool.execute("UPDATE target SET last_inspected = '2026-11-26' WHERE id = ANY($1)", drawn)
    async with office.pool.acquire() as connection:
        hidden = await read_registries(connection)
        assert not [i for i in hidden.inspections if i.target in drawn]
        assert not [t for t in hidden.targets if t.id in drawn and t.last_inspected is not None]
        await office.pool.execute("UPDATE draw SET state = 'opened' WHERE id = $1", made.draw)
        assert len({i.target for i in (await read_registries(connection)).inspections} & set(drawn)) == len(drawn)


def test_a_day_stands_for_one_visit_only_and_a_result_of_ours_for_none() -> None:
    firm = Target(id="T", name="T")
    coming = [StandingVisit(firm.id, "2026-05-01", "2026-12-31") for _ in range(3)]

    def day(on: str, number: str) -> Inspection:
        return Inspection(target=firm.id, inspected_on=on, department="", number=number, origin="plan-random", outcome="", punished=False)

    assert History.of([day("2026-05-10", "")], coming).visits(firm, 2026, ()) == 3
    assert History.of([day("2026-05-10", f"yunzhou-2026-1-1.{firm.id}")], coming).visits(firm, 2026, ()) == 4
    assert History.of([day("2026-05-10", ""), day("2026-06-10", "")], coming).visits(firm, 2026, ()) == 3


@pytest.mark.parametrize("text", ["红", "rde"])
async def test_a_colour_that_is_none_is_a_fault_and_not_a_rule_without_effect(office, clock, text) -> None:
    cap = YearlyCap(caps=(CapClass(most=1), CapClass(most=2, risk_colours=(text,))))
    made = await scene.begin(office, clock, 10, pool_rules=(cap,), visits=VisitDays(first=date(2026, 11, 20), last=date(9999, 12, 31)))
    with pytest.raises(Invalid) as refused:
        await preview(office, made.people["operator"], made.draw)
    said = "\n".join(refused.value.faults)
    assert f"没有风险等级“{text}”" in said and "永远用不到" in said and "超过 366 天" in said
