import scene as scenes
from application import PASSWORD
from test_public_browser import every_page
from test_staff_explanations import staff_pages

async def test_shots(office, clock, chromium, site, employ):
    pages = await every_page(office, clock)
    pages = {k: pages[k] for k in ("team","replaced person","people","no teams","successor","ticket")}
    pages["successor team"] = pages["successor"] + "team/"
    await employ("chief-9", "auditor", "approver", "registrar")
    staff = {"load": "/staff/planning/load"}
    from service import steps
    for day, name, capacity in ((12, "enough", 9), (13, "short", 1)):
        await office.pool.execute("UPDATE inspector SET capacity = $1 WHERE lead", capacity)
        scene = await scenes.begin(office, clock, day)
        view = await steps.propose(office, scene.people["operator"], scene.draw, "draw-plan/v1", {})
        staff[name] = f"/staff/steps/{view.id}"
    for width in (1280, 390):
        context = await chromium.new_context(viewport={"width": width, "height": 900})
        page = await context.new_page()
        await page.goto(site + "/staff/login")
        await page.fill("#login", "chief-9"); await page.fill("#password", PASSWORD)
        await page.click("main form button")
        for name, path in {**pages, **staff}.items():
            await page.goto(site + path)
            if name == "no teams":
                await page.locator("#drawn").scroll_into_view_if_needed()
                await page.locator("section[aria-labelledby=drawn]").screenshot(path=f"/tmp/shot-{name}-{width}.png".replace(" ","_"))
            else:
                await page.screenshot(path=f"/tmp/shot-{name}-{width}.png".replace(" ","_"), full_page=True)
