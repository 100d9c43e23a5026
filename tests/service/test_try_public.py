import pytest
from conftest import browser
import scene as s
from service.bundles import read_bundle
from service.publishing import policy_bytes, run_jobs
from disclosure.policy import parse_policy
from disclosure.verification import verify_bundle

async def test_x(office, clock, client):
    a = await s.open_scene(office, clock)
    f = await s.frozen_scene(office, clock)
    z = await s.sealed_scene(office, clock)
    v = await s.voided_scene(office, clock)
    for d in (a, z):
        r = verify_bundle(await read_bundle(office, d.draw), parse_policy(await policy_bytes(office)))
        for st in r.steps:
            if st.verdict != "pass": print(d.draw, st.number, st.verdict, st.sentence.zh)
    for p in ["/", "/draws/", *(f"/draws/{x.draw}/" for x in (a,f,z,v)), f"/draws/{a.draw}/tickets/{a.replaced}/", f"/draws/{a.draw}/tickets/{a.mandatory}/", f"/draws/{a.draw}/tickets/{a.excluded}/", f"/draws/{z.draw}/tickets/{a.mandatory}/", f"/draws/{a.draw}/tickets/?q=云州", f"/results/{a.result}/", f"/results/{a.result}/1/", "/verify/", "/keys/", "/nope"]:
        r = await client.get(p, headers={"Accept": "text/html"})
        print(r.status_code, len(r.content), p)
        if r.status_code not in (200, 404): print(r.text[-600:])
    assert 0
