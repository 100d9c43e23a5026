"""Sessions: who gets in, for how long.

A session is an opaque random token; the database keeps only its SHA-256, so a copy of the database opens no session. Roles are
read anew at each request. A new password ends all sessions of its owner.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from service import access_log
from service.accounts import LOGIN, Staff
from service.attempts import Attempt, Place, begin_attempt, remember_place
from service.errors import Invalid, Refused
from service.office import Office
from service.passwords import hash_password, verify_password
from service.second_factor import Match, confirm_enrolment, match_code, needs_code, take_code

__all__ = ["ABSOLUTE", "NotLoggedIn", "Opened", "OwnSession", "Session", "change_password", "end_sessions", "finish_enrolment",
           "list_sessions", "log_in", "log_out", "read_session", "same"]  # fmt: skip

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
_SEEN_STEP = timedelta(minutes=1)  # a session is not written to more often than this


class NotLoggedIn(Refused):
    """Nobody is logged in, or the session has ended, or login and password do not belong together."""


class Session(Struct, frozen=True):
    """A session that goes on, with today's roles. `owes` is what has to be done before anything else: change a password that
    somebody else knows, or set up a second factor."""

    staff: Staff
    csrf: str
    owes: Literal["password", "code"] | None


class OwnSession(Struct, frozen=True):
    """One of a person's sessions, in their list; `this` is the one that asks."""

    began: datetime
    seen: datetime
    address: str
    browser: str
    this: bool


class Opened(Struct, frozen=True):
    """A session that has just begun: its token, the CSRF token that goes with it, and the token of the browser."""

    staff: Staff
    token: str
    csrf: str
    device: str


async def log_in(office: Office, login: str, password: str, code: str = "", place: Place = Place()) -> Opened:
    """Return a new session. `code` is asked of accounts with a second factor.

    Raises NotLoggedIn, with the same words and after the same work whatever is wrong, and TooManyFailures (service/attempts.py).
    """
    staff, attempt, match = await _check(office, login, password, code, place)
    token, csrf = _fresh(office), _fresh(office)
    now = office.clock()
    async with office.pool.acquire() as connection, connection.transaction():
        if match is not None and not await take_code(connection, staff.id, match, now):
            raise _wrong()
        await connection.execute(
            "DELETE FROM staff_session WHERE created_at <= $1 OR seen_at <= $2", now - ABSOLUTE, now - IDLE
        )
        await connection.execute(
            "INSERT INTO staff_session (token_sha256, staff, csrf, created_at, seen_at, address, browser)"
            " VALUES ($1, $2, $3, $4, $4, $5, $6)",
            _digest(token), staff.id, csrf, now, place.address[:100], place.browser[:300],
        )  # fmt: skip
        device = await remember_place(connection, attempt, place, _fresh(office), now)
        await access_log.note(connection, staff.id, "log in", staff.login)
    return Opened(staff, token, csrf, device)


async def change_password(office: Office, who: Staff, old: str, new: str, place: Place = Place()) -> None:
    """Set one's own password and end all one's sessions; a wrong `old` counts as a failed log-in."""
    if old == new:
        raise Invalid("新口令与现用口令相同", "the new password is the present one")
    attempt = await _check_own_password(office, who, old, place)
    password_hash = await hash_password(new)
    async with office.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE staff SET password_hash = $2, initial_password = false WHERE id = $1", who.id, password_hash
        )
        await connection.execute("DELETE FROM staff_session WHERE staff = $1", who.id)
        await remember_place(connection, attempt, place, _fresh(office), office.clock())
        await access_log.note(connection, who.id, "change password", who.login)


def _wrong() -> NotLoggedIn:
    return NotLoggedIn(
        "登录名、口令或动态码不正确；设置了动态码的账户须一并填写，每个动态码只能用一次",
        "login or password is wrong, or the code is: accounts with a second factor need one, each code once",
    )


async def _check(
    office: Office, login: str, password: str, code: str, place: Place
) -> tuple[Staff, Attempt, Match | None]:
    """Return the account, the attempt that is still counted as a failure, and which code of its second factor was given."""
    row = attempt = None
    if LOGIN.fullmatch(login) is not None:
        async with office.pool.acquire() as connection:
            async with connection.transaction():
                attempt = await begin_attempt(connection, login, place, office.clock())
            row = await connection.fetchrow(
                "SELECT s.id, s.name, s.roles, s.department, s.password_hash, f.secret FROM staff s LEFT JOIN second_factor f ON f.staff = s.id"
                " WHERE s.login = $1 AND s.active", login
            )  # fmt: skip
    id, password_hash, secret = (row["id"], row["password_hash"], row["secret"]) if row else (None, None, None)
    right = await verify_password(password_hash, password)
    match = await match_code(office, id, secret, code)
    if row is None or attempt is None or not right or (secret is not None and match is None):
        if row is not None:
            async with office.pool.acquire() as connection:
                await access_log.note(connection, id, "wrong code" if right else "wrong password", login)
        raise _wrong()
    return Staff(row["id"], login, row["name"], frozenset(row["roles"]), row["department"]), attempt, match


async def _check_own_password(office: Office, who: Staff, password: str, place: Place) -> Attempt:
    """Return the attempt if `password` is that of `who`, who is logged in already; NotLoggedIn or TooManyFailures otherwise."""
    async with office.pool.acquire() as connection:
        async with connection.transaction():
            attempt = await begin_attempt(connection, who.login, place, office.clock())
        known = await connection.fetchval("SELECT password_hash FROM staff WHERE id = $1", who.id)
    if not await verify_password(known, password):
        async with office.pool.acquire() as connection:
            await access_log.note(connection, who.id, "wrong password", who.login)
        raise NotLoggedIn("口令不正确", "the password is wrong")
    return attempt


async def read_session(office: Office, token: str) -> Session | None:
    """Return a session that has not ended, with today's roles; None otherwise."""
    now = office.clock()
    async with office.pool.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT s.id, s.login, s.name, s.roles, s.department, s.initial_password, t.csrf, t.seen_at, f.secret IS NOT NULL AS has_code,"
            " coalesce((SELECT second_factor FROM bureau), false) AS asked_for"
            " FROM staff_session t JOIN staff s ON s.id = t.staff LEFT JOIN second_factor f ON f.staff = s.id"
            " WHERE t.token_sha256 = $1 AND s.active AND t.created_at > $2 AND t.seen_at > $3",
            _digest(token), now - ABSOLUTE, now - IDLE,
        )  # fmt: skip
        if row is None:
            return None
        if now - row["seen_at"] > _SEEN_STEP:
            await connection.execute(
                "UPDATE staff_session SET seen_at = $2 WHERE token_sha256 = $1", _digest(token), now
            )
    staff = Staff(row["id"], row["login"], row["name"], frozenset(row["roles"]), row["department"])
    owes_code = needs_code(staff.roles, row["asked_for"]) and not row["has_code"]
    return Session(staff, row["csrf"], "password" if row["initial_password"] else "code" if owes_code else None)


async def finish_enrolment(
    office: Office, who: Staff, token: str, password: str, code: str, place: Place = Place()
) -> tuple[tuple[str, ...], str]:
    """Put the telephone being set up in force; return the recovery codes, and the new token of this session: it may do more now.

    All one's other sessions end. Raises as `change_password` and `confirm_enrolment` do.
    """
    attempt, new = await _check_own_password(office, who, password, place), _fresh(office)
    codes = await confirm_enrolment(office, who, code)
    async with office.pool.acquire() as connection, connection.transaction():
        await remember_place(connection, attempt, place, _fresh(office), office.clock())
        await connection.execute(
            "DELETE FROM staff_session WHERE staff = $1 AND token_sha256 <> $2", who.id, _digest(token)
        )
        await connection.execute(
            "UPDATE staff_session SET token_sha256 = $2 WHERE token_sha256 = $1", _digest(token), _digest(new)
        )
    return codes, new


async def log_out(office: Office, token: str) -> None:
    """End a session; nothing happens if it had ended."""
    async with office.pool.acquire() as connection, connection.transaction():
        staff = await connection.fetchval(
            "DELETE FROM staff_session WHERE token_sha256 = $1 RETURNING staff", _digest(token)
        )
        if staff is not None:
            await access_log.note(connection, staff, "log out", "")


async def list_sessions(office: Office, who: Staff, token: str) -> list[OwnSession]:
    """Return one's own sessions that have not ended, the newest first."""
    now = office.clock()
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT created_at, seen_at, address, browser, token_sha256 = $2 AS this FROM staff_session"
            " WHERE staff = $1 AND created_at > $3 AND seen_at > $4 ORDER BY created_at DESC, token_sha256",
            who.id, _digest(token), now - ABSOLUTE, now - IDLE,
        )  # fmt: skip
    return [OwnSession(*row.values()) for row in rows]


async def end_sessions(office: Office, who: Staff, keep: str | None) -> None:
    """End one's own sessions, all but that of the token `keep`."""
    async with office.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "DELETE FROM staff_session WHERE staff = $1 AND token_sha256 IS DISTINCT FROM $2",
            who.id, None if keep is None else _digest(keep),
        )  # fmt: skip
        await access_log.note(connection, who.id, "end sessions", "all" if keep is None else "others")


def same(given: str, expected: str) -> bool:
    """Return whether two tokens are equal, in a time that does not depend on where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _fresh(office: Office) -> str:
    return base64.urlsafe_b64encode(office.fresh(32)).rstrip(b"=").decode("ascii")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
