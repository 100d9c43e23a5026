"""Duplicates made one: two people, one candidate instead of two, everything counted for the one that is kept, and undone by a later row."""

import asyncio
import re
from datetime import date
from uuid import UUID

import asyncpg
import pytest
import scene as scenes

from service.accounts import Staff
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.registry.importing import check_import, confirm_import
from service.registry.merging import confirm_merge, propose_merge, read_proposal, refuse_merge
from service.registry.store import read_registries

HEAD = "统一社会信用代码,企业名称,地址,上次检查日期\n"
FIRMS = HEAD + "91420000MA4KLQ0X1A,云州恒源化工厂,东湖路1号,\n92420111MA4KLQ0X1B,云州化工,,2026-02-01\n420100000000001,云州恒远化工厂,东湖路１号,\nT-9,云州 化工,,\n"
A, B, C, D = "91420000MA4KLQ0X1A", "92420111MA4KLQ0X1B", "420100000000001", "T-9"


async def bring(office, kind: str, text: str) -> None:
    view = await check_import(office, None, kind, f"{kind}.csv", text.encode())
    await confirm_import(office, None, view.id)


async def hire(employ) -> tuple[Staff, Staff, Staff]:
    """Two registrars and an operator."""
    roles = {"deng": "registrar", "ji": "registrar", "jing": "operator"}
    return tuple([Staff(await employ(login, role), login, login, frozenset({role})) for login, role in roles.items()])


@pytest.fixture
async def people(office, employ) -> tuple[Staff, Staff, Staff]:
    await bring(office, "targets", FIRMS)
    return await hire(employ)


async def merge(office, people, alias: str, kept: str | None) -> UUID:
    id = await propose_merge(office, people[0], alias, kept, "换码")
    await confirm_merge(office, people[1], id)
    return id


async def registries(office):
    async with office.pool.acquire() as connection:
        return await read_registries(connection)


async def test_twins_are_found_by_code_name_and_place(client, office, enter, people) -> None:
    registrar = await enter("xun", "registrar")
    for ground, there, away in (("core", {A, B}, {C, D}), ("named", {B, D}, {A, C}), ("placed", {A, C}, {B, D})):
        page = (await client.get(f"/staff/duplicates?ground={ground}", headers=registrar)).text
        assert set(re.findall(r'name="one" value="([^"]*)"', page)) == there, ground
        assert not any(f'value="{id}"' in page for id in away)
    row = (await client.get(f'/staff/registries/targets/row?key=["{B}"]', headers=registrar)).text
    assert set(re.findall(r"other=([\w-]+)", row)) == {A, D}


async def test_two_people_merge_through_the_pages_and_one_alone_cannot(client, office, enter, people) -> None:
    deng = await enter("xun", "registrar", "operator")
    operator = await enter("cao", "operator")
    form = {"one": A, "other": B, "kept": A, "reason": ""}
    answer = await client.post("/staff/merges", data=form, headers=deng)
    assert (answer.status_code, f'value="{A}" required checked' in answer.text) == (409, True)  # what was chosen stands
    answer = await client.post("/staff/merges", data=form | {"reason": "营业执照换码"}, headers=deng)
    where = answer.headers["location"]
    again = await client.post("/staff/merges", data=form | {"reason": "营业执照换码"}, headers=deng)
    assert again.headers["location"] == where  # pressed twice
    assert (await client.post(f"{where}/confirm", headers=deng)).status_code == 409
    assert len((await registries(office)).targets) == 4
    page = (await client.get(where, headers=operator)).text
    assert "确认合并" in page and "营业执照换码" in page
    assert (await client.post(f"{where}/confirm", headers=operator)).status_code == 303
    assert (await client.post(f"{where}/confirm", headers=operator)).status_code == 303  # again: nothing
    assert {target.id for target in (await registries(office)).targets} == {A, C, D}
    listed = (await client.get(f"/staff/registries/targets?q={B}", headers=deng)).text
    assert "已并入" in listed and A in listed  # found by its own code, leads to the other
    assert f"→ <ins>{A}</ins>" in (await client.get(f'/staff/registries/targets/row?key=["{B}"]', headers=deng)).text
    actions = [r["action"] for r in await office.pool.fetch("SELECT action FROM access_log WHERE action LIKE '%merge' ORDER BY id")]
    assert actions == ["propose merge", "confirm merge"]


async def test_what_names_an_alias_counts_for_what_is_kept(office, people) -> None:
    await bring(office, "inspectors", "执法证号,姓名\nP-1,王某\n")
    await bring(office, "experts", f"专家编号,姓名,服务企业\nE-1,李某,{B}\n")
    await bring(office, "conflicts", f"人员编号,信用代码,回避事由\nP-1,{B},近亲属\n")
    await bring(office, "services", f"服务提供方,提供方类别,信用代码,服务开始日期\nE-1,专家,{B},2026-01-01\n")
    await bring(office, "inspections", f"信用代码,检查日期,检查机关\n{B},2026-03-04,甲\n{A},2026-03-04,甲\n{B},2026-03-05,甲\n")
    id = await merge(office, people, B, A)
    found = await registries(office)
    assert [c.target for c in found.conflicts] == [s.target for s in found.services] == [A]
    assert found.experts[0].serves == (A,)
    assert sorted((i.target, i.inspected_on) for i in found.inspections) == [(A, "2026-03-04"), (A, "2026-03-05")]  # one visit entered twice is one
    assert next(t for t in found.targets if t.id == A).last_inspected == "2026-02-01"
    # Undone by a later row: everything is as it was, and the history has both.
    await merge(office, people, B, None)
    found = await registries(office)
    assert [c.target for c in found.conflicts] == [s.target for s in found.services] == [B] and len(found.targets) == 4 and len(found.inspections) == 3
    assert await office.pool.fetchval("SELECT count(*) FROM target_merge") == 2
    assert not (await read_proposal(office, id)).stands
    with pytest.raises(asyncpg.RaiseError, match="only ever added"):
        await office.pool.execute("DELETE FROM target_merge")


async def test_chains_resolve_and_no_cycle_comes_to_be_even_by_two_at_once(office, people) -> None:
    await merge(office, people, A, B)
    await merge(office, people, B, C)
    aliases = {r["alias"]: r["kept"] for r in await office.pool.fetch("SELECT alias, kept FROM target_alias")}
    assert aliases == {A: C, B: C}
    for alias, kept in ((C, A), (C, B), (A, D)):
        with pytest.raises(Conflicting, match="merged"):
            await propose_merge(office, people[0], alias, kept, "x")
    await merge(office, people, B, None)
    assert {r["alias"]: r["kept"] for r in await office.pool.fetch("SELECT alias, kept FROM target_alias")} == {A: B}
    # Two merges that would make a circle, confirmed at the same moment by different people.
    one, other = await propose_merge(office, people[0], C, D, "x"), await propose_merge(office, people[0], D, C, "x")
    done = await asyncio.gather(confirm_merge(office, people[1], one), confirm_merge(office, people[2], other), return_exceptions=True)
    assert sorted(type(d).__name__ for d in done) == ["Conflicting", "NoneType"]
    # Nor past the use case.
    alias, kept = (C, D) if await office.pool.fetchval("SELECT kept FROM target_alias WHERE alias = $1", C) else (D, C)
    with pytest.raises(asyncpg.CheckViolationError):
        await office.pool.execute(
            "INSERT INTO target_merge (proposal, alias, kept, reason, by, confirmed_by, at, version) VALUES ($1, $2, $3, 'x', $4, $5, now(), 99)",
            other if alias == C else one, kept, alias, people[0].id, people[1].id,
        )  # fmt: skip


async def test_who_may_and_what_is_refused(office, people) -> None:
    registrar, second, operator = people
    with pytest.raises(Denied):
        await propose_merge(office, operator, B, A, "x")
    for alias, kept, reason, refusal in ((B, A, " ", Invalid), (A, A, "x", Invalid), (B, "no", "x", NotFound), (B, None, "x", Conflicting)):
        with pytest.raises(refusal):
            await propose_merge(office, registrar, alias, kept, reason)
    id = await propose_merge(office, registrar, B, A, "x")
    with pytest.raises(Conflicting, match="waits already"):
        await propose_merge(office, second, B, C, "y")
    with pytest.raises(Denied):
        await confirm_merge(office, registrar, id)
    await refuse_merge(office, operator, id)
    with pytest.raises(Conflicting, match="refused"):
        await confirm_merge(office, second, id)
    assert await office.pool.fetchval("SELECT version FROM registry_version WHERE kind = 'targets'") == 1


async def test_an_import_that_names_an_alias(office, people) -> None:
    """The row of an alias is not changed by itself; facts about it are taken, and said to count for the other."""
    await merge(office, people, B, A)
    changed = await check_import(office, None, "targets", "a.csv", f"信用代码,企业名称\n{B},新名字\n".encode())
    assert changed.counts["refused"] == 1
    (finding,) = [f for f in changed.report.findings if f.code == "target-merged"]
    assert A in finding.message_zh and A in finding.message_en
    whole = await check_import(office, None, "targets", "b.csv", FIRMS.encode())
    assert (whole.counts["unchanged"], whole.counts["refused"]) == (4, 0)  # our own export goes on reading back
    visits = await check_import(office, None, "inspections", "c.csv", f"信用代码,检查日期\n{B},2026-03-04\n".encode())
    assert visits.counts["new"] == 1 and "target-is-alias" in {f.code for f in visits.report.findings}


async def test_a_merge_between_check_and_confirmation_is_seen(office, people) -> None:
    seen = await check_import(office, None, "targets", "a.csv", f"信用代码,企业名称\n{B},新名字\n".encode())
    await merge(office, people, B, A)
    with pytest.raises(Conflicting, match="registry changed"):
        await confirm_import(office, None, seen.id)


async def test_a_merge_touches_no_frozen_draw_and_a_sealed_one_betrays_nothing(office, clock, employ) -> None:
    """What a sealed draw hides stays hidden when its firm is merged: an inspection of the kept one since then is not counted."""
    sealed = await scenes.sealed_scene(office, clock)
    drawn = (await sealed.transcript()).targets[0].id
    people = await hire(employ)
    await bring(office, "targets", FIRMS)
    blobs = await office.pool.fetch("SELECT sha256, data FROM blob ORDER BY sha256")
    since = await office.pool.fetchval("SELECT instant::date FROM draw WHERE id = $1", sealed.draw)
    await office.pool.execute("INSERT INTO inspection (target, inspected_on, department) VALUES ($1, $2, '甲')", A, since)
    await office.pool.execute("INSERT INTO inspection (target, inspected_on, department) VALUES ($1, $2, '甲')", A, date(2026, 1, 5))
    await merge(office, people, drawn, A)
    found = await registries(office)
    assert drawn not in {target.id for target in found.targets}
    assert [i.inspected_on for i in found.inspections if i.target == A] == ["2026-01-05"]
    assert await office.pool.fetch("SELECT sha256, data FROM blob ORDER BY sha256") == blobs
