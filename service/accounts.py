"""Staff: accounts, roles and sessions.

A session is an opaque random token; the database keeps only its SHA-256, so a copy of the database opens no session. Roles are
read anew at each request. Whoever changes roles or passwords ends that person's sessions.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from service import access_log
from service.database import Connection
from service.errors import Conflicting, Denied, Invalid, NotFound, Refused
from service.office import Office
from service.passwords import hash_password, verify_password

__all__ = ["ROLES", "Account", "NotLoggedIn", "Staff", "TooManyFailures", "change_password", "change_staff", "create_staff",
           "list_staff", "log_in", "log_out", "read_session", "same"]  # fmt: skip

ROLES = {
    "administrator": "管理员", "registrar": "登记员", "operator": "经办人", "confirmer": "复核人", "approver": "审批人",
    "witness": "见证人", "inspector": "检查人员", "reviewer": "审核人", "publisher": "发布人", "auditor": "审计员",
}  # fmt: skip
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
FAILURES, WINDOW = 5, timedelta(minutes=15)
_SEEN_STEP = timedelta(minutes=1)  # a session is not written to more often than this
_LOGIN = re.compile(r"[a-z0-9._-]{2,64}", re.ASCII)


class NotLoggedIn(Refused):
    """Nobody is logged in, or the session has ended, or login and password do not belong together."""


class TooManyFailures(Refused):
    """Too many wrong passwords for this login; after `retry_after` seconds another may be tried."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"口令连续错误，请 {-(-retry_after // 60)} 分钟后再试",
            f"too many wrong passwords; try again in {-(-retry_after // 60)} minutes",
        )
        self.retry_after = retry_after


class Staff(Struct, frozen=True):
    """Who is acting, with the roles of this very moment."""

    id: int
    login: str
    name: str
    roles: frozenset[str]


class Account(Struct, frozen=True):
    """An account as an administrator sees it."""

    login: str
    name: str
    roles: tuple[str, ...]
    active: bool


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


def _check_administrator(by: Staff | None) -> None:
    if by is not None and "administrator" not in by.roles:
        raise Denied("只有管理员可以管理账户", "only an administrator manages accounts")


async def create_staff(
    office: Office, login: str, name: str, password: str, roles: Iterable[str], by: Staff | None = None
) -> int:
    """Return the id of a new account. `by` is None on the command line, which is how the first administrator comes.

    Raises Invalid for a login, password or role that is none, Conflicting if the login is taken, Denied.
    """
    _check_administrator(by)
    ordered, title = _checked_roles(roles), name.strip()
    if _LOGIN.fullmatch(login) is None:
        raise Invalid(f"登录名 {login!r} 须为 2 至 64 个小写字母、数字或 . _ -",
                      f"login {login!r} is not 2 to 64 of a-z 0-9 . _ -")  # fmt: skip
    if not 1 <= len(title) <= 100:
        raise Invalid("姓名须为 1 至 100 个字符", "a name has 1 to 100 characters")
    password_hash = await hash_password(password)
    async with office.pool.acquire() as connection, connection.transaction():
        staff: int | None = await connection.fetchval(
            "INSERT INTO staff (login, name, password_hash, roles) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (login) DO NOTHING RETURNING id",
            login, title, password_hash, ordered,
        )  # fmt: skip
        if staff is None:
            raise Conflicting(f"登录名 {login} 已被使用", f"login {login} is taken")
        await access_log.note(
            connection, by.id if by else None, "create account", f"{login}: {', '.join(ordered)}"
        )
    return staff


async def list_staff(office: Office, by: Staff) -> list[Account]:
    """Return all accounts, by login; for administrators and auditors."""
    if not {"administrator", "auditor"} & by.roles:
        raise Denied("只有管理员和审计员可以查看账户", "only administrators and auditors see accounts")
    async with office.pool.acquire() as connection:
        rows = await connection.fetch("SELECT login, name, roles, active FROM staff ORDER BY login")
    return [Account(row["login"], row["name"], tuple(row["roles"]), row["active"]) for row in rows]


async def change_staff(
    office: Office, by: Staff | None, login: str, roles: Iterable[str], active: bool
) -> Account:
    """Set roles and whether the account is active, and end its sessions; Conflicting if no administrator were left."""
    _check_administrator(by)
    ordered = _checked_roles(roles)
    async with office.pool.acquire() as connection, connection.transaction():
        # In one order, so that two administrators who dismiss each other do not both succeed.
        others = await connection.fetch("SELECT id, login, roles, active FROM staff ORDER BY id FOR UPDATE")
        if login not in {row["login"] for row in others}:
            raise NotFound(f"没有账户 {login}", f"there is no account {login}")
        left = any(
            row["active"] and "administrator" in row["roles"] for row in others if row["login"] != login
        )
        if not left and not (active and "administrator" in ordered):
            raise Conflicting("至少要保留一名管理员", "one administrator must remain")
        row = await connection.fetchrow(
            "UPDATE staff SET roles = $2, active = $3 WHERE login = $1 RETURNING id, name",
            login,
            ordered,
            active,
        )
        await connection.execute("DELETE FROM staff_session WHERE staff = $1", row["id"])
        await access_log.note(connection, by.id if by else None, "change account",
                              f"{login}: {', '.join(ordered)}{'' if active else ' (inactive)'}")  # fmt: skip
    return Account(login, row["name"], tuple(ordered), active)


async def change_password(office: Office, who: Staff, old: str, new: str) -> None:
    """Set one's own password and end all one's sessions; a wrong `old` counts as a failed log-in."""
    await _check_password(office, who.login, old)
    password_hash = await hash_password(new)
    async with office.pool.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE staff SET password_hash = $2 WHERE id = $1", who.id, password_hash)
        await connection.execute("DELETE FROM staff_session WHERE staff = $1", who.id)
        await access_log.note(connection, who.id, "change password", who.login)


async def log_in(office: Office, login: str, password: str) -> tuple[Staff, str, str]:
    """Return who it is, a new session token, and the CSRF token that goes with it.

    Raises NotLoggedIn, with the same words and after the same work whichever of the two is wrong, and TooManyFailures after
    5 wrong passwords within 15 minutes.
    """
    staff = await _check_password(office, login, password)
    token, csrf = _fresh(office), _fresh(office)
    now = office.clock()
    async with office.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "DELETE FROM staff_session WHERE created_at <= $1 OR seen_at <= $2", now - ABSOLUTE, now - IDLE
        )
        await connection.execute(
            "INSERT INTO staff_session (token_sha256, staff, csrf, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)",
            _digest(token), staff.id, csrf, now,
        )  # fmt: skip
        await access_log.note(connection, staff.id, "log in", staff.login)
    return staff, token, csrf


async def _check_password(office: Office, login: str, password: str) -> Staff:
    """Return the account; count the attempt as a failure first and forget it on success, so that none goes uncounted."""
    row = None
    if _LOGIN.fullmatch(login) is not None:
        async with office.pool.acquire() as connection:
            async with connection.transaction():
                await _count_attempt(connection, login, office.clock())
            row = await connection.fetchrow(
                "SELECT id, name, roles, password_hash FROM staff WHERE login = $1 AND active", login
            )
    if not await verify_password(row["password_hash"] if row else None, password) or row is None:
        if row is not None:
            async with office.pool.acquire() as connection:
                await access_log.note(connection, row["id"], "wrong password", login)
        raise NotLoggedIn("登录名或口令不正确", "login or password is wrong")
    async with office.pool.acquire() as connection:
        await connection.execute("DELETE FROM login_failure WHERE login = $1", login)
    return Staff(row["id"], login, row["name"], frozenset(row["roles"]))


async def _count_attempt(connection: Connection, login: str, now: datetime) -> None:
    # One attempt per login at a time here: parallel guesses must each see the ones before.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"login {login}")
    await connection.execute("DELETE FROM login_failure WHERE at <= $1", now - WINDOW)
    row = await connection.fetchrow(
        "SELECT count(*) AS count, min(at) AS first FROM login_failure WHERE login = $1", login
    )
    if row["count"] >= FAILURES:
        raise TooManyFailures(max(1, int((row["first"] + WINDOW - now).total_seconds())))
    await connection.execute("INSERT INTO login_failure (login, at) VALUES ($1, $2)", login, now)


async def read_session(office: Office, token: str) -> tuple[Staff, str] | None:
    """Return (who, CSRF token) of a session that has not ended, with today's roles; None otherwise."""
    now = office.clock()
    async with office.pool.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT s.id, s.login, s.name, s.roles, t.csrf, t.seen_at FROM staff_session t JOIN staff s ON s.id = t.staff"
            " WHERE t.token_sha256 = $1 AND s.active AND t.created_at > $2 AND t.seen_at > $3",
            _digest(token), now - ABSOLUTE, now - IDLE,
        )  # fmt: skip
        if row is None:
            return None
        if now - row["seen_at"] > _SEEN_STEP:
            await connection.execute(
                "UPDATE staff_session SET seen_at = $2 WHERE token_sha256 = $1", _digest(token), now
            )
    return Staff(row["id"], row["login"], row["name"], frozenset(row["roles"])), row["csrf"]


async def log_out(office: Office, token: str) -> None:
    """End a session; nothing happens if it had ended."""
    async with office.pool.acquire() as connection, connection.transaction():
        staff = await connection.fetchval(
            "DELETE FROM staff_session WHERE token_sha256 = $1 RETURNING staff", _digest(token)
        )
        if staff is not None:
            await access_log.note(connection, staff, "log out", "")


def same(given: str, expected: str) -> bool:
    """Return whether two tokens are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _fresh(office: Office) -> str:
    return base64.urlsafe_b64encode(office.fresh(32)).rstrip(b"=").decode("ascii")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
