"""`/api/v1/session` and `/api/v1/staff`: logging in by program, and accounts."""

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Struct, UnsetType

from service.accounts import Account, change_staff, create_staff, list_staff
from service.sessions import change_password, log_in, log_out
from service.web.session import (
    PUBLIC,
    UNFINISHED,
    StaffRequest,
    check_origin,
    office_of,
    only,
    place_of,
    token_of,
)

__all__ = ["ROUTES"]


class Credentials(Struct, frozen=True, forbid_unknown_fields=True):
    login: str
    password: str
    code: str = ""


class NewAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """`department` is the label of a section; null is the whole bureau."""

    login: str
    name: str
    password: str
    roles: tuple[str, ...]
    department: str | None = None


class AccountChange(Struct, frozen=True, forbid_unknown_fields=True):
    """`department` stays as it is if it is left out."""

    roles: tuple[str, ...]
    active: bool
    department: str | UnsetType | None = UNSET


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    old: str
    new: str


class Session(Struct, frozen=True):
    """Who is logged in. `token` is only in the answer to logging in."""

    login: str
    name: str
    roles: tuple[str, ...]
    csrf: str
    token: str | None = None
    department: str | None = None


@post("/api/v1/session", opt=PUBLIC)
async def open_session(request: StaffRequest, data: JSONBody[Credentials]) -> Session:
    """Log in; send `Authorization: Bearer <token>` from now on."""
    check_origin(request)
    opened = await log_in(office_of(request), data.login, data.password, data.code, place_of(request))
    staff = opened.staff
    return Session(staff.login, staff.name, tuple(sorted(staff.roles)), opened.csrf, opened.token, staff.department)


@get("/api/v1/session", opt=UNFINISHED, sync_to_thread=False)
def read_own_session(request: StaffRequest) -> Session:
    """Who is logged in, with the roles of this moment."""
    staff = request.user
    return Session(staff.login, staff.name, tuple(sorted(staff.roles)), request.auth, department=staff.department)


@delete("/api/v1/session", opt=UNFINISHED)
async def end_session(request: StaffRequest) -> None:
    """Log out."""
    await log_out(office_of(request), token_of(request) or "")


@put("/api/v1/session/password", opt=UNFINISHED, status_code=204)
async def put_password(request: StaffRequest, data: JSONBody[PasswordChange]) -> None:
    """Set one's own password; all one's sessions end."""
    await change_password(office_of(request), request.user, data.old, data.new, place_of(request))


@get("/api/v1/staff", opt=only("administrator", "auditor"))
async def get_staff(request: StaffRequest) -> list[Account]:
    """All accounts."""
    return await list_staff(office_of(request), request.user)


@post("/api/v1/staff", opt=only("administrator"))
async def post_staff(request: StaffRequest, data: JSONBody[NewAccount]) -> Response[Account]:
    """Create an account."""
    await create_staff(office_of(request), data.login, data.name, data.password, data.roles, request.user, data.department)
    account = Account(data.login, data.name.strip(), data.roles, True, data.department)
    return Response(account, headers={"Location": f"/api/v1/staff/{data.login}"})


@put("/api/v1/staff/{login:str}", opt=only("administrator"))
async def put_staff(request: StaffRequest, login: FromPath[str], data: JSONBody[AccountChange]) -> Account:
    """Set roles, department and whether an account is active; its sessions end."""
    return await change_staff(office_of(request), request.user, login, data.roles, data.active, data.department)


ROUTES = (open_session, read_own_session, end_session, put_password, get_staff, post_staff, put_staff)
