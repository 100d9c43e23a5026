"""The annual plan: two people, versions that stay, arithmetic that is right, tasks that drafts are held to, forms that lose nothing."""

import asyncio
import csv
import io
from datetime import date
from fractions import Fraction

import msgspec
import plan_scene
import pytest
import scene
from hypothesis import given
from hypothesis import strategies as st

from selection.plan import (
    AtLeast,
    Fixed,
    LargestRemainder,
    Percent,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
    Task,
)
from service.annual_plan.content import (
    Batch,
    KeyTarget,
    PlannedItem,
    TimeBudget,
    format_content,
    parse_content,
)
from service.annual_plan.difference import difference
from service.annual_plan.editing import read_known, save_plan, start_plan
from service.annual_plan.faults import plan_faults
from service.annual_plan.forms import basis_form, entry_form, read_basis, read_entry, read_time, time_form
from service.annual_plan.published import read_published, read_version
from service.annual_plan.submitting import decide_plan, newest_submission, publish_plan, submit_plan
from service.annual_plan.tasks import list_tasks, read_task, task_fault, task_warning
from service.annual_plan.temporary import decide_task, register_task
from service.annual_plan.visits import read_visits, register_visit
from service.annual_plan.words import ORIGIN_WORDS
from service.annual_plan.working_time import budget_faults, compute, key_warning
from service.drafting import create_draft, preview
from service.drafts import CapClass, DraftStratum, Scope, YearlyCap
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.registry.records import ORIGINS
from service.static_folder import publish_folder

CHANGED = "上级调整任务"


@pytest.fixture
async def staff(office):
    await scene.found_city(office)
    return await plan_scene.appoint(office)


# ---------------------------------------------------------------- the calculator


def test_the_plan_of_kuancheng_comes_to_414_days_and_its_true_shares():
    found = compute(TimeBudget(statutory=248, officers=8, other_enforcement=1035, non_enforcement=535))
    assert (found.total, found.inspection.days, found.inspection.exact) == (1984, 414, "207/992")
    assert [part.percent for part in (found.other_enforcement, found.non_enforcement, found.inspection)] == ["52.2%", "27.0%", "20.9%"]
    assert found.printed_sum == 1001, "rounded, they add up to 100.1 %, and the page says why"


@given(st.integers(1, 366), st.integers(1, 500), st.data())
def test_shares_are_rounded_half_up_and_days_add_up(statutory, officers, data):
    total = statutory * officers
    other = data.draw(st.integers(0, total))
    non = data.draw(st.integers(0, total - other))
    budget = TimeBudget(statutory=statutory, officers=officers, other_enforcement=other, non_enforcement=non)
    found = compute(budget)
    assert budget_faults(budget) == []
    assert found.other_enforcement.days + found.non_enforcement.days + found.inspection.days == total
    for part in (found.other_enforcement, found.non_enforcement, found.inspection):
        assert Fraction(part.exact) == Fraction(part.days, total)
        assert abs(Fraction(part.tenths, 1000) - Fraction(part.days, total)) <= Fraction(1, 2000)


def test_what_cannot_be_is_said_at_its_field_and_the_calendar_is_held_against_it():
    wrong = TimeBudget(statutory=250, officers=8, other_enforcement=1500, non_enforcement=600)
    assert [field for field, _ in budget_faults(wrong, 248)] == ["statutory", "other_enforcement"]
    key = TimeBudget(statutory=248, officers=8, other_enforcement=1035, non_enforcement=535, key=415)
    assert [field for field, _ in budget_faults(key)] == ["key"]


def test_key_inspection_is_held_to_a_share_only_where_somebody_asks():
    budget = TimeBudget(statutory=248, officers=8, other_enforcement=1035, non_enforcement=535, key=248)
    assert key_warning(budget) is None
    asked = msgspec.structs.replace(budget, least_key=60)  # 60 % of 414 are 248.4 days
    assert "至少要 249 天" in key_warning(asked)
    assert key_warning(msgspec.structs.replace(asked, key=249)) is None


# ---------------------------------------------------------------- forms lose nothing


WORD = st.text(st.characters(codec="gb2312", exclude_characters="、，,;；| \u3000|｜", exclude_categories=("Cc", "Zs", "Cs")), min_size=1, max_size=6).filter(
    lambda s: s.strip() == s and s not in "红橙黄蓝"
)
SHARE = st.integers(0, 10_000).map(lambda n: (n, 10_000)).map(lambda s: (s[0] // 100, 100) if s[0] % 100 == 0 else (Fraction(*s).numerator, Fraction(*s).denominator))
RULE = st.one_of(
    st.builds(Fixed, st.integers(0, 99)), st.builds(LargestRemainder, st.integers(0, 99)), st.builds(PerOfficer, st.integers(0, 9)),
    *(SHARE.map(lambda s, kind=kind: kind(denominator=s[1], numerator=s[0])) for kind in (Percent, PercentOrOne, AtLeast)),
    SHARE.map(lambda s: PerPeriod(denominator=s[1], numerator=s[0], period=1, periods=4)),
)  # fmt: skip
BATCH = st.builds(Batch, first=st.dates(date(2026, 1, 1), date(2026, 12, 31)), last=st.dates(date(2026, 1, 1), date(2026, 12, 31)), visits=st.integers(0, 999))
ITEMS = {f"G-{n:02d}": f"事项{n}" for n in range(5)}


@given(
    st.sampled_from(["area", "sector", "credit_class"]), st.lists(st.tuples(WORD, st.lists(WORD, unique=True, max_size=3), RULE), max_size=4),
    st.lists(BATCH, max_size=3), st.sets(st.sampled_from(sorted(ITEMS))), st.lists(WORD, unique=True, max_size=3), st.sampled_from(["red", "blue"]),
)  # fmt: skip
def test_a_drawn_task_goes_into_the_form_and_back_unchanged(by, strata, batches, items, areas, colour):
    wanted = plan_scene.entry(
        directed=True, scope=Scope(areas=tuple(areas), risk_colours=(colour,)), stratify_by=by, batches=tuple(batches),
        strata=tuple(DraftStratum(name=name, values=tuple(values), rule=rule) for name, values, rule in strata),
        items=tuple(PlannedItem(id=id, name=ITEMS[id]) for id in sorted(items)), legal_basis=("《甲法》第一条", "《乙法》"),
    )  # fmt: skip
    assert read_entry(entry_form(wanted), ITEMS, {}, None) == (wanted, {})


def test_a_key_task_the_basis_and_the_budget_go_into_their_forms_and_back():
    key = plan_scene.entry(origin="plan-key", stratify_by=None, strata=(), key_targets=(KeyTarget(target="A1", name="甲厂", reason="一级 重大危险源"),))
    assert read_entry(entry_form(key), {"G-01": key.items[0].name}, {"A1": "甲厂"}, None) == (key, {})
    wanted = plan_scene.plan(caps=(CapClass(most=2, risk_colours=("red", "blue"), standardisations=("一级",), sectors=("机械",)), CapClass(most=0)), caps_note="晋安〔2025〕")
    assert read_basis(plan_scene.plan(title="旧", caps=()), basis_form(wanted)) == (wanted, {})
    for budget in (wanted.time, msgspec.structs.replace(wanted.time, key=10, least_key=60)):
        assert read_time(time_form(plan_scene.plan(time=budget), 248)) == (budget, {})
    assert read_time(time_form(plan_scene.plan(time=None), 248)) == (None, {})


def test_every_fault_of_a_form_stands_at_its_field():
    form = entry_form(plan_scene.entry()) | {"id": [""], "batch_first": ["昨天", "", ""], "batch_visits": ["许多", "", ""], "stratum_number": ["130", "x", "", "", ""]}
    made, faults = read_entry(form, ITEMS, {}, None)
    assert made is None
    assert sorted(faults) == ["batch_first_1", "batch_visits_1", "id", "stratum_number_1", "stratum_number_2"]
    made, faults = read_basis(plan_scene.plan(), basis_form(plan_scene.plan()) | {"title": [" "], "first": ["2026-02-30"], "cap_most": ["", "", "", "", ""]})
    assert made is None and {"title", "first", "cap_most_1"} == set(faults)


# ---------------------------------------------------------------- two people, versions that stay


async def test_a_plan_goes_from_draft_to_published_by_three_people_and_again_to_the_same(office, staff):
    seen = await plan_scene.write(office, staff["operator"], plan_scene.plan())
    id = await submit_plan(office, staff["operator"], 2026, seen, "")
    assert await submit_plan(office, staff["operator"], 2026, seen, "") == id, "a double click finds the first"
    with pytest.raises(NotFound):
        await read_published(office, 2026)
    with pytest.raises(Conflicting):
        await publish_plan(office, staff["publisher"], 2026, id)
    for _ in range(2):
        await decide_plan(office, staff["approver"], 2026, id, True, "")
    with pytest.raises(NotFound):
        await read_published(office, 2026)
    assert [await publish_plan(office, staff["publisher"], 2026, id) for _ in range(2)] == [1, 1]
    found = await read_published(office, 2026)
    assert (found.plan, found.version) == (plan_scene.plan(), 1)


async def test_who_submitted_does_not_decide_whatever_roles_they_have_and_neither_does_the_database_let_them(office, staff):
    seen = await plan_scene.write(office, staff["both"], plan_scene.plan())
    id = await submit_plan(office, staff["both"], 2026, seen, "")
    with pytest.raises(Denied):
        await decide_plan(office, staff["both"], 2026, id, True, "")
    with pytest.raises(Denied):
        await decide_plan(office, staff["operator"], 2026, id, True, "")
    with pytest.raises(Exception, match="not approved by who submitted it"):
        await office.pool.execute(
            "INSERT INTO annual_plan_verdict (submission, approved, remark, by, at) VALUES ($1, true, '', $2, now())", id, staff["both"].id
        )
    with pytest.raises(Exception, match="was not approved"):
        await office.pool.execute("INSERT INTO annual_plan_version (year, version, submission, by, at) VALUES (2026, 1, $1, $2, now())", id, staff["publisher"].id)
    await decide_plan(office, staff["approver"], 2026, id, True, "")
    with pytest.raises(Denied):
        await publish_plan(office, staff["approver"], 2026, id)
    for gap in (2, 0):
        with pytest.raises(Exception, match="without a gap"):
            await office.pool.execute("INSERT INTO annual_plan_version (year, version, submission, by, at) VALUES (2026, $2, $1, $3, now())", id, gap, staff["publisher"].id)


async def test_a_plan_that_was_sent_back_is_mended_and_what_was_approved_is_what_is_published(office, staff):
    seen = await plan_scene.write(office, staff["operator"], plan_scene.plan())
    first = await submit_plan(office, staff["operator"], 2026, seen, "")
    with pytest.raises(Invalid):
        await decide_plan(office, staff["approver"], 2026, first, False, " ")
    await decide_plan(office, staff["approver"], 2026, first, False, "文号有误")
    with pytest.raises(Conflicting):
        await decide_plan(office, staff["approver"], 2026, first, True, "")
    seen = await plan_scene.write(office, staff["operator"], plan_scene.plan(document="云应急〔2026〕4 号"))
    second = await submit_plan(office, staff["operator"], 2026, seen, "")
    await decide_plan(office, staff["approver"], 2026, second, True, "")
    await plan_scene.write(office, staff["operator"], plan_scene.plan(document="改了的"))
    with pytest.raises(Conflicting):
        await submit_plan(office, staff["operator"], 2026, await plan_scene.revision(office), "")
    await publish_plan(office, staff["publisher"], 2026, second)
    assert (await read_published(office, 2026)).plan.document == "云应急〔2026〕4 号"


async def test_a_change_is_a_new_version_with_a_reason_and_the_old_one_stays(office, staff):
    await plan_scene.publish(office, staff, plan_scene.plan())
    with pytest.raises(Conflicting):
        await submit_plan(office, staff["operator"], 2026, await plan_scene.revision(office), CHANGED)
    changed = plan_scene.plan(entries=(plan_scene.entry(name="工贸企业专项抽查"), plan_scene.entry(id="2026-04", name="新任务")))
    seen = await plan_scene.write(office, staff["operator"], changed)
    with pytest.raises(Invalid) as refused:
        await submit_plan(office, staff["operator"], 2026, seen, "  ")
    assert refused.value.faults == ("reason",)
    assert await plan_scene.publish(office, staff, changed, CHANGED) == 2
    old, new = await read_version(office, 2026, 1), await read_version(office, 2026, 2)
    assert (old.plan, old.changes, new.plan, new.reason) == (plan_scene.plan(), (), changed, CHANGED)
    assert {(change.task, change.label) for change in new.changes} >= {("2026-01", "名称"), ("2026-02", "名称"), ("2026-04", "名称")}
    assert all(change.task in ("2026-01", "2026-02", "2026-04") for change in new.changes)
    for table in ("annual_plan_submission", "annual_plan_verdict", "annual_plan_version"):
        for sql in (f"UPDATE {table} SET at = now()", f"DELETE FROM {table}"):
            with pytest.raises(Exception, match="only ever added"):
                await office.pool.execute(sql)


def test_the_difference_of_a_plan_with_itself_is_empty_and_places_are_one_line():
    one = plan_scene.plan()
    turned = msgspec.structs.replace(one, entries=one.entries[::-1])
    assert difference(one, one, {}) == []
    assert [change.label for change in difference(one, turned, {})] == ["任务次序"]
    assert parse_content(format_content(one)) == one


async def test_the_plan_is_the_bureaus_and_no_other_departments(office, staff):
    seen = await plan_scene.write(office, staff["operator"], plan_scene.plan())
    id = await submit_plan(office, staff["operator"], 2026, seen, "")
    fire = {login: msgspec.structs.replace(one, department="fire") for login, one in staff.items()}
    for attempt in (
        lambda: start_plan(office, fire["operator"], 2027), lambda: save_plan(office, fire["operator"], seen, plan_scene.plan(title="x")),
        lambda: submit_plan(office, fire["operator"], 2026, seen, ""), lambda: decide_plan(office, fire["approver"], 2026, id, True, ""),
        lambda: publish_plan(office, fire["publisher"], 2026, id), lambda: register_task(office, fire["operator"], "a", ("b",), "c"),
        lambda: decide_task(office, fire["approver"], "2026-t1", True, ""),
    ):  # fmt: skip
        with pytest.raises(Denied, match="leading"):
            await attempt()


async def test_two_writers_do_not_write_over_each_other(office, staff):
    await start_plan(office, staff["operator"], 2026)
    seen = await plan_scene.revision(office)
    wishes = [plan_scene.plan(title=title) for title in ("甲", "乙")]
    answers = await asyncio.gather(
        *(save_plan(office, staff[who], seen, wish) for who, wish in zip(("operator", "both"), wishes, strict=True)), return_exceptions=True
    )
    assert sorted(type(answer) for answer in answers if answer is not None) == [Conflicting]
    kept = wishes[answers.index(None)]
    await save_plan(office, staff["operator"], seen, kept)  # the same form again is no conflict
    assert await plan_scene.revision(office) == seen + 1


async def test_two_clicks_at_once_publish_one_version(office, staff):
    seen = await plan_scene.write(office, staff["operator"], plan_scene.plan())
    ids = await asyncio.gather(*(submit_plan(office, staff["operator"], 2026, seen, "") for _ in range(3)))
    assert len(set(ids)) == 1
    await asyncio.gather(*(decide_plan(office, staff["approver"], 2026, ids[0], True, "") for _ in range(3)))
    assert await asyncio.gather(*(publish_plan(office, staff["publisher"], 2026, ids[0]) for _ in range(3))) == [1, 1, 1]


async def test_every_fault_of_a_plan_is_named_at_once_with_its_part_and_nothing_is_submitted(office, staff):
    bad = plan_scene.plan(
        sections=("fire",), first=date(2026, 12, 31), last=date(2026, 1, 1),
        entries=(
            plan_scene.entry(id="2025-01", items=()),
            plan_scene.entry(id="2026-t1", directed=True),
            plan_scene.entry(id="2026-05", origin="plan-key"),
            plan_scene.entry(id="2026-06", strata=(DraftStratum(name="a", rule=Percent(denominator=2, numerator=3)),)),
        ),
    )  # fmt: skip
    seen = await plan_scene.write(office, staff["operator"], bad)
    async with office.pool.acquire() as connection:
        known = await read_known(connection, office, 2026)
        faults = plan_faults(bad, known)
        assert {fault.part for fault in faults} == {"basis", "2025-01", "2026-t1", "2026-05", "2026-06"}
        with pytest.raises(Invalid) as refused:
            await submit_plan(office, staff["operator"], 2026, seen, "")
        assert len(refused.value.faults) == len(faults)
        assert await newest_submission(connection, 2026) is None
        assert plan_faults(plan_scene.plan(), known) == []


# ---------------------------------------------------------------- tasks and draws


def draft(task: str, **more):
    return msgspec.structs.replace(scene.draft(10, "9142", task=Task(id=task, name=task), **more), mandatory=())


async def test_a_draft_is_held_to_the_published_plan_and_before_there_is_one_to_nothing(office, staff):
    async with office.pool.acquire() as connection:
        assert await task_fault(connection, draft("task-10")) is None
        assert await task_warning(connection, "task-10", 2026) is None
    target = await office.pool.fetchrow("SELECT id, name FROM target LIMIT 1")
    key = plan_scene.key_entry(target["id"], target["name"])
    await plan_scene.publish(office, staff, plan_scene.plan(entries=(*plan_scene.plan().entries, key)))
    temporary = await register_task(office, staff["operator"], "夜间抽查", ("《安全生产法》",), "事故教训")
    async with office.pool.acquire() as connection:
        assert await task_fault(connection, draft("2026-01")) is None
        assert "不在已公布" in await task_fault(connection, draft("task-10"))
        assert await task_fault(connection, draft("task-10", rehearsal=True)) is None
        assert await task_fault(connection, draft("task-10", origin="temporary-task")) is None
        assert "计划外" in await task_warning(connection, "task-10", 2026)
        assert "不抽取" in await task_fault(connection, draft("2026-03"))
        assert "不能写" in await task_fault(connection, draft("2026-01", origin="temporary-task"))
        assert "尚未经审批人批准" in await task_fault(connection, draft(temporary, origin="temporary-task"))
        with pytest.raises(Denied):
            await decide_task(office, staff["operator"], temporary, True, "")
        await decide_task(office, staff["approver"], temporary, True, "")
        assert await task_fault(connection, draft(temporary, origin="temporary-task")) is None
        assert "须写" in await task_fault(connection, draft(temporary))
        assert "事故教训" in await task_warning(connection, temporary, 2026)
        assert [task.id for task in await list_tasks(connection, 2026)] == ["2026-01", "2026-02", temporary]
        task = await read_task(connection, "2026-02")
        assert (task.directed, task.scope.sectors, task.visits, task.legal_basis) == (True, ("危险化学品",), 60, plan_scene.plan().legal_basis)
        assert task.pool_rules == (YearlyCap(caps=plan_scene.plan().caps),)


async def test_the_list_of_a_task_outside_the_plan_cannot_be_frozen_and_a_temporary_one_is_flagged(office, clock, staff):
    await plan_scene.publish(office, staff, plan_scene.plan())
    people = await scene.found_city(office)
    clock.set("2026-11-10T00:30:00+00:00")
    outside = await create_draft(office, people["operator"], draft("task-10"))
    with pytest.raises(Invalid) as refused:
        await preview(office, people["operator"], outside)
    assert any("不在已公布" in fault for fault in refused.value.faults)
    flagged = await create_draft(office, people["operator"], draft("other", origin="temporary-task"))
    seen = await preview(office, people["operator"], flagged)
    assert any("计划外" in warning for warning in seen["warnings"])
    assert any("工作日历没有导入" in warning for warning in seen["warnings"])


async def test_temporary_tasks_are_numbered_without_a_gap_and_decided_by_another(office, staff):
    asked = [("甲", ("《甲法》",), "因"), ("乙", ("《乙法》",), "因"), ("甲", ("《甲法》",), "因")]
    ids = [await register_task(office, staff["both"], *one) for one in asked]
    assert ids == ["2026-t1", "2026-t2", "2026-t1"], "the same form sent twice is one task"
    with pytest.raises(Denied):
        await decide_task(office, staff["both"], ids[0], True, "")
    with pytest.raises(Exception, match="not approved by who registered it"):
        await office.pool.execute("INSERT INTO temporary_task_verdict (task, approved, remark, by, at) VALUES ($1, true, '', $2, now())", ids[0], staff["both"].id)
    with pytest.raises(Invalid):
        await decide_task(office, staff["approver"], ids[0], False, "")
    await decide_task(office, staff["approver"], ids[0], False, "不需要")
    with pytest.raises(Invalid) as refused:
        await register_task(office, staff["operator"], " ", (), "")
    assert refused.value.faults == ("name", "legal_basis", "reason")
    with pytest.raises(Exception, match="only ever added"):
        await office.pool.execute("DELETE FROM temporary_task")


# ---------------------------------------------------------------- what everybody sees


def planned(scene_task: str):
    return plan_scene.plan(entries=(plan_scene.entry(id=scene_task), *plan_scene.plan().entries[1:]))


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_page_csv_and_json_say_the_same_of_draws_open_and_void(office, clock, client, staff):
    await plan_scene.publish(office, staff, planned("2026-01"))
    name = Task(id="2026-01", name="工贸企业安全生产抽查")
    voided = await scene.voided_scene(office, clock, 12, task=Task(id="2026-02", name="危险化学品企业抽查"))
    opened = await scene.open_scene(office, clock, 20, task=name)
    outside = await register_task(office, staff["operator"], "夜间抽查", ("《安全生产法》",), "事故教训")
    await decide_task(office, staff["approver"], outside, True, "")
    page, data = (await client.get("/plans/2026/")).text, (await client.get("/plans/2026/plan.json")).json()
    rows = rows_of(await client.get("/plans/2026/plan.csv"))
    assert [row["任务编号"] for row in rows] == [task["id"] for task in data["tasks"]] == ["2026-01", "2026-02", outside]
    for row, task in zip(rows, data["tasks"], strict=True):
        assert (row["任务名称"], row["计划户数"], row["已检查户数"]) == (task["name"], str(task["planned"] if task["planned"] is not None else ""), str(task["inspected"]))
        for cell in (cell for column, cell in row.items() if column != "批次编号和状态"):
            assert cell in page, cell
        for draw in task["draws"]:
            assert draw["id"] in page and draw["id"] in row["批次编号和状态"]
    first, second, third = data["tasks"]
    assert first["draws"][0]["id"] == opened.draw and first["draws"][0]["inspected"] == first["inspected"] > 0
    assert (second["draws"][0]["id"], second["draws"][0]["void_reason"], second["state"]) == (voided.draw, "名单有误", "waiting")
    assert data["voided_draws"] == 1 and "名单有误" in page
    assert third["kind"] == "temporary" and "事故教训" in page
    assert "临时任务" in rows[2]["类别"]


async def test_nothing_of_a_sealed_draw_shows_in_the_plan_before_it_opens(office, clock, client, staff):
    await plan_scene.publish(office, staff, planned("2026-01"))
    sealed = await scene.sealed_scene(office, clock, 25, task=Task(id="2026-01", name="工贸企业安全生产抽查"))
    state = await office.pool.fetchval("SELECT state FROM draw WHERE id = $1", sealed.draw)
    assert state == "sealed"
    chosen = (await sealed.transcript()).targets
    answers = [(await client.get(f"/plans/2026/{file}")).text for file in ("", "plan.csv", "plan.json")]
    for answer in answers:
        assert sealed.draw in answer
        assert not [target.id for target in chosen if target.id in answer]
    task = (await client.get("/plans/2026/plan.json")).json()["tasks"][0]
    assert task["draws"][0]["inspected"] is None and task["inspected"] == 0 and task["state"] == "running"


async def test_old_versions_keep_their_bytes_and_the_address_without_a_version_is_the_newest(client, office, staff):
    await plan_scene.publish(office, staff, plan_scene.plan())
    before = (await client.get("/plans/2026/1/")).content
    await plan_scene.publish(office, staff, plan_scene.plan(document="云应急〔2026〕9 号"), CHANGED)
    assert (await client.get("/plans/2026/1/")).content == before
    second = (await client.get("/plans/2026/2/")).text
    assert "<del>云应急〔2026〕3 号</del>" in second and CHANGED in second
    assert "云应急〔2026〕9 号" in (await client.get("/plans/2026/")).text
    assert "/plans/2026/" in (await client.get("/plans/")).text
    assert (await client.get("/plans/2026/3/")).status_code == (await client.get("/plans/2025/")).status_code == 404


# ---------------------------------------------------------------- every inspection has an origin


async def test_one_visit_is_entered_counted_by_origin_and_held_against_the_cap(office, staff):
    await plan_scene.publish(office, staff, plan_scene.plan())
    blue = await office.pool.fetchval("SELECT id FROM target WHERE risk_colour = 'blue' AND status = 'active' ORDER BY id LIMIT 1")
    visit = {"target": blue, "inspected_on": "2026-03-02", "origin": "plan-key", "department": "云州市应急管理局", "number": "云应急检〔2026〕1 号"}
    await register_visit(office, staff["registrar"], visit)
    with pytest.raises(Invalid, match="nothing"):
        await register_visit(office, staff["registrar"], visit)
    await register_visit(office, staff["registrar"], visit | {"inspected_on": "2026-04-02", "origin": "complaint", "number": "2"})
    found = await read_visits(office, 2026)
    assert (found.origins, found.total) == ((("plan-key", 1, True), ("complaint", 1, False)), 2)
    assert [(one.id, one.counted, one.most) for one in found.capped] == [(blue, 1, 1)] and found.over == 0
    await register_visit(office, staff["registrar"], visit | {"inspected_on": "2026-05-02", "number": "3"})
    assert (await read_visits(office, 2026)).over == 1
    assert await office.pool.fetchval("SELECT version FROM registry_version WHERE kind = 'inspections'") == 3


def test_every_origin_is_called_as_the_registry_calls_it():
    assert ORIGIN_WORDS == ORIGINS


async def test_a_visit_without_an_origin_or_of_the_future_or_drawn_is_refused_with_every_fault(office, staff):
    with pytest.raises(Invalid) as refused:
        await register_visit(office, staff["registrar"], {"target": "nobody", "inspected_on": "2027-01-01", "origin": "plan-random"})
    assert [fault.split("\n")[0] for fault in refused.value.faults] == ["target", "inspected_on", "origin", "department", "number"]
    with pytest.raises(Denied):
        await register_visit(office, staff["operator"], {})
    assert await office.pool.fetchval("SELECT count(*) FROM inspection") == 0


async def test_key_inspection_is_done_when_its_enterprises_were_visited_on_that_origin(office, client, staff):
    targets = await office.pool.fetch("SELECT id, name FROM target WHERE status = 'active' ORDER BY id LIMIT 2")
    key = msgspec.structs.replace(
        plan_scene.key_entry("x", "x"), key_targets=tuple(KeyTarget(target=t["id"], name=t["name"], reason="重大危险源") for t in targets),
        batches=(Batch(first=date(2026, 3, 1), last=date(2026, 3, 31), visits=2),),
    )  # fmt: skip
    await plan_scene.publish(office, staff, plan_scene.plan(entries=(key,)))
    states = []
    for number, target in enumerate([None, *targets], 0):
        if target is not None:
            await register_visit(office, staff["registrar"], {"target": target["id"], "inspected_on": "2026-03-02", "origin": "plan-key", "department": "局", "number": str(number)})
        task = (await client.get("/plans/2026/plan.json")).json()["tasks"][0]
        states.append((task["state"], task["inspected"]))
    assert states == [("waiting", 0), ("running", 1), ("done", 2)]


async def test_the_static_folder_holds_the_plans_as_the_application_answers_them_and_follows_what_changes(office, clock, client, config, staff):
    await publish_folder(office, config)
    assert (config.publish_dir / "plans/index.html").is_file()
    await plan_scene.publish(office, staff, planned("2026-01"))
    await scene.sealed_scene(office, clock, 25, task=Task(id="2026-01", name="工贸企业安全生产抽查"))
    await publish_folder(office, config)
    await plan_scene.publish(office, staff, msgspec.structs.replace(planned("2026-01"), document="云应急〔2026〕9 号"), CHANGED)
    done = await publish_folder(office, config, look_around=True)
    assert done.strangers == ()
    for name in ("index.html", "2026/index.html", "2026/plan.csv", "2026/plan.json", "2026/1/index.html", "2026/2/index.html"):
        answer = await client.get(f"/plans/{name.removesuffix('index.html')}")
        assert (config.publish_dir / "plans" / name).read_bytes() == answer.content, name
    assert (await publish_folder(office, config)).written == 0
