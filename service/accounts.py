"""Staff: accounts and roles. Whoever changes roles ends that person's sessions (service/sessions.py)."""

import base64
import re
from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service import access_log
from service.database import Connection
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.language import marked
from service.office import Office
from service.passwords import hash_password

__all__ = ["LOGIN", "ROLES", "Account", "Staff", "Standing", "change_staff", "create_staff", "has_administrator", "list_departments",
           "list_staff", "new_password", "read_standings", "reset_password"]  # fmt: skip

ROLES = {
    "administrator": marked("管理员"), "registrar": marked("登记员"), "operator": marked("经办人"), "confirmer": marked("复核人"),
    "approver": marked("审批人"), "witness": marked("见证人"), "inspector": marked("检查人员"), "reviewer": marked("审核人"),
    "publisher": marked("发布人"), "auditor": marked("审计员"),
}  # fmt: skip
LOGIN = re.compile(r"[a-z0-9._-]{2,64}", re.ASCII)


class Staff(Struct, frozen=True):
    """Who is acting, with the roles of this very moment. `department` is the label of a section, None for the whole bureau (ADR 27)."""

    id: int
    login: str
    name: str
    roles: frozenset[str]
    department: str | None = None


class Account(Struct, frozen=True):
    """An account as an administrator sees it."""

    login: str
    name: str
    roles: tuple[str, ...]
    active: bool
    department: str | None = None


class Standing(Struct, frozen=True):
    """An account with what an administrator has to know to help its owner in."""

    account: Account
    initial_password: bool
    has_code: bool


def _checked_roles(roles: Iterable[str]) -> list[str]:
    wanted = set(roles)
    if unknown := sorted(wanted - ROLES.keys()):
        raise Invalid(
            f"没有角色 {'、'.join(unknown)}", f"there is no role {', '.join(unknown)}; there are {', '.join(ROLES)}",
            tuple(f"roles: {role}" for role in unknown),
        )  # fmt: skip
    if not wanted:
        raise Invalid("至少要有一个角色", "an account has at least one role")
    return [role for role in ROLES if role in wanted]


async def _check_department(connection: Connection, department: str | None, roles: Iterable[str], present: str | None = None) -> None:
    """Raise Invalid for a department that is none or retired, unless it is the `present` one, or for an administrator of one."""
    if department is None:
        return
    if "administrator" in roles:
        raise Invalid(
            "管理员属于整个机关，不属于某个部门", "an administrator is of the whole bureau, not of one department", ("department: administrator",)
        )
    if department != present and not await connection.fetchval("SELECT active FROM section WHERE label = $1", department[:64].replace("\0", "")):
        raise Invalid(
            f"没有登记部门 {department[:64]}", f"there is no section {department[:64]}", (f"department: {department[:64]}",)
        )


def _check_administrator(by: Staff | None) -> None:
    if by is not None and "administrator" not in by.roles:
        raise Denied("只有管理员可以管理账户", "only an administrator manages accounts")


async def create_staff(
    office: Office, login: str, name: str, password: str, roles: Iterable[str], by: Staff | None = None,
    department: str | None = None,
) -> int:  # fmt: skip
    """Return the id of a new account. `by` is None on the command line, which is how the first administrator comes; a password that
    an administrator gave has to be changed at the first log-in.

    Raises Invalid for a login, password, role or department that is none, Conflicting if the login is taken, Denied.
    """
    _check_administrator(by)
    ordered, title = _checked_roles(roles), name.strip()
    if LOGIN.fullmatch(login) is None:
        raise Invalid(f"登录名 {login!r} 须为 2 至 64 个小写字母、数字或 . _ -",
                      f"login {login!r} is not 2 to 64 of a-z 0-9 . _ -")  # fmt: skip
    if not 1 <= len(title) <= 100:
        raise Invalid("姓名须为 1 至 100 个字符", "a name has 1 to 100 characters")
    password_hash = await hash_password(password)
    async with office.pool.acquire() as connection, connection.transaction():
        await _check_department(connection, department, ordered)
        staff: int | None = await connection.fetchval(
            "INSERT INTO staff (login, name, password_hash, roles, initial_password, department) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT (login) DO NOTHING RETURNING id",
            login, title, password_hash, ordered, by is not None, department,
        )  # fmt: skip
        if staff is None:
            raise Conflicting(f"登录名 {login} 已被使用", f"login {login} is taken")
        await access_log.note(
            connection, by.id if by else None, "create account", f"{login}: {', '.join(ordered)}{_of(department)}"
        )
    return staff


def _of(department: str | None) -> str:
    return "" if department is None else f" (department {department})"


async def list_staff(office: Office, by: Staff) -> list[Account]:
    """Return all accounts that `by` sees, by login; for administrators and auditors."""
    if not {"administrator", "auditor"} & by.roles:
        raise Denied("只有管理员和审计员可以查看账户", "only administrators and auditors see accounts")
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT login, name, roles, active, department FROM staff WHERE $1::text IS NULL OR department = $1 ORDER BY login", by.department
        )
    return [_account(row) for row in rows]


def _account(row: Any) -> Account:
    return Account(row["login"], row["name"], tuple(row["roles"]), row["active"], row["department"])


async def read_standings(office: Office, by: Staff) -> list[Standing]:
    """Return all accounts that `by` sees, by login, each with how its owner gets in; for administrators and auditors."""
    if not {"administrator", "auditor"} & by.roles:
        raise Denied("只有管理员和审计员可以查看账户", "only administrators and auditors see accounts")
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT s.login, s.name, s.roles, s.active, s.department, s.initial_password, f.secret IS NOT NULL AS has_code"
            " FROM staff s LEFT JOIN second_factor f ON f.staff = s.id WHERE $1::text IS NULL OR s.department = $1 ORDER BY s.login",
            by.department,
        )
    return [Standing(_account(row), row["initial_password"], row["has_code"]) for row in rows]


async def has_administrator(office: Office) -> bool:
    """Return whether anybody can manage accounts."""
    async with office.pool.acquire() as connection:
        return bool(await connection.fetchval("SELECT count(*) FROM staff WHERE active AND 'administrator' = ANY(roles)"))


def new_password(office: Office) -> str:
    """Return a password to hand over: 80 random bits, in groups to be read aloud."""
    letters = base64.b32encode(office.fresh(10)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


async def reset_password(office: Office, by: Staff, login: str) -> str:
    """Give an account a new password, which has to be changed at the next log-in, and end its sessions; return the password."""
    _check_administrator(by)
    if by.login == login:
        raise Denied("自己的口令请在“我的账户”更改", "change your own password on the page of your account")
    password = new_password(office)
    password_hash = await hash_password(password)
    async with office.pool.acquire() as connection, connection.transaction():
        staff = await connection.fetchval(
            "UPDATE staff SET password_hash = $2, initial_password = true WHERE login = $1 RETURNING id", login, password_hash
        )
        if staff is None:
            raise NotFound(f"没有账户 {login}", f"there is no account {login}")
        await connection.execute("DELETE FROM staff_session WHERE staff = $1", staff)
        await access_log.note(connection, by.id, "reset password", login)
    return password


async def change_staff(
    office: Office, by: Staff | None, login: str, roles: Iterable[str], active: bool, department: str | UnsetType | None = UNSET
) -> Account:
    """Set roles, whether the account is active, and its department unless that is left out; end its sessions.

    Raises NotFound, Invalid, and Conflicting if no administrator were left.
    """
    _check_administrator(by)
    ordered = _checked_roles(roles)
    async with office.pool.acquire() as connection, connection.transaction():
        # In one order, so that two administrators who dismiss each other do not both succeed.
        others = await connection.fetch("SELECT id, login, roles, active, department FROM staff ORDER BY id FOR UPDATE")
        found = next((row for row in others if row["login"] == login), None)
        if found is None:
            raise NotFound(f"没有账户 {login}", f"there is no account {login}")
        of: str | None = found["department"] if isinstance(department, UnsetType) else department
        await _check_department(connection, of, ordered, found["department"])
        left = any(
            row["active"] and "administrator" in row["roles"] for row in others if row["login"] != login
        )
        if not left and not (active and "administrator" in ordered):
            raise Conflicting("至少要保留一名管理员", "one administrator must remain")
        row = await connection.fetchrow(
            "UPDATE staff SET roles = $2, active = $3, department = $4 WHERE login = $1 RETURNING id, name",
            login, ordered, active, of,
        )  # fmt: skip
        await connection.execute("DELETE FROM staff_session WHERE staff = $1", row["id"])
        await access_log.note(connection, by.id if by else None, "change account",
                              f"{login}: {', '.join(ordered)}{_of(of)}{'' if active else ' (inactive)'}")  # fmt: skip
    return Account(login, row["name"], tuple(ordered), active, of)


async def list_departments(office: Office) -> list[tuple[str, str]]:
    """Return label and name of the departments an account can belong to, the leading one first."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT s.label, s.name FROM section s JOIN bureau b ON true WHERE s.active ORDER BY s.label <> b.section, s.place"
        )
    return [(row["label"], row["name"]) for row in rows]
