"""A whole draw of a province: 1,360,000 firms in 126 counties, 51,900 to draw, 12,000 inspectors, two seats, six items.

Once from the whole list in memory, once with the target stage in PostgreSQL as the service does it for large lists; both have to
give the same transcript. Each runs in a process of its own and reads plan and lists as bytes, as a verifier or the service would.
"""

import asyncio
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.county import county, dice
from benchmarks.tickets import peak_memory
from disclosure.blob import refer
from selection.draw import draw
from selection.keys import digest_of, draw_key, stage_key
from selection.plan import (
    Class,
    Fixed,
    Item,
    Named,
    Plan,
    Seat,
    SectionItems,
    Stratum,
    format_plan,
    parse_plan,
    plan_digest,
)
from selection.pool import (
    OpenedConflicts,
    Person,
    Pools,
    Target,
    format_conflicts,
    format_opened,
    format_people,
    format_pool,
    parse_opened,
    parse_people,
    parse_pool,
)  # fmt: skip
from selection.quota import Population, state_quota
from selection.transcript import format_transcript

__all__ = ["province", "run"]

FIRMS, DRAWN, STAFF, COUNTIES = 1_360_000, 51_900, 12_000, 126
ROOT = Path(__file__).resolve().parents[1]


def _number(*parts: object) -> int:
    """Return a number of 64 bits from a fixed stream."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big")


def _shares(total: int, weights: list[int]) -> list[int]:
    """Return whole numbers that sum to `total`, nearly in proportion to `weights`."""
    edges, passed = [0], 0
    for weight in weights:
        passed += weight
        edges.append(total * passed // sum(weights))
    return [b - a for a, b in zip(edges, edges[1:], strict=False)]


def province() -> tuple[Plan, dict[str, bytes]]:
    """Return the plan and its lists as bytes: counties of 1 to 4 in size; every eighth firm hazardous, for which the first
    seat asks a code that a third of the staff have; one inspector in ten serves a second county; 2 % of firms in conflict."""
    areas = [f"42{n:04d}" for n in range(COUNTIES)]
    weights = [100 + _number("county", n) % 300 for n in range(COUNTIES)]
    sizes, quotas, staff = (_shares(total, weights) for total in (FIRMS, DRAWN, STAFF))
    targets = [
        Target(f"91{area}{number:09d}X", area, "hazardous" if number % 8 == 0 else "general", area)
        for area, size in zip(areas, sizes, strict=True)
        for number in range(size)
    ]
    people: list[Person] = []
    for place, (area, size) in enumerate(zip(areas, staff, strict=True)):
        for number in range(size):
            second = (areas[(place + 1) % COUNTIES],) if number % 10 == 0 else ()
            people.append(
                Person("p-" + hashlib.sha256(f"{area} {number}".encode()).hexdigest()[:32], "lead", "inspector",
                       ("chemistry",) if number % 3 == 0 else (), tuple(sorted((area, *second))), 10, "A" * 43)
            )  # fmt: skip
    opened = [
        OpenedConflicts(t.id, digest_of(t.id.encode()), (people[_number("away", t.id) % STAFF].id,))
        for t in targets
        if _number("conflict", t.id) % 50 == 0
    ]
    lists = {"pool": format_pool(targets), "people": format_people(people), "conflicts": format_conflicts(opened)}
    plan, _ = county()
    seats = tuple(Seat(codes=(), name="inspector", section="lead") for _ in "ab")
    chemist = msgspec.structs.replace(seats[0], codes=("chemistry",))
    items = (SectionItems(optional=6, section="lead"),)
    plan = msgspec.structs.replace(
        plan, area_rule="same", areas=tuple(Named(id=a, name=a) for a in areas), codes=(Named(id="chemistry", name="chemistry"),),
        blobs=msgspec.structs.replace(plan.blobs, **{name: refer(blob) for name, blob in lists.items()}),
        classes=(Class(expert_seats=(), id="general", inspector_seats=seats, items=items, name="general"),
                 Class(expert_seats=(), id="hazardous", inspector_seats=(chemist, seats[1]), items=items, name="hazardous")),
        items=tuple(Item(classes=("general", "hazardous"), id=f"item-{n:02d}", legal_basis="law", mandatory=n < 2, name="item",
                         section="lead") for n in range(20)),
        strata=tuple(Stratum(id=a, mandatory=0, name=a, population=size, rule="by county",
                             quotas=(state_quota("lead", Fixed(count=k), Population(size, 0), True),))
                     for a, size, k in zip(areas, sizes, quotas, strict=True)),
    )  # fmt: skip
    return plan, lists | {"opened": format_opened(opened)}


async def _keep(dsn: str, pool: bytes) -> None:
    """Put the list where the service has it."""
    import asyncpg

    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE blob (sha256 text PRIMARY KEY, data bytea NOT NULL, public boolean NOT NULL)")
    await connection.execute("INSERT INTO blob VALUES ($1, $2, true)", digest_of(pool), pool, timeout=600)
    await connection.close()


async def _sieve(dsn: str, plan: Plan, stage: str) -> list[Target]:
    import asyncpg

    from service.big_pools import sieve_targets

    connection = await asyncpg.connect(dsn)
    targets = await sieve_targets(connection, plan, frozenset(), stage)
    print(json.dumps({"what": "PostgreSQL's process for it", "peak": peak_memory(await connection.fetchval("SELECT pg_backend_pid()"))}))
    await connection.close()
    return targets


def main(way: str, dsn: str, folder: str) -> int:
    """Do one part; print lines of JSON: what took how long, and at last the peak and the digest of the transcript."""
    place, begun = Path(folder), time.perf_counter()

    def tell(what: str) -> None:
        nonlocal begun
        print(json.dumps({"what": what, "seconds": time.perf_counter() - begun}), flush=True)
        begun = time.perf_counter()

    if way == "build":
        plan, lists = province()
        (place / "plan").write_bytes(format_plan(plan))
        for name, blob in lists.items():
            (place / name).write_bytes(blob)
        asyncio.run(_keep(dsn, lists["pool"]))
        return 0
    plan, lines = parse_plan((place / "plan").read_bytes()), [dice(1)]
    people = parse_people((place / "people").read_bytes())
    conflicts = {c.target: frozenset(c.people) for c in parse_opened((place / "opened").read_bytes())}
    tell("plan, people, conflicts read")
    if way == "memory":
        targets = parse_pool((place / "pool").read_bytes())
        tell(f"list of {len(targets):,} lines parsed")
    else:
        stage = stage_key(draw_key(plan_digest(plan), lines), "targets")
        targets = asyncio.run(_sieve(dsn, plan, stage))
        tell(f"{len(targets):,} of {plan.blobs.pool.count:,} lines sieved in PostgreSQL")
    transcript = draw(plan, Pools(targets, frozenset(), people, frozenset(), conflicts), lines)
    tell(f"draw: {len(transcript.targets):,} targets, {sum(len(t.inspectors) for t in transcript.targets):,} seats, teams {transcript.inspectors.outcome}")
    result = format_transcript(transcript)
    tell(f"transcript of {len(result) // 1_000_000} MB written")
    print(json.dumps({"what": "whole process", "peak": peak_memory(), "digest": digest_of(result)}))
    return 0


def run() -> None:
    """A whole draw of 1,360,000 firms, 51,900 drawn, 12,000 inspectors: from the list in memory, and through PostgreSQL."""
    from service.embedded import EmbeddedPostgres

    digests = []
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres.temporary() as server:
        for way in ("build", "memory", "PostgreSQL"):
            command = [sys.executable, "-m", "benchmarks.whole", way, server.dsn, folder]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    told = json.loads(line)
                    digests += [told["digest"]] if "digest" in told else []
                    cost = f"{told['seconds']:9.2f} s" if "seconds" in told else f"{told['peak'] / 1e3:9,.0f} MB at most"
                    print(f"  {way:<11} {told['what']:<76} {cost}", flush=True)
            assert process.returncode == 0
    assert len(set(digests)) == 1, "the two ways gave different transcripts"
    print(f"  both gave the transcript {digests[0]}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
