"""Two clerks at once, double clicks, replayed requests: exactly one outcome, and everyone gets the same answer."""

import asyncio
from uuid import UUID

import msgspec
import pytest
from journey import TRANSITIONS, begin, draft, draw_of, frozen_of, office_at, person, take

from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle
from service import steps
from service.bundles import read_bundle
from service.database import migrate, open_pool
from service.drafting import create_draft
from service.drafts import NonceGiver, PublicGiver
from service.embedded.server import EmbeddedPostgres
from service.errors import Conflicting, Denied, Invalid
from service.office import Office
from service.publishing import policy_bytes

AT = {name: (time, call) for name, time, call in TRANSITIONS}
UNTIL_DICE = ["open draft", "open freeze", "open notary", "open audit", "open dice"]


@pytest.fixture
async def pool():
    with EmbeddedPostgres.temporary() as server:
        pool = await open_pool(server.dsn)
        await migrate(pool)
        await begin(pool)
        yield pool
        await pool.close()


async def run(pool, *names: str) -> Office:
    for name in names:
        time, call = AT[name]
        office = office_at(pool, time)
        await call(office)
    return office_at(pool, AT[names[-1]][0])


async def count(pool, kind: str) -> int:
    async with pool.acquire() as c:
        return await c.fetchval("SELECT count(*) FROM document WHERE kind = $1", kind)


async def test_two_clerks_and_a_double_click_draw_once(pool) -> None:
    office = office_at(pool, AT["open draw"][0])
    await run(pool, *UNTIL_DICE)
    draw = await draw_of(office, "open")
    clerks = [await person(office, login) for login in ("operator", "operator2", "operator", "operator2")]
    views = await asyncio.gather(*(steps.propose(office, who, draw, "draw-outcome/v1", {}) for who in clerks))
    assert len({view.id for view in views}) == 1
    confirmer = await person(office, "confirmer")
    agreed = await asyncio.gather(*(steps.agree(office, confirmer, UUID(views[0].id)) for _ in range(5)))
    assert len({view.document for view in agreed}) == 1
    again = await steps.propose(office, clerks[1], draw, "draw-outcome/v1", {})
    assert again.document == agreed[0].document
    assert await count(pool, "draw-outcome/v1") == 1


async def test_nobody_agrees_to_their_own_step_or_in_a_role_that_checks_theirs(pool) -> None:
    office = await run(pool, "open draft", "open freeze")
    draw = await draw_of(office, "open")
    async with pool.acquire() as c:
        await c.execute("UPDATE staff SET roles = '{operator,confirmer,approver}'")
    operator = await person(office, "operator")
    request = {"label": "notary", "digits": "1234567890", "form": "f" * 64}
    view = await steps.propose(office, operator, draw, "contribution/v1", request)
    assert (await steps.agree(office, operator, UUID(view.id))).document is None
    with pytest.raises(Denied):  # the operator of this draw cannot void it either
        await steps.propose(office, operator, draw, "draw-void/v1", {"reason": "list-error", "statement": "错"})
    confirmer = await person(office, "confirmer")
    void = await steps.propose(office, confirmer, draw, "draw-void/v1", {"reason": "list-error", "statement": "错"})
    assert (await steps.agree(office, confirmer, UUID(void.id))).document is None
    with pytest.raises(Denied):  # and nobody of this draw approves what checks them
        await steps.agree(office, operator, UUID(void.id))


async def test_every_other_order_is_refused(pool) -> None:
    office = await run(pool, "open draft")
    draw = await draw_of(office, "open")
    both = ("operator", "confirmer")
    dice = {"label": "dice", "digits": "0123456789" * 6, "form": "d" * 64}
    with pytest.raises(Conflicting):
        await take(office, draw, "contribution/v1", dice, *both)  # before the freeze
    with pytest.raises(Conflicting):
        await take(office, draw, "draw-outcome/v1", {}, *both)
    await run(pool, "open freeze", "open notary")
    with pytest.raises(Conflicting):
        await take(office, draw, "contribution/v1", dice, *both)  # before T
    late = office_at(pool, "2026-11-10T02:00:05Z")
    with pytest.raises(Conflicting):
        await take(late, draw, "contribution/v1", dice, *both)  # a witness has neither given digits nor been noted absent
    with pytest.raises(Conflicting):
        await take(late, draw, "contribution/v1", {"label": "audit", "digits": "1234567890", "form": "f" * 64}, *both)
    with pytest.raises(Conflicting):
        await take(late, draw, "draw-void/v1", {"reason": "plan-error", "statement": "错"}, "confirmer", "approver")
    with pytest.raises(Conflicting):
        await take(late, draw, "draw-outcome/v1", {}, *both)
    with pytest.raises(Conflicting):
        await take(late, draw, "replacement/v1",
                   {"kind": "target", "target": "x", "reason": "not-existing", "evidence": "e" * 64},
                   "reviewer", "confirmer")  # fmt: skip


async def test_fewer_than_two_witnesses_void_the_draw_after_t_by_rule_and_only_then(pool) -> None:
    await run(pool, "open draft", "open freeze", "open notary")
    late = office_at(pool, "2026-11-10T02:00:05Z")
    draw = await draw_of(late, "open")
    await take(late, draw, "contribution/v1", {"label": "audit", "digits": None}, "operator", "confirmer")
    with pytest.raises(Conflicting):
        await take(late, draw, "draw-void/v1", {"reason": "list-error", "statement": "错"}, "confirmer", "approver")
    view = await take(
        late, draw, "draw-void/v1", {"reason": "witness-shortage", "statement": "到场不足"}, "confirmer", "approver"
    )
    assert view.document is not None
    with pytest.raises(Conflicting):
        await take(late, draw, "draw-outcome/v1", {}, "operator", "confirmer")


async def test_a_freeze_is_refused_when_the_registry_moved_and_can_be_withdrawn(pool) -> None:
    office = await run(pool, "open draft")
    draw = await draw_of(office, "open")
    operator, confirmer = await person(office, "operator"), await person(office, "confirmer")
    view = await steps.propose(office, operator, draw, "draw-plan/v1", {})
    async with pool.acquire() as c:
        await c.execute("UPDATE target SET status = 'closed' WHERE id = (SELECT min(id) FROM target)")
    with pytest.raises(Conflicting):
        await steps.agree(office, confirmer, UUID(view.id))
    with pytest.raises(Denied):
        await steps.withdraw(office, confirmer, UUID(view.id))
    await steps.withdraw(office, operator, UUID(view.id))
    again = await take(office, draw, "draw-plan/v1", {}, "operator", "confirmer")
    assert again.document is not None and again.id != view.id
    assert (await frozen_of(office, "open")).plan.blobs.excluded.count == 1


async def test_a_plan_that_breaks_a_rule_is_refused_with_every_fault_named(pool) -> None:
    office = await run(pool, "open draft")
    async with pool.acquire() as c:
        await c.execute("DELETE FROM inspector WHERE lead AND number <> 'I0'")
        await c.execute("UPDATE target SET area = '北山区' WHERE id IN (SELECT id FROM target WHERE area = '西山区' LIMIT 90)")
    with pytest.raises(Invalid) as refused:
        await take(office, await draw_of(office, "open"), "draw-plan/v1", {}, "operator", "confirmer")
    faults = "\n".join(refused.value.faults)
    assert "s2 has 10 targets" in faults
    assert "general/inspectors/1" in faults


async def test_rows_that_prove_something_cannot_be_changed_or_deleted(pool) -> None:
    await run(pool, *UNTIL_DICE, "open draw")
    async with pool.acquire() as c:
        for table in ("document", "log_entry", "log_hash", "log_checkpoint", "access_log", "draw_result"):
            with pytest.raises(Exception, match="only ever added"):
                await c.execute(f"DELETE FROM {table}")
        with pytest.raises(Exception, match="only ever added"):
            await c.execute("UPDATE document SET data = ''")
        with pytest.raises(Exception, match="only ever added"):
            await c.execute("DELETE FROM draw")


async def test_a_public_number_ends_a_draw_and_is_left_to_people_to_compare(pool) -> None:
    office = office_at(pool, "2026-11-10T01:00:00Z")
    lottery = PublicGiver(
        label="lottery", source="中国体育彩票排列五", issue="26312", digits=5, order="开奖顺序", example="01234"
    )
    made = msgspec.structs.replace(
        draft("public", "2026-11-10T02:00:00Z", None), givers=(NonceGiver(custodian="公证处"), lottery)
    )
    draw = await create_draft(office, await person(office, "operator"), made)
    await take(office, draw, "draw-plan/v1", {}, "operator", "confirmer")
    late = office_at(pool, "2026-11-10T02:00:05Z")
    for wrong in ("1234", "123456", "1234５", "12 45"):
        with pytest.raises(Invalid):
            await take(late, draw, "contribution/v1", {"label": "lottery", "digits": wrong}, "operator", "confirmer")
    await take(late, draw, "contribution/v1", {"label": "lottery", "digits": "90210"}, "operator", "confirmer")
    with pytest.raises(Conflicting):  # corrected by nobody in silence
        await take(late, draw, "contribution/v1", {"label": "lottery", "digits": "90211"}, "operator", "confirmer")
    await take(late, draw, "draw-outcome/v1", {}, "operator", "confirmer")
    policy = parse_policy(await policy_bytes(late))
    report = verify_bundle(await read_bundle(late, draw), policy)
    assert [s.number for s in report.steps if s.verdict is not Verdict.PASS] == [6, 8, 11, 22]
    assert "90210" in report.steps[10].sentence.zh
