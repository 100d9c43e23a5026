"""Where a draw could not give teams, a plan of its own draws them: once, for the same targets, with fresh people and numbers."""

import asyncio

import joint
from joint import ALL, OF_FIRE, Desk

from service.frozen import read_draw_row, read_frozen

KEPT = ("title", "task", "legal_basis", "classes", "area_rule", "default_places", "apart", "givers", "visits", "origin")


def teams_draft(former: str, of_day: int, day: int, **more) -> dict:
    """A draft of teams alone: the classes of the former draft, without items."""
    wanted = {name: value for name, value in joint.draft(of_day).items() if name in KEPT}
    for class_ in wanted["classes"]:
        class_.pop("section_items"), class_.pop("optional_items")
    kept = [f"S{n:02d}" for n in range(10)] + [f"F{n:02d}" for n in range(5)] if more.pop("inspectors", True) else []
    stated = [{"rule": "wide-exclusion", "subject": n, "reason": "对象少，回避面自然较宽"} for n in (*kept, *(f"E{n}" for n in range(8)))]
    when = {"instant": f"2026-11-{day:02d}T02:00:00Z", "names_open": f"2026-11-{day:02d}T06:00:00Z"}
    return wanted | when | {"exceptions": stated, "teams_of": former, "title": f"补抽检查组 {day}"} | more


def experts_alone(draft: dict) -> dict:
    return draft | {"classes": [class_ | {"inspectors": []} for class_ in draft["classes"]]}


async def too_few_of_fire(desk: Desk, day: int, **more) -> str:
    """A draw whose inspectors are IMPOSSIBLE: fire has 12 places for 17 visits."""
    await desk.office.pool.execute("UPDATE inspector SET capacity = 1 WHERE number LIKE 'F%'")
    draw = await desk.prepare(joint.draft(day, **more))
    await desk.carry_out(draw, day)
    await desk.office.pool.execute("UPDATE inspector SET capacity = 8 WHERE number LIKE 'F%'")
    return draw


async def too_few_experts(desk: Desk, day: int) -> str:
    """A draw whose inspectors are COMPLETE and whose experts are not: each of 28 visits wants one, three can make one visit each."""
    await desk.office.pool.execute("UPDATE expert SET capacity = 1 WHERE number IN ('E3', 'E4', 'E5')")
    await desk.office.pool.execute("UPDATE expert SET status = 'inactive' WHERE number NOT IN ('E3', 'E4', 'E5')")
    wanted = joint.draft(day)
    chemical = wanted["classes"][0]
    chemical["sectors"] = []
    draw = await desk.prepare(wanted | {"classes": [chemical]})
    await desk.carry_out(draw, day)
    await desk.office.pool.execute("UPDATE expert SET capacity = 8, status = 'active'")
    return draw


async def frozen_of(desk: Desk, draw: str):
    async with desk.office.pool.acquire() as connection:
        return await read_frozen(connection, await read_draw_row(connection, draw))


async def test_an_impossible_draw_gets_its_teams_by_a_plan_of_its_own_and_its_results_where_its_items_are(desk, tmp_path) -> None:
    former = await too_few_of_fire(desk, 10)
    before = await desk.transcript(former)
    assert (before.inspectors.outcome, before.experts.outcome) == ("IMPOSSIBLE", "NOT_RUN")
    page = (await desk.client.get(f"/draws/{former}/")).text
    assert "另行制定只抽检查组的计划" in page
    assert "/staff/#teams" in page
    gone = before.targets[3].id
    request = {"kind": "target", "target": gone, "reason": "not-existing", "evidence": "e" * 64}
    await desk.take(former, "replacement/v1", request, "reviewer", "confirmer")

    draw = await desk.prepare(teams_draft(former, 10, 12))
    preview = (await desk.preview(draw)).json()
    assert (preview["faults"], preview["teams_of"]) == ([], former)
    assert (preview["candidates"], preview["excluded"]) == (len(before.targets) - 1, 1)
    await desk.carry_out(draw, 12)
    after, plan = await desk.transcript(draw), await desk.plan(draw)
    assert (after.inspectors.outcome, after.experts.outcome) == ("COMPLETE", "COMPLETE")
    sections = {t.id: t.sections for t in before.targets if t.id != gone}
    assert {t.id: t.sections for t in after.targets} == sections
    assert all(t.rank is None and t.items == () and len(t.inspectors) == (2 if "lead" in t.sections else 0) + ("fire" in t.sections)
               for t in after.targets)  # fmt: skip
    assert plan["teams_of"]["draw"] == former
    assert [s["id"] for s in plan["sections"]] == ["lead", "fire"]
    assert plan["items"] == []
    excluded = (await desk.client.get(f"/blob/{plan['blobs']['excluded']['sha256']}")).text
    assert excluded == f"{gone}\tnot-existing\n"
    # Fresh people: nobody's id stands in both lists.
    ids = [{person.id for person in (await frozen_of(desk, one)).pools.people} for one in (former, draw)]
    assert not ids[0] & ids[1]
    await desk.verify(former, tmp_path)
    await desk.verify(draw, tmp_path)

    page = (await desk.client.get(f"/draws/{former}/")).text
    assert f'<a href="/draws/{draw}/">{draw}</a>' in page
    page = (await desk.client.get(f"/draws/{draw}/")).text
    assert "本批次只抽检查组" in page
    assert f'<a href="/draws/{former}/">{former}</a>' in page
    target = next(t for t in before.targets if t.id != gone and t.sections == ("lead", "fire"))
    assert "消防检查员" in (await desk.client.get(f"/draws/{former}/tickets/{target.id}/")).text
    assert "只抽检查组" in (await desk.client.get(f"/draws/{draw}/tickets/{target.id}/")).text
    assert (await desk.get("operator", f"/api/v1/draws/{former}")).json()["teams_drawn_by"] == draw

    await desk.at("2026-11-21T03:00:00Z")
    nothing = {"target": target.id, "inspected_on": "2026-11-21", "result": "NO_PROBLEM", "findings": []}
    refused = await desk.post("inspector1", f"/api/v1/draws/{draw}/steps", {"kind": "inspection-result/v1", "request": nothing})
    assert refused.status_code == 409
    assert "请登记在该批次" in refused.json()["detail"]
    await desk.enter_result(former, target, "2026-11-21")
    # Somebody of the new team falls ill: replaced in the plan that drew them.
    ill = {"kind": "person", "target": target.id, "role": "inspector", "seat": 3, "reason": "ill", "evidence": "e" * 64}
    await desk.take(draw, "replacement/v1", ill, "reviewer", "confirmer")
    await desk.verify(draw, tmp_path)
    again = await desk.post("operator", "/api/v1/draws", teams_draft(former, 10, 25))
    assert again.status_code == 409
    assert draw in again.json()["detail"]


async def test_where_inspectors_stand_only_experts_are_drawn_and_nobody_beside_whom_they_must_not_work(desk, tmp_path) -> None:
    former = await too_few_experts(desk, 10)
    before = await desk.transcript(former)
    assert (before.inspectors.outcome, before.experts.outcome) == ("COMPLETE", "IMPOSSIBLE")
    wanted = experts_alone(teams_draft(former, 10, 12, inspectors=False))
    draw = await desk.prepare(wanted | {"classes": wanted["classes"][:1], "apart": [["E4", "S05"]]})
    assert (await desk.preview(draw)).json()["faults"] == []
    await desk.carry_out(draw, 12)
    after = await desk.transcript(draw)
    assert (after.inspectors.outcome, after.experts.outcome) == ("COMPLETE", "COMPLETE")
    assert all(t.inspectors == () and len(t.experts) == ("lead" in t.sections) for t in after.targets)
    then, now = await frozen_of(desk, former), await frozen_of(desk, draw)
    numbers = {id: number for frozen in (then, now) for id, (number, _) in frozen.disclosures.items()}
    beside = {(t.id, expert) for t in before.targets for inspector, expert in (*((number, "E3") for number in joint.BESIDE_E3), ("S05", "E4"))
              if inspector in {numbers[p] for p in t.inspectors}}  # fmt: skip
    assert beside, "the pairs to be kept apart occur"
    kept = {(target, numbers[person]) for target, people in now.pools.conflicts.items() for person in people}
    assert beside <= kept
    registry = {(r["target"], r["person"]) for r in await desk.office.pool.fetch("SELECT target, person FROM conflict")}
    assert kept - registry == beside - registry
    drawn = {(t.id, numbers[person]) for t in after.targets for person in t.experts}
    assert not drawn & kept
    await desk.verify(draw, tmp_path)
    rows = (await desk.client.get(f"/draws/{former}/?q={after.targets[0].id}")).text
    assert "只抽检查组" in (await desk.client.get(f"/draws/{draw}/")).text
    assert draw in rows


async def test_experts_missing_twice_are_still_kept_from_the_inspectors_of_the_first_draw(desk, tmp_path) -> None:
    former = await too_few_experts(desk, 10)
    wanted = experts_alone(teams_draft(former, 10, 12, inspectors=False))
    await desk.office.pool.execute("UPDATE expert SET capacity = 1")
    second = await desk.prepare(wanted | {"classes": wanted["classes"][:1]})
    await desk.carry_out(second, 12)
    assert (await desk.transcript(second)).experts.outcome == "IMPOSSIBLE"
    await desk.office.pool.execute("UPDATE expert SET capacity = 8")
    wanted = experts_alone(teams_draft(second, 10, 14, inspectors=False))
    third = await desk.prepare(wanted | {"classes": wanted["classes"][:1]})
    await desk.carry_out(third, 14)
    then, now = await frozen_of(desk, former), await frozen_of(desk, third)
    numbers = {id: number for frozen in (then, now) for id, (number, _) in frozen.disclosures.items()}
    beside = {t.id for t in then.transcript.targets if not {numbers[p] for p in t.inspectors}.isdisjoint(joint.BESIDE_E3) and "lead" in t.sections}
    assert beside, "somebody from whom E3 is kept apart stands somewhere"
    assert beside <= {target for target, people in now.pools.conflicts.items() if "E3" in {numbers[p] for p in people}}
    await desk.verify(third, tmp_path)


async def test_teams_that_cannot_be_drawn_again_are_drawn_for_the_plan_that_failed(desk, tmp_path) -> None:
    """A chain: the second plan of teams alone takes its targets from the first."""
    former = await too_few_of_fire(desk, 10)
    await desk.office.pool.execute("UPDATE inspector SET capacity = 1 WHERE number LIKE 'F%'")
    second = await desk.prepare(teams_draft(former, 10, 12))
    await desk.carry_out(second, 12)
    assert (await desk.transcript(second)).inspectors.outcome == "IMPOSSIBLE"
    await desk.office.pool.execute("UPDATE inspector SET capacity = 8 WHERE number LIKE 'F%'")
    refused = await desk.post("operator", "/api/v1/draws", teams_draft(former, 10, 14))
    assert refused.status_code == 409
    assert f"请把 teams_of 改为 {second}" in refused.json()["detail"]
    third = await desk.prepare(teams_draft(second, 10, 14))
    await desk.carry_out(third, 14)
    after = await desk.transcript(third)
    assert after.inspectors.outcome == "COMPLETE"
    await desk.verify(third, tmp_path)
    page = (await desk.client.get(f"/draws/{former}/")).text
    assert f'<a href="/draws/{second}/">{second}</a>' in page
    assert f'<a href="/draws/{third}/">{third}</a>' in page
    target = after.targets[0]
    await desk.at("2026-11-21T03:00:00Z")
    origin = next(t for t in (await desk.transcript(former)).targets if t.id == target.id)
    await desk.enter_result(former, origin, "2026-11-21")


async def test_a_former_draw_that_has_no_teams_to_draw_is_refused_with_the_mend(desk) -> None:
    unknown = await desk.post("operator", "/api/v1/draws", teams_draft("yunzhou-2026-99-1", 10, 12))
    assert unknown.status_code == 409
    assert "没有批次" in unknown.json()["detail"]
    frozen = await desk.prepare(joint.draft(10))
    early = await desk.post("operator", "/api/v1/draws", teams_draft(frozen, 10, 12, task={"id": "other", "name": "其他"}))
    assert early.status_code == 409
    assert "请在抽取之后再办理" in early.json()["detail"]
    await desk.carry_out(frozen, 10)
    complete = await desk.post("operator", "/api/v1/draws", teams_draft(frozen, 10, 12))
    assert complete.status_code == 409
    assert "无须补抽" in complete.json()["detail"]
    former = await too_few_of_fire(desk, 11, sealed_until="2026-11-19T00:00:00Z")
    sealed = await desk.post("operator", "/api/v1/draws", teams_draft(former, 11, 21))
    assert sealed.status_code == 409
    assert "请启封后再补抽" in sealed.json()["detail"]
    await desk.at("2026-11-19T00:00:05Z")
    await desk.post("operator", f"/api/v1/draws/{former}/opening", {"cause": "date"})
    other = await desk.post("operator", "/api/v1/draws", teams_draft(former, 11, 21, task={"id": "other", "name": "其他"}))
    assert other.status_code == 409
    assert "同一任务" in other.json()["detail"]
    assert await desk.prepare(teams_draft(former, 11, 21))


async def test_what_a_plan_of_teams_alone_takes_from_the_former_draw_is_not_said_again(desk) -> None:
    former = await too_few_of_fire(desk, 10)
    said = {
        "strata": ("分层", [{"name": "全部", "rule": {"kind": "fixed", "count": 1}}]), "scope": ("抽查范围", {"areas": ["东湖区"]}),
        "mandatory": ("必查对象", [{"target": "x", "reason": "complaint"}]), "sealed_until": ("不封存", "2026-11-30T00:00:00Z"),
        "sections": ("的部门办理", ["lead"]), "classes": ("没有这个类别", [{"id": "new", "name": "新", "inspectors": [{}, {}]}]),
    }  # fmt: skip
    wanted = teams_draft(former, 10, 12)
    draw = await desk.prepare(wanted)
    for field, (words, value) in said.items():
        await desk.revise(draw, wanted | {field: value})
        answer = await desk.preview(draw)
        assert answer.status_code == 422, field
        assert any(words in fault for fault in answer.json()["errors"]), answer.text
    await desk.revise(draw, experts_alone(wanted))
    assert any("不得少于两人" in fault for fault in (await desk.preview(draw)).json()["errors"])


async def test_teams_are_drawn_by_one_plan_whoever_drafts_first_and_by_another_only_once_it_is_void(desk) -> None:
    former = await too_few_of_fire(desk, 10)
    wanted = teams_draft(former, 10, 12)
    answers = await asyncio.gather(*(desk.post("operator", "/api/v1/draws", wanted) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    draw = next(a.json()["id"] for a in answers if a.status_code == 201)
    home = (await desk.get("operator", "/staff/")).text
    assert f"{draw} 补抽（起草中）" in home
    await desk.at("2026-11-12T01:00:00Z")
    await desk.take(draw, "draw-plan/v1", {}, *ALL)
    await desk.take(draw, "draw-void/v1", {"reason": "list-error", "statement": "名单有误"}, "confirmer", "approver")
    retry = await desk.prepare(teams_draft(former, 10, 14, retries=draw))
    assert retry == draw.removesuffix("-1") + "-2"
    await desk.carry_out(retry, 14)
    assert "检查组没有抽齐" not in (await desk.get("operator", "/staff/")).text


async def test_a_target_that_ended_after_the_proposal_keeps_the_plan_from_being_frozen(desk) -> None:
    former = await too_few_of_fire(desk, 10)
    draw = await desk.prepare(teams_draft(former, 10, 12))
    await desk.at("2026-11-12T01:00:00Z")
    proposed = await desk.post("operator", f"/api/v1/draws/{draw}/steps", {"kind": "draw-plan/v1", "request": {}})
    gone = (await desk.transcript(former)).targets[0].id
    request = {"kind": "target", "target": gone, "reason": "not-existing", "evidence": "e" * 64}
    await desk.take(former, "replacement/v1", request, "reviewer", "confirmer")
    await desk.post("confirmer", f"/api/v1/steps/{proposed.json()['id']}/agree")
    agreed = await desk.post(*OF_FIRE, f"/api/v1/steps/{proposed.json()['id']}/agree")
    assert agreed.status_code == 409
    assert "草案或名录已变化" in agreed.json()["detail"]
