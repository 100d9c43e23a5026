"""Caps over all draws of an installation, and rules from the draft to the frozen plan; with a real PostgreSQL."""

from datetime import date

import journey
import msgspec
import pytest

from selection.plan import (
    AtLeast,
    Percent,
    PerOfficer,
    Plan,
)
from service.drafting import freeze_now, preview, read_draft, revise_draft
from service.drafts import (
    Band,
    CapClass,
    DraftStratum,
    JustInspected,
    Punished,
    Statement,
    Where,
    YearlyCap,
)
from service.errors import Invalid


@pytest.fixture
async def city(bare_office):
    await journey.begin(bare_office.pool)
    return bare_office.pool


async def run(pool, *names: str):
    office = None
    for name, time, call in journey.TRANSITIONS:
        if name in names:
            office = journey.office_at(pool, time)
            await call(office)
    return office


UNTIL_DRAWN = ("open draft", "open freeze", "open notary", "open audit", "open dice", "open draw")


async def excluded(pool, **changes) -> dict[str, str]:
    """Who is excluded, and by which rule, were the draft of task `sealed` frozen now."""
    office = journey.office_at(pool, "2026-11-14T01:00:00Z")
    draw = await journey.draw_of(office, "sealed")
    async with pool.acquire() as c:
        row = await journey.read_draw_row(c, draw)
        made = msgspec.structs.replace(await read_draft(c, draw), **changes)
        frozen = await freeze_now(c, office, row, made, ())
    return {row.target: row.reason for row in frozen.excluded}


ONCE = (YearlyCap(caps=(CapClass(most=1),)),)


async def test_draws_of_this_installation_count_once_each_from_the_draw_to_the_result(city) -> None:
    """Drawn targets count as visits to come, replaced ones no longer and successors instead; a result counts as the inspection it is."""
    await run(city, *UNTIL_DRAWN, "sealed draft")
    frozen = await journey.frozen_of(journey.office_at(city, "2026-11-11T00:00:00Z"), "open")
    drawn = {t.id for t in frozen.transcript.targets}
    assert await excluded(city, pool_rules=ONCE) == dict.fromkeys(drawn, "yearly-cap")
    assert await excluded(city, pool_rules=(YearlyCap(caps=(CapClass(most=2),)),)) == {}
    await run(city, "open person", "open target")
    removed = frozen.transcript.targets[1].id
    after = set(await excluded(city, pool_rules=ONCE))
    assert removed not in after
    assert len(after) == len(drawn)
    assert len(after - drawn) == 1
    await run(city, "open result", "open correction")
    assert set(await excluded(city, pool_rules=ONCE)) == after
    inspected = frozen.transcript.targets[0].id
    assert await excluded(city, pool_rules=(JustInspected(months=12),)) == {inspected: "just-inspected"}
    twice = (YearlyCap(caps=(CapClass(most=2),)),)
    add = "INSERT INTO inspection (target, inspected_on, origin) VALUES ($1, $2, 'plan-random')"
    await city.execute(add, inspected, date(2026, 11, 10))  # the very visit, imported too
    assert await excluded(city, pool_rules=twice) == {}
    await city.execute(add, inspected, date(2026, 3, 10))
    assert await excluded(city, pool_rules=twice) == {inspected: "yearly-cap"}


async def test_a_sealed_draw_is_not_betrayed_by_who_is_excluded_elsewhere(city) -> None:
    await run(city, *(name.replace("open", "sealed") for name in UNTIL_DRAWN), "void draft")
    office = journey.office_at(city, "2026-11-15T00:00:00Z")
    draw, operator = await journey.draw_of(office, "void"), await journey.person(office, "operator")
    made = msgspec.structs.replace(journey.draft("void", "2026-11-18T02:00:00Z", None), pool_rules=ONCE)
    await revise_draft(office, operator, draw, made)
    seen = await preview(office, operator, draw)
    assert seen["excluded"] == 0
    assert any("尚在封存" in warning for warning in seen["warnings"])
    await run(city, "sealed opening")
    drawn = {t.id for t in (await journey.frozen_of(office, "sealed")).transcript.targets}
    seen = await preview(office, operator, draw)
    assert {rule["id"]: rule["excluded"] for rule in seen["pool_rules"]} == {"scope": 0, "closed": 0, "yearly-cap": len(drawn)}
    assert not any("尚在封存" in warning for warning in seen["warnings"])


async def test_a_plan_prints_its_rules_and_the_preview_its_fractions_and_warnings(city) -> None:
    await run(city, "open draft")
    office = journey.office_at(city, "2026-11-10T01:00:00Z")
    draw, operator = await journey.draw_of(office, "open"), await journey.person(office, "operator")
    await city.execute("UPDATE target SET headcount = 500 WHERE id IN (SELECT id FROM target ORDER BY id LIMIT 30)")
    await city.execute("INSERT INTO inspection (target, inspected_on, punished) SELECT id, '2026-02-03', true FROM target ORDER BY id DESC LIMIT 5")
    made = msgspec.structs.replace(
        journey.draft("open", "2026-11-10T02:00:00Z", None),
        stratify_by=("area", "size"), pool_rules=(Punished(version="云应急〔2026〕1号"),),
        strata=(
            DraftStratum(name="大", where=Where(size=(Band(from_=300),)), rule=Percent(numerator=100, denominator=100)),
            DraftStratum(name="东小", where=Where(area=("东湖区",), size=(Band(to=299, unknown=True),)), rule=PerOfficer(targets=1)),
            DraftStratum(name="西小", where=Where(area=("西山区",), size=(Band(to=299, unknown=True),)), rule=AtLeast(numerator=5, denominator=100)),
        ),
    )  # fmt: skip
    await revise_draft(office, operator, draw, made)
    seen = await preview(office, operator, draw)
    assert seen["faults"] == []
    big, east, west = seen["strata"]
    assert (big["fraction"], big["rounding"], big["quota"]) == ("30/30", "全部检查，次序随机", 30)
    assert (east["quota"], east["rounding"]) == (20, "每名检查员 1 户，至多全部")
    assert west["rounding"].startswith("不少于 5%")
    assert west["quota"] == -(-west["base"] * 5 // 100)
    assert any("“大”" in warning and "全部抽中" in warning for warning in seen["warnings"])
    await journey.take(office, draw, "draw-plan/v1", {}, *journey.BOTH)
    plan: Plan = (await journey.frozen_of(office, "open")).plan
    assert [rule.id for rule in plan.pool_rules] == ["scope", "closed", "punished"]
    assert plan.pool_rules[2].version == "云应急〔2026〕1号"
    assert plan.blobs.excluded.count == 5


async def test_a_list_that_rules_have_emptied_needs_a_reason(city) -> None:
    await run(city, "open draft")
    await city.execute("INSERT INTO inspection (target, inspected_on) SELECT id, '2026-02-03' FROM target ORDER BY id LIMIT 120")
    office = journey.office_at(city, "2026-11-10T01:00:00Z")
    draw, operator = await journey.draw_of(office, "open"), await journey.person(office, "operator")
    made = msgspec.structs.replace(journey.draft("open", "2026-11-10T02:00:00Z", None), pool_rules=ONCE)
    await revise_draft(office, operator, draw, made)
    assert any("narrow-pool" in warning for warning in (await preview(office, operator, draw))["warnings"])
    with pytest.raises(Invalid) as refused:
        await journey.take(office, draw, "draw-plan/v1", {}, *journey.BOTH)
    assert len(refused.value.faults) == 1
    assert "excluded" in refused.value.faults[0]
    reason = Statement(rule="narrow-pool", subject="pool", reason="本年度多数企业已检查")
    await revise_draft(office, operator, draw, msgspec.structs.replace(made, exceptions=(reason,)))
    await journey.take(office, draw, "draw-plan/v1", {}, *journey.BOTH)
