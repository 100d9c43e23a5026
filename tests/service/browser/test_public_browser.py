"""The public pages in a real browser: no overflow, no script, no request to anyone else, no accessibility fault, in every state."""

import re

import pytest
import scene as scenes

WIDTHS = (1280, 390, 320)


async def every_page(office, clock) -> dict[str, str]:
    """Name -> path of each page in each state."""
    opened = await scenes.open_scene(office, clock)
    frozen = await scenes.frozen_scene(office, clock)
    sealed = await scenes.sealed_scene(office, clock)
    voided = await scenes.voided_scene(office, clock)
    transcript = await opened.transcript()
    drawn = next(t.id for t in transcript.targets if t.rank == 3)
    ill = next(t.id for t in transcript.targets if t.rank is not None)  # one of its people was replaced
    short = await scenes.short_scene(office, clock)
    draw = f"/draws/{opened.draw}"
    shard = await office.pool.fetchval("SELECT shard FROM log_head WHERE active")
    return {
        "start": "/", "list": "/draws/", "open": f"{draw}/", "found": f"{draw}/?q=云州", "frozen": f"/draws/{frozen.draw}/",
        "sealed": f"/draws/{sealed.draw}/", "voided": f"/draws/{voided.draw}/", "ticket": f"{draw}/tickets/{drawn}/",
        "successor": f"{draw}/tickets/{opened.successor}/", "replaced": f"{draw}/tickets/{opened.replaced}/",
        "team": f"{draw}/tickets/{drawn}/team/", "replaced person": f"{draw}/tickets/{ill}/team/", "people": f"{draw}/people/",
        "no teams": f"/draws/{short.draw}/", "mandatory": f"{draw}/tickets/{opened.mandatory}/", "excluded": f"{draw}/tickets/{opened.excluded}/",
        "ticket while sealed": f"/draws/{sealed.draw}/tickets/{drawn}/", "search": f"{draw}/tickets/?q=云州",
        "result": f"/results/{opened.result}/", "old result": f"/results/{opened.result}/1/", "verify": "/verify/",
        "keys": "/keys/", "log": f"/log/{shard}/", "missing": "/nowhere",
    }  # fmt: skip


async def test_pages_fit_ask_nobody_else_and_need_no_script(office, clock, chromium, site) -> None:
    pages = await every_page(office, clock)
    for width in WIDTHS:
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        page = await context.new_page()
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))  # noqa: B023
        page.on("console", lambda message: said.append(message.text))  # noqa: B023
        for name, path in pages.items():
            asked.clear()
            said.clear()
            await page.goto(site + path)
            for details in await page.query_selector_all("details"):
                await details.evaluate("element => { element.open = true }")
            over = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert over <= 0, f"{name} is {over} px too wide at {width}"
            assert all(url.startswith(site) for url in asked), (name, asked)
            assert len(set(asked)) <= 3, (name, asked)
            assert not [text for text in said if "404" not in text or name != "missing"], (name, said)
            assert not any(url.endswith(".js") for url in asked)
        await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_have_no_accessibility_fault(office, clock, chromium, site, scheme) -> None:
    """axe-core, WCAG 2.2 A and AA, best practice, and contrast of 7:1."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    script = axe.AXE_FILE_PATH.read_text(encoding="utf-8")
    options = {
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        "rules": {"color-contrast-enhanced": {"enabled": True}},
    }
    pages = await every_page(office, clock)
    for width in (1280, 390) if scheme == "light" else (390,):  # the dark colours are the same at every width
        # axe is injected by the debugger; the pages' own policy would refuse it.
        context = await chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
        )
        page = await context.new_page()
        for name, path in pages.items():
            await page.goto(site + path)
            await page.evaluate(script)
            found = await page.evaluate("options => axe.run(document, options)", options)
            faults = [(v["id"], [n["target"] for n in v["nodes"][:3]]) for v in found["violations"]]
            assert not faults, f"{name} at {width}, {scheme}: {faults}"
        await context.close()


async def test_a_firm_finds_its_ticket_by_keyboard_without_script(office, clock, chromium, site) -> None:
    scene = await scenes.open_scene(office, clock)
    target = (await scene.transcript()).targets[0].id
    context = await chromium.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{site}/draws/{scene.draw}/")
    await page.keyboard.press("Tab")
    assert await page.locator(":focus").inner_text() == "跳到正文"
    await page.locator("#mine-q").focus()
    await page.keyboard.type(target.lower())
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(f"/tickets/{target}/$"))
    assert await page.locator(".verdict .big").inner_text() in ("抽中", "已移出")
    proof = page.locator("details", has_text="证明：这家企业确在锁定的名单里")
    await proof.locator("summary").click()
    root = await office.pool.fetchval(
        "SELECT convert_from(data, 'UTF8')::jsonb #>> '{blobs,pool,root}' FROM document WHERE draw = $1 AND kind = 'draw-plan/v1'",
        scene.draw,
    )
    assert root in (await proof.inner_text()).split()[-1]
    await context.close()


async def test_the_draw_page_prints_all_it_says(office, clock, chromium, site) -> None:
    scene = await scenes.open_scene(office, clock)
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    await page.goto(f"{site}/draws/{scene.draw}/")
    await page.emulate_media(media="print")
    for hidden in (".nav", ".search", ".footer"):
        assert not await page.locator(hidden).first.is_visible()
    for shown in ("#answers", "#chain", "#numbers", "#strata", "#drawn", "#check", "table.drawn thead"):
        assert await page.locator(shown).is_visible()
    assert (await page.pdf(format="A4")).startswith(b"%PDF")
    await context.close()
