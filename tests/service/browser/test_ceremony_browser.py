"""The ceremony in real browsers: a projector, two witnesses' phones with real keys, staff at their desks, and paper."""

import asyncio
import os
import re
from pathlib import Path

import msgspec
import pytest
import scene as scenes
from application import PASSWORD
from ceremony_room import (
    CONSUMERS,
    DICE,
    DIGITS,
    DISCIPLINE,
    LOTTERY,
    NONCE,
    NOTARY,
    SCAN,
    THROWN,
    employ_everybody,
)
from screens import look

from service.ceremony.state import groups
from service.drafts import WitnessGiver

FORM = {"name": "form.pdf", "mimeType": "application/pdf", "buffer": SCAN}


@pytest.fixture
async def sit(chromium, site):
    """Somebody's own browser, logged in: `await sit("operator")`; without a login it is a witness's phone."""
    opened = []

    async def open_browser(login: str | None, **options):
        phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
        context = await chromium.new_context(bypass_csp=False, **((phone if login is None else {}) | options))
        opened.append(context)
        page = await context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" and "status of 4" not in said.text else None)
        if login is not None:
            await page.goto(site + "/staff/login")
            await page.fill("#login", login)
            await page.fill("#password", PASSWORD)
            async with page.expect_navigation():
                await page.click("main form button")
        return page

    yield open_browser
    for context in opened:
        await context.close()


async def begin(office, clock, employ, *givers, sealed_until=None, **more):
    await employ_everybody(employ)
    return await scenes.begin(office, clock, 10, sealed_until=sealed_until, givers=(NONCE, *givers), **more)


async def press(page, text: str) -> None:
    async with page.expect_navigation():
        await page.get_by_role("button", name=text, exact=True).click()


async def fits(page) -> None:
    """W: nothing on the projected page has to be scrolled to."""
    await page.set_viewport_size({"width": 1920, "height": 1080})
    tall = await page.evaluate("document.documentElement.scrollHeight - window.innerHeight")
    assert tall <= 0, f"the stage is {tall} px too tall"


async def test_two_phones_sign_what_they_compared_and_the_stage_shows_it_by_itself(office, clock, employ, sit, site) -> None:
    scene = await begin(office, clock, employ, NOTARY, DISCIPLINE, CONSUMERS, DICE, instant="2026-11-10T01:20:00Z")
    base = f"{site}/staff/draws/{scene.draw}"
    operator, confirmer, room = [await sit(login) for login in ("operator", "confirmer", "auditor")]
    await operator.goto(base + "/cards")
    await press(operator, "制发并打印其余 6 张卡")
    await look(operator, "print-cards", (1280, 390))
    addresses = [await item.inner_text() for item in await operator.query_selector_all("p.address")]
    phones = [await sit(None) for _ in range(2)]
    for phone, address in zip(phones, addresses, strict=False):
        await phone.goto(address)
        await phone.click("text=在本机生成签名密钥")
        await phone.wait_for_selector("text=等待经办人核对采用")
    await look(phones[0], "phone-key", (390, 320))
    shown = await phones[0].inner_text("#witness .big")
    # Neither script nor extension of this browser gets the private key out.
    assert await phones[0].evaluate("""async () => {
        const open = indexedDB.open("double-random-witness", 1);
        await new Promise((done) => { open.onsuccess = done; });
        const asked = open.result.transaction("keys").objectStore("keys").getAll();
        await new Promise((done) => { asked.onsuccess = done; });
        return crypto.subtle.exportKey("pkcs8", asked.result[0].privateKey).then(() => "taken", (error) => error.name);
    }""") == "InvalidAccessError"
    await operator.goto(base + "/cards")
    assert shown in await operator.inner_text("main")
    await look(operator, "cards")
    await press(operator, "指纹与何公证手机一致，采用")
    await press(operator, "指纹与罗监察手机一致，采用")
    await phones[0].wait_for_selector("text=经办人已采用")  # heard through the stream
    await room.goto(base + "/stage")
    await look(room, "stage-draft", (1920, 1280))
    await scenes.freeze(scene)
    await room.wait_for_selector("text=请云州市公证处的见证人给出数字")
    await phones[0].wait_for_selector("[data-form=sign]:not([hidden])")
    s = await office.pool.fetchval("SELECT plan FROM draw")
    assert groups(s) in await phones[0].inner_text("main")
    assert groups(s) in await room.inner_text("main")
    await look(phones[0], "phone-digits", (390, 320))

    # The service asks for another signature than the page shows: the phone does not sign.
    other = {"payload": "e30=", "pae": "RFNTRXYx", "s": s}

    async def lie(route) -> None:
        await route.fulfill(json=other)

    for digit in DIGITS["notary"]:
        await phones[0].click(f"[data-digit='{digit}']")
    await phones[0].route("**/contributions/notary?*", lie)
    await phones[0].click("text=签名并公开给出数字")
    await phones[0].wait_for_selector("[data-say=mismatch]:not([hidden])")
    assert await office.pool.fetchval("SELECT count(*) FROM document WHERE kind = 'contribution/v1'") == 0
    await phones[0].unroute("**/contributions/notary?*")
    await phones[0].click("text=签名并公开给出数字")
    await phones[0].wait_for_selector("text=任何人都不能更改")
    await room.wait_for_selector(f"text={groups(DIGITS['notary'], 5)}")
    # Another phone with the same card has no key; and what somebody is typing stays while the room goes on.
    stranger = await sit(None)
    await stranger.goto(addresses[1])
    await stranger.wait_for_selector("[data-say=lost]:not([hidden])")
    await phones[1].wait_for_selector("[data-form=sign]:not([hidden])")
    await phones[1].fill("#digits", DIGITS["discipline"][:4])
    await phones[1].click("text=签名并公开给出数字")
    await phones[1].wait_for_selector("[data-say=failed]:not([hidden])")
    await operator.goto(base + "/ceremony")
    await look(operator, "entry")
    section = operator.locator("#giver-consumers")
    await section.get_by_label("签字表上的数字").fill("1618033988749")
    await section.get_by_label("签字表扫描件").set_input_files(FORM)
    await press(operator, "录入数字，交复核人")
    await phones[1].wait_for_selector("[data-stale]:not([hidden])")
    assert await phones[1].input_value("#digits") == DIGITS["discipline"][:4]
    for digit in DIGITS["discipline"][4:]:
        await phones[1].click(f"[data-digit='{digit}']")
    await phones[1].click("text=签名并公开给出数字")
    await phones[1].wait_for_selector("text=任何人都不能更改")
    await confirmer.goto(base + "/ceremony")
    await look(confirmer, "confirm")
    await press(confirmer, "与纸面一致，登记数字")
    await room.wait_for_selector("text=请等候开号时刻 T")
    await look(room, "stage-waiting", (1920, 1280, 390))
    await fits(room)
    clock.set("2026-11-10T01:20:00+00:00")
    await room.wait_for_selector("text=请掷骰子，共 60 位数字")
    await operator.wait_for_selector("#giver-dice textarea")
    await operator.get_by_label("数字（60 位").fill(THROWN)
    await operator.get_by_label("签字表扫描件").set_input_files(FORM)
    await press(operator, "录入数字，交复核人")
    await confirmer.wait_for_selector("#giver-dice >> text=与纸面一致，登记数字")
    await press(confirmer, "与纸面一致，登记数字")
    await operator.wait_for_selector("#draw-name")
    await operator.goto(base + "/stage")
    await look(operator, "stage-ready", (1920,))
    await press(operator, "抽取")
    await confirmer.wait_for_selector("#draw-name")
    await press(confirmer, "抽取")
    await operator.wait_for_selector("text=抽取完成，结果已签名公布")
    await look(operator, "stage-drawn", (1920, 1280))
    await fits(operator)
    # A session that has ended shows the log-in, never an empty screen.
    await office.pool.execute("DELETE FROM staff_session")
    await operator.evaluate("document.dispatchEvent(new Event('renew'))")
    await operator.wait_for_selector("#login")
    for page in (operator, confirmer, room, stranger, *phones):
        assert not [fault for fault in page.faults if " 401 " not in fault], page.faults


async def test_a_public_number_typed_twice_by_people_without_script(office, clock, employ, sit, site) -> None:
    scene = await begin(office, clock, employ, NOTARY, DISCIPLINE, LOTTERY)
    await scenes.freeze(scene)
    for label in DIGITS:
        await scenes.take_paper(scene, label, DIGITS[label])
    clock.set("2026-11-10T02:00:00+00:00")
    base = f"{site}/staff/draws/{scene.draw}"
    operator, confirmer = [await sit(login, java_script_enabled=False) for login in ("operator", "confirmer")]
    await operator.goto(base + "/ceremony")
    await operator.get_by_label("数字（14 位").fill("05081119273203")
    await press(operator, "输入号码，交复核人再输")
    await confirmer.goto(base + "/ceremony")
    assert "05081" not in await confirmer.content()
    await confirmer.get_by_label("对照官方公告输入").fill("05081119273204")
    await press(confirmer, "核对并登记号码")
    assert await confirmer.get_by_role("alert").inner_text()
    assert await confirmer.get_by_label("对照官方公告输入").input_value() == "05081119273204"
    seeing = await sit("confirmer")
    await seeing.goto(base + "/ceremony")
    await look(seeing, "differs")
    await operator.goto(base + "/ceremony")
    assert "两次输入不一致" in await operator.inner_text("main")
    await confirmer.get_by_label("对照官方公告输入").fill("05081119273203")
    await press(confirmer, "核对并登记号码")
    await operator.goto(base + "/stage")
    await press(operator, "抽取")
    await confirmer.goto(base + "/stage")
    await press(confirmer, "抽取")
    assert "抽取完成" in await confirmer.inner_text("main")


async def test_the_stage_fits_with_many_witnesses_and_long_numbers(office, clock, employ, sit, site) -> None:
    many = [WitnessGiver(label=f"w{n}", body=f"云州市第{n}见证单位联合会", name="某") for n in range(6)]
    scene = await begin(office, clock, employ, *many, msgspec.structs.replace(DICE, digits=100), instant="2026-11-10T01:20:00Z")
    await scenes.freeze(scene)
    for giver in many:
        await scenes.take_paper(scene, giver.label, "1234567890" * 6)
    clock.set("2026-11-10T01:20:00+00:00")
    await scene.take("contribution/v1", {"label": "dice", "digits": "0123456789" * 10, "form": scenes.PAPER}, *scenes.BOTH)
    operator = await sit("operator")
    await operator.goto(f"{site}/staff/draws/{scene.draw}/stage")
    await look(operator, "stage-many", (1920, 1280, 390))
    await fits(operator)


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("sealed_until", [None, "2026-11-30T00:00:00Z"])
async def test_forms_and_record_fit_their_sheets_of_paper(office, clock, employ, sit, site, sealed_until) -> None:
    scene = await begin(office, clock, employ, NOTARY, DISCIPLINE, CONSUMERS, DICE, sealed_until=sealed_until)
    await scenes.freeze(scene)
    operator = await sit("operator")
    base = f"{site}/staff/draws/{scene.draw}/print/"
    await scenes.contribute(scene, clock, 10)
    await scenes.draw(scene, clock)
    await operator.context.clear_cookies()
    await operator.goto(f"{site}/staff/login")
    await operator.fill("#login", "operator")
    await operator.fill("#password", PASSWORD)
    await press(operator, "登录")
    for name, sheets in (("dice", 1), ("witness", 3), ("record", 1)):
        await operator.goto(base + name)
        pdf = await operator.pdf(format="A4", prefer_css_page_size=True)
        if folder := os.environ.get("DOUBLE_RANDOM_PICTURES"):
            (Path(folder) / f"{name}-{'sealed' if sealed_until else 'open'}.pdf").write_bytes(pdf)
            await operator.emulate_media(media="print")
            await operator.set_viewport_size({"width": 672, "height": 986})  # A4 less its margins, in CSS pixels
            await operator.screenshot(path=Path(folder) / f"{name}-{'sealed' if sealed_until else 'open'}-paper.png", full_page=True)
            await operator.emulate_media(media="null")
            await operator.set_viewport_size({"width": 1280, "height": 900})
        assert pages_of(pdf) == sheets, name
        if sealed_until is None:
            await look(operator, f"print-{name}", (1280, 390, 320))
    await operator.goto(f"{site}/staff/draws/{scene.draw}/stage")
    await look(operator, "stage-sealed" if sealed_until else "stage-absent", (1920, 1280, 320))
    await fits(operator)
    await asyncio.sleep(0)
