"""`/staff/plans/<year>/tasks`: the tasks of a plan as they are written."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from service.annual_plan.content import AnnualPlan, Entry
from service.annual_plan.editing import put_entry, read_known, read_plan_draft, remove_entry
from service.annual_plan.faults import plan_faults
from service.annual_plan.forms import RULES, SCOPE_FIELDS, codes_of, entry_form, read_entry
from service.annual_plan.words import ATTRIBUTES, ENTRY_ORIGINS
from service.errors import Conflicting, NotFound
from service.web.plan_forms import OPERATOR, FormError, Year, posted, read_choices
from service.web.plan_pages import hub_page, save
from service.web.session import StaffRequest, office_of
from service.web.staff import page

__all__ = ["ENTRY_ROUTES"]


async def _entry_page(
    request: StaffRequest, year: int, task: str | None, form: dict[str, list[str]] | None = None, error: FormError | None = None
) -> Response[str]:
    office = office_of(request)
    async with office.pool.acquire() as connection:
        draft, known = await read_plan_draft(connection, year), await read_known(connection, office, year)
        choices = await read_choices(connection, known.items, known.sections)
    entry = _entry_of(draft.plan, task)
    missing = [] if task is None or error is not None else [f.words for f in plan_faults(draft.plan, known) if f.part == task]
    return await page(
        request, "staff/plans/entry.html", 200 if error is None else 422, year=year, task=task, form=form or entry_form(entry), error=error,
        revision=str(draft.revision) if form is None else form.get("revision", ["0"])[0], choices=choices, rules=RULES, attributes=ATTRIBUTES,
        origins=ENTRY_ORIGINS, scope_fields=SCOPE_FIELDS, missing=missing, ended={item.id: item.name for item in entry.items if item.id not in known.items},
    )  # fmt: skip


def _entry_of(plan: AnnualPlan, task: str | None) -> Entry:
    if task is None:
        used = {entry.id for entry in plan.entries}
        number = next(n for n in range(1, len(used) + 2) if f"{plan.year}-{n:02d}" not in used)
        return Entry(id=f"{plan.year}-{number:02d}", name="")
    found = next((entry for entry in plan.entries if entry.id == task), None)
    if found is None:
        raise NotFound(f"计划里没有任务 {task}", f"the plan has no task {task}")
    return found


@get("/staff/plans/{year:int}/tasks", opt=OPERATOR)
async def get_new_entry(request: StaffRequest, year: FromPath[Year]) -> Response[str]:
    """The form of a new task."""
    return await _entry_page(request, year, None)


@post("/staff/plans/{year:int}/tasks", opt=OPERATOR)
async def post_new_entry(request: StaffRequest, year: FromPath[Year]) -> Response[Any]:
    """Add a task."""
    return await _post_entry(request, year, None)


@get("/staff/plans/{year:int}/tasks/{task:str}", opt=OPERATOR)
async def get_entry(request: StaffRequest, year: FromPath[Year], task: FromPath[str]) -> Response[str]:
    """The form of a task, with what is missing in it."""
    return await _entry_page(request, year, task)


@post("/staff/plans/{year:int}/tasks/{task:str}", opt=OPERATOR)
async def post_entry(request: StaffRequest, year: FromPath[Year], task: FromPath[str]) -> Response[Any]:
    """Save a task."""
    return await _post_entry(request, year, task)


async def _post_entry(request: StaffRequest, year: int, task: str | None) -> Response[Any]:
    form, office = await posted(request), office_of(request)
    async with office.pool.acquire() as connection:
        draft, known = await read_plan_draft(connection, year), await read_known(connection, office, year)
        rows = await connection.fetch("SELECT id, name FROM target WHERE id = ANY($1)", codes_of(form))
    old = None if task is None else _entry_of(draft.plan, task)
    entry, faults = read_entry(form, known.items, {row["id"]: row["name"] for row in rows}, old)
    if entry is None:
        return await _entry_page(request, year, task, form, FormError(None, faults))
    try:
        plan = put_entry(draft.plan, entry, task)
    except Conflicting as error:
        return await _entry_page(request, year, task, form, FormError(error, {"id": error.zh}))
    if (problem := await save(request, form, plan)) is not None:
        return await _entry_page(request, year, task, form, FormError(problem, {}))
    more = bool(form.get("more"))
    return Redirect(f"/staff/plans/{year}/tasks/{entry.id}#more" if more else f"/staff/plans/{year}", status_code=303)


@post("/staff/plans/{year:int}/tasks/{task:str}/remove", opt=OPERATOR)
async def post_removed_entry(request: StaffRequest, year: FromPath[Year], task: FromPath[str]) -> Response[Any]:
    """Take a task out of the draft; published versions keep it."""
    form = await posted(request)
    async with office_of(request).pool.acquire() as connection:
        draft = await read_plan_draft(connection, year)
    if (problem := await save(request, form, remove_entry(draft.plan, task))) is not None:
        return await hub_page(request, year, 409, FormError(problem, {}))
    return Redirect(f"/staff/plans/{year}", status_code=303)


ENTRY_ROUTES = (get_new_entry, post_new_entry, get_entry, post_entry, post_removed_entry)
