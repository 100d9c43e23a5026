"""`/staff/`: logging in and out, and what the person owes."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery
from litestar.response import Redirect

from service.annual_plan.overview import read_waiting
from service.attempts import TooManyFailures
from service.language import marked
from service.overview import missing_teams
from service.owed import deadline_of_step, read_duties, read_returned, time_left
from service.pages.words import STATES, beijing
from service.sessions import NotLoggedIn, log_in, log_out, read_session
from service.step_views import open_steps
from service.web.assets import render
from service.web.session import (
    ANY_STAFF,
    PUBLIC,
    UNFINISHED,
    StaffRequest,
    check_origin,
    device_cookie,
    end_cookie,
    office_of,
    place_of,
    session_cookie,
    token_of,
)

__all__ = ["ROUTES", "page", "read_bureau"]

KINDS = {
    "draw-plan/v1": marked("锁定名单"), "contribution/v1": marked("登记数字"), "draw-outcome/v1": marked("抽取"), "draw-void/v1": marked("作废"),
    "replacement/v1": marked("递补"), "inspection-result/v1": marked("公布检查结果"), "correction/v1": marked("更正检查结果"),
    "contest/v1": marked("登记异议"), "withdrawal/v1": marked("撤回检查结果"), "redaction/v1": marked("遮蔽个人信息"),
}  # fmt: skip


async def read_bureau(request: StaffRequest) -> str:
    """Return the bureau's name for the head of a page; empty before it is set up."""
    async with office_of(request).pool.acquire() as connection:
        return await connection.fetchval("SELECT name FROM bureau") or ""


async def page(request: StaffRequest, template: str, status_code: int = 200, **values: Any) -> Response[str]:
    """Return a page for whoever is logged in."""
    staff, csrf = request.scope.get("user"), request.scope.get("auth") or ""
    body = render(template, bureau=await read_bureau(request), staff=staff, csrf=csrf, **values)
    return Response(body, status_code=status_code, media_type="text/html")


def _next(address: str) -> str:
    """Return `address` if it is one of our staff pages, their start otherwise: nobody is sent to another site."""
    plain = (
        address.startswith("/staff/") and not any(c in address for c in "\\\r\n\t") and "//" not in address
    )
    return address if plain and address != "/staff/login" else "/staff/"


@get("/staff/login", opt=PUBLIC)
async def get_login(request: StaffRequest, next: FromQuery[str] = "/staff/") -> Response[Any]:
    """The form, or straight on for those who are logged in."""
    token = token_of(request)
    if token is not None and await read_session(office_of(request), token) is not None:
        return Redirect(_next(next), status_code=303)
    return await page(request, "staff/login.html", next=_next(next), login="", problem=None)


@post("/staff/login", opt=PUBLIC)
async def post_login(request: StaffRequest) -> Response[Any]:
    """Log in: a new session whatever cookie came along, so that nobody can fix one in advance."""
    check_origin(request)
    form = await request.form()
    login, password, code, next = (str(form.get(name, "")) for name in ("login", "password", "code", "next"))
    try:
        opened = await log_in(office_of(request), login.strip(), password, code, place_of(request))
    except (NotLoggedIn, TooManyFailures) as error:
        status = 429 if isinstance(error, TooManyFailures) else 401
        return await page(request, "staff/login.html", status, next=_next(next), login=login, problem=error)
    answer: Response[Any] = Redirect(_next(next), status_code=303)
    answer.set_cookie(session_cookie(request.app.state.config, opened.token))
    answer.set_cookie(device_cookie(request.app.state.config, opened.device))
    return answer


@post("/staff/logout", opt=UNFINISHED)
async def post_logout(request: StaffRequest) -> Response[Any]:
    """Log out."""
    await log_out(office_of(request), token_of(request) or "")
    answer: Response[Any] = Redirect("/staff/login", status_code=303)
    answer.set_cookie(end_cookie(request.app.state.config))
    return answer


@get("/staff/", opt=ANY_STAFF)
async def get_home(request: StaffRequest) -> Response[str]:
    """What the person owes, the most urgent first."""
    office, who = office_of(request), request.user
    waiting, now = await open_steps(office, who), office.now()
    due = await deadline_of_step(office, {step.draw for step in waiting})
    waiting.sort(key=lambda step: (step.draw not in due, due.get(step.draw, now)))
    return await page(
        request, "staff/home.html", steps=waiting, due=due, kinds=KINDS, missing=await missing_teams(office, who), states=STATES,
        plans=await read_waiting(office, who), duties=await read_duties(office, who), returned=await read_returned(office, who),
        left=lambda due: time_left(due, now), beijing=beijing,
    )  # fmt: skip


ROUTES = (get_login, post_login, post_logout, get_home)
