"""One table from what went wrong to what is answered: RFC 9457 for programs, a page for people.

{"type": "about:blank", "title": "…", "status": 409, "detail": "中文", "detail_en": "English", "errors": [...]}
"""

import asyncio
import logging
from typing import Any

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from disclosure.errors import DisclosureError
from selection.errors import SelectionError
from service.attempts import TooManyFailures
from service.errors import Conflicting, Denied, Invalid, NotFound, Refused
from service.fault_words import LONGEST, clip, say
from service.field_words import clip_field, in_chinese
from service.sessions import NotLoggedIn
from service.web.assets import render
from service.web.session import Unfinished

__all__ = ["Problem", "answer_error"]

_LOG = logging.getLogger("service.web")

TITLES = {
    400: ("请求有误", "Bad request"), 401: ("请先登录", "Not logged in"), 403: ("无权办理", "Forbidden"),
    404: ("没有找到", "Not found"), 405: ("不支持此方法", "Method not allowed"), 409: ("与现状冲突", "Conflict"),
    413: ("内容过大", "Content too large"), 415: ("不支持此格式", "Unsupported media type"),
    422: ("内容不合规定", "Unprocessable content"), 429: ("请求过多", "Too many requests"),
    500: ("系统故障", "Internal error"), 503: ("服务暂不可用", "Unavailable for a moment"),
}  # fmt: skip
_STATUS: tuple[tuple[type[Refused], int], ...] = (
    (NotLoggedIn, 401), (TooManyFailures, 429), (Denied, 403), (NotFound, 404), (Conflicting, 409), (Refused, 422),
)  # fmt: skip
# Connection lost or refused, server starting or stopping. Whatever was under way was rolled back, or is found when asked again.
_UNAVAILABLE = (
    asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.InterfaceError, asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError, asyncpg.TooManyConnectionsError, asyncpg.TransactionRollbackError, ConnectionError, TimeoutError, asyncio.TimeoutError,
)  # fmt: skip
RETRY_AFTER = 3  # seconds; an embedded server is back sooner


class Problem(msgspec.Struct, frozen=True):
    """A problem as RFC 9457 writes it, Chinese first; `errors` names every single fault."""

    title: str
    status: int
    detail: str
    detail_en: str
    title_en: str
    type: str = "about:blank"
    errors: tuple[Any, ...] = ()
    request_id: str = ""


def _problem(error: Exception) -> Problem:
    if isinstance(error, Refused):
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        return _make(status, error.zh, error.en, error.faults if isinstance(error, Invalid) else ())
    if isinstance(error, DisclosureError | SelectionError):
        fault = say(str(error))
        return _make(422, f"内容不合规定：{fault.removeprefix('内容不合规定：')}", str(error), (fault,))
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if isinstance(error, asyncpg.DataError):
        return _make(
            422, "内容含有不能保存的字符或数值", "the content has a character or value that cannot be stored"
        )
    if isinstance(error, RecursionError):
        return _make(400, "请求内容嵌套过深", "the content is nested too deeply")
    if isinstance(error, _UNAVAILABLE):
        return _make(
            503,
            "数据库暂时不可用，请稍后再试；已办结的不会丢失",
            "the database is away for a moment; try again",
        )
    return _make(
        500, "系统故障，已记录；请把编号告诉管理员", "something failed; tell the administrator the request id"
    )


def _http_problem(error: HTTPException) -> Problem:
    status = error.status_code
    if status == 413:
        return _make(status, "上传的内容超过上限", "the content is over the limit of this address")
    extra = error.extra if isinstance(error.extra, list) else []
    faults = tuple(
        {"field": clip_field(str(item.get("key", ""))), "message": in_chinese(message := str(item.get("message", ""))),
         "message_en": clip_field(message)}
        for item in extra
        if isinstance(item, dict)
    )
    if status == 400:
        zh = "；".join(f"{fault['field']}：{fault['message']}".removeprefix("：") for fault in faults)
        en = "; ".join(f"{fault['field']}: {fault['message_en']}".removeprefix(": ") for fault in faults)
        return _make(status, f"请求内容有误：{zh or error.detail}", f"the request is malformed: {en or error.detail}", faults)
    zh, en = TITLES.get(status, ("请求有误", error.detail))
    return _make(status, zh, en, faults)


def _make(status: int, zh: str, en: str, errors: tuple[Any, ...] = ()) -> Problem:
    title_zh, title_en = TITLES.get(status, ("请求有误", "Bad request"))
    return Problem(
        title=title_zh, title_en=title_en, status=status, detail=clip(zh, LONGEST), detail_en=clip(en, LONGEST), errors=errors
    )


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Return whether a person's browser asks: HTML is accepted by name, and the address is not the API's."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _path(request: Request[Any, Any, Any]) -> str:
    """Return the path as a log line may show it: the address of a witness's card lets in whoever reads it."""
    path = request.url.path
    return "/w/…" if path.startswith("/w/") else path


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Return the answer to a request that failed. Only a fault of ours is logged, with its request id."""
    problem = msgspec.structs.replace(
        _problem(error), request_id=request.scope["state"].get("request_id", "")
    )
    if problem.status == 500:
        _LOG.error("request %s %s %s", problem.request_id, request.method, _path(request), exc_info=error)
    elif problem.status == 503:
        _LOG.warning("request %s %s: %r", problem.request_id, _path(request), error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if problem.status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    if isinstance(error, TooManyFailures):
        headers["Retry-After"] = str(error.retry_after)
    if wants_page(request):
        if problem.status == 401 and request.method == "GET":
            return Redirect("/staff/login", query_params={"next": request.url.path})
        if isinstance(error, Unfinished) and request.method == "GET":
            return Redirect(error.address, status_code=303)
        return Response(
            render("error.html", problem=problem), status_code=problem.status, headers=headers,
            media_type="text/html",
        )  # fmt: skip
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        headers=headers,
        media_type="application/problem+json",
    )
