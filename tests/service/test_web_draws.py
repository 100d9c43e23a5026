"""A draw from draft to bundle through the API alone, each person from their own account."""

import base64
import hashlib
import re

import bureau
import journey
import msgspec
import pytest
from application import PASSWORD
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from disclosure.document import DOCUMENT_TYPE
from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle
from service.drafts import WitnessGiver

DICE = {"label": "dice", "digits": "0123456789" * 6, "form": "d" * 64}


@pytest.fixture
async def people(office, enter):
    """Registries as in the journey, and one logged-in account for every role."""
    async with office.pool.acquire() as connection:
        await connection.execute("TRUNCATE bureau, log_head, log_entry, log_hash, log_checkpoint CASCADE")
    await journey.begin(office.pool)
    await office.pool.execute("DELETE FROM staff")
    roles = ("operator", "confirmer", "approver", "reviewer", "auditor", "witness")
    return {role: await enter(f"{role}-1", role) for role in roles}


def draft(**changes) -> dict:
    made = msgspec.structs.replace(journey.draft("task-1", "2026-11-10T02:00:00Z", None), **changes)
    return msgspec.to_builtins(made)


async def take(client, draw: str, kind: str, request: dict, first: dict, second: dict) -> dict:
    proposed = await client.post(
        f"/api/v1/draws/{draw}/steps", json={"kind": kind, "request": request}, headers=first
    )
    assert proposed.status_code == 201, proposed.text
    agreed = await client.post(f"{proposed.headers['location']}/agree", headers=second)
    assert agreed.status_code == 200, agreed.text
    assert agreed.json()["document"]
    return agreed.json()


async def test_a_draw_from_draft_to_verified_bundle(client, people, clock) -> None:
    operator, confirmer = people["operator"], people["confirmer"]
    made = await client.post("/api/v1/draws", json=draft(), headers=operator)
    assert made.status_code == 201, made.text
    draw = made.json()["id"]
    assert made.headers["location"] == f"/api/v1/draws/{draw}"
    assert (await client.post("/api/v1/draws", json=draft(), headers=operator)).status_code == 409
    preview = (await client.get(f"/api/v1/draws/{draw}/preview", headers=confirmer)).json()
    assert (preview["candidates"], preview["faults"]) == (200, [])
    clock.set("2026-11-10T01:00:00Z")
    people = {role: await again(client, role) for role in people}  # ten days later
    operator, confirmer = people["operator"], people["confirmer"]
    await take(client, draw, "draw-plan/v1", {}, operator, confirmer)
    for label in ("notary", "audit"):
        await take(
            client,
            draw,
            "contribution/v1",
            {"label": label, "digits": "1234567890", "form": "f" * 64},
            operator,
            confirmer,
        )
    early = await client.post(
        f"/api/v1/draws/{draw}/steps", json={"kind": "contribution/v1", "request": DICE}, headers=operator
    )
    assert early.status_code == 409
    assert (await client.get(f"/draws/{draw}/{draw}.bundle.json")).status_code == 404
    clock.set("2026-11-10T02:00:05Z")
    people = {role: await again(client, role) for role in people}
    operator, confirmer = people["operator"], people["confirmer"]
    await take(client, draw, "contribution/v1", DICE, operator, confirmer)
    outcome = await take(client, draw, "draw-outcome/v1", {}, operator, confirmer)
    replay = await client.post(
        f"/api/v1/draws/{draw}/steps", json={"kind": "draw-outcome/v1", "request": {}}, headers=operator
    )
    assert (replay.status_code, replay.json()["document"]) == (200, outcome["document"])
    policy = parse_policy((await client.get("/policy")).content)
    report = verify_bundle((await client.get(f"/draws/{draw}/{draw}.bundle.json")).content, policy)
    assert not [step.number for step in report.steps if step.verdict is Verdict.FAIL]
    found = (await client.get(f"/api/v1/draws/{draw}", headers=people["auditor"])).json()
    assert (found["state"], len(found["documents"]), len(found["steps"])) == ("drawn", 5, 5)
    lines = (await client.get("/api/v1/draws", headers=people["auditor"])).json()
    assert [line["id"] for line in lines] == [draw]
    assert (await client.get(f"/api/v1/draws?before={draw}", headers=people["auditor"])).json() == []


async def again(client, role: str) -> dict[str, str]:
    answer = await client.post("/api/v1/session", json={"login": f"{role}-1", "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def test_a_step_asked_for_twice_is_one_and_waits_for_the_next_role(client, people) -> None:
    operator, confirmer = people["operator"], people["confirmer"]
    draw = (await client.post("/api/v1/draws", json=draft(), headers=operator)).json()["id"]
    ask = {"kind": "draw-plan/v1", "request": {}}
    first = await client.post(f"/api/v1/draws/{draw}/steps", json=ask, headers=operator)
    second = await client.post(f"/api/v1/draws/{draw}/steps", json=ask, headers=operator)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    step = first.json()["id"]
    assert [s["id"] for s in (await client.get("/api/v1/steps", headers=confirmer)).json()] == [step]
    assert (await client.get("/api/v1/steps", headers=operator)).json() == []
    assert (await client.get(f"/api/v1/steps/{step}", headers=operator)).json() == first.json()
    assert (await client.post(f"/api/v1/steps/{step}/agree", headers=people["approver"])).status_code == 403
    assert (await client.post(f"/api/v1/steps/{step}/agree", headers=people["witness"])).status_code == 404
    assert (await client.post(f"/api/v1/steps/{step}/withdraw", headers=confirmer)).status_code == 403
    assert (await client.post(f"/api/v1/steps/{step}/withdraw", headers=operator)).status_code == 204
    assert (await client.post(f"/api/v1/steps/{step}/agree", headers=confirmer)).status_code == 409
    revised = await client.put(
        f"/api/v1/draws/{draw}/draft", json=draft(title="另一个标题"), headers=operator
    )
    assert revised.status_code == 204
    assert (await client.get(f"/api/v1/draws/{draw}", headers=operator)).json()["title"] == "另一个标题"


async def test_what_makes_no_sense_is_refused_with_its_reason(client, people) -> None:
    operator = people["operator"]
    draw = (await client.post("/api/v1/draws", json=draft(), headers=operator)).json()["id"]

    async def status(method: str, path: str, **more) -> int:
        answer = await client.request(method, path, headers=operator, **more)
        assert answer.json()["detail_en"]
        return answer.status_code

    steps = f"/api/v1/draws/{draw}/steps"
    assert await status("POST", steps, json={"kind": "redraw/v1", "request": {}}) == 422
    assert await status("POST", steps, json={"kind": "draw-plan/v1"}) == 400
    assert await status("POST", steps, json={"kind": "draw-outcome/v1", "request": {}}) == 409
    assert (
        await status("POST", "/api/v1/draws/x-2026-9-9/steps", json={"kind": "draw-plan/v1", "request": {}})
        == 404
    )
    assert await status("POST", "/api/v1/draws", json=draft() | {"instant": "tomorrow"}) == 400
    assert await status("POST", "/api/v1/draws", json=draft() | {"seed": 1}) == 400
    assert await status("GET", "/api/v1/steps/00000000-0000-0000-0000-000000000000") == 404
    assert await status("GET", "/api/v1/steps/nonsense") == 404
    assert await status("GET", "/api/v1/draws?limit=1000") == 400
    assert await status("GET", "/api/v1/draws?before=x") == 422
    assert await status("POST", f"/api/v1/draws/{draw}/opening", json={"cause": "date"}) == 409
    assert await status("POST", f"/api/v1/draws/{draw}/contributions", content=b"x") == 422


async def test_a_witness_with_a_key_contributes_without_an_account(client, people) -> None:
    operator, confirmer = people["operator"], people["confirmer"]
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"notary").digest())
    givers = tuple(
        msgspec.structs.replace(giver, key=bureau.public_text("notary"))
        if isinstance(giver, WitnessGiver) and giver.label == "notary"
        else giver
        for giver in journey.draft("task-1", "2026-11-10T02:00:00Z", None).givers
    )
    draw = (await client.post("/api/v1/draws", json=draft(givers=givers), headers=operator)).json()["id"]
    await take(client, draw, "draw-plan/v1", {}, operator, confirmer)
    path = f"/api/v1/draws/{draw}/contributions"
    asked = (await client.get(f"{path}/notary?digits=1234567890")).json()
    signature = base64.b64encode(key.sign(base64.b64decode(asked["pae"]))).decode()
    from disclosure.keys import key_id

    envelope = {
        "payload": asked["payload"], "payloadType": DOCUMENT_TYPE,
        "signatures": [{"keyid": key_id(key.public_key().public_bytes_raw()), "sig": signature}],
    }  # fmt: skip
    body = msgspec.json.encode(envelope)
    first = await client.post(path, content=body)
    assert first.status_code == 201, first.text
    assert (await client.post(path, content=body)).json() == first.json()
    forged = body.replace(signature.encode(), base64.b64encode(bytes(64)))
    assert (await client.post(path, content=forged)).status_code == 422
    assert (await client.get(f"{path}/nobody?digits=1")).status_code == 422


async def test_a_confirmer_agrees_in_a_browser_and_a_refusal_is_shown_where_it_happened(
    client, people, office
) -> None:
    draw = (await client.post("/api/v1/draws", json=draft(), headers=people["operator"])).json()["id"]
    ask = {"kind": "draw-plan/v1", "request": {}}
    step = (await client.post(f"/api/v1/draws/{draw}/steps", json=ask, headers=people["operator"])).json()[
        "id"
    ]
    await client.post("/staff/login", data={"login": "approver-1", "password": PASSWORD})
    page = (await client.get(f"/staff/steps/{step}")).text
    assert "等待“复核人”同意" in page
    assert '<button class="button">' not in page
    client.cookies.clear()
    await client.post("/staff/login", data={"login": "confirmer-1", "password": PASSWORD})
    assert f"/staff/steps/{step}" in (await client.get("/staff/")).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', (await client.get(f"/staff/steps/{step}")).text)[1]
    assert (await client.post(f"/staff/steps/{step}/agree")).status_code == 403
    await office.pool.execute("UPDATE target SET status = 'closed' WHERE id = (SELECT min(id) FROM target)")
    refused = await client.post(f"/staff/steps/{step}/agree", data={"csrf": csrf})
    assert refused.status_code == 409
    assert "名录已变化" in refused.text
    await office.pool.execute("UPDATE target SET status = ''")
    done = await client.post(f"/staff/steps/{step}/agree", data={"csrf": csrf})
    assert (done.status_code, done.headers["location"]) == (303, f"/staff/steps/{step}")
    assert "已办结" in (await client.get(done.headers["location"])).text
