"""Reading aids in a real browser: reflow, spacing, large view and contrast on every page a crawl finds (web.md, W03, W04, W14, W34)."""

import json

import plan_scene
import pytest
import scene as scenes
from application import PASSWORD
from crawl import crawl, kind_of

from service.accounts import ROLES

# WCAG 2.2, 1.4.12: what a reader may set without losing anything.
SPACING = "*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important} p{margin-bottom:2em!important}"
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Text that is cut off: a box that hides what is larger than it, but for what is meant for screen readers alone.
CLIPPED = """() => [...document.querySelectorAll('main *, header *, footer *')].filter(e => {
  const s = getComputedStyle(e), b = e.getBoundingClientRect();
  return (s.overflowX === 'hidden' || s.overflowY === 'hidden' || s.textOverflow === 'ellipsis') && b.width > 2 && b.height > 2
    && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1) && e.tagName !== 'svg';
}).map(e => e.outerHTML.slice(0, 120))"""
# What is asked for, and the widths in CSS pixels; 640 at factor 2 is 1280 at 200 %, 320 is 1280 at 400 %.
AIDS = {"": (640, 320), "view=elder": (1280, 900, 390), "contrast=high": (1280,)}


@pytest.fixture
async def addresses(client, office, clock, employ) -> list[str]:
    """One address of every kind of page, public ones in both languages, and those of somebody with all roles."""
    for make in (scenes.open_scene, scenes.frozen_scene, scenes.sealed_scene, scenes.voided_scene, scenes.short_scene):
        await make(office, clock)
    await plan_scene.publish(office, await plan_scene.appoint(office), plan_scene.plan())
    await employ("somebody", *ROLES)
    await client.post("/staff/login", data={"login": "somebody", "password": PASSWORD})
    public = await crawl(client, ["/"], of_each_kind=1)
    english = await crawl(client, ["/en/"], of_each_kind=1, only="/en/")
    staff = await crawl(client, ["/staff/"], of_each_kind=1, only="/staff/")
    assert len({kind_of(address) for address in staff}) > 20
    return [*public, *english, *staff]


@pytest.mark.parametrize("asked", AIDS)
async def test_pages_reflow_and_lose_nothing_to_spacing(chromium, site, addresses, asked) -> None:
    # The sheet is added by the debugger, as a reader's own would be; the pages' policy would refuse it.
    context = await chromium.new_context(device_scale_factor=2, bypass_csp=True)
    page = await context.new_page()
    await page.goto(f"{site}/staff/login")
    for name, value in (("#login", "somebody"), ("#password", PASSWORD)):
        await page.fill(name, value)
    await page.click("main .button")
    if asked:
        await page.goto(f"{site}/?{asked}")
    wrong = []
    for address in addresses:
        await page.goto(site + address)
        await page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        for spacing in ("",) if asked else ("", " with spacing"):
            if spacing:
                await page.add_style_tag(content=SPACING)
            for width in AIDS[asked]:
                await page.set_viewport_size({"width": width, "height": 800})
                if (over := await page.evaluate(OVER)) > 0:
                    wrong.append(f"{address}: {over} px too wide at {width}{spacing}")
                wrong += [f"{address}: cut off at {width}{spacing}: {each}" for each in await page.evaluate(CLIPPED)]
        if asked:
            name, value = asked.split("=")
            assert await page.evaluate(f"document.documentElement.dataset.{name}") == value, address
    await context.close()
    assert wrong == [], json.dumps(wrong, ensure_ascii=False, indent=1)


async def test_languages_and_views_are_changed_without_script(office, chromium, site, employ) -> None:
    await employ("somebody", *ROLES)
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site}/staff/login")
    await page.click("text=English")
    assert await page.text_content("h1") == "Log in"
    await page.click("text=Large view")
    assert await page.get_attribute("html", "data-view") == "elder"
    await page.goto(f"{site}/verify/")
    assert await page.get_attribute("html", "data-view") == "elder"
    await page.click("text=English")
    assert page.url == f"{site}/en/verify/"
    await page.click("text=Leave large view")
    assert await page.get_attribute("html", "data-view") is None
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    await context.close()
