"""Every route of the application for every role and for nobody: what is not in this table is refused, and so is a new route."""

import re

import pytest
from application import PASSWORD, browser
from litestar import get
from litestar.routes import HTTPRoute

from service.accounts import ROLES
from service.web import app as application
from service.web.app import create_app
from service.web.session import ANY_STAFF, only

STAFF = frozenset(ROLES)
ALL = STAFF | {""}  # "" is somebody who is not logged in

# Method, path, who may. Written from the rules (protocol: roles; docs/architecture.md), not from the handlers.
TABLE = """
GET    /                                               all
GET    /assets/{name}                                  all
GET    /healthz                                        all
GET    /readyz                                         all
GET    /policy                                         all
GET    /keys                                           all
GET    /verify                                         all
GET    /verify/verify.py                               all
GET    /draws                                          all
GET    /draws/page/{number}                            all
GET    /draws/{draw}                                   all
GET    /draws/{draw}/{file}                            all
GET    /draws/{draw}/page/{number}                     all
GET    /draws/{draw}/tickets                           all
GET    /draws/{draw}/tickets/{target}                  all
GET    /draws/{draw}/tickets/{target}/team             all
GET    /draws/{draw}/people                            all
GET    /draws/{draw}/people/page/{number}              all
GET    /results/{id}                                   all
GET    /results/{id}/{rev}                             all
GET    /doc/{file}                                     all
GET    /blob/{sha256}                                  all
GET    /log/{shard}                                    all
GET    /log/{shard}/page/{number}                      all
GET    /log/{shard}/checkpoint                         all
GET    /log/{shard}/tile/{path}                        all
GET    /api/v1                                         all
GET    /api/v1/openapi.json                            all
GET    /api/v1/{path}                                  all
GET    /api/v1/draws/{draw}/contributions/{label}      all
POST   /api/v1/draws/{draw}/contributions              all
GET    /staff/login                                    all
POST   /staff/login                                    all
POST   /staff/language                                 all
POST   /api/v1/session                                 all
POST   /staff/logout                                   staff
GET    /staff/accounts                                 administrator auditor
POST   /staff/accounts                                 administrator
GET    /staff/accounts/{login}                         administrator
POST   /staff/accounts/{login}                         administrator
POST   /staff/accounts/{login}/password                administrator
POST   /staff/accounts/{login}/code                    administrator
GET    /staff/access-log                               administrator auditor
GET    /staff/access-log.csv                           administrator auditor
GET    /staff/account                                  staff
POST   /staff/account/password                         staff
POST   /staff/account/sessions/end                     staff
GET    /staff/account/code                             staff
POST   /staff/account/code                             staff
POST   /staff/account/code/begin                       staff
GET    /w/{token}                                      all
POST   /w/{token}/key                                  all
GET    /w/{token}/events                               all
GET    /staff/draws                                    staff
GET    /staff/draws/{draw}                             staff
POST   /staff/draws/{draw}/void                        confirmer
POST   /staff/draws/{draw}/open                        operator
GET    /staff/draws/{draw}/checklist                   operator confirmer approver
GET    /staff/draws/{draw}/freeze                      operator confirmer approver
POST   /staff/draws/{draw}/freeze                      operator
GET    /staff/draws/{draw}/rehearsals                  operator confirmer approver auditor
POST   /staff/draws/{draw}/rehearsals                  operator confirmer approver
GET    /staff/draws/{draw}/rehearsals/{number}         operator confirmer approver auditor
GET    /staff/draws/{draw}/candidates                  operator confirmer approver auditor
GET    /staff/draws/{draw}/candidates.csv              operator confirmer approver auditor
GET    /staff/draws/{draw}/excluded                    operator confirmer approver auditor
GET    /staff/draws/{draw}/excluded.csv                operator confirmer approver auditor
GET    /staff/draws/{draw}/people                      operator confirmer approver auditor
GET    /staff/draws/{draw}/people.csv                  operator confirmer approver auditor
GET    /staff/draws/{draw}/rehearsals/{number}/bundle  operator confirmer approver auditor
POST   /staff/steps/{step}/return                      staff
POST   /staff/steps/{step}/withdraw                    staff
GET    /staff/draws/{draw}/stage                       staff
POST   /staff/draws/{draw}/stage                       operator confirmer
GET    /staff/draws/{draw}/events                      staff
GET    /staff/draws/{draw}/ceremony                    operator confirmer approver auditor
POST   /staff/draws/{draw}/ceremony/{label}            operator
POST   /staff/draws/{draw}/ceremony/{label}/confirm    confirmer
POST   /staff/draws/{draw}/ceremony/{label}/withdraw   operator
GET    /staff/draws/{draw}/scans/{sha256}              auditor
GET    /staff/draws/{draw}/cards                       operator confirmer approver auditor
POST   /staff/draws/{draw}/cards                       operator
POST   /staff/draws/{draw}/cards/{label}/revoke        operator
POST   /staff/draws/{draw}/cards/{label}/key           operator
GET    /staff/draws/{draw}/print/{form}                operator confirmer approver auditor
GET    /staff                                          staff
GET    /staff/steps/{step}                             staff
POST   /staff/steps/{step}/agree                       staff
GET    /staff/planning/recency                         operator confirmer approver registrar auditor
GET    /staff/preparations                             operator confirmer approver auditor
POST   /staff/preparations                             operator
GET    /staff/preparations/new                         operator
GET    /staff/preparations/{preparation}               operator confirmer approver auditor
GET    /staff/preparations/{preparation}/{slug}        operator confirmer approver auditor
POST   /staff/preparations/{preparation}/{slug}        operator
POST   /staff/preparations/{preparation}/draft         operator
POST   /staff/preparations/{preparation}/reload        operator
POST   /staff/preparations/{preparation}/discard       operator
GET    /staff/draws/{draw}/draft                       operator confirmer approver auditor
GET    /staff/planning/load                            operator confirmer approver auditor
GET    /api/v1/session                                 staff
DELETE /api/v1/session                                 staff
PUT    /api/v1/session/password                        staff
GET    /api/v1/staff                                   administrator auditor
POST   /api/v1/staff                                   administrator
PUT    /api/v1/staff/{login}                           administrator
GET    /api/v1/draws                                   staff
POST   /api/v1/draws                                   operator
GET    /api/v1/draws/{draw}                            staff
PUT    /api/v1/draws/{draw}/draft                      operator
GET    /api/v1/draws/{draw}/preview                    operator confirmer approver
GET    /api/v1/draws/{draw}/disclosures                reviewer
POST   /api/v1/draws/{draw}/steps                      staff
POST   /api/v1/draws/{draw}/opening                    operator
GET    /api/v1/steps                                   staff
GET    /api/v1/steps/{step}                            staff
POST   /api/v1/steps/{step}/agree                      staff
POST   /api/v1/steps/{step}/withdraw                   staff
GET    /staff/registries                               registrar auditor
GET    /staff/registries/{kind}                        registrar auditor
GET    /staff/registries/{kind}/export.csv             registrar auditor
GET    /staff/registries/{kind}/export.xlsx            registrar auditor
GET    /staff/registries/{kind}/import                 registrar
POST   /staff/registries/{kind}/import                 registrar
GET    /staff/registries/{kind}/row                    registrar auditor
GET    /staff/registries/{kind}/template.xlsx          registrar auditor
GET    /staff/registries/{kind}/changes                registrar auditor
GET    /staff/registries/{kind}/changes.csv            registrar auditor
GET    /staff/registries/{kind}/versions               registrar auditor
GET    /staff/registries/{kind}/edit                   registrar
POST   /staff/registries/{kind}/edit                   registrar
GET    /staff/duplicates                               registrar auditor
GET    /staff/duplicates/pair                          registrar auditor
GET    /staff/merges                                   registrar operator auditor
POST   /staff/merges                                   registrar
GET    /staff/merges/{id}                              registrar operator auditor
POST   /staff/merges/{id}/confirm                      registrar operator
POST   /staff/merges/{id}/refuse                       registrar operator
GET    /staff/imports/{batch}                          registrar auditor
GET    /staff/imports/{batch}/rejected.csv             registrar auditor
POST   /staff/imports/{batch}/confirm                  registrar
POST   /api/v1/imports/{kind}                          registrar
GET    /api/v1/imports/{batch}                            registrar auditor
GET    /api/v1/imports/{batch}/rejected.csv               registrar auditor
POST   /api/v1/imports/{batch}/confirm                    registrar
GET    /plans                                          all
GET    /plans/{year}                                   all
GET    /plans/{year}/plan.csv                          all
GET    /plans/{year}/plan.json                         all
GET    /plans/{year}/{version}                         all
GET    /staff/plans                                    operator confirmer approver publisher registrar auditor
POST   /staff/plans                                    operator
GET    /staff/plans/{year}                             operator confirmer approver publisher registrar auditor
GET    /staff/plans/{year}/basis                       operator
POST   /staff/plans/{year}/basis                       operator
GET    /staff/plans/{year}/time                        operator
POST   /staff/plans/{year}/time                        operator
GET    /staff/plans/{year}/tasks                       operator
POST   /staff/plans/{year}/tasks                       operator
GET    /staff/plans/{year}/tasks/{task}                operator
POST   /staff/plans/{year}/tasks/{task}                operator
POST   /staff/plans/{year}/tasks/{task}/remove         operator
POST   /staff/plans/{year}/submit                      operator
GET    /staff/plans/{year}/submissions/{submission}            operator confirmer approver publisher registrar auditor
POST   /staff/plans/{year}/submissions/{submission}/decide     approver
POST   /staff/plans/{year}/submissions/{submission}/publish    publisher
GET    /staff/plans/temporary                          operator confirmer approver publisher registrar auditor
POST   /staff/plans/temporary                          operator
POST   /staff/plans/temporary/{task}/decide            approver
GET    /staff/tasks/{task}                             operator confirmer approver publisher registrar auditor
GET    /staff/visits                                   operator confirmer approver publisher registrar auditor
GET    /staff/visits/new                               registrar
POST   /staff/visits/new                               registrar
GET    /staff/calendar                                 operator confirmer approver publisher registrar auditor
POST   /staff/calendar                                 registrar
GET    /staff/calendar/{id}                            operator confirmer approver publisher registrar auditor
POST   /staff/calendar/{id}/confirm                    registrar
"""
NIL = "00000000-0000-0000-0000-000000000000"
VALUES = {"preparation": NIL, "slug": "basis", "year": "2026", "version": "1", "submission": "1", "draw": "x-2026-1-1", "step": NIL, "id": NIL, "batch": NIL, "number": "1", "rev": "1", "kind": "targets", "sha256": "0" * 64}
REFUSED = {401, 403}
ANSWERS_401 = {("POST", "/staff/login")}  # of its own, to whoever gives no password


def read_table() -> dict[tuple[str, str], frozenset[str]]:
    """(method, path) -> the roles that may; "" stands for nobody in particular."""
    table = {}
    for line in TABLE.split("\n"):
        if words := line.split():
            method, path, *who = words
            assert (method, path) not in table, line
            table[method, path] = {"all": ALL, "staff": STAFF}.get(who[0], frozenset(who))
            assert table[method, path] <= ALL, line
    return table


def routes_of(app) -> set[tuple[str, str]]:
    """Every method and path the application answers, parameters without their types; OPTIONS apart, which are Litestar's."""
    found = set()
    for route in app.routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is of a kind this test does not ask"
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        found |= {(method, path) for handler in route.route_handlers for method in handler.http_methods}
    return {(method, path) for method, path in found if method != "OPTIONS"}


def address(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], "none"), path)


async def log_in(client, login: str) -> dict[str, str]:
    answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def test_the_table_names_every_route_and_no_other(office, config) -> None:
    there, named = routes_of(create_app(office, config)), set(read_table())
    assert there - named == set(), "say in the table who may use these"
    assert named - there == set(), "these are gone"


@pytest.mark.parametrize("role", ["", *ROLES])
async def test_each_role_reaches_what_the_table_says_and_nothing_else(client, employ, role) -> None:
    if role:
        await employ("somebody", role)
    headers = await log_in(client, "somebody") if role else {}
    for (method, path), who in read_table().items():
        answer = await client.request(method, address(path), headers=headers)
        what = f"{method} {path} for {role or 'nobody'}: {answer.status_code} {answer.text[:200]}"
        assert answer.status_code < 500, what
        if role in who:
            assert answer.status_code not in REFUSED or (method, path) in ANSWERS_401, what
        else:
            assert answer.status_code == (403 if role else 401), what
        if role and (await client.get("/api/v1/session", headers=headers)).status_code == 401:
            headers = await log_in(client, "somebody")  # it was a way to log out


async def test_several_roles_reach_what_any_of_them_reaches(client, employ) -> None:
    await employ("somebody", "registrar", "auditor")
    headers = await log_in(client, "somebody")
    assert (await client.get("/api/v1/staff", headers=headers)).status_code == 200
    assert (await client.post("/api/v1/imports/targets", headers=headers)).status_code not in REFUSED
    assert (await client.post("/api/v1/draws", headers=headers)).status_code == 403


async def test_no_form_of_staff_is_taken_without_its_token(client, employ) -> None:
    """With the cookie of somebody who may everything: what changes something asks for the CSRF token, whatever the body is."""
    await employ("somebody", *ROLES)
    await client.post("/staff/login", data={"login": "somebody", "password": PASSWORD})
    asked = 0
    for (method, path), who in read_table().items():
        if method != "GET" and who != ALL:
            for body in ({"json": {}}, {"data": {"csrf": "guess"}}, {"files": {"csrf": (None, "guess")}}):
                answer = await client.request(method, address(path), **body)
                assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
                asked += 1
    assert asked > 40
    assert (await client.get("/staff/")).status_code == 200


@pytest.mark.parametrize("opt", [None, {"user": ANY_STAFF["users"]}])
async def test_a_route_that_names_no_users_keeps_the_service_from_starting(office, config, monkeypatch, opt) -> None:
    @get("/forgotten", opt=opt, sync_to_thread=False)
    def forgotten() -> str:
        return ""

    monkeypatch.setattr(application, "ROUTES", (*application.ROUTES, forgotten))
    with pytest.raises(AssertionError, match="/forgotten names no users"):
        create_app(office, config)


async def test_a_route_without_users_is_refused_to_everybody_even_if_it_were_started(
    office, config, employ, monkeypatch
) -> None:
    """The guard does not rely on the check at the start."""

    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "secret"

    monkeypatch.setattr(application, "ROUTES", (*application.ROUTES, forgotten))
    monkeypatch.setattr(application, "check_every_route", lambda app: None)
    await employ("somebody", *ROLES)
    async with browser(create_app(office, config)) as client:
        headers = await log_in(client, "somebody")
        assert (await client.get("/forgotten")).status_code == 401
        assert (await client.get("/forgotten", headers=headers)).status_code == 403


def test_a_role_that_does_not_exist_is_not_named_by_mistake() -> None:
    with pytest.raises(ValueError, match="no such role"):
        only("operater")
