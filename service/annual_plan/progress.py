"""What became of the tasks of a year: their draws, and how many visits are done. Of a sealed draw no more than its plan says.

A visit is done when its result stands published. Of key inspection it is one of the registry of inspections, on its origin; visits that
would betray the list of a sealed draw are left out there, as everywhere (service/past.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct

from selection.plan import Plan
from service.annual_plan.content import AnnualPlan, Entry, visits_of
from service.annual_plan.temporary import Registered, list_temporary
from service.database import Connection
from service.language import gettext, marked
from service.pages.record import read_plan
from service.pages.words import STATES, VOID_REASONS, planned_drawn
from service.past import hidden_visits

__all__ = ["TASK_STATES", "DrawOfTask", "Progress", "TaskProgress", "read_progress"]

TASK_STATES = {"done": marked("已完成"), "running": marked("进行中"), "waiting": marked("未开始")}


class DrawOfTask(Struct, frozen=True):
    """One public draw. `drawn` is how many its plan draws, known from the freeze on; `inspected` None while nobody may know."""

    id: str
    title: str
    state: str
    word: str
    tone: str
    void_reason: str
    drawn: int
    inspected: int | None


class TaskProgress(Struct, frozen=True):
    """One task; `kind` is plan, temporary or outside (draws whose task nobody registered). `planned` is None where nobody said."""

    kind: str
    id: str
    name: str
    entry: Entry | None
    reason: str
    state: str
    planned: int | None
    inspected: int
    draws: tuple[DrawOfTask, ...]

    @property
    def state_word(self) -> str:
        return gettext(TASK_STATES[self.state])

    @property
    def sealed(self) -> bool:
        """Whether a draw of it is sealed, so that its visits are not counted yet."""
        return any(draw.state == "sealed" for draw in self.draws)


class Progress(Struct, frozen=True):
    """All tasks of a year, and how many draws were voided."""

    tasks: tuple[TaskProgress, ...]
    temporary: tuple[TaskProgress, ...]
    outside: tuple[TaskProgress, ...]
    voided: int

    @property
    def all(self) -> tuple[TaskProgress, ...]:
        return (*self.tasks, *self.temporary, *self.outside)


async def read_progress(connection: Connection, plan: AnnualPlan) -> Progress:
    """Return what became of every task of `plan`, of the temporary tasks of its year that were let in, and the draws of neither."""
    temporary = [one for one in await list_temporary(connection, plan.year) if one.approved]
    draws, names = await _read_draws(connection, plan, {one.task.id for one in temporary})
    visited = await _key_visits(connection, plan)
    known = {entry.id for entry in plan.entries} | {one.task.id for one in temporary}
    tasks = tuple(_of_plan(entry, draws[entry.id], visited) for entry in plan.entries)
    others = tuple(_temporary(one, draws[one.task.id]) for one in reversed(temporary))
    outside = tuple(
        _progress("outside", id, names[id], None, "", None, draws[id]) for id in sorted(draws.keys() - known) if draws[id]
    )
    voided = sum(draw.state == "voided" for of_task in draws.values() for draw in of_task)
    return Progress(tasks, others, outside, voided)


def _of_plan(entry: Entry, draws: list[DrawOfTask], visited: Mapping[str, int]) -> TaskProgress:
    if entry.origin == "plan-random":
        return _progress("plan", entry.id, entry.name, entry, "", visits_of(entry), draws)
    inspected, planned = visited[entry.id], visits_of(entry)
    state = "done" if inspected >= planned > 0 else "running" if inspected else "waiting"
    return TaskProgress("plan", entry.id, entry.name, entry, "", state, planned, inspected, tuple(draws))


def _temporary(one: Registered, draws: list[DrawOfTask]) -> TaskProgress:
    return _progress("temporary", one.task.id, one.task.name, None, one.task.reason, None, draws)


def _progress(kind: str, id: str, name: str, entry: Entry | None, reason: str, planned: int | None, draws: list[DrawOfTask]) -> TaskProgress:
    standing = [draw for draw in draws if draw.state != "voided"]
    inspected = sum(draw.inspected or 0 for draw in standing)
    # Done: every list that was drawn is visited, and as many as were planned; a sealed draw is never done.
    open_ = any(draw.inspected is None or draw.inspected < draw.drawn for draw in standing)
    done = bool(standing) and not open_ and inspected >= (planned or 0)
    return TaskProgress(kind, id, name, entry, reason, "done" if done else "running" if standing else "waiting", planned, inspected, tuple(draws))


async def _read_draws(
    connection: Connection, plan: AnnualPlan, temporary: set[str]
) -> tuple[defaultdict[str, list[DrawOfTask]], dict[str, str]]:
    """Return the public draws by task, of tasks of this plan and year and of others whose visits begin in the year; and the tasks' names.

    A draw that draws the missing teams of another is none of its own: its visits are those of the other.
    """
    rows = await connection.fetch(
        "SELECT draw.id, draw.state, draw.plan, draw.task,"
        " (SELECT convert_from(data, 'UTF8')::jsonb ->> 'reason' FROM document v WHERE v.draw = draw.id AND v.kind = 'draw-void/v1') AS void_reason,"
        " CASE WHEN draw.state IN ('drawn', 'opened') THEN (SELECT count(DISTINCT target) FROM result"
        " WHERE status <> 'withdrawn' AND (result.draw = draw.id OR result.draw IN (SELECT id FROM draw t WHERE t.draft ->> 'teams_of' = draw.id))) END AS inspected"
        " FROM draw WHERE plan IS NOT NULL AND draft -> 'rehearsal' IS DISTINCT FROM 'true'::jsonb AND draft ->> 'teams_of' IS NULL"
        " ORDER BY year, number, attempt"
    )  # fmt: skip
    wanted = temporary | {entry.id for entry in plan.entries}
    draws, names = defaultdict[str, list[DrawOfTask]](list), dict[str, str]()
    for row in rows:
        bound: Plan = await read_plan(connection, row["plan"])
        if row["task"] not in wanted and (bound.visits.from_[:4] != str(plan.year) or _of_another_year(row["task"], plan.year)):
            continue
        status = STATES[row["state"]]
        names[row["task"]] = bound.task.name
        draws[row["task"]].append(
            DrawOfTask(row["id"], bound.title, row["state"], status.word, status.tone, VOID_REASONS.get(row["void_reason"] or "", row["void_reason"] or ""),
                       planned_drawn(bound), row["inspected"])
        )  # fmt: skip
    return draws, names


def _of_another_year(task: str, year: int) -> bool:
    return task[:5].rstrip("-").isdecimal() and task[4:5] == "-" and task[:4] != str(year)


async def _key_visits(connection: Connection, plan: AnnualPlan) -> dict[str, int]:
    """Return for each task of key inspection how many of its enterprises were visited on that origin while the plan was carried out."""
    entries = [entry for entry in plan.entries if entry.origin == "plan-key"]
    named = sorted({one.target for entry in entries for one in entry.key_targets})
    rows = await connection.fetch(
        "SELECT DISTINCT coalesce(kept, target) AS target, inspected_on FROM inspection LEFT JOIN target_alias ON alias = target"
        " WHERE origin = 'plan-key' AND inspected_on BETWEEN $2 AND $3 AND (target = ANY($1) OR kept = ANY($1))", named, plan.first, plan.last
    ) if named else []  # fmt: skip
    hidden = await hidden_visits(connection) if rows else {}
    days = defaultdict[str, list[date]](list)
    for row in rows:
        if row["target"] not in hidden or row["inspected_on"].isoformat() < hidden[row["target"]]:
            days[row["target"]].append(row["inspected_on"])
    return {entry.id: _visited(entry, days) for entry in entries}


def _visited(entry: Entry, days: Mapping[str, Iterable[date]]) -> int:
    return sum(len(list(days.get(one.target, ()))) for one in entry.key_targets)
