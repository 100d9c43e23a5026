"""`/staff/visits`: the visits of a year by origin and cap, and entering one that was not drawn. `/staff/calendar`: the working days."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from service.annual_plan.calendar_file import format_calendar
from service.annual_plan.calendars import (
    check_calendar,
    confirm_calendar,
    list_calendars,
    parse_file,
    read_calendar_load,
)
from service.annual_plan.visits import REGISTERED_ORIGINS, read_visits, register_visit
from service.annual_plan.words import ORIGIN_WORDS, cap_words
from service.calendar import calendar_of, days_of_year
from service.drafts import EXEMPT_ORIGINS
from service.errors import Invalid
from service.office import as_day
from service.pages.words import beijing
from service.web.plan_forms import READERS, posted
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["VISIT_ROUTES"]

REGISTRAR = only("registrar")
MOST_BYTES = 1 << 20


@get("/staff/visits", opt=READERS)
async def get_visits(request: StaffRequest, year: Annotated[int | None, QueryParameter(ge=2000, le=9999)] = None) -> Response[str]:
    """How many visits the year has by origin, and which targets are at or over the cap."""
    office = office_of(request)
    this = as_day(office.now()).year
    found = await read_visits(office, year or this)
    return await page(
        request, "staff/plans/visits.html", found=found, origins=ORIGIN_WORDS, cap_words=cap_words, years=sorted({this - 1, this, this + 1, found.year}, reverse=True)
    )


async def _visit_page(request: StaffRequest, form: dict[str, str], error: Invalid | None = None, done: str = "") -> Response[str]:
    faults = dict(fault.split("\n", 1) for fault in reversed(error.faults)) if error else {}
    return await page(
        request, "staff/plans/visit.html", 422 if error else 200, form=form, error=error, faults=faults, done=done, origins={code: ORIGIN_WORDS[code] for code in REGISTERED_ORIGINS},
        exempt=EXEMPT_ORIGINS,
    )  # fmt: skip


@get("/staff/visits/new", opt=REGISTRAR)
async def get_visit_form(request: StaffRequest, done: Annotated[str, QueryParameter(max_length=64)] = "") -> Response[str]:
    """The form for one visit that was not drawn."""
    return await _visit_page(request, {}, done=done)


@post("/staff/visits/new", opt=REGISTRAR)
async def post_visit(request: StaffRequest) -> Response[Any]:
    """Enter the visit, or show the form again with its faults."""
    form = {name: values[0] for name, values in (await posted(request)).items()}
    try:
        await register_visit(office_of(request), request.user, form)
    except Invalid as error:
        return await _visit_page(request, form, error)
    return Redirect(f"/staff/visits/new?done={form['target'].strip()}", status_code=303)


async def _calendar_page(
    request: StaffRequest, status: int = 200, problem: Invalid | None = None, faults: tuple[tuple[int, str], ...] = (), source: str = ""
) -> Response[str]:
    loads = await list_calendars(office_of(request))
    held = set[int]()
    lines = []
    for load in loads:
        lines.append((load, days_of_year(calendar_of({load.year: load.days}), load.year), load.year not in held))
        held.add(load.year)
    return await page(request, "staff/plans/calendars.html", status, lines=lines, problem=problem, faults=faults, source=source, beijing=beijing)


@get("/staff/calendar", opt=READERS)
async def get_calendars(request: StaffRequest) -> Response[str]:
    """The years whose working days are known, and the form for another."""
    return await _calendar_page(request)


@post("/staff/calendar", opt=REGISTRAR, request_max_body_size=MOST_BYTES)
async def post_calendar(request: StaffRequest) -> Response[Any]:
    """Check a file and show what it says; nothing counts by it yet."""
    form = await request.form()
    part, source = form.get("file"), str(form.get("source", ""))
    try:
        if not isinstance(part, UploadFile) or not part.filename:
            raise Invalid("请选择一份文件", "choose a file", ("file",))
        content = await part.read()
        found = await parse_file(part.filename, content)
        if found.faults:
            return await _calendar_page(request, 422, Invalid("没有读取这份日历，工作日没有变化", "the calendar was not taken; no working day changed"), found.faults, source)
        load = await check_calendar(office_of(request), request.user, part.filename, content, source)
    except Invalid as error:
        return await _calendar_page(request, 422, error, (), source)
    return Redirect(f"/staff/calendar/{load.id}", status_code=303)


@get("/staff/calendar/{id:uuid}", opt=READERS)
async def get_calendar(request: StaffRequest, id: FromPath[UUID]) -> Response[str]:
    """What a checked file says of its year, and the button that lets it hold."""
    office = office_of(request)
    load = await read_calendar_load(office, id)
    found = await parse_file(load.filename, format_calendar(load.days))
    return await page(request, "staff/plans/calendar.html", load=load, found=found, beijing=beijing)


@post("/staff/calendar/{id:uuid}/confirm", opt=REGISTRAR)
async def post_calendar_confirmed(request: StaffRequest, id: FromPath[UUID]) -> Response[Any]:
    """Let the days hold for their year."""
    await confirm_calendar(office_of(request), request.user, id)
    return Redirect(f"/staff/calendar/{id}", status_code=303)


VISIT_ROUTES = (get_visits, get_visit_form, post_visit, get_calendars, post_calendar, get_calendar, post_calendar_confirmed)
