"""`POST /staff/language`: in which language pages of staff and witnesses speak to this browser from now on. Works before log-in too."""

from typing import Any

from litestar import Response, post
from litestar.response import Redirect

from service.language import LANGUAGES, SOURCE
from service.web.reading import cookie_of
from service.web.session import PUBLIC, StaffRequest, check_origin

__all__ = ["LANGUAGE_ROUTES"]


@post("/staff/language", opt=PUBLIC)
async def post_language(request: StaffRequest) -> Response[Any]:
    """Keep the language in a cookie, and go back to the page."""
    check_origin(request)
    form = await request.form()
    chosen, back = str(form.get("language", "")), str(form.get("back", ""))
    ours = back.startswith(("/staff/", "/w/")) and "//" not in back and not set(back) & set("\\\r\n\t")
    answer: Response[Any] = Redirect(back if ours else "/staff/", status_code=303)
    https = request.app.state.config.public_url.startswith("https:")
    answer.headers["set-cookie"] = cookie_of("language", chosen if chosen in LANGUAGES else SOURCE, https)
    return answer


LANGUAGE_ROUTES = (post_language,)
