"""Steps that several people take from their own accounts (docs/spec/documents.md, "Kinds").

`propose` records what the first person asks for, `agree` that the next one stands by it. With the last agreement the step is
performed in the same transaction: document, log entry and new state become true together, or nothing does. Asking again,
by a double click, a replayed request or after a crash, finds what is there and changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from asyncpg import UntranslatableCharacterError
from msgspec import Struct

from disclosure.signing_rules import CHECKING_ROLES, ROLES
from selection.plan import ActorRole
from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.documents import Stored
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.frozen import DrawRow, lock_draw, read_draw_row
from service.log import publish_checkpoint
from service.office import Office

__all__ = ["Agreement", "Prepared", "Rule", "StepView", "agree", "convert_request", "may_see", "open_steps", "propose",
           "read_step", "withdraw"]  # fmt: skip

T = TypeVar("T")

PLAN_READERS = frozenset({"operator", "confirmer", "approver", "auditor"})
STEP_ROLES = {**ROLES, "contribution/v1": ("operator", "confirmer")}


class Prepared(Struct, frozen=True):
    """A checked request: what it is about, the request as it will be performed, and what people should see of it."""

    subject: str
    request: Any
    summary: dict[str, Any]


Prepare = Callable[[Connection, Office, DrawRow, Any], Awaitable[Prepared]]
Perform = Callable[[Connection, Office, DrawRow, Any, tuple[ActorRole, ...]], Awaitable[Stored]]


class Rule(Struct, frozen=True):
    """How one kind of step is checked when proposed and performed when all have agreed."""

    prepare: Prepare
    perform: Perform


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


class Agreement(Struct, frozen=True):
    role: str
    login: str


class StepView(Struct, frozen=True):
    """A step as people see it; `document` is the digest of what it led to, None while someone has still to agree."""

    id: str
    draw: str
    kind: str
    subject: str
    roles: tuple[str, ...]
    agreed: tuple[Agreement, ...]
    document: str | None
    summary: dict[str, Any]


async def propose(office: Office, who: Staff, draw: str, kind: str, request: Mapping[str, Any]) -> StepView:
    """Return the step that `who` asks for, as its first person; the open or finished one if it was asked before.

    Raises Denied if `who` is not in the first role or checks themselves, Invalid for a request that makes no sense,
    Conflicting if the state of the draw does not allow it.
    """
    rule = _rule(kind)
    async with office.pool.acquire() as connection, connection.transaction():
        row = await lock_draw(connection, draw)
        _check_role(who, STEP_ROLES[kind][0])
        done = await _finished(connection, row, kind, request)
        if done is not None:
            return await _view(connection, done)
        prepared = await rule.prepare(connection, office, row, request)
        open_id = await connection.fetchval(
            "SELECT id FROM step WHERE draw = $1 AND kind = $2 AND subject = $3"
            " AND done IS NULL AND NOT withdrawn",
            draw, kind, prepared.subject,
        )  # fmt: skip
        if open_id is not None:
            return await _found(connection, open_id, prepared)
        await _check_separation(connection, draw, who, STEP_ROLES[kind][0])
        step_id = await connection.fetchval(
            "INSERT INTO step (draw, kind, subject, request) VALUES ($1, $2, $3, $4) RETURNING id",
            draw, kind, prepared.subject,
            msgspec.json.encode({"asked": request, "request": prepared.request, "summary": prepared.summary}).decode(),
        )  # fmt: skip
        await _agree(connection, step_id, 0, STEP_ROLES[kind][0], who)
        await access_log.note(connection, who.id, f"propose {kind}", f"{draw} {prepared.subject}")
        return await _view(connection, step_id)


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
    return await _view(connection, step_id)


async def agree(office: Office, who: Staff, step: UUID) -> StepView:
    """Return the step after `who` agreed to it; if they are the last, it has been performed.

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
        kind, roles = found["kind"], STEP_ROLES[found["kind"]]
        _check_may_see(row.state, kind, who)
        agreed = await _agreed(connection, step)
        if found["done"] is not None or who.id in [staff for staff, _ in agreed]:
            return await _view(connection, step)
        role = roles[len(agreed)]
        _check_role(who, role)
        await _check_separation(connection, draw, who, role)
        await _agree(connection, step, len(agreed), role, who)
        await access_log.note(connection, who.id, f"agree {kind}", f"{draw} {found['subject']}")
        shard = None
        if len(agreed) + 1 == len(roles):
            actors = await _actors(connection, office, draw, step)
            request = msgspec.json.decode(found["request"])["request"]
            stored = await _rule(kind).perform(connection, office, row, request, actors)
            await connection.execute("UPDATE step SET done = $2 WHERE id = $1", step, stored.sha256)
            shard = stored.shard
        view = await _view(connection, step)
    if shard is not None:
        # A crash before this line: the document is committed and logged; `catch_up` signs the same head at the next start.
        await publish_checkpoint(office, shard)
    return view


async def withdraw(office: Office, who: Staff, step: UUID) -> None:
    """Take back an open step. Its first person may, and whoever shares that person's role: people fall ill and leave, and
    an open step keeps anybody from asking for the same thing rightly. Withdrawing twice changes nothing."""
    async with office.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "SELECT draw, kind, subject, done FROM step WHERE id = $1 FOR UPDATE", step
        )
        if row is None:
            raise NotFound("没有这个步骤", "there is no such step")
        agreed = await _agreed(connection, step)
        if who.id != agreed[0][0] and agreed[0][1] not in who.roles:
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


def _check_role(who: Staff, role: str) -> None:
    if role not in who.roles:
        raise Denied(f"此步骤须由“{ROLE_NAMES[role]}”办理", f"this step is for a {role}; {who.login} is none")


ROLE_NAMES = {"operator": "经办人", "confirmer": "复核人", "approver": "审批人", "inspector": "检查人员",
              "reviewer": "审核人", "publisher": "发布人"}  # fmt: skip


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


async def _agree(connection: Connection, step: UUID, position: int, role: str, who: Staff) -> None:
    await connection.execute(
        "INSERT INTO step_agreement (step, position, role, staff) VALUES ($1, $2, $3, $4)",
        step,
        position,
        role,
        who.id,
    )


async def _agreed(connection: Connection, step: UUID) -> list[tuple[int, str]]:
    rows = await connection.fetch(
        "SELECT staff, role FROM step_agreement WHERE step = $1 ORDER BY position", step
    )
    return [(row["staff"], row["role"]) for row in rows]


async def _actors(connection: Connection, office: Office, draw: str, step: UUID) -> tuple[ActorRole, ...]:
    """Return who took the step, by ids that are fresh for this draw."""
    actors = []
    for staff, role in await _agreed(connection, step):
        actor = await connection.fetchval(
            "INSERT INTO draw_actor (draw, staff, actor) VALUES ($1, $2, $3)"
            " ON CONFLICT (draw, staff) DO UPDATE SET actor = draw_actor.actor RETURNING actor",
            draw, staff, "s-" + office.fresh(16).hex(),
        )  # fmt: skip
        actors.append(ActorRole(id=actor, role=role))
    return tuple(actors)


async def _view(connection: Connection, step: UUID) -> StepView:
    row = await connection.fetchrow("SELECT draw, kind, subject, request, done FROM step WHERE id = $1", step)
    if row is None:
        raise NotFound("没有这个步骤", "there is no such step")
    agreed = await connection.fetch(
        "SELECT a.role, s.login FROM step_agreement a JOIN staff s ON s.id = a.staff WHERE a.step = $1 ORDER BY position",
        step,
    )
    return StepView(
        id=str(step),
        draw=row["draw"],
        kind=row["kind"],
        subject=row["subject"],
        roles=STEP_ROLES[row["kind"]],
        agreed=tuple(Agreement(a["role"], a["login"]) for a in agreed),
        document=row["done"],
        summary=msgspec.json.decode(row["request"])["summary"],
    )


def may_see(state: str, kind: str, who: Staff) -> bool:
    """Return whether `who` may see what a step of this kind asks for in a draw of this state.

    What is asked before a freeze names people who are kept away: it is for those who may see a preview. While a draw is sealed,
    results and replacements name what nobody else is to know: only those who take such steps do.
    """
    if kind == "draw-plan/v1" and who.roles.isdisjoint(PLAN_READERS):
        return False
    return state != "sealed" or not who.roles.isdisjoint(STEP_ROLES[kind])


def _check_may_see(state: str, kind: str, who: Staff) -> None:
    if not may_see(state, kind, who):
        raise NotFound("没有这个步骤", "there is no such step")


async def read_step(office: Office, who: Staff, step: UUID) -> StepView:
    """Return one step; NotFound if there is none, or none that `who` may see while the draw is sealed."""
    async with office.pool.acquire() as connection:
        view = await _view(connection, step)
        _check_may_see((await read_draw_row(connection, view.draw)).state, view.kind, who)
        return view


async def open_steps(office: Office, who: Staff) -> list[StepView]:
    """Return the steps that wait for a role that `who` has, oldest first, at most 500."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT id FROM step s WHERE done IS NULL AND NOT withdrawn"
            " AND $1::jsonb->kind->>(SELECT count(*)::integer FROM step_agreement a WHERE a.step = s.id) = ANY($2)"
            " ORDER BY created_at LIMIT 500",
            msgspec.json.encode(STEP_ROLES).decode(), list(who.roles),
        )  # fmt: skip
        return [await _view(connection, row["id"]) for row in rows]
