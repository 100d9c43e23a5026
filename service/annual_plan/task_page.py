"""One task as staff see it: what the plan says of it, which draws it has, drafts too, and what comes next."""

from msgspec import Struct

from service.accounts import Staff
from service.annual_plan.overview import section_names
from service.annual_plan.tasks import Task, plan_of_year, read_task
from service.annual_plan.words import entry_lines
from service.language import gettext
from service.office import Office
from service.pages.words import STATES

__all__ = ["DrawLine", "TaskPage", "read_task_page"]


class DrawLine(Struct, frozen=True):
    """A draw of the task, a draft among them; `public` has a page for everybody."""

    id: str
    title: str
    word: str
    tone: str
    public: bool


class TaskPage(Struct, frozen=True):
    """`lines` are (label, value); `unfinished` is the draw that has to end before another can begin; `ready` for the next one."""

    task: Task
    lines: tuple[tuple[str, str], ...]
    draws: tuple[DrawLine, ...]
    unfinished: bool
    ready: bool


async def read_task_page(office: Office, who: Staff, id: str) -> TaskPage:
    """Return a task with its draws that `who` sees; NotFound."""
    async with office.pool.acquire() as connection:
        task = await read_task(connection, id)
        plan = await plan_of_year(connection, task.year)
        entry = None if plan is None else next((one for one in plan.entries if one.id == id), None)
        rows = await connection.fetch(
            "SELECT id, title, state, plan, seen_by(sections, $2) AS seen FROM draw WHERE task = $1 AND draft -> 'rehearsal' IS DISTINCT FROM 'true'::jsonb"
            " ORDER BY year DESC, number DESC, attempt DESC", id, who.department
        )  # fmt: skip
        sections = await section_names(connection)
    if entry is not None and plan is not None:
        lines = tuple(entry_lines(entry, plan, sections))
    else:
        lines = ((gettext("法律依据"), "；".join(task.legal_basis)), (gettext("列为临时任务的原因"), task.reason))
    draws = tuple(
        DrawLine(row["id"], row["title"], gettext("起草中") if row["plan"] is None else STATES[row["state"]].word,
                 "plain" if row["plan"] is None else STATES[row["state"]].tone, row["plan"] is not None)
        for row in rows if row["seen"] or row["plan"] is not None
    )  # fmt: skip
    unfinished = any(row["state"] in ("draft", "frozen", "contributed") for row in rows)
    return TaskPage(task, lines, draws, unfinished, task.drawn and task.approved and not unfinished)
