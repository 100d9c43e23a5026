"""Void (作废): only before T, with a reason and two people; afterwards only if fewer than two witnesses came."""

from typing import Any

import msgspec

from disclosure.document import DrawVoid
from selection.contribution import is_absent
from selection.forms import Text
from selection.plan import ActorRole, Witness
from service.database import Connection
from service.documents import Stored, begin_turn, record
from service.errors import Conflicting, Invalid
from service.frozen import DrawRow, read_frozen
from service.office import Office, as_time
from service.sections import signers_for
from service.steps import Prepared, Rule, convert_request

__all__ = ["RULE"]


class VoidRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: str
    statement: Text


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    asked = convert_request(request, VoidRequest)
    if asked.reason not in ("list-error", "plan-error", "witness-shortage", "superior-order"):
        raise Invalid(
            f"作废事由 {asked.reason} 不在规定之内", f"{asked.reason} is no lawful reason to void a draw"
        )
    await _check_may_void(connection, office, row, asked.reason)
    return Prepared("void", {"reason": asked.reason, "statement": asked.statement}, {"reason": asked.reason, "statement": asked.statement})


async def _check_may_void(connection: Connection, office: Office, row: DrawRow, reason: str) -> None:
    """Only before T; afterwards only by the rule that fewer than two witnesses make a draw void."""
    if row.state not in ("frozen", "contributed"):
        raise Conflicting("本批次现在不能作废", f"a draw that is {row.state} cannot be voided")
    assert row.instant is not None
    if office.now() < row.instant:
        return
    frozen = await read_frozen(connection, row)
    given = [d.line for label, d in frozen.contributions.items()
             if any(isinstance(c, Witness) and c.label == label for c in frozen.plan.contributors)]  # fmt: skip
    declared = sum(isinstance(c, Witness) for c in frozen.plan.contributors)
    short = declared > 0 and len(given) == declared and sum(not is_absent(line) for line in given) < 2
    if not (short and reason == "witness-shortage"):
        raise Conflicting(
            "T 之后不得作废：计划恰有一个结果", "from T on a plan has exactly one outcome; it is never voided"
        )


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    await _check_may_void(connection, office, row, request["reason"])
    frozen = await read_frozen(connection, row)
    turn = await begin_turn(connection, office, frozen.documents[0].shard)
    document = DrawVoid(
        actors=actors, id=row.id, plan=frozen.s, reason=request["reason"], statement=request["statement"],
        voided_at=as_time(turn.now),
    )  # fmt: skip
    stored = await record(connection, turn, frozen.plan, document, "void", signers_for(office, frozen.plan, document))
    await connection.execute("UPDATE draw SET state = 'voided' WHERE id = $1", row.id)
    return stored


RULE = Rule(_prepare, _perform)
