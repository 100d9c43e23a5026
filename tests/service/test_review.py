"""What a hostile reviewer tried: a draw never ends in a dead end, and nothing unlawful is ever signed or logged."""

import asyncio
import base64
import hashlib
from uuid import UUID

import bureau
import journey
import msgspec
import pytest
from application import browser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from journey import BOTH, TRANSITIONS, draw_of, frozen_of, office_at, person, take

from disclosure.document import DOCUMENT_TYPE, Contribution, format_document
from disclosure.envelope import pae
from disclosure.keys import key_id
from disclosure.verification import Verdict, verify_bundle
from selection.plan import plan_digest
from service import log, publishing, step_views, steps
from service.bundles import read_bundle
from service.documents import documents_of
from service.drafting import create_draft, preview, revise_draft
from service.drafts import DiceGiver, Mandatory, WitnessGiver
from service.errors import Conflicting, Denied, Invalid, NotFound, Refused
from service.life.open import open_draw
from service.life.own_key import contribute_signed, to_sign
from service.overview import read_draw
from service.publishing import open_names, run_jobs
from service.registry.store import lock_registries
from service.static_folder import publish_folder, snapshot

AT = {name: (time, call) for name, time, call in TRANSITIONS}
NAMES = [name for name, _, _ in TRANSITIONS]
VOID = {"reason": "list-error", "statement": "名单有误"}
BEFORE, AFTER = "2026-11-10T01:00:00Z", "2026-11-10T02:00:05Z"


@pytest.fixture
async def pool(bare_office):
    await journey.begin(bare_office.pool)
    return bare_office.pool


async def run(pool, last: str):
    """Carry out the journey of one draw up to and with `last`."""
    task = last.split()[0]
    for name in NAMES[: NAMES.index(last) + 1]:
        if name.startswith(f"{task} "):
            time, call = AT[name]
            await call(office_at(pool, time))
    return office_at(pool, AT[last][0])


async def drafted(pool, **changes):
    office = office_at(pool, BEFORE)
    made = msgspec.structs.replace(journey.draft("open", "2026-11-10T02:00:00Z", None), **changes)
    return office, await create_draft(office, await person(office, "operator"), made)


def keyed(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def givers(**keys):
    """The givers of the journey, with keys for some witnesses and throwers."""
    changed = msgspec.structs.replace
    made = []
    for giver in journey.draft("open", "2026-11-10T02:00:00Z", None).givers:
        if isinstance(giver, WitnessGiver):
            made.append(changed(giver, key=keys.get(giver.label)))
        elif isinstance(giver, DiceGiver):
            throwers = tuple(changed(t, key=keys.get(t.label)) for t in giver.throwers)
            made.append(changed(giver, throwers=throwers))
        else:
            made.append(giver)
    return tuple(made)


def envelope(payload: bytes, *names: str) -> bytes:
    signatures = []
    for name in names:
        key = keyed(name)
        signed = base64.b64encode(key.sign(pae(DOCUMENT_TYPE, payload))).decode()
        signatures.append({"keyid": key_id(key.public_key().public_bytes_raw()), "sig": signed})
    signatures.sort(key=lambda s: s["keyid"])
    return msgspec.json.encode(
        {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": DOCUMENT_TYPE,
            "signatures": signatures,
        }
    )


# ---------------------------------------------------------------- contributions


async def test_a_witness_with_a_key_cannot_log_a_line_that_is_not_theirs(pool) -> None:
    """Otherwise one malicious witness could wedge the draw for ever: the line is signed and logged, and no draw accepts it."""
    office, draw = await drafted(pool, givers=givers(notary=bureau.public_text("notary")))
    plan = (await take(office, draw, "draw-plan/v1", {}, *BOTH)).document
    for line in (
        "witness:audit:1234567890",
        "witness:x:1234567890",
        "witness:1234567890",
        "witness:notary:x:1234567890",
    ):
        document = Contribution(
            actors=(), form=None, given_at=BEFORE, id=draw, label="notary", line=line, plan=plan
        )
        with pytest.raises(Invalid):
            await contribute_signed(office, draw, envelope(format_document(document), "notary"))
    asked = await to_sign(office, draw, "notary", "1234567890")
    await contribute_signed(office, draw, envelope(base64.b64decode(asked["payload"]), "notary"))


async def test_dice_are_signed_by_all_throwers_or_stand_on_paper_as_a_whole(pool) -> None:
    """The service could sign a half of each with the lead's key only, and no verifier would accept it."""
    office, draw = await drafted(pool, givers=givers(t0=bureau.public_text("t0")))
    with pytest.raises(Invalid):
        await take(office, draw, "draw-plan/v1", {}, *BOTH)


async def test_a_key_that_is_no_point_is_refused_at_the_freeze(pool) -> None:
    small = base64.b64encode(b"\x01" + bytes(31)).decode()
    office, draw = await drafted(pool, givers=givers(notary=small))
    with pytest.raises(Invalid):
        await take(office, draw, "draw-plan/v1", {}, *BOTH)


async def test_nothing_is_signed_that_cannot_be_read_again(pool) -> None:
    await pool.execute("UPDATE target SET area = E'东湖\\n区' WHERE area = '东湖区'")
    strata = journey.draft("open", "2026-11-10T02:00:00Z", None).strata
    strata = (msgspec.structs.replace(strata[0], values=("东湖\n区",)), strata[1])
    office, draw = await drafted(pool, strata=strata)
    with pytest.raises(Refused):
        await take(office, draw, "draw-plan/v1", {}, *BOTH)
    assert (await read_draw(office, await person(office, "operator"), draw))["state"] == "draft"


# ---------------------------------------------------------------- drafts and attempts


async def test_a_void_draw_is_retried_once_and_for_its_own_task(pool) -> None:
    office = await run(pool, "void void")
    draw, operator = await draw_of(office, "void"), await person(office, "operator")

    def again(task: str):
        made = journey.draft(task, "2026-11-28T02:00:00Z", None)
        return msgspec.structs.replace(made, retries=draw)

    with pytest.raises(Conflicting):
        await create_draft(office, operator, again("other"))
    second = await create_draft(office, operator, again("void"))
    assert second == draw[:-1] + "2"
    office = office_at(pool, "2026-11-20T00:00:00Z")
    await take(office, second, "draw-plan/v1", {}, *BOTH)
    await take(office, second, "draw-void/v1", VOID, "confirmer", "approver")
    with pytest.raises(Conflicting):
        await create_draft(office, operator, again("void"))


async def test_the_order_in_a_draft_and_its_repeats_never_break_the_service(pool) -> None:
    office, draw = await drafted(pool)
    operator = await person(office, "operator")
    made = journey.draft("open", "2026-11-10T02:00:00Z", None)
    target = await pool.fetchval("SELECT min(id) FROM target")
    for changes in (
        {"apart": (("I1", "nobody"),)},
        {"mandatory": (Mandatory(target="91420000000000000X", reason="complaint"),)},
        {
            "mandatory": (
                Mandatory(target=target, reason="complaint"),
                Mandatory(target=target, reason="follow-up"),
            )
        },
        {"mandatory": (Mandatory(target="p-1", reason="complaint"),)},
        {"classes": made.classes * 2},
        {"stratify_by": None},
    ):
        await revise_draft(office, operator, draw, msgspec.structs.replace(made, **changes))
        try:
            found = await preview(office, operator, draw)
        except Refused:
            continue
        if not found["faults"]:
            frozen = await take(office, draw, "draw-plan/v1", {}, *BOTH)
            pytest.fail(f"{changes} was frozen: {frozen}")
    await revise_draft(office, operator, draw, msgspec.structs.replace(made, strata=made.strata[:1]))
    found = await preview(office, operator, draw)
    assert any("100 户在抽查范围内，却不属于任何一层" in fault for fault in found["faults"])


async def test_someone_in_both_lists_of_people_is_kept_away_in_both(pool) -> None:
    await pool.execute(
        "INSERT INTO expert (number, name, areas, specialities, capacity, serves) VALUES ('I1', '检查员1', '{}', '{}', 9, '{}')"
    )
    office = await run(pool, "open freeze")
    frozen = await frozen_of(office, "open")
    both = {id for id, (number, _) in frozen.disclosures.items() if number == "I1"}
    assert len(both) == 2
    assert all(both <= people for people in frozen.pools.conflicts.values() if both & people)


# ---------------------------------------------------------------- steps


async def test_a_step_whose_proposer_left_does_not_block_the_draw(pool) -> None:
    office = await run(pool, "open audit")
    office = office_at(pool, AFTER)
    draw = await draw_of(office, "open")
    wrong = {"label": "dice", "digits": "1" * 60, "form": "d" * 64}
    view = await steps.propose(office, await person(office, "operator"), draw, "contribution/v1", wrong)
    await pool.execute("UPDATE staff SET active = false, roles = '{auditor}' WHERE login = 'operator'")
    right = {**wrong, "digits": "0123456789" * 6}
    other = await person(office, "operator2")
    with pytest.raises(Conflicting):
        await steps.propose(office, other, draw, "contribution/v1", right)
    with pytest.raises(Denied):  # whoever checks it refuses by not agreeing
        await steps.withdraw(office, await person(office, "confirmer"), UUID(view.id))
    await steps.withdraw(office, other, UUID(view.id))
    done = await take(office, draw, "contribution/v1", right, "operator2", "confirmer")
    assert done.document


async def test_what_waits_is_shown_however_much_waits_for_others(pool) -> None:
    office = await run(pool, "open freeze")
    draw = await draw_of(office, "open")
    await pool.execute(
        "WITH s AS (INSERT INTO step (draw, kind, subject, request, created_at)"
        " SELECT $1, 'inspection-result/v1', 'x' || n, '{\"summary\": {}}', '2026-01-01' FROM generate_series(1, 600) n RETURNING id)"
        " INSERT INTO step_agreement (step, position, role, staff) SELECT s.id, 0, 'inspector', staff.id FROM s, staff"
        " WHERE login = 'inspector1'",
        draw,
    )
    ask = {"label": "notary", "digits": "1234567890", "form": "f" * 64}
    view = await steps.propose(office, await person(office, "operator"), draw, "contribution/v1", ask)
    assert [s.id for s in await step_views.open_steps(office, await person(office, "confirmer"))] == [view.id]
    assert len(await step_views.open_steps(office, await person(office, "inspector2"))) == 500


async def test_values_no_database_keeps_are_refused(office, client, enter) -> None:
    await office.pool.execute(
        "INSERT INTO draw (id, year, number, attempt, state, title, task, draft)"
        " VALUES ('yunzhou-2026-1-1', 2026, 1, 1, 'frozen', 'x', 'x', '{}')"
    )
    confirmer = await enter("confirmer-1", "confirmer")
    for value in (
        str(2**70),
        "-" + str(2**64),
        "1e300",
        "1" * 500,
        r'"\u0000"',
        r'"\ud800"',
        '{"a": [1.5]}',
        "[" * 2000 + "]" * 2000,
    ):
        body = f'{{"kind": "draw-void/v1", "request": {{"reason": {value}}}}}'
        answer = await client.post("/api/v1/draws/yunzhou-2026-1-1/steps", content=body, headers=confirmer)
        assert 400 <= answer.status_code < 500, (value[:40], answer.text)


# ---------------------------------------------------------------- sealed


async def test_while_sealed_staff_see_only_the_steps_of_their_own_roles(pool) -> None:
    office = await run(pool, "sealed draw")
    draw = await draw_of(office, "sealed")
    target = (await frozen_of(office, "sealed")).transcript.targets[0]
    findings = [
        {"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None}
        for i in target.items
    ]
    request = {
        "target": target.id,
        "inspected_on": "2026-11-14",
        "result": "NO_PROBLEM",
        "findings": findings,
    }
    view = await steps.propose(
        office, await person(office, "inspector1"), draw, "inspection-result/v1", request
    )
    outsider = await person(office, "operator")
    assert target.id not in str(await read_draw(office, outsider, draw))
    assert (await read_draw(office, await person(office, "inspector1"), draw))["draft"] is None
    with pytest.raises(NotFound):
        await steps.agree(office, outsider, UUID(view.id))
    with pytest.raises(NotFound):
        await step_views.read_step(office, outsider, UUID(view.id))
    with pytest.raises(Denied):  # nor by guessing what was asked
        await steps.propose(office, outsider, draw, "inspection-result/v1", request)
    assert (await step_views.read_step(office, await person(office, "reviewer"), UUID(view.id))).subject.endswith(
        target.id
    )


async def test_a_withdrawn_report_is_no_visit(pool) -> None:
    office = await run(pool, "sealed draw")
    draw = await draw_of(office, "sealed")
    for target in (await frozen_of(office, "sealed")).transcript.targets:
        findings = [
            {"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None}
            for i in target.items
        ]
        request = {
            "target": target.id,
            "inspected_on": "2026-11-14",
            "result": "NO_PROBLEM",
            "findings": findings,
        }
        view = await take(
            office, draw, "inspection-result/v1", request, "inspector1", "inspector2", "reviewer"
        )
    await steps.withdraw(office, await person(office, "inspector1"), UUID(view.id))
    with pytest.raises(Conflicting):
        await open_draw(office, await person(office, "operator"), draw, "last-visit")


async def test_a_draft_looks_like_no_draw_to_those_outside(pool, config) -> None:
    from service.web.app import create_app

    office, draw = await drafted(pool)
    async with browser(create_app(office, config)) as client:
        for path in ("{}/{}.bundle.json", "{}/", "{}/tickets/", "{}/tickets/91420000000000000000"):
            there = await client.get(f"/draws/{path.format(draw, draw)}")
            missing = await client.get(f"/draws/{path.format('yunzhou-2026-99-1', 'yunzhou-2026-99-1')}")
            assert there.status_code == missing.status_code == 404, path
        there = await client.get(f"/api/v1/draws/{draw}/contributions/notary?digits=1234567890")
        missing = await client.get("/api/v1/draws/yunzhou-2026-99-1/contributions/notary?digits=1234567890")
        assert there.status_code == missing.status_code == 404
        payload = format_document(
            Contribution(
                actors=(),
                form=None,
                given_at=BEFORE,
                id=draw,
                label="notary",
                line="witness:notary:1234567890",
                plan="0" * 64,
            )
        )
        body = envelope(payload, "notary")
        there = await client.post(f"/api/v1/draws/{draw}/contributions", content=body)
        missing = await client.post("/api/v1/draws/yunzhou-2026-99-1/contributions", content=body)
        assert there.status_code == missing.status_code == 404


# ---------------------------------------------------------------- results


async def test_a_result_of_a_target_replaced_later_can_still_be_corrected(pool) -> None:
    office = await run(pool, "open result")
    draw, target = await draw_of(office, "open"), (await frozen_of(office, "open")).transcript.targets[0]
    replaced = {"kind": "target", "target": target.id, "reason": "not-existing", "evidence": "a" * 64}
    await take(office, draw, "replacement/v1", replaced, "reviewer", "confirmer")
    findings = [
        {"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None}
        for i in target.items
    ]
    request = {
        "target": target.id,
        "inspected_on": "2026-11-10",
        "result": "NO_PROBLEM",
        "findings": findings,
    }
    with pytest.raises(Refused):
        await take(
            office, draw, "inspection-result/v1", {**request, "inspected_on": "2026-11-11"}, "inspector1"
        )
    correction = {**request, "reason": "对象已替换", "requested_by": "audit"}
    done = await take(office, draw, "correction/v1", correction, "reviewer", "publisher1", "publisher2")
    assert done.document
    withdrawal = {"target": target.id, "reason": "对象已替换", "requested_by": "audit", "legal_basis": ["《安全生产法》"]}
    done = await take(office, draw, "withdrawal/v1", withdrawal, "reviewer", "publisher1", "publisher2")
    assert done.document
    report = verify_bundle(await read_bundle(office, draw), None)
    assert not [s.number for s in report.steps if s.verdict is Verdict.FAIL]


async def test_the_same_correction_can_be_made_again_after_another(pool) -> None:
    office = await run(pool, "open result")
    draw, target = await draw_of(office, "open"), (await frozen_of(office, "open")).transcript.targets[0]
    findings = [
        {"item": i, "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None}
        for i in target.items
    ]
    base = {"target": target.id, "inspected_on": "2026-11-10", "result": "NO_PROBLEM", "findings": findings,
            "reason": "申请复核", "requested_by": "subject"}  # fmt: skip
    people = ("reviewer", "publisher1", "publisher2")
    first = await take(office, draw, "correction/v1", base, *people)
    replay = await take(office, draw, "correction/v1", base, *people)
    assert replay.document == first.document
    settled = await take(office, draw, "correction/v1", {**base, "status": "in_force"}, *people)
    again = await take(office, draw, "correction/v1", base, *people)
    assert len({first.document, settled.document, again.document}) == 3


# ---------------------------------------------------------------- publication


async def test_the_folder_holds_only_what_is_under_a_checkpoint(pool, config, monkeypatch) -> None:
    office = await run(pool, "open draw")
    await publish_folder(office, config)
    folder, draw = config.publish_dir, await draw_of(office, "open")
    bundle, page = folder / "draws" / draw / f"{draw}.bundle.json", folder / "draws" / draw / "index.html"
    before = bundle.read_bytes(), page.read_bytes()

    async def crash(office, shard):
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(steps, "publish_checkpoint", crash)
        with pytest.raises(ConnectionError):
            await AT["open person"][1](office)

        # Another process commits between signing and reading: its document has no checkpoint in this snapshot.
        async def nothing(office):
            return None

        patch.setattr(snapshot, "catch_up", nothing)
        assert (await publish_folder(office, config)).waiting
        newest = await pool.fetchval("SELECT sha256 FROM document ORDER BY leaf_index DESC LIMIT 1")
        assert not list((folder / "doc").glob(f"{newest}*"))
        assert (bundle.read_bytes(), page.read_bytes()) == before
    assert not (await publish_folder(office, config)).waiting
    assert len(list((folder / "doc").glob(f"{newest}.*"))) >= 3
    assert bundle.read_bytes() != before[0] and page.read_bytes() != before[1]


async def test_there_is_no_policy_before_there_is_a_bureau(bare_office, config) -> None:
    from service.web.app import create_app

    async with browser(create_app(bare_office, config)) as client:
        assert (await client.get("/policy")).status_code == 404


async def test_every_witness_is_named_and_a_redacted_name_stays_redacted(pool) -> None:
    made = tuple(
        msgspec.structs.replace(g, label="p-notary")
        if isinstance(g, WitnessGiver) and g.label == "notary"
        else g
        for g in givers()
    )
    office, draw = await drafted(pool, givers=made)
    await take(office, draw, "draw-plan/v1", {}, *BOTH)
    for label in ("p-notary", "audit"):
        await take(
            office, draw, "contribution/v1", {"label": label, "digits": "1234567890", "form": "f" * 64}, *BOTH
        )
    office = office_at(pool, AFTER)
    await take(
        office,
        draw,
        "contribution/v1",
        {"label": "dice", "digits": "0123456789" * 6, "form": "d" * 64},
        *BOTH,
    )
    await take(office, draw, "draw-outcome/v1", {}, *BOTH)
    office = office_at(pool, "2027-01-02T00:00:00Z")
    opened = await open_names(office)
    frozen = await frozen_of(office, "open")
    notary = next(c for c in frozen.plan.contributors if getattr(c, "label", "") == "p-notary")
    assert await pool.fetchval("SELECT count(*) FROM disclosure WHERE digest = $1", notary.person) == 1
    await pool.execute("DELETE FROM disclosure WHERE digest = $1", notary.person)
    office = office_at(pool, "2027-01-03T00:00:00Z")
    await AT["open person"][1](office)
    new = await open_names(office)
    assert await pool.fetchval("SELECT count(*) FROM disclosure WHERE digest = $1", notary.person) == 0
    assert await pool.fetchval("SELECT count(*) FROM disclosure") == opened - 1 + new
    assert await open_names(office) == 0


async def test_one_draw_that_cannot_be_opened_does_not_hold_back_the_rest(pool, monkeypatch) -> None:
    """Neither another opening, nor names, nor the checkpoint that a crash left unsigned."""
    await run(pool, "open draw")
    office = await run(pool, "sealed draw")
    draw = await draw_of(office, "sealed")
    await pool.execute("UPDATE draw_secret SET opened = 'lost' WHERE draw = $1", draw)
    await pool.execute("ALTER TABLE log_checkpoint DISABLE TRIGGER only_added")
    await pool.execute("ALTER TABLE log_complete DISABLE TRIGGER only_added")
    await pool.execute("DELETE FROM log_complete")
    await pool.execute("DELETE FROM log_checkpoint")
    office = office_at(pool, "2027-01-02T00:00:00Z")
    with pytest.raises(ExceptionGroup):
        await run_jobs(office)
    assert (await log.read_newest_checkpoint(pool, "2026"))[0] == (await log.read_head(pool, "2026")).size
    assert (
        await pool.fetchval("SELECT count(*) FROM disclosure WHERE draw = $1", await draw_of(office, "open"))
        > 0
    )


async def test_drafting_and_opening_are_in_the_access_log(pool) -> None:
    office, draw = await drafted(pool)
    operator = await person(office, "operator")
    await revise_draft(office, operator, draw, journey.draft("open", "2026-11-10T02:00:00Z", None))
    office = await run(pool, "sealed draw")
    office = office_at(pool, AT["sealed opening"][0])
    sealed = await draw_of(office, "sealed")
    await open_draw(office, operator, sealed, "date")
    noted = {(r["action"], r["subject"]) for r in await pool.fetch("SELECT action, subject FROM access_log")}
    assert {("draft", draw), ("revise draft", draw), ("open", sealed)} <= noted


async def test_a_service_with_another_key_than_the_plan_names_signs_nothing(pool) -> None:
    """A key file exchanged in the middle of a draw: documents that no verifier accepts would be in the log for ever."""
    office = await run(pool, "open audit")
    office = msgspec.structs.replace(office_at(pool, AFTER), signer=bureau.testing_only_signer("another"))
    draw = await draw_of(office, "open")
    with pytest.raises(Conflicting, match="private key"):
        await take(
            office,
            draw,
            "contribution/v1",
            {"label": "dice", "digits": "0123456789" * 6, "form": "d" * 64},
            *BOTH,
        )
    assert (await log.read_head(pool, "2026")).size == 3


async def test_no_import_is_confirmed_while_a_list_is_being_frozen(pool) -> None:
    office, draw = await drafted(pool)
    async with pool.acquire() as other, other.transaction():
        await lock_registries(other)
        importing = asyncio.create_task(
            pool.execute("SELECT 1 FROM registry_version WHERE kind = 'targets' FOR UPDATE")
        )
        assert (await asyncio.wait([importing], timeout=0.3))[1]
        await asyncio.wait_for(
            take(office, draw, "draw-plan/v1", {}, *BOTH), 10
        )  # two freezes do not wait for each other
    await asyncio.wait_for(importing, 10)


async def test_two_freezes_at_once_follow_each_other(pool) -> None:
    office = office_at(pool, BEFORE)
    operator, confirmer, waiting = await person(office, "operator"), await person(office, "confirmer"), []
    for task in ("a", "b", "c", "d"):
        draw = await create_draft(office, operator, journey.draft(task, "2026-11-10T02:00:00Z", None))
        waiting.append(await steps.propose(office, operator, draw, "draw-plan/v1", {}))
    await asyncio.gather(*(steps.agree(office, confirmer, UUID(view.id)) for view in waiting))
    plans = [stored.document for view in waiting for stored in await documents_of(pool, view.draw)]
    by_previous = {plan.previous: plan_digest(plan) for plan in plans}
    chain, s = [], None
    while s in by_previous:
        s = by_previous[s]
        chain.append(s)
    assert len(chain) == 4


async def test_the_log_shows_nothing_before_its_checkpoint(pool, config, monkeypatch) -> None:
    from service.web.app import create_app

    office = await run(pool, "open audit")
    async with browser(create_app(office, config)) as client:
        with monkeypatch.context() as patch:

            async def crash(office, shard):
                raise ConnectionError

            patch.setattr(steps, "publish_checkpoint", crash)
            with pytest.raises(ConnectionError):
                await AT["open dice"][1](office_at(pool, AFTER))
        newest = await pool.fetchval("SELECT sha256 FROM document ORDER BY leaf_index DESC LIMIT 1")
        hidden = ["/log/2026/tile/0/000.p/4", "/log/2026/tile/entries/000.p/4"]
        hidden += [f"/doc/{newest}.{form}" for form in ("json", "dsse.json", "tlog-proof")]
        assert (await client.get("/log/2026/tile/entries/000.p/3")).status_code == 200
        assert [(await client.get(path)).status_code for path in hidden] == [404] * 5
        await publishing.catch_up(office)
        assert [(await client.get(path)).status_code for path in hidden] == [200] * 5


async def test_a_speciality_nobody_has_is_named(pool) -> None:
    classes = journey.draft("open", "2026-11-10T02:00:00Z", None).classes
    seats = (
        msgspec.structs.replace(classes[0].inspectors[0], specialities=("无人机",)),
        classes[0].inspectors[1],
    )
    office, draw = await drafted(pool, classes=(msgspec.structs.replace(classes[0], inspectors=seats),))
    with pytest.raises(Invalid, match="无人机"):
        await preview(office, await person(office, "operator"), draw)
