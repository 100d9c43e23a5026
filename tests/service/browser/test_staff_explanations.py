"""The staff pages that explain (people that suffice or not, loads and pairs), in a real browser: they fit, and axe finds nothing."""


import pytest
import scene as scenes
from application import PASSWORD

from service import steps


async def staff_pages(office, clock, employ) -> dict[str, str]:
    """Name -> path: a freeze whose people suffice, one whose people do not, a year's loads."""
    await scenes.open_scene(office, clock)
    await employ("chief-9", "auditor", "approver", "registrar")
    pages = {"load": "/staff/planning/load", "empty year": "/staff/planning/load?year=2020"}
    for day, name, capacity in ((12, "enough", 9), (13, "short", 1)):
        await office.pool.execute("UPDATE inspector SET capacity = $1 WHERE lead", capacity)
        scene = await scenes.begin(office, clock, day)
        view = await steps.propose(office, scene.people["operator"], scene.draw, "draw-plan/v1", {})
        pages[name] = f"/staff/steps/{view.id}"
    return pages


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_staff_explanations_fit_and_are_accessible(office, clock, chromium, site, employ, scheme) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    script = axe.AXE_FILE_PATH.read_text(encoding="utf-8")
    pages = await staff_pages(office, clock, employ)
    for width in (1280, 390, 320) if scheme == "light" else (390,):
        context = await chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()
        await page.goto(site + "/staff/login")
        await page.fill("#login", "chief-9")
        await page.fill("#password", PASSWORD)
        await page.click("main form button")
        for name, path in pages.items():
            await page.goto(site + path)
            over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{name} is {over} px too wide at {width}"
            await page.evaluate(script)
            found = await page.evaluate("options => axe.run(document, options)", {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
            faults = [(v["id"], [n["target"] for n in v["nodes"][:3]]) for v in found["violations"]]
            assert not faults, f"{name} at {width}, {scheme}: {faults}"
        await context.close()
