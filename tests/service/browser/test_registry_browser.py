"""The registries in a real browser: a file is uploaded, seen, confirmed and found without a script; pages fit and axe finds nothing."""

import datetime
from pathlib import Path

import pytest
from application import PASSWORD
from screens import look

from service.accounts import Staff
from service.registry import format_csv
from service.registry.editing import check_typed
from service.registry.importing import check_import, confirm_import
from service.registry.merging import confirm_merge, propose_merge
from service.sample.damaged import format_damaged
from service.sample.targets import make_target

DAY = datetime.date(2026, 6, 1)
OTHERS = {
    "inspectors": "执法证号,姓名,单位,执法区域,专业,证件有效期,组长\nP-1,王建国,执法一大队,东湖区、西山区,危险化学品、机械,2030-01-01,是\n",
    "experts": "专家编号,姓名,工作单位,专业,聘期截止\nE-1,李明,云州理工大学安全工程学院,危险化学品,2030-01-01\n",
    "items": "事项编号,事项名称,检查依据,必查,适用类别\nI-1,消防通道和安全出口,《中华人民共和国消防法》第十六条,是,机械、化工\n",
    "conflicts": "人员编号,统一社会信用代码,回避事由\nP-1,T-1,近亲属\n",
    "services": "服务提供方,提供方类别,统一社会信用代码,服务开始日期,服务内容\nE-1,专家,T-1,2025-01-01,安全现状评价\n云州安全评价有限公司,第三方机构,T-1,2025-03-01,隐患排查\n",
    "inspections": "统一社会信用代码,检查日期,检查机关,检查来源,是否处罚\nT-1,2026-03-04,市消防救援支队,投诉举报,是\n",
}


async def fill(office) -> None:
    files = {"targets": format_csv("targets", [make_target("demo", number, DAY) for number in range(130)])}
    for kind, content in (files | {kind: text.encode() for kind, text in OTHERS.items()}).items():
        view = await check_import(office, None, kind, f"{kind}.csv", content)
        await confirm_import(office, None, view.id)


async def log_in(page, site: str) -> None:
    await page.goto(site + "/staff/login")
    await page.fill("#login", "deng")
    await page.fill("#password", PASSWORD)
    await page.click("main form button")


async def test_a_file_goes_from_the_disk_into_the_list_without_a_script(office, employ, chromium, site, tmp_path: Path) -> None:
    await employ("deng", "registrar")
    file = tmp_path / "企业名录.csv"
    file.write_text("信用代码,单位名称,乡镇\nT-1,云州一厂,东湖区\n,没有编号,\n", encoding="gb18030")
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, site)
    await page.click("text=名录")
    await page.click("text=导入检查对象名录")
    await page.set_input_files("#file", file)
    await page.click("text=检查这份文件")
    assert "没有填写编号" in await page.text_content("main")
    await page.click("text=确认导入 1 行")
    await page.click("text=查看名录")
    await page.fill("#q", "yzyc")
    await page.click("form.search button")
    assert "云州一厂" in await page.text_content("main table")
    await context.close()


async def test_a_merge_and_a_typed_row_by_two_people_without_a_script(office, employ, chromium, site) -> None:
    await employ("deng", "registrar")
    await employ("cao", "operator")
    twins = "信用代码,企业名称\nT-1,云州化工厂\nT-2,云州化工厂\n"
    await confirm_import(office, None, (await check_import(office, None, "targets", "a.csv", twins.encode())).id)
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await log_in(page, site)
    await page.goto(site + "/staff/registries")
    await page.click("text=查找重复的检查对象")
    await page.click("text=名称相同")
    await page.click("text=对照甲和乙 >> nth=0")
    await page.check("input[name=kept][value=T-1]")
    await page.fill("#reason", "同一家")
    await page.click("button:has-text('提出合并')")
    assert "还差：另一位登记员或经办人的确认" in await page.text_content("main")
    where = page.url
    second = await (await chromium.new_context(java_script_enabled=False)).new_page()
    await second.goto(site + "/staff/login")
    await second.fill("#login", "cao")
    await second.fill("#password", PASSWORD)
    await second.click("main form button")
    await second.goto(where)
    await second.click("text=确认合并")
    assert "已确认" in await second.text_content("main")
    await page.goto(site + "/staff/registries/targets")
    assert "已并入 T-1" in " ".join((await page.text_content("main")).split())
    await page.click("text=登记一行")
    await page.fill("#f-id", "T-9")
    await page.click("text=检查并查看差别")
    assert "没有登记，名录没有变化" in await page.text_content("main [role=alert]")
    await page.fill("#f-name", "新来的厂")
    await page.click("text=检查并查看差别")
    await page.click("text=确认登记")
    assert await office.pool.fetchval("SELECT name FROM target WHERE id = 'T-9'") == "新来的厂"
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_registry_pages_fit_and_are_accessible(office, employ, chromium, site, scheme) -> None:
    await employ("deng", "registrar")
    await fill(office)
    damaged = await check_import(office, None, "targets", "云州市检查对象名录（2026年6月）.xlsx", format_damaged("demo", DAY))
    changed = [make_target("demo", number, DAY) for number in range(5, 25)]
    other = "统一社会信用代码,所属区域,风险等级,企业名称\n" + "".join(f"{t.id},新城街道,红,{t.name}\n" for t in changed)
    moved = await check_import(office, None, "targets", "调整.csv", other.encode())
    target = await office.pool.fetchval("SELECT id FROM target ORDER BY id LIMIT 1")
    again = await check_import(office, None, "targets", "调整一户.csv", f"信用代码,企业名称,地址\n{target},更名后的企业有限公司,\n".encode())
    await confirm_import(office, None, again.id)
    registrars = [Staff(await employ(login, "registrar"), login, login, frozenset({"registrar"})) for login in ("ji", "xun")]
    twins = "信用代码,企业名称,地址\n92420111MA4KLQ0X1B,云州化工厂,东湖路1号\nT-1,云州化工厂,东湖路1号\nT-3,云州恒远化工厂,\nT-4,云州化工厂,\n"
    await confirm_import(office, None, (await check_import(office, None, "targets", "重复.csv", twins.encode())).id)
    waiting = await propose_merge(office, registrars[0], "92420111MA4KLQ0X1B", "T-1", "营业执照换码，同一家企业")
    done = await propose_merge(office, registrars[0], "T-4", "T-3", "旧注册号")
    await confirm_merge(office, registrars[1], done)
    typed = await check_typed(office, registrars[0], "targets", (target,), {"address": "新址 18 号", "risk_colour": "红"})
    pages = {
        "versions": "/staff/registries/targets/versions", "changes": "/staff/registries/targets/changes?since=0", "changed-since": "/staff/registries/targets/changes?since=1",
        "no-version": "/staff/registries/targets/changes?since=99", "as-it-was": f'/staff/registries/targets/row?key=["{target}"]&at=1',
        "duplicates": "/staff/duplicates?ground=named", "pair": "/staff/duplicates/pair?one=T-1&other=T-4", "merges": "/staff/merges", "waiting": f"/staff/merges/{waiting}",
        "merged": f"/staff/merges/{done}", "alias": '/staff/registries/targets/row?key=["T-4"]', "twin": '/staff/registries/targets/row?key=["T-1"]',
        "new": "/staff/registries/inspectors/edit", "edit": f'/staff/registries/targets/edit?key=["{target}"]', "end": '/staff/registries/experts/edit?key=["E-1"]&ends=1',
        "typed": f"/staff/imports/{typed.waits}", "empty-form": "/staff/registries/targets/edit",
        "overview": "/staff/registries", **{kind: f"/staff/registries/{kind}" for kind in ("targets", *OTHERS)},
        "found": "/staff/registries/targets?q=有限公司&risk_colour=red", "none": "/staff/registries/targets?q=没有这家", "short": "/staff/registries/targets?q=云",
        "row": f'/staff/registries/targets/row?key=["{target}"]', "conflict": '/staff/registries/conflicts/row?key=["P-1","T-1"]',
        "upload": "/staff/registries/targets/import", "damaged": f"/staff/imports/{damaged.id}", "changed": f"/staff/imports/{moved.id}",
    }  # fmt: skip
    for width in (1280, 390, 320) if scheme == "light" else (390,):
        context = await chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()
        await log_in(page, site)
        for name, path in pages.items():
            await page.goto(site + path)
            if name == "empty-form":
                await page.fill("#f-established", "去年")
                await page.click("text=检查并查看差别")
                assert await page.input_value("#f-established") == "去年"
            await look(page, f"{name}-{scheme}", (width,))
        await context.close()
