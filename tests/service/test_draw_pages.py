"""The bureau's draw pages through HTTP: from the check list to the freeze and the draw, by two people, once, in order (W17–W20)."""

import asyncio
import csv
import io
import re

import msgspec
import pytest
import scene as scenes
from application import browser
from ceremony_room import DICE, DIGITS, DISCIPLINE, NONCE, NOTARY, THROWN, Room, employ_everybody

from service.drafts import CapClass, JustInspected, YearlyCap
from service.web.app import create_app


@pytest.fixture
async def room(client, office, clock, employ) -> Room:
    """A draft with two witnesses and dice, everybody with an account, an hour before T."""
    await employ_everybody(employ)
    scene = await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))
    return Room(client, clock, office, scene)


async def ask(room: Room, login: str, path: str, status: int = 200, **data: str) -> str:
    """A page of staff by its whole path; with `data` a form is sent."""
    headers = await room.headers(login)
    answer = await (room.client.post(path, headers=headers, data=data) if data else room.client.get(path, headers=headers))
    assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
    return answer.headers.get("location", "") if status == 303 else answer.text


async def propose_freeze(room: Room) -> str:
    """Propose the freeze from its page; return the step's address."""
    return await ask(room, "operator", f"{room.base}/freeze", 303, do="1")


async def freeze(room: Room) -> str:
    step = await propose_freeze(room)
    await ask(room, "confirmer", f"{step}/agree", 303, do="1")
    return step


async def count(room: Room, kind: str) -> int:
    return await room.office.pool.fetchval("SELECT count(*) FROM document WHERE kind = $1", kind)


async def test_from_the_check_list_to_a_drawn_result_in_order_and_never_out_of_it(room) -> None:
    listed = await room.get("operator", "/checklist")
    assert "/freeze" in listed and "还差" not in re.sub(r"<nav.*?</nav>", "", listed, flags=re.DOTALL)
    # Nothing that comes later can be done before.
    await room.post("operator", "/stage", 409)
    await room.post("operator", "/ceremony/notary", 404, digits=DIGITS["notary"])
    summary = await room.get("operator", "/freeze")
    assert "提请锁定名单并公布指纹" in summary and "不能再改" in summary
    step = await propose_freeze(room)
    assert await propose_freeze(room) == step  # reload, back, double click
    page = await ask(room, "confirmer", step)
    assert "同意并签署" in page and "不同意，退回" in page and "没有变化" in page
    await ask(room, "operator", f"{step}/agree", 303, do="1")  # the proposer again: nothing more is agreed to
    assert await count(room, "draw-plan/v1") == 0
    await asyncio.gather(*(ask(room, "confirmer", f"{step}/agree", 303, do="1") for _ in range(3)))
    assert await count(room, "draw-plan/v1") == 1
    done = await ask(room, "confirmer", step)
    assert f"/draws/{room.scene.draw}/" in done and "还差" in done
    await room.post("operator", "/stage", 409)
    for label, digits in DIGITS.items():
        await room.paper(label, digits)
    await room.at("02:00:10")
    await room.paper("dice", THROWN)
    for _ in range(2):
        await room.post("operator", "/stage")
    await asyncio.gather(*(room.post("confirmer", "/stage") for _ in range(3)))
    await room.post("operator", "/stage")
    assert await count(room, "draw-outcome/v1") == 1 and await room.state() == "drawn"
    times = await room.office.pool.fetch("SELECT kind, logged_at FROM document WHERE draw = $1 ORDER BY leaf_index", room.scene.draw)
    assert [row["kind"] for row in times] == ["draw-plan/v1", *["contribution/v1"] * 3, "draw-outcome/v1"]
    assert sorted(row["logged_at"] for row in times) == [row["logged_at"] for row in times]
    hub = await room.get("operator", "")
    assert "作废本批次" not in hub
    await room.post("confirmer", "/void", 409, reason="list-error", statement="想要另一个结果")
    assert await count(room, "draw-void/v1") == 0


async def test_a_replayed_request_and_a_second_server_find_the_one_draw(room, config) -> None:
    """Two servers over one database, as after a crash: each is pressed, one document comes of it."""
    await freeze(room)
    for label, digits in DIGITS.items():
        await room.paper(label, digits)
    await room.at("02:00:10")
    await room.paper("dice", THROWN)
    await room.post("operator", "/stage")
    async with browser(create_app(room.office, config)) as other:
        second = Room(other, room.clock, room.office, room.scene)
        await asyncio.gather(room.post("confirmer", "/stage"), second.post("confirmer", "/stage"))
        await second.post("operator", "/stage")
        assert "/draws/" in await second.get("operator", "/stage")
    assert await count(room, "draw-outcome/v1") == 1
    assert await room.office.pool.fetchval("SELECT count(*) FROM draw_result") == 1


async def test_one_account_in_both_roles_never_confirms_itself(room, employ) -> None:
    await employ("both", "operator", "confirmer")
    step = await ask(room, "both", f"{room.base}/freeze", 303, do="1")
    await ask(room, "both", f"{step}/agree", 303, do="1")
    assert await count(room, "draw-plan/v1") == 0 and await room.state() == "draft"
    refused = await ask(room, "both", f"{step}/return", 409, note="自己退回自己")
    assert "不能再作" in refused
    await ask(room, "confirmer", f"{step}/agree", 303, do="1")
    assert await count(room, "draw-plan/v1") == 1


async def test_what_is_sent_back_says_why_to_whoever_proposed_it_and_is_never_carried_out(room) -> None:
    step = await propose_freeze(room)
    empty = await ask(room, "confirmer", f"{step}/return", 409, note=" ")
    assert 'role="alert"' in empty and "请写明退回的原因" in empty
    await ask(room, "confirmer", f"{step}/return", 303, note="第三层的应抽数写错了")
    for page in (await ask(room, "operator", "/staff/"), await room.get("operator", ""), await ask(room, "operator", step)):
        assert "第三层的应抽数写错了" in page
    refused = await ask(room, "confirmer", f"{step}/agree", 409, do="1")
    assert "撤回" in refused and await count(room, "draw-plan/v1") == 0
    again = await propose_freeze(room)
    assert again != step and "第三层" not in await ask(room, "operator", "/staff/")
    await ask(room, "operator", f"{again}/withdraw", 303, do="1")
    assert "已撤回" in await ask(room, "confirmer", again)


async def test_whoever_confirms_sees_what_changed_since_and_the_freeze_is_refused(room) -> None:
    step = await propose_freeze(room)
    await room.office.pool.execute("UPDATE registry_version SET version = version + 1 WHERE kind = 'targets'")
    assert "名录“检查对象”从第 0 版变为第 1 版" in await ask(room, "confirmer", step)
    await room.office.pool.execute("""UPDATE draw SET draft = jsonb_set(draft, '{title}', '"另一个名称"') WHERE id = $1""", room.scene.draw)
    assert "草案已被修改" in await ask(room, "confirmer", step)
    await ask(room, "confirmer", f"{step}/agree", 409, do="1")
    assert await room.state() == "draft"


async def test_a_void_needs_a_reason_and_two_people_before_t_and_shows_publicly(room) -> None:
    await freeze(room)
    assert 'role="alert"' in await room.post("confirmer", "/void", 409, reason="list-error", statement=" ")
    await room.post("operator", "/void", 403, reason="list-error", statement="x")
    await room.post("confirmer", "/void", reason="list-error", statement="三户已迁出")
    step = await room.office.pool.fetchval("SELECT id FROM step WHERE kind = 'draw-void/v1'")
    assert "三户已迁出" in await ask(room, "approver", f"/staff/steps/{step}")
    await ask(room, "approver", f"/staff/steps/{step}/agree", 303, do="1")
    assert await room.state() == "voided"
    public = (await room.client.get(f"/draws/{room.scene.draw}/")).text
    assert "作废" in public and "三户已迁出" in public


async def test_no_route_and_no_right_deletes_or_repeats_a_draw(office, config) -> None:
    app = create_app(office, config)
    paths = [(method, route.path) for route in app.routes for handler in route.route_handlers for method in handler.http_methods]
    assert not [path for method, path in paths if method == "DELETE" and "draws" in path]
    assert not [path for _, path in paths if re.search(r"draws.*(redraw|repeat|reset|delete)", path)]
    for table in ("document", "log_entry"):
        assert await office.pool.fetchval("SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relname = $1 AND NOT tgisinternal", table)


async def test_the_lists_say_of_every_excluded_firm_why_with_its_own_figures(room) -> None:
    pool = room.office.pool
    ids = [row["id"] for row in await pool.fetch("SELECT id FROM target WHERE status = 'active' AND risk_colour = 'blue' ORDER BY id LIMIT 3")]
    await pool.execute("UPDATE target SET last_inspected = '2026-10-20' WHERE id = $1", ids[0])
    await pool.executemany(
        "INSERT INTO inspection (number, target, inspected_on) VALUES ($1, $2, $3::text::date)",
        [(f"i{n}", ids[1], f"2026-0{n}-03") for n in (2, 3)],
    )
    draft = await pool.fetchval("SELECT draft FROM draw WHERE id = $1", room.scene.draw)
    rules = (JustInspected(months=3), YearlyCap(caps=(CapClass(most=2),)))
    changed = msgspec.json.decode(draft) | {"pool_rules": msgspec.to_builtins(rules)}
    await pool.execute("UPDATE draw SET draft = $2 WHERE id = $1", room.scene.draw, msgspec.json.encode(changed).decode())
    page = await room.get("operator", "/excluded?q=" + ids[0])
    assert "2026-10-20 检查过" in page and "共 1 行" in page
    assert "2026 年已查和已抽中待查 2 次，上限 2 次" in await room.get("operator", "/excluded?q=" + ids[1])
    assert "已关闭" in await room.get("auditor", "/excluded")
    answer = await room.client.get(room.base + "/excluded.csv", headers=await room.headers("operator"))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    summary = (await room.client.get(f"/api/v1/draws/{room.scene.draw}/preview", headers=await room.headers("operator"))).json()
    assert len(rows) == 1 + summary["excluded"] and [ids[0], "2026-10-20 检查过，首个检查日前不满 3 个月"] in [[row[0], row[3]] for row in rows]
    assert await pool.fetchval("SELECT count(*) FROM access_log WHERE action = 'export list of excluded'") == 1


async def test_the_lists_of_a_draft_are_those_the_freeze_locks_page_by_page(room) -> None:
    async def all_ids(kind: str) -> list[str]:
        found, address = [], f"/{kind}"
        while address:
            page = await room.get("operator", address)
            found += re.findall(r'<th scope="row" class="wide mono">([^<]+)</th>', page)
            more = re.search(rf'href="{room.base}(/{kind}\?[^"]+)" rel="next"', page)
            address = more[1].replace("&amp;", "&") if more else ""
        return found

    before = [await all_ids("candidates"), await all_ids("excluded")]
    assert "每户的机会" in await room.get("operator", "/candidates")
    await freeze(room)
    assert [await all_ids("candidates"), await all_ids("excluded")] == before
    plan = msgspec.json.decode(await room.office.pool.fetchval("SELECT data FROM document WHERE kind = 'draw-plan/v1'"))
    blob = await room.office.pool.fetchval("SELECT data FROM blob WHERE sha256 = $1", plan["blobs"]["pool"]["sha256"])
    assert before[0] == [line.split("\t")[0] for line in blob.decode().splitlines()] and len(before[0]) > 300


async def test_the_check_list_names_what_is_missing_and_who_owes_it_and_hides_the_freeze(room) -> None:
    await room.office.pool.execute("UPDATE staff SET active = false WHERE login = 'confirmer'")
    await room.office.pool.execute("DELETE FROM item")
    listed = await room.get("operator", "/checklist")
    assert "管理员" in listed and "登记员" in listed and f"{room.base}/freeze" not in listed
    page = await room.get("operator", "/freeze")
    assert "提请锁定名单并公布指纹" not in page and "还差" in page
    await room.at("02:30:00")
    assert "已过，请改期" in await room.get("operator", "/checklist")


async def test_home_shows_what_is_owed_the_most_urgent_first(room) -> None:
    assert "起草中" in await ask(room, "operator", "/staff/")
    step = await propose_freeze(room)
    home = await ask(room, "confirmer", "/staff/")
    assert step in home and "还有 60 分钟" in home
    await ask(room, "confirmer", f"{step}/agree", 303, do="1")
    assert "等待开号" in await ask(room, "operator", "/staff/")
    room.clock.set("2026-11-11T02:00:01+00:00")
    room._headers.clear()
    assert "逾期" in await ask(room, "operator", "/staff/")
    assert "没有办完的批次" not in await ask(room, "inspector1", "/staff/")
    assert room.scene.draw in await ask(room, "auditor", "/staff/draws?year=2026&state=frozen&task=task-10")
    assert room.scene.draw not in await ask(room, "auditor", "/staff/draws?state=voided")
