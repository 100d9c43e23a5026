"""A large pool is sieved in PostgreSQL, and nobody can tell from the transcript: both paths give the same bytes."""

import random
from dataclasses import replace

import msgspec
import pytest
import scene as scenes
from bureau import freeze

from selection.draw import draw
from selection.errors import SelectionError
from selection.keys import digest_of, draw_key, stage_key
from selection.order import bound, draw_targets, drawn_depth, in_order
from selection.plan import Fixed, plan_digest
from selection.pool import Target, format_pool, parse_pool
from selection.quota import Population, state_quota
from selection.transcript import format_transcript
from service import big_pools
from service.big_pools import ListedTargets, sieve_targets
from service.documents import add_blob
from service.frozen import lock_draw, read_frozen


@pytest.fixture
async def connection(office):
    async with office.pool.acquire() as connection:
        yield connection


def stage_of(frozen) -> str:
    return stage_key(draw_key(plan_digest(frozen.plan), frozen.lines), "targets")


async def sieved(connection, frozen) -> list[Target]:
    await add_blob(connection, format_pool(frozen.pools.targets), public=True)
    return await sieve_targets(connection, frozen.plan, frozen.pools.mandatory, stage_of(frozen))


@pytest.mark.parametrize("seed", range(40))
async def test_the_transcript_is_that_of_the_whole_list(connection, seed):
    """Several sections, strata, mandatory targets, quotas of nothing and of everybody; `targets` from few to many."""
    wishes = {"all": True} if seed % 7 == 3 else {}
    frozen = freeze(seed, targets=random.Random(seed).choice([25, 90, 400, 1500]), people=60, places=900, apart=0, **wishes)  # fmt: skip
    few = await sieved(connection, frozen)
    whole = format_transcript(draw(frozen.plan, frozen.pools, frozen.lines))
    pools = msgspec.structs.replace(frozen.pools, targets=few)
    assert format_transcript(draw(frozen.plan, pools, frozen.lines)) == whole
    free = {s.id: s.population - s.mandatory for s in frozen.plan.strata}
    assert len(few) == len(frozen.pools.mandatory) + sum(
        min(free[s.id], drawn_depth(s) + 1) for s in frozen.plan.strata
    )


def large(count: int, by_lot: dict[str, int], mandatory: int, seed: int):
    """A plan of `freeze` over another, larger list: ids of both cases and all marks, one quota per stratum."""
    r = random.Random(seed)
    frozen = freeze(seed, sections=1, people=20)
    strata, areas = list(by_lot), [area.id for area in frozen.plan.areas]
    class_id = frozen.plan.classes[0].id
    targets = [
        Target(f"{r.choice('09AZaz')}{r.choice('._-')}{n:x}", r.choice(strata), class_id, r.choice(areas))
        for n in range(count)
    ]
    obliged = frozenset(t.id for t in r.sample(targets, mandatory))
    stated = []
    for id in strata:
        members = [t for t in targets if t.stratum == id]
        m = sum(t.id in obliged for t in members)
        quota = state_quota("lead", Fixed(by_lot[id]), Population(len(members), m), False)
        stated.append(msgspec.structs.replace(frozen.plan.strata[0], id=id, mandatory=m, population=len(members), quotas=(quota,)))  # fmt: skip
    blob = format_pool(targets)
    reference = msgspec.structs.replace(
        frozen.plan.blobs.pool, count=count, sha256=digest_of(blob), size=len(blob)
    )
    plan = msgspec.structs.replace(
        frozen.plan, strata=tuple(stated), blobs=msgspec.structs.replace(frozen.plan.blobs, pool=reference)
    )
    pools = msgspec.structs.replace(frozen.pools, targets=parse_pool(blob), mandatory=obliged)
    return replace(frozen, plan=plan, pools=pools)


async def test_the_target_stage_of_60_000_candidates_is_the_same(connection):
    """Where the bounds are at work: three strata, one drawn whole, 300 mandatory."""
    frozen = large(60_000, {"a": 900, "b": 3, "c": 0}, 300, 5)
    few = await sieved(connection, frozen)
    assert len(few) == 300 + 901 + 4 + 1
    stage = stage_of(frozen)
    pools = msgspec.structs.replace(frozen.pools, targets=few)
    assert draw_targets(frozen.plan, pools, stage) == draw_targets(frozen.plan, frozen.pools, stage)


async def test_a_stratum_whose_bound_holds_too_few_is_asked_again(connection, monkeypatch):
    """Bounds a thousand times too low: the second statement, without them, gives the same."""
    frozen = large(20_000, {"a": 200, "b": 100}, 10, 6)
    right = await sieved(connection, frozen)

    def low(size, count):
        return None if (below := bound(size, count)) is None else (int.from_bytes(below, "big") // 1000).to_bytes(32, "big")  # fmt: skip

    monkeypatch.setattr(big_pools, "bound", low)
    again = await sieved(connection, frozen)
    assert sorted(t.id for t in again) == sorted(t.id for t in right)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE blob SET data = data || '\\x0a' WHERE sha256 = $1",
        "UPDATE blob SET data = '' WHERE sha256 = $1",
        "DELETE FROM blob WHERE sha256 = $1",
    ],
)
async def test_a_list_that_is_not_the_plans_draws_nothing(connection, change):
    frozen = freeze(3, targets=90)
    await sieved(connection, frozen)
    await connection.execute(change, frozen.plan.blobs.pool.sha256)
    with pytest.raises(SelectionError, match="does not hold the list"):
        await sieve_targets(connection, frozen.plan, frozen.pools.mandatory, stage_of(frozen))


def test_a_long_list_is_parsed_once_and_only_where_it_may_be():
    targets = [Target(f"9{n}", "s", "c", "a") for n in range(10)]
    listed = ListedTargets(format_pool(targets))
    assert list(listed) == targets and len(listed) == 10 and listed[3] is listed[3] and listed[2:4] == targets[2:4]
    with pytest.raises(AssertionError, match="not read before its draw"):
        len(ListedTargets(None))


async def test_a_whole_life_with_a_large_pool(office, clock, monkeypatch):
    """Drawn in PostgreSQL, verified from the published list, replaced by the reserves of the whole list."""
    monkeypatch.setattr(big_pools, "BIG", 1)
    scene = await scenes.begin(office, clock, 10)
    await scenes.freeze(scene)
    await scenes.contribute(scene, clock, 10)
    async with office.pool.acquire() as c, c.transaction():
        before = await read_frozen(c, await lock_draw(c, scene.draw))
        assert isinstance(before.pools.targets, ListedTargets)
        with pytest.raises(AssertionError):
            len(before.pools.targets)
    await scenes.draw(scene, clock)
    async with office.pool.acquire() as c, c.transaction():
        frozen = await read_frozen(c, await lock_draw(c, scene.draw))
    assert frozen.result == format_transcript(draw(frozen.plan, frozen.pools, frozen.lines()))
    await scenes.replace(scene, clock)
    stratum = next(s for s in frozen.transcript.strata if scene.replaced in s.order)
    candidates = [t.id for t in frozen.pools.targets if t.stratum == stratum.id and t.id not in frozen.pools.mandatory]
    order = [id for _, id in in_order(frozen.transcript.stage_key, candidates)]
    assert scene.successor == order[len(stratum.order)] == stratum.next
