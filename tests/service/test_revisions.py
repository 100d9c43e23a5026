"""Results that are corrected, contested and withdrawn: one chain, every revision signed, published and still there."""

import asyncio
import html
import json
from uuid import UUID

import httpx
import pytest
import scene as scenes

from disclosure.document import parse_document
from disclosure.person import digest, parse_disclosure
from disclosure.result import Contest, Correction, InspectionResult, Withdrawal
from disclosure.standing import ResultRevision, standing_of
from service import step_views, steps
from service.errors import Conflicting, Invalid, Refused
from service.past import read_past
from service.publishing import run_jobs

PUBLISHERS = ("reviewer", "publisher1", "publisher2")
STATEMENT = "我公司对第二项有异议：\n检查当日该设备已停用。<b>请复核</b> & 附照片。"
LAW = "《中华人民共和国行政处罚法》"


async def read(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, path
    return answer.text


async def chain_of(scene: scenes.Scene) -> list[tuple[str, ResultRevision]]:
    rows = await scene.office.pool.fetch(
        "SELECT sha256, data FROM document WHERE left(subject, length($1) + 1) = $1 || '/' ORDER BY leaf_index", scene.result
    )
    return [(row["sha256"], parse_document(row["data"])) for row in rows]


def target_of(scene: scenes.Scene) -> str:
    return scene.result.removeprefix(f"{scene.draw}.")


def contest(scene: scenes.Scene, **changed) -> dict:
    return {"target": target_of(scene), "received_at": "2026-11-22T03:00:00Z", "statement": STATEMENT} | changed


def withdrawal(scene: scenes.Scene, **changed) -> dict:
    return {"target": target_of(scene), "reason": "事实认定有误", "requested_by": "court", "legal_basis": [LAW]} | changed


async def correction(scene: scenes.Scene, **changed) -> dict:
    request = scenes.result_request(await scene.transcript(), target_of(scene), "NO_PROBLEM", "2026-11-20")
    return {**request, "reason": "复核后更正", "requested_by": "subject"} | changed


async def test_result_correction_contest_withdrawal_are_one_chain_to_read(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    clock.advance(days=1)
    await scene.take("contest/v1", contest(scene), *PUBLISHERS)
    newest = await read(client, f"/results/{scene.result}/")
    assert html.escape(STATEMENT, quote=False) in newest.replace("&#34;", '"')
    assert "被检查单位对第 2 版有异议" in newest
    assert "<b>请复核" not in newest
    clock.advance(days=1)
    await scene.take("correction/v1", await correction(scene), *PUBLISHERS)
    corrected = await read(client, f"/results/{scene.result}/")
    assert "更正后有效" in corrected
    assert "第 2 版</th>" in corrected  # compared with the revision that found something, not with the contest
    clock.advance(days=1)
    await scene.take("withdrawal/v1", withdrawal(scene), *PUBLISHERS)
    withdrawn = await read(client, f"/results/{scene.result}/")
    assert "事实认定有误（法院裁判）" in withdrawn
    assert "未发现问题" in withdrawn.split("撤回的是什么")[1]  # what was withdrawn can still be read

    chain = await chain_of(scene)
    assert [type(d) for _, d in chain] == [InspectionResult, Correction, Contest, Correction, Withdrawal]
    standing = standing_of(chain)
    assert (standing.faults, standing.status, standing.place) == ((), "withdrawn", 3)
    row = await office.pool.fetchrow("SELECT * FROM result WHERE id = $1", scene.result)
    assert (row["rev"], row["document"], row["found"], row["status"]) == (5, chain[4][0], chain[3][0], "withdrawn")
    for rev, (sha256, document) in enumerate(chain, 1):
        page = await read(client, f"/results/{scene.result}/{rev}/")
        assert f'<code class="hash">{sha256}</code>' in page
        assert f'href="/doc/{sha256}.tlog-proof"' in page
        assert ("其后还有" in page) == (rev < 5)
        for form in ("json", "dsse.json", "tlog-proof", "sd.json"):
            assert (await client.get(f"/doc/{sha256}.{form}")).status_code == 200
        published = (await client.get(f"/doc/{sha256}.sd.json")).json()
        assert sorted(digest(text) for text in published) == sorted(document.digests)
    said = (await client.get(f"/doc/{chain[2][0]}.sd.json")).json()
    assert parse_disclosure(said[0])[1:] == ("statement", {"text": STATEMENT})
    for row in await office.pool.fetch("SELECT data FROM document"):
        assert "请复核".encode() not in row["data"]


async def test_pages_of_the_draw_say_what_stands(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    clock.advance(days=1)
    await scene.take("contest/v1", contest(scene), *PUBLISHERS)
    ticket = f"/draws/{scene.draw}/tickets/{target_of(scene)}/"
    assert "经责令已改正（有异议）" in await read(client, ticket)
    async with office.pool.acquire() as c:
        before = [past for past in await read_past(c) if past["number"] == scene.result]
    await scene.take("withdrawal/v1", withdrawal(scene), *PUBLISHERS)
    assert "已撤回" in await read(client, ticket)
    draw = await read(client, f"/draws/{scene.draw}/")
    assert "已公布 4 户" in draw
    assert "曾经公布的结果已撤回" in draw.split('id="results"')[1]
    async with office.pool.acquire() as c:
        after = [past for past in await read_past(c) if past["number"] == scene.result]
    assert (len(before), len(after)) == (1, 0)  # a contested visit took place; a withdrawn result is no visit


async def test_the_statement_is_taken_as_received_or_refused(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    reviewer = scene.people["reviewer"]
    late = "2099-01-01T00:00:00Z"
    for wrong in ({"statement": ""}, {"statement": "字" * 20_001}, {"statement": "a\x00b"}, {"received_at": late},
                  {"received_at": "2026-11-22"}, {"target": "nobody"}, {"more": 1}):  # fmt: skip
        with pytest.raises(Refused):
            await steps.propose(office, reviewer, scene.draw, "contest/v1", contest(scene, **wrong))
    longest = "𠮷" * 19_998 + "\r\n"
    view = await scene.take("contest/v1", contest(scene, statement=longest), *PUBLISHERS)
    kept = await office.pool.fetchval("SELECT text FROM disclosure WHERE kind = 'statement'")
    assert parse_disclosure(kept)[2] == {"text": longest}
    again = await scene.take("contest/v1", contest(scene, statement=longest), "reviewer")
    assert again.document == view.document  # a replayed request finds what it led to


async def test_a_correction_cannot_claim_to_contest_or_withdraw(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    for status in ("contested", "withdrawn"):
        with pytest.raises(Invalid):
            await steps.propose(
                office, scene.people["reviewer"], scene.draw, "correction/v1", await correction(scene, status=status)
            )


async def test_what_was_agreed_about_an_older_revision_is_refused(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    clock.advance(days=1)
    waiting = await steps.propose(office, scene.people["reviewer"], scene.draw, "withdrawal/v1", withdrawal(scene))
    await steps.agree(office, scene.people["publisher1"], UUID(waiting.id))
    await scene.take("correction/v1", await correction(scene), *PUBLISHERS)
    with pytest.raises(Conflicting) as refusal:
        await steps.agree(office, scene.people["publisher2"], UUID(waiting.id))
    assert "第 3 版" in refusal.value.zh
    assert len(await chain_of(scene)) == 3
    await steps.withdraw(office, scene.people["reviewer"], UUID(waiting.id))
    await scene.take("withdrawal/v1", withdrawal(scene), *PUBLISHERS)
    with pytest.raises(Conflicting):
        await steps.propose(office, scene.people["reviewer"], scene.draw, "contest/v1", contest(scene))
    with pytest.raises(Conflicting):
        await steps.propose(office, scene.people["reviewer"], scene.draw, "withdrawal/v1",
                            withdrawal(scene, reason="再次撤回"))  # fmt: skip
    # A withdrawn result is set right by a correction, and then stands again.
    await scene.take("correction/v1", await correction(scene, reason="补正后重新公布"), *PUBLISHERS)
    standing = standing_of(await chain_of(scene))
    assert (standing.faults, standing.status) == ((), "corrected")


async def test_last_agreements_at_once_give_every_revision_its_own_number(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    clock.advance(days=1)
    asked = [("contest/v1", contest(scene)), ("withdrawal/v1", withdrawal(scene)), ("correction/v1", await correction(scene))]
    waiting = []
    for kind, request in asked:
        view = await steps.propose(office, scene.people["reviewer"], scene.draw, kind, request)
        await steps.agree(office, scene.people["publisher1"], UUID(view.id))
        waiting.append(UUID(view.id))
    ended = await asyncio.gather(
        *(steps.agree(office, scene.people["publisher2"], step) for step in waiting for _ in range(2)),
        return_exceptions=True,
    )
    assert all(isinstance(one, step_views.StepView | Conflicting) for one in ended)
    chain = await chain_of(scene)
    assert (len(chain), standing_of(chain).faults) == (3, ())


async def test_revisions_wait_for_the_opening_of_a_sealed_draw(office, clock) -> None:
    scene = await scenes.sealed_scene(office, clock)
    target = next(t.id for t in (await scene.transcript()).targets if t.id != scene.replaced)
    for kind, request in (("contest/v1", {"target": target, "received_at": "2026-11-25T03:00:00Z", "statement": "有异议"}),
                          ("withdrawal/v1", {"target": target, "reason": "有误", "requested_by": "audit", "legal_basis": [LAW]})):  # fmt: skip
        with pytest.raises(Conflicting):
            await steps.propose(office, scene.people["reviewer"], scene.draw, kind, request)
    entered = ("inspector1", "inspector2", "reviewer", "publisher1")
    request = scenes.result_request(await scene.transcript(), target, "NO_PROBLEM", "2026-11-25")
    view = await steps.propose(office, scene.people[entered[0]], scene.draw, "inspection-result/v1", request)
    for login in entered[1:]:
        await steps.agree(office, scene.people[login], UUID(view.id))
    with pytest.raises(Conflicting):
        await steps.agree(office, scene.people["publisher2"], UUID(view.id))
    clock.set("2026-11-30T00:00:05+00:00")
    await run_jobs(office)
    await steps.agree(office, scene.people["publisher2"], UUID(view.id))
    scene.result = f"{scene.draw}.{target}"
    clock.advance(days=1)
    await scene.take("contest/v1", {"target": target, "received_at": "2026-11-30T03:00:00Z", "statement": "有异议"}, *PUBLISHERS)
    assert standing_of(await chain_of(scene)).status == "contested"


async def test_a_contest_goes_through_the_program_interface_and_the_page_of_its_step(client, office, clock, enter) -> None:
    scene = await scenes.open_scene(office, clock)
    clock.advance(days=1)
    headers = {name: await enter(name, role) for name, role in
               (("rr", "reviewer"), ("pp", "publisher"), ("qq", "publisher"))}  # fmt: skip
    body = {"kind": "contest/v1", "request": contest(scene)}
    made = await client.post(f"/api/v1/draws/{scene.draw}/steps", json=body, headers=headers["rr"])
    assert made.status_code == 201, made.text
    step = made.json()["id"]
    assert made.json()["summary"]["statement"] == STATEMENT  # who agrees sees what will be published
    for name in ("pp", "qq"):
        answer = await client.post(f"/api/v1/steps/{step}/agree", headers=headers[name])
        assert answer.status_code == 200, answer.text
    assert answer.json()["document"]
    listed = await client.get(f"/api/v1/draws/{scene.draw}/disclosures", headers=headers["rr"])
    assert {"document": answer.json()["document"], "kind": "statement", "says": STATEMENT} in [
        {name: line[name] for name in ("document", "kind", "says")} for line in listed.json()
    ]
    assert (await client.get(f"/api/v1/draws/{scene.draw}/disclosures", headers=headers["pp"])).status_code == 403
    surrogate = json.dumps(body).replace(json.dumps(STATEMENT)[1:-1], "\\ud800")
    refused = await client.post(f"/api/v1/draws/{scene.draw}/steps", content=surrogate,
                                headers={**headers["rr"], "Content-Type": "application/json"})  # fmt: skip
    assert refused.status_code in (400, 422), refused.text


async def test_documents_without_disclosures_have_no_such_file(client, office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    rows = await office.pool.fetch("SELECT sha256, kind FROM document")
    for row in rows:
        answer = await client.get(f"/doc/{row['sha256']}.sd.json")
        assert answer.status_code == (200 if row["kind"] in ("inspection-result/v1", "correction/v1") else 404), row["kind"]
        if answer.status_code == 200:
            assert "immutable" not in answer.headers["cache-control"]
            assert answer.headers["access-control-allow-origin"] == "*"
    assert scene.result
