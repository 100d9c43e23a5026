"""Whoever signs or decides proves two things to get in; each code works once; losing the telephone locks nobody out for ever."""

import asyncio
import html
import re

import pyotp
import pytest
from application import PASSWORD, browser
from test_route_matrix import address, read_table
from test_web_skeleton import HTML, csrf_in

from service.accounts import ROLES, Staff
from service.attempts import TooManyFailures
from service.errors import Conflicting, Denied, Invalid
from service.second_factor import (
    NEEDED_BY,
    begin_enrolment,
    confirm_enrolment,
    read_enrolment,
    require_codes,
    reset_code,
)
from service.sessions import NotLoggedIn, log_in, read_session
from service.web.account import draw_qr
from service.web.app import create_app


@pytest.fixture
async def wang(office, employ) -> Staff:
    await require_codes(office, True)
    return Staff(await employ("wang", "operator"), "wang", "wang 某", frozenset({"operator"}))


@pytest.fixture
def enrol(office, clock):
    """Set up a telephone for somebody; return it, and the recovery codes."""

    async def set_up(who: Staff) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        await begin_enrolment(office, who)
        phone = pyotp.TOTP((await read_enrolment(office, who)).secret)
        codes = await confirm_enrolment(office, who, phone.at(clock.now))
        clock.advance(seconds=30)
        return phone, codes

    return set_up


async def test_password_and_code_are_both_needed_and_said_to_be_wrong_in_the_same_words(office, clock, wang, enrol) -> None:
    phone, _ = await enrol(wang)
    right, words = phone.at(clock.now), set()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for password, code in [(PASSWORD, ""), (PASSWORD, wrong), ("wrong password", right)]:
        with pytest.raises(NotLoggedIn) as refused:
            await log_in(office, "wang", password, code)
        words.add(refused.value.zh)
    assert len(words) == 1
    await log_in(office, "wang", PASSWORD, f" {right[:3]} {right[3:]} ")


async def test_no_code_is_taken_twice_nor_an_older_one_after_it(office, clock, wang, enrol) -> None:
    phone, _ = await enrol(wang)
    before, now = phone.at(clock.now, counter_offset=-1), phone.at(clock.now)
    await log_in(office, "wang", PASSWORD, now)
    for used in (now, before):
        with pytest.raises(NotLoggedIn):
            await log_in(office, "wang", PASSWORD, used)
    clock.advance(seconds=30)
    code = phone.at(clock.now)
    both = await asyncio.gather(*(log_in(office, "wang", PASSWORD, code) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(answer, NotLoggedIn) for answer in both) == 2


@pytest.mark.parametrize(("offset", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_the_telephone_may_be_one_step_off(office, clock, wang, enrol, offset, taken) -> None:
    phone, _ = await enrol(wang)
    clock.advance(minutes=5)
    code = phone.at(clock.now, counter_offset=offset)
    if taken:
        await log_in(office, "wang", PASSWORD, code)
    else:
        with pytest.raises(NotLoggedIn):
            await log_in(office, "wang", PASSWORD, code)


async def test_the_code_that_set_the_telephone_up_does_not_open_a_session(office, clock, wang, enrol) -> None:
    phone, _ = await enrol(wang)
    with pytest.raises(NotLoggedIn):
        await log_in(office, "wang", PASSWORD, phone.at(clock.now, counter_offset=-1))


async def test_guessed_codes_count_with_guessed_passwords(office, clock, wang, enrol) -> None:
    phone, codes = await enrol(wang)
    for n in range(5):
        with pytest.raises(NotLoggedIn):
            await log_in(office, "wang", *[("wrong password", ""), (PASSWORD, "000000"), (PASSWORD, "0" + "a" * 16)][n % 3])
    for code in (phone.at(clock.now), codes[0]):
        with pytest.raises(TooManyFailures):
            await log_in(office, "wang", PASSWORD, code)


async def test_each_recovery_code_works_once_and_new_ones_replace_all(office, clock, wang, enrol) -> None:
    _, codes = await enrol(wang)
    assert len(set(codes)) == 10
    await log_in(office, "wang", PASSWORD, codes[3])
    with pytest.raises(NotLoggedIn):
        await log_in(office, "wang", PASSWORD, codes[3])
    again = await asyncio.gather(*(log_in(office, "wang", PASSWORD, codes[4].upper()) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(answer, NotLoggedIn) for answer in again) == 2
    assert (await read_enrolment(office, wang)).recovery_left == 8
    stored = await office.pool.fetchval("SELECT string_agg(r::text, ' ') FROM recovery_code r")
    assert not any(code.replace("-", "")[1:] in stored for code in codes)
    _, fresh = await enrol(wang)
    with pytest.raises(NotLoggedIn):
        await log_in(office, "wang", PASSWORD, codes[5])
    await log_in(office, "wang", PASSWORD, fresh[5])


async def test_a_recovery_code_of_somebody_else_or_without_a_second_factor_is_nothing(office, wang, enrol, employ) -> None:
    _, codes = await enrol(wang)
    li = Staff(await employ("li", "confirmer"), "li", "li 某", frozenset({"confirmer"}))
    await enrol(li)
    with pytest.raises(NotLoggedIn):
        await log_in(office, "li", PASSWORD, codes[0])


async def test_until_it_is_confirmed_the_old_telephone_stays_in_force(office, clock, wang, enrol) -> None:
    phone, _ = await enrol(wang)
    await begin_enrolment(office, wang)
    with pytest.raises(Invalid):
        await confirm_enrolment(office, wang, phone.at(clock.now))
    await log_in(office, "wang", PASSWORD, phone.at(clock.now))
    other = Staff(wang.id + 1000, "x", "x", frozenset())
    with pytest.raises(Conflicting):
        await confirm_enrolment(office, other, "000000")


async def test_who_lost_everything_is_reset_by_another_administrator_and_begins_anew(office, clock, wang, enrol, employ) -> None:
    phone, _ = await enrol(wang)
    token = (await log_in(office, "wang", PASSWORD, phone.at(clock.now))).token
    chief = Staff(await employ("chief", "administrator"), "chief", "长", frozenset({"administrator"}))
    with pytest.raises(Denied):
        await reset_code(office, wang, "wang")
    with pytest.raises(Denied):
        await reset_code(office, chief, "chief")
    await reset_code(office, chief, "wang")
    assert await read_session(office, token) is None
    opened = await log_in(office, "wang", PASSWORD)
    assert (await read_session(office, opened.token)).owes == "code"


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_that_signs_or_decides_reaches_nothing_before_its_second_factor(office, client, employ, role) -> None:
    await require_codes(office, True)
    await employ("somebody", role)
    answer = await client.post("/api/v1/session", json={"login": "somebody", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    ways_out = {("POST", "/staff/logout"), ("GET", "/staff/account"), ("POST", "/staff/account/password"),
                ("PUT", "/api/v1/session/password"), ("GET", "/staff/account/code"), ("POST", "/staff/account/code"),
                ("POST", "/staff/account/code/begin"), ("GET", "/api/v1/session"), ("DELETE", "/api/v1/session")}  # fmt: skip
    for (method, path), who in read_table().items():
        if "" not in who and (method, path) not in ways_out and role in who:
            if role not in NEEDED_BY:
                assert method != "GET" or (await client.get(address(path), headers=headers)).status_code != 403, path
                continue
            answer = await client.request(method, address(path), headers=headers)
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
            assert "动态码" in answer.json()["detail"]
    assert (await client.get("/api/v1/session", headers=headers)).status_code == 200


async def test_where_it_is_optional_it_is_still_asked_of_who_has_one(office, clock, wang, enrol) -> None:
    phone, _ = await enrol(wang)
    await require_codes(office, False)
    with pytest.raises(NotLoggedIn):
        await log_in(office, "wang", PASSWORD)
    await log_in(office, "wang", PASSWORD, phone.at(clock.now))


async def test_a_person_sets_it_up_in_the_browser_and_uses_it(office, config, clock, wang) -> None:
    async with browser(create_app(office, config)) as client, browser(create_app(office, config)) as elsewhere:
        form = {"login": "wang", "password": PASSWORD}
        await elsewhere.post("/staff/login", data=form)
        await client.post("/staff/login", data=form)
        sent = await client.get("/staff/", headers=HTML)
        assert (sent.status_code, sent.headers["location"]) == (303, "/staff/account/code")
        csrf = csrf_in((await client.get("/staff/account/code")).text)
        await client.post("/staff/account/code/begin", data={"csrf": csrf})
        shown = (await client.get("/staff/account/code")).text
        uri = html.unescape(re.search(r'href="(otpauth://[^"]+)"', shown)[1])
        phone = pyotp.parse_uri(uri)
        assert (phone.name, phone.issuer) == ("wang", "云州市应急管理局")
        assert draw_qr(uri) in shown
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=", shown)
        old = client.cookies["__Host-session"]
        wrong = await client.post("/staff/account/code", data={"csrf": csrf, "password": "wrong", "code": phone.at(clock.now)})
        assert (wrong.status_code, "口令不正确" in wrong.text) == (422, True)
        done = await client.post("/staff/account/code", data={"csrf": csrf, "password": PASSWORD, "code": phone.at(clock.now)})
        assert done.status_code == 200
        assert len(re.findall(r"<li>[0-9]-[a-z2-7-]{19}</li>", done.text)) == 10
        assert client.cookies["__Host-session"] != old  # it may do more: a new token
        assert (await client.get("/staff/")).status_code == 200
        assert (await elsewhere.get("/staff/account/code")).status_code == 401
        clock.advance(seconds=30)
        assert (await elsewhere.post("/staff/login", data=form)).status_code == 401
        assert (await elsewhere.post("/staff/login", data=form | {"code": phone.at(clock.now)})).status_code == 303
