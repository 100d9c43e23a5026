"""`/plans/`: the annual plans as everybody reads them, with what became of each task; every version at its own address."""

from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, PathParameter

from service.annual_plan.published import (
    csv_rows,
    format_plan_csv,
    format_plan_json,
    read_published,
    read_version,
    read_years,
)
from service.annual_plan.words import ENTRY_ORIGINS, batch_words, cap_words, entry_lines, plan_lines
from service.annual_plan.working_time import compute
from service.web.plan_forms import Year
from service.web.public import CACHE, _page
from service.web.session import PUBLIC, StaffRequest, office_of

__all__ = ["PUBLIC_PLAN_ROUTES"]

Version = Annotated[int, PathParameter(ge=1, le=1_000_000)]


@get("/plans", opt=PUBLIC)
async def get_public_plans(request: StaffRequest) -> Response[str]:
    """The plans of all years."""
    return await _page(request, "plans.html", current="plans", years=await read_years(office_of(request)))


@get("/plans/{year:int}", opt=PUBLIC)
async def get_public_plan(request: StaffRequest, year: FromPath[Year]) -> Response[str]:
    """The plan of a year as it holds, and what became of each task."""
    found = await read_published(office_of(request), year)
    plan = found.plan
    return await _page(
        request, "plan.html", current="plans", found=found, plan=plan, rows=csv_rows(found), origins=ENTRY_ORIGINS, batch_words=batch_words,
        cap_words=cap_words, lines=plan_lines(plan, found.sections), result=compute(plan.time) if plan.time else None,
        details={task.id: entry_lines(task.entry, plan, found.sections) for task in found.progress.tasks if task.entry},
    )  # fmt: skip


@get("/plans/{year:int}/plan.csv", opt=PUBLIC)
async def get_public_plan_csv(request: StaffRequest, year: FromPath[Year]) -> Response[bytes]:
    """The tasks as the page shows them, as CSV."""
    data = format_plan_csv(await read_published(office_of(request), year))
    return _file(data, "text/csv; charset=utf-8", f"plan-{year}.csv")


@get("/plans/{year:int}/plan.json", opt=PUBLIC)
async def get_public_plan_json(request: StaffRequest, year: FromPath[Year]) -> Response[bytes]:
    """The plan and what became of it, as data."""
    return _file(format_plan_json(await read_published(office_of(request), year)), "application/json", f"plan-{year}.json")


def _file(data: bytes, media_type: str, name: str) -> Response[bytes]:
    return Response(data, media_type=media_type, headers={"Cache-Control": CACHE, "Content-Disposition": f'inline; filename="{name}"'})


@get("/plans/{year:int}/{version:int}", opt=PUBLIC)
async def get_public_version(request: StaffRequest, year: FromPath[Year], version: FromPath[Version]) -> Response[str]:
    """One version as it was published, for ever at this address, and what it changed."""
    found = await read_version(office_of(request), year, version)
    plan = found.plan
    return await _page(
        request, "plan_version.html", current="plans", found=found, plan=plan, lines=plan_lines(plan, found.sections),
        entries=[(entry, entry_lines(entry, plan, found.sections)) for entry in plan.entries],
    )  # fmt: skip


PUBLIC_PLAN_ROUTES = (get_public_plans, get_public_plan, get_public_plan_csv, get_public_plan_json, get_public_version)
