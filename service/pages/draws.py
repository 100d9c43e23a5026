"""`/draws/`: every draw that is public, newest first."""

from datetime import datetime

from msgspec import Struct

from service.errors import Invalid
from service.office import Office
from service.pages.record import read_plan
from service.pages.words import STATES, Status, planned_drawn

__all__ = ["DrawLine", "DrawList", "read_draws"]

PAGE = 20


class DrawLine(Struct, frozen=True):
    id: str
    title: str
    state: str
    status: Status
    frozen_at: str
    instant: str
    finished_at: datetime | None  # of the outcome, the opening or the void
    population: int
    drawn: int


class DrawList(Struct, frozen=True):
    """`next` is the id after which the next page goes on; None at the end."""

    draws: tuple[DrawLine, ...]
    next: str | None


def _key(after: str | None) -> tuple[int | None, int | None, int | None]:
    if after is None:
        return None, None, None
    parts = after.rsplit("-", 3)[1:]
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise Invalid(f"{after[:80]} 不是批次编号", f"{after[:80]} is not the id of a draw")
    return int(parts[0]), int(parts[1]), int(parts[2])


async def read_draws(office: Office, after: str | None = None) -> DrawList:
    """Return a page of public draws, continuing after the draw `after`. Drafts and rehearsals are not among them."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        rows = await connection.fetch(
            "SELECT id, state, plan, (SELECT max(logged_at) FROM document d WHERE d.draw = draw.id AND d.kind IN"
            " ('draw-outcome/v1', 'sealed-outcome/v1', 'draw-opening/v1', 'draw-void/v1')) AS finished_at FROM draw"
            " WHERE plan IS NOT NULL AND draft->'rehearsal' IS DISTINCT FROM 'true'::jsonb"
            " AND ($1::integer IS NULL OR (year, number, attempt) < ($1, $2, $3))"
            " ORDER BY year DESC, number DESC, attempt DESC LIMIT $4",
            *_key(after), PAGE + 1,
        )  # fmt: skip
        lines = []
        for row in rows[:PAGE]:
            plan = await read_plan(connection, row["plan"])
            lines.append(
                DrawLine(plan.id, plan.title, row["state"], STATES[row["state"]], plan.frozen_at, plan.instant,
                         row["finished_at"], plan.blobs.pool.count, planned_drawn(plan))
            )  # fmt: skip
    return DrawList(tuple(lines), lines[-1].id if len(rows) > PAGE else None)
