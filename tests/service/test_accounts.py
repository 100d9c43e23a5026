"""Accounts: who gets in, for how long, and with which roles."""

import asyncio

import pytest
from application import PASSWORD

from service.accounts import (
    NotLoggedIn,
    Staff,
    TooManyFailures,
    change_password,
    change_staff,
    create_staff,
    list_staff,
    log_in,
    log_out,
    read_session,
)
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.office import Office


async def test_a_session_names_its_owner_until_logged_out(office: Office, employ) -> None:
    await employ("wang", "operator", "registrar")
    staff, token, csrf = await log_in(office, "wang", PASSWORD)
    assert staff.roles == {"operator", "registrar"}
    assert await read_session(office, token) == (staff, csrf)
    assert await read_session(office, token + "x") is None
    await log_out(office, token)
    assert await read_session(office, token) is None


async def test_the_database_holds_neither_token_nor_password(office: Office, employ) -> None:
    await employ("wang", "operator")
    _, token, _ = await log_in(office, "wang", PASSWORD)
    stored = await office.pool.fetchval("SELECT string_agg(t::text, ' ') FROM staff_session t")
    hashed = await office.pool.fetchval("SELECT password_hash FROM staff")
    assert token not in stored
    assert token.encode().hex() not in stored
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,")


async def test_an_idle_session_ends_after_30_minutes_and_any_after_12_hours(
    office: Office, employ, clock
) -> None:
    await employ("wang", "operator")
    _, token, _ = await log_in(office, "wang", PASSWORD)
    for _ in range(24):
        clock.advance(minutes=29, seconds=59)
        assert await read_session(office, token) is not None
    clock.advance(seconds=24)
    assert await read_session(office, token) is None  # 12 hours
    _, token, _ = await log_in(office, "wang", PASSWORD)
    clock.advance(minutes=30)
    assert await read_session(office, token) is None


async def test_five_wrong_passwords_close_a_login_for_15_minutes_even_to_the_right_one(
    office: Office, employ, clock
) -> None:
    await employ("wang", "operator")
    await employ("li", "operator")
    for _ in range(5):
        with pytest.raises(NotLoggedIn):
            await log_in(office, "wang", "wrong password")
        clock.advance(minutes=1)
    with pytest.raises(TooManyFailures) as refused:
        await log_in(office, "wang", PASSWORD)
    assert refused.value.retry_after == 600
    await log_in(office, "li", PASSWORD)
    clock.advance(minutes=10)
    await log_in(office, "wang", PASSWORD)


async def test_parallel_guesses_are_counted_each(office: Office, employ) -> None:
    await employ("wang", "operator")
    answers = await asyncio.gather(
        *(log_in(office, "wang", f"guess {n}") for n in range(9)), return_exceptions=True
    )
    assert sum(type(answer) is NotLoggedIn for answer in answers) == 5
    assert sum(type(answer) is TooManyFailures for answer in answers) == 4


async def test_an_unknown_login_gets_the_words_and_the_limit_of_a_known_one(office: Office, employ) -> None:
    await employ("wang", "operator")
    for login in ("wang", "nobody"):
        for _ in range(5):
            with pytest.raises(NotLoggedIn, match="login or password is wrong"):
                await log_in(office, login, "wrong password")
        with pytest.raises(TooManyFailures):
            await log_in(office, login, "wrong password")


@pytest.mark.parametrize("login", ["", "x", "W", "a\0b", "王", "a" * 10_000, "'; --"])
async def test_a_login_that_cannot_exist_is_refused_like_any_other(office: Office, login: str) -> None:
    with pytest.raises(NotLoggedIn):
        await log_in(office, login, "p" * 300)


async def test_success_forgets_earlier_failures(office: Office, employ) -> None:
    await employ("wang", "operator")
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(NotLoggedIn):
                await log_in(office, "wang", "wrong password")
        await log_in(office, "wang", PASSWORD)


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
    _, token, _ = await log_in(office, "wang", PASSWORD)
    await change_staff(office, chief, "wang", ["confirmer"], True)
    assert await read_session(office, token) is None
    staff, token, _ = await log_in(office, "wang", PASSWORD)
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
    staff, token, _ = await log_in(office, "wang", PASSWORD)
    with pytest.raises(NotLoggedIn):
        await change_password(office, staff, "not the old one", "another long password")
    await change_password(office, staff, PASSWORD, "another long password")
    assert await read_session(office, token) is None
    await log_in(office, "wang", "another long password")


async def test_every_act_is_in_the_access_log(office: Office, employ) -> None:
    await employ("wang", "operator")
    with pytest.raises(NotLoggedIn):
        await log_in(office, "wang", "wrong password")
    _, token, _ = await log_in(office, "wang", PASSWORD)
    await log_out(office, token)
    actions = [row["action"] for row in await office.pool.fetch("SELECT action FROM access_log ORDER BY id")]
    assert actions == ["create account", "wrong password", "log in", "log out"]
