"""Several departments in one installation: accounts of one, and a freeze that every further one confirms from its own account (ADR 27)."""

import bureau
import joint
import pytest
from application import PASSWORD
from joint import ALL, FIRE, OF_FIRE

from disclosure.keys import encode_base64
from service.accounts import Staff, change_staff, create_staff
from service.errors import Invalid
from service.planning.load_reading import read_year, read_years
from service.step_views import open_steps, read_step

HEALTH = "云州市卫生健康委员会"


async def person(office, login: str) -> Staff:
    row = await office.pool.fetchrow("SELECT id, login, name, roles, department FROM staff WHERE login = $1", login)
    return Staff(row["id"], login, row["name"], frozenset(row["roles"]), row["department"])


async def join_health(desk) -> None:
    """Health takes part: its key is here, and it has a confirmer."""
    signer = bureau.testing_only_signer("section-health")
    await desk.office.pool.execute("INSERT INTO section (label, name, key) VALUES ('health', $1, $2)", HEALTH, encode_base64(signer.public_key))
    desk.office.section_signers["health"] = signer
    await create_staff(desk.office, "health-confirmer", "健", PASSWORD, ["confirmer", "operator"], department="health")


def of_three(day: int) -> dict:
    """A campaign of three departments in which health has nothing to draw, but signs."""
    return joint.draft(day) | {"sections": ["lead", "fire", "health"]}


async def propose_freeze(desk, draw: str) -> str:
    answer = await desk.post("operator", f"/api/v1/draws/{draw}/steps", {"kind": "draw-plan/v1", "request": {}})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()["id"]


async def agree(desk, login: str, step: str):
    return await desk.post(login, f"/api/v1/steps/{step}/agree")


async def logged(desk) -> int:
    return await desk.office.pool.fetchval("SELECT count(*) FROM document")


@pytest.mark.parametrize("order", [("fire-confirmer", "health-confirmer"), ("health-confirmer", "fire-confirmer")])
async def test_no_key_signs_before_a_confirmer_of_every_department_agreed_in_whatever_order(desk, order) -> None:
    await join_health(desk)
    draw = await desk.prepare(of_three(10))
    await desk.at("2026-11-10T01:00:00Z")
    step = await propose_freeze(desk, draw)
    for login in ("fire-confirmer", "health-confirmer"):  # not before those whom the document names
        answer = await agree(desk, login, step)
        assert answer.status_code == 403, answer.text
        assert "云州市应急管理局" in answer.json()["detail"]
    view = (await agree(desk, "confirmer", step)).json()
    assert view["document"] is None
    assert [(seat["role"], seat["section"], seat["name"]) for seat in view["waits"]] == [("confirmer", "fire", FIRE), ("confirmer", "health", HEALTH)]
    assert (await agree(desk, "confirmer", step)).json()["document"] is None  # once more is not for another department
    for login in ("operator", "approver", "reviewer"):
        assert (await agree(desk, login, step)).json().get("document") is None
    first, last = order
    assert (await agree(desk, first, step)).json()["document"] is None
    assert (await agree(desk, first, step)).json()["document"] is None
    assert await logged(desk) == 0
    assert [s.id for s in await open_steps(desk.office, await person(desk.office, last))] == [step]
    assert await open_steps(desk.office, await person(desk.office, first)) == []
    done = (await agree(desk, last, step)).json()
    assert done["document"]
    assert done["waits"] == []
    plan = await desk.plan(draw)
    assert [actor["role"] for actor in plan["actors"]] == ["operator", "confirmer"]
    kept = await desk.office.pool.fetch("SELECT role, section FROM step_agreement ORDER BY position")
    sections = {"fire-confirmer": "fire", "health-confirmer": "health"}
    assert [tuple(row) for row in kept] == [("operator", None), ("confirmer", None), *(("confirmer", sections[login]) for login in order)]
    assert [(a.role, a.department) for a in (await read_step(desk.office, await person(desk.office, last), done["id"])).agreed][2:] == [
        ("confirmer", {"fire": FIRE, "health": HEALTH}[sections[login]]) for login in order
    ]


async def test_nobody_of_the_bureau_or_another_department_confirms_for_one(desk) -> None:
    await join_health(desk)
    await create_staff(desk.office, "second", "二", PASSWORD, ["confirmer"])
    await create_staff(desk.office, "of-lead", "牵", PASSWORD, ["confirmer"], department="lead")
    draw = await desk.prepare(joint.draft(10))
    await desk.at("2026-11-10T01:00:00Z")
    step = await propose_freeze(desk, draw)
    await agree(desk, "confirmer", step)
    for login in ("second", "of-lead"):
        answer = await agree(desk, login, step)
        assert answer.status_code == 403, answer.text
        assert FIRE in answer.json()["detail"]
    assert (await agree(desk, "health-confirmer", step)).status_code == 404
    assert (await agree(desk, *OF_FIRE, step)).json()["document"]


async def test_a_department_without_a_confirmer_keeps_the_plan_from_being_frozen_and_is_named(desk) -> None:
    await desk.office.pool.execute("UPDATE staff SET active = false WHERE login = $1", *OF_FIRE)
    draw = await desk.prepare(joint.draft(10))
    (fault,) = (await desk.preview(draw)).json()["faults"]
    assert FIRE in fault
    assert "复核人" in fault
    answer = await desk.post("operator", f"/api/v1/draws/{draw}/steps", {"kind": "draw-plan/v1", "request": {}})
    assert answer.status_code == 422
    assert fault in answer.json()["errors"]


async def test_departments_that_changed_in_between_freeze_nothing(desk) -> None:
    """The draft loses or gains a department after the freeze was proposed: whoever comes last is told."""
    await join_health(desk)
    draw = await desk.prepare(of_three(10))
    await desk.at("2026-11-10T01:00:00Z")
    step = await propose_freeze(desk, draw)
    await agree(desk, "confirmer", step)
    await agree(desk, "fire-confirmer", step)
    await desk.revise(draw, joint.draft(10))
    assert (await agree(desk, "health-confirmer", step)).status_code == 404  # it takes no part any more
    answer = await agree(desk, "confirmer", step)
    assert answer.json()["document"] is None
    assert await logged(desk) == 0
    assert (await desk.post("operator", f"/api/v1/steps/{step}/withdraw")).status_code == 204
    await desk.take(draw, "draw-plan/v1", {}, *ALL)


async def test_a_further_department_neither_prepares_nor_leads_a_draw(desk) -> None:
    await join_health(desk)
    refused = await desk.post("health-confirmer", "/api/v1/draws", of_three(10))
    assert refused.status_code == 403, refused.text
    draw = await desk.prepare(of_three(10))
    put = await desk.client.put(f"/api/v1/draws/{draw}/draft", json=of_three(10), headers=await desk.headers("health-confirmer"))
    assert put.status_code == 403
    answer = await desk.post("health-confirmer", f"/api/v1/draws/{draw}/steps", {"kind": "draw-plan/v1", "request": {}})
    assert answer.status_code == 403
    await desk.at("2026-11-10T01:00:00Z")
    step = await propose_freeze(desk, draw)
    assert (await desk.post("health-confirmer", f"/api/v1/steps/{step}/withdraw")).status_code == 403
    assert (await desk.get("health-confirmer", f"/api/v1/draws/{draw}")).json()["steps"]


async def test_the_load_of_a_department_is_about_its_people_alone(desk) -> None:
    await desk.carry_out(await desk.prepare(joint.draft(10)), 10)
    (whole,), (fire,), (lead,) = [await read_year(desk.office, 2026, department) for department in (None, "fire", "lead")]
    assert {number[0] for team in fire.teams for number in team} == {"F"}
    assert set(fire.places) == {number for number in whole.places if number[0] == "F"}
    assert {number[0] for team in lead.teams for number in team} == {"S", "E"}
    assert sum(map(len, fire.teams)) + sum(map(len, lead.teams)) == sum(map(len, whole.teams))
    assert await read_year(desk.office, 2026, "health") == []
    assert await read_years(desk.office, "health") == []


async def test_an_account_belongs_to_a_department_that_there_is_and_administrators_to_none(office, employ) -> None:
    await joint.register_fire(office)
    await employ("chief", "administrator")
    chief = await person(office, "chief")
    for roles, department in ((["operator"], "water"), (["administrator"], "fire"), (["operator"], "火\0")):
        with pytest.raises(Invalid):
            await create_staff(office, "li", "李", PASSWORD, roles, chief, department)
    await create_staff(office, "li", "李", PASSWORD, ["registrar"], chief, "fire")
    assert (await change_staff(office, chief, "li", ["confirmer"], True)).department == "fire"  # what is not said stays
    with pytest.raises(Invalid):
        await change_staff(office, chief, "li", ["administrator"], True)
    await office.pool.execute("UPDATE section SET active = false WHERE label = 'fire'")
    assert (await change_staff(office, chief, "li", ["auditor"], True, "fire")).department == "fire"
    with pytest.raises(Invalid):
        await change_staff(office, chief, "chief", ["administrator"], True, "fire")
    assert (await change_staff(office, chief, "li", ["auditor"], True, None)).department is None
    said = await office.pool.fetch("SELECT subject FROM access_log WHERE action = 'change account' ORDER BY id")
    assert [row["subject"] for row in said] == ["li: confirmer (department fire)", "li: auditor (department fire)", "li: auditor"]


async def test_another_department_ends_the_sessions_of_the_account(desk) -> None:
    await create_staff(desk.office, "chief", "长", PASSWORD, ["administrator"])
    headers = await desk.headers("fire-confirmer")
    form = {"role": "confirmer", "active": "yes", "department": ""}
    answer = await desk.client.post("/staff/accounts/fire-confirmer", data=form, headers=await desk.headers("chief"))
    assert answer.status_code == 303, answer.text
    assert (await desk.client.get("/api/v1/session", headers=headers)).status_code == 401
    assert (await person(desk.office, "fire-confirmer")).department is None


async def test_one_department_alone_sees_all_whatever_registries_call_it(office, client, enter) -> None:
    """Nothing changes for a bureau that has no others, even if its accounts name it."""
    await office.pool.execute(
        "INSERT INTO inspector (number, name, department, areas, specialities, capacity, lead) VALUES ('1', '甲', '执法科', '{}', '{}', 8, true)"
    )
    headers = await enter("deng", "registrar")
    await office.pool.execute("UPDATE staff SET department = 'lead' WHERE login = 'deng'")
    assert "甲" in (await client.get("/staff/registries/inspectors", headers=headers)).text
    content = "执法证号,姓名,所属部门,承担上限\n2,乙,另一科,8\n".encode()
    assert (await client.post("/api/v1/imports/inspectors", content=content, headers=headers)).json()["counts"]["new"] == 1
