"""Steps that several people take from their own accounts (docs/spec/documents.md, "Kinds").

`propose` records what the first person asks for, `agree` that the next one stands by it. With the last agreement the step is
performed in the same transaction: document, log entry and new state become true together, or nothing does. Asking again,
by a double click, a replayed request or after a crash, finds what is there and changes nothing.

A freeze asks in addition for a confirmer of every further department of the plan, from their own account, in any order (ADR 27).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from asyncpg import UntranslatableCharacterError
from msgspec import Struct

from disclosure.signing_rules import CHECKING_ROLES
from selection.plan import ActorRole
from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.documents import Stored
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.frozen import DrawRow, lock_draw
from service.log import publish_checkpoint
from service.office import Office
from service.seats import (
    ROLE_NAMES,
    Seat,
    check_seat,
    departments_of_step,
    may_take,
    open_seats,
    read_agreed,
    seats_of,
)
from service.step_views import StepView, check_may_see, view_step
from service.visibility import sees_draw

__all__ = ["Prepared", "Rule", "agree", "convert_request", "propose", "send_back", "withdraw"]

T = TypeVar("T")



class Prepared(Struct, frozen=True):
    """A checked request: what it is about, the request as it will be performed, and what people should see of it.

    `sections` are the departments whose people take it, where those are not all of the draw: whose keys will sign a revision of a result.
    """

    subject: str
    request: Any
    summary: dict[str, Any]
    sections: tuple[str, ...] = ()


Prepare = Callable[[Connection, Office, DrawRow, Any], Awaitable[Prepared]]
Perform = Callable[[Connection, Office, DrawRow, Any, tuple[ActorRole, ...]], Awaitable[Stored]]
CompareTyped = Callable[[Any, str | None], None]


class Rule(Struct, frozen=True):
    """How one kind of step is checked when proposed and performed when all have agreed.

    `compare_typed` takes the request and what the one who agrees typed without seeing it; it raises if they have to type and did not,
    or typed something else.
    """

    prepare: Prepare
    perform: Perform
    compare_typed: CompareTyped | None = None


def convert_request(request: Any, type: type[T]) -> T:
    """Return `request` as a `type`; Invalid naming the field if it is none."""
    try:
        return msgspec.convert(request, type, strict=True)
    except msgspec.ValidationError as error:
        raise Invalid(f"申请内容有误：{error}", str(error), (str(error),)) from error


def _rule(kind: str) -> Rule:
    # Imported here because each rule is written with the words of this module.
    from service.life import RULES

    if kind not in RULES:
        raise Invalid(f"没有 {kind} 这种步骤", f"there is no step {kind}; there are {', '.join(RULES)}")
    return RULES[kind]


async def propose(office: Office, who: Staff, draw: str, kind: str, request: Mapping[str, Any]) -> StepView:
    """Return the step that `who` asks for, as its first person; the open or finished one if it was asked before.

    Raises Denied if `who` is not in the first role or checks themselves, Invalid for a request that makes no sense,
    Conflicting if the state of the draw does not allow it.
    """
    rule = _rule(kind)
    async with office.pool.acquire() as connection, connection.transaction():
        row = await lock_draw(connection, draw)
        if not sees_draw(who, row.sections):
            raise NotFound(f"没有批次 {draw}", f"there is no draw {draw}")
        first = await check_seat(connection, who, kind, row.sections, seats_of(kind, row.sections)[:1])
        done = await _finished(connection, row, kind, request)
        if done is not None:
            return await view_step(connection, done)
        prepared = await rule.prepare(connection, office, row, request)
        if prepared.sections:
            await check_seat(connection, who, kind, prepared.sections, seats_of(kind, row.sections)[:1])
        open_id = await connection.fetchval(
            "SELECT id FROM step WHERE draw = $1 AND kind = $2 AND subject = $3"
            " AND done IS NULL AND NOT withdrawn",
            draw, kind, prepared.subject,
        )  # fmt: skip
        if open_id is not None:
            return await _found(connection, open_id, prepared)
        await _check_separation(connection, draw, who, first.role)
        step_id = await connection.fetchval(
            "INSERT INTO step (draw, kind, subject, request) VALUES ($1, $2, $3, $4) RETURNING id",
            draw, kind, prepared.subject,
            msgspec.json.encode({"asked": request, "request": prepared.request, "summary": prepared.summary, "sections": prepared.sections}).decode(),
        )  # fmt: skip
        await _agree(connection, step_id, 0, first, who)
        await access_log.note(connection, who.id, f"propose {kind}", f"{draw} {prepared.subject}")
        return await view_step(connection, step_id)


async def _finished(
    connection: Connection, row: DrawRow, kind: str, request: Mapping[str, Any]
) -> UUID | None:
    """Return the step that this very request led to a document before: the request is a replay.

    A revision of a result is one only while nothing follows it: what was contested and settled can be contested again.
    """
    asked = msgspec.json.encode(request).decode()
    try:
        found: UUID | None = await connection.fetchval(
            "SELECT id FROM step WHERE draw = $1 AND kind = $2 AND done IS NOT NULL AND request->'asked' = $3::jsonb"
            " AND (kind NOT IN ('correction/v1', 'contest/v1', 'withdrawal/v1')"
            " OR done IN (SELECT document FROM result WHERE draw = $1))",
            row.id, kind, asked,
        )  # fmt: skip
    except UntranslatableCharacterError as error:
        raise Invalid("申请内容含有空字符（U+0000），请删去", "the request holds the character U+0000; remove it") from error
    return found


async def _found(connection: Connection, step_id: UUID, prepared: Prepared) -> StepView:
    same = await connection.fetchval(
        "SELECT request->'request' = $2::jsonb FROM step WHERE id = $1",
        step_id, msgspec.json.encode(prepared.request).decode(),
    )  # fmt: skip
    if not same:
        raise Conflicting(
            f"{prepared.subject} 已有另一份待复核的申请",
            f"another request about {prepared.subject} is waiting to be agreed to",
        )
    return await view_step(connection, step_id)


async def agree(office: Office, who: Staff, step: UUID, typed: str | None = None) -> StepView:
    """Return the step after `who` agreed to it; if they are the last, it has been performed. `typed` is for kinds that are typed twice.

    Agreeing twice changes nothing. Raises NotFound, Denied (not in the role that is next, or would check themselves),
    and whatever performing it raises, in which case `who` has not agreed either.
    """
    async with office.pool.acquire() as connection, connection.transaction():
        draw = await connection.fetchval("SELECT draw FROM step WHERE id = $1", step)
        if draw is None:
            raise NotFound("没有这个步骤", "there is no such step")
        row = await lock_draw(connection, draw)
        found = await connection.fetchrow(
            "SELECT kind, subject, request, done, withdrawn FROM step WHERE id = $1 FOR UPDATE", step
        )
        if found["withdrawn"]:
            raise Conflicting("此申请已撤回", "this step was withdrawn")
        kind = found["kind"]
        check_may_see(row, kind, who)
        agreed = await read_agreed(connection, step)
        if found["done"] is not None or who.id in [one.staff for one in agreed]:
            return await view_step(connection, step)
        whose = departments_of_step(found["request"], row.sections)
        seat = await check_seat(connection, who, kind, whose, open_seats(kind, whose, agreed))
        await _check_separation(connection, draw, who, seat.role)
        if (compare := _rule(kind).compare_typed) is not None:
            compare(msgspec.json.decode(found["request"])["request"], typed)
        await _agree(connection, step, len(agreed), seat, who)
        await access_log.note(connection, who.id, f"agree {kind}", f"{draw} {found['subject']}")
        shard = None
        if len(agreed) + 1 == len(seats_of(kind, whose)):
            actors = await _actors(connection, office, draw, step)
            request = msgspec.json.decode(found["request"])["request"]
            stored = await _rule(kind).perform(connection, office, row, request, actors)
            await connection.execute("UPDATE step SET done = $2 WHERE id = $1", step, stored.sha256)
            shard = stored.shard
        view = await view_step(connection, step)
    if shard is not None:
        # A crash before this line: the document is committed and logged; `catch_up` signs the same head at the next start.
        await publish_checkpoint(office, shard)
    return view


async def withdraw(office: Office, who: Staff, step: UUID) -> None:
    """Take back an open step. Its first person may, and whoever shares that person's role: people fall ill and leave, and
    an open step keeps anybody from asking for the same thing rightly. Withdrawing twice changes nothing."""
    async with office.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "SELECT draw, kind, subject, request, done, sections FROM step JOIN draw ON draw.id = step.draw WHERE step.id = $1 FOR UPDATE OF step", step
        )
        if row is None or not sees_draw(who, row["sections"]):
            raise NotFound("没有这个步骤", "there is no such step")
        agreed = await read_agreed(connection, step)
        if who.id != agreed[0].staff and not may_take(who, Seat(agreed[0].role), row["kind"], departments_of_step(row["request"], row["sections"])):
            raise Denied(
                "只有提出人或同岗人员可以撤回",
                "only whoever proposed a step, or has the same role, withdraws it",
            )
        if row["done"] is not None:
            raise Conflicting("此步骤已办结，不能撤回", "the step is done; it is never withdrawn")
        await connection.execute("UPDATE step SET withdrawn = true WHERE id = $1", step)
        await access_log.note(
            connection, who.id, f"withdraw {row['kind']}", f"{row['draw']} {row['subject']}"
        )


async def send_back(office: Office, who: Staff, step: UUID, note: str) -> None:
    """Refuse an open step that it is the turn of `who` to agree to, with a note for whoever proposed it. It ends as withdrawn and says why.

    Raises NotFound, Denied if it is not their turn, Invalid without a note, Conflicting if the step is done. Sending back twice changes nothing.
    """
    if not (said := note.strip()) or len(said) > 500:
        raise Invalid("请写明退回的原因，至多 500 字", "say why it is sent back, in at most 500 characters")
    async with office.pool.acquire() as connection, connection.transaction():
        draw = await connection.fetchval("SELECT draw FROM step WHERE id = $1", step)
        if draw is None:
            raise NotFound("没有这个步骤", "there is no such step")
        row = await lock_draw(connection, draw)
        found = await connection.fetchrow("SELECT kind, subject, request, done, withdrawn FROM step WHERE id = $1 FOR UPDATE", step)
        check_may_see(row, found["kind"], who)
        if found["done"] is not None:
            raise Conflicting("此步骤已办结，不能退回", "the step is done; it is never sent back")
        if found["withdrawn"]:
            return
        kind, whose = found["kind"], departments_of_step(found["request"], row.sections)
        seat = await check_seat(connection, who, kind, whose, open_seats(kind, whose, await read_agreed(connection, step)))
        await _check_separation(connection, draw, who, seat.role)
        await connection.execute("UPDATE step SET withdrawn = true, returned_by = $2, returned_note = $3 WHERE id = $1", step, who.id, said)
        await access_log.note(connection, who.id, f"send back {found['kind']}", f"{draw} {found['subject']}")


async def _check_separation(connection: Connection, draw: str, who: Staff, role: str) -> None:
    held = await connection.fetch(
        "SELECT DISTINCT a.role FROM step_agreement a JOIN step s ON s.id = a.step"
        " WHERE s.draw = $1 AND a.staff = $2 AND NOT s.withdrawn",
        draw, who.id,
    )  # fmt: skip
    for row in held:
        if frozenset((row["role"], role)) in CHECKING_ROLES:
            raise Denied(
                f"您在本批次中已是“{ROLE_NAMES[row['role']]}”，不能再作“{ROLE_NAMES[role]}”",
                f"{who.login} is {row['role']} in this draw and cannot be {role} too: they would check themselves",
            )


async def _agree(connection: Connection, step: UUID, position: int, seat: Seat, who: Staff) -> None:
    await connection.execute(
        "INSERT INTO step_agreement (step, position, role, staff, section) VALUES ($1, $2, $3, $4, $5)",
        step, position, seat.role, who.id, seat.section,
    )  # fmt: skip


async def _actors(connection: Connection, office: Office, draw: str, step: UUID) -> tuple[ActorRole, ...]:
    """Return who took the step, by ids that are fresh for this draw. Who agreed for a further department is not among them: the
    document has the department's signature instead."""
    actors = []
    for staff, role in [(one.staff, one.role) for one in await read_agreed(connection, step) if one.section is None]:
        actor = await connection.fetchval(
            "INSERT INTO draw_actor (draw, staff, actor) VALUES ($1, $2, $3)"
            " ON CONFLICT (draw, staff) DO UPDATE SET actor = draw_actor.actor RETURNING actor",
            draw, staff, "s-" + office.fresh(16).hex(),
        )  # fmt: skip
        actors.append(ActorRole(id=actor, role=role))
    return tuple(actors)
