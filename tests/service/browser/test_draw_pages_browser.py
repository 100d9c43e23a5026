"""The draw pages in a real browser: they fit at three widths and axe finds nothing; check list, freeze and agreement by keyboard alone."""

import re

import pytest
import scene as scenes
import screens
from application import PASSWORD
from ceremony_room import DICE, DISCIPLINE, NONCE, NOTARY, employ_everybody

from service.rehearsing import rehearse
from service.steps import propose


@pytest.fixture
async def made(office, clock, employ):
    await employ_everybody(employ)
    return await scenes.begin(office, clock, 10, givers=(NONCE, NOTARY, DISCIPLINE, DICE))


async def log_in(page, site: str, login: str) -> None:
    await page.goto(site + "/staff/login")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.click("main form button")


async def look(page, addresses: dict[str, str], widths=screens.WIDTHS) -> None:
    for name, address in addresses.items():
        answer = await page.goto(address)
        assert answer.status == 200, (name, answer.status)
        await screens.look(page, name, widths)


async def test_every_page_fits_and_axe_finds_nothing(office, clock, made, chromium, site) -> None:
    await rehearse(office, made.people["operator"], made.draw)
    base = f"{site}/staff/draws/{made.draw}"
    context = await chromium.new_context()
    page = await context.new_page()
    await log_in(page, site, "operator")
    pages = ("", "checklist", "freeze", "candidates", "excluded", "people", "rehearsals", "rehearsals/1")
    addresses = {name.replace("/", "-") or "hub": f"{base}/{name}".rstrip("/") for name in pages}
    await look(page, addresses | {"home": f"{site}/staff/", "list": f"{site}/staff/draws"})
    await page.goto(f"{base}/rehearsals/1")
    await page.emulate_media(media="print")
    assert await page.locator(".watermark").is_visible()
    await page.emulate_media(media="screen")
    step = await propose(office, made.people["operator"], made.draw, "draw-plan/v1", {})
    await context.clear_cookies()
    await log_in(page, site, "confirmer")
    await look(page, {"step": f"{site}/staff/steps/{step.id}", "home-confirmer": f"{site}/staff/"})
    await page.goto(f"{site}/staff/steps/{step.id}")
    await page.click("text=同意并签署，锁定名单")
    await look(page, {"step-done": page.url, "hub-frozen": base, "candidates-frozen": f"{base}/candidates"}, (1280, 390))
    # In English nothing of ours stays Chinese but what is marked as such.
    await context.add_cookies([{"name": "language", "value": "en", "url": site}])
    for address in (page.url, base, f"{site}/staff/", f"{site}/staff/draws", f"{base}/excluded", f"{site}/staff/planning/recency"):
        await page.goto(address)
        text = await page.evaluate(
            "(() => { const copy = document.querySelector('main').cloneNode(true); copy.querySelectorAll('[lang^=zh]').forEach(e => e.remove()); return copy.innerText })()"
        )
        left = set(re.findall(r"[\u4e00-\u9fff]+", text))
        assert not left, (address, sorted(left)[:20])
    await context.close()


async def test_check_list_freeze_and_agreement_by_keyboard_alone_without_a_script(office, made, chromium, site) -> None:
    async def open_as(login: str):
        context = await chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        await page.goto(site + "/staff/login")
        await reach(page, "#login")
        await page.keyboard.type(login)
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/staff/")
        return page

    async def reach(page, selector: str) -> None:
        for _ in range(300):
            if await page.locator(f"{selector}:focus").count():
                return
            await page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached by keyboard")

    async def press(page, selector: str) -> None:
        await reach(page, selector)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")

    base = f"/staff/draws/{made.draw}"
    operator = await open_as("operator")
    await press(operator, f'main a[href="{base}"]')
    await press(operator, f'main .next a[href="{base}/checklist"]')
    await press(operator, f'main a.button[href="{base}/freeze"]')
    await press(operator, 'main button:has-text("提请锁定名单并公布指纹")')
    step = operator.url
    confirmer = await open_as("confirmer")
    await press(confirmer, f'main a[href="{step.removeprefix(site)}"]')
    await press(confirmer, 'main button:has-text("同意并签署，锁定名单")')
    assert "已办结" in await confirmer.content()
    assert await office.pool.fetchval("SELECT state FROM draw") == "frozen"
    await operator.context.close()
    await confirmer.context.close()
