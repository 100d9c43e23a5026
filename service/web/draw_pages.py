"""`/staff/draws/`: where each draw stands, its check list, its freeze, its rehearsals. Preparing and the ceremony have pages of their own."""

import re
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, PathParameter
from litestar.response import Redirect

from service import step_views, steps
from service.checklist import read_checklist
from service.draw_hub import read_hub
from service.errors import Conflicting, Denied, Invalid, NotFound, Refused
from service.language import marked
from service.life.open import open_draw
from service.overview import list_draws
from service.pages.words import VOID_REASONS, beijing
from service.rehearsing import MOST_SHOWN, list_rehearsals, read_rehearsal, rehearse
from service.web.session import ANY_STAFF, StaffRequest, office_of, only
from service.web.staff import KINDS, page

__all__ = ["DRAW_ROUTES", "STATE_WORDS", "DrawId"]

DrawId = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,32}-[0-9]{4}-[0-9]{1,9}-[0-9]{1,9}$")]
PLANNERS = only("operator", "confirmer", "approver")
READERS = only("operator", "confirmer", "approver", "auditor")
PAGE = 50
STATE_WORDS = {
    "draft": (marked("起草中"), "plain"), "frozen": (marked("已锁定，等待数字"), "warn"), "contributed": (marked("数字已齐，等待抽取"), "warn"),
    "drawn": (marked("已抽取"), "good"), "sealed": (marked("已抽取，封存"), "warn"), "opened": (marked("已启封"), "good"),
    "voided": (marked("已作废"), "bad"),
}  # fmt: skip
STAGE_OUTCOMES = {
    "COMPLETE": marked("全部配齐"), "IMPOSSIBLE": marked("配不齐：人不够"), "IMPOSSIBLE_PAIRS": marked("配不齐：因不得同组"),
    "SEARCH_LIMIT": marked("没有在规定步数内配齐"), "NOT_RUN": marked("没有进行"),
}  # fmt: skip
DOCUMENTS = KINDS | {"sealed-outcome/v1": marked("封存的抽取结果"), "sealed-event/v1": marked("封存的递补"), "draw-opening/v1": marked("启封")}


def _see(address: str) -> Response[Any]:
    return Redirect(address, status_code=303)


def _order(draw: str) -> tuple[int, int, int]:
    year, number, attempt = (int(part) for part in draw.rsplit("-", 3)[1:])
    return year, number, attempt


@get("/staff/draws", opt=ANY_STAFF)
async def get_draws(
    request: StaffRequest, before: FromQuery[str] = "", year: FromQuery[str] = "", task: FromQuery[str] = ""
) -> Response[str]:
    """Draws, newest first; `before` is the last one seen."""
    state = request.query_params.get("state", "")  # the framework keeps that name of an argument for itself
    asked = {"year": year.strip(), "state": state, "task": task.strip()}
    try:
        order = _order(before) if before else None
    except ValueError as error:
        raise Invalid(f"{before[:80]} 不是批次编号", f"{before[:80]!r} is not the id of a draw") from error
    of_year = int(asked["year"]) if asked["year"].isdecimal() and len(asked["year"]) <= 4 else None
    found = await list_draws(office_of(request), request.user, order, PAGE + 1, of_year, asked["state"], asked["task"])
    kept = {name: value for name, value in asked.items() if value}
    more = urlencode(kept | {"before": found[PAGE - 1].id}) if len(found) > PAGE else None
    return await page(
        request, "staff/draws/list.html", draws=found[:PAGE], more=more, states=STATE_WORDS, beijing=beijing, asked=asked, any_asked=bool(kept),
        first=not before,
    )  # fmt: skip


async def _hub(request: StaffRequest, draw: str, status: int = 200, problem: Refused | None = None) -> Response[str]:
    hub = await read_hub(office_of(request), request.user, draw)
    return await page(
        request, "staff/draws/hub.html", status, hub=hub, problem=problem, states=STATE_WORDS, kinds=DOCUMENTS, beijing=beijing,
        void_reasons=VOID_REASONS, may_agree=step_views.may_agree,
    )  # fmt: skip


@get("/staff/draws/{draw:str}", opt=ANY_STAFF)
async def get_hub(request: StaffRequest, draw: DrawId) -> Response[str]:
    """One draw."""
    return await _hub(request, draw)


@post("/staff/draws/{draw:str}/void", opt=only("confirmer"))
async def post_void(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """Propose to void a frozen draw; the approver agrees."""
    form = await request.form()
    asked = {"reason": str(form.get("reason", "")), "statement": str(form.get("statement", "")).strip()}
    try:
        if not asked["statement"]:
            raise Invalid("请写明作废的具体情形", "say what happened")
        view = await steps.propose(office_of(request), request.user, draw, "draw-void/v1", asked)
    except NotFound:
        raise
    except Refused as error:
        return await _hub(request, draw, 409, error)
    return _see(f"/staff/steps/{view.id}")


@post("/staff/draws/{draw:str}/open", opt=only("operator"))
async def post_opening(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """Open a sealed draw whose visits are all done, before its date."""
    try:
        await open_draw(office_of(request), request.user, draw, "last-visit")
    except NotFound:
        raise
    except Refused as error:
        return await _hub(request, draw, 409, error)
    return _see(f"/staff/draws/{draw}")


@get("/staff/draws/{draw:str}/checklist", opt=PLANNERS)
async def get_checklist(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """What is done and what is missing before the freeze."""
    try:
        found = await read_checklist(office_of(request), request.user, draw)
    except Conflicting:
        return _see(f"/staff/draws/{draw}")
    return await page(request, "staff/draws/checklist.html", draw=draw, checklist=found, is_chinese=re.compile("[\u4e00-\u9fff]").search)


async def _freeze(request: StaffRequest, draw: str, status: int = 200, problem: Refused | None = None) -> Response[Any]:
    try:
        found = await read_checklist(office_of(request), request.user, draw)
    except Conflicting:
        return _see(f"/staff/draws/{draw}")
    return await page(request, "staff/draws/freeze.html", status, draw=draw, checklist=found, problem=problem)


@get("/staff/draws/{draw:str}/freeze", opt=PLANNERS)
async def get_freeze(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """What will be locked for ever, on a page of its own."""
    return await _freeze(request, draw)


@post("/staff/draws/{draw:str}/freeze", opt=only("operator"))
async def post_freeze(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """Propose the freeze; the confirmer agrees from their own account."""
    try:
        view = await steps.propose(office_of(request), request.user, draw, "draw-plan/v1", {})
    except NotFound:
        raise
    except Refused as error:
        return await _freeze(request, draw, 409, error)
    return _see(f"/staff/steps/{view.id}")


async def _rehearsals(request: StaffRequest, draw: str, status: int = 200, problem: Refused | None = None) -> Response[str]:
    office = office_of(request)
    hub = await read_hub(office, request.user, draw)
    lines = await list_rehearsals(office, draw)
    return await page(request, "staff/draws/rehearsals.html", status, hub=hub, lines=lines, problem=problem, beijing=beijing)


@get("/staff/draws/{draw:str}/rehearsals", opt=READERS)
async def get_rehearsals(request: StaffRequest, draw: DrawId) -> Response[str]:
    """The rehearsals of a draw, and the button for another."""
    return await _rehearsals(request, draw)


@post("/staff/draws/{draw:str}/rehearsals", opt=PLANNERS)
async def post_rehearsal(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """Rehearse."""
    try:
        number = await rehearse(office_of(request), request.user, draw)
    except (NotFound, Denied):
        raise
    except Refused as error:
        return await _rehearsals(request, draw, 409, error)
    return _see(f"/staff/draws/{draw}/rehearsals/{number}")


@get("/staff/draws/{draw:str}/rehearsals/{number:int}", opt=READERS)
async def get_rehearsal(request: StaffRequest, draw: DrawId, number: FromPath[int]) -> Response[str]:
    """What one rehearsal gave."""
    found = await read_rehearsal(office_of(request), draw, number)
    return await page(
        request, "staff/draws/rehearsal.html", draw=draw, found=found, beijing=beijing, outcomes=STAGE_OUTCOMES, most=MOST_SHOWN
    )


DRAW_ROUTES = (get_draws, get_hub, post_void, post_opening, get_checklist, get_freeze, post_freeze, get_rehearsals, post_rehearsal, get_rehearsal)
