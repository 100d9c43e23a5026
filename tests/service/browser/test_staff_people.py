"""The pages of people (account, one-time codes, accounts, access log) in a real browser: they fit, and axe finds nothing."""


import pyotp
import pytest
import screens
from application import PASSWORD


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_of_people_fit_and_are_accessible(office, clock, chromium, site, employ, scheme) -> None:
    await employ("chief", "administrator", "auditor")
    await employ("wang", "operator", "confirmer", "registrar", "inspector")
    for width in (1280, 390, 320) if scheme == "light" else (390,):
        context = await chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()

        async def look(name: str, page=page, width=width) -> None:
            await screens.look(page, f"{name}-{scheme}", (width,))

        async def press(button: str, page=page) -> None:
            async with page.expect_navigation():
                await page.click(button)

        await page.goto(site + "/staff/login")
        await look("login")
        await page.fill("#login", "chief")
        await page.fill("#password", PASSWORD)
        await press("main form button")
        for path in ("account", "account/code", "accounts", "accounts/wang", "access-log", "access-log?first=no", "access-log?person=x"):
            await page.goto(f"{site}/staff/{path}")
            await look(path.replace("/", "-").replace("?", "-"))
        await page.goto(site + "/staff/accounts/wang")
        await press("text=重设口令")
        await look("initial-password")
        await page.goto(site + "/staff/account/code")
        await press("main form button")
        await look("setting-up")
        secret = await page.get_attribute("main a[href^=otpauth]", "href")
        await page.fill("#code", pyotp.parse_uri(secret).at(clock.now))
        await page.fill("#password", PASSWORD)
        await press("main form button")
        await look("recovery-codes")
        await context.close()
        await office.pool.execute("DELETE FROM second_factor")
