"""`/staff/plans`: the annual plan as it is written, part by part."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from service.annual_plan.content import AnnualPlan
from service.annual_plan.editing import (
    read_known,
    read_plan_draft,
    save_plan,
    start_plan,
)
from service.annual_plan.forms import (
    basis_form,
    read_basis,
    read_time,
    time_form,
)
from service.annual_plan.overview import read_hub, read_overview
from service.annual_plan.words import ENTRY_ORIGINS
from service.annual_plan.working_time import budget_faults, compute, key_warning
from service.errors import Conflicting, NotFound
from service.office import as_day
from service.pages.words import beijing
from service.web.plan_forms import OPERATOR, READERS, FormError, Year, posted
from service.web.session import StaffRequest, office_of
from service.web.staff import page

__all__ = ["PLAN_ROUTES", "hub_page", "save"]


@get("/staff/plans", opt=READERS)
async def get_plans(request: StaffRequest) -> Response[str]:
    """Every year with a plan and where it stands, and what belongs to plans."""
    office = office_of(request)
    this = as_day(office.now()).year
    return await page(request, "staff/plans/overview.html", overview=await read_overview(office), offered=(this, this + 1), beijing=beijing)


@post("/staff/plans", opt=OPERATOR)
async def post_plan(request: StaffRequest) -> Response[Any]:
    """Begin the plan of a year."""
    text = (await posted(request)).get("year", [""])[0]
    year = int(text) if text.isdecimal() and len(text) == 4 and text >= "2000" else 0
    if not year:
        raise NotFound("没有这个年度", "there is no such year")
    await start_plan(office_of(request), request.user, year)
    return Redirect(f"/staff/plans/{year}", status_code=303)


async def hub_page(request: StaffRequest, year: int, status: int = 200, error: FormError | None = None, reason: str = "") -> Response[str]:
    """Return the page of a year's plan: its parts, what is missing, and who is next."""
    office = office_of(request)
    async with office.pool.acquire() as connection:
        hub = await read_hub(connection, office, year)
    return await page(
        request, "staff/plans/hub.html", status, hub=hub, plan=hub.draft.plan, error=error, reason=reason, beijing=beijing, origins=ENTRY_ORIGINS,
        result=compute(hub.draft.plan.time) if hub.draft.plan.time else None,
    )  # fmt: skip


@get("/staff/plans/{year:int}", opt=READERS)
async def get_plan(request: StaffRequest, year: FromPath[Year]) -> Response[str]:
    """One year's plan: its parts, what is missing, and who is next."""
    return await hub_page(request, year)


async def save(request: StaffRequest, form: dict[str, list[str]], plan: AnnualPlan) -> Conflicting | None:
    """Save the plan over the revision that the form was made from; return why it was not, if somebody else was faster."""
    revision = form.get("revision", ["0"])[0]
    try:
        await save_plan(office_of(request), request.user, int(revision) if revision.isdecimal() else 0, plan)
    except Conflicting as error:
        return error
    return None


async def _basis_page(request: StaffRequest, year: int, form: dict[str, list[str]] | None = None, error: FormError | None = None) -> Response[str]:
    office = office_of(request)
    async with office.pool.acquire() as connection:
        draft, known = await read_plan_draft(connection, year), await read_known(connection, office, year)
    revision = str(draft.revision) if form is None else form.get("revision", ["0"])[0]
    return await page(
        request, "staff/plans/basis.html", 200 if error is None else 422, year=year, form=form or basis_form(draft.plan), error=error,
        revision=revision, sections=known.sections,
    )  # fmt: skip


@get("/staff/plans/{year:int}/basis", opt=OPERATOR)
async def get_basis(request: StaffRequest, year: FromPath[Year]) -> Response[str]:
    """Title, number, legal basis, departments, window and caps."""
    return await _basis_page(request, year)


@post("/staff/plans/{year:int}/basis", opt=OPERATOR)
async def post_basis(request: StaffRequest, year: FromPath[Year]) -> Response[Any]:
    """Save the basis, or show the form again with its faults."""
    form = await posted(request)
    async with office_of(request).pool.acquire() as connection:
        draft = await read_plan_draft(connection, year)
    plan, faults = read_basis(draft.plan, form)
    if plan is None:
        return await _basis_page(request, year, form, FormError(None, faults))
    if (problem := await save(request, form, plan)) is not None:
        return await _basis_page(request, year, form, FormError(problem, {}))
    return Redirect(f"/staff/plans/{year}", status_code=303)


async def _time_page(request: StaffRequest, year: int, form: dict[str, list[str]] | None = None, error: FormError | None = None) -> Response[str]:
    office = office_of(request)
    async with office.pool.acquire() as connection:
        draft, known = await read_plan_draft(connection, year), await read_known(connection, office, year)
    shown = form or time_form(draft.plan, known.statutory)
    budget, faults = read_time(shown)
    sound = budget is not None and not faults and not budget_faults(budget)
    return await page(
        request, "staff/plans/time.html", 200 if error is None else 422, year=year, form=shown, error=error, statutory=known.statutory,
        revision=str(draft.revision) if form is None else form.get("revision", ["0"])[0],
        budget=budget, result=compute(budget) if budget is not None and sound else None,
        warning=key_warning(budget) if budget is not None and sound else None,
    )  # fmt: skip


@get("/staff/plans/{year:int}/time", opt=OPERATOR)
async def get_time(request: StaffRequest, year: FromPath[Year]) -> Response[str]:
    """The calculator of inspection days."""
    return await _time_page(request, year)


@post("/staff/plans/{year:int}/time", opt=OPERATOR)
async def post_time(request: StaffRequest, year: FromPath[Year]) -> Response[Any]:
    """Save the figures and show what they come to, or the form again with its faults."""
    form, office = await posted(request), office_of(request)
    async with office.pool.acquire() as connection:
        draft, known = await read_plan_draft(connection, year), await read_known(connection, office, year)
    budget, faults = read_time(form)
    if budget is not None:
        faults = faults | dict(budget_faults(budget, known.statutory))
    if faults:
        return await _time_page(request, year, form, FormError(None, faults))
    if (problem := await save(request, form, msgspec.structs.replace(draft.plan, time=budget))) is not None:
        return await _time_page(request, year, form, FormError(problem, {}))
    return Redirect(f"/staff/plans/{year}/time", status_code=303)


PLAN_ROUTES = (get_plans, post_plan, get_plan, get_basis, post_basis, get_time, post_time)
