"""Imports: nothing before the confirmation, everything with it, the same again after it, and never something unseen."""

import asyncio
from datetime import date

import pytest

from service.accounts import Staff
from service.errors import Conflicting, Denied, Invalid
from service.registry.importing import check_import, confirm_import
from service.registry.records import KINDS

FIRST = "统一社会信用代码,企业名称,所属区域,风险等级,成立日期\n"
ROWS = "T-1,云州一厂,东湖区,红,2001-02-03\nT-2,云州二厂,西山区,蓝,\n"
FILES = {
    "targets": FIRST + ROWS,
    "items": "事项编号,事项名称,检查依据,必查,适用类别\nI-1,消防通道,《消防法》,是,机械、化工\n",
    "inspectors": "执法证号,姓名,单位,执法区域,专业,证件有效期,组长\nP-1,王某,执法队,东湖区,危化,2030-01-01,是\n",
    "experts": "专家编号,姓名,专业,聘期截止,服务企业\nE-1,李某,危化,2030-01-01,T-1\n",
    "conflicts": "人员编号,统一社会信用代码,回避事由\nP-1,T-1,近亲属\n",
    "services": "服务提供方,提供方类别,信用代码,服务开始日期,服务结束日期\ne-1,专家,T-1,2025-01-01,\n云州评价公司,第三方机构,T-2,2020-01-01,2021-01-01\n",
    "inspections": "统一社会信用代码,检查日期,检查机关,检查来源,是否处罚\nT-1,2026-03-04,市消防救援支队,投诉举报,是\n",
}


@pytest.fixture
async def registrar(employ) -> Staff:
    return Staff(await employ("deng", "registrar"), "deng", "登", frozenset({"registrar"}))


async def count(office, table: str = "target") -> int:
    return await office.pool.fetchval(f"SELECT count(*) FROM {table}")


async def version(office, kind: str = "targets") -> int:
    return await office.pool.fetchval("SELECT version FROM registry_version WHERE kind = $1", kind)


async def test_a_file_is_checked_seen_and_confirmed_through_the_api(client, office, enter) -> None:
    registrar = await enter("deng", "registrar")
    wrong = "T-3,,东湖区,红,\n"
    answer = await client.post(
        "/api/v1/imports/targets?filename=名录.csv",
        content=(FIRST + ROWS + wrong).encode(),
        headers=registrar,
    )
    assert answer.status_code == 201, answer.text
    view = answer.json()
    assert (view["counts"]["new"], view["counts"]["refused"], view["filename"]) == (2, 1, "名录.csv")
    assert view["report"]["findings"][0]["row"] == 4
    assert view["confirmed_at"] is None
    assert (await count(office), await version(office)) == (0, 0)
    where = answer.headers["location"]
    rejected = await client.get(f"{where}/rejected.csv", headers=registrar)
    assert rejected.content.startswith(b"\xef\xbb\xbf")
    assert "T-3" in rejected.text
    assert "T-1" not in rejected.text
    confirmed = await client.post(f"{where}/confirm", headers=registrar)
    assert confirmed.status_code == 200
    assert (await count(office), await version(office)) == (2, 1)
    again = await client.post(f"{where}/confirm", headers=registrar)
    assert again.json() == confirmed.json() == (await client.get(where, headers=registrar)).json()
    assert await version(office) == 1
    actions = [
        r["action"]
        for r in await office.pool.fetch("SELECT action FROM access_log WHERE action LIKE '%import%'")
    ]
    assert actions == ["check import of targets", "confirm import of targets"]


async def test_a_form_is_taken_as_well_as_a_raw_body(client, enter) -> None:
    registrar = await enter("deng", "registrar")
    answer = await client.post(
        "/api/v1/imports/targets", files={"file": ("a.csv", (FIRST + ROWS).encode())}, headers=registrar
    )
    assert (answer.status_code, answer.json()["filename"]) == (201, "a.csv")
    assert (
        await client.post("/api/v1/imports/targets", files={"other": b"x"}, headers=registrar)
    ).status_code == 422
    large = b"x" * (2 << 20)
    assert (await client.post("/api/v1/imports/targets", content=large, headers=registrar)).status_code != 413


async def test_every_kind_is_stored_as_it_was_read_and_unchanged_when_imported_again(
    office, registrar
) -> None:
    for kind in KINDS:
        view = await check_import(office, registrar, kind, f"{kind}.csv", FILES[kind].encode())
        assert (view.counts["new"], view.counts["refused"]) == (FILES[kind].count("\n") - 1, 0), (
            view.report.findings
        )
        await confirm_import(office, registrar, view.id)
        again = await check_import(office, registrar, kind, f"{kind}.csv", FILES[kind].encode())
        assert (again.counts["unchanged"], again.counts["changed"]) == (FILES[kind].count("\n") - 1, 0), kind
    assert await office.pool.fetchval("SELECT established FROM target WHERE id = 'T-1'") == date(2001, 2, 3)
    assert await office.pool.fetchval("SELECT serves FROM expert") == ["T-1"]
    assert await office.pool.fetchval("SELECT lead FROM inspector")


async def test_a_change_is_shown_field_by_field_and_absent_ones_are_kept(office, registrar) -> None:
    first = await check_import(office, registrar, "targets", "a.csv", (FIRST + ROWS).encode())
    await confirm_import(office, registrar, first.id)
    view = await check_import(
        office, registrar, "targets", "b.csv", (FIRST + "T-1,云州一厂,东湖区,蓝,2001-02-03\n").encode()
    )
    assert [(c.key, c.old, c.new) for c in view.report.changes] == [("T-1", "红", "蓝")]
    assert view.report.absent == ("T-2",)
    await confirm_import(office, registrar, view.id)
    assert await count(office) == 2
    assert await office.pool.fetchval("SELECT risk_colour FROM target WHERE id = 'T-1'") == "blue"


async def test_a_confirmation_writes_nothing_that_nobody_saw(office, registrar) -> None:
    """The registry moved between check and confirmation so that a row would fare otherwise."""
    seen = await check_import(office, registrar, "targets", "a.csv", (FIRST + ROWS).encode())
    other = await check_import(
        office, registrar, "targets", "b.csv", (FIRST + "T-1,别的名字,东湖区,红,\n").encode()
    )
    await confirm_import(office, registrar, other.id)
    with pytest.raises(Conflicting, match="registry changed"):
        await confirm_import(office, registrar, seen.id)
    assert (await count(office), await version(office)) == (1, 1)


async def test_a_confirmation_stands_if_the_registry_moved_elsewhere(office, registrar) -> None:
    seen = await check_import(
        office, registrar, "targets", "a.csv", (FIRST + "T-1,云州一厂,东湖区,红,\n").encode()
    )
    async with office.pool.acquire() as connection:
        await connection.execute("UPDATE registry_version SET version = version + 1")
    assert (await confirm_import(office, registrar, seen.id)).confirmed_at


async def test_two_who_confirm_at_once_import_once(office, registrar) -> None:
    view = await check_import(office, registrar, "targets", "a.csv", (FIRST + ROWS).encode())
    answers = await asyncio.gather(*(confirm_import(office, registrar, view.id) for _ in range(4)))
    assert len({answer.confirmed_at for answer in answers}) == 1
    assert (await count(office), await version(office)) == (2, 1)


async def test_what_is_no_list_is_refused_in_words(office, registrar) -> None:
    with pytest.raises(Invalid, match="PDF"):
        await check_import(office, registrar, "targets", "a.pdf", b"%PDF-1.7")
    with pytest.raises(Invalid, match="no registry"):
        await check_import(office, registrar, "firms", "a.csv", FIRST.encode())
    view = await check_import(office, registrar, "targets", "a.csv", b"x,y\n1,2\n")
    assert not view.report.usable
    with pytest.raises(Invalid):
        await confirm_import(office, registrar, view.id)
    clerk = Staff(registrar.id, "deng", "登", frozenset({"operator"}))
    for call in (
        check_import(office, clerk, "targets", "a.csv", b""),
        confirm_import(office, clerk, view.id),
    ):
        with pytest.raises(Denied):
            await call


async def test_a_hundred_thousand_rows_are_imported(office, registrar) -> None:
    rows = "".join(f"T-{n},云州{n}厂,东湖区,红,2001-02-03\n" for n in range(100_000))
    view = await check_import(office, registrar, "targets", "a.csv", (FIRST + rows).encode())
    assert view.counts["new"] == 100_000
    await confirm_import(office, registrar, view.id)
    assert await count(office) == 100_000
