"""People at their browsers for a whole journey: who they are, how they log in, and what is looked at on each screen they pass."""

import asyncio
import csv
import io
import os
import sys
from pathlib import Path

import pyotp
import xlsxwriter
from screens import WIDTHS, faults_of

SAMPLES = Path(__file__).parents[3] / "sample"
# What has the focus, and whether anybody would see that it has: an outline, or a shadow or border that it lacks without.
FOCUS = """() => {
    const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
    const outlined = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 && s.outlineColor !== "rgba(0, 0, 0, 0)";
    const shown = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
    return {tag: e.tagName, text: e.outerHTML.slice(0, 120), seen: e === document.body || ((outlined || s.boxShadow !== "none") && shown)};
}"""


def workbook(name: str) -> dict:
    """sample/<name>.csv as a file of a spreadsheet program, as a form takes it."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Sheet1")
    with (SAMPLES / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.reader(file)):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    book.close()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": f"{name}.xlsx", "mimeType": kind, "buffer": buffer.getvalue()}


class Eyes:
    """Looks at the screens of a walk, numbers them, and gathers what is wrong."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.seen: list[str] = []

    async def look(self, page, name: str, widths=WIDTHS) -> None:
        self.seen.append(f"{len(self.seen) + 1:02d}-{name}")
        # The tests of each part let axe look at every width; here are the screens that only a whole walk shows.
        self.faults += await faults_of(page, self.seen[-1], widths, widths[:1])


class Person:
    """Somebody with a browser of their own. Codes come from the clock that the test moves; each is used once, so a minute passes before a log-in."""

    def __init__(self, page, site: str, clock, login: str, password: str) -> None:
        self.page, self.site, self.clock, self.login, self.password, self.code = page, site, clock, login, password, None

    async def log_in(self) -> None:
        self.clock.advance(minutes=1)
        await self.page.goto(self.site + "/staff/login")
        await self.page.fill("#login", self.login)
        await self.page.fill("#password", self.password)
        if self.code:
            await self.page.fill("#code", self.code.at(self.clock.now))
        await self.press("登录")

    async def open(self, path: str) -> None:
        """Go to a page; who was idle for too long logs in again."""
        await self.page.goto(self.site + path)
        if "/staff/login" in self.page.url:
            await self.log_in()
            await self.page.goto(self.site + path)

    async def press(self, text: str) -> None:
        async with self.page.expect_navigation():
            await self.page.locator("main, footer, .stage-foot").get_by_role("button", name=text, exact=True).first.click()

    async def follow(self, text: str) -> None:
        async with self.page.expect_navigation():
            await self.page.locator("main").get_by_role("link", name=text, exact=True).first.click()

    async def text(self) -> str:
        return " ".join((await self.page.inner_text("main")).split())

    async def settle_in(self, eyes: Eyes | None = None) -> None:
        """The first log-in: the initial password is changed, one-time codes are set up where the role needs them."""
        await self.log_in()
        if await self.page.locator("text=初始口令").count():
            await self.page.goto(self.site + "/staff/account")
            if eyes:
                await eyes.look(self.page, "initial-password-to-change")
            new = f"{self.login}自己想的一句话作为口令"
            for field, value in (("#old", self.password), ("#new", new), ("#again", new)):
                await self.page.fill(field, value)
            await self.press("更改口令")
            self.password = new
            await self.log_in()
        if "/account/code" in self.page.url:
            await self.press("开始设置动态码")
            if eyes:
                await eyes.look(self.page, "one-time-code")
            self.code = pyotp.parse_uri(await self.page.get_attribute("main a[href^=otpauth]", "href"))
            await self.page.fill("#code", self.code.at(self.clock.now))
            await self.page.fill("#password", self.password)
            await self.press("启用动态码")
            if eyes:
                await eyes.look(self.page, "recovery-codes")
            async with self.page.expect_navigation():
                await self.page.click("text=已保存，继续办理")


class Keys:
    """A keyboard and nothing else. Every stop on the way has to show that it has the focus."""

    def __init__(self, page, site: str) -> None:
        self.page, self.site, self.stops = page, site, 0

    async def reach(self, selector: str, backwards: bool = False) -> None:
        """Press Tab until the first element of `selector` has the focus."""
        wanted = self.page.locator(selector).first
        await wanted.wait_for(state="attached", timeout=5000)
        for _ in range(400):
            if await wanted.evaluate("e => e === document.activeElement"):
                return
            await self.page.keyboard.press("Shift+Tab" if backwards else "Tab")
            stop = await self.page.evaluate(FOCUS)
            self.stops += 1
            assert stop["seen"], f"the focus is not seen on {self.page.url}: {stop['text']}"
        raise AssertionError(f"{selector} is not reached by keyboard on {self.page.url}")

    async def write(self, selector: str, text: str) -> None:
        await self.reach(selector)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.type(text)

    async def enter(self, selector: str | None = None) -> None:
        if selector:
            await self.reach(selector)
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def log_in(self, login: str, password: str) -> None:
        await self.page.goto(self.site + "/staff/login")
        await self.write("#login", login)
        await self.write("#password", password)
        await self.enter()
        await self.page.wait_for_url("**/staff/")


async def command(environment: dict[str, str], *words: str, typed: str = "", status: int = 0) -> str:
    """Run `python <words>` as somebody at a terminal does, to the exit `status`; what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=os.environ | environment, cwd=SAMPLES.parent,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate(typed.encode())
    assert process.returncode == status, (words, process.returncode, out.decode(), error.decode())
    return out.decode()
