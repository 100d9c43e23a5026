"""`/staff/accounts`: who works here, in which roles, and helping them in again."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import UNSET

from service.accounts import (
    Standing,
    change_staff,
    create_staff,
    list_departments,
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
    roles: tuple[str, ...] = (), department: str = "",
) -> Response[str]:  # fmt: skip
    standings = await read_standings(office_of(request), request.user)
    departments = await list_departments(office_of(request))
    able = {one.account.department for one in standings if one.account.active and "confirmer" in one.account.roles}
    lacking = [name for label, name in departments[1:] if label not in able] if request.user.department is None else []
    return await page(
        request, "staff/accounts.html", status, standings=standings, problem=problem, departments=departments, lacking=lacking,
        asked={"login": login, "name": name, "roles": roles, "department": department},
    )  # fmt: skip


async def _one(
    request: StaffRequest, login: str, status: int = 200, problem: Refused | None = None, asked: Any = None
) -> Response[str]:
    """The form of one account, as it stands or as it was `asked` for."""
    standing = await _find(request, login)
    account = standing.account
    asked = asked or {"roles": account.roles, "active": account.active, "department": account.department or ""}
    return await page(
        request, "staff/account_edit.html", status, standing=standing, problem=problem, asked=asked,
        departments=await list_departments(office_of(request)),
    )  # fmt: skip


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
    department = str(form.get("department", ""))
    try:
        await create_staff(office, login, name, password, roles, request.user, department or None)
    except Refused as error:
        return await _list(request, 422, error, login, name, roles, department)
    return await page(request, "staff/initial_password.html", login=login, password=password)


@get("/staff/accounts/{login:str}", opt=ADMINISTRATOR)
async def get_account(request: StaffRequest, login: FromPath[str]) -> Response[str]:
    """One account."""
    return await _one(request, login)


@post("/staff/accounts/{login:str}", opt=ADMINISTRATOR)
async def post_change(request: StaffRequest, login: FromPath[str]) -> Response[Any]:
    """Set roles, department and whether the account is active; its sessions end."""
    form = await request.form()
    roles, active = [str(role) for role in form.getall("role", [])], form.get("active") == "yes"
    # A form without the field, where there is but one department, leaves it as it is.
    department = str(form["department"]) if "department" in form else None
    try:
        await change_staff(office_of(request), request.user, login, roles, active, UNSET if department is None else department or None)
    except NotFound:
        raise
    except Refused as error:
        return await _one(request, login, 422, error, {"roles": roles, "active": active, "department": department or ""})
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
