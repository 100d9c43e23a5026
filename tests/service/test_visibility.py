"""Every route for three people: of the department a thing belongs to, of another one, and of the whole bureau.

Whatever belongs to the fire department here is written with `HIDDEN` in it, or under a code of `CODES`. A route that is in none of the tables below fails.
"""

import io
import json
import re
import zipfile

import joint
import pytest
from application import PASSWORD
from joint import FIRE
from test_route_matrix import NIL, address, read_table, routes_of

from service.accounts import ROLES, Staff, create_staff
from service.registry.importing import check_import, confirm_import
from service.visibility import NAMED_THINGS
from service.web.app import create_app

HIDDEN = "隐岫"
CODES = ("FX1", "FE1", "F-X")
HEALTH = "云州市卫生健康委员会"
FIRM = f"9142{5:014d}"
GUARDED = set(NAMED_THINGS)

# What shows things of a department: the address of one, asked by those who may see it and by one who may not. {} is each of the
# addresses that follow the path.
SHOWS = {
    "/staff": ("",),
    "/staff/draws": ("",),
    "/api/v1/draws": ("",),
    "/api/v1/steps": ("",),
    "/api/v1/staff": ("",),
    "/staff/accounts": ("",),
    "/staff/access-log": ("", "?person=fire-registrar", "?subject={draw}"),
    "/staff/access-log.csv": ("",),
    "/staff/registries": ("",),
    "/staff/registries/{kind}": ("inspectors", "experts", "items", "conflicts?q=FX", "services"),
    "/staff/registries/{kind}/row": ('inspectors?key=["FX1"]', 'experts?key=["FE1"]', 'items?key=["F-X"]', f'conflicts?key=["FX1","{FIRM}"]',
                                     f'services?key=["FE1","{FIRM}","2026-01-01"]', f'targets?key=["{FIRM}"]'),
    "/staff/registries/{kind}/export.csv": ("inspectors", "experts", "items", "conflicts", "services"),
    "/staff/registries/{kind}/export.xlsx": ("inspectors", "experts", "items", "conflicts", "services"),
    "/staff/registries/{kind}/changes": ("inspectors", "experts", "items", "conflicts", "services"),
    "/staff/registries/{kind}/changes.csv": ("inspectors", "experts", "items", "conflicts", "services"),
    "/staff/registries/{kind}/versions": ("inspectors", "experts", "items", "conflicts", "services"),
    "/staff/registries/{kind}/edit": ('inspectors?key=["FX1"]', 'experts?key=["FE1"]', 'items?key=["F-X"]', "inspectors?typed={batch}"),
    "/staff/duplicates/pair": (f"?one={FIRM}&other=9142{6:014d}",),
}  # fmt: skip
# What shows nothing of a department, and why; asked all the same.
NOTHING = {
    "/api/v1/session": "oneself", "/staff/account": "oneself", "/staff/account/code": "oneself",
    "/staff/planning/recency": "a simulation of no registry", "/staff/planning/load": "drawn people: tests/service/test_departments.py",
    "/staff/registries/{kind}/import": "an empty form", "/staff/registries/{kind}/template.xlsx": "an empty file",
    "/staff/duplicates": "targets are everybody's", "/staff/merges": "targets are everybody's", "/staff/merges/{id}": "targets are everybody's",
    "/staff/accounts/{login}": "administrators alone, who are of the whole bureau",
    "/staff/visits": "past inspections are everybody's", "/staff/visits/new": "an empty form",
    "/staff/calendar": "days are everybody's", "/staff/calendar/{id}": "days are everybody's",
    **dict.fromkeys(("/staff/plans", "/staff/plans/temporary", "/staff/plans/{year}", "/staff/plans/{year}/basis", "/staff/plans/{year}/time",
                     "/staff/plans/{year}/tasks", "/staff/plans/{year}/tasks/{task}", "/staff/plans/{year}/submissions/{submission}", "/staff/tasks/{task}"),
                    "the annual plan is the bureau's, and published"),
    "/staff/preparations": "for the leading department", "/staff/preparations/new": "for the leading department",
}  # fmt: skip
# What writes and names no guarded thing: who may write what is asked in tests/service/test_departments.py.
WRITES = {
    "POST /api/v1/draws", "POST /api/v1/imports/{kind}", "DELETE /api/v1/session", "PUT /api/v1/session/password", "POST /api/v1/staff",
    "PUT /api/v1/staff/{login}", "POST /staff/account/code", "POST /staff/account/code/begin", "POST /staff/account/password",
    "POST /staff/account/sessions/end", "POST /staff/accounts", "POST /staff/accounts/{login}", "POST /staff/accounts/{login}/code",
    "POST /staff/accounts/{login}/password", "POST /staff/logout", "POST /staff/merges", "POST /staff/merges/{id}/confirm",
    "POST /staff/merges/{id}/refuse", "POST /staff/visits/new", "POST /staff/calendar", "POST /staff/calendar/{id}/confirm", "POST /staff/plans",
    "POST /staff/plans/temporary", "POST /staff/plans/temporary/{task}/decide", "POST /staff/plans/{year}/basis", "POST /staff/plans/{year}/time",
    "POST /staff/plans/{year}/tasks", "POST /staff/plans/{year}/tasks/{task}", "POST /staff/plans/{year}/tasks/{task}/remove",
    "POST /staff/plans/{year}/submit", "POST /staff/plans/{year}/submissions/{submission}/decide",
    "POST /staff/plans/{year}/submissions/{submission}/publish", "POST /staff/preparations", "POST /staff/registries/{kind}/edit", "POST /staff/registries/{kind}/import",
}  # fmt: skip


def parameters(path: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", path))


def of_staff() -> list[tuple[str, str]]:
    return sorted(route for route, who in read_table().items() if "" not in who)


def test_every_route_of_staff_says_whose_things_it_shows(office, config) -> None:
    there = {route for route in routes_of(create_app(office, config)) if "" not in read_table().get(route, {""})}
    named = {route for route in there if GUARDED & parameters(route[1])}
    named |= {(method, path) for method, path in there if (method == "GET" and path in SHOWS | NOTHING) or f"{method} {path}" in WRITES}
    assert there - named == set(), "say in SHOWS, NOTHING or WRITES what a person of another department finds there"
    gone = {f"GET {path}" for path in SHOWS | NOTHING} | WRITES
    assert gone - {f"{method} {path}" for method, path in there} == set(), "these are gone"


def text_of(answer) -> str:
    """What an answer says, a workbook unpacked."""
    if answer.content[:2] != b"PK":
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        return "".join(file.read(name).decode() for name in file.namelist())


def tells(answer) -> bool:
    """Whether an answer names something of fire."""
    return any(word in text_of(answer) for word in (HIDDEN, *CODES))


@pytest.fixture
async def made(desk, office, client) -> dict[str, str]:
    """Health beside fire, with one person of each and one of the bureau, in every role; things of fire; the ids that name them."""
    pool = office.pool
    await pool.execute("INSERT INTO section (label, name, key) VALUES ('health', $1, 'none')", HEALTH)
    roles = [role for role in ROLES if role != "administrator"]
    for login, department in (("of-fire", "fire"), ("of-health", "health"), ("of-all", None)):
        await create_staff(office, login, login, PASSWORD, roles, department=department)
    registrar = Staff(
        await create_staff(office, "fire-registrar", f"{HIDDEN}登记员", PASSWORD, ["registrar"], department="fire"),
        "fire-registrar", "", frozenset({"registrar"}), "fire",
    )  # fmt: skip
    files = {
        "inspectors": f"执法证号,姓名,所属部门,承担上限,所在科室\nFX1,{HIDDEN}甲,{FIRE},8,{HIDDEN}科\n",
        "experts": f"专家编号,姓名,所属部门,专业,承担上限\nFE1,{HIDDEN}乙,fire,化工,8\n",
        "items": f"事项编码,事项名称,所属部门,法定依据,是否必查\nF-X,{HIDDEN}事项,{FIRE},《消防法》,是\n",
        "conflicts": f"人员编号,统一社会信用代码,回避事由\nFX1,{FIRM},亲属\n",
        "services": f"服务提供方,提供方类别,统一社会信用代码,服务开始日期,服务内容\nFE1,专家,{FIRM},2026-01-01,{HIDDEN}咨询\n",
    }
    batch = ""
    for kind, text in files.items():
        view = await check_import(office, registrar, kind, f"{HIDDEN}.csv", text.encode())
        assert view.counts["new"] == 1, view
        await confirm_import(office, registrar, view.id)
        batch = batch or view.id
    await pool.execute("UPDATE import_batch SET by_hand = true WHERE id = $1", batch)
    draw = await desk.prepare(joint.draft(10) | {"title": f"{HIDDEN}联合抽查"})
    answer = await desk.post("operator", f"/api/v1/draws/{draw}/steps", {"kind": "draw-plan/v1", "request": {}})
    assert answer.status_code == 201, answer.text
    step = answer.json()["id"]
    await desk.post("confirmer", f"/api/v1/steps/{step}/agree")  # so that it waits for fire
    preparation = await pool.fetchval(
        "INSERT INTO preparation (answers, created_by, created_at, changed_by, changed_at)"
        " SELECT $1::jsonb, id, now(), id, now() FROM staff WHERE login = 'operator' RETURNING id", json.dumps({"title": HIDDEN}),
    )  # fmt: skip
    return {"draw": draw, "step": step, "batch": batch, "preparation": str(preparation)}


async def ask(desk, login: str, method: str, path: str):
    return await desk.client.request(method, path, headers=await desk.headers(login))


async def test_what_belongs_to_another_department_is_not_there(desk, made) -> None:
    """Every route with a draw, step or import in its address answers as it does for one that does not exist."""
    asked = 0
    for method, path in of_staff():
        if not GUARDED & parameters(path):
            continue
        here = address(path.format_map({name: f"{{{name}}}" for name in parameters(path)} | made))
        nowhere = address(path.replace("{draw}", "yunzhou-2026-999-1").replace("{preparation}", NIL))
        hidden, missing = await ask(desk, "of-health", method, here), await ask(desk, "of-health", method, nowhere)
        assert (hidden.status_code, missing.status_code) == (404, 404), f"{method} {here}: {hidden.status_code} {hidden.text[:300]}"
        assert HIDDEN not in text_of(hidden)
        said = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}", "", hidden.text.replace(made["draw"], "yunzhou-2026-999-1"))
        assert said == re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,}", "", missing.text), f"{method} {path}"
        # A stream of events has no end to wait for.
        for login in ("of-fire", "of-all") if method == "GET" and "{preparation}" not in path and not path.endswith("/events") else ():
            answer = await ask(desk, login, "GET", here)
            assert answer.status_code != 404 or parameters(path) - GUARDED, f"{here} for {login}: {answer.status_code} {answer.text[:300]}"
        asked += 1
    assert asked > 15


async def test_lists_leave_out_what_belongs_to_another_department(desk, made) -> None:
    """Own department and bureau find it at every address of SHOWS, another department at none: neither there nor in a count."""
    for path, addresses in SHOWS.items():
        for named in addresses:
            more = named.replace("{draw}", made["draw"]).replace("{batch}", made["batch"])
            kind, _, query = more.partition("?")
            here = path.replace("{kind}", kind) + (f"?{query}" if query else "")
            seen = {login: await ask(desk, login, "GET", here) for login in ("of-fire", "of-all", "of-health")}
            other = text_of(seen["of-health"])
            assert not tells(seen["of-health"]), f"{here}: {other[:2000]}"
            assert made["draw"] not in other or "subject=" in here, here
            for login in ("of-fire", "of-all"):
                assert seen[login].status_code == 200, f"{here}: {seen[login].text[:300]}"
                if path not in ("/staff", "/api/v1/steps") or login == "of-fire":  # it is fire's turn, nobody else's
                    assert tells(seen[login]) or made["draw"] in text_of(seen[login]), f"{here} for {login}"
    for path in NOTHING:
        answer = await ask(desk, "of-health", "GET", address(path.replace("{kind}", "inspectors").replace("{year}", "2026")))
        assert not tells(answer), path


async def test_what_registries_count_is_what_one_sees(desk, made) -> None:
    async def rows(login: str, kind: str) -> int:
        text = (await ask(desk, login, "GET", f"/staff/registries/{kind}/export.csv")).text
        return len(text.splitlines()) - 1

    assert [await rows("of-fire", kind) for kind in ("inspectors", "experts", "items", "conflicts", "services")] == [13, 1, 5, 76, 1]
    assert [await rows("of-health", kind) for kind in ("inspectors", "experts", "items", "conflicts", "services")] == [3, 0, 1, 0, 0]
    assert await rows("of-all", "inspectors") == 40
    assert await rows("of-health", "targets") == 150


async def test_a_form_that_is_sent_back_tells_nothing_either(desk, made) -> None:
    """Writers see the registries whole; what they answer must not."""
    headers = await desk.headers("of-health")
    wrong = {"number": "HX", "name": "", "department": HEALTH}
    for form in (wrong, wrong | {"key": '["FX1"]'}):
        answer = await desk.client.post("/staff/registries/inspectors/edit", data=form, headers=headers)
        assert answer.status_code == (404 if "key" in form else 422), answer.text[:500]
        assert not tells(answer)
    pair = {"one": FIRM, "other": f"9142{6:014d}", "kept": FIRM, "reason": ""}
    assert not tells(await desk.client.post("/staff/merges", data=pair, headers=headers))


@pytest.mark.parametrize(
    ("number", "department", "verdict"),
    [("HX", HEALTH, "new"), ("HX", "health", "new"), ("HX", FIRE, "refused"), ("HX", "", "refused"), ("FX1", HEALTH, "refused"),
     ("H0", FIRE, "refused"), ("H0", HEALTH, "changed")],
)  # fmt: skip
async def test_a_registrar_imports_the_rows_of_the_own_department(desk, made, number, department, verdict) -> None:
    """Neither into another department, nor out of it; the check says nothing of the other's row."""
    before = await desk.office.pool.fetchval("SELECT department FROM inspector WHERE number = $1", number)
    content = f"执法证号,姓名,所属部门,承担上限\n{number},某,{department},8\n".encode()
    answer = await desk.client.post("/api/v1/imports/inspectors", content=content, headers=await desk.headers("of-health"))
    checked = answer.json()
    assert checked["counts"][verdict] == 1, checked
    assert HIDDEN not in answer.text
    assert all(key.startswith("H") for key in checked["report"]["absent"])
    # Whoever confirms, it is the import it was.
    confirmed = await desk.client.post(f"/api/v1/imports/{checked['id']}/confirm", headers=await desk.headers("of-all"))
    assert confirmed.status_code == 200
    written = await desk.office.pool.fetchval("SELECT department FROM inspector WHERE number = $1", number)
    assert written == (before if verdict == "refused" else department)


async def test_a_conflict_is_registered_by_the_department_of_the_person(desk, made) -> None:
    for login, person, verdict in (("of-health", "FX1", "refused"), ("of-health", "H0", "new"), ("of-fire", "FX1", "unchanged")):
        content = f"人员编号,统一社会信用代码,回避事由\n{person},{FIRM},亲属\n".encode()
        answer = await desk.client.post("/api/v1/imports/conflicts", content=content, headers=await desk.headers(login))
        assert answer.json()["counts"][verdict] == 1, answer.text
        assert login == "of-fire" or answer.json()["report"]["absent"] == []
