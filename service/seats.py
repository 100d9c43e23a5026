"""Who has to agree to a step, and whose turn it is (docs/spec/documents.md, "Kinds"; ADR 27).

First come those whom the document names, in order. A freeze asks then for a confirmer of every further department, in any order.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from disclosure.signing_rules import ROLES
from service.accounts import Staff
from service.database import Connection
from service.errors import Conflicting, Denied
from service.visibility import is_of_lead, sees_draw

__all__ = ["OF_ALL_DEPARTMENTS", "ROLE_NAMES", "STEP_ROLES", "Agreed", "Seat", "check_seat", "departments_of_step", "may_take", "open_seats",
           "read_agreed", "seats_of"]  # fmt: skip

STEP_ROLES = {**ROLES, "contribution/v1": ("operator", "confirmer")}
# Signed by the departments that drew the target (`Prepared.sections`): their people take them. All others are for the leading department.
OF_ALL_DEPARTMENTS = frozenset({"inspection-result/v1", "correction/v1", "contest/v1", "withdrawal/v1"})
ROLE_NAMES = {"operator": "经办人", "confirmer": "复核人", "approver": "审批人", "inspector": "检查人员",
              "reviewer": "审核人", "publisher": "发布人"}  # fmt: skip


class Agreed(Struct, frozen=True):
    """Who agreed already, and for which further department, if for one."""

    staff: int
    role: str
    section: str | None


class Seat(Struct, frozen=True):
    """Who has to agree: somebody in this role, of the further department `section` (called `name`) if it is one's of that."""

    role: str
    section: str | None = None
    name: str = ""


def departments_of_step(request: str, sections: Sequence[str]) -> tuple[str, ...]:
    """Return the departments whose people take a step, from its stored request and those of the draw."""
    return tuple(msgspec.json.decode(request).get("sections") or sections)


async def read_agreed(connection: Connection, step: UUID) -> list[Agreed]:
    """Return who agreed to a step, in order."""
    rows = await connection.fetch("SELECT staff, role, section FROM step_agreement WHERE step = $1 ORDER BY position", step)
    return [Agreed(*row) for row in rows]


def seats_of(kind: str, sections: Sequence[str]) -> tuple[Seat, ...]:
    """Return who has to agree to a step of this kind in a draw of these departments: those whom the document names, then
    for a freeze a confirmer of every further department."""
    fixed = tuple(Seat(role) for role in STEP_ROLES[kind])
    return fixed + tuple(Seat("confirmer", section) for section in sections[1:] if kind == "draw-plan/v1")


def open_seats(kind: str, sections: Sequence[str], agreed: Sequence[Agreed]) -> tuple[Seat, ...]:
    """Return the seats somebody can take now: of those whom the document names the next, after them those of the departments, in any order."""
    seats, fixed = seats_of(kind, sections), len(STEP_ROLES[kind])
    if len(agreed) < fixed:
        return seats[len(agreed) : len(agreed) + 1]
    taken = {one.section for one in agreed}
    return tuple(seat for seat in seats[fixed:] if seat.section not in taken)


def may_take(who: Staff, seat: Seat, kind: str, sections: Sequence[str]) -> bool:
    """Return whether `seat` of a step of this kind is for `who`, by role and department; `sections` are those of the draw, or of the result."""
    if seat.role not in who.roles:
        return False
    if seat.section is not None:
        return who.department == seat.section
    return sees_draw(who, sections) if kind in OF_ALL_DEPARTMENTS else is_of_lead(who, sections)


async def check_seat(connection: Connection, who: Staff, kind: str, sections: Sequence[str], seats: Sequence[Seat]) -> Seat:
    """Return the first of `seats`, which are those that can be taken now, that is for `who`; Denied naming whom it is for.

    None is left only if the departments of a draft became fewer since its freeze was proposed.
    """
    if not seats:
        raise Conflicting(
            "提请锁定之后草案或名录已变化，请经办人撤回后重新提请",
            "draft or registries changed since this was proposed; the operator must withdraw it and propose anew",
        )
    for seat in seats:
        if may_take(who, seat, kind, sections):
            return seat
    role = seats[0].role
    labels = list(sections) if kind in OF_ALL_DEPARTMENTS else [seat.section or sections[0] for seat in seats]
    named = "、".join(row["name"] for row in await connection.fetch(
        "SELECT name FROM section WHERE label = ANY($1) ORDER BY array_position($1, label)", labels
    ))  # fmt: skip
    # With the role, it is the department that is wrong; only departments of the draw come so far.
    of, en = (f"{named}的", f" of {', '.join(labels)}") if role in who.roles or seats[0].section is not None else ("", "")
    raise Denied(f"此步骤须由{of}“{ROLE_NAMES[role]}”办理", f"this step is for a {role}{en}; {who.login} is none")
