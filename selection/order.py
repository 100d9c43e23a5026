"""The order of a stage, and which targets are drawn (docs/spec/draw.md 2, 3).

Order: ticket, then id, ascending as bytes. It depends on the stage key and the ids alone, never on the order of
the input, and removing an id leaves the order of the others as it is.
"""

from collections.abc import Iterable, Sequence
from math import isqrt

from msgspec import Struct

from selection.errors import SelectionError
from selection.keys import ticket, tickets
from selection.plan import Plan, Stratum
from selection.pool import Pools, Target

__all__ = ["DrawnTarget", "StratumOrder", "bound", "draw_targets", "drawn_depth", "first", "in_order", "merge_shards"]


def in_order(stage: str, ids: Iterable[str]) -> list[tuple[bytes, str]]:
    """Return all (ticket, id) of a stage in its order."""
    return sorted(tickets(stage, ids))


def bound(size: int, count: int) -> bytes | None:
    """Return 32 bytes under which all but surely `count` of `size` tickets lie, or None where so many are wanted that
    looking only below a bound saves nothing.

    It holds too few once in a million draws at worst (`count` 3), once in 10^10 from 100 on, in 10^12 from 256 on: who uses it must count.
    """
    enough = count + 8 * isqrt(count) + 8
    return ((enough << 256) // size).to_bytes(32, "big") if enough < size // 2 else None


def first(stage: str, ids: Sequence[str], count: int) -> list[tuple[bytes, str]]:
    """Return the first `count` (ticket, id) of the order, or all if there are fewer.

    Equal to `in_order(stage, ids)[:count]`. Tickets are uniform, so for a small share of a large pool only those
    below a bound that all but surely holds `count` of them are sorted; if it does not, all are.
    """
    below = bound(len(ids), count)
    if below is not None:
        found = tickets(stage, ids, below)
        if len(found) >= count:
            return sorted(found)[:count]
    return in_order(stage, ids)[:count]


def merge_shards(parts: Iterable[Iterable[tuple[bytes, str]]], count: int) -> list[tuple[bytes, str]]:
    """Return the first `count` (ticket, id) of a list that is kept in several parts, from the first `count` of each part.

    Whoever is among the first `count` of all is among the first `count` of their own part, so nothing else need travel
    (docs/spec/where-the-data-is.md). A part that holds fewer sends all it has; more than `count` do no harm.
    Raises SelectionError for an id that two parts send: the parts of a list do not overlap.
    """
    merged = sorted(pair for part in parts for pair in part)
    seen: set[str] = set()
    for _, id in merged:
        if id in seen:
            raise SelectionError(f"{id} stands in two parts of the list, or twice in one: no id is drawn twice")
        seen.add(id)
    return merged[:count]


class DrawnTarget(Struct, frozen=True):
    """A target that will be visited; `rank` is None for a mandatory one, `sections` are in plan order."""

    target: Target
    ticket: str
    rank: int | None
    sections: tuple[str, ...]


class StratumOrder(Struct, frozen=True):
    """The drawn candidates of one stratum in order, the ticket of the last of each section, and the first reserve."""

    stratum: str
    order: tuple[str, ...]
    cuts: tuple[tuple[str, str | None], ...]
    next: str | None


def draw_targets(plan: Plan, pools: Pools, stage: str) -> tuple[list[StratumOrder], list[DrawnTarget]]:
    """Return, for the stage key of `targets`, each stratum's outcome and all drawn targets in drawn order."""
    members: dict[str, list[Target]] = {stratum.id: [] for stratum in plan.strata}
    for target in pools.targets:
        members[target.stratum].append(target)
    outcomes, drawn = [], []
    for stratum in plan.strata:
        outcome, of_stratum = _draw_stratum(stratum, members[stratum.id], pools.mandatory, stage)
        outcomes.append(outcome)
        drawn.extend(of_stratum)
    return outcomes, sorted(drawn, key=lambda d: (d.ticket, d.target.id))


def drawn_depth(stratum: Stratum) -> int:
    """Return D, how many of the stratum's candidates some section draws by lot."""
    return max(quota.by_lot for quota in stratum.quotas)


def _draw_stratum(
    stratum: Stratum, members: list[Target], mandatory: frozenset[str], stage: str
) -> tuple[StratumOrder, list[DrawnTarget]]:
    candidates = {target.id: target for target in members if target.id not in mandatory}
    depth = drawn_depth(stratum)
    ordered = first(stage, list(candidates), depth + 1)
    drawn = [
        DrawnTarget(
            candidates[id],
            drawn_ticket.hex(),
            rank,
            tuple(q.section for q in stratum.quotas if rank <= q.by_lot),
        )
        for rank, (drawn_ticket, id) in enumerate(ordered[:depth], 1)
    ]
    cuts = tuple((q.section, drawn[q.by_lot - 1].ticket if q.by_lot else None) for q in stratum.quotas)
    reserve = ordered[depth][1] if len(ordered) > depth else None
    outcome = StratumOrder(stratum.id, tuple(d.target.id for d in drawn), cuts, reserve)
    everyone = tuple(quota.section for quota in stratum.quotas)
    obliged = [
        DrawnTarget(target, ticket(stage, target.id), None, everyone)
        for target in members
        if target.id in mandatory
    ]
    return outcome, drawn + obliged
