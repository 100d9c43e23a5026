"""What holds for every answer: headers, refusals by default, errors in one form, HEAD, ETag, limits."""

import re

import pytest
from application import PASSWORD, browser

from service.web.app import create_app
from service.web.middleware import CONTENT_SECURITY_POLICY

HTML = {"Accept": "text/html,application/xhtml+xml"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200), ("GET", "/nowhere", 404), ("POST", "/healthz", 405), ("GET", "/api/v1/draws", 401),
        ("GET", "/staff/login", 200), ("POST", "/api/v1/session", 400), ("GET", "/policy", 200), ("GET", "/log/x/checkpoint", 404),
    ],
)  # fmt: skip
@pytest.mark.parametrize("headers", [{}, HTML])
async def test_every_answer_carries_the_security_headers(client, method, path, status, headers) -> None:
    answer = await client.request(method, path, headers=headers)
    assert answer.status_code == status or (status == 401 and headers == {})
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["strict-transport-security"]
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
    assert answer.headers["cache-control"] == "no-store" or path == "/policy"


async def test_problems_have_one_form_whatever_failed(client, enter, monkeypatch) -> None:
    from service.web import api_accounts

    async def fail(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    admin = await enter("chief", "administrator")
    monkeypatch.setattr(api_accounts, "list_staff", fail)
    for answer in [
        await client.get("/nowhere"),
        await client.delete("/healthz"),
        await client.get("/api/v1/steps"),
        await client.post("/api/v1/session", content=b"{"),
        await client.post("/api/v1/session", json={"login": "x", "password": "y", "more": 1}),
        await client.get("/api/v1/draws/nonsense", headers=admin),
        await client.get("/api/v1/draws/x-2026-1-1", headers=admin),
        await client.get("/api/v1/imports/00000000-0000-0000-0000-000000000000", headers=admin),
        await client.get("/api/v1/staff", headers=admin),
    ]:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == answer.status_code >= 400
        assert {"type", "title", "detail", "detail_en", "errors"} <= problem.keys()
        assert re.search("[\u4e00-\u9fff]", problem["detail"])
        assert problem["request_id"] == answer.headers["x-request-id"]
        assert "fault of ours" not in answer.text


async def test_an_unknown_field_is_named(client) -> None:
    answer = await client.post("/api/v1/session", json={"login": "x", "password": "y", "colour": 1})
    assert answer.status_code == 400
    assert "colour" in answer.text


async def test_what_the_database_cannot_hold_is_the_sender_s_fault(client, enter) -> None:
    admin = await enter("chief", "administrator", "operator")
    account = {"login": "li", "name": "a\0b", "password": PASSWORD, "roles": ["confirmer"]}
    assert (await client.post("/api/v1/staff", json=account, headers=admin)).status_code == 422
    deep = b'{"kind": "draw-plan/v1", "request": {"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}"
    answer = await client.post("/api/v1/draws/x-2026-1-1/steps", content=deep, headers=admin)
    assert answer.status_code == 400
    assert (
        await client.put("/api/v1/staff/%00", json={"roles": ["operator"], "active": True}, headers=admin)
    ).status_code == 404


async def test_a_browser_gets_a_page_for_an_error_and_the_login_for_a_staff_page(client) -> None:
    answer = await client.get("/nowhere", headers=HTML)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<html lang="zh-CN">' in answer.text
    answer = await client.get("/staff/", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (302, "/staff/login?next=%2Fstaff")


async def test_a_lost_database_is_503_with_retry_after(client, office, monkeypatch) -> None:
    await office.pool.close()
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


async def test_head_is_get_without_a_body(client) -> None:
    for path in ("/policy", "/healthz", "/staff/login", "/nowhere"):
        got, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert (
            head.headers.get("content-length") == got.headers.get("content-length") == str(len(got.content))
        )
        assert head.headers.get("etag") == got.headers.get("etag")


async def test_a_public_answer_is_not_sent_twice(client) -> None:
    got = await client.get("/policy")
    etag = got.headers["etag"]
    for known in (etag, f'W/{etag}, "x"', "*"):
        again = await client.get("/policy", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert "content-type" not in again.headers
    assert (await client.get("/policy", headers={"If-None-Match": '"other"'})).status_code == 200
    assert "etag" not in (await client.get("/staff/login")).headers


async def test_assets_are_immutable_and_pages_name_them_by_hash(client) -> None:
    page = await client.get("/staff/login")
    for path in set(re.findall(r'"(/assets/[^"]+)"', page.text)):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
    assert (await client.get("/assets/style.css")).status_code == 404
    assert (await client.get("/assets/..%2f..%2fconfig.py")).status_code == 404


async def test_pages_have_no_inline_script_or_style(client) -> None:
    page = (await client.get("/staff/login")).text
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", page)


async def test_a_body_over_the_limit_is_refused(client) -> None:
    answer = await client.post("/api/v1/session", content=b" " * ((1 << 20) + 1))
    assert answer.status_code == 413


async def test_the_api_is_described_without_scripts_from_elsewhere(client) -> None:
    answer = await client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    described = answer.json()
    assert "/api/v1/draws/{draw}/steps" in described["paths"]
    for path, item in described["paths"].items():
        assert path.startswith("/api/v1/")
        for operation in item.values():
            assert {"400", "401", "403", "404", "405", "409", "422", "503"} <= operation["responses"].keys()
            assert operation["responses"]["400"]["content"].keys() == {"application/problem+json"}
    schemas = described["components"]["schemas"]
    for name in ("Credentials", "Draft", "DraftSeat", "NonceGiver", "StepRequest", "NewAccount"):
        assert schemas[name]["additionalProperties"] is False, name
    assert "additionalProperties" not in schemas["StepView"]
    assert (await client.get("/api/v1")).json() == answer.json()
    for page in ("/api/v1/swagger", "/api/v1/redoc", "/api/v1/scalar", "/schema"):
        assert (await client.get(page)).status_code == 404


# ---- sessions of browsers


async def page_login(client, **more: str):
    return await client.post("/staff/login", data={"login": "wang", "password": PASSWORD, **more})


def csrf_in(page: str) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', page)[1]


async def test_a_person_logs_in_works_and_logs_out(client, employ) -> None:
    await employ("wang", "operator")
    answer = await page_login(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    home = await client.get("/staff/")
    assert "经办人" in home.text
    assert home.headers["cache-control"] == "no-store"
    assert (await client.post("/staff/logout", data={"csrf": "wrong"})).status_code == 403
    assert (await client.post("/staff/logout")).status_code == 403
    answer = await client.post("/staff/logout", data={"csrf": csrf_in(home.text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/login")
    assert (await client.get("/staff/")).status_code == 401


async def test_a_cookie_needs_the_csrf_header_in_the_api_and_a_bearer_does_not(client, employ) -> None:
    await employ("wang", "operator")
    await page_login(client)
    csrf = (await client.get("/api/v1/session")).json()["csrf"]
    assert (await client.delete("/api/v1/session")).status_code == 403
    assert (
        await client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf, "Origin": "https://evil"})
    ).status_code == 403
    assert (
        await client.delete("/api/v1/session", headers={"X-CSRF-Token": csrf, "Origin": "https://t"})
    ).status_code == 204
    assert (await client.get("/api/v1/session")).status_code == 401
    token = (await client.post("/api/v1/session", json={"login": "wang", "password": PASSWORD})).json()[
        "token"
    ]
    client.cookies.clear()
    assert (
        await client.delete("/api/v1/session", headers={"Authorization": f"Bearer {token}"})
    ).status_code == 204


async def test_a_session_chosen_by_somebody_else_is_not_taken_over(client, employ) -> None:
    await employ("wang", "operator")
    client.cookies.set("__Host-session", "attacker-chosen-id")
    answer = await page_login(client)
    assert "attacker-chosen-id" not in answer.headers["set-cookie"]


async def test_another_site_cannot_log_a_browser_in(client, employ) -> None:
    await employ("wang", "operator")
    answer = await client.post(
        "/staff/login", data={"login": "wang", "password": PASSWORD}, headers={"Origin": "https://evil"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "next", ["https://evil/", "//evil/", "/staff//evil", "/staff/\\evil", "/elsewhere", "/staff/login", ""]
)
async def test_logging_in_never_leads_to_another_site(client, employ, next) -> None:
    await employ("wang", "operator")
    assert (await page_login(client, next=next)).headers["location"] == "/staff/"


async def test_a_wrong_password_shows_the_form_again_and_never_the_password(client, employ) -> None:
    await employ("wang", "operator")
    answer = await client.post("/staff/login", data={"login": '"><b>', "password": "wrong password"})
    assert answer.status_code == 401
    assert "登录名、口令或动态码不正确" in answer.text
    assert "wrong password" not in answer.text
    assert "<b>" not in answer.text


async def test_without_https_the_cookie_has_no_host_prefix(office, config, employ) -> None:
    import msgspec

    await employ("wang", "operator")
    plain = msgspec.structs.replace(config, public_url="http://t")
    async with browser(create_app(office, plain)) as client:
        answer = await page_login(client)
        assert answer.headers["set-cookie"].startswith("session=")
        assert "strict-transport-security" not in answer.headers


async def test_accounts_are_made_by_an_administrator_through_the_api(client, enter) -> None:
    admin = await enter("chief", "administrator")
    account = {"login": "li", "name": "李", "password": PASSWORD, "roles": ["confirmer"]}
    made = await client.post("/api/v1/staff", json=account, headers=admin)
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/staff/li")
    assert (await client.post("/api/v1/staff", json=account, headers=admin)).status_code == 409
    assert (
        await client.post("/api/v1/staff", json=account | {"roles": ["king"]}, headers=admin)
    ).status_code == 422
    changed = await client.put(
        "/api/v1/staff/li", json={"roles": ["approver"], "active": True}, headers=admin
    )
    assert changed.json() == {"login": "li", "name": "李", "roles": ["approver"], "active": True, "department": None}
    assert [a["login"] for a in (await client.get("/api/v1/staff", headers=admin)).json()] == ["chief", "li"]
    for _ in range(5):
        await client.post("/api/v1/session", json={"login": "li", "password": "wrong"})
    refused = await client.post("/api/v1/session", json={"login": "li", "password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 15
