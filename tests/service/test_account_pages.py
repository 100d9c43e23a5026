"""Accounts on pages: made, changed, helped in again; a password that somebody else knows opens nothing but its change."""

import re

import pytest
from application import PASSWORD, browser
from test_web_skeleton import HTML, csrf_in

from service.accounts import Staff, reset_password
from service.errors import Denied
from service.sessions import NotLoggedIn, log_in, read_session
from service.web.app import create_app

NEW = "another long password"


@pytest.fixture
async def chief(client, employ):
    """An administrator in a browser; posts a form with its token."""
    await employ("chief", "administrator")
    await client.post("/staff/login", data={"login": "chief", "password": PASSWORD})
    csrf = csrf_in((await client.get("/staff/accounts")).text)

    async def post(path: str, **form):
        return await client.post(path, data={"csrf": csrf, **form})

    return post


def password_in(page: str) -> str:
    return re.search(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", page)[1]


async def test_a_new_person_changes_the_initial_password_before_anything_else(client, office, config, chief) -> None:
    made = await chief("/staff/accounts", login="li", name="李 <复核>", role=["confirmer", "auditor"])
    assert made.status_code == 200
    initial = password_in(made.text)
    assert "李 &lt;复核&gt;（li）" in (await client.get("/staff/accounts")).text
    async with browser(create_app(office, config)) as li:
        await li.post("/staff/login", data={"login": "li", "password": initial})
        sent = await li.get("/staff/", headers=HTML)
        assert (sent.status_code, sent.headers["location"]) == (303, "/staff/account")
        assert (await li.get("/api/v1/draws")).status_code == 403
        page = (await li.get("/staff/account")).text
        assert "初始口令" in page
        form = {"csrf": csrf_in(page), "old": initial}
        assert (await li.post("/staff/account/password", data=form | {"new": initial, "again": initial})).status_code == 422
        assert (await li.post("/staff/account/password", data=form | {"new": NEW, "again": NEW})).status_code == 303
        assert (await li.post("/staff/login", data={"login": "li", "password": initial})).status_code == 401
        await li.post("/staff/login", data={"login": "li", "password": NEW})
        assert (await li.get("/staff/")).status_code == 200
        assert (await li.get("/staff/accounts")).status_code == 200  # an auditor sees the list
        assert 'action="/staff/accounts"' not in (await li.get("/staff/accounts")).text


@pytest.mark.parametrize(
    "form",
    [{"login": "Li", "name": "李", "role": "confirmer"}, {"login": "chief", "name": "李", "role": "confirmer"},
     {"login": "li", "name": " ", "role": "confirmer"}, {"login": "li", "name": "李"}, {"login": "li", "name": "李", "role": "king"}],
)  # fmt: skip
async def test_what_is_no_account_is_said_beside_the_form_which_keeps_what_was_typed(chief, office, form) -> None:
    answer = await chief("/staff/accounts", **form)
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert f'value="{form["login"]}"' in answer.text
    assert await office.pool.fetchval("SELECT count(*) FROM staff") == 1


async def test_roles_and_state_are_changed_and_the_last_administrator_stays(chief, client, office, employ) -> None:
    await employ("li", "confirmer")
    token = (await log_in(office, "li", PASSWORD)).token
    assert (await chief("/staff/accounts/li", role=["approver"], active="yes")).status_code == 303
    assert await read_session(office, token) is None
    assert (await log_in(office, "li", PASSWORD)).staff.roles == {"approver"}
    await chief("/staff/accounts/li", role=["approver"])
    with pytest.raises(NotLoggedIn):
        await log_in(office, "li", PASSWORD)
    kept = await chief("/staff/accounts/chief", role=["auditor"], active="yes")
    assert (kept.status_code, "至少要保留一名管理员" in kept.text) == (422, True)
    assert (await chief("/staff/accounts/nobody", role=["auditor"], active="yes")).status_code == 404
    assert (await client.get("/staff/accounts/nobody")).status_code == 404


async def test_a_reset_password_ends_sessions_and_has_to_be_changed(chief, office, employ) -> None:
    await employ("li", "confirmer")
    token = (await log_in(office, "li", PASSWORD)).token
    initial = password_in((await chief("/staff/accounts/li/password")).text)
    assert await read_session(office, token) is None
    with pytest.raises(NotLoggedIn):
        await log_in(office, "li", PASSWORD)
    opened = await log_in(office, "li", initial)
    assert (await read_session(office, opened.token)).owes == "password"
    assert (await chief("/staff/accounts/chief/password")).status_code == 403
    assert (await chief("/staff/accounts/chief/code")).status_code == 403
    assert (await chief("/staff/accounts/li/code")).status_code == 303
    assert (await chief("/staff/accounts/nobody/password")).status_code == 404


async def test_nobody_but_an_administrator_resets(office, employ) -> None:
    await employ("li", "confirmer")
    clerk = Staff(await employ("wang", "operator"), "wang", "王", frozenset({"operator"}))
    with pytest.raises(Denied):
        await reset_password(office, clerk, "li")
