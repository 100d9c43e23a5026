"""From log-in to drawn by keyboard alone, once with scripts and once without: every stop shows the focus, nothing traps it."""

import pytest
import scene
from application import PASSWORD
from ceremony_room import SCAN, employ_everybody
from walk import Keys

LOTTERY = "03081119273207"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_from_log_in_to_drawn(office, clock, employ, chromium, site, tmp_path, scripts) -> None:
    await employ_everybody(employ)
    await scene.found_city(office)
    clock.set("2026-11-02T01:00:00+00:00")
    scan = tmp_path / "form.pdf"
    scan.write_bytes(SCAN)
    desks = {}
    for login in ("operator", "confirmer"):
        context = await chromium.new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 800})
        context.set_default_timeout(10_000)
        desks[login] = Keys(await context.new_page(), site)
        await desks[login].log_in(login, PASSWORD)
    operator, confirmer = desks["operator"], desks["confirmer"]

    await operator.enter("nav a[href='/staff/preparations']")
    await operator.enter("main a[href^='/staff/preparations/new']")
    await operator.enter("main form button")
    base = operator.page.url.removeprefix(site)
    await operator.enter(f"main a[href='{base}/basis']")
    for field, text in (("title", "键盘办理的一批"), ("task", "k-1"), ("task_name", "键盘办理")):
        await operator.write(f"[name='{field}']", text)
    await operator.reach("[name='title']", backwards=True)  # and back again: no trap in either direction
    await operator.enter()
    await operator.page.goto(f"{site}{base}/strata")
    await operator.write("[name='strata-0-rule-number']", "2")
    await operator.enter()
    await operator.page.goto(f"{site}{base}/numbers")
    await operator.write("[name='givers-0-custodian']", "公证处")
    for number in (1, 2, 3):
        await operator.write(f"[name='givers-{number}-body']", f"单位{number}")
        await operator.write(f"[name='givers-{number}-name']", f"见证人{number}")
    await operator.write("[name='givers-4-issue']", "第 2026131 期")
    await operator.enter()
    await operator.page.goto(f"{site}{base}/times")
    await operator.write("[name='sealed_until']", "")
    await operator.page.keyboard.press("Delete")
    await operator.enter("button.button[name=do][value=save]")
    await operator.page.goto(site + base)
    await operator.enter("form[action$='/draft'] button")
    draw = await office.pool.fetchval("SELECT id FROM draw")
    assert draw, await operator.page.inner_text("main")
    hub = f"/staff/draws/{draw}"
    await operator.page.goto(site + hub)
    await operator.enter(f"main .next a[href='{hub}/checklist']")
    await operator.enter(f"main a.button[href='{hub}/freeze']")
    await operator.enter("main form button")
    step = operator.page.url.removeprefix(site)
    await confirmer.page.goto(site + "/staff/")
    await confirmer.enter(f"main a[href='{step}']")
    await confirmer.enter("main form[action$='/agree'] button")
    assert await office.pool.fetchval("SELECT state FROM draw") == "frozen", await confirmer.page.inner_text("main")

    for number, digits in ((1, "31415926535897932384"), (2, "27182818284590452353"), (3, "16180339887498948482")):
        await operator.page.goto(f"{site}{hub}/ceremony")
        await operator.write(f"#giver-witness-{number} [name=digits]", digits)
        await operator.reach(f"#giver-witness-{number} [name=scan]")
        # The dialogue of the system for files is no page of ours; what it gives is.
        await operator.page.locator(f"#giver-witness-{number} [name=scan]").set_input_files(scan)
        await operator.enter(f"#giver-witness-{number} form:has([name=scan]) button")
        await confirmer.page.goto(f"{site}{hub}/ceremony")
        await confirmer.enter(f"#giver-witness-{number} form[action$='/confirm'] button")
    clock.now = await office.pool.fetchval("SELECT instant FROM draw")
    for login, keys in desks.items():
        await keys.log_in(login, PASSWORD)  # three days have passed
    await operator.page.goto(f"{site}{hub}/ceremony")
    await operator.write("#giver-lottery [name=digits]", LOTTERY)
    await operator.enter()
    await confirmer.page.goto(f"{site}{hub}/ceremony")
    await confirmer.write("#giver-lottery [name=typed]", LOTTERY)
    await confirmer.enter()
    for keys in desks.values():
        await keys.page.goto(f"{site}{hub}/stage")
        await keys.enter("form[action$='/stage'] button")
    await confirmer.page.goto(f"{site}{hub}/stage")
    assert "抽取完成" in await confirmer.page.inner_text("main")
    assert await office.pool.fetchval("SELECT state FROM draw") == "drawn"
    assert operator.stops > 100
    for keys in desks.values():
        await keys.page.context.close()
