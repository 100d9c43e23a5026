"""8,019 real firms at full strength: colour × city strata, caps over past inspections, two departments, four inspectors in ten in
some conflict; one draw open, one sealed; both verifiers, and every page that explains it."""

import csv
import io
import os
from datetime import date
from hashlib import sha256
from pathlib import Path

import joint
import msgspec
import pytest
from joint import FIRE, GIVERS, Desk

from selection.plan import AtLeast, Percent, PercentOrOne, Task
from service.drafts import (
    CapClass,
    Draft,
    DraftClass,
    DraftSeat,
    DraftStratum,
    SectionItemCount,
    SectionRule,
    VisitDays,
    Where,
    YearlyCap,
)
from service.publishing import run_jobs

SHARED = Path(__file__).parents[2] / os.environ.get("DOUBLE_RANDOM_SHARED", "../shared")
REAL = SHARED / "data" / "hubei-enterprises.csv"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the shared registration file is not on this machine")

CITIES = ("鄂州", "黄冈", "荆州", "十堰")
COLOURS = {"红": "red", "橙": "orange", "黄": "yellow", "蓝": "blue"}
SHARES = {"红": 10, "橙": 6, "黄": 4, "蓝": 2}  # per cent


def colour_of(code: str) -> str:
    """Invented, and the same on every machine: the file states no risk colour."""
    return "红橙橙黄黄黄蓝蓝蓝蓝"[sha256(code.encode()).digest()[0] % 10]


def as_csv(header: str, rows) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header.split(","), *rows])
    return text.getvalue().encode()


@pytest.fixture
async def desk(client, office, clock, employ) -> Desk:
    await joint.register_fire(office)
    await joint.employ_all(office, employ)
    await employ("registrar", "registrar")
    desk = Desk(client, clock, office)
    await desk.at("2026-11-09T00:00:00Z")
    answer = await client.post("/api/v1/session", json={"login": "registrar", "password": joint.PASSWORD})
    head = {"Authorization": f"Bearer {answer.json()['token']}"}
    firms = list(csv.DictReader(REAL.read_text(encoding="utf-8-sig").splitlines()))
    codes = [firm["统一社会信用代码"].upper() for firm in firms]
    people = [(f"S{n:03d}", f"检查员{n}", "", 8, "是" if n % 3 == 0 else "否") for n in range(130)]
    people += [(f"F{n:03d}", f"消防员{n}", FIRE, 8, "否") for n in range(60)]
    kept = [row[0] for row in people if int(row[0][1:]) % 5 < 2]  # four in ten
    files = {
        "targets": as_csv("企业名称,统一社会信用代码,地区,风险等级", [
            (f["企业名称"], f["统一社会信用代码"], f["地区"], colour_of(f["统一社会信用代码"].upper())) for f in firms]),
        "inspectors": as_csv("执法证号,姓名,部门,承担上限,组长", people),
        "items": as_csv("事项编号,事项名称,部门,实施依据,是否必查", [
            (f"{'F' if n > 11 else 'S'}-{n}", f"事项{n}", FIRE if n > 11 else "", "《安全生产法》", "是" if n in (0, 12) else "否") for n in range(18)]),
        "conflicts": as_csv("人员编号,统一社会信用代码,回避原因", [
            (number, code, "亲属关系") for i, number in enumerate(kept) for code in codes[i * 97 % 8019 :: 61][:120]]),
        # Every ninth firm was inspected twice this year: blue ones have reached their cap, red ones have not; of the second
        # visits every other one followed a complaint, which no cap counts.
        "inspections": as_csv("统一社会信用代码,检查日期,检查部门,检查来源", [
            (code, day, FIRE, origin if n % 18 else "双随机抽查") for n, code in enumerate(codes) if n % 9 == 0
            for day, origin in (("2026-03-02", "双随机抽查"), ("2026-06-01", "投诉举报核查"))]),
    }  # fmt: skip
    for kind, content in files.items():
        answer = await client.post(f"/api/v1/imports/{kind}?filename={kind}.csv", content=content, headers=head)
        assert answer.status_code in (200, 201), answer.text
        counts = answer.json()["counts"]
        assert counts["refused"] == 0, (kind, answer.json())
        answer = await client.post(f"/api/v1/imports/{answer.json()['id']}/confirm", headers=head)
        assert answer.status_code == 200, answer.text
    return desk


def draft(day: int, sealed_until: str | None = None) -> dict:
    def stratum(colour: str, city: str) -> DraftStratum:
        share = SHARES[colour]
        rule = AtLeast(denominator=100, numerator=share) if colour == "红" else Percent(denominator=100, numerator=share)
        fire = PercentOrOne(denominator=200, numerator=share)
        return DraftStratum(name=f"{city}·{colour}", where=Where(risk_colour=(COLOURS[colour],), area=(city,)), rule=rule,
                            section_rules=(SectionRule(section="fire", rule=fire),))  # fmt: skip

    seats = (DraftSeat(name="组长", lead=True), DraftSeat(name="检查员"), DraftSeat(name="消防检查员", section="fire"))
    wanted = Draft(
        title=f"四市联合抽查 {day}", task=Task(id=f"hubei-{day}", name="四市联合抽查"), legal_basis=("《安全生产法》第六十五条",),
        sections=("lead", "fire"), stratify_by=("risk_colour", "area"),
        strata=tuple(stratum(colour, city) for city in CITIES for colour in COLOURS),
        pool_rules=(YearlyCap(caps=(CapClass(most=1, risk_colours=("blue",)), CapClass(most=2, risk_colours=("yellow",)), CapClass(most=4)),
                              version="2026-1"),),
        classes=(DraftClass(id="general", name="一般", inspectors=seats, optional_items=3,
                            section_items=(SectionItemCount(section="fire", optional_items=1),)),),
        apart=(("S001", "S002"), ("S003", "F004")), givers=GIVERS, instant=f"2026-11-{day:02d}T02:00:00Z",
        names_open=f"2026-11-{day:02d}T06:00:00Z", visits=VisitDays(first=date(2026, 11, 26), last=date(2026, 12, 18)),
        sealed_until=sealed_until,
    )  # fmt: skip
    return msgspec.to_builtins(wanted)


async def test_real_firms_at_full_strength_one_draw_open_and_one_sealed(desk, client, office, clock, tmp_path) -> None:
    draw = await desk.prepare(draft(10))
    preview = (await desk.preview(draw)).json()
    assert preview["faults"] == []
    assert preview["candidates"] + preview["excluded"] == 8019
    assert preview["excluded"] > 100, "blue firms with two counted inspections this year are over their cap"
    await desk.carry_out(draw, 10)
    plan, transcript = await desk.plan(draw), await desk.transcript(draw)
    assert len(plan["strata"]) == 16 and plan["pool_rules"]
    assert (transcript.inspectors.outcome, len(transcript.targets)) == ("COMPLETE", sum(max(q["by_lot"] for q in s["quotas"]) for s in plan["strata"]))
    await desk.verify(draw, tmp_path)
    # On the page: why this firm, whose draw, why this team.
    both = next(t for t in transcript.targets if t.sections == ("lead", "fire"))
    ticket = (await client.get(f"/draws/{draw}/tickets/{both.id}/")).text
    assert "被抽中" in ticket and FIRE in ticket
    team = await client.get(f"/draws/{draw}/tickets/{both.id}/team/")
    assert team.status_code == 200 and "组长" in team.text
    excluded = (await blob(office, plan, "excluded")).splitlines()[0].split("\t")[0]
    assert "上限" in (await client.get(f"/draws/{draw}/tickets/{excluded}/")).text

    sealed = await desk.prepare(draft(12, "2026-12-20T00:00:00Z"))
    await desk.carry_out(sealed, 12)
    await desk.verify(sealed, tmp_path)
    drawn = (await desk.transcript(sealed)).targets[0].id
    assert (await client.get(f"/draws/{sealed}/tickets/{drawn}/team/")).status_code == 404
    await desk.at("2026-12-20T00:00:05Z")
    await run_jobs(office)
    await desk.verify(sealed, tmp_path)
    assert (await client.get(f"/draws/{sealed}/tickets/{drawn}/team/")).status_code == 200


async def blob(office, plan: dict, name: str) -> str:
    return (await office.pool.fetchval("SELECT data FROM blob WHERE sha256 = $1", plan["blobs"][name]["sha256"])).decode()
