import json
import journey, msgspec
from uuid import UUID
from service import steps
from service.sections import name_section, read_departments
from service.drafting import preview
import bureau
from disclosure.keys import encode_base64

async def test_toctou(bare_office):
    pool = bare_office.pool
    await journey.begin(pool)
    await pool.execute("UPDATE inspector SET department = '执法一科' WHERE number IN ('I2','I3','I4','I5','I6','I7')")
    for name, time, call in journey.TRANSITIONS[:1]:
        await call(journey.office_at(pool, time))
    office = journey.office_at(pool, "2026-11-10T01:00:00Z")
    draw = await journey.draw_of(office, "open")
    op, co = await journey.person(office, "operator"), await journey.person(office, "confirmer")
    view = await steps.propose(office, op, draw, "draw-plan/v1", {})
    print("PROPOSED", view.summary["people"], view.summary["elsewhere"])
    async with pool.acquire() as c:
        await name_section(c, office, "fire", "消防支队", encode_base64(bureau.testing_only_signer("section-fire").public_key))
    view = await steps.agree(office, co, UUID(view.id))
    plan = json.loads(await pool.fetchval("SELECT data FROM document WHERE sha256=$1", view.document))
    blob = await pool.fetchval("SELECT data FROM blob WHERE sha256=$1", plan["blobs"]["people"]["sha256"])
    print("FROZEN people", len(blob.splitlines()))
    print("step summary shown", view.summary["people"])

async def test_standing_sql(bare_office):
    """withdrawn result vanishes; unreachable counts"""
    pool = bare_office.pool
    await journey.begin(pool)
    for name, time, call in journey.TRANSITIONS:
        if name in ("open draft", "open freeze", "open notary", "open audit", "open dice", "open draw", "sealed draft"):
            await call(journey.office_at(pool, time))
    from service.past import read_past, read_standing
    f = await journey.frozen_of(office := journey.office_at(pool, "2026-11-12T00:00:00Z"), "open")
    t = f.transcript.targets[0]
    req = {"target": t.id, "inspected_on": "2026-11-11", "result": "UNREACHABLE", "findings": []}
    await journey.take(office, f.row.id, "inspection-result/v1", req, "inspector1", "inspector2", "reviewer", "publisher1", "publisher2")
    async with pool.acquire() as c:
        print("UNREACHABLE past", [dict(r) for r in await read_past(c)])
        print("standing n", len(await read_standing(c)), "drawn", len(f.transcript.targets))
    req |= {"reason": "登记错企业", "requested_by": "audit", "status": "withdrawn"}
    await journey.take(office, f.row.id, "correction/v1", req, "reviewer", "publisher1", "publisher2")
    async with pool.acquire() as c:
        st = await read_standing(c)
        print("WITHDRAWN past", len(await read_past(c)), "standing n", len(st), t.id in {r["target"] for r in st})
    t = f.transcript.targets[1]
    req = {"target": t.id, "inspected_on": "2026-11-11", "result": "CASE_OPENED", "findings": [{"item": i, "code": "CASE_OPENED", "deadline": None, "measure": "行政处罚", "responsible": None} for i in t.items]}
    await journey.take(office, f.row.id, "inspection-result/v1", req, "inspector1", "inspector2", "reviewer", "publisher1", "publisher2")
    async with pool.acquire() as c:
        print("CASE_OPENED", [(r["outcome"], r["punished"], r["origin"]) for r in await read_past(c)])

async def test_sealed_import_leak(bare_office):
    pool = bare_office.pool
    await journey.begin(pool)
    for name, time, call in journey.TRANSITIONS:
        if name in ("sealed draft", "sealed freeze", "sealed notary", "sealed audit", "sealed dice", "sealed draw", "void draft"):
            await call(journey.office_at(pool, time))
    office = journey.office_at(pool, "2026-11-15T00:00:00Z")
    from datetime import date
    from service.drafts import YearlyCap, CapClass, JustInspected
    from service.drafting import revise_draft
    f = await journey.frozen_of(office, "sealed")
    print("STATE", f.row.state)
    await pool.executemany("INSERT INTO inspection (target, inspected_on, origin) VALUES ($1,$2,'plan-random')", [(t.id, date(2026,11,14)) for t in f.transcript.targets])
    draw, op = await journey.draw_of(office, "void"), await journey.person(office, "operator")
    made = msgspec.structs.replace(journey.draft("void", "2026-11-18T02:00:00Z", None), pool_rules=(JustInspected(months=6),))
    await revise_draft(office, op, draw, made)
    seen = await preview(office, op, draw)
    print("EXCLUDED", seen["excluded"], "of sealed", len(f.transcript.targets), "WARN", seen["warnings"], "FAULTS", seen["faults"])
