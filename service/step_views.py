"""Steps as people see them: what is asked, who agreed, whose turn it is, and who may see that at all."""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from service.accounts import Staff
from service.database import Connection
from service.errors import NotFound
from service.frozen import DrawRow, read_draw_row
from service.office import Office
from service.seats import (
    OF_ALL_DEPARTMENTS,
    STEP_ROLES,
    Agreed,
    Seat,
    departments_of_step,
    may_take,
    open_seats,
    seats_of,
)
from service.visibility import sees_draw

__all__ = ["PLAN_READERS", "Agreement", "StepView", "check_may_see", "may_agree", "may_see", "open_steps", "read_step", "view_step"]

PLAN_READERS: Final = frozenset({"operator", "confirmer", "approver", "auditor"})


class Agreement(Struct, frozen=True):
    """Who agreed; `department` is the name of the further department they agreed for, if it was for one."""

    role: str
    login: str
    department: str | None = None


class StepView(Struct, frozen=True):
    """A step as people see it; `document` is the digest of what it led to, None while someone has still to agree.

    `roles` are those of all who agree: first of those who did, as in `agreed`, then of those who have not. `waits` are the
    seats that somebody can take now. `sections` are the departments of the draw, the leading one first, or of a result those that
    drew its target. A step that was sent back is `withdrawn` too, and says by whom and why.
    """

    id: str
    draw: str
    kind: str
    subject: str
    roles: tuple[str, ...]
    agreed: tuple[Agreement, ...]
    document: str | None
    summary: dict[str, Any]
    waits: tuple[Seat, ...] = ()
    sections: tuple[str, ...] = ()
    withdrawn: bool = False
    returned_by: str | None = None
    returned_note: str | None = None


def may_agree(view: StepView, who: Staff) -> bool:
    """Return whether it is the turn of `who`, as far as role and department say; whether they would check themselves, `agree` finds."""
    return view.document is None and any(may_take(who, seat, view.kind, view.sections) for seat in view.waits)


async def view_step(connection: Connection, step: UUID) -> StepView:
    """Return a step, whoever asks; NotFound."""
    row = await connection.fetchrow(
        "SELECT draw, kind, subject, request, done, sections, withdrawn, s.name AS returned_by, returned_note"
        " FROM step JOIN draw ON draw.id = step.draw LEFT JOIN staff s ON s.id = step.returned_by WHERE step.id = $1",
        step,
    )
    if row is None:
        raise NotFound("没有这个步骤", "there is no such step")
    agreed = await connection.fetch(
        "SELECT a.role, s.login, a.section FROM step_agreement a JOIN staff s ON s.id = a.staff WHERE a.step = $1 ORDER BY position",
        step,
    )
    kind, sections = row["kind"], departments_of_step(row["request"], row["sections"])
    names = {r["label"]: r["name"] for r in await connection.fetch("SELECT label, name FROM section WHERE label = ANY($1)", sections[1:])}
    waits = () if row["done"] is not None or row["withdrawn"] else open_seats(kind, sections, [Agreed(0, a["role"], a["section"]) for a in agreed])
    return StepView(
        id=str(step),
        draw=row["draw"],
        kind=row["kind"],
        subject=row["subject"],
        roles=tuple(seat.role for seat in seats_of(kind, sections)),
        agreed=tuple(Agreement(a["role"], a["login"], names.get(a["section"])) for a in agreed),
        document=row["done"],
        summary=msgspec.json.decode(row["request"])["summary"],
        waits=tuple(Seat(seat.role, seat.section, names.get(seat.section or "", "")) for seat in waits),
        sections=sections,
        withdrawn=row["withdrawn"],
        returned_by=row["returned_by"],
        returned_note=row["returned_note"],
    )


def may_see(state: str, kind: str, who: Staff) -> bool:
    """Return whether `who` may see what a step of this kind asks for in a draw of this state.

    What is asked before a freeze names people who are kept away: it is for those who may see a preview. While a draw is sealed,
    results and replacements name what nobody else is to know: only those who take such steps do.
    """
    if kind == "draw-plan/v1" and who.roles.isdisjoint(PLAN_READERS):
        return False
    return state != "sealed" or not who.roles.isdisjoint(STEP_ROLES[kind])


def check_may_see(row: DrawRow, kind: str, who: Staff) -> None:
    """Raise NotFound, as for a step that does not exist, unless `who` may see steps of this kind of this draw now."""
    if not may_see(row.state, kind, who) or not sees_draw(who, row.sections):
        raise NotFound("没有这个步骤", "there is no such step")


async def read_step(office: Office, who: Staff, step: UUID) -> StepView:
    """Return one step; NotFound if there is none, or none that `who` may see while the draw is sealed."""
    async with office.pool.acquire() as connection:
        view = await view_step(connection, step)
        check_may_see(await read_draw_row(connection, view.draw), view.kind, who)
        return view


async def open_steps(office: Office, who: Staff) -> list[StepView]:
    """Return the steps that wait for a role that `who` has, oldest first, at most 500."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT s.id FROM step s JOIN draw d ON d.id = s.draw,"
            " LATERAL (SELECT $1::jsonb->s.kind->>(SELECT count(*)::integer FROM step_agreement a WHERE a.step = s.id) AS role) AS next"
            " WHERE done IS NULL AND NOT withdrawn AND seen_by(d.sections, $3) AND ("
            "  next.role = ANY($2) AND ($3::text IS NULL OR CASE WHEN s.kind = ANY($4)"
            "   THEN coalesce(jsonb_array_length(s.request->'sections'), 0) = 0 OR s.request->'sections' ? $3"
            "   ELSE $3 = d.sections[1] END)"
            # All whom the document names have agreed: it waits for the further departments.
            "  OR next.role IS NULL AND 'confirmer' = ANY($2) AND $3 = ANY(d.sections[2:])"
            "   AND NOT EXISTS (SELECT FROM step_agreement a WHERE a.step = s.id AND a.section = $3))"
            " ORDER BY s.created_at LIMIT 500",
            msgspec.json.encode(STEP_ROLES).decode(), list(who.roles), who.department, list(OF_ALL_DEPARTMENTS),
        )  # fmt: skip
        return [await view_step(connection, row["id"]) for row in rows]
