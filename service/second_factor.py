"""The second factor: one-time codes of a telephone (RFC 6238: SHA-1, 6 digits, 30 seconds), and recovery codes for when it is lost.

Whoever signs or decides needs one; see `NEEDED_BY`. A code is taken once, and one step of 30 seconds to either side. Ten recovery
codes are kept like passwords, each taken once. The secrets of telephones are in the database as they are: a copy of it gives the
codes away, not the passwords.
"""

import base64
import hmac
import re
import unicodedata
from datetime import datetime

import pyotp
from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.office import Office
from service.passwords import hash_password, verify_password

__all__ = ["NEEDED_BY", "Enrolment", "Match", "begin_enrolment", "confirm_enrolment", "match_code", "needs_code",
           "read_enrolment", "require_codes", "reset_code", "take_code"]  # fmt: skip

NEEDED_BY = frozenset({"operator", "confirmer", "approver", "publisher", "administrator"})
STEP = 30  # seconds
RECOVERY_CODES = 10
_ONE_TIME = re.compile(r"[0-9]{6}", re.ASCII)
_RECOVERY = re.compile(r"([0-9])([a-z2-7]{16})", re.ASCII)


class Match(Struct, frozen=True):
    """What a code that was entered fits: the step of a one-time code, or the number of a recovery code."""

    step: int | None = None
    recovery: int | None = None


class Enrolment(Struct, frozen=True):
    """How a person stands: whether codes are asked for at log-in, whether they have to be, how many recovery codes are left, and
    the address (otpauth:) of the telephone that is being set up, with its secret to be typed."""

    active: bool
    needed: bool
    recovery_left: int
    uri: str | None
    secret: str | None


def needs_code(roles: frozenset[str], asked_for: bool) -> bool:
    """Return whether an account with `roles` needs a second factor; `asked_for` is the setting of the installation."""
    return asked_for and bool(NEEDED_BY & roles)


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code[:100])).lower()


def _step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the newest step around `now` whose code is `code`."""
    totp = pyotp.TOTP(base64.b32encode(secret).decode())
    present = int(now.timestamp()) // STEP
    fits = [step for step in (present - 1, present, present + 1) if hmac.compare_digest(totp.generate_otp(step), code)]
    return max(fits, default=None)


async def match_code(office: Office, staff: int | None, secret: bytes | None, code: str) -> Match | None:
    """Return what `code` fits, None for nothing. The same work is done for an account that is none, so that time tells nothing."""
    code = _plain(code)
    if found := _RECOVERY.fullmatch(code):
        async with office.pool.acquire() as connection:
            known = await connection.fetchval(
                "SELECT hash FROM recovery_code WHERE staff = $1 AND number = $2 AND used_at IS NULL", staff, int(found[1])
            )
        return Match(recovery=int(found[1])) if await verify_password(known, code) and secret is not None else None
    if secret is None or _ONE_TIME.fullmatch(code) is None:
        return None
    step = _step_of(secret, code, office.clock())
    return None if step is None else Match(step=step)


async def take_code(connection: Connection, staff: int, match: Match, now: datetime) -> bool:
    """Use up the code, in the caller's transaction; False if it, or a newer one, was used before."""
    if match.step is not None:
        return await connection.fetchval(
            "UPDATE second_factor SET last_step = $2 WHERE staff = $1 AND secret IS NOT NULL AND last_step < $2 RETURNING true",
            staff, match.step,
        ) is True  # fmt: skip
    taken = await connection.fetchval(
        "UPDATE recovery_code SET used_at = $3 WHERE staff = $1 AND number = $2 AND used_at IS NULL RETURNING true",
        staff, match.recovery, now,
    )  # fmt: skip
    if taken is True:
        await access_log.note(connection, staff, "use recovery code", str(match.recovery))
    return taken is True


async def read_enrolment(office: Office, who: Staff) -> Enrolment:
    """Return how `who` stands."""
    async with office.pool.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT f.secret, f.pending, b.name AS bureau, coalesce(b.second_factor, false) AS asked_for,"
            " (SELECT count(*) FROM recovery_code r WHERE r.staff = $1 AND used_at IS NULL) AS left"
            " FROM (SELECT 1) one LEFT JOIN second_factor f ON f.staff = $1 LEFT JOIN bureau b ON true", who.id
        )  # fmt: skip
    active, needed = row["secret"] is not None, needs_code(who.roles, row["asked_for"])
    if row["pending"] is None:
        return Enrolment(active, needed, row["left"], None, None)
    secret = base64.b32encode(row["pending"]).decode()
    uri = pyotp.TOTP(secret).provisioning_uri(name=who.login, issuer_name=row["bureau"] or "双随机抽查")
    return Enrolment(active, needed, row["left"], uri, secret)


async def begin_enrolment(office: Office, who: Staff) -> None:
    """Make the secret of a telephone to be set up; what was in force stays so until a code of it is confirmed."""
    async with office.pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO second_factor (staff, pending) VALUES ($1, $2) ON CONFLICT (staff) DO UPDATE SET pending = excluded.pending",
            who.id, office.fresh(20),
        )  # fmt: skip


async def confirm_enrolment(office: Office, who: Staff, code: str) -> tuple[str, ...]:
    """Put the new telephone in force by a first code of it; return the recovery codes, which are shown this once.

    The caller has checked the password. Raises Conflicting if none is being set up, Invalid for a code that is not of it.
    """
    codes = [f"{number}{base64.b32encode(office.fresh(10)).decode().lower()}" for number in range(RECOVERY_CODES)]
    hashes = [await hash_password(one) for one in codes]
    async with office.pool.acquire() as connection, connection.transaction():
        pending = await connection.fetchval("SELECT pending FROM second_factor WHERE staff = $1 FOR UPDATE", who.id)
        if pending is None:
            raise Conflicting("没有正在设置的动态码，请重新开始", "no one-time code is being set up; begin again")
        step = _step_of(pending, _plain(code), office.clock()) if _ONE_TIME.fullmatch(_plain(code)) else None
        if step is None:
            raise Invalid(
                "动态码不符：请输入手机上此刻显示的 6 位数字；仍不符时，请核对手机的时间",
                "the code does not fit: enter the 6 digits the telephone shows now; if it still does not, check its clock",
            )
        await connection.execute(
            "UPDATE second_factor SET secret = pending, pending = NULL, last_step = $2 WHERE staff = $1", who.id, step
        )
        await connection.execute("DELETE FROM recovery_code WHERE staff = $1", who.id)
        await connection.executemany(
            "INSERT INTO recovery_code (staff, number, hash) VALUES ($1, $2, $3)",
            [(who.id, number, hash) for number, hash in enumerate(hashes)],
        )
        await access_log.note(connection, who.id, "set up one-time codes", who.login)
    return tuple(f"{code[0]}-{code[1:5]}-{code[5:9]}-{code[9:13]}-{code[13:]}" for code in codes)


async def reset_code(office: Office, by: Staff | None, login: str) -> None:
    """Take the second factor from an account and end its sessions: for who lost telephone and recovery codes. None is the command line."""
    if by is not None and ("administrator" not in by.roles or by.login == login):
        raise Denied("只有其他管理员可以重设动态码", "only another administrator resets a second factor")
    async with office.pool.acquire() as connection, connection.transaction():
        staff = await connection.fetchval("SELECT id FROM staff WHERE login = $1", login)
        if staff is None:
            raise NotFound(f"没有账户 {login}", f"there is no account {login}")
        await connection.execute("DELETE FROM second_factor WHERE staff = $1", staff)
        await connection.execute("DELETE FROM recovery_code WHERE staff = $1", staff)
        await connection.execute("DELETE FROM staff_session WHERE staff = $1", staff)
        await access_log.note(connection, by.id if by else None, "reset one-time codes", login)


async def require_codes(office: Office, asked_for: bool) -> None:
    """Set whether this installation asks for second factors; Conflicting before the bureau is set up."""
    async with office.pool.acquire() as connection, connection.transaction():
        if await connection.fetchval("UPDATE bureau SET second_factor = $1 RETURNING true", asked_for) is None:
            raise Conflicting("尚未登记机关，请运行 bureau 命令", "the bureau is not set up; run `python -m service bureau`")
        await access_log.note(connection, None, "require one-time codes", "on" if asked_for else "off")
