"""Whatever is typed or uploaded wrongly is refused in Chinese, with place, value and mend, shortly, and nothing is half-done.

`selection/test_bad_plans.py` shows the same of plans; here stand drafts and files, as clerks bring them.
"""

import ast
import json
import re
import time
from datetime import date
from pathlib import Path
from uuid import UUID

import journey
import msgspec
import pytest

import selection
from selection.pool import blob_lines
from service.accounts import Staff
from service.errors import Invalid, Refused
from service.fault_words import LONGEST, clip, say
from service.field_words import in_chinese
from service.registry.importing import check_import, confirm_import

BASE = json.loads(msgspec.json.encode(journey.draft("task", "2026-11-10T02:00:00Z", None)))
CHINESE = re.compile("[\u4e00-\u9fff]")
BOUND = 500  # characters of one fault
HUGE = 10**6
FIRM = "91420000000000000001"[:18]


def with_(**changes):
    return BASE | changes


def stratum(rule, name="东湖", values=("东湖区",)):
    return {"name": name, "values": list(values), "rule": rule}


def fixed(count):
    return {"kind": "fixed", "count": count}


def share(numerator, denominator, kind="percent"):
    return {"kind": kind, "numerator": numerator, "denominator": denominator}


WEST = stratum(fixed(3), "西山", ["西山区"])
TWO = [{}, {}]


def strata(*first):
    return with_(strata=[*first, WEST])


def classes(*listed):
    return with_(classes=[{"id": "general", "name": "一般", "inspectors": TWO, "optional_items": 2} | one for one in listed])


def mandatory(*targets):
    return with_(mandatory=[{"target": target, "reason": "complaint"} for target in targets])


def witnesses(*labels):
    nonce, first, _, dice = BASE["givers"]
    return with_(givers=[nonce, *({**first, "label": label} for label in labels), dice])


# what -> (draft, words that place, value and mend are said with)
AT_ONCE = {
    "count over 2^53": (strata(stratum(fixed(2**53))), ["strata[0].rule.count", "9007199254740991"]),
    "negative count": (strata(stratum(fixed(-1))), ["strata[0].rule.count", "不小于 0"]),
    "half a firm": (strata(stratum(fixed(1.5))), ["strata[0].rule.count", "整数"]),
    "unknown rule": (strata(stratum({"kind": "weighted"})), ["strata[0].rule.kind", "weighted"]),
    "TAB in a title": (with_(title="抽\t查"), ["title", "制表符"]),
    "LF in a title": (with_(title="抽\n查"), ["title", "换行"]),
    "LF in a stratum's name": (strata(stratum(fixed(1), "东\n湖")), ["strata[0].name", "换行"]),
    "LF in a value": (strata(stratum(fixed(1), values=["东湖区\n"])), ["strata[0].values[0]", "换行"]),
    "TAB in a class": (classes({"id": "gen\teral"}), ["classes[0].id", "字母"]),
    "LF in a speciality": (classes({"inspectors": [{"specialities": ["危\n化"]}, {}]}), ["specialities[0]", "换行"]),
    "LF in a mandatory target": (mandatory(FIRM + "\n"), ["mandatory[0].target", "字母"]),
    "full width in a mandatory target": (mandatory("９142"), ["mandatory[0].target", "半角"]),
    "LF in apart": (with_(apart=[["I1\n", "I2"]]), ["apart[0][0]", "换行"]),
    "NUL in a reason": (with_(exceptions=[{"rule": "small-stratum", "subject": "s1", "reason": "\0"}]), ["exceptions[0].reason"]),
    "apart of three": (with_(apart=[["I1", "I2", "I3"]]), ["apart[0]", "2 项"]),
    "unknown reason": (with_(mandatory=[{"target": FIRM, "reason": "whim"}]), ["mandatory[0].reason", "whim"]),
    "unknown exception": (with_(exceptions=[{"rule": "whim", "subject": "s1", "reason": "x"}]), ["exceptions[0].rule", "whim"]),
    "unknown field": (with_(seed=1), ["seed", "不认得"]),
    "no day": (with_(visits={"first": "2026-02-30", "last": "2026-12-20"}), ["visits.first", "2026-03-01"]),
    "no time": (with_(instant="明天"), ["instant", "2026-11-24T02:00:00Z"]),
    "local time": (with_(instant="2026-11-10T10:00:00+08:00"), ["instant", "减 8 小时"]),
    "nobody gives a number": (with_(givers=[]), ["givers", "1 项"]),
    "million letters in an id": (with_(task={"id": "a" * HUGE, "name": "x"}), ["task.id", "64"]),
    "million letters in a target": (mandatory("a" * HUGE), ["mandatory[0].target", "64"]),
    "million letters in apart": (with_(apart=[["I1", "I" * HUGE]]), ["apart[0][1]", "200"]),
    "million letters in a value": (strata(stratum(fixed(1), values=["x" * HUGE])), ["strata[0].values[0]", "200"]),
    "million letters in a choice": (strata(stratum({"kind": "x" * HUGE})), ["strata[0].rule.kind", "1000000 字"]),
    "million letters in a field's name": (with_(**{"x" * HUGE: 1}), ["不认得字段"]),
    "million letters in a time": (with_(instant="2" * HUGE), ["instant"]),
    "million digits": (with_(title="标题", default_places=int("9" * 4000)), []),
    "three million bytes": (with_(title="长" * HUGE), ["超过上限"]),
}
BEFORE_THE_FREEZE = {
    "k over N": (strata(stratum(fixed(101))), ["东湖", "101", "100 户"]),
    "k far over N": (strata(stratum(fixed(2**53 - 1))), ["东湖", "9007199254740991"]),
    "share over the whole": (strata(stratum(share(3, 2))), ["第 1 层", "3/2", "分子不得大于分母"]),
    "denominator 0": (strata(stratum(share(0, 0, "at-least"))), ["第 1 层", "0/0", "分母须不小于 1"]),
    "both at once": (with_(strata=[stratum(share(3, 2)), stratum(share(1, 0), "西山", ["西山区"])]), ["第 1 层", "第 2 层"]),
    "value in two strata": (strata(stratum(fixed(1)), stratum(fixed(1), "再来", ["东湖区"])), ["东湖区", "“东湖”、“再来”", "落入两层"]),
    "two rests": (with_(strata=[stratum(fixed(1), values=[]), stratum(fixed(1), "再来", [])]), ["“东湖”、“再来”", "落入两层"]),
    "strata of one name": (strata(stratum(fixed(1)), stratum(fixed(1), "西山", ["别处"])), ["西山", "改名"]),
    "empty stratum": (strata(stratum(fixed(1)), stratum(fixed(0), "空层", ["别处"])), ["空层", "没有任何对象", "small-stratum"]),
    "one from an empty stratum": (strata(stratum(fixed(1)), stratum(fixed(1), "空层", ["别处"])), ["空层", "只有 0 户"]),
    "strata that leave firms out": (with_(strata=[WEST]), ["100 户", "补一个分层"]),
    "scope without firms": (with_(scope={"areas": ["别处"]}), ["东湖", "没有任何对象"]),
    "unknown mandatory target": (mandatory("nobody"), ["nobody", "名录"]),
    "mandatory target like a person": (mandatory("p-1"), ["p-1", "名录"]),
    "mandatory target in other letters": (mandatory("ab-1"), ["ab-1", "“AB-1”", "大小写"]),
    "mandatory target twice": (mandatory(FIRM, FIRM), [FIRM, "只留一行"]),
    "excluded mandatory target": (mandatory("AB-2"), ["AB-2", "已按规则"]),
    "unknown person in apart": (with_(apart=[["I1", "I999"]]), ["I999", "名录"]),
    "person in apart in other letters": (with_(apart=[["i1", "Ｉ２"]]), ["“I1”", "“I2”", "全半角"]),
    "person apart from themselves": (with_(apart=[["I1", "I2"], ["I1", "I1"]]), ["第 2 行", "I1"]),
    "unknown speciality": (classes({"inspectors": [{"specialities": ["炼金"]}, {}]}), ["一般", "炼金", "无人具备"]),
    "class twice": (classes({}, {"sectors": ["机械"]}), ["general", "改名或合并"]),
    "sector in two classes": (classes({"sectors": ["机械"]}, {"id": "b", "sectors": ["机械"]}), ["机械", "两个类别"]),
    "class for no sector there is": (classes({"sectors": ["没有"]}), ["200 户", "类别"]),
    "one inspector": (classes({"inspectors": [{}]}), ["一般", "两"]),
    "no inspector": (classes({"inspectors": []}), ["一般", "两"]),
    "more items than there are": (classes({"optional_items": 999}), ["一般", "999", "6 个"]),
    "thin seat": (classes({"inspectors": [{"lead": True, "specialities": ["危化"]}, {}]}), ["general/inspectors/1", "thin-seat"]),
    "unknown person in a reason": (
        with_(exceptions=[{"rule": "wide-exclusion", "subject": "长" * 4000, "reason": "x"}]), ["回避面过宽", "4000 字"],
    ),
    "reason for a stratum that is not there": (
        with_(exceptions=[{"rule": "small-stratum", "subject": "s9", "reason": "x"}]), ["s9", "不在本次抽查", "删去这条理由"],
    ),
    "reason for a section that draws nothing there": (
        with_(exceptions=[{"rule": "no-chance", "subject": "s1/nobody", "reason": "x"}]), ["s1/nobody", "不在本次抽查"],
    ),
    "reason for a seat too many": (
        with_(exceptions=[{"rule": "thin-seat", "subject": "general/inspectors/3", "reason": "x"}]), ["general/inspectors/3", "不在本次抽查"],
    ),
    "reason for another pool": (
        with_(exceptions=[{"rule": "narrow-pool", "subject": "s1", "reason": "x"}]), ["narrow-pool", "不在本次抽查"],
    ),
    "a share of nothing, yet one": (strata(stratum(share(0, 100, "percent-or-one"))), ["第 1 层", "比例是 0", "固定 0 户"]),
    "closed firms left out twice": (with_(pool_rules=[{"kind": "closed"}, {"kind": "closed"}]), ["closed", "2 次", "只留一条"]),
    "visits that end before they begin": (with_(visits={"first": "2026-12-30", "last": "2026-12-20"}), ["2026-12-30", "早于开始"]),
    "visits before T": (with_(visits={"first": "2026-01-30", "last": "2026-02-20"}), ["2026-02-20", "早于开号时刻"]),
    "T in the past": (with_(instant="2020-11-10T02:00:00Z"), ["2020-11-10T02:00:00Z", "改到以后"]),
    "names before T": (with_(names_open="2026-11-10T01:59:59Z"), ["2026-11-10T01:59:59Z", "公开时间"]),
    "seal opens before T": (with_(sealed_until="2026-11-10T02:00:00Z"), ["启封时间"]),
    "one witness": (witnesses("notary"), ["见证人只有一位"]),
    "label twice": (witnesses("notary", "notary"), ["notary", "各不相同"]),
    "nobody gives the last number": (with_(givers=BASE["givers"][:3]), ["最后一个给号来源"]),
}  # fmt: skip


@pytest.fixture
async def people(office, enter):
    """The registries of the journey with two more firms, and one logged-in account for each role."""
    async with office.pool.acquire() as connection:
        await connection.execute("TRUNCATE bureau, log_head, log_entry, log_hash, log_checkpoint CASCADE")
    await journey.begin(office.pool)
    await office.pool.execute("DELETE FROM staff")
    await office.pool.execute("UPDATE inspector SET specialities = '{危化}' WHERE number = 'I0'")
    return {role: await enter(f"{role}-1", role) for role in ("operator", "confirmer")}


async def state(office) -> dict:
    """Everything a refusal must leave alone."""
    tables = ("target", "item", "inspector", "expert", "conflict", "registry_version", "document", "blob", "log_entry", "log_checkpoint",
              "step", "step_agreement", "draw_secret", "draw_target")  # fmt: skip
    found = {t: await office.pool.fetchval(f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {t} t") for t in tables}
    return found | {"draws": await office.pool.fetch("SELECT id, state, plan FROM draw ORDER BY id")}


def judge(answer, words, seconds: float) -> list[str]:
    """What is wrong with a refusal."""
    wrong, body = [], answer.json()
    if "errors" not in body:
        return [f"was accepted: {answer.text[:300]}"]
    faults = [f"{fault['field']} {fault['message']}" if isinstance(fault, dict) else fault for fault in body["errors"]]
    said = "\n".join([body["detail"], *faults])
    if answer.status_code not in (400, 413, 422):
        wrong.append(f"status {answer.status_code}")
    if not all(CHINESE.search(text) for text in (body["title"], body["detail"], *faults)):
        wrong.append("no Chinese")
    if max(map(len, [body["detail"], body["detail_en"], *faults])) >= BOUND or len(answer.content) > 12_000:
        wrong.append("too long")
    if seconds > 2:
        wrong.append("too slow")
    wrong += [f"does not say {word}" for word in words if word not in said]
    return [*wrong, said[:600]] if wrong else []


async def test_a_draft_of_the_wrong_form_is_refused_at_once_and_not_kept(client, office, people) -> None:
    before, wrong = await state(office), {}
    for what, (draft, words) in AT_ONCE.items():
        begun = time.perf_counter()
        content = json.dumps(draft, ensure_ascii=False).encode()
        answer = await client.post("/api/v1/draws", content=content, headers=people["operator"] | {"Content-Type": "application/json"})
        wrong[what] = judge(answer, words, time.perf_counter() - begun)
    wrong = {what: found for what, found in wrong.items() if found}
    assert not wrong, "\n".join(f"{what}: {found}" for what, found in wrong.items())
    assert await state(office) == before


async def test_a_draft_that_breaks_a_rule_is_shown_every_fault_and_never_frozen(client, office, people) -> None:
    await office.pool.execute(
        "INSERT INTO target (id, name, area, sector, status) VALUES ('AB-1', '甲', '别区', '机械', ''), ('AB-2', '乙', '东湖区', '机械', 'closed')"
    )
    inside = {"areas": ["东湖区", "西山区"]}
    wrong = {}
    for number, (what, (draft, words)) in enumerate(BEFORE_THE_FREEZE.items()):
        kept = draft | {"task": {"id": f"task-{number}", "name": "任务"}}
        if draft["scope"] == BASE["scope"]:
            kept["scope"] = inside
        made = await client.post("/api/v1/draws", json=kept, headers=people["operator"])
        assert made.status_code == 201, (what, made.text)
        draw, before, begun = made.json()["id"], await state(office), time.perf_counter()
        seen = await client.get(f"/api/v1/draws/{draw}/preview", headers=people["confirmer"])
        if seen.status_code == 200:
            faults = seen.json()["faults"]
            said = "\n".join(faults)
            wrong[what, "preview"] = [
                *[f"does not say {word}" for word in words if word not in said],
                *["no Chinese" for fault in faults if not CHINESE.search(fault)],
                *["too long" for fault in faults if len(fault) >= BOUND],
            ] and [said[:600], words]
        else:
            wrong[what, "preview"] = judge(seen, words, time.perf_counter() - begun)
        ask = {"kind": "draw-plan/v1", "request": {}}
        refused = await client.post(f"/api/v1/draws/{draw}/steps", json=ask, headers=people["operator"])
        wrong[what, "freeze"] = judge(refused, words, time.perf_counter() - begun)
        if await state(office) != before:
            wrong[what, "state"] = ["something changed"]
    wrong = {what: found for what, found in wrong.items() if found}
    assert not wrong, "\n".join(f"{what}: {found}" for what, found in wrong.items())


async def test_one_look_shows_all_faults_of_a_draft(client, people) -> None:
    """A clerk mends a draft once, not once per fault."""
    many = mandatory("nobody", FIRM, FIRM) | {"apart": [["I1", "I1"], ["I1", "I999"]]} | {"strata": [stratum(share(3, 2)), WEST]}
    draw = (await client.post("/api/v1/draws", json=many, headers=people["operator"])).json()["id"]
    errors = (await client.get(f"/api/v1/draws/{draw}/preview", headers=people["operator"])).json()["errors"]
    assert len(errors) == 5
    assert all(CHINESE.search(error) and "（" in error for error in errors)


async def test_a_page_shows_the_same_sentences(client, people) -> None:
    headers = people["operator"] | {"accept": "text/html"}
    draw = (await client.post("/api/v1/draws", json=mandatory("nobody"), headers=people["operator"])).json()["id"]
    page = await client.get(f"/api/v1/draws/{draw}/preview", headers=headers)
    assert "必查对象 nobody 不在检查对象名录中" in page.text


async def test_a_request_of_nonsense_is_answered_shortly(client, office, people) -> None:
    draw = (await client.post("/api/v1/draws", json=BASE, headers=people["operator"])).json()["id"]
    before, long = await state(office), "x" * HUGE
    path = f"/api/v1/draws/{draw}/steps"
    for kind, request in (
        (long, {}),
        ("draw-plan/v1", {"x" * 10**5: "x" * 10**5}),
        ("contribution/v1", {"label": long, "digits": long}),
        ("replacement/v1", {"kind": long}),
        ("inspection-result/v1", {"target": long, "findings": [long]}),
        ("draw-void/v1", {"reason": long, "statement": long}),
    ):
        answer = await client.post(path, json={"kind": kind, "request": request}, headers=people["operator"])
        if kind == "draw-plan/v1":
            assert answer.status_code in (201, 422), answer.text[:300]
            continue
        assert answer.status_code in (400, 403, 409, 413, 422), answer.text[:300]
        assert CHINESE.search(answer.json()["detail"])
        assert len(answer.content) < 4000
    after = await state(office)
    assert {t for t in before if before[t] != after[t]} <= {"step", "step_agreement"}


# ---------------------------------------------------------------- what is allowed, as documented


async def draft_and_preview(client, people, draft):
    made = await client.post("/api/v1/draws", json=draft, headers=people["operator"])
    assert made.status_code == 201, made.text
    draw = made.json()["id"]
    return draw, (await client.get(f"/api/v1/draws/{draw}/preview", headers=people["operator"])).json()


async def freeze(client, people, draw) -> str:
    asked = await client.post(f"/api/v1/draws/{draw}/steps", json={"kind": "draw-plan/v1", "request": {}}, headers=people["operator"])
    assert asked.status_code == 201, asked.text
    done = await client.post(f"{asked.headers['location']}/agree", headers=people["confirmer"])
    assert done.status_code == 200, done.text
    return done.json()["document"]


async def test_a_stratum_of_one_needs_a_reason_and_shows_chance_one_of_one(client, office, people) -> None:
    await office.pool.execute("INSERT INTO target (id, name, area, sector) VALUES ('ONLY-1', '独户', '独区', '机械')")
    alone = strata(stratum(fixed(1)), stratum(fixed(1), "独户", ["独区"]))
    draw, seen = await draft_and_preview(client, people, alone)
    (fault,) = seen["faults"]
    assert "独户" in fault and "1 户" in fault and "small-stratum" in fault
    reason = {"exceptions": [{"rule": "small-stratum", "subject": "s2", "reason": "全市仅此一户"}]}
    revised = await client.put(f"/api/v1/draws/{draw}/draft", json=alone | reason, headers=people["operator"])
    assert revised.status_code == 204
    seen = (await client.get(f"/api/v1/draws/{draw}/preview", headers=people["operator"])).json()
    assert seen["faults"] == []
    assert next(s for s in seen["strata"] if s["name"] == "独户")["chance"] == "1/1"
    await freeze(client, people, draw)


async def test_the_largest_share_is_all_of_them(client, people) -> None:
    _, seen = await draft_and_preview(client, people, strata(stratum(share(2**53 - 1, 2**53 - 1))))
    assert (seen["faults"], seen["strata"][0]["chance"]) == ([], "100/100")


async def test_a_certificate_is_valid_through_its_last_day(client, office, people) -> None:
    """Visits go to 30 December: who is certified up to the 29th takes no part; up to the 30th or 31st, or without end, does."""
    last = date.fromisoformat(BASE["visits"]["last"])
    for number, ends in (("I1", last.replace(day=29)), ("I2", last), ("I3", last.replace(day=31))):
        await office.pool.execute("UPDATE inspector SET certificate_expires = $2 WHERE number = $1", number, ends)
    draw, seen = await draft_and_preview(client, people, BASE)
    assert seen["people"]["inspector"] == 19
    await freeze(client, people, draw)
    kept = json.loads(await office.pool.fetchval("SELECT disclosures FROM draw_secret WHERE draw = $1", draw))
    numbers = {number for number, _ in kept.values() if number}
    assert {"I1", "I2", "I3", "I4"} - numbers == {"I1"}
    blobs = [row["data"] for row in await office.pool.fetch("SELECT data FROM blob")]
    expired = [line.decode() for blob in blobs for line in blob_lines(blob) if b"\texpired\t" in line]
    assert len(expired) == 1
    assert "I1" in expired[0] and "2026-12-29" in expired[0] and "2026-12-30" in expired[0]


async def test_a_draft_kept_by_a_release_that_asked_less_is_refused_by_field(client, office, people) -> None:
    """It can still be read and revised, and is never frozen."""
    draw = (await client.post("/api/v1/draws", json=BASE, headers=people["operator"])).json()["id"]
    await office.pool.execute("UPDATE draw SET draft = jsonb_set(draft, '{strata,0,values,0}', to_jsonb(E'东湖\\n区'::text))")
    for method, path in (("GET", "preview"), ("POST", "steps")):
        more = {"json": {"kind": "draw-plan/v1", "request": {}}} if method == "POST" else {}
        answer = await client.request(method, f"/api/v1/draws/{draw}/{path}", headers=people["operator"], **more)
        assert (answer.status_code, judge(answer, ["strata[0].values[0]", "换行", "修改草案"], 0)) == (422, [])
    assert (await client.get(f"/api/v1/draws/{draw}", headers=people["operator"])).json()["state"] == "draft"
    assert (await client.put(f"/api/v1/draws/{draw}/draft", json=BASE, headers=people["operator"])).status_code == 204
    assert (await client.get(f"/api/v1/draws/{draw}/preview", headers=people["operator"])).json()["faults"] == []


# ---------------------------------------------------------------- imports

TARGETS = "统一社会信用代码,企业名称,所属区域\n"
PEOPLE = "执法证号,姓名,证件有效期\n"
CONFLICTS = "人员编号,统一社会信用代码,回避事由\n"
# what -> (kind, file, (row, column, code) of each finding that is asked for, rows refused, rows new)
FILES = {
    "one id twice": ("targets", TARGETS + "AB-1,甲,东\nAB-1,乙,东\n", [(2, "统一社会信用代码", "duplicate-contradiction"),
                     (3, "统一社会信用代码", "duplicate-contradiction")], 2, 0),
    "one id in two cases": ("targets", TARGETS + "ab-1,甲,东\nAB-1,乙,东\n", [(2, "统一社会信用代码", "code-normalised"),
                            (3, "统一社会信用代码", "duplicate-contradiction")], 2, 0),
    "one id in two widths": ("targets", TARGETS + "ＡＢ-１,甲,东\nAB-1,甲,东\n", [(2, "统一社会信用代码", "code-normalised"),
                             (3, "统一社会信用代码", "duplicate-merged")], 0, 1),
    "target like a person": ("targets", TARGETS + "p-1,甲,东\n", [(2, "统一社会信用代码", "code-normalised")], 0, 1),
    "TAB in an id": ("targets", TARGETS + '"AB\t-1",甲,东\n', [(2, "统一社会信用代码", "code-normalised")], 0, 1),
    "LF in an id": ("targets", TARGETS + '"AB\n-1",甲,东\n', [(2, "统一社会信用代码", "code-normalised")], 0, 1),
    "LF in a name": ("targets", TARGETS + 'AB-1,"甲\n乙",东\n', [(2, "企业名称", "name-spaces")], 0, 1),
    "Chinese id": ("targets", TARGETS + "企业一,甲,东\n", [(2, "统一社会信用代码", "code-form")], 1, 0),
    "id that leads elsewhere": ("targets", TARGETS + "..,甲,东\n", [(2, "统一社会信用代码", "code-form")], 1, 0),
    "id of 65": ("targets", TARGETS + "A" * 65 + ",甲,东\n", [(2, "统一社会信用代码", "code-form")], 1, 0),
    "no id": ("targets", TARGETS + ",甲,东\n", [(2, "统一社会信用代码", "code-missing")], 1, 0),
    "long name": ("targets", TARGETS + f"AB-1,{'长' * 30_000},东\n", [(2, "企业名称", "text-long")], 1, 0),
    "long area": ("targets", TARGETS + f"AB-1,甲,{'长' * 30_000}\n", [(2, "所属区域", "text-long")], 1, 0),
    "long header": ("targets", f"统一社会信用代码,企业名称,{'长' * 30_000}\nAB-1,甲,东\n", [(1, "长" * 200 + "…", "ignored-column")], 0, 1),
    "no day": ("inspectors", PEOPLE + "I77,王某,2026-02-30\n", [(2, "证件有效期", "date-unknown")], 1, 0),
    "unknown person": ("conflicts", CONFLICTS + "I999,914200000000000001,近亲属\n", [(2, "人员编号", "person-unknown")], 1, 0),
    "unknown target": ("conflicts", CONFLICTS + "I1,AB-9,近亲属\n", [(2, "统一社会信用代码", "target-unknown")], 0, 1),
}  # fmt: skip


@pytest.fixture
async def registrar(office, people, employ) -> Staff:
    return Staff(await employ("registrar-1", "registrar"), "registrar-1", "登", frozenset({"registrar"}))


async def test_each_wrong_cell_is_named_by_row_and_column_with_its_mend(office, registrar) -> None:
    wrong = {}
    for what, (kind, text, wanted, refused, new) in FILES.items():
        before, begun = await state(office), time.perf_counter()
        view = await check_import(office, registrar, kind, f"{what}.csv", text.encode())
        found = {(f.row, f.column, f.code): f for f in view.report.findings}
        faults = [f"no {place}, but {list(found)}"[:400] for place in wanted if place not in found]
        faults += ["counts"] if (view.counts["refused"], view.counts["new"]) != (refused, new) else []
        for f in view.report.findings:
            faults += [] if CHINESE.search(f.message_zh) and CHINESE.search(f.mend_zh) and f.message_en and f.mend_en else ["no mend"]
            faults += ["too long"] if max(map(len, (f.message_zh, f.message_en, f.value, f.column))) >= BOUND else []
        faults += ["too slow"] if time.perf_counter() - begun > 2 else []
        faults += ["something changed"] if await state(office) != before else []
        faults += ["echo"] if len(msgspec.json.encode(view)) > 20_000 else []
        if faults:
            wrong[what] = faults
    assert wrong == {}


async def test_a_cell_of_a_million_characters_refuses_the_file_with_its_row(office, registrar) -> None:
    before = await state(office)
    for text in (TARGETS + f"AB-1,{'长' * HUGE},东\n", TARGETS + f"{'9' * HUGE},甲,东\n", "长" * HUGE + "\n", TARGETS + '"AB-1,甲,东\n'):
        begun = time.perf_counter()
        with pytest.raises(Refused) as caught:
            await check_import(office, registrar, "targets", "a.csv", text.encode())
        assert time.perf_counter() - begun < 2
        assert re.search("第[12]行", caught.value.zh)
        assert len(caught.value.zh) < BOUND
    with pytest.raises(Invalid):
        await check_import(office, registrar, "x" * HUGE, "a.csv", b"")
    assert await state(office) == before


async def test_what_is_imported_is_only_what_was_accepted(office, registrar) -> None:
    """A file with two contradicting rows and a good one brings the good one, and of the others nothing."""
    view = await check_import(office, registrar, "targets", "a.csv", (TARGETS + "ab-1,甲,东\nAB-1,乙,东\nAB-3,丙,东\n").encode())
    await confirm_import(office, registrar, UUID(view.id))
    assert [r["id"] for r in await office.pool.fetch("SELECT id FROM target WHERE id ILIKE 'ab-%'")] == ["AB-3"]


async def test_no_registry_holds_an_id_that_a_plan_refuses(office, registrar) -> None:
    """What the import takes in is upper case, half width, and never begins like a person."""
    for row in ("p-1,甲,东", "Ｐ-２,乙,东", "p-0123456789abcdef0123456789abcdef,丙,东"):
        view = await check_import(office, registrar, "targets", "a.csv", (TARGETS + row + "\n").encode())
        await confirm_import(office, registrar, UUID(view.id))
    ids = [r["id"] for r in await office.pool.fetch("SELECT id FROM target WHERE name IN ('甲', '乙', '丙')")]
    assert sorted(ids) == ["P-0123456789ABCDEF0123456789ABCDEF", "P-1", "P-2"]


# ---------------------------------------------------------------- words


def sentences() -> list[str]:
    """Every sentence that `selection` can say of a plan, with 1 for each value."""
    found = []
    for name in ("plan_rules", "quota_rules", "stated_reasons", "teams_alone", "quota"):
        path = Path(selection.__file__).parent / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "1" for part in node.values]
                found.append("".join(parts))
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant):
                found.append(node.value.value)
    return found


def test_every_sentence_of_the_rules_has_chinese_words() -> None:
    """A rule that is added without them would speak English to a clerk."""
    begun = ("1", "the items of class", "the quotas of stratum", "the body of", "no targets", "share", "total", "quota", "period", "a stratum of")
    said = [s for s in sentences() if not s.startswith(begun) and len(s.split()) > 3]
    said += [f"stratum s1: {s}" for s in sentences() if s.startswith(("share", "quota", "period"))]
    said += [f"section lead: {s}" for s in sentences() if s.startswith(("total", "a stratum of"))]
    said += [f"{what} 1 stands 2 times" for what in ("section", "area", "code", "class", "stratum", "item", "reason code",
             "replacement reason", "contributor label", "the body of a dice thrower", "key")]  # fmt: skip
    for whose in ("the items of class c", "the quotas of stratum s1"):
        said += [f"{whose} name section x, which is not declared", f"{whose} do not name sections in plan order, each once"]
    said += [f"{what} x is used but not declared in the plan" for what in ("stratum", "class", "area", "section", "code")]
    reasons = [s for s in said if re.match(r"(stratum 1 has|no firm of|seat 1 has|the pool holds)", s) and "no reason" not in s]
    said = [s for s in said if s not in reasons] + [f"{s}, and no reason is stated" for s in reasons]
    assert len(said) > 50
    assert [s for s in said if not CHINESE.search(say(s).removeprefix("内容不合规定"))] == []


def test_a_fault_is_one_short_line_whatever_it_holds() -> None:
    for fault in ("x" * HUGE, "区" * HUGE, "a\tb\nc", f"id {'a' * 9000} is not {'b' * 9000}", f"apart names {'x' * HUGE}, whom no registry knows"):
        begun = time.perf_counter()
        said = say(fault)
        assert len(said) <= LONGEST + 40 < BOUND + 40
        assert "\n" not in said and "\t" not in said
        assert CHINESE.search(said)
        assert time.perf_counter() - begun < 1
    assert clip("a" * 90) == "a" * 40 + "…（共 90 字）"
    assert clip("东湖\u3000区\n") == "东湖\u3000区\\x0a"


def test_the_validator_speaks_chinese_for_every_type_of_a_draft() -> None:
    """Each message that msgspec has for the types used."""
    assert in_chinese("Expected `int | null`, got `str`") == "应为整数 或 空值，收到的是文字"
    assert in_chinese("Object missing required field `title`") == "缺少字段“title”，请补上"
    assert in_chinese("Expected `array` of length 2, got 3") == "应恰有 2 项"
    assert len(in_chinese("Invalid value '" + "x" * HUGE + "'")) < BOUND
    assert len(in_chinese("x" * HUGE)) < BOUND
