"""Accounts: who gets in, for how long, and with which roles."""

import asyncio

import pytest
from application import PASSWORD

from service.accounts import Staff, change_staff, create_staff, list_staff
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.office import Office
from service.sessions import NotLoggedIn, Session, change_password, log_in, log_out, read_session


async def test_a_session_names_its_owner_until_logged_out(office: Office, employ) -> None:
    await employ("wang", "operator", "registrar")
    opened = await log_in(office, "wang", PASSWORD)
    staff, token = opened.staff, opened.token
    assert staff.roles == {"operator", "registrar"}
    assert await read_session(office, token) == Session(staff, opened.csrf, None)
    assert await read_session(office, token + "x") is None
    await log_out(office, token)
    assert await read_session(office, token) is None


@pytest.mark.costly_passwords
async def test_the_database_holds_neither_token_nor_password(office: Office, employ) -> None:
    await employ("wang", "operator")
    token = (await log_in(office, "wang", PASSWORD)).token
    stored = await office.pool.fetchval("SELECT string_agg(t::text, ' ') FROM staff_session t")
    hashed = await office.pool.fetchval("SELECT password_hash FROM staff")
    assert token not in stored
    assert token.encode().hex() not in stored
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,")


async def test_an_idle_session_ends_after_30_minutes_and_any_after_12_hours(
    office: Office, employ, clock
) -> None:
    await employ("wang", "operator")
    token = (await log_in(office, "wang", PASSWORD)).token
    for _ in range(24):
        clock.advance(minutes=29, seconds=59)
        assert await read_session(office, token) is not None
    clock.advance(seconds=24)
    assert await read_session(office, token) is None  # 12 hours
    token = (await log_in(office, "wang", PASSWORD)).token
    clock.advance(minutes=30)
    assert await read_session(office, token) is None


@pytest.mark.parametrize("login", ["", "x", "W", "a\0b", "王", "a" * 10_000, "'; --"])
async def test_a_login_that_cannot_exist_is_refused_like_any_other(office: Office, login: str) -> None:
    with pytest.raises(NotLoggedIn):
        await log_in(office, login, "p" * 300)


async def test_an_input_method_that_types_full_width_does_not_lock_anyone_out(office: Office) -> None:
    await create_staff(office, "wang", "王", "１２３４５６７８９０１２", ["operator"])
    await log_in(office, "wang", "123456789012")


@pytest.mark.parametrize(
    ("login", "name", "password", "roles"),
    [
        ("W", "王", PASSWORD, ["operator"]),
        ("wang", " ", PASSWORD, ["operator"]),
        ("wang", "王", "short", ["operator"]),
        ("wang", "王", "x" * 257, ["operator"]),
        ("wang", "王", PASSWORD, ["king"]),
        ("wang", "王", PASSWORD, []),
    ],
)
async def test_an_account_that_is_none_is_refused(office: Office, login, name, password, roles) -> None:
    with pytest.raises(Invalid):
        await create_staff(office, login, name, password, roles)
    assert await office.pool.fetchval("SELECT count(*) FROM staff") == 0


async def test_only_an_administrator_manages_accounts(office: Office, employ) -> None:
    clerk = Staff(await employ("wang", "operator"), "wang", "王", frozenset({"operator"}))
    with pytest.raises(Denied):
        await create_staff(office, "li", "李", PASSWORD, ["administrator"], by=clerk)
    with pytest.raises(Denied):
        await change_staff(office, clerk, "wang", ["administrator"], True)
    with pytest.raises(Denied):
        await list_staff(office, clerk)


async def test_changed_roles_end_the_session_and_an_inactive_account_does_not_log_in(
    office: Office, employ
) -> None:
    chief = Staff(await employ("chief", "administrator"), "chief", "长", frozenset({"administrator"}))
    await employ("wang", "operator")
    token = (await log_in(office, "wang", PASSWORD)).token
    await change_staff(office, chief, "wang", ["confirmer"], True)
    assert await read_session(office, token) is None
    opened = await log_in(office, "wang", PASSWORD)
    staff, token = opened.staff, opened.token
    assert staff.roles == {"confirmer"}
    await change_staff(office, chief, "wang", ["confirmer"], False)
    assert await read_session(office, token) is None
    with pytest.raises(NotLoggedIn):
        await log_in(office, "wang", PASSWORD)
    with pytest.raises(Conflicting, match="administrator must remain"):
        await change_staff(office, chief, "chief", ["auditor"], True)
    with pytest.raises(NotFound):
        await change_staff(office, chief, "nobody", ["auditor"], True)
    with pytest.raises(Conflicting, match="is taken"):
        await create_staff(office, "wang", "王", PASSWORD, ["operator"], by=chief)


async def test_two_administrators_cannot_dismiss_each_other(office: Office, employ) -> None:
    one = Staff(await employ("one", "administrator"), "one", "一", frozenset({"administrator"}))
    two = Staff(await employ("two", "administrator"), "two", "二", frozenset({"administrator"}))
    answers = await asyncio.gather(
        change_staff(office, one, "two", ["auditor"], True), change_staff(office, two, "one", ["auditor"], True),
        return_exceptions=True,
    )  # fmt: skip
    assert sum(isinstance(answer, Conflicting) for answer in answers) == 1


async def test_a_new_password_needs_the_old_one_and_ends_every_session(office: Office, employ) -> None:
    await employ("wang", "operator")
    opened = await log_in(office, "wang", PASSWORD)
    staff, token = opened.staff, opened.token
    with pytest.raises(NotLoggedIn):
        await change_password(office, staff, "not the old one", "another long password")
    await change_password(office, staff, PASSWORD, "another long password")
    assert await read_session(office, token) is None
    await log_in(office, "wang", "another long password")


async def test_every_act_is_in_the_access_log(office: Office, employ) -> None:
    await employ("wang", "operator")
    with pytest.raises(NotLoggedIn):
        await log_in(office, "wang", "wrong password")
    token = (await log_in(office, "wang", PASSWORD)).token
    await log_out(office, token)
    actions = [row["action"] for row in await office.pool.fetch("SELECT action FROM access_log ORDER BY id")]
    assert actions == ["create account", "wrong password", "log in", "log out"]
