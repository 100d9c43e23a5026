"""A draw that ends in the public beacon, as the public sees it: told whose signature it is and how to compare it, on every width."""

import pytest
import scene as scenes
import screens
from application import Clock
from bureau import BEACON, BEACON_INSTANT

from service.drafting import create_draft
from service.drafts import DiceGiver, DrandGiver

ROUND, SIGNATURE = BEACON.split(":")[2], BEACON.rpartition(":")[2]
WIDTHS = (1280, 390, 320)


@pytest.fixture
def clock() -> Clock:
    """The present of these tests: before a round that has been, so that a real signature fits."""
    clock = Clock()
    clock.set("2024-10-01T00:00:00+00:00")
    return clock


async def beacon_scene(office, clock) -> scenes.Scene:
    people = await scenes.found_city(office)
    mandatory = await office.pool.fetchval(
        "SELECT id FROM target WHERE status = 'active' AND risk_colour = 'red' ORDER BY id LIMIT 1"
    )
    clock.set("2024-10-14T16:00:00+00:00")
    wanted = scenes.draft(10, mandatory, instant=BEACON_INSTANT)
    givers = (*(giver for giver in wanted.givers if not isinstance(giver, DiceGiver)), DrandGiver())
    draft = scenes.draft(10, mandatory, instant=BEACON_INSTANT, givers=givers)
    scene = scenes.Scene(office, await create_draft(office, people["operator"], draft), people, mandatory=mandatory)
    await scenes.freeze(scene)
    for label in ("notary", "discipline", "consumers"):
        await scenes.take_paper(scene, label, "31415926535897932384")
    return scene


async def look(chromium, site, path: str, name: str) -> str:
    """The text of a page, after it was seen to fit every width and to have no accessibility fault."""
    for width in WIDTHS:
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        page = await context.new_page()
        await page.goto(site + path)
        text = await page.inner_text("main")
        await screens.look(page, name, (width,))
        await context.close()
    return text


async def test_the_public_is_told_round_chain_time_and_how_to_compare(office, clock, chromium, site) -> None:
    scene = await beacon_scene(office, clock)
    path = f"/draws/{scene.draw}/"
    waiting = await look(chromium, site, path, "waiting")
    clock.set("2024-10-14T17:14:00+00:00")
    await scene.take("contribution/v1", {"label": "drand", "digits": SIGNATURE}, *scenes.BOTH)
    await scenes.draw(scene, clock)
    drawn = await look(chromium, site, path, "drawn")
    for said in (f"第 {ROUND} 轮", "2024-10-15 01:13:33", "drand quicknet", BEACON.split(":")[1], "逐位比对"):
        assert said in waiting
        assert said in drawn
    assert SIGNATURE not in waiting
    assert SIGNATURE in drawn
