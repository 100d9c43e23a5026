"""The registries in a real browser: a file is uploaded, seen, confirmed and found without a script; pages fit and axe finds nothing."""

import datetime
import os
from pathlib import Path

import pytest
from application import PASSWORD

from service.registry import format_csv
from service.registry.importing import check_import, confirm_import
from service.sample.damaged import format_damaged
from service.sample.targets import make_target

DAY = datetime.date(2026, 6, 1)
OTHERS = {
    "inspectors": "执法证号,姓名,单位,执法区域,专业,证件有效期,组长\nP-1,王建国,执法一大队,东湖区、西山区,危险化学品、机械,2030-01-01,是\n",
    "experts": "专家编号,姓名,工作单位,专业,聘期截止\nE-1,李明,云州理工大学安全工程学院,危险化学品,2030-01-01\n",
    "items": "事项编号,事项名称,检查依据,必查,适用类别\nI-1,消防通道和安全出口,《中华人民共和国消防法》第十六条,是,机械、化工\n",
    "conflicts": "人员编号,统一社会信用代码,回避事由\nP-1,T-1,近亲属\n",
    "inspections": "统一社会信用代码,检查日期,检查机关,检查来源,是否处罚\nT-1,2026-03-04,市消防救援支队,投诉举报,是\n",
}
SHOTS = os.environ.get("DOUBLE_RANDOM_SHOTS")


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
    await page.click("text=查找")
    assert "云州一厂" in await page.text_content("main table")
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_registry_pages_fit_and_are_accessible(office, employ, chromium, site, scheme) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    script = axe.AXE_FILE_PATH.read_text(encoding="utf-8")
    await employ("deng", "registrar")
    await fill(office)
    damaged = await check_import(office, None, "targets", "云州市检查对象名录（2026年6月）.xlsx", format_damaged("demo", DAY))
    changed = [make_target("demo", number, DAY) for number in range(5, 25)]
    other = "统一社会信用代码,所属区域,风险等级,企业名称\n" + "".join(f"{t.id},新城街道,红,{t.name}\n" for t in changed)
    moved = await check_import(office, None, "targets", "调整.csv", other.encode())
    target = await office.pool.fetchval("SELECT id FROM target ORDER BY id LIMIT 1")
    again = await check_import(office, None, "targets", "调整一户.csv", f"信用代码,企业名称,地址\n{target},更名后的企业有限公司,\n".encode())
    await confirm_import(office, None, again.id)
    pages = {
        "overview": "/staff/registries", **{kind: f"/staff/registries/{kind}" for kind in ("targets", *OTHERS)},
        "found": "/staff/registries/targets?q=有限公司&risk_colour=red", "none": "/staff/registries/targets?q=没有这家", "short": "/staff/registries/targets?q=云",
        "row": f'/staff/registries/targets/row?key=["{target}"]', "conflict": '/staff/registries/conflicts/row?key=["P-1","T-1"]',
        "upload": "/staff/registries/targets/import", "damaged": f"/staff/imports/{damaged.id}", "changed": f"/staff/imports/{moved.id}",
    }  # fmt: skip
    for width in (1280, 390, 320):
        context = await chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()
        await log_in(page, site)
        for name, path in pages.items():
            await page.goto(site + path)
            over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{name} is {over} px too wide at {width}"
            if SHOTS and scheme == "light" and width != 320:
                await page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=name not in ("damaged", "targets"))
            await page.evaluate(script)
            found = await page.evaluate("options => axe.run(document, options)", {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
            faults = [(v["id"], [n["target"] for n in v["nodes"][:3]]) for v in found["violations"]]
            assert not faults, f"{name} at {width}, {scheme}: {faults}"
        await context.close()
