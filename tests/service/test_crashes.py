"""kill -9 of the service and of PostgreSQL, before and after every COMMIT of every transition: exactly one outcome, nothing lost.

Each case drives the whole journey of `journey.py`. Every transition is first attempted by a process that dies, or whose
database dies, at the chosen point; then the same requests are made again, as people would after an outage.
"""

import asyncio
import os
import traceback
from pathlib import Path

import asyncpg
import pytest
from bureau import public_text
from journey import TRANSITIONS, attempt, office_at, prepare

from disclosure.document import DrawOutcome, DrawVoid, SealedOutcome
from disclosure.policy import parse_policy
from disclosure.tree import leaf_hash, root
from disclosure.verification import Verdict, verify_bundle
from service.bundles import read_bundle
from service.database import open_pool
from service.documents import documents_of
from service.embedded.server import EmbeddedPostgres
from service.log import read_head, read_newest_checkpoint
from service.publishing import catch_up, policy_bytes


def in_a_process_of_its_own(dsn: str, number: int, point: str, commit: int, postmaster: int) -> bool:
    """Attempt a transition in a forked process; return whether it came to its end."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.run(asyncio.wait_for(attempt(dsn, number, point, commit, postmaster), 60))
            status = 0
        except OSError:
            pass  # PostgreSQL is gone: what this case is about
        except Exception as error:
            if "asyncpg" not in type(error).__module__:
                traceback.print_exc()
        os._exit(status)
    _, status = os.waitpid(child, 0)
    return status == 0


def alive(dsn: str) -> bool:
    async def ask() -> None:
        connection = await asyncpg.connect(dsn, timeout=5)
        await connection.fetchval("SELECT 1")
        await connection.close()

    try:
        asyncio.run(ask())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


async def check(dsn: str, done: int) -> None:
    """What must hold after every transition: one outcome per draw, a log without gaps, its head signed and true."""
    pool = await open_pool(dsn)
    office = office_at(pool, TRANSITIONS[done][1])
    await catch_up(office)
    async with pool.acquire() as c:
        leaves = [r["leaf"] for r in await c.fetch("SELECT leaf FROM log_entry ORDER BY index")]
        head = await read_head(c, "2026")
        assert head.size == len(leaves) == await c.fetchval("SELECT count(*) FROM document")
        assert head.tree.root() == root(leaf_hash(leaf) for leaf in leaves)
        newest = await read_newest_checkpoint(c, "2026")
        assert newest is not None and newest[0] == head.size
        for row in await c.fetch("SELECT id, state FROM draw"):
            kinds = [type(d.document) for d in await documents_of(c, row["id"])]
            outcomes = sum(kind in (DrawOutcome, SealedOutcome) for kind in kinds)
            voids = kinds.count(DrawVoid)
            assert outcomes == (row["state"] in ("drawn", "sealed", "opened"))
            assert voids == (row["state"] == "voided")
        assert await c.fetchval("SELECT count(*) FROM (SELECT draw, kind, subject FROM document GROUP BY 1, 2, 3) x") == len(
            leaves
        )
    await pool.close()


async def finish(dsn: str, number: int) -> None:
    pool = await open_pool(dsn)
    _, time, call = TRANSITIONS[number]
    office = office_at(pool, time)
    await catch_up(office)
    await call(office)
    await call(office)  # a replayed request changes nothing
    await pool.close()


async def verified(dsn: str) -> None:
    pool = await open_pool(dsn)
    office = office_at(pool, "2026-12-01T00:00:00Z")
    policy = parse_policy(await policy_bytes(office))
    assert policy.authorities[0].key == public_text("section-lead")
    async with pool.acquire() as c:
        draws = [r["id"] for r in await c.fetch("SELECT id FROM draw WHERE state IN ('drawn', 'opened') ORDER BY id")]
    assert len(draws) == 2
    for draw in draws:
        report = verify_bundle(await read_bundle(office, draw), policy)
        assert [s.number for s in report.steps if s.verdict is Verdict.FAIL] == []
        assert [s.number for s in report.steps if s.verdict is Verdict.NOT_CHECKED] == [6, 8, 22]
    await pool.close()


@pytest.mark.parametrize("point", ["service-before", "service-after", "postgres-before", "postgres-after"])
def test_every_transition_survives_a_kill(tmp_path: Path, point: str) -> None:
    data = tmp_path / "pg"
    server = EmbeddedPostgres(data, durable=True)
    dsn = server.start()
    try:
        asyncio.run(prepare(dsn))
        kills = 0
        for number in range(len(TRANSITIONS)):
            commit, ended = 1, False
            while not ended:
                ended = in_a_process_of_its_own(dsn, number, point, commit, server.pid or 0)
                kills += not ended
                if not alive(dsn):
                    kills += ended
                    server.stop()
                    server = EmbeddedPostgres(data, durable=True)
                    dsn, ended = server.start(), False
                asyncio.run(check(dsn, number))
                # What was committed is found again, so the next attempt gets one COMMIT further.
                commit += 1
            asyncio.run(finish(dsn, number))
            asyncio.run(check(dsn, number))
        asyncio.run(verified(dsn))
        assert kills >= 2 * len(TRANSITIONS)  # every transition has at least a proposal and an agreement to die at
    finally:
        server.stop()
