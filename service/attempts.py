"""How often a login may be tried, and from where: who guesses must wait, and nobody can make another person wait.

Failures are counted by login and place. A place is a browser in which this very login has succeeded before (a random token in a
cookie of its own, never a credential); for any other browser or program it is the address. Each further failure doubles the wait of
that place. All places where the login has never succeeded share one more count with a short wait, or many addresses would add up.
So guesses from elsewhere, be it at the minute of a draw, never touch the counts of the browsers people work with.

An address has a count of its own for all logins that have never succeeded there: whoever tries one password with every login waits too.
Where a login has succeeded before, be it the office everybody shares, that count is neither raised nor asked.
"""

import hashlib
import ipaddress
from datetime import datetime, timedelta

from msgspec import Struct

from service.database import Connection
from service.errors import Refused

__all__ = ["Attempt", "Place", "TooManyFailures", "begin_attempt", "remember_place"]

FREE, FIRST_WAIT, LONGEST_WAIT = 5, 15, 900  # of one place: failures without a wait, then seconds
STRANGERS_FREE, STRANGERS_FIRST_WAIT, STRANGERS_LONGEST_WAIT = 50, 1, 30
SPRAY_FREE, SPRAY_FIRST_WAIT, SPRAY_LONGEST_WAIT = 20, 15, 900  # of one address, over all logins it is strange to
FORGOTTEN = timedelta(hours=24)  # without a failure
KNOWN = timedelta(days=180)  # since the login last succeeded there
_STRANGERS = ""
_ANY_LOGIN = ""  # no login, by their pattern


class TooManyFailures(Refused):
    """Too many wrong passwords or codes; after `retry_after` seconds another may be tried."""

    def __init__(self, retry_after: int) -> None:
        zh, en = (f"{retry_after} 秒", f"{retry_after} seconds")
        if retry_after > 90:
            zh, en = (f"{-(-retry_after // 60)} 分钟", f"{-(-retry_after // 60)} minutes")
        super().__init__(f"连续输入错误，请 {zh}后再试", f"too many wrong entries; try again in {en}")
        self.retry_after = retry_after


class Place(Struct, frozen=True):
    """Where somebody tries to log in: the address, the token of the browser if it brought one, and what it calls itself."""

    address: str = ""
    device: str | None = None
    browser: str = ""


class Attempt(Struct, frozen=True):
    """An attempt that has been counted as a failure, which success takes back. `strange` names the address if it was counted there too."""

    login: str
    place: str
    strange: str | None = None


def _address(place: Place) -> str:
    try:
        address = ipaddress.ip_address(place.address)
    except ValueError:
        return f"address {place.address[:100]}"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return f"address {ipaddress.ip_network((address, 64), strict=False)}"  # one subscriber has a /64 at least
    return f"address {getattr(address, 'ipv4_mapped', None) or address}"


def _device(token: str) -> str:
    return "device " + hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _wait(failures: int, free: int, first: int, longest: int) -> timedelta:
    doubled = min(max(failures - free, 0), 20)
    return timedelta(seconds=min(first << doubled, longest) if failures >= free else 0)


async def begin_attempt(connection: Connection, login: str, place: Place, now: datetime) -> Attempt:
    """Count an attempt as failed before it is looked at, in the caller's transaction: a crash or a parallel guess never goes uncounted.

    Raises TooManyFailures while the place has to wait; that is not counted.
    """
    # One attempt per login at a time here: parallel guesses must each see the ones before.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"login {login}")
    await connection.execute("DELETE FROM login_attempt WHERE last_at <= $1", now - FORGOTTEN)
    address = _address(place)
    wanted = [address] if place.device is None else [address, _device(place.device)]
    known = {row["place"] for row in await connection.fetch(
        "SELECT place FROM login_place WHERE login = $1 AND place = ANY($2) AND succeeded_at > $3", login, wanted, now - KNOWN
    )}  # fmt: skip
    own = wanted[-1] if wanted[-1] in known else address
    limits = {(login, own): (FREE, FIRST_WAIT, LONGEST_WAIT)}
    if own not in known:
        limits[login, _STRANGERS] = (STRANGERS_FREE, STRANGERS_FIRST_WAIT, STRANGERS_LONGEST_WAIT)
        limits[_ANY_LOGIN, address] = (SPRAY_FREE, SPRAY_FIRST_WAIT, SPRAY_LONGEST_WAIT)
        # After the lock of the login, always: nobody waits for the two in the other order.
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"login from {address}")
    counts = {(row["login"], row["place"]): row for row in await connection.fetch(
        "SELECT login, place, failures, last_at FROM login_attempt WHERE (login, place) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
        [who for who, _ in limits], [where for _, where in limits],
    )}  # fmt: skip
    ends = [counts[c]["last_at"] + _wait(counts[c]["failures"], *limit) for c, limit in limits.items() if c in counts]
    if ends and max(ends) > now:
        raise TooManyFailures(max(1, round((max(ends) - now).total_seconds())))
    for counted in limits:
        await connection.execute(
            "INSERT INTO login_attempt (login, place, failures, last_at) VALUES ($1, $2, 1, $3) ON CONFLICT (login, place)"
            " DO UPDATE SET failures = login_attempt.failures + 1, last_at = excluded.last_at",
            *counted, now,
        )  # fmt: skip
    return Attempt(login, own, None if own in known else address)


async def remember_place(connection: Connection, attempt: Attempt, place: Place, fresh: str, now: datetime) -> str:
    """Forget the failures of the place of a successful attempt, and know it from now on; return the token of its browser.

    A token that nobody has succeeded with is replaced by `fresh`, so that nobody can choose another person's.
    """
    await connection.execute("DELETE FROM login_attempt WHERE login = $1 AND place = $2", attempt.login, attempt.place)
    # One success takes back its own attempt alone: whoever has an account may not wash away what they tried with others.
    await connection.execute(
        "UPDATE login_attempt SET failures = failures - 1 WHERE login = $1 AND place = $2 AND failures > 0", _ANY_LOGIN, attempt.strange
    )
    await connection.execute("DELETE FROM login_place WHERE succeeded_at <= $1", now - KNOWN)
    device = place.device
    if device is None or not await connection.fetchval("SELECT count(*) FROM login_place WHERE place = $1", _device(device)):
        device = fresh
    for known in (_address(place), _device(device)):
        await connection.execute(
            "INSERT INTO login_place (login, place, succeeded_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (login, place) DO UPDATE SET succeeded_at = excluded.succeeded_at",
            attempt.login, known, now,
        )  # fmt: skip
    return device
