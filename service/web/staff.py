"""`/staff/`: logging in and out, what waits for the person, and agreeing to it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from service.attempts import TooManyFailures
from service.errors import Refused
from service.overview import missing_teams
from service.pages.words import STATES
from service.sessions import NotLoggedIn, log_in, log_out, read_session
from service.steps import agree, open_steps, read_step
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
    "draw-plan/v1": "锁定名单", "contribution/v1": "登记数字", "draw-outcome/v1": "抽取", "draw-void/v1": "作废",
    "replacement/v1": "递补", "inspection-result/v1": "公布检查结果", "correction/v1": "更正检查结果",
    "contest/v1": "登记异议", "withdrawal/v1": "撤回检查结果", "redaction/v1": "遮蔽个人信息",
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
    """What waits for the person."""
    waiting = await open_steps(office_of(request), request.user)
    missing = await missing_teams(office_of(request))
    return await page(request, "staff/home.html", steps=waiting, kinds=KINDS, missing=missing, states=STATES)


@get("/staff/steps/{step:uuid}", opt=ANY_STAFF)
async def get_step(request: StaffRequest, step: FromPath[UUID]) -> Response[str]:
    """One step: what is asked, who agreed, and the button for whoever is next."""
    view = await read_step(office_of(request), request.user, step)
    return await page(request, "staff/step.html", step=view, kinds=KINDS, problem=None)


@post("/staff/steps/{step:uuid}/agree", opt=ANY_STAFF)
async def post_agreement(request: StaffRequest, step: FromPath[UUID]) -> Response[Any]:
    """Agree, and show the step again: with its document, or with the reason why not."""
    office = office_of(request)
    try:
        await agree(office, request.user, step)
    except Refused as error:
        view = await read_step(office, request.user, step)
        return await page(request, "staff/step.html", 409, step=view, kinds=KINDS, problem=error)
    return Redirect(f"/staff/steps/{step}", status_code=303)


ROUTES = (get_login, post_login, post_logout, get_home, get_step, post_agreement)
