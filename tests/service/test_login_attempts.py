"""Guessing is slow from anywhere, and makes nobody else wait: not the person whose login is guessed, not at the minute of a draw."""

import asyncio

import pytest
from application import PASSWORD, browser

from service.attempts import LONGEST_WAIT, SPRAY_FREE, STRANGERS_FREE, Place, TooManyFailures
from service.sessions import NotLoggedIn, log_in
from service.web.app import create_app

OFFICE, HOME, ABROAD = Place("10.1.2.3"), Place("192.0.2.7"), Place("203.0.113.9")


async def guess(office, login: str, place: Place) -> int:
    """Try a wrong password; return the seconds to wait if it was not even looked at."""
    try:
        await log_in(office, login, "wrong password", place=place)
    except NotLoggedIn:
        return 0
    except TooManyFailures as refused:
        return refused.retry_after
    raise AssertionError("a wrong password was taken")


async def guess_on(office, clock, login: str, place: Place, hours: float) -> int:
    """Guess as fast as one may for some hours; return how many passwords were looked at."""
    tried, end = 0, clock.now.timestamp() + hours * 3600
    while clock.now.timestamp() < end:
        wait = await guess(office, login, place)
        tried += wait == 0
        clock.advance(seconds=wait)
    return tried


@pytest.fixture
def cheap_hash(monkeypatch):
    """Where thousands of guesses are made, the hash is not what is tested."""

    async def verify(known, password):
        return known is not None and password == PASSWORD

    monkeypatch.setattr("service.sessions.verify_password", verify)


async def test_each_further_failure_doubles_the_wait_of_its_place(office, employ, clock, cheap_hash) -> None:
    await employ("wang", "operator")
    assert [await guess(office, "wang", HOME) for _ in range(5)] == [0] * 5
    waits = []
    for _ in range(9):
        waits.append(await guess(office, "wang", HOME))
        clock.advance(seconds=waits[-1])
        assert await guess(office, "wang", HOME) == 0
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]
    with pytest.raises(TooManyFailures):  # the right one waits as well, or a guess would show itself
        await log_in(office, "wang", PASSWORD, place=HOME)
    clock.advance(seconds=899)
    with pytest.raises(TooManyFailures) as refused:
        await log_in(office, "wang", PASSWORD, place=HOME)
    assert refused.value.retry_after == 1
    clock.advance(seconds=1)
    await log_in(office, "wang", PASSWORD, place=HOME)
    assert [await guess(office, "wang", HOME) for _ in range(5)] == [0] * 5  # success forgets


async def test_a_day_of_guessing_from_one_place_is_a_hundred_guesses(office, employ, clock, cheap_hash) -> None:
    await employ("wang", "operator")
    assert await guess_on(office, clock, "wang", HOME, 24) < 24 * 3600 / LONGEST_WAIT + 20


async def test_addresses_do_not_add_up(office, employ, clock, cheap_hash) -> None:
    await employ("wang", "operator")
    tried, end, number = 0, clock.now.timestamp() + 3600, 0
    while clock.now.timestamp() < end:
        number += 1
        wait = await guess(office, "wang", Place(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"))
        tried += wait == 0
        clock.advance(seconds=wait)
    assert tried < STRANGERS_FREE + 3600 / 30 + 10


async def test_one_subscriber_of_ipv6_is_one_place(office, employ, cheap_hash) -> None:
    await employ("wang", "operator")
    waits = [await guess(office, "wang", Place(f"2001:db8::{n:x}")) for n in range(1, 8)]
    assert waits[:5] == [0] * 5
    assert all(waits[5:])


async def test_guesses_from_elsewhere_never_make_the_operator_wait(office, employ, clock, cheap_hash) -> None:
    """At T, under attack from one address and from a thousand, and from a neighbour behind the same address."""
    await employ("wang", "operator")
    device = (await log_in(office, "wang", PASSWORD, place=OFFICE)).device
    own = Place(OFFICE.address, device)
    clock.advance(hours=20)
    for n in range(1000):
        await guess(office, "wang", Place(f"198.51.{n >> 8}.{n & 255}"))
    while not await guess(office, "wang", ABROAD) and not await guess(office, "wang", OFFICE):
        pass
    assert await guess(office, "wang", ABROAD) > 0
    assert (await log_in(office, "wang", PASSWORD, place=own)).device == device
    while not await guess(office, "wang", OFFICE):  # the neighbour, without her browser
        pass
    await log_in(office, "wang", PASSWORD, place=own)
    await log_in(office, "wang", PASSWORD, place=Place("172.16.0.1", device))  # and wherever she takes it


async def test_a_strange_browser_waits_half_a_minute_at_most_for_what_others_did(office, employ, clock, cheap_hash) -> None:
    await employ("wang", "operator")
    for n in range(2000):
        await guess(office, "wang", Place(f"198.51.{n >> 8}.{n & 255}"))
        clock.advance(seconds=31 if n > STRANGERS_FREE else 0)
    await guess(office, "wang", ABROAD)
    wait = await guess(office, "wang", HOME)
    assert 0 < wait <= 30
    clock.advance(seconds=wait)
    await log_in(office, "wang", PASSWORD, place=HOME)


async def test_the_token_of_a_browser_is_no_other_login_s(office, employ, clock, cheap_hash) -> None:
    """A colleague's browser is a strange one, and a token made up by the browser is replaced."""
    await employ("wang", "operator")
    await employ("li", "confirmer")
    device = (await log_in(office, "li", PASSWORD, place=ABROAD)).device
    theirs = Place(ABROAD.address, device)
    while not await guess(office, "wang", ABROAD):
        pass
    assert await guess(office, "wang", theirs) > 0
    assert (await log_in(office, "li", PASSWORD, place=Place(HOME.address, "chosen"))).device != "chosen"


async def test_a_known_browser_that_guesses_waits_too(office, employ, clock, cheap_hash) -> None:
    await employ("wang", "operator")
    own = Place(OFFICE.address, (await log_in(office, "wang", PASSWORD, place=OFFICE)).device)
    assert [await guess(office, "wang", own) > 0 for _ in range(6)] == [False] * 5 + [True]


async def test_parallel_guesses_are_counted_each(office, employ) -> None:
    await employ("wang", "operator")
    answers = await asyncio.gather(
        *(log_in(office, "wang", f"guess {n}", place=HOME) for n in range(9)), return_exceptions=True
    )
    assert sum(type(answer) is NotLoggedIn for answer in answers) == 5
    assert sum(type(answer) is TooManyFailures for answer in answers) == 4


async def test_an_unknown_login_gets_the_words_and_the_limit_of_a_known_one(office, employ) -> None:
    await employ("wang", "operator")
    for login in ("wang", "nobody"):
        for _ in range(5):
            with pytest.raises(NotLoggedIn, match="login or password is wrong"):
                await log_in(office, login, "wrong password", place=HOME)
        with pytest.raises(TooManyFailures):
            await log_in(office, login, "wrong password", place=HOME)


async def test_the_pages_know_a_browser_again_by_a_cookie_of_its_own(office, config, employ) -> None:
    await employ("wang", "operator")
    async with browser(create_app(office, config)) as hers, browser(create_app(office, config)) as other:
        form = {"login": "wang", "password": PASSWORD}
        cookies = (await hers.post("/staff/login", data=form)).headers.get_list("set-cookie")
        kept = next(cookie for cookie in cookies if cookie.startswith("__Host-device="))
        assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(kept.split("; "))
        statuses = [(await other.post("/staff/login", data=form | {"password": "x"})).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        refused = await other.post("/staff/login", data=form)
        assert "秒后再试" in refused.text
        assert (await hers.post("/staff/login", data=form)).status_code == 303  # the same address


async def test_one_password_tried_with_every_login_waits_too(office, employ, clock, cheap_hash) -> None:
    """Spraying: no login has more than one failure, the address has them all. Whoever works there goes on; so does another address."""
    await employ("wang", "operator")
    await log_in(office, "wang", PASSWORD, place=OFFICE)
    assert [await guess(office, f"login{number}", OFFICE) for number in range(SPRAY_FREE)] == [0] * SPRAY_FREE
    assert await guess(office, "another", OFFICE) == 15
    clock.advance(seconds=15)
    assert await guess(office, "another", OFFICE) == 0
    assert await guess(office, "yet-another", OFFICE) == 30
    await log_in(office, "wang", PASSWORD, place=OFFICE)
    assert await guess(office, "yet-another", HOME) == 0
    tried, end = 0, clock.now.timestamp() + 3600
    for number in range(10**6):
        if clock.now.timestamp() >= end:
            break
        wait = await guess(office, f"login{number}", OFFICE)
        tried += wait == 0
        clock.advance(seconds=wait)
    assert tried < 10


async def test_an_own_account_does_not_wash_away_what_was_tried_with_others(office, employ, clock, cheap_hash) -> None:
    """A right password, again and again from where it never was before, takes back itself alone."""
    await employ("insider", "inspector")
    for number in range(SPRAY_FREE - 1):
        assert await guess(office, f"login{number}", ABROAD) == 0
    await log_in(office, "insider", PASSWORD, place=ABROAD)
    assert await guess(office, "one-more", ABROAD) == 0
    assert await guess(office, "and-more", ABROAD) == 15
