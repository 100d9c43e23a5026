"""`/staff/preparations/`: a draw is prepared by form, one thing per page. A page is kept as it was typed whatever is wrong with it."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, PathParameter
from litestar.response import Redirect

from service.errors import Conflicting, Denied, Invalid, NotFound, Refused
from service.preparing import editing
from service.preparing.answers import PAGES
from service.preparing.assembling import faults_of_page
from service.preparing.choices import find_targets, read_choices
from service.preparing.fields import from_fields
from service.preparing.looking import look
from service.preparing.rows import blank_row
from service.preparing.standing import lines_of, next_page, pages_of
from service.preparing.starting import read_beginnings, start
from service.preparing.store import (
    ChangedMeanwhile,
    discard,
    finish,
    list_preparations,
    may_prepare,
    of_draw,
    read_preparation,
    reload,
    save,
)
from service.web.preparing_view import render_page
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["PREPARING_ROUTES"]

READERS, OPERATOR = only("operator", "confirmer", "approver", "auditor"), only("operator")
DrawId = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,32}-[0-9]{4}-[0-9]{1,9}-[0-9]{1,9}$")]
MOST_FIELDS = 20_000


def _see(address: str) -> Response[Any]:
    return Redirect(address, status_code=303)


async def _pairs(request: StaffRequest) -> list[tuple[str, str]]:
    """The fields of the form in their order; parsed here, because the framework groups them by name."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Invalid("表单太大，请分几次填写", "the form has too many fields") from error


@get("/staff/preparations", opt=READERS)
async def get_preparations(request: StaffRequest) -> Response[str]:
    """What is being prepared."""
    return await page(request, "staff/preparing/list.html", found=await list_preparations(office_of(request), request.user))


@get("/staff/preparations/new", opt=OPERATOR)
async def get_new(request: StaffRequest, task: FromQuery[str] = "") -> Response[str]:
    """Where to begin from; `task` is one that was chosen on another page."""
    async with office_of(request).pool.acquire() as connection:
        if not await may_prepare(connection, request.user):
            raise Denied("抽取由牵头部门准备", "draws are prepared by the leading department")
    return await page(request, "staff/preparing/new.html", beginnings=await read_beginnings(office_of(request)), task=task, problem=None)


@post("/staff/preparations", opt=OPERATOR)
async def post_new(request: StaffRequest) -> Response[Any]:
    """Begin."""
    form, office = dict(await _pairs(request)), office_of(request)
    way = form.get("way", "")
    of, _, batch = form.get(f"of-{way}", "").partition("|")
    try:
        id = await start(office, request.user, way, of, int(batch) if batch.isdecimal() and len(batch) < 4 else 0)
    except (Invalid, Conflicting, NotFound) as error:
        return await page(request, "staff/preparing/new.html", 422, beginnings=await read_beginnings(office), task=of, problem=error)
    return _see(f"/staff/preparations/{id}")


@get("/staff/preparations/{preparation:uuid}", opt=READERS)
async def get_preparation(request: StaffRequest, preparation: FromPath[UUID]) -> Response[str]:
    """Every page with what is done, missing or wrong, and what comes next."""
    return await _task_list(request, preparation)


async def _task_list(request: StaffRequest, preparation: UUID, status: int = 200, problem: Refused | None = None) -> Response[str]:
    office = office_of(request)
    found = await read_preparation(office, preparation)
    async with office.pool.acquire() as connection:
        several = await connection.fetchval("SELECT count(*) > 1 FROM section WHERE active")
        edits = found.open and await may_prepare(connection, request.user)
    seen = await look(office, found)
    lines = lines_of(found, pages_of(found.answers, several), seen)
    others = [words for slug, words in seen.faults if slug not in {line.page.slug for line in lines}]
    return await page(
        request, "staff/preparing/tasks.html", status, found=found, lines=lines, look=seen, others=others, problem=problem,
        owed=[line for line in lines if line.state in ("missing", "fault")], edits=edits,
        unfinished=found.unfinished,
    )  # fmt: skip


@get("/staff/preparations/{preparation:uuid}/{slug:str}", opt=READERS)
async def get_page(request: StaffRequest, preparation: FromPath[UUID], slug: FromPath[str], add: FromQuery[str] = "", q: FromQuery[str] = "") -> Response[str]:
    """One page as it was left; `add` names a list that gets an empty row, `q` words to find targets by."""
    _known(slug)
    office = office_of(request)
    found = await read_preparation(office, preparation)
    path = editing.added_path(f"add:{add}")
    answers = blank_row(getattr(found.answers, slug), path, editing.new_seat(path))
    hits: list[tuple[str, str]] | None = None
    problem = None
    if q and slug == "mandatory":
        try:
            hits = await find_targets(office, q)
        except Invalid as error:
            problem = error
    return await render_page(request, found, slug, answers, problem=problem, q=q, hits=hits)


@post("/staff/preparations/{preparation:uuid}/{slug:str}", opt=OPERATOR)
async def post_page(request: StaffRequest, preparation: FromPath[UUID], slug: FromPath[str]) -> Response[Any]:
    """Keep what was typed, do what the button says, and go on: to the next page if nothing is missing here, otherwise back to this one."""
    _known(slug)
    pairs, office = await _pairs(request), office_of(request)
    button, extra = next((value for name, value in pairs if name == "do"), "save"), dict(pairs)
    if slug == "mandatory" and button == "save" and extra.get("q", "") != extra.get("found", ""):
        button = "find"  # the key Enter in the field of words to find
    typed = editing.apply(from_fields(PAGES[slug].kind, pairs))
    found = await read_preparation(office, preparation)
    async with office.pool.acquire() as connection:
        choices = await read_choices(connection)
    seen = extra.get("seen", "")
    address = f"/staff/preparations/{preparation}/{slug}"
    try:
        typed = editing.press(typed, button, choices, extra.get("paste", ""), extra.get("paste_reason", ""))
        saved = await save(office, request.user, preparation, slug, typed, int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
                           editing.follow(found.answers, typed))  # fmt: skip
    except ChangedMeanwhile as error:
        return await render_page(request, error.theirs, slug, typed, 409, problem=error)
    except Denied:
        raise
    except Refused as error:
        return await render_page(request, found, slug, typed, 409, problem=error)
    if button == "find":
        return _see(f"{address}?{urlencode({'q': extra.get('q', '')})}#found")
    if button != "save":
        path = editing.added_path(button)
        return _see(f"{address}?{urlencode({'add': path})}#f-{path}" if path else f"{address}#rows")
    if faults_of_page(saved.answers, slug):
        return _see(address)
    following = next_page(pages_of(saved.answers, len(choices.departments) > 1), slug, saved.saved)
    return _see(f"/staff/preparations/{preparation}" + (f"/{following}" if following and saved.draw is None else ""))


def _known(slug: str) -> None:
    if slug not in PAGES:
        raise NotFound("没有这一页", "there is no such page")


@post("/staff/preparations/{preparation:uuid}/draft", opt=OPERATOR)
async def post_draft(request: StaffRequest, preparation: FromPath[UUID]) -> Response[Any]:
    """Make the draft, or change it, and go to the draw's own page."""
    try:
        draw = await finish(office_of(request), request.user, preparation)
    except (Invalid, Conflicting) as error:
        return await _task_list(request, preparation, 409, error)
    return _see(f"/staff/draws/{draw}")


@post("/staff/preparations/{preparation:uuid}/reload", opt=OPERATOR)
async def post_reload(request: StaffRequest, preparation: FromPath[UUID]) -> Response[Any]:
    """Take the draft over as it is now."""
    await reload(office_of(request), request.user, preparation)
    return _see(f"/staff/preparations/{preparation}")


@post("/staff/preparations/{preparation:uuid}/discard", opt=OPERATOR)
async def post_discard(request: StaffRequest, preparation: FromPath[UUID]) -> Response[Any]:
    """Give it up."""
    await discard(office_of(request), request.user, preparation)
    return _see("/staff/preparations")


@get("/staff/draws/{draw:str}/draft", opt=READERS)
async def get_draft(request: StaffRequest, draw: DrawId, page: FromQuery[str] = "") -> Response[Any]:
    """The preparation of a draw, so that its draft can be read and changed; at `page`, if it names one."""
    preparation = await of_draw(office_of(request), request.user, draw)
    return _see(f"/staff/preparations/{preparation}{f'/{page}' if page in PAGES else ''}")


PREPARING_ROUTES = (get_preparations, get_new, post_new, get_preparation, get_page, post_page, post_draft, post_reload, post_discard, get_draft)
