"""What two people do with a plan: submit, approve or send back, publish; and the same for tasks outside it."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from service.annual_plan.overview import read_submission_page
from service.annual_plan.submitting import decide_plan, publish_plan, submit_plan
from service.annual_plan.task_page import read_task_page
from service.annual_plan.temporary import decide_task, list_temporary, register_task
from service.annual_plan.words import ENTRY_ORIGINS, entry_lines, plan_lines
from service.errors import Conflicting, Denied, Invalid, Refused
from service.office import as_day
from service.pages.words import beijing
from service.web.plan_forms import APPROVER, OPERATOR, PUBLISHER, READERS, FormError, Year, posted
from service.web.plan_pages import hub_page
from service.web.session import StaffRequest, office_of
from service.web.staff import page

__all__ = ["PLAN_STEP_ROUTES"]


def _one(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]


def _lines_of(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


@post("/staff/plans/{year:int}/submit", opt=OPERATOR)
async def post_submission(request: StaffRequest, year: FromPath[Year]) -> Response[Any]:
    """Submit the plan as it was seen, and show what waits for the approver; or say why not."""
    form = await posted(request)
    revision, reason = _one(form, "revision"), _one(form, "reason")
    try:
        id = await submit_plan(office_of(request), request.user, year, int(revision) if revision.isdecimal() else 0, reason)
    except (Invalid, Conflicting) as error:
        faults = {"reason": error.zh} if isinstance(error, Invalid) and error.faults == ("reason",) else {}
        return await hub_page(request, year, 422 if isinstance(error, Invalid) else 409, FormError(error, faults), reason)
    return Redirect(f"/staff/plans/{year}/submissions/{id}", status_code=303)


async def _submission_page(request: StaffRequest, year: int, id: int, problem: Refused | None = None, remark: str = "") -> Response[str]:
    async with office_of(request).pool.acquire() as connection:
        found = await read_submission_page(connection, year, id)
    plan = found.submission.plan
    status = 200 if problem is None else 403 if isinstance(problem, Denied) else 422 if isinstance(problem, Invalid) else 409
    return await page(
        request, "staff/plans/submission.html", status, year=year, found=found, one=found.submission, plan=plan, problem=problem, remark=remark,
        lines=plan_lines(plan, found.sections), entries=[(entry, entry_lines(entry, plan, found.sections)) for entry in plan.entries],
        origins=ENTRY_ORIGINS, beijing=beijing,
    )  # fmt: skip


@get("/staff/plans/{year:int}/submissions/{submission:int}", opt=READERS)
async def get_submission(request: StaffRequest, year: FromPath[Year], submission: FromPath[int]) -> Response[str]:
    """What was submitted, word for word, what it changes, and the buttons of whoever is next."""
    return await _submission_page(request, year, submission)


@post("/staff/plans/{year:int}/submissions/{submission:int}/decide", opt=APPROVER)
async def post_verdict(request: StaffRequest, year: FromPath[Year], submission: FromPath[int]) -> Response[Any]:
    """Approve what was submitted, or send it back."""
    form = await posted(request)
    remark = _one(form, "remark")
    try:
        await decide_plan(office_of(request), request.user, year, submission, _one(form, "verdict") == "approve", remark)
    except (Invalid, Conflicting, Denied) as error:
        return await _submission_page(request, year, submission, error, remark)
    return Redirect(f"/staff/plans/{year}/submissions/{submission}", status_code=303)


@post("/staff/plans/{year:int}/submissions/{submission:int}/publish", opt=PUBLISHER)
async def post_publication(request: StaffRequest, year: FromPath[Year], submission: FromPath[int]) -> Response[Any]:
    """Publish what was approved."""
    try:
        await publish_plan(office_of(request), request.user, year, submission)
    except Conflicting as error:
        return await _submission_page(request, year, submission, error)
    return Redirect(f"/staff/plans/{year}/submissions/{submission}", status_code=303)


async def _temporary_page(
    request: StaffRequest, status: int = 200, problem: Refused | None = None, form: dict[str, list[str]] | None = None, decided: str = ""
) -> Response[str]:
    office = office_of(request)
    async with office.pool.acquire() as connection:
        tasks = await list_temporary(connection)
    faults = problem.faults if isinstance(problem, Invalid) else ()
    return await page(
        request, "staff/plans/temporary.html", status, tasks=tasks, problem=problem, faults=faults, decided=decided, beijing=beijing,
        form={name: _one(form or {}, name) for name in ("name", "legal_basis", "reason", "remark")}, year=as_day(office.now()).year,
    )  # fmt: skip


@get("/staff/plans/temporary", opt=READERS)
async def get_temporary(request: StaffRequest) -> Response[str]:
    """Tasks outside the plan, what became of them, and the form for a new one."""
    return await _temporary_page(request)


@post("/staff/plans/temporary", opt=OPERATOR)
async def post_temporary(request: StaffRequest) -> Response[Any]:
    """Register a temporary task."""
    form = await posted(request)
    try:
        await register_task(office_of(request), request.user, _one(form, "name"), _lines_of(_one(form, "legal_basis")), " ".join(_lines_of(_one(form, "reason"))))
    except Invalid as error:
        return await _temporary_page(request, 422, error, form)
    return Redirect("/staff/plans/temporary", status_code=303)


@post("/staff/plans/temporary/{task:str}/decide", opt=APPROVER)
async def post_temporary_verdict(request: StaffRequest, task: FromPath[str]) -> Response[Any]:
    """Let a temporary task in, or refuse it."""
    form = await posted(request)
    try:
        await decide_task(office_of(request), request.user, task, _one(form, "verdict") == "approve", " ".join(_lines_of(_one(form, "remark"))))
    except (Invalid, Conflicting, Denied) as error:
        status = 403 if isinstance(error, Denied) else 422 if isinstance(error, Invalid) else 409
        return await _temporary_page(request, status, error, form, task)
    return Redirect("/staff/plans/temporary", status_code=303)


@get("/staff/tasks/{task:str}", opt=READERS)
async def get_task(request: StaffRequest, task: FromPath[str]) -> Response[str]:
    """One task of a published plan, or a temporary one: what was decided, its draws, and the way to the next."""
    return await page(request, "staff/plans/task.html", found=await read_task_page(office_of(request), request.user, task), beijing=beijing)


PLAN_STEP_ROUTES = (post_submission, get_submission, post_verdict, post_publication, get_temporary, post_temporary, post_temporary_verdict, get_task)
