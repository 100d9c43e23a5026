"""The annual plan in a real browser: written, approved and published without a script, and every page fits and is accessible."""

from datetime import date
from pathlib import Path

import msgspec
import plan_scene
import pytest
import scene
from application import PASSWORD
from screens import look

from selection.plan import Task
from service.annual_plan.calendars import check_calendar, confirm_calendar
from service.annual_plan.content import Batch, TimeBudget
from service.annual_plan.submitting import decide_plan, submit_plan
from service.annual_plan.temporary import decide_task, register_task
from service.annual_plan.visits import register_visit

SAMPLES = Path(__file__).parents[3] / "sample"


async def log_in(page, site: str, login: str) -> None:
    await page.goto(site + "/staff/login")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.click("main form button")


async def test_a_plan_is_written_approved_and_published_without_a_script(office, employ, chromium, site) -> None:
    await scene.found_city(office)
    for login, roles in {"wang": ("operator",), "li": ("approver",), "zhao": ("publisher",), "deng": ("registrar",)}.items():
        await employ(login, *roles)
    contexts = {login: await chromium.new_context(java_script_enabled=False) for login in ("wang", "li", "zhao", "deng")}
    pages = {login: await context.new_page() for login, context in contexts.items()}
    for login, page in pages.items():
        await log_in(page, site, login)
    page = pages["deng"]
    await page.goto(site + "/staff/calendar")
    await page.set_input_files("#file", SAMPLES / "calendar-2026.csv")
    await page.fill("#source", "国办发明电〔2025〕7号")
    await page.click("text=检查这份日历")
    await page.click("text=确认 2026 年工作日历")
    page = pages["wang"]
    await page.click("nav >> text=年度计划")
    await page.click("text=编写 2026 年度计划")
    assert "还差 1 处" in await page.text_content("main")
    await page.click("text=测算监督检查工作日")
    assert await page.input_value("#statutory") == "248"
    for field, value in {"officers": "8", "other_enforcement": "1035", "non_enforcement": "535"}.items():
        await page.fill(f"#{field}", value)
    await page.click("text=测算并保存")
    assert "20.9%" in await page.text_content("#result ~ table")
    await page.click("text=回到计划")
    await page.click("text=添加任务 >> nth=0")
    await page.fill("#name", "工贸企业安全生产抽查")
    await page.select_option("#stratify_by", "risk_colour")
    await page.fill("#stratum_name_1", "红色风险")
    await page.fill("#stratum_values_1", "红")
    await page.fill("#stratum_number_1", "三成")
    await page.fill("#batch_first_1", "2026年3月1日")
    await page.fill("#batch_last_1", "2026-06-30")
    await page.fill("#batch_visits_1", "60")
    await page.check("text=主要负责人履行安全生产职责")
    await page.click("button:text-is('保存任务')")
    assert "不是 0 到 100 之间的百分比" in await page.text_content("[role=alert]")
    assert await page.input_value("#batch_first_1") == "2026年3月1日", "what was typed is there still"
    await page.fill("#stratum_number_1", "30")
    await page.click("button:text-is('保存任务')")
    await page.click("text=提请批准年度计划")
    assert "不能由您自己批准" in await page.text_content("main")
    page = pages["li"]
    await page.click("nav >> text=年度计划")
    await page.click("text=等待审批")
    await page.click("text=批准年度计划")
    page = pages["zhao"]
    await page.click("nav >> text=年度计划")
    await page.click("text=已批准，等待公布")
    await page.click("text=公布年度计划")
    await page.click("text=查看公布的计划")
    shown = await page.text_content("main")
    assert "工贸企业安全生产抽查" in shown and "30%，四舍五入" in shown and "未开始" in shown
    page = pages["wang"]
    await page.goto(site + "/staff/tasks/2026-01")
    assert await page.get_attribute("text=起草本任务的一批", "href") == "/staff/preparations/new?task=2026-01"
    for context in contexts.values():
        await context.close()


async def fill(office, clock) -> str:
    """A city with a year behind it: two versions, a third on its way, draws of every kind, visits, and a calendar."""
    staff = await plan_scene.appoint(office)
    await scene.found_city(office)
    load = await check_calendar(office, None, "2026.csv", (SAMPLES / "calendar-2026.csv").read_bytes(), "国办发明电〔2025〕7号")
    await confirm_calendar(office, None, load.id)
    targets = await office.pool.fetch("SELECT id, name FROM target WHERE risk_colour = 'blue' AND status = 'active' ORDER BY id LIMIT 2")
    key = plan_scene.key_entry(targets[0]["id"], targets[0]["name"])
    base = plan_scene.plan(
        time=TimeBudget(statutory=248, officers=8, other_enforcement=1035, non_enforcement=535, key=240, least_key=60),
        entries=(*plan_scene.plan().entries, key), caps_note="按省应急管理厅 2025 年通知",
    )  # fmt: skip
    await plan_scene.publish(office, staff, base)
    longer = msgspec.structs.replace(base.entries[0], batches=(*base.entries[0].batches, Batch(first=date(2026, 3, 1), last=date(2026, 4, 1), visits=20)))
    changed = msgspec.structs.replace(base, entries=(longer, *base.entries[1:]))
    await plan_scene.publish(office, staff, changed, "上级调整任务")
    await scene.open_scene(office, clock, task=Task(id="2026-01", name="工贸企业安全生产抽查"))
    await scene.sealed_scene(office, clock, 25, task=Task(id="2026-02", name="危险化学品企业抽查"))
    await scene.voided_scene(office, clock, task=Task(id="2026-02", name="危险化学品企业抽查"))
    task = await register_task(office, staff["operator"], "燃气使用场所夜间抽查", ("《中华人民共和国安全生产法》第六十五条",), "邻市发生事故，省里统一部署")
    await decide_task(office, staff["approver"], task, True, "同意")
    await register_task(office, staff["operator"], "烟花爆竹零售点抽查", ("《烟花爆竹安全管理条例》",), "群众反映集中")
    for number, target in enumerate([*targets, targets[0]]):
        visit = {"target": target["id"], "inspected_on": f"2026-0{number + 3}-02", "origin": "plan-key" if number != 1 else "complaint",
                 "department": "云州市应急管理局", "number": f"云应急检〔2026〕{number} 号"}  # fmt: skip
        await register_visit(office, staff["registrar"], visit)
    revision = await plan_scene.write(office, staff["operator"], msgspec.structs.replace(changed, document="云应急〔2026〕9 号"))
    id = await submit_plan(office, staff["operator"], 2026, revision, "文号更正")
    await decide_plan(office, staff["approver"], 2026, id, True, "")
    return str(load.id)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_plan_pages_fit_and_are_accessible(office, clock, employ, chromium, site, scheme) -> None:
    await employ("all", "operator", "approver", "publisher", "registrar")
    load = await fill(office, clock)
    pages = {
        "overview": "/staff/plans", "hub": "/staff/plans/2026", "basis": "/staff/plans/2026/basis", "time": "/staff/plans/2026/time",
        "new": "/staff/plans/2026/tasks", "entry": "/staff/plans/2026/tasks/2026-02", "submission": "/staff/plans/2026/submissions/3",
        "temporary": "/staff/plans/temporary", "task": "/staff/tasks/2026-02", "visits": "/staff/visits", "visit": "/staff/visits/new",
        "calendars": "/staff/calendar", "calendar": f"/staff/calendar/{load}", "public": "/plans/2026/", "plans": "/plans/", "version": "/plans/2026/2/",
    }  # fmt: skip
    titles = set()
    for width in (1280, 390, 320) if scheme == "light" else (390,):
        context = await chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()
        await log_in(page, site, "all")
        for name, path in pages.items():
            answer = await page.goto(site + path)
            assert answer.status == 200, name
            titles.add(await page.title())
            await look(page, f"{name}-{scheme}", (width,))
        await context.close()
    assert len(titles) == len(pages)
