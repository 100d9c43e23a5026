"""A new log each year: draws stay where their plan is, both logs link to each other, and every instant is a good one to be killed at."""

import asyncio
import os

import msgspec
import pytest
from journey import arm, begin
from several_keys import (
    AT,
    HONEST,
    NEXT,
    OPEN,
    ORIGIN,
    SEALED,
    check_key_events,
    key_of,
    office_with,
    run,
    signer,
    verdicts,
)

from disclosure.checkpoint import open_checkpoint
from disclosure.document import Shard
from disclosure.note import KIND_ED25519, VerifierKey
from service.config import ConfigError
from service.database import open_pool
from service.documents import read_document
from service.errors import Conflicting, Invalid
from service.log import (
    check_key,
    create_log,
    publish_checkpoint,
    read_checkpoint_at_least,
    read_head,
    read_newest_checkpoint,
)
from service.publishing import catch_up
from service.shards import create_first_log, succeed_log

YEAR_END = "2026-11-10T01:30:00Z"  # between the freeze of one draw and its outcome
FREEZING, DRAWING = OPEN[:3], OPEN[3:6]


@pytest.fixture
async def pool(dsn):
    pool = await open_pool(dsn)
    await begin(pool)
    yield pool
    await pool.close()


async def links(office) -> list[tuple[str, int, Shard]]:
    async with office.pool.acquire() as c:
        rows = await c.fetch("SELECT sha256 FROM document WHERE kind = 'shard/v1' ORDER BY logged_at, shard")
        found = [await read_document(c, row["sha256"]) for row in rows]
    return [(d.shard, d.index, d.document) for d in found]


async def heads(office) -> dict[str, tuple[bool, int, int]]:
    """Per log: whether it is active, its size, and that of its newest true checkpoint."""
    states = {}
    async with office.pool.acquire() as c:
        for row in await c.fetch("SELECT shard, active FROM log_head"):
            head, newest = await read_head(c, row["shard"]), await read_newest_checkpoint(c, row["shard"])
            size = -1
            if newest is not None:
                opened = open_checkpoint(newest[1], VerifierKey(head.origin, KIND_ED25519, head.key))
                assert newest[0] != head.size or opened.checkpoint.root == head.tree.root()
                size = newest[0]
            states[row["shard"]] = (row["active"], head.size, size)
    return states


async def test_a_draw_stays_in_the_log_of_its_plan_and_the_next_one_goes_to_the_new_log(pool, tmp_path) -> None:
    await run(pool, *FREEZING)
    await succeed_log(office_with(pool, YEAR_END, logs=("2027",)), NEXT)
    await run(pool, *DRAWING, logs=("2027",))
    office = await run(pool, *SEALED, logs=("2027",))
    async with pool.acquire() as c:
        where = {row["task"]: row["shards"] for row in await c.fetch(
            "SELECT w.task, array_agg(DISTINCT d.shard) AS shards FROM document d JOIN draw w ON w.id = d.draw GROUP BY 1")}  # fmt: skip
        plans = await c.fetch("SELECT d.sha256, convert_from(d.data, 'UTF8')::jsonb->>'previous' AS previous FROM document d"
                              " JOIN log_head h USING (shard) WHERE kind = 'draw-plan/v1' ORDER BY h.place, leaf_index")  # fmt: skip
        indexes = [row["leaf_index"] for row in await c.fetch("SELECT leaf_index FROM document WHERE shard = '2027' ORDER BY 1")]
    assert where == {"open": ["2026"], "sealed": ["2027"]}
    assert [plan["previous"] for plan in plans] == [None, plans[0]["sha256"]]
    assert indexes == list(range(len(indexes)))
    (old_shard, at, succeeded), (new_shard, first, succeeds) = await links(office)
    assert (old_shard, new_shard, first, succeeds.event, succeeded.event) == ("2026", "2027", 0, "succeeds", "succeeded")
    assert (succeeded.origin, succeeded.other.origin, succeeded.other.key, succeeded.other.size) == (ORIGIN, NEXT, key_of("log-2027"), None)
    assert (succeeds.origin, succeeds.other.origin, succeeds.other.key, succeeds.other.size) == (NEXT, ORIGIN, key_of("log"), at + 1)
    async with pool.acquire() as c:
        size, note = await read_checkpoint_at_least(c, "2026", succeeds.other.size)
    assert size == succeeds.other.size
    assert open_checkpoint(note, VerifierKey(ORIGIN, KIND_ED25519, signer("log").public_key)).checkpoint.root.hex() == succeeds.other.root
    assert [event.cause for event in await check_key_events(office)] == ["founded", "shard"]
    assert await verdicts(office, "open", tmp_path) == HONEST
    assert await verdicts(office, "sealed", tmp_path) == HONEST


async def test_what_was_interrupted_is_done_or_not_and_never_half(pool, dsn) -> None:
    """Killed before or after each COMMIT of the succession; then it is asked for again, as an administrator would."""
    await run(pool, *FREEZING)

    async def succession() -> None:
        own = await open_pool(dsn)
        await succeed_log(office_with(own, YEAR_END, logs=("2027",)), NEXT)
        await own.close()

    for point in ("service-before", "service-after"):
        child = os.fork()
        if child == 0:
            arm(point, 1, 0)
            asyncio.run(succession())
            os._exit(0)
        assert os.waitpid(child, 0)[1] != 0
        office = office_with(pool, YEAR_END, logs=("2027",))
        assert set(await heads(office)) == ({"2026"} if point == "service-before" else {"2026", "2027"})
        await check_key(office)
        await catch_up(office)
    states = await heads(office)
    assert all(size == signed for _, size, signed in states.values())
    assert [shard for shard, (active, _, _) in states.items() if active] == ["2027"]
    with pytest.raises(Conflicting, match="of this name"):
        await succession()
    assert await heads(office) == states
    await check_key_events(office)


async def test_two_administrators_and_a_freeze_at_once(pool) -> None:
    await run(pool, OPEN[0])
    time, freeze = AT["open freeze"]
    office = office_with(pool, time, logs=("2027",))
    results = await asyncio.gather(succeed_log(office, NEXT), freeze(office), succeed_log(office, NEXT), return_exceptions=True)
    assert [type(result) for result in results].count(Conflicting) == 1, results
    async with pool.acquire() as c:
        where = await c.fetchval("SELECT shard FROM document WHERE kind = 'draw-plan/v1'")
    assert where in ("2026", "2027")
    assert all(size == signed for _, size, signed in (await heads(office)).values())
    await check_key_events(office)


async def test_a_log_is_not_followed_without_a_key_of_its_own_nor_under_a_taken_name(pool) -> None:
    with pytest.raises(Conflicting, match="keygen --log 2027"):
        await succeed_log(office_with(pool, YEAR_END), NEXT)
    office = office_with(pool, YEAR_END, logs=("2026", "2027"))
    with pytest.raises(Conflicting, match="of this name"):
        await succeed_log(office, ORIGIN)
    taken = msgspec.structs.replace(office, log_signers={"2027": signer("log")})
    with pytest.raises(Conflicting, match="name or key"):
        await succeed_log(taken, NEXT)
    for origin in ("a b/2027", "", "host/", "host/+"):
        with pytest.raises((Invalid, Conflicting)):
            await succeed_log(msgspec.structs.replace(office, log_signers={origin.rpartition("/")[2]: signer("log-2027")}), origin)
    assert await heads(office) == {"2026": (True, 0, -1)}


async def test_without_the_old_logs_key_the_new_one_goes_on_and_nothing_unsignable_is_committed(pool) -> None:
    await run(pool, *FREEZING)
    await succeed_log(office_with(pool, YEAR_END, logs=("2027",)), NEXT)
    time, contribute = AT["open audit"]
    lost = msgspec.structs.replace(office_with(pool, time), log_signer=signer("log-2027"))
    await check_key(lost)
    before = await heads(lost)
    with pytest.raises(Conflicting, match="log-2026"):
        await contribute(lost)
    assert await heads(lost) == before
    for name in SEALED[:2]:
        time, call = AT[name]
        await call(msgspec.structs.replace(office_with(pool, time), log_signer=signer("log-2027")))
    with pytest.raises(ConfigError, match="two installations"):
        await check_key(office_with(pool, time))  # the active log's key is the one that must be here


async def test_a_log_whose_key_is_lost_is_abandoned_without_a_link(pool) -> None:
    await run(pool, *FREEZING)
    lost = msgspec.structs.replace(office_with(pool, YEAR_END, logs=("2027",)), log_signer=signer("log-2027"))
    with pytest.raises(Conflicting, match="put log-2026"):
        await succeed_log(lost, NEXT)
    before = (await heads(lost))["2026"]
    await succeed_log(lost, NEXT, abandon=True)
    await check_key(lost)
    after = await heads(lost)
    assert after["2026"] == (False, *before[1:])
    assert after["2027"] == (True, 1, 1)
    assert await links(lost) == []
    assert [event.cause for event in await check_key_events(lost)] == ["founded"]
    third = msgspec.structs.replace(office_with(pool, YEAR_END, logs=("2028",)), log_signer=signer("log-2028"))
    await succeed_log(third, "disclose.yunzhou.example/2028", abandon=True)
    events = await check_key_events(third)
    assert [event.cause for event in events] == ["founded", "shard"]
    assert "disclose.yunzhou.example/2027" in events[1].reason


async def test_a_log_keeps_its_name_and_key_whatever_the_database_is_told(pool) -> None:
    await succeed_log(office_with(pool, YEAR_END, logs=("2027",)), NEXT)
    for change in ("origin = 'x'", "key = decode(repeat('00', 32), 'hex')", "key = NULL", "active = true"):
        with pytest.raises(Exception, match="keeps its name"):
            await pool.execute(f"UPDATE log_head SET {change} WHERE shard = '2026'")
    with pytest.raises(Exception, match="only ever added"):
        await pool.execute("DELETE FROM log_head")


async def test_a_log_made_before_its_key_was_kept_learns_it_at_the_first_start(dsn) -> None:
    pool = await open_pool(dsn)
    try:
        office = office_with(pool, YEAR_END)
        await create_log(office, ORIGIN)
        await publish_checkpoint(office, "2026")
        await pool.execute("ALTER TABLE log_head DISABLE TRIGGER identity")
        await pool.execute("UPDATE log_head SET key = NULL")
        await pool.execute("ALTER TABLE log_head ENABLE TRIGGER identity")
        with pytest.raises(ConfigError):
            await check_key(msgspec.structs.replace(office, log_signer=signer("another")))
        await check_key(office)
        assert await pool.fetchval("SELECT key FROM log_head") == signer("log").public_key
    finally:
        await pool.close()


async def test_the_first_log_begins_with_the_key_list(dsn) -> None:
    pool = await open_pool(dsn)
    try:
        office = office_with(pool, YEAR_END)
        with pytest.raises(Conflicting, match="not set up"):
            await create_first_log(office, ORIGIN)
        assert await heads(office) == {}
        await pool.execute("INSERT INTO bureau (label, name, section) VALUES ('yunzhou', '局', 'lead')")
        await create_first_log(office, ORIGIN)
        assert await heads(office) == {"2026": (True, 1, 1)}
        (event,) = await check_key_events(office)
        assert event.authorities[0].valid_from == event.issued_at == YEAR_END
    finally:
        await pool.close()
