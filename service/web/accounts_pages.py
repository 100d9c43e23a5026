"""`/staff/accounts`: who works here, in which roles, and helping them in again."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from service.accounts import (
    Standing,
    change_staff,
    create_staff,
    new_password,
    read_standings,
    reset_password,
)
from service.errors import NotFound, Refused
from service.second_factor import reset_code
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["ROUTES"]

ADMINISTRATOR = only("administrator")


async def _list(
    request: StaffRequest, status: int = 200, problem: Refused | None = None, login: str = "", name: str = "",
    roles: tuple[str, ...] = (),
) -> Response[str]:  # fmt: skip
    standings = await read_standings(office_of(request), request.user)
    asked = {"login": login, "name": name, "roles": roles}
    return await page(request, "staff/accounts.html", status, standings=standings, problem=problem, asked=asked)


async def _one(request: StaffRequest, login: str, status: int = 200, problem: Refused | None = None) -> Response[str]:
    standing = await _find(request, login)
    return await page(request, "staff/account_edit.html", status, standing=standing, problem=problem)


async def _find(request: StaffRequest, login: str) -> Standing:
    found = [one for one in await read_standings(office_of(request), request.user) if one.account.login == login]
    if not found:
        raise NotFound(f"没有账户 {login[:64]}", f"there is no account {login[:64]}")
    return found[0]


@get("/staff/accounts", opt=only("administrator", "auditor"))
async def get_accounts(request: StaffRequest) -> Response[str]:
    """All accounts, and for administrators the form of a new one."""
    return await _list(request)


@post("/staff/accounts", opt=ADMINISTRATOR)
async def post_account(request: StaffRequest) -> Response[str]:
    """Create an account; the answer shows its initial password, this once."""
    form, office = await request.form(), office_of(request)
    login, name = str(form.get("login", "")).strip(), str(form.get("name", ""))
    roles, password = tuple(str(role) for role in form.getall("role", [])), new_password(office)
    try:
        await create_staff(office, login, name, password, roles, by=request.user)
    except Refused as error:
        return await _list(request, 422, error, login, name, roles)
    return await page(request, "staff/initial_password.html", login=login, password=password)


@get("/staff/accounts/{login:str}", opt=ADMINISTRATOR)
async def get_account(request: StaffRequest, login: FromPath[str]) -> Response[str]:
    """One account."""
    return await _one(request, login)


@post("/staff/accounts/{login:str}", opt=ADMINISTRATOR)
async def post_change(request: StaffRequest, login: FromPath[str]) -> Response[Any]:
    """Set roles and whether the account is active; its sessions end."""
    form = await request.form()
    try:
        roles = [str(role) for role in form.getall("role", [])]
        await change_staff(office_of(request), request.user, login, roles, form.get("active") == "yes")
    except NotFound:
        raise
    except Refused as error:
        return await _one(request, login, 422, error)
    return Redirect("/staff/accounts", status_code=303)


@post("/staff/accounts/{login:str}/password", opt=ADMINISTRATOR)
async def post_password(request: StaffRequest, login: FromPath[str]) -> Response[str]:
    """Give the account a new initial password; the answer shows it, this once."""
    password = await reset_password(office_of(request), request.user, login)
    return await page(request, "staff/initial_password.html", login=login, password=password)


@post("/staff/accounts/{login:str}/code", opt=ADMINISTRATOR)
async def post_code(request: StaffRequest, login: FromPath[str]) -> Response[Any]:
    """Take the account's second factor, to be set up anew."""
    await reset_code(office_of(request), request.user, login)
    return Redirect("/staff/accounts", status_code=303)


ROUTES = (get_accounts, post_account, get_account, post_change, post_password, post_code)
