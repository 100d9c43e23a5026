"""`/draws/`: every draw that is public, newest first; `/draws/page/<n>/`: the same in pages counted from the oldest."""

from datetime import datetime

from msgspec import Struct

from service.errors import NotFound
from service.office import Office
from service.pages.record import read_plan
from service.pages.words import STATES, Status, planned_drawn

__all__ = ["PAGE", "DrawLine", "DrawList", "read_draws"]

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
    """`next` is the page where the older draws go on; None at the end."""

    draws: tuple[DrawLine, ...]
    next: int | None


async def read_draws(office: Office, page: int | None = None) -> DrawList:
    """Return the newest public draws, or those of a page; NotFound behind the last. Drafts and rehearsals are not among them.

    Pages are counted from the oldest draw, so that a full one stays what it is and can lie in the static folder.
    """
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        count = await connection.fetchval(
            "SELECT count(*) FROM draw WHERE plan IS NOT NULL AND draft->'rehearsal' IS DISTINCT FROM 'true'::jsonb"
        )
        # The newest: the last page, which fills up, and the full one before it, so that nothing stands on two.
        first = max(0, (count - 1) // PAGE - 1) * PAGE if page is None else (page - 1) * PAGE
        if page is not None and first >= count:
            raise NotFound(f"批次表没有第 {page} 页", f"the list of draws has no page {page}")
        rows = await connection.fetch(
            "SELECT id, state, plan, (SELECT max(logged_at) FROM document d WHERE d.draw = draw.id AND d.kind IN"
            " ('draw-outcome/v1', 'sealed-outcome/v1', 'draw-opening/v1', 'draw-void/v1')) AS finished_at"
            " FROM (SELECT * FROM draw WHERE plan IS NOT NULL AND draft->'rehearsal' IS DISTINCT FROM 'true'::jsonb"
            " ORDER BY year, number, attempt OFFSET $1 LIMIT $2) draw"
            " ORDER BY year DESC, number DESC, attempt DESC",
            first, PAGE if page else 2 * PAGE,
        )  # fmt: skip
        lines = []
        for row in rows:
            plan = await read_plan(connection, row["plan"])
            lines.append(
                DrawLine(plan.id, plan.title, row["state"], STATES[row["state"]], plan.frozen_at, plan.instant,
                         row["finished_at"], plan.blobs.pool.count, planned_drawn(plan))
            )  # fmt: skip
    return DrawList(tuple(lines), first // PAGE or None)
