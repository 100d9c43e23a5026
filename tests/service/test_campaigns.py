"""One plan of two departments: one key, one order, nested samples, one team per target; every department signs."""

import bureau
import joint
import msgspec
import pytest
from joint import ALL, FIRE, Desk

from disclosure.keys import encode_base64, key_id
from service.command.setup import keygen
from service.config import ConfigError
from service.errors import Conflicting, Invalid
from service.office import Office
from service.sections import load_section_signers, name_section, read_departments, retire_section
from service.signer import load_signer


def keyids(envelope: dict) -> set[str]:
    return {signature["keyid"] for signature in envelope["signatures"]}


LEAD_KEY, FIRE_KEY = (key_id(bureau.testing_only_signer(f"section-{name}").public_key) for name in ("lead", "fire"))


async def test_two_departments_from_draft_to_results_that_both_verifiers_accept(desk, tmp_path) -> None:
    draw = await desk.prepare(joint.draft(10))
    preview = (await desk.preview(draw)).json()
    assert preview["faults"] == []
    assert [section["label"] for section in preview["sections"]] == ["lead", "fire"]
    # Whoever belongs to no department of the plan takes no part, and is counted.
    assert preview["elsewhere"] == [{"department": "云州市卫生健康委员会", "people": 3, "items": 1}]
    assert preview["people"] == {"inspector": 36, "expert": 8}
    await desk.carry_out(draw, 10)
    plan, transcript = await desk.plan(draw), await desk.transcript(draw)
    assert [(s["id"], s["name"]) for s in plan["sections"]] == [("lead", "云州市应急管理局"), ("fire", FIRE)]
    assert {item["id"]: item["section"] for item in plan["items"]} == {f"S-{n}": "lead" for n in range(6)} | {f"F-{n}": "fire" for n in range(4)}
    assert (transcript.inspectors.outcome, transcript.experts.outcome) == ("COMPLETE", "COMPLETE")
    for stratum in plan["strata"]:
        drew = {q["section"]: {t.id for t in transcript.targets if t.stratum == stratum["id"] and t.rank and q["section"] in t.sections}
                for q in stratum["quotas"]}  # fmt: skip
        assert {section: len(ids) for section, ids in drew.items()} == {q["section"]: q["by_lot"] for q in stratum["quotas"]}
        small, large = min(drew.values(), key=len), max(drew.values(), key=len)
        assert small <= large, "the smaller sample is contained in the larger"
    sections = {person: row.split("\t")[1] for row in (await blob(desk, plan, "people")).splitlines() for person in [row.split("\t")[0]]}
    classes = {c["id"]: c for c in plan["classes"]}
    class_of = {row.split("\t")[0]: row.split("\t")[2] for row in (await blob(desk, plan, "pool")).splitlines()}
    for target in transcript.targets:
        seats = [s["section"] for s in classes[class_of[target.id]]["inspector_seats"] if s["section"] in target.sections]
        assert [sections[person] for person in target.inspectors] == seats
        assert {("S" if item.startswith("S") else "F") for item in target.items} == {"S" if s == "lead" else "F" for s in target.sections}
    await desk.verify(draw, tmp_path)

    both = next(t for t in transcript.targets if t.sections == ("lead", "fire"))
    fire = next(t for t in transcript.targets if t.sections == ("fire",))
    lead = next(t for t in transcript.targets if t.sections == ("lead",))
    await desk.at("2026-11-21T03:00:00Z")
    for target, keys in ((both, {LEAD_KEY, FIRE_KEY}), (fire, {FIRE_KEY}), (lead, {LEAD_KEY})):
        assert keyids(await desk.enter_result(draw, target, "2026-11-21")) == keys
    correction = {"target": both.id, "inspected_on": "2026-11-21", "result": "NO_PROBLEM", "reason": "复核", "requested_by": "audit",
                  "findings": [{"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None} for i in both.items]}  # fmt: skip
    await desk.take(draw, "correction/v1", correction, "reviewer", "publisher1", "publisher2")
    page = (await desk.client.get(f"/draws/{draw}/")).text
    assert f"由云州市应急管理局、{FIRE}抽中，合并为一次检查" in page
    ticket = (await desk.client.get(f"/draws/{draw}/tickets/{both.id}/")).text
    assert "抽中它的部门" in ticket
    assert f"{FIRE} · 消防检查员" in ticket
    assert f"检查部门 云州市应急管理局、{FIRE}" in (await desk.client.get(f"/results/{draw}.{both.id}/")).text
    keys = (await desk.client.get("/keys/")).text
    assert LEAD_KEY in keys
    assert FIRE_KEY in keys


async def blob(desk: Desk, plan: dict, name: str) -> str:
    return (await desk.client.get(f"/blob/{plan['blobs'][name]['sha256']}")).text


async def test_a_sealed_campaign_is_signed_by_all_and_verifies_before_and_after_the_opening(desk, tmp_path) -> None:
    draw = await desk.prepare(joint.draft(11, sealed_until="2026-11-19T00:00:00Z"))
    await desk.carry_out(draw, 11)
    await desk.verify(draw, tmp_path)
    rows = await desk.office.pool.fetch("SELECT kind, envelope FROM document WHERE draw = $1", draw)
    signed = {row["kind"]: keyids(msgspec.json.decode(row["envelope"])) for row in rows}
    assert signed == {"draw-plan/v1": {LEAD_KEY, FIRE_KEY}, "contribution/v1": {LEAD_KEY}, "sealed-outcome/v1": {LEAD_KEY}}
    await desk.at("2026-11-19T00:00:05Z")
    opened = await desk.post("operator", f"/api/v1/draws/{draw}/opening", {"cause": "date"})
    assert opened.status_code == 201, opened.text
    await desk.verify(draw, tmp_path)


async def test_a_department_whose_key_is_elsewhere_cannot_be_frozen_for(desk, client) -> None:
    health = encode_base64(bureau.testing_only_signer("section-health").public_key)
    await desk.office.pool.execute("INSERT INTO section (label, name, key) VALUES ('health', '云州市卫生健康委员会', $1)", health)
    wanted = joint.draft(12)
    wanted["sections"] = ["lead", "fire", "health"]
    draw = await desk.prepare(wanted)
    key, confirmer = (await desk.preview(draw)).json()["faults"]
    assert "云州市卫生健康委员会" in key
    assert "section-health.pem" in key
    assert "云州市卫生健康委员会" in confirmer
    assert "复核人" in confirmer
    answer = await desk.post("operator", f"/api/v1/draws/{draw}/steps", {"kind": "draw-plan/v1", "request": {}})
    assert answer.status_code == 422
    assert "section-health.pem" in answer.json()["errors"][0]
    assert await desk.office.pool.fetchval("SELECT count(*) FROM document") == 0


async def test_a_key_that_leaves_between_proposal_and_agreement_freezes_nothing(desk, clock) -> None:
    draw = await desk.prepare(joint.draft(13))
    await desk.at("2026-11-13T01:00:00Z")
    answer = await desk.post("operator", f"/api/v1/draws/{draw}/steps", {"kind": "draw-plan/v1", "request": {}})
    desk.office.section_signers.clear()
    assert (await desk.post("confirmer", f"/api/v1/steps/{answer.json()['id']}/agree")).status_code == 200
    agreed = await desk.post("fire-confirmer", f"/api/v1/steps/{answer.json()['id']}/agree")
    assert agreed.status_code == 409
    assert "section-fire.pem" in agreed.json()["detail"]
    assert await desk.office.pool.fetchval("SELECT state FROM draw WHERE id = $1", draw) == "draft"


WRONG = (
    ({"sections": ["lead", "water"]}, "没有登记部门 water"),
    ({"sections": ["fire", "lead"]}, "牵头部门须是本机关"),
    ({"sections": ["fire", "fire"]}, "部门 fire 列了 2 次"),
    ({"sections": []}, "草案的部门（sections）中没有它"),
    ({"strata": [{"name": "全部"}]}, "没有写抽取数量"),
    ({"strata": [{"name": "全部", "rule": {"kind": "fixed", "count": 9},
                  "section_rules": [{"section": "lead", "rule": {"kind": "fixed", "count": 1}}]}]}, "为部门 lead 写了 2 个抽取数量"),
    ({"strata": []}, "草案没有分层"),
    ({"classes": [{"id": "all", "name": "全部", "inspectors": [{}]}]}, "不得少于两人"),
)  # fmt: skip


async def test_a_draft_that_names_departments_wrongly_is_told_where_and_how_to_mend_it(desk) -> None:
    wanted = joint.draft(14)
    draw = await desk.prepare(wanted)
    for change, said in WRONG:
        await desk.revise(draw, wanted | change)
        answer = await desk.preview(draw)
        assert answer.status_code == 422, answer.text
        assert any(said in fault for fault in answer.json()["errors"]), answer.text
    await desk.office.pool.execute("UPDATE section SET active = false WHERE label = 'fire'")
    await desk.revise(draw, wanted)
    assert any("已停用" in fault for fault in (await desk.preview(draw)).json()["errors"])


async def test_a_draft_that_names_no_department_is_the_bureaus_own_whatever_others_are_registered(desk, tmp_path) -> None:
    own = [{"id": "all", "name": "全部", "inspectors": [{"lead": True}, {}], "optional_items": 1}]
    strata = [{"name": "全部", "rule": {"kind": "fixed", "count": 9}}]
    draw = await desk.prepare(joint.draft(15) | {"sections": [], "classes": own, "strata": strata, "stratify_by": None, "apart": []})
    preview = (await desk.preview(draw)).json()
    assert preview["faults"] == []
    assert preview["people"] == {"inspector": 24, "expert": 8}
    assert [row["department"] for row in preview["elsewhere"]] == ["fire", "云州市卫生健康委员会", FIRE]
    await desk.carry_out(draw, 15)
    await desk.verify(draw, tmp_path)


async def test_departments_are_named_once_and_retired_but_never_changed(office: Office, config) -> None:
    assert keygen(config, config.section_key_file("fire"), unencrypted=True) == 0
    key = encode_base64(load_signer(config.section_key_file("fire")).public_key)
    async with office.pool.acquire() as c:
        assert (await read_departments(c, office)).lead.label == "lead"
        assert await name_section(c, office, "fire", FIRE, key)
        assert not await name_section(c, office, "fire", FIRE, key)
        with pytest.raises(Conflicting):
            await name_section(c, office, "fire", "别名", key)
        with pytest.raises(Invalid, match="own"):
            await name_section(c, office, "fire2", "另一队", key)
        with pytest.raises(Invalid, match="public key"):
            await name_section(c, office, "water", "水务局", "AAAA")
        with pytest.raises(Invalid):
            await retire_section(c, office, "lead")
        signers = await load_section_signers(c, config)
        assert encode_base64(signers["fire"].public_key) == key
        await retire_section(c, office, "fire")
        assert not (await read_departments(c, office)).all[1].active
        assert await name_section(c, office, "fire", FIRE, key)
        config.section_key_file("fire").unlink()
        assert await load_section_signers(c, config) == {}
        keygen(config, config.section_key_file("fire"), unencrypted=True)
        with pytest.raises(ConfigError, match="fire"):
            await load_section_signers(c, config)


async def test_two_proposals_and_two_agreements_give_one_plan_signed_by_both(desk) -> None:
    draw = await desk.prepare(joint.draft(16))
    await desk.at("2026-11-16T01:00:00Z")
    first = await desk.take(draw, "draw-plan/v1", {}, *ALL)
    assert (await desk.take(draw, "draw-plan/v1", {}, *ALL))["document"] == first["document"]
    assert await desk.office.pool.fetchval("SELECT count(*) FROM document WHERE draw = $1", draw) == 1
