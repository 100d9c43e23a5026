"""Large lists stay in PostgreSQL: of a million candidates only those that can matter come into this process.

A draw depends on its candidates only through the first D + 1 of each stratum and the mandatory ones: leaving out anybody
else changes no rank, no cut and no reserve (docs/spec/draw.md 3). So PostgreSQL reads the frozen list itself, the very bytes
whose digest the plan states, orders each stratum by the one SQL expression of `selection.sql`, and hands over those few;
`selection.draw.draw` then draws from them as from any list. There is no second copy of the list that could say something else,
and whatever PostgreSQL might get wrong is caught here (too few) or by every verifier, which recompute from the whole list.
"""

from collections import Counter
from collections.abc import Sequence
from typing import overload

from selection.errors import SelectionError
from selection.order import bound, drawn_depth
from selection.plan import Plan
from selection.pool import Target, parse_pool
from selection.sql import ticket_expression
from service.database import Connection

__all__ = ["BIG", "ListedTargets", "is_big", "sieve_targets"]

# Lines of `pool` from which the target stage runs in PostgreSQL; below, parsing them here takes under half a second.
BIG = 200_000
_PATIENCE = 1800.0  # seconds for the one long statement: hashing 100,000,000 ids takes minutes


def is_big(plan: Plan) -> bool:
    """Return whether the plan's list is so long that its target stage runs in PostgreSQL."""
    return plan.blobs.pool.count >= BIG


class ListedTargets(Sequence[Target]):
    """The lines of a long `pool`, parsed when first asked for; without `data` nobody may ask.

    Before the draw nothing needs them here, and most steps after it do not either.
    """

    def __init__(self, data: bytes | None) -> None:
        self._data = data
        self._parsed: list[Target] | None = None

    def _targets(self) -> list[Target]:
        if self._parsed is None:
            assert self._data is not None, "a large pool is not read before its draw; see sieve_targets"
            self._parsed, self._data = parse_pool(self._data), None
        return self._parsed

    def __len__(self) -> int:
        return len(self._targets())

    @overload
    def __getitem__(self, index: int) -> Target: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Target]: ...
    def __getitem__(self, index: int | slice) -> Target | Sequence[Target]:
        return self._targets()[index]


async def sieve_targets(
    connection: Connection, plan: Plan, mandatory: frozenset[str], stage: str
) -> list[Target]:
    """Return the lines of the plan's `pool` on which the draw with the stage key `stage` of `targets` can depend.

    They are the mandatory targets and, of each stratum, the first D + 1 of the others; drawn from these, the transcript is
    byte for byte that of the whole list. One statement, and a second one for strata whose bound held too few.
    Raises SelectionError if the list in the database is not the one that the plan states.
    """
    free = {s.id: s.population - s.mandatory for s in plan.strata}
    wanted = {s.id: min(free[s.id], drawn_depth(s) + 1) for s in plan.strata}
    found = await _read(
        connection, plan, mandatory, stage, wanted, {id: bound(free[id], wanted[id]) for id in wanted}
    )
    if short := _short(found, mandatory, wanted):
        deeper = await _read(connection, plan, mandatory, stage, short, dict.fromkeys(short))
        found = list({target.id: target for target in [*found, *deeper]}.values())
    missing = _short(found, mandatory, wanted)
    if missing or not mandatory <= {target.id for target in found}:
        raise SelectionError(
            f"the database does not hold the list {plan.blobs.pool.sha256} as the plan states it"
            f" (looked for stratum {next(iter(missing), 'of the mandatory')}): restore blob from a backup or the published bundle"
        )
    return found


def _short(found: list[Target], mandatory: frozenset[str], wanted: dict[str, int]) -> dict[str, int]:
    there = Counter(target.stratum for target in found if target.id not in mandatory)
    return {stratum: count for stratum, count in wanted.items() if there[stratum] < count}


async def _read(
    connection: Connection,
    plan: Plan,
    mandatory: frozenset[str],
    stage: str,
    wanted: dict[str, int],
    below: dict[str, bytes | None],
) -> list[Target]:
    drawn_ticket = ticket_expression("postgresql", stage, "id")
    # Only the stage key becomes text, and `ticket_expression` has looked at it.
    sql = rf"""
        WITH list AS MATERIALIZED (
            SELECT split_part(line, E'\t', 1) AS id, split_part(line, E'\t', 2) AS stratum, line
            FROM (SELECT string_to_table(convert_from(data, 'UTF8'), E'\n') AS line FROM blob
                  WHERE sha256 = $1 AND encode(sha256(data), 'hex') = $1) AS lines
            WHERE line <> ''
        ), obliged AS (
            SELECT unnest($2::text[]) AS id
        ), candidate AS (
            SELECT list.id, stratum, line, depth, {drawn_ticket} COLLATE "C" AS ticket, below
            FROM list JOIN unnest($3::text[], $4::bigint[], $5::text[]) AS wanted (stratum, depth, below) USING (stratum)
            WHERE NOT EXISTS (SELECT FROM obliged WHERE obliged.id = list.id)
        ), ranked AS (
            SELECT line, depth, row_number() OVER (PARTITION BY stratum ORDER BY ticket, id COLLATE "C") AS rank
            FROM candidate WHERE below IS NULL OR ticket < below
        )
        SELECT line FROM ranked WHERE rank <= depth
        UNION ALL
        SELECT line FROM list WHERE EXISTS (SELECT FROM obliged WHERE obliged.id = list.id)
    """  # noqa: S608
    bounds = [None if (limit := below[id]) is None else limit.hex() for id in wanted]
    rows = await connection.fetch(
        sql, plan.blobs.pool.sha256, list(mandatory), list(wanted), list(wanted.values()), bounds,
        timeout=_PATIENCE,
    )  # fmt: skip
    return parse_pool("".join(f"{line}\n" for line in sorted(row["line"] for row in rows)).encode())
