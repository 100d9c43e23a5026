"""Who is asking, and whether they may. Every route says who may use it; one that does not keeps the service from starting.

A route names its users in `opt`: `PUBLIC`, `ANY_STAFF`, or `only("operator", "confirmer")`. Pages carry the session in a cookie and
prove with a token that the form is ours; programs send `Authorization: Bearer <token>`, which no foreign page can make a
browser do, so nothing more is asked.
"""

from datetime import timedelta
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, State
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import HTTPRoute

from service.accounts import ROLES, Staff
from service.attempts import KNOWN, Place
from service.config import Config
from service.errors import Denied
from service.office import Office
from service.sessions import ABSOLUTE, NotLoggedIn, read_session, same
from service.visibility import check_seen, reading_office

__all__ = ["ANY_STAFF", "PUBLIC", "UNFINISHED", "StaffRequest", "Unfinished", "authorise", "check_every_route", "check_origin", "csrf_of",
           "device_cookie", "end_cookie", "office_of", "only", "place_of", "registries_of", "session_cookie", "token_of"]  # fmt: skip

StaffRequest: TypeAlias = Request[Staff, str, State]
"""A request whose `user` is the staff member and whose `auth` is the CSRF token of the session."""

_EVERYBODY = frozenset({"*"})
PUBLIC = {"users": _EVERYBODY}
ANY_STAFF = {"users": frozenset(ROLES)}
UNFINISHED = {"users": frozenset(ROLES), "unfinished": True}
"""Staff, also those who have to change their password or set up their second factor first: all they reach is how to do that, and the way out."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
REGISTRIES = ("/staff/registries", "/staff/duplicates", "/staff/merges")


class Unfinished(Denied):
    """Log-in is not complete: something has to be set up at `address` first."""

    def __init__(self, owes: Literal["password", "code"]) -> None:
        self.address = "/staff/account" if owes == "password" else "/staff/account/code"
        if owes == "password":
            zh, en = "须先更改初始口令", "the initial password has to be changed first"
        else:
            zh, en = "您的角色须先设置动态码", "your roles need a second factor first"
        super().__init__(f"{zh}：请在浏览器打开 {self.address}", f"{en}: open {self.address} in a browser")


def only(*roles: str) -> dict[str, Any]:
    """Return the `opt` of a route that staff with one of `roles` may use."""
    if unknown := set(roles) - ROLES.keys():
        raise ValueError(f"no such role: {unknown}")
    return {"users": frozenset(roles)}


def check_every_route(app: Litestar) -> None:
    """Raise AssertionError for a route that does not say who may use it."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()) if isinstance(route, HTTPRoute) else (route,):
            methods = getattr(handler, "http_methods", None)
            if methods != {"OPTIONS"}:
                assert "users" in getattr(handler, "opt", {}), f"{route.path} names no users"


def office_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Office:
    """Return the office this application works for; to pages that show registries, as whoever asks sees them (ADR 27)."""
    shows = connection.scope.get("method") in SAFE and connection.scope["path"].startswith(REGISTRIES)
    office: Office = connection.app.state.office
    return registries_of(connection) if shows else office


def registries_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Office:
    """Return the office to read registries by, as whoever asks sees them: for a page that is sent back instead of what was written."""
    office: Office = connection.app.state.office
    user = connection.scope.get("user")
    return reading_office(office, user) if isinstance(user, Staff) else office


def _cookie_name(config: Config, name: str = "session") -> str:
    # A name with this prefix is accepted from this very host over TLS only (RFC 6265bis 4.1.3).
    return f"__Host-{name}" if config.public_url.startswith("https:") else name


def _cookie(config: Config, name: str, token: str, lasts: timedelta) -> Cookie:
    return Cookie(
        key=_cookie_name(config, name), value=token, path="/", httponly=True, samesite="lax",
        secure=config.public_url.startswith("https:"), max_age=int(lasts.total_seconds()),
    )  # fmt: skip


def session_cookie(config: Config, token: str) -> Cookie:
    """Return the cookie that carries a session."""
    return _cookie(config, "session", token, ABSOLUTE)


def device_cookie(config: Config, token: str) -> Cookie:
    """Return the cookie by which a browser is known again when somebody logs in; it lets nobody in."""
    return _cookie(config, "device", token, KNOWN)


def end_cookie(config: Config) -> Cookie:
    """Return the cookie that makes a browser forget the session."""
    cookie = session_cookie(config, "")
    cookie.max_age = 0
    return cookie


def _bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def token_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Return the session token that came with the request, from the header or the cookie."""
    return _bearer(connection) or connection.cookies.get(_cookie_name(connection.app.state.config)) or None


def place_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Place:
    """Return where the request comes from. Behind a proxy the address is the one it says, if the server trusts that proxy."""
    address = connection.client.host if connection.client else ""
    device = connection.cookies.get(_cookie_name(connection.app.state.config, "device")) or None
    return Place(address, device, connection.headers.get("user-agent", ""))


def check_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Raise Denied if a browser says that another site's page sent this."""
    origin = connection.headers.get("origin")
    public = urlsplit(connection.app.state.config.public_url)
    own = {
        f"{public.scheme}://{public.netloc}",
        f"{connection.url.scheme}://{connection.headers.get('host', '')}",
    }
    if (origin is not None and origin not in own) or connection.headers.get("sec-fetch-site") == "cross-site":
        raise Denied("请求来自其他网站", "the request comes from another site")


async def csrf_of(request: Request[Any, Any, Any]) -> str:
    """Return the CSRF token sent along, as a header or as the form field `csrf`."""
    if header := request.headers.get("x-csrf-token"):
        return header
    if request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        return str((await request.form()).get("csrf", ""))
    return ""


async def authorise(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of every route: NotLoggedIn, Denied for the wrong role or a forged form, NotFound for what belongs to another department."""
    users: frozenset[str] = handler.opt.get("users", frozenset())
    if users == _EVERYBODY:
        return
    token = token_of(connection)
    found = None if token is None else await read_session(office_of(connection), token)
    if found is None:
        raise NotLoggedIn("请先登录，或会话已结束", "log in first, or the session has ended")
    staff, csrf = found.staff, found.csrf
    if connection.scope["method"] not in SAFE and _bearer(connection) is None:  # type: ignore[typeddict-item]
        check_origin(connection)
        assert isinstance(connection, Request)
        if not same(await csrf_of(connection), csrf):
            raise Denied("表单已失效，请刷新页面后重试", "the form has expired; load the page again")
    if not users & staff.roles:
        names = "、".join(ROLES[role] for role in ROLES if role in users)
        raise Denied(f"只有{names}可以办理", f"only for: {', '.join(sorted(users))}")
    if found.owes is not None and not handler.opt.get("unfinished", False):
        raise Unfinished(found.owes)
    if staff.department is not None and connection.path_params:
        async with office_of(connection).pool.acquire() as database:
            await check_seen(database, staff, connection.path_params)
    connection.scope["user"], connection.scope["auth"] = staff, csrf
