"""One's own sessions: seen, ended, and never somebody else's."""

from application import PASSWORD, browser
from test_web_skeleton import HTML, csrf_in

from service.accounts import Staff
from service.sessions import end_sessions, list_sessions, log_in, read_session
from service.web.app import create_app

NEW = "another long password"


async def test_ending_the_others_keeps_this_one_and_everybody_else_s(office, employ, clock) -> None:
    wang = Staff(await employ("wang", "operator"), "wang", "wang 某", frozenset({"operator"}))
    await employ("li", "confirmer")
    tokens = [(await log_in(office, "wang", PASSWORD)).token for _ in range(3)]
    theirs = (await log_in(office, "li", PASSWORD)).token
    assert [session.this for session in await list_sessions(office, wang, tokens[0])].count(True) == 1
    await end_sessions(office, wang, tokens[0])
    assert [await read_session(office, token) is not None for token in (*tokens, theirs)] == [True, False, False, True]
    await end_sessions(office, wang, None)
    assert await list_sessions(office, wang, tokens[0]) == []
    assert await read_session(office, theirs) is not None


async def test_a_session_that_has_ended_is_not_in_the_list(office, employ, clock) -> None:
    wang = Staff(await employ("wang", "operator"), "wang", "wang 某", frozenset({"operator"}))
    await log_in(office, "wang", PASSWORD)
    clock.advance(minutes=31)
    token = (await log_in(office, "wang", PASSWORD)).token
    assert len(await list_sessions(office, wang, token)) == 1


async def test_a_person_sees_and_ends_sessions_and_changes_the_password_in_the_browser(office, config, employ) -> None:
    await employ("wang", "operator")
    form = {"login": "wang", "password": PASSWORD}
    async with (
        browser(create_app(office, config)) as here,
        browser(create_app(office, config), headers={"User-Agent": "<b>Elsewhere</b>"}) as there,
    ):
        for client in (here, there):
            await client.post("/staff/login", data=form)
        page = (await here.get("/staff/account")).text
        assert "&lt;b&gt;Elsewhere&lt;/b&gt;" in page
        csrf = csrf_in(page)
        assert (await here.post("/staff/account/sessions/end", data={"csrf": csrf, "which": "others"})).status_code == 303
        assert (await there.get("/staff/")).status_code == 401
        assert (await here.get("/staff/")).status_code == 200
        for wrong in ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, {"old": "wrong", "new": NEW, "again": NEW},
                      {"old": PASSWORD, "new": "short", "again": "short"}):  # fmt: skip
            answer = await here.post("/staff/account/password", data={"csrf": csrf, **wrong})
            assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
        answer = await here.post("/staff/account/password", data={"csrf": csrf, "old": PASSWORD, "new": NEW, "again": NEW})
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/login")
        assert (await here.get("/staff/", headers=HTML)).status_code == 302
        assert (await here.post("/staff/login", data=form)).status_code == 401
        await here.post("/staff/login", data=form | {"password": NEW})
        csrf = csrf_in((await here.get("/staff/account")).text)
        await here.post("/staff/account/sessions/end", data={"csrf": csrf, "which": "all"})
        assert (await here.get("/staff/", headers=HTML)).status_code == 302
