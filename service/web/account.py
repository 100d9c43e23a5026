"""`/staff/account`: one's own password, second factor and sessions."""

from typing import Any

import segno
from litestar import Response, get, post
from litestar.response import Redirect

from service.accounts import list_departments
from service.errors import Invalid, Refused
from service.pages.words import beijing
from service.second_factor import begin_enrolment, read_enrolment
from service.sessions import change_password, end_sessions, finish_enrolment, list_sessions, read_session
from service.web.session import (
    ANY_STAFF,
    UNFINISHED,
    StaffRequest,
    end_cookie,
    office_of,
    place_of,
    session_cookie,
    token_of,
)
from service.web.staff import page

__all__ = ["ROUTES"]


def draw_qr(text: str) -> str:
    """Return a QR code (ISO/IEC 18004) of `text` as SVG to stand in a page: dark on light whatever the page's colours."""
    return str(segno.make(text, micro=False, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True))


async def _code_page(request: StaffRequest, status: int = 200, problem: Refused | None = None) -> Response[str]:
    standing = await read_enrolment(office_of(request), request.user)
    qr = None if standing.uri is None else draw_qr(standing.uri)
    return await page(request, "staff/code.html", status, standing=standing, qr=qr, problem=problem)


@get("/staff/account/code", opt=UNFINISHED)
async def get_code(request: StaffRequest) -> Response[str]:
    """How one stands, and the telephone that is being set up."""
    return await _code_page(request)


@post("/staff/account/code/begin", opt=UNFINISHED)
async def post_begin(request: StaffRequest) -> Response[Any]:
    """Begin to set up a telephone."""
    await begin_enrolment(office_of(request), request.user)
    return Redirect("/staff/account/code", status_code=303)


@post("/staff/account/code", opt=UNFINISHED)
async def post_code(request: StaffRequest) -> Response[str]:
    """Put the telephone in force; the answer shows the recovery codes, this once."""
    form = await request.form()
    password, code = str(form.get("password", "")), str(form.get("code", ""))
    token = token_of(request) or ""
    try:
        codes, new = await finish_enrolment(office_of(request), request.user, token, password, code, place_of(request))
    except Refused as error:
        return await _code_page(request, 422, error)
    answer = await page(request, "staff/recovery_codes.html", codes=codes)
    answer.set_cookie(session_cookie(request.app.state.config, new))
    return answer


async def _account_page(request: StaffRequest, status: int = 200, problem: Refused | None = None) -> Response[str]:
    office = office_of(request)
    session = await read_session(office, token_of(request) or "")
    label = request.user.department
    return await page(
        request, "staff/account.html", status, initial=session is not None and session.owes == "password", standing=await read_enrolment(office, request.user), problem=problem,
        sessions=await list_sessions(office, request.user, token_of(request) or ""), beijing=beijing,
        department=label and dict(await list_departments(office)).get(label, label),
    )  # fmt: skip


@get("/staff/account", opt=UNFINISHED)
async def get_account(request: StaffRequest) -> Response[str]:
    """One's own account."""
    return await _account_page(request)


def _to_login(request: StaffRequest) -> Response[Any]:
    answer: Response[Any] = Redirect("/staff/login", status_code=303)
    answer.set_cookie(end_cookie(request.app.state.config))
    return answer


@post("/staff/account/password", opt=UNFINISHED)
async def post_password(request: StaffRequest) -> Response[Any]:
    """Set one's own password, and log in with it: all sessions have ended."""
    form = await request.form()
    old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
    try:
        if new != again:
            raise Invalid("两次输入的新口令不同", "the two new passwords are not the same")
        await change_password(office_of(request), request.user, old, new, place_of(request))
    except Refused as error:
        return await _account_page(request, 422, error)
    return _to_login(request)


@post("/staff/account/sessions/end", opt=ANY_STAFF)
async def post_end(request: StaffRequest) -> Response[Any]:
    """End one's other sessions, or all of them."""
    everywhere = (await request.form()).get("which") == "all"
    await end_sessions(office_of(request), request.user, None if everywhere else token_of(request))
    return _to_login(request) if everywhere else Redirect("/staff/account", status_code=303)


ROUTES = (get_code, post_begin, post_code, get_account, post_password, post_end)
