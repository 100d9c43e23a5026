"""What a hostile reading of the core found: merged firms in draws that came before, visits written for three codes, keys of departments."""

import joint
import scene as scenes
import test_teams_alone
from application import PASSWORD

from selection.pool import parse_opened
from service.accounts import Staff, create_staff
from service.past import StandingVisit
from service.pool_rules import History
from service.registry.merging import confirm_merge, propose_merge
from service.registry.store import read_registries


async def merge(office, alias: str, kept: str) -> None:
    ids = [await office.pool.fetchval("SELECT id FROM staff WHERE login = $1", login) for login in ("operator", "confirmer")]
    one, other = (Staff(id, str(id), str(id), frozenset({"registrar"})) for id in ids)
    await confirm_merge(office, other, await propose_merge(office, one, alias, kept, "换码"))


async def opened(desk, draw: str) -> dict[str, int]:
    data = await desk.office.pool.fetchval("SELECT opened FROM draw_secret WHERE draw = $1", draw)
    return {row.target: len(row.people) for row in parse_opened(data)}


async def test_a_firm_merged_after_it_was_drawn_keeps_its_conflicts_when_its_teams_are_drawn_anew(desk) -> None:
    former = await test_teams_alone.too_few_of_fire(desk, 10)
    drawn = [target.id for target in (await desk.transcript(former)).targets]
    before = await opened(desk, former)
    alias = next(id for id in drawn if before.get(id))
    kept = next(row["id"] for row in await desk.office.pool.fetch("SELECT id FROM target ORDER BY id") if row["id"] not in drawn)
    await merge(desk.office, alias, kept)
    draw = await desk.prepare(test_teams_alone.teams_draft(former, 10, 12))
    await desk.at("2026-11-12T01:00:00Z")
    await desk.take(draw, "draw-plan/v1", {}, *joint.ALL)
    assert (await opened(desk, draw)).get(alias, 0) >= before[alias]


async def test_a_visit_entered_for_two_codes_that_were_both_merged_counts_once(office, employ) -> None:
    for login in ("operator", "confirmer"):
        await employ(login, login)
    for id in ("T-1", "T-2", "T-3"):
        await office.pool.execute("INSERT INTO target (id, name) VALUES ($1, '某厂')", id)
    for id in ("T-1", "T-2"):
        await office.pool.execute("INSERT INTO inspection (target, inspected_on, department, number) VALUES ($1, '2026-03-04', '甲', '7')", id)
    await merge(office, "T-1", "T-3")
    await merge(office, "T-2", "T-3")
    async with office.pool.acquire() as connection:
        found = (await read_registries(connection)).inspections
    assert [(one.target, one.inspected_on) for one in found] == [("T-3", "2026-03-04")]


async def test_whoever_works_for_a_hired_organisation_is_kept_away_also_when_its_code_was_merged(desk) -> None:
    organisation, other, firm = (f"9142{n:014d}" for n in (140, 141, 3))
    pool = desk.office.pool
    await pool.execute("UPDATE inspector SET unit = (SELECT name FROM target WHERE id = $1) WHERE number = 'S23'", organisation)
    await pool.execute("INSERT INTO service (provider, provider_kind, target, since) VALUES ($1, 'organisation', $2, '2026-01-01')", organisation, firm)
    kept_away = {}
    for day in (10, 11):
        if day == 11:
            await merge(desk.office, organisation, other)
        draw = await desk.prepare(joint.draft(day))
        await desk.at(f"2026-11-{day:02d}T01:00:00Z")
        await desk.take(draw, "draw-plan/v1", {}, *joint.ALL)
        kept_away[day] = (await opened(desk, draw))[firm]
    assert kept_away[10] == kept_away[11]


async def test_results_are_taken_by_people_of_the_departments_that_drew_the_target(desk) -> None:
    draw = await desk.prepare(joint.draft(10))
    await desk.carry_out(draw, 10)
    targets = (await desk.transcript(draw)).targets
    of_lead = next(t for t in targets if t.sections == ("lead",))
    of_fire = next(t for t in targets if t.sections == ("fire",))
    both = next(t for t in targets if t.sections == ("lead", "fire"))
    for login, role in (("f1", "inspector"), ("f2", "inspector"), ("f3", "reviewer")):
        await create_staff(desk.office, login, login, PASSWORD, [role], department="fire")
    await create_staff(desk.office, "l2", "l2", PASSWORD, ["inspector"], department="lead")
    await desk.at("2026-11-21T03:00:00Z")

    async def propose(login: str, target):
        findings = [{"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None} for i in target.items]
        request = {"target": target.id, "inspected_on": "2026-11-21", "result": "NO_PROBLEM", "findings": findings}
        return await desk.post(login, f"/api/v1/draws/{draw}/steps", {"kind": "inspection-result/v1", "request": request})

    refused = await propose("f1", of_lead)
    assert refused.status_code == 403, refused.text
    assert "云州市应急管理局" in refused.json()["detail"]
    step = (await propose("inspector1", of_lead)).json()["id"]
    assert (await desk.post("f2", f"/api/v1/steps/{step}/agree")).status_code == 403
    assert step not in [row["id"] for row in (await desk.get("f2", "/api/v1/steps")).json()]
    step = (await propose("f1", of_fire)).json()["id"]
    assert (await desk.post("l2", f"/api/v1/steps/{step}/agree")).status_code == 403
    assert (await desk.post("f2", f"/api/v1/steps/{step}/agree")).status_code == 200
    assert (await desk.post("f3", f"/api/v1/steps/{step}/agree")).status_code == 200
    step = (await propose("f1", both)).json()["id"]
    assert (await desk.post("l2", f"/api/v1/steps/{step}/agree")).status_code == 200


async def test_a_must_inspect_firm_that_was_merged_is_named_with_what_it_is_now(desk) -> None:
    wanted = joint.draft(10)
    alias, kept = wanted["mandatory"][0]["target"], f"9142{2:014d}"
    draw = await desk.prepare(wanted)
    await merge(desk.office, alias, kept)
    faults = (await desk.preview(draw)).json()["errors"]
    assert any(f"必查对象 {alias} 已并入 {kept}" in fault for fault in faults), faults


async def test_our_result_for_a_firm_that_was_merged_is_not_taken_for_a_visit_still_to_come(office, clock) -> None:
    """A cap counts both: what was visited and published under the alias, and what another draw has still before it for what is kept."""
    scene = await scenes.open_scene(office, clock)
    row = await office.pool.fetchrow("SELECT target FROM result WHERE code = 'NO_PROBLEM' ORDER BY id")
    drawn = {target.id for target in (await scene.transcript()).targets}
    kept = next(row["id"] for row in await office.pool.fetch("SELECT id FROM target WHERE last_inspected IS NULL ORDER BY id") if row["id"] not in drawn)
    counted = {}
    for id in (row["target"], kept):
        async with office.pool.acquire() as connection:
            found = await read_registries(connection)
        (day,) = {one.inspected_on for one in found.inspections if one.target == id and one.inspected_on.startswith("2026")}
        coming = StandingVisit(id, day, "2026-12-31")
        record = next(target for target in found.targets if target.id == id)
        counted[id] = History.of(found.inspections, [coming]).visits(record, 2026, ())
        if id != kept:
            await merge(office, id, kept)
    assert counted == {row["target"]: 2, kept: 2}
