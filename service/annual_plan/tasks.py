"""A task that a draw is prepared from: one of the published plan of its year, or a temporary one that the approver let in.

The id says where to look: `<year>-<anything>` is a task of that year's plan, `<year>-t<number>` a temporary one.
"""

import re
from typing import Literal

import msgspec
from msgspec import Struct

from selection.forms import Id, Text
from service.annual_plan.content import AnnualPlan, Batch, Entry, KeyTarget, parse_content, visits_of
from service.database import Connection
from service.drafts import Attribute, Draft, DraftRule, DraftStratum, Scope, YearlyCap
from service.errors import NotFound

__all__ = ["Task", "TemporaryTask", "is_plan_id", "list_tasks", "plan_of_year", "read_task", "task_fault", "task_warning"]

_TEMPORARY = re.compile(r"[0-9]{4}-t[0-9]+", re.ASCII)
_OF_PLAN = re.compile(r"([0-9]{4})-.+", re.ASCII)


def is_plan_id(id: str, year: int) -> bool:
    """Return whether `id` can be that of a task of the plan of `year`."""
    return id.startswith(f"{year}-") and len(id) > 5 and _TEMPORARY.fullmatch(id) is None


class Task(Struct, frozen=True, kw_only=True):
    """What a draft can be filled in from. Nothing here is more than a proposal but `id`, `title` and `origin`: see `task_fault`.

    `drawn` is False for key inspection (`key_targets`, visited without a draw). `temporary` tasks have a `reason`, no batches, and an
    `approved` that may still be False; those of a plan are approved. `items` are ids of the item registry; `sections` labels of
    departments, none meaning the bureau's own alone. `pool_rules` are the yearly caps of the plan. `strata` and `stratify_by` go into a
    Draft as they are (one stratum without values: all targets). `visits` is how many are expected in all.
    """

    id: str
    year: int
    title: str
    origin: Literal["annual-plan", "temporary-task"]
    legal_basis: tuple[str, ...]
    scope: Scope
    stratify_by: Attribute | None
    strata: tuple[DraftStratum, ...]
    pool_rules: tuple[DraftRule, ...]
    items: tuple[str, ...]
    sections: tuple[str, ...]
    batches: tuple[Batch, ...]
    visits: int
    directed: bool
    drawn: bool
    key_targets: tuple[KeyTarget, ...]
    temporary: bool
    approved: bool
    reason: str


class TemporaryTask(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A task outside the plan, as it is registered and approved."""

    id: Id
    name: Text
    legal_basis: tuple[Text, ...]
    reason: Text


async def read_task(connection: Connection, task_id: str) -> Task:
    """Return a task; NotFound if no published plan and no register of temporary tasks has it (any more)."""
    if _TEMPORARY.fullmatch(task_id):
        row = await connection.fetchrow(f"{_TEMPORARY_ROWS} WHERE task.id = $1", task_id)
        if row is not None:
            return _temporary(row)
    elif (matched := _OF_PLAN.fullmatch(task_id)) and (plan := await plan_of_year(connection, int(matched[1]))) is not None:
        for entry in plan.entries:
            if entry.id == task_id:
                return _of_plan(plan, entry)
    raise NotFound(f"公布的年度计划和临时任务里没有任务 {task_id}", f"no published plan and no temporary task has the id {task_id}")


async def list_tasks(connection: Connection, year: int) -> list[Task]:
    """Return the tasks of a year that a draw can be made from: of its published plan in their order, then temporary ones approved."""
    plan = await plan_of_year(connection, year)
    planned = [] if plan is None else [_of_plan(plan, entry) for entry in plan.entries if entry.origin == "plan-random"]
    rows = await connection.fetch(f"{_TEMPORARY_ROWS} WHERE task.year = $1 AND verdict.approved ORDER BY task.number", year)
    return [*planned, *(_temporary(row) for row in rows)]


async def plan_of_year(connection: Connection, year: int) -> AnnualPlan | None:
    """Return the newest published version of a year's plan; None if none was published."""
    text = await connection.fetchval(
        "SELECT content FROM annual_plan_version JOIN annual_plan_submission AS submission ON submission.id = submission"
        " WHERE annual_plan_version.year = $1 ORDER BY version DESC LIMIT 1", year
    )  # fmt: skip
    return None if text is None else parse_content(text)


_TEMPORARY_ROWS = (
    "SELECT task.id, task.year, task.content, verdict.approved FROM temporary_task AS task"
    " LEFT JOIN temporary_task_verdict AS verdict ON verdict.task = task.id"
)


def _of_plan(plan: AnnualPlan, entry: Entry) -> Task:
    return Task(
        id=entry.id, year=plan.year, title=entry.name, origin="annual-plan", legal_basis=entry.legal_basis or plan.legal_basis,
        scope=entry.scope, stratify_by=entry.stratify_by, strata=entry.strata,
        pool_rules=(YearlyCap(caps=plan.caps),) if plan.caps else (), items=tuple(item.id for item in entry.items),
        sections=entry.sections or plan.sections, batches=entry.batches, visits=visits_of(entry), directed=entry.directed,
        drawn=entry.origin == "plan-random", key_targets=entry.key_targets, temporary=False, approved=True, reason="",
    )  # fmt: skip


def _temporary(row: Connection) -> Task:
    task = msgspec.json.decode(row["content"], type=TemporaryTask)
    return Task(
        id=task.id, year=row["year"], title=task.name, origin="temporary-task", legal_basis=task.legal_basis, scope=Scope(),
        stratify_by=None, strata=(), pool_rules=(), items=(), sections=(), batches=(), visits=0, directed=False, drawn=True,
        key_targets=(), temporary=True, approved=bool(row["approved"]), reason=task.reason,
    )  # fmt: skip


async def _read_if_any(connection: Connection, task_id: str) -> Task | None:
    try:
        return await read_task(connection, task_id)
    except NotFound:
        return None


async def task_fault(connection: Connection, draft: Draft) -> str | None:
    """Return in Chinese, with the mend, why the list of `draft` cannot be frozen for its task; None if it can.

    While no plan of the year of the visits is published, any task will do. A rehearsal may be of any task.
    """
    if draft.rehearsal:
        return None
    task, year = await _read_if_any(connection, draft.task.id), draft.visits.first.year
    if task is None:
        if draft.origin == "temporary-task" or await plan_of_year(connection, year) is None:
            return None
        return (f"任务 {draft.task.id} 不在已公布的 {year} 年度检查计划里；请从计划的任务起草，"
                "或登记为临时任务并把来源改为“临时任务”")  # fmt: skip
    if not task.drawn:
        return f"任务 {task.id} 是重点检查，对象已在计划中点名，不抽取；请选双随机抽查的任务"
    if not task.approved:
        return f"临时任务 {task.id} 尚未经审批人批准；请审批人在“年度计划”页批准，或改用计划内的任务"
    if task.temporary and draft.origin != "temporary-task":
        return f"任务 {task.id} 是临时任务，草案的来源须写“临时任务”"
    if not task.temporary and draft.origin == "temporary-task":
        return f"任务 {task.id} 在 {task.year} 年度检查计划里，草案的来源不能写“临时任务”"
    return None


async def task_warning(connection: Connection, task_id: str, year: int) -> str | None:
    """Return in Chinese what the check list says of a task outside the plan of `year`; None for one of a plan, or while there is no plan."""
    task = await _read_if_any(connection, task_id)
    if task is not None and task.temporary:
        return f"任务 {task.id} 是临时任务，不在年度检查计划里；登记的原因：{task.reason}"
    if task is None and await plan_of_year(connection, year) is not None:
        return f"任务 {task_id} 不在 {year} 年度检查计划里，也没有登记为临时任务；公布时会标明“计划外”"
    return None
