"""`/staff/account/`: one's own second factor."""

from typing import Any

import segno
from litestar import Response, get, post
from litestar.response import Redirect

from service.errors import Refused
from service.second_factor import begin_enrolment, read_enrolment
from service.sessions import finish_enrolment
from service.web.session import UNFINISHED, StaffRequest, office_of, place_of, session_cookie, token_of
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


ROUTES = (get_code, post_begin, post_code)
