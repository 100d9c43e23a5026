"""Draw (抽取): computed once from what is frozen and contributed; one outcome per plan, by a database constraint."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from disclosure.blob import refer
from disclosure.document import DrawOutcome, ResultReference, SealedOutcome
from selection.draw import draw as compute
from selection.errors import SelectionError
from selection.keys import digest_of, draw_key, sealed_commitment, stage_key
from selection.plan import ActorRole
from selection.pool import Pools, format_opened
from selection.transcript import format_transcript
from service.big_pools import is_big, sieve_targets
from service.database import Connection
from service.documents import Stored, add_blob, begin_turn, record
from service.errors import Conflicting
from service.frozen import DrawRow, FrozenDraw, read_frozen
from service.office import Office, as_time
from service.sections import signers_for
from service.steps import Prepared, Rule

__all__ = ["RULE"]


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    _check_may_draw(office, row)
    frozen = await read_frozen(connection, row)
    return Prepared("outcome", {}, {"s": frozen.s, "lines": len(frozen.lines())})


def _check_may_draw(office: Office, row: DrawRow) -> None:
    if row.state != "contributed":
        raise Conflicting(
            "数字尚未齐全，或已经抽取" if row.state != "voided" else "本批次已作废",
            f"the draw is {row.state}; it is drawn once, when all numbers are in",
        )
    assert row.instant is not None
    if office.now() < row.instant:
        raise Conflicting("开号时刻 T 未到", "T has not come yet")


async def _pools(connection: Connection, frozen: FrozenDraw, lines: Sequence[str]) -> Pools:
    """Return what is drawn from; of a large list only the targets that the draw can depend on."""
    if not is_big(frozen.plan):
        return frozen.pools
    stage = stage_key(draw_key(frozen.s, lines), "targets")
    targets = await sieve_targets(connection, frozen.plan, frozen.pools.mandatory, stage)
    return msgspec.structs.replace(frozen.pools, targets=targets)


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    _check_may_draw(office, row)
    frozen = await read_frozen(connection, row)
    lines = frozen.lines()
    try:
        pools = await _pools(connection, frozen, lines)
        transcript = await asyncio.to_thread(compute, frozen.plan, pools, lines)
    except SelectionError as error:
        raise Conflicting(f"不能抽取：{error}", str(error)) from error
    result = format_transcript(transcript)
    turn = await begin_turn(connection, office, frozen.documents[0].shard)
    if frozen.plan.sealed is None:
        opened = format_opened([frozen.opened[t.id] for t in transcript.targets if t.id in frozen.opened])
        await add_blob(connection, result, public=True)
        await add_blob(connection, opened, public=True)
        document: DrawOutcome | SealedOutcome = DrawOutcome(
            actors=actors, contributions=tuple(lines), draw_key=transcript.draw_key, drawn_at=as_time(turn.now), id=row.id,
            opened=refer(opened), plan=frozen.s, result=ResultReference(digest_of(result), len(result)),
        )  # fmt: skip
    else:
        document = SealedOutcome(
            actors=actors, commitment=sealed_commitment(transcript.draw_key, result), drawn_at=as_time(turn.now),
            id=row.id, plan=frozen.s,
        )  # fmt: skip
    stored = await record(connection, turn, frozen.plan, document, "outcome", signers_for(office, frozen.plan, document))
    await connection.execute("INSERT INTO draw_result (draw, result) VALUES ($1, $2)", row.id, result)
    state = "drawn" if frozen.plan.sealed is None else "sealed"
    await connection.execute("UPDATE draw SET state = $2 WHERE id = $1", row.id, state)
    return stored


RULE = Rule(_prepare, _perform)
