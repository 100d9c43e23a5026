"""Draws as the public finds them: an invented city, carried through the use cases from freeze to a corrected result.

`open_scene`, `sealed_scene` and `voided_scene` take an office over an empty database that has its bureau and log, and the clock
that office reads; each returns a `Scene`. They may follow each other in one office: city and people are made once.
Nothing here goes around the use cases but the registries, which are filled directly.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from selection.plan import AtLeast, Fixed, Percent, Task
from selection.transcript import Transcript, parse_transcript
from service import step_views, steps
from service.accounts import Staff
from service.drafting import create_draft
from service.drafts import (
    DiceGiver,
    Draft,
    DraftClass,
    DraftSeat,
    DraftStratum,
    Mandatory,
    NonceGiver,
    Scope,
    Statement,
    ThrowerName,
    VisitDays,
    WitnessGiver,
)
from service.office import Office, as_day
from service.publishing import open_names

AREAS = ("东湖区", "西山区", "南浦区", "青溪县")
SECTORS = ("危险化学品", "机械", "商贸", "建材")
COLOURS = ("red", "orange", "yellow", "yellow", "blue", "blue", "blue", "blue")
WORDS = "安康恒宏远盛泰禾嘉众瑞丰华信达隆鼎耀岳清凌博润昌"
PAPER = sha256("签字表扫描件".encode()).hexdigest()
PEOPLE = {
    "operator": ["operator"], "confirmer": ["confirmer"], "approver": ["approver"], "inspector1": ["inspector"],
    "inspector2": ["inspector"], "reviewer": ["reviewer"], "publisher1": ["publisher"], "publisher2": ["publisher"],
}  # fmt: skip
BOTH = ("operator", "confirmer")


@dataclass
class Scene:
    """One draw: its id, the office, and what was done with which target."""

    office: Office
    draw: str
    people: dict[str, Staff]
    replaced: str = ""
    successor: str = ""
    result: str = ""
    mandatory: str = ""
    excluded: str = ""
    made: dict[str, Any] = field(default_factory=dict)

    async def take(self, kind: str, request: dict[str, Any], *logins: str) -> step_views.StepView:
        """Take one step by these people, each from their own account."""
        view = await steps.propose(self.office, self.people[logins[0]], self.draw, kind, request)
        for login in logins[1:]:
            view = await steps.agree(self.office, self.people[login], UUID(view.id), request.get("digits"))
        assert view.document is not None
        return view

    async def transcript(self) -> Transcript:
        """What was drawn, from the bureau's own drawer, sealed or not."""
        data = await self.office.pool.fetchval("SELECT result FROM draw_result WHERE draw = $1", self.draw)
        return parse_transcript(data)


def firm(number: int) -> tuple[str, str]:
    """The code and name of an invented firm."""
    name = "".join(WORDS[(number // len(WORDS) ** place * 7 + number) % len(WORDS)] for place in range(3))
    return (
        f"914219{number % 90 + 10}MA{number:06d}0X",
        f"云州{name}{SECTORS[number % len(SECTORS)][:2]}有限公司",
    )


async def found_city(office: Office, targets: int = 400) -> dict[str, Staff]:
    """Fill registries and accounts, unless they are there; return the staff by login."""
    async with office.pool.acquire() as c:
        for login, roles in PEOPLE.items():
            await c.execute(
                "INSERT INTO staff (login, name, password_hash, roles) VALUES ($1, $1, 'none', $2) ON CONFLICT DO NOTHING",
                login, roles,
            )  # fmt: skip
        rows = await c.fetch("SELECT id, login, name, roles FROM staff WHERE login = ANY($1)", list(PEOPLE))
        if not await c.fetchval("SELECT 1 FROM target LIMIT 1"):
            await _fill(c, targets)
    return {r["login"]: Staff(r["id"], r["login"], r["name"], frozenset(r["roles"])) for r in rows}


async def _fill(c, targets: int) -> None:
    await c.executemany(
        "INSERT INTO target (id, name, area, sector, risk_colour, status) VALUES ($1, $2, $3, $4, $5, $6)",
        [(*firm(n), AREAS[n % 4], SECTORS[n % len(SECTORS)], COLOURS[n // 4 % 8], "closed" if n % 37 == 5 else "active")
         for n in range(targets)],
    )  # fmt: skip
    surnames, given = "王李张刘陈杨赵黄周吴", "伟芳娜敏静强磊洋艳勇"
    await c.executemany(
        "INSERT INTO inspector (number, name, unit, areas, specialities, capacity, lead)"
        " VALUES ($1, $2, '执法一科', $3, '{安全生产}', $4, $5)",
        [(f"4219{n:04d}", surnames[n % 10] + given[n // 3 % 10], list(AREAS), max(9, targets // 60), n % 3 == 0)
         for n in range(45)],
    )  # fmt: skip
    await c.executemany(
        "INSERT INTO expert (number, name, employer, areas, specialities, capacity, serves)"
        " VALUES ($1, $2, '云州理工学院', $3, '{化工}', $4, '{}')",
        [(f"E{n:03d}", surnames[n % 10] + given[n % 7], list(AREAS), max(9, targets // 60)) for n in range(12)],
    )  # fmt: skip
    names = (
        "主要负责人履行安全生产职责", "全员安全生产责任制", "从业人员安全教育培训", "重大危险源监测与登记", "特种作业人员持证上岗",
        "应急预案与演练", "安全设施日常维护", "有限空间作业审批", "劳动防护用品配备", "隐患排查治理台账",
    )  # fmt: skip
    await c.executemany(
        "INSERT INTO item (id, name, legal_basis, mandatory, classes)"
        " VALUES ($1, $2, '《中华人民共和国安全生产法》第' || $3 || '条', $4, '{}')",
        [(f"G-{n:02d}", name, str(20 + n), n <= 2) for n, name in enumerate(names, 1)],
    )  # fmt: skip
    await c.execute(
        "INSERT INTO conflict (person, target, reason) SELECT '42190003', id, 'kinship' FROM target LIMIT 30"
    )


def draft(day: int, mandatory: str, sealed_until: str | None = None, **more: Any) -> Draft:
    """A draft that is frozen on day `day` of November 2026 and drawn at 02:00 UTC of it."""
    kind = "封存" if sealed_until else ""
    wanted: dict[str, Any] = {
        "title": f"2026 年 11 月 {day} 日安全生产“双随机”抽查{kind}",
        "task": Task(id=f"task-{day}", name="工贸和危险化学品企业安全生产抽查"),
        "legal_basis": ("《中华人民共和国安全生产法》第六十五条",),
        "scope": Scope(),
        "stratify_by": "risk_colour",
        "strata": (
            DraftStratum(name="红色风险", values=("red",), rule=AtLeast(denominator=100, numerator=30)),
            DraftStratum(name="橙色风险", values=("orange",), rule=Percent(denominator=100, numerator=25)),
            DraftStratum(name="黄色风险", values=("yellow",), rule=Percent(denominator=1000, numerator=155)),
            DraftStratum(name="蓝色及未评级", rule=Fixed(count=20)),
        ),
        "classes": (
            DraftClass(
                id="hazardous", name="危险化学品", sectors=("危险化学品",), experts=(DraftSeat(name="化工专家"),),
                inspectors=(DraftSeat(name="组长", lead=True), DraftSeat(name="检查员")), optional_items=3,
            ),
            DraftClass(
                id="general", name="一般行业", inspectors=(DraftSeat(name="组长", lead=True), DraftSeat(name="检查员")),
                optional_items=2,
            ),
        ),
        "mandatory": (Mandatory(target=mandatory, reason="complaint"),),
        "givers": (
            NonceGiver(custodian="云州市公证处"),
            WitnessGiver(label="notary", body="云州市公证处", name="何公证"),
            WitnessGiver(label="discipline", body="驻局纪检监察组", name="罗监察"),
            WitnessGiver(label="consumers", body="市消费者协会", name="谢会员"),
            DiceGiver(
                throwers=(
                    ThrowerName(label="thrower-a", body="市消费者协会", name="高会员"),
                    ThrowerName(label="thrower-b", body="市企业联合会", name="梁会员"),
                    ThrowerName(label="thrower-c", body="市人大代表", name="宋代表"),
                )
            ),
        ),
        "instant": f"2026-11-{day:02d}T02:00:00Z",
        "names_open": f"2026-11-{day:02d}T06:00:00Z",
        "visits": VisitDays(first=date(2026, 11, 20), last=date(2026, 12, 18)),
        "sealed_until": sealed_until,
        "exceptions": (Statement(rule="wide-exclusion", subject="42190003", reason="该检查员主动申报的回避面较宽，仍可检查其他企业"),),
    }  # fmt: skip
    return Draft(**(wanted | more))


async def begin(office: Office, clock, day: int, sealed_until: str | None = None, **more: Any) -> Scene:
    people = await found_city(office, more.pop("targets", 400))
    mandatory = await office.pool.fetchval(
        "SELECT id FROM target WHERE status = 'active' AND risk_colour = 'red' ORDER BY id LIMIT 1"
    )
    excluded = await office.pool.fetchval("SELECT id FROM target WHERE status = 'closed' ORDER BY id LIMIT 1")
    clock.set(f"2026-11-{day:02d}T01:00:00+00:00")
    wanted = draft(day, mandatory, sealed_until, **more)
    return Scene(
        office,
        await create_draft(office, people["operator"], wanted),
        people,
        mandatory=mandatory,
        excluded=excluded,
    )


async def freeze(scene: Scene) -> None:
    await scene.take("draw-plan/v1", {}, *BOTH)


async def take_paper(scene: Scene, label: str, digits: str) -> None:
    """Register what a witness wrote on paper."""
    await scene.take("contribution/v1", {"label": label, "digits": digits, "form": PAPER}, *BOTH)


async def contribute(scene: Scene, clock, day: int) -> None:
    """Two witnesses come before T, a third does not; then the dice."""
    for label, digits in (("notary", "31415926535897932384"), ("discipline", "27182818284590452353")):
        clock.advance(minutes=15)
        await take_paper(scene, label, digits)
    clock.set(f"2026-11-{day:02d}T02:00:10+00:00")
    await scene.take("contribution/v1", {"label": "consumers"}, *BOTH)
    clock.advance(minutes=4)
    digits = sha256(scene.draw.encode()).digest()
    dice = "".join(str(byte % 10) for byte in (digits + digits)[:60])
    await scene.take("contribution/v1", {"label": "dice", "digits": dice, "form": PAPER}, *BOTH)


async def draw(scene: Scene, clock) -> None:
    clock.advance(minutes=1)
    await scene.take("draw-outcome/v1", {}, *BOTH)


async def replace(scene: Scene, clock) -> None:
    """One person falls ill; one firm turns out not to have existed."""
    transcript = await scene.transcript()
    clock.advance(hours=1)
    drawn = [t for t in transcript.targets if t.rank is not None]
    person = {
        "kind": "person",
        "target": drawn[0].id,
        "role": "inspector",
        "seat": 2,
        "reason": "ill",
        "evidence": PAPER,
    }
    await scene.take("replacement/v1", person, "reviewer", "confirmer")
    scene.replaced = next(t.id for t in drawn if t.stratum == "s3")
    gone = {"kind": "target", "target": scene.replaced, "reason": "not-existing", "evidence": PAPER}
    view = await scene.take("replacement/v1", gone, "reviewer", "confirmer")
    data = await scene.office.pool.fetchval("SELECT data FROM document WHERE sha256 = $1", view.document)
    event = json.loads(data).get("event")  # None while sealed
    scene.successor = event["successor"]["id"] if event else ""


def result_request(transcript: Transcript, target: str, code: str, on: str) -> dict[str, Any]:
    items = next(t.items for t in transcript.targets if t.id == target)
    first = {"code": code, "deadline": None, "measure": None, "responsible": None}
    if code == "HAZARD_GENERAL":
        first |= {"deadline": "2026-12-15", "measure": "责令限期整改", "responsible": "安全部经理"}
    return {
        "target": target,
        "inspected_on": on,
        "result": code,
        "findings": [{"item": item, **(first if n == 0 else first | {
            "code": "NO_PROBLEM", "deadline": None, "measure": None, "responsible": None})} for n, item in enumerate(items)],
    }  # fmt: skip


async def publish_results(scene: Scene, clock) -> None:
    """Results of four firms; that of the first is corrected once."""
    transcript = await scene.transcript()
    clock.advance(days=10)
    on = as_day(scene.office.now()).isoformat()
    targets = [t.id for t in transcript.targets if t.id != scene.replaced]
    everyone = ("inspector1", "inspector2", "reviewer", "publisher1", "publisher2")
    for target, code in zip(
        targets, ("HAZARD_GENERAL", "NO_PROBLEM", "FIXED_ON_ORDER", "NO_PROBLEM"), strict=False
    ):
        await scene.take("inspection-result/v1", result_request(transcript, target, code, on), *everyone)
    scene.result = f"{scene.draw}.{targets[0]}"
    clock.advance(days=2)
    correction = result_request(transcript, targets[0], "FIXED_ON_ORDER", on) | {
        "reason": "企业提交整改照片，复查认定隐患在检查当日已经消除", "requested_by": "subject"}  # fmt: skip
    await scene.take("correction/v1", correction, "reviewer", "publisher1", "publisher2")


async def open_scene(office: Office, clock, day: int = 10, **more: Any) -> Scene:
    """An open draw: frozen, drawn, two replacements, names open, results of four firms, one of them corrected."""
    scene = await begin(office, clock, day, **more)
    await freeze(scene)
    await contribute(scene, clock, day)
    await draw(scene, clock)
    await replace(scene, clock)
    clock.set(f"2026-11-{day:02d}T06:00:05+00:00")
    await open_names(office)
    await publish_results(scene, clock)
    return scene


async def frozen_scene(office: Office, clock, day: int = 24, **more: Any) -> Scene:
    """A draw whose list is locked and for which one witness has given digits."""
    scene = await begin(office, clock, day, **more)
    await freeze(scene)
    clock.advance(minutes=20)
    await scene.take(
        "contribution/v1", {"label": "notary", "digits": "14142135623730950488", "form": PAPER}, *BOTH
    )
    return scene


async def sealed_scene(office: Office, clock, day: int = 25, **more: Any) -> Scene:
    """A sealed draw with two replacements; it opens on 30 November (`service.publishing.run_jobs`)."""
    scene = await begin(office, clock, day, sealed_until="2026-11-30T00:00:00Z", **more)
    await freeze(scene)
    await contribute(scene, clock, day)
    await draw(scene, clock)
    await replace(scene, clock)
    return scene


async def short_scene(office: Office, clock, day: int = 28, **more: Any) -> Scene:
    """An open draw whose leads do not suffice: ten are left, with a place each, and no team is drawn."""
    await found_city(office)
    kept = await office.pool.fetch("SELECT number, lead, capacity FROM inspector")
    await office.pool.execute("UPDATE inspector SET capacity = 1, lead = number < '42190030' WHERE lead")
    scene = await begin(office, clock, day, **more)
    await freeze(scene)
    await contribute(scene, clock, day)
    await draw(scene, clock)
    await office.pool.executemany(
        "UPDATE inspector SET lead = $2, capacity = $3 WHERE number = $1", [tuple(row) for row in kept]
    )
    return scene


async def voided_scene(office: Office, clock, day: int = 26, **more: Any) -> Scene:
    """A draw that was voided before T."""
    scene = await begin(office, clock, day, **more)
    await freeze(scene)
    clock.advance(minutes=20)
    reason = {"reason": "list-error", "statement": "核对发现三户已迁出的企业仍在名单中，作废后重新锁定。"}
    await scene.take("draw-void/v1", reason, "confirmer", "approver")
    return scene


async def rehearsal_scene(office: Office, clock, day: int = 27) -> Scene:
    """A draft of a rehearsal, which is never published."""
    scene = await begin(office, clock, day)
    data = await office.pool.fetchval("SELECT draft FROM draw WHERE id = $1", scene.draw)
    wanted = msgspec.json.decode(data, type=Draft)
    await office.pool.execute(
        "UPDATE draw SET draft = $2 WHERE id = $1", scene.draw,
        msgspec.json.encode(msgspec.structs.replace(wanted, rehearsal=True)).decode(),
    )  # fmt: skip
    return scene
