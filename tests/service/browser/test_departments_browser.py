"""Accounts of several departments in a real browser: the pages fit, axe finds nothing."""

from application import PASSWORD
from joint import register_fire
from screens import look

from service.accounts import create_staff


async def test_pages_of_accounts_fit_and_are_accessible(office, chromium, site, employ) -> None:
    await register_fire(office)
    await employ("chief", "administrator")
    await create_staff(office, "fire-auditor", "李审计", PASSWORD, ["auditor"], department="fire")
    pages = {"chief": ("/staff/accounts", "/staff/accounts/fire-auditor"), "fire-auditor": ("/staff/account", "/staff/accounts", "/staff/access-log")}
    for width in (1280, 390, 320):
        for login, paths in pages.items():
            context = await chromium.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
            page = await context.new_page()
            await page.goto(site + "/staff/login")
            await page.fill("#login", login)
            await page.fill("#password", PASSWORD)
            await page.click("main form button")
            for path in paths:
                await page.goto(site + path)
                await look(page, path, (width,))
            await context.close()
