import os
from pathlib import Path
import scene as s
OUT = Path("/tmp/pub/shots"); OUT.mkdir(exist_ok=True)
async def test_shots(office, clock, chromium, site):
    a = await s.open_scene(office, clock)
    f = await s.frozen_scene(office, clock)
    z = await s.sealed_scene(office, clock)
    v = await s.voided_scene(office, clock)
    t = await a.transcript()
    w = next(x.id for x in t.targets if x.rank == 3)
    pages = {"start": "/", "draws": "/draws/", "open": f"/draws/{a.draw}/", "frozen": f"/draws/{f.draw}/", "sealed": f"/draws/{z.draw}/", "void": f"/draws/{v.draw}/",
      "ticket": f"/draws/{a.draw}/tickets/{w}/", "ticket-out": f"/draws/{a.draw}/tickets/{t.strata[2].next and a.successor}/", "ticket-gone": f"/draws/{a.draw}/tickets/{a.replaced}/", "ticket-mand": f"/draws/{a.draw}/tickets/{a.mandatory}/","ticket-ex": f"/draws/{a.draw}/tickets/{a.excluded}/", "ticket-sealed": f"/draws/{z.draw}/tickets/{w}/", "find": f"/draws/{a.draw}/tickets/?q=瑞",
      "result": f"/results/{a.result}/", "result1": f"/results/{a.result}/1/", "verify": "/verify/", "keys": "/keys/", "nope": "/nope"}
    only = os.environ.get("ONLY", "").split(",") if os.environ.get("ONLY") else pages
    for dark in (False, True):
      for width in (1280, 390):
        if dark and width == 390: continue
        context = await chromium.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", locale="zh-CN")
        page = await context.new_page()
        page.on("console", lambda m: print("console", m.text))
        for name, path in pages.items():
            if name not in only or (dark and name not in ("open", "ticket", "result")): continue
            await page.goto(site + path)
            over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0: print("OVERFLOW", name, width, over)
            await page.screenshot(path=OUT / f"{name}-{width}{'-dark' if dark else ''}.png", full_page=True)
        await context.close()
