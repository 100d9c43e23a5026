import asyncio, json, time
import joint, msgspec, pytest
from joint import Desk
from service.database import open_pool
from service.sections import retire_section
from test_teams_alone import too_few_experts, teams_draft, experts_alone, too_few_of_fire, frozen_of

@pytest.fixture
async def bare_office(dsn, clock):
    pool = await open_pool(dsn)
    yield joint.joint_office(pool, clock)
    await pool.close()

@pytest.fixture
async def desk(client, office, clock, employ):
    await joint.register_fire(office)
    await joint.found(office)
    await joint.employ_all(office, employ)
    desk = Desk(client, clock, office)
    await desk.at("2026-11-09T00:00:00Z")
    return desk

def variants(base):
    def v(**k): return base | k
    s = base["strata"]
    yield "visits far", v(visits={"first":"2026-11-20","last":"9999-12-31"})
    yield "visits rev", v(visits={"first":"2026-12-20","last":"2026-11-30"})
    yield "visits min", v(visits={"first":"0001-01-01","last":"2026-11-30"})
    yield "fixed huge", v(strata=[s[0] | {"rule":{"kind":"fixed","count":2**53-1}}, *s[1:]])
    yield "officer huge", v(strata=[s[0] | {"rule":{"kind":"per-officer","targets":2**53-1}}, *s[1:]])
    yield "officer 0", v(strata=[s[0] | {"rule":{"kind":"per-officer","targets":0}}, *s[1:]])
    yield "lr", v(strata=[s[0] | {"rule":{"kind":"largest-remainder","total":2**53-1}}, *s[1:]])
    yield "period", v(strata=[s[0] | {"rule":{"kind":"per-period","numerator":1,"denominator":1,"period":2**53-1,"periods":2**53-1}}, *s[1:]])
    yield "surrogate", v(title="a\ud800b")
    yield "nul", v(title="a\u0000b")
    yield "rules dup", v(pool_rules=[{"kind":"closed"},{"kind":"closed"}])
    yield "rules v", v(pool_rules=[{"kind":"closed","version":"x"*100000}])
    yield "cap 200", v(pool_rules=[{"kind":"yearly-cap","caps":[{"most":1,"sectors":["机"*200]*50}]*200}])
    yield "cap tabs", v(pool_rules=[{"kind":"yearly-cap","caps":[{"most":1,"sectors":["a;b=c,d"]}]}])
    yield "cap empty word", v(pool_rules=[{"kind":"yearly-cap","caps":[{"most":1,"sectors":["","a"]}],"exempt_origins":[""]}])
    yield "stratify all", v(stratify_by=["area","sector","risk_colour","credit_class","standardisation","entity_type","size","recency"], strata=[{"name":"x","rule":{"kind":"fixed","count":1},"section_rules":s[0].get("section_rules",[])}])
    yield "where+values", v(strata=[s[0] | {"where":{"size":[{"from":5,"to":1}]}}, *s[1:]])
    yield "scope size", v(scope={"sizes":[{"unknown":True}]})
    yield "exceptions odd", v(exceptions=[{"rule":"narrow-pool","subject":"zzz","reason":"r"},{"rule":"thin-seat","subject":"a/b/c","reason":"r"},{"rule":"small-stratum","subject":"s99","reason":"r"}])
    yield "sections empty", v(sections=["fire"])
    yield "sections dup", v(sections=["lead","fire","fire"])
    yield "teams_of self", v(teams_of="yunzhou-2026-1-1")
    yield "teams_of odd", v(teams_of="x"*64)
    yield "most per day", v(most_per_day=100, leave=[{"person":"S01","first":"0001-01-01","last":"9999-12-31"}])
    yield "leave many", v(leave=[{"person":"S01","first":"2026-11-20","last":"2026-11-20"}]*20000)
    yield "seats many", v(classes=[base["classes"][0] | {"inspectors": base["classes"][0]["inspectors"]*400}, *base["classes"][1:]])
    yield "opt items", v(classes=[base["classes"][0] | {"optional_items": 1000}, *base["classes"][1:]])
    yield "no class sect", v(classes=base["classes"][:1])
    yield "instant odd", v(instant="9999-12-31T23:59:59Z")
    yield "apart many", v(apart=[["S01","S02"]]*5000)
    yield "cond rules", v(scope={"not_inspected_within_months":120}, pool_rules=[{"kind":"just-inspected","months":3}])
    yield "mand both", v(mandatory=[{"target":f"9142{n:014d}","reason":"complaint"} for n in range(150)])

async def test_odd(desk):
    base = json.loads(msgspec.json.encode(joint.draft(10))) if not isinstance(joint.draft(10), dict) else joint.draft(10)
    n = 0
    for name, d in variants(base):
        n += 1
        d = d | {"task": {"id": f"t-{n}", "name": "t"}}
        body = json.dumps(d).encode()
        s = time.time()
        h = {**(await desk.headers("operator")), "content-type": "application/json"}
        a = await desk.client.post("/api/v1/draws", content=body, headers=h)
        t1 = time.time() - s
        if a.status_code != 201:
            print("ODD", name, "POST", a.status_code, a.json()["detail"][:120] if a.headers["content-type"].startswith("application") else a.text[:100]); continue
        p = await desk.get("operator", f"/api/v1/draws/{a.json()['id']}/preview")
        j = p.json()
        print("ODD", name, "PREVIEW", p.status_code, f"{time.time()-s:.1f}s", (str(j.get("faults")) if p.status_code == 200 else j["detail"])[:160])


async def test_stampede(desk, monkeypatch):
    former = await too_few_of_fire(desk, 10)
    from service.pages import shortfall, record
    calls = []
    real = shortfall._work_out
    def slow(*a):
        calls.append(1); time.sleep(0.3); return real(*a)
    monkeypatch.setattr(shortfall, "_work_out", slow)
    record.SHELF.__init__(300000)
    async def other():
        await asyncio.sleep(0.05); s = time.time(); r = await desk.client.get("/keys/"); return time.time() - s, r.status_code
    s = time.time()
    got = await asyncio.gather(*(desk.client.get(f"/draws/{former}/") for _ in range(20)), other())
    print("STAMPEDE work_out calls", len(calls), "total", round(time.time()-s,1), "other page waited", got[-1])
