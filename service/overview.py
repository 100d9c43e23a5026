"""What staff see of draws: where each stands, its documents and its steps. Never what a sealed draw holds."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from service.accounts import Staff
from service.frozen import read_draw_row
from service.office import Office, as_time
from service.step_views import PLAN_READERS, may_see

__all__ = ["DrawLine", "MissingTeams", "list_draws", "missing_teams", "read_draw", "step_ids"]



class DrawLine(Struct, frozen=True):
    """One draw in a list; `plan` is S, None while it is a draft."""

    id: str
    state: str
    title: str
    task: str
    plan: str | None
    instant: str | None
    opens: str | None


class MissingTeams(Struct, frozen=True):
    """A draw whose teams were not drawn in full, and the plan that draws them; `by` is None while there is none."""

    id: str
    title: str
    by: str | None
    by_state: str | None


async def missing_teams(office: Office, who: Staff) -> list[MissingTeams]:
    """Return the draws that `who` sees and that are open to all, that lack teams, newest first, at most 100. Once another plan has drawn them, that one stands for
    whatever it lacks itself."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT d.id, d.title, b.id AS by, b.state FROM draw d JOIN draw_result r ON r.draw = d.id"
            " LEFT JOIN draw b ON b.draft ->> 'teams_of' = d.id AND b.state <> 'voided'"
            " WHERE seen_by(d.sections, $1)"
            " AND d.state IN ('drawn', 'opened') AND r.teams_missing AND coalesce(b.state NOT IN ('drawn', 'opened'), true)"
            " ORDER BY d.year DESC, d.number DESC, d.attempt DESC LIMIT 100",
            who.department,
        )
    return [MissingTeams(*row) for row in rows]


async def list_draws(
    office: Office, who: Staff, before: tuple[int, int, int] | None = None, limit: int = 50, year: int | None = None, state: str = "", task: str = "",
) -> list[DrawLine]:
    """Return up to `limit` draws that `who` sees, newest first, continuing after (year, number, attempt) `before`; only those of a year, in a
    state, of a task whose id or title holds `task`, where these are given."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT id, state, title, task, plan, instant, opens FROM draw"
            " WHERE ($1::integer IS NULL OR (year, number, attempt) < ($1, $2, $3))"
            " AND seen_by(sections, $5) AND ($6::integer IS NULL OR year = $6) AND ($7 = '' OR state = $7)"
            " AND ($8 = '' OR strpos(task, $8) > 0 OR strpos(title, $8) > 0) ORDER BY year DESC, number DESC, attempt DESC LIMIT $4",
            *(before or (None, None, None)), limit, who.department, year, state, task,
        )  # fmt: skip
    return [
        DrawLine(
            row["id"], row["state"], row["title"], row["task"], row["plan"], _time(row["instant"]), _time(row["opens"])
        )
        for row in rows
    ]  # fmt: skip


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else as_time(instant)


async def read_draw(office: Office, who: Staff, draw: str) -> dict[str, Any]:
    """Return one draw: its line, the draft it began as, its documents in log order, the steps `who` may see; NotFound.

    The draft is None for those who have no part in it: it names witnesses, and who must be kept apart.
    """
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        row = await read_draw_row(connection, draw)
        teams_drawn_by = await connection.fetchval(
            "SELECT id FROM draw WHERE draft ->> 'teams_of' = $1 AND state <> 'voided'", draw
        )
        # As it was kept: a draft of an earlier release need not be one that this release would take.
        draft = msgspec.json.decode(await connection.fetchval("SELECT draft FROM draw WHERE id = $1", draw))
        documents = await connection.fetch(
            "SELECT sha256, kind, subject, shard, leaf_index, logged_at FROM document WHERE draw = $1 ORDER BY logged_at, leaf_index",
            draw,
        )
        steps = await connection.fetch(
            "SELECT id, kind, subject, done, withdrawn FROM step WHERE draw = $1 ORDER BY created_at, id",
            draw,
        )
    return {
        "id": row.id,
        "state": row.state,
        "title": row.title,
        "task": row.task,
        "plan": row.plan,
        "instant": _time(row.instant),
        "opens": _time(row.opens),
        "draft": None if who.roles.isdisjoint(PLAN_READERS) else draft,
        "teams_drawn_by": teams_drawn_by,
        "documents": [
            {"sha256": d["sha256"], "kind": d["kind"], "subject": d["subject"], "log": d["shard"], "index": d["leaf_index"],
             "logged_at": as_time(d["logged_at"])}
            for d in documents
        ],
        "steps": [
            {"id": str(s["id"]), "kind": s["kind"], "subject": s["subject"], "document": s["done"], "withdrawn": s["withdrawn"]}
            for s in steps
            if may_see(row.state, s["kind"], who)
        ],
    }  # fmt: skip


async def step_ids(office: Office, draw: str) -> set[str]:
    """Return the ids of all steps of a draw, for telling a new one from one that was there."""
    async with office.pool.acquire() as connection:
        return {str(row["id"]) for row in await connection.fetch("SELECT id FROM step WHERE draw = $1", draw)}
