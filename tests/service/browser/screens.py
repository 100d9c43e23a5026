"""What every screen has to be: not too wide, its headings in order, without a finding of axe. A picture for whoever wants to look at it."""

import os
from pathlib import Path

import pytest

__all__ = ["WIDTHS", "faults_of", "look"]

WIDTHS = (1280, 390, 320)
PICTURES = os.environ.get("DOUBLE_RANDOM_PICTURES")  # a folder
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
HEADINGS = "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])"
WIDE = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth).slice(0, 3).map(e => e.outerHTML.slice(0, 90))"


async def faults_of(page, name: str, widths=WIDTHS, examined=None) -> list[str]:
    """Return what is wrong with the screen that `page` shows, at each width; the page keeps the size it had.

    axe takes most of the time; it looks at the widths `examined`, all of them if none are named.
    """
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")
    size, faults = page.viewport_size, []
    for width in widths:
        await page.set_viewport_size({"width": width, "height": 1080 if width == 1920 else 900})
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            faults.append(f"{name} is {over} px too wide at {width}: {await page.evaluate(WIDE)}")
        if PICTURES and width != 320:
            await page.screenshot(path=Path(PICTURES) / f"{name}-{width}.png", full_page=True)
        if examined is not None and width not in examined:
            continue
        if not await page.evaluate("typeof axe !== 'undefined'"):
            await page.evaluate(axe.AXE_FILE_PATH.read_text(encoding="utf-8"))
        found = await page.evaluate("options => axe.run(document, options)", {"runOnly": RULES})
        faults += [f"{name} at {width}: {v['id']} {[n['target'] for n in v['nodes'][:3]]}" for v in found["violations"]]
    levels = await page.evaluate(HEADINGS)
    if levels.count(1) != 1 or any(b > a + 1 for a, b in zip(levels, levels[1:], strict=False)):
        faults.append(f"{name} has headings {levels}")
    await page.set_viewport_size(size)
    return faults


async def look(page, name: str, widths=WIDTHS) -> None:
    """Fail for whatever is wrong with the screen that `page` shows."""
    assert (faults := await faults_of(page, name, widths)) == [], "\n".join(faults)
