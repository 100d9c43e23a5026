"""Replace (递补): a closed list of reasons, a reviewer and a second person; the successor follows the committed order.

While a draw is sealed the log gets only a commitment (`sealed-event`); the event itself is shown with the opening.
"""

import asyncio
from typing import Any, Literal

import msgspec

from disclosure.document import Replacement, SealedEvent
from selection.canonical import format_canonical
from selection.errors import SelectionError
from selection.forms import Hex64, Id, Label, Positive
from selection.keys import sealed_commitment
from selection.plan import ActorRole
from selection.replacement import Event, replace_person, replace_target
from service.database import Connection
from service.documents import Stored, begin_turn, record
from service.errors import Conflicting, Invalid
from service.frozen import DrawRow, FrozenDraw, read_frozen, read_sealed_events
from service.office import Office, as_time
from service.sections import signers_for
from service.steps import Prepared, Rule, convert_request

__all__ = ["RULE"]


class TargetRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="target"):
    target: Id
    reason: Label
    evidence: Hex64


class PersonRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="person"):
    target: Id
    role: Literal["inspector", "expert"]
    seat: Positive
    reason: Label
    evidence: Hex64


def _event(frozen: FrozenDraw, sealed_events: list[Event], asked: TargetRequest | PersonRequest) -> Event:
    standing = frozen.standing(sealed_events)
    if isinstance(asked, TargetRequest):
        return replace_target(standing, asked.target, asked.reason, asked.evidence, frozen.opened)
    return replace_person(standing, asked.target, asked.role, asked.seat, asked.reason, asked.evidence)


async def _compute(connection: Connection, row: DrawRow, request: Any) -> tuple[FrozenDraw, Event]:
    if row.state not in ("drawn", "sealed", "opened"):
        raise Conflicting("尚未抽取，无从递补", f"a draw that is {row.state} has nothing to replace")
    asked = convert_request(request, TargetRequest | PersonRequest)  # type: ignore[arg-type]
    frozen = await read_frozen(connection, row)
    sealed_events = await read_sealed_events(connection, row.id)
    try:
        return frozen, await asyncio.to_thread(_event, frozen, sealed_events, asked)
    except SelectionError as error:
        raise Invalid(f"不能递补：{error}", str(error)) from error


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    _, event = await _compute(connection, row, request)
    subject = f"{event.sequence}"
    return Prepared(
        subject, request, {"sequence": event.sequence, "target": event.target, "reason": event.reason}
    )


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    frozen, event = await _compute(connection, row, request)
    turn = await begin_turn(connection, office, frozen.documents[0].shard)
    outcome, decided_at, subject = frozen.outcome().sha256, as_time(turn.now), str(event.sequence)
    if row.state != "sealed":
        document = Replacement(
            actors=actors, decided_at=decided_at, event=event, id=row.id, outcome=outcome, plan=frozen.s
        )
        return await record(connection, turn, frozen.plan, document, subject, signers_for(office, frozen.plan, document))
    content = format_canonical(event)
    sealed = SealedEvent(
        actors=actors, commitment=sealed_commitment(frozen.transcript.draw_key, content), decided_at=decided_at, id=row.id,
        outcome=outcome, plan=frozen.s, sequence=event.sequence,
    )  # fmt: skip
    stored = await record(connection, turn, frozen.plan, sealed, subject, signers_for(office, frozen.plan, sealed))
    await connection.execute(
        "INSERT INTO sealed_event (draw, sequence, event) VALUES ($1, $2, $3)",
        row.id,
        event.sequence,
        content.decode(),
    )
    return stored


RULE = Rule(_prepare, _perform)
