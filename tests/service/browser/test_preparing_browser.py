"""Preparing a draw in a real browser: every page fits at three widths and axe finds nothing; a plain draw by keyboard alone, without a script."""


import msgspec
import pytest
import scene
from application import PASSWORD
from screens import look

from service.preparing.answers import PAGES
from service.preparing.store import of_draw, read_preparation, save


@pytest.fixture
async def city(office, clock, employ):
    people = await scene.found_city(office)
    await employ("hong", "operator")
    await office.pool.execute("UPDATE staff SET password_hash = (SELECT password_hash FROM staff WHERE login = 'hong')")
    clock.set("2026-11-02T01:00:00+00:00")
    return people


async def log_in(page, site: str) -> None:
    await page.goto(site + "/staff/login")
    await page.fill("#login", "operator")
    await page.fill("#password", PASSWORD)
    await page.click("main form button")


async def test_every_page_fits_and_axe_finds_nothing(office, clock, city, chromium, site) -> None:
    made = await scene.begin(office, clock, 24, pool_rules=())
    id = await of_draw(office, city["operator"], made.draw)
    found = await read_preparation(office, id)
    strata = found.answers.strata
    bad = msgspec.structs.replace(strata, strata=(msgspec.structs.replace(strata.strata[0], rule=type(strata.strata[0].rule)("percent", "五成")), *strata.strata[1:]))
    context = await chromium.new_context()
    page = await context.new_page()
    await log_in(page, site)
    base = f"{site}/staff/preparations"
    addresses = {"list": base, "new": f"{base}/new", "tasks": f"{base}/{id}"} | {slug: f"{base}/{id}/{slug}" for slug in PAGES}
    addresses["mandatory"] += "?q=914219"
    await page.goto(f"{base}/{id}/rules")
    await page.click("text=年度检查次数到上限的不抽")
    for width in (1280, 390, 320):
        if width == 390:
            found = await save(office, city["operator"], id, "strata", bad, (await read_preparation(office, id)).version)
        for name, address in addresses.items():
            await page.goto(address)
            await look(page, name, (width,))
    await context.close()


async def test_a_plain_draw_by_keyboard_alone_and_without_a_script(office, city, chromium, site) -> None:
    context = await chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800})
    page = await context.new_page()

    async def reach(selector: str) -> None:
        """Press Tab until the element has the focus, as somebody without a mouse does."""
        for _ in range(200):
            if await page.locator(f"{selector}:focus").count():
                return
            await page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached by keyboard")

    async def type_into(name: str, text: str) -> None:
        await reach(f"[name='{name}']")
        await page.keyboard.press("Control+A")
        await page.keyboard.type(text)

    async def enter() -> None:
        async with page.expect_navigation():
            await page.keyboard.press("Enter")

    await page.goto(site + "/staff/login")
    await type_into("login", "operator")
    await type_into("password", PASSWORD)
    await enter()
    await page.goto(site + "/staff/preparations/new")
    await reach("main form button")
    await enter()
    base = page.url
    await page.goto(f"{base}/basis")
    await type_into("title", "键盘办理")
    await type_into("task", "k-1")
    await type_into("task_name", "键盘办理")
    await reach("[name=origin]")
    await page.keyboard.press("ArrowDown")
    await reach(".actions [value=save]")
    await enter()
    assert page.url.endswith("/scope")
    await page.goto(f"{base}/strata")
    await type_into("strata-0-rule-number", "5")
    await enter()  # in a field: the page is saved, no row is removed
    assert page.url.endswith("/classes"), page.url
    await page.goto(f"{base}/numbers")
    await type_into("givers-0-custodian", "公证处")
    for number in (1, 2, 3):
        await type_into(f"givers-{number}-body", f"单位{number}")
        await type_into(f"givers-{number}-name", "何")
    await type_into("givers-4-issue", "第 1 期")
    await enter()
    await page.goto(base)
    assert "都填好了" in await page.text_content("main")
    await reach("form[action$='/draft'] button")
    await enter()
    assert await office.pool.fetchval("SELECT title FROM draw") == "键盘办理"
    await context.close()
