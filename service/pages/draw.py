"""`/draws/<id>/`: one draw, complete enough that nothing else needs to be read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from disclosure.document import ResultCode
from selection.contribution import is_absent, label_of
from selection.plan import Contributor, Dice, Drand, NonceCommitment, Plan, PublicNumber, Witness
from selection.pool import Person
from selection.replacement import Event, PersonEvent
from selection.transcript import Transcript
from service.database import Connection
from service.office import Office, as_time
from service.pages.record import PublicRecord, read_lists, read_people, read_record, read_transcript
from service.pages.visits import Visit, open_names, visits_of
from service.pages.words import (
    CAUSES,
    CODES,
    EXCEPTIONS,
    STATES,
    Code,
    Status,
    chance_in_words,
    count_in_words,
    planned_drawn,
    rule_in_words,
)

__all__ = [
    "DrawPage",
    "Exempted",
    "Link",
    "Number",
    "Replaced",
    "Row",
    "Step",
    "StratumLine",
    "TeamMember",
    "read_draw_page",
]

PAGE = 50


class Link(Struct, frozen=True):
    """One step of the chain is proved by a document: its digest and its place in the log."""

    label: str
    sha256: str
    index: int


class Step(Struct, frozen=True):
    """One step of the chain; `at` is None while it is still to come, when `due` may say when."""

    title: str
    at: datetime | str | None
    due: str | None
    sentence: str
    links: tuple[Link, ...] = ()


class Number(Struct, frozen=True):
    """Where a number comes from, and the number itself once it is public."""

    label: str
    kind: str
    giver: str
    sentence: str
    digits: str | None
    link: Link | None
    at: str | None = None


class StratumLine(Struct, frozen=True):
    id: str
    name: str
    holds: str
    population: int
    mandatory: int
    quota: int
    by_lot: int
    rule: str
    sum: str
    chance: str
    chance_words: str
    cut: str | None
    next: str | None


class TeamMember(Struct, frozen=True):
    seat: str
    name: str | None
    unit: str
    vacant: bool


class Row(Struct, frozen=True):
    visit: Visit
    name: str
    area: str
    stratum: str
    team: tuple[TeamMember, ...]
    result: Code | None
    result_id: str | None


class Replaced(Struct, frozen=True):
    """One replacement in words."""

    event: Event
    link: Link
    person: bool
    reason: str
    target: str
    out: str
    in_: str | None


class Exempted(Struct, frozen=True):
    """A stated reason in words: which rule was not kept, for what, and why."""

    rule: str
    subject: str
    reason: str


class DrawPage(Struct, frozen=True):
    """Everything the page says. `rows` are one page of `matching` rows, of `total` in all."""

    record: PublicRecord
    plan: Plan
    status: Status
    population: int
    drawn: int
    chain: tuple[Step, ...]
    numbers: tuple[Number, ...]
    numbers_in_words: str
    strata: tuple[StratumLine, ...]
    transcript: Transcript | None
    rows: tuple[Row, ...]
    total: int
    matching: int
    page: int
    pages: int
    query: str
    replaced: tuple[Replaced, ...]
    results: tuple[tuple[Code, int], ...]
    results_total: int
    names_due: bool
    staffing: str | None
    exceptions: tuple[Exempted, ...]
    next_attempt: str | None


async def read_draw_page(office: Office, draw: str, query: str = "", page: int = 1) -> DrawPage:
    """Return the page; `query` keeps the rows whose name or code holds it. NotFound for a draft or a rehearsal."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        record = await read_record(connection, draw)
        plan, transcript = record.plan, await read_transcript(connection, record)
        names = await open_names(connection, draw)
        counted = await connection.fetch(
            "SELECT code, count(*) AS n FROM result WHERE draw = $1 GROUP BY code ORDER BY n DESC, code", draw
        )
        following = await connection.fetchval(
            "SELECT id FROM draw WHERE year = $1 AND number = $2 AND attempt = $3 AND plan IS NOT NULL",
            record.row.year, record.row.number, record.row.attempt + 1,
        )  # fmt: skip
        visits: list[Visit] = []
        rows, matching, pages, replaced = [], 0, 1, []
        if transcript is not None:
            lists, people = await read_lists(connection, plan), await read_people(connection, plan)
            visits = visits_of(plan, lists, transcript, [event for _, event in record.events])
            firms = await _firm_names(connection, draw, [v.target for v in visits])
            wanted = _wanted(visits, firms, query)
            matching, pages = len(wanted), max(1, -(-len(wanted) // PAGE))
            page = min(page, pages)
            rows = await _rows(
                connection, plan, wanted[(page - 1) * PAGE : page * PAGE], firms, people, names
            )
            replaced = _replaced(record, firms, people, names)
    return DrawPage(
        record=record, plan=plan, status=STATES[record.row.state], population=plan.blobs.pool.count,
        drawn=planned_drawn(plan), chain=_chain(record), numbers=_numbers(record, names),
        numbers_in_words=_numbers_in_words(plan), strata=_strata(plan, transcript), transcript=transcript, rows=tuple(rows),
        total=len(visits), matching=matching, page=page, pages=pages, query=query, replaced=tuple(replaced),
        results=tuple((_code(r["code"]), r["n"]) for r in counted), results_total=sum(r["n"] for r in counted),
        names_due=plan.names_open <= as_time(office.now()), staffing=_staffing(transcript), exceptions=_exceptions(plan), next_attempt=following,
    )  # fmt: skip


def _code(code: ResultCode) -> Code:
    return CODES[code]


async def _firm_names(connection: Connection, draw: str, targets: Sequence[str]) -> dict[str, str]:
    rows = await connection.fetch(
        "SELECT target, name FROM draw_target WHERE draw = $1 AND target = ANY($2)", draw, list(targets)
    )
    return {row["target"]: row["name"] for row in rows}


def _wanted(visits: list[Visit], firms: Mapping[str, str], query: str) -> list[Visit]:
    wanted = query.casefold()
    return [
        v for v in visits if wanted in v.target.casefold() or wanted in firms.get(v.target, "").casefold()
    ]


async def _rows(
    connection: Connection, plan: Plan, visits: list[Visit], firms: Mapping[str, str], people: Mapping[str, Person],
    names: Mapping[str, Mapping[str, str]],
) -> list[Row]:  # fmt: skip
    found = await connection.fetch(
        "SELECT target, id, code FROM result WHERE draw = $1 AND target = ANY($2)",
        plan.id,
        [v.target for v in visits],
    )
    results = {row["target"]: row for row in found}
    areas, strata = {a.id: a.name for a in plan.areas}, {s.id: s.name for s in plan.strata}
    return [
        Row(
            visit=visit, name=firms.get(visit.target, visit.target), area=areas[visit.area], stratum=strata[visit.stratum],
            team=team_of(visit, people, names),
            result=_code(results[visit.target]["code"]) if visit.target in results else None,
            result_id=results[visit.target]["id"] if visit.target in results else None,
        )
        for visit in visits
    ]  # fmt: skip


def team_of(
    visit: Visit, people: Mapping[str, Person], names: Mapping[str, Mapping[str, str]]
) -> tuple[TeamMember, ...]:
    """Return the team of a visit with the names that are open."""
    team = []
    for seated in visit.team:
        value = names.get(people[seated.person].digest, {}) if seated.person is not None else {}
        seat = (
            f"{seated.seat}（专家）" if seated.role == "expert" and "专家" not in seated.seat else seated.seat
        )
        team.append(TeamMember(seat, value.get("name"), value.get("unit", ""), seated.person is None))
    return tuple(team)


def _link(record: PublicRecord, kind: str, label: str) -> tuple[Link, ...]:
    return tuple(Link(label, d.sha256, d.index) for d in record.documents if d.document.type == kind)


def _chain(record: PublicRecord) -> tuple[Step, ...]:
    plan, outcome, opening = record.plan, record.outcome, record.opening
    late = {label_of(c) for c in plan.contributors if isinstance(c, Dice | PublicNumber)}
    given = record.contributions
    witnesses = [label_of(c) for c in plan.contributors if isinstance(c, Witness)]
    steps = [
        Step("锁定名单", plan.frozen_at, None, f"候选 {plan.blobs.pool.count} 户的名单和全部规则在此刻定死，指纹立即公布。",
             _link(record, "draw-plan/v1", "计划")),
    ]  # fmt: skip
    if witnesses:
        came = [given[label] for label in witnesses if label in given]
        present = sum(not is_absent(d.line) for _, d in came)
        steps.append(
            Step("见证数字", max((d.given_at for _, d in came), default=None) if len(came) == len(witnesses) else None,
                 plan.instant, f"{present} / {len(witnesses)} 位见证人已公开给出数字。" if came else "见证人在开号前公开给出数字。",
                 tuple(Link(c.body, given[c.label][0].sha256, given[c.label][0].index)
                       for c in plan.contributors if isinstance(c, Witness) and c.label in given))
        )  # fmt: skip
    if late:
        came = [given[label] for label in sorted(late) if label in given]
        steps.append(
            Step("开号", max(d.given_at for _, d in came) if len(came) == len(late) else None, plan.instant,
                 _numbers_in_words(plan, late_only=True) + "，锁定名单时谁也不可能知道。",
                 tuple(Link("骰子" if label == "dice" else label, given[label][0].sha256, given[label][0].index)
                       for label in sorted(late) if label in given))
        )  # fmt: skip
    if record.void is not None:
        logged, document = record.void
        steps.append(
            Step(
                "作废",
                document.voided_at,
                None,
                "没有抽取，没有任何结果。",
                (Link("作废文书", logged.sha256, logged.index),),
            )
        )
        return tuple(steps)
    drawn_at = getattr(outcome.document, "drawn_at", None) if outcome is not None else None
    link = (
        ()
        if outcome is None
        else (Link("抽取结果" if plan.sealed is None else "封存承诺", outcome.sha256, outcome.index),)
    )
    steps.append(Step("抽取", drawn_at, None, "由名单和号码算出，一次算定；谁来算都是这个结果。", link))
    if plan.sealed is None:
        signed = None if outcome is None or record.checkpoint is None else outcome.logged_at
        steps.append(
            Step("公布", signed, None, "签名并写入只增日志。" if signed is None
                 else f"签名并写入只增日志第 {outcome.index + 1} 条，由 {record.checkpoint} 条的检查点签定。" if outcome else "")
        )  # fmt: skip
        return tuple(steps)
    cause = "" if opening is None else f"{CAUSES[opening[1].cause]}。"
    steps.append(
        Step("启封公布", None if opening is None else opening[1].opened_at, plan.sealed.opens,
             cause + ("到时自动启封，" if opening is None else "已启封，") + "公布名单、检查组和全部号码，与抽取时的承诺核对。",
             () if opening is None else (Link("启封文书", opening[0].sha256, opening[0].index),))
    )  # fmt: skip
    return tuple(steps)


def _numbers_in_words(plan: Plan, late_only: bool = False) -> str:
    parts = []
    bodies = [c.body for c in plan.contributors if isinstance(c, Witness)]
    if bodies and not late_only:
        parts.append("、".join(bodies) + "的见证人")
    for contributor in plan.contributors:
        if isinstance(contributor, Dice):
            throwers = "、".join(t.body for t in contributor.throwers)
            parts.append(f"{throwers}当众掷出的 {contributor.digits} 位骰子数")
        elif isinstance(contributor, PublicNumber):
            parts.append(f"{contributor.source}（{contributor.issue}）")
    return "，加上".join(parts) or "公开的号码"


def _numbers(record: PublicRecord, names: Mapping[str, Mapping[str, str]]) -> tuple[Number, ...]:
    return tuple(_number(record, contributor, names) for contributor in record.plan.contributors)


def _number(record: PublicRecord, contributor: Contributor, names: Mapping[str, Mapping[str, str]]) -> Number:
    label = label_of(contributor)
    if isinstance(contributor, NonceCommitment):
        lines = () if record.shown is None else record.shown.contributions
        opened = next((line.rsplit(":", 1)[1] for line in lines if line.startswith(f"nonce:{label}:")), None)
        words = f"机关事先封存的随机数，锁定名单时只公布承诺，封条由{contributor.custodian}保管；抽取公布时开封，须与承诺相符。"
        return Number(
            label, "封存随机数", contributor.custodian, words + f"承诺 {contributor.commitment}", opened, None
        )
    found = record.contributions.get(label)
    link = None if found is None else Link("登记文书", found[0].sha256, found[0].index)
    at = None if found is None else found[1].given_at
    digits = None if found is None or is_absent(found[1].line) else found[1].line.rsplit(":", 1)[1]
    if isinstance(contributor, Witness):
        name = names.get(contributor.person, {}).get("name", "")
        giver = f"{contributor.body}{'　' + name if name else ''}"
        words = "以本人密钥签名" if contributor.key is not None else "写在纸上签字，机关两人登记"
        if found is not None and is_absent(found[1].line):
            words = "缺席，没有给出数字"
        elif found is None:
            words = "尚未给出"
        return Number(label, "见证人", giver, words, digits, link, at)
    if isinstance(contributor, Dice):
        people = [(t.body, names.get(t.person, {}).get("name", "")) for t in contributor.throwers]
        giver = "、".join(f"{body}{'　' + name if name else ''}" for body, name in people)
        return Number(
            label,
            "骰子",
            giver,
            f"{contributor.digits} 位，十面骰，{len(people)} 方轮流掷出",
            digits,
            link,
            at,
        )
    if isinstance(contributor, PublicNumber):
        words = f"{contributor.issue}；读法：{contributor.order}；例：{contributor.example}"
        return Number(label, "公共号码", contributor.source, words, digits, link, at)
    assert isinstance(contributor, Drand)
    return Number(label, "公共信标", contributor.chain, f"第 {contributor.round} 轮", digits, link, at)


def _strata(plan: Plan, transcript: Transcript | None) -> tuple[StratumLine, ...]:
    outcomes = {} if transcript is None else {stratum.id: stratum for stratum in transcript.strata}
    lines = []
    for stratum in plan.strata:
        outcome, among = outcomes.get(stratum.id), stratum.population - stratum.mandatory
        cuts = {} if outcome is None else {cut.section: cut.cut for cut in outcome.quotas}
        sections = {section.id: section.name for section in plan.sections}
        for quota in stratum.quotas:
            name = (
                stratum.name if len(stratum.quotas) == 1 else f"{stratum.name}（{sections[quota.section]}）"
            )
            lines.append(
                StratumLine(
                    id=stratum.id, name=name, holds=stratum.rule, population=stratum.population, mandatory=stratum.mandatory,
                    quota=quota.quota, by_lot=quota.by_lot, rule=rule_in_words(quota.rule),
                    sum=count_in_words(quota, stratum.mandatory), chance=quota.chance,
                    chance_words=chance_in_words(quota.by_lot, among), cut=cuts.get(quota.section),
                    next=None if outcome is None else outcome.next,
                )
            )  # fmt: skip
    return tuple(lines)


def _replaced(
    record: PublicRecord,
    firms: Mapping[str, str],
    people: Mapping[str, Person],
    names: Mapping[str, Mapping[str, str]],
) -> list[Replaced]:
    reasons = {reason.id: reason.name for reason in record.plan.replacement_reasons}

    def person(id: str) -> str:
        return names.get(people[id].digest, {}).get("name") or f"{id[:10]}…（姓名未公开）"

    def firm(id: str) -> str:
        return firms.get(id, id)

    lines = []
    for logged, event in record.events:
        successor = event.successor
        if isinstance(event, PersonEvent):
            incoming = person(event.successor) if event.successor is not None else None
            out = person(event.person)
        else:
            incoming = firm(event.successor.id) if event.successor is not None else None
            out = firm(event.target)
        label = "启封文书" if record.opening is not None and logged is record.opening[0] else "递补文书"
        lines.append(
            Replaced(event, Link(label, logged.sha256, logged.index), isinstance(event, PersonEvent),
                     reasons.get(event.reason, event.reason), firm(event.target), out,
                     incoming if successor is not None else None)
        )  # fmt: skip
    return lines


def _exceptions(plan: Plan) -> tuple[Exempted, ...]:
    """Return the stated reasons with names for ids: a stratum, a section of one, a seat of a class, a person."""
    strata, sections = {s.id: s.name for s in plan.strata}, {s.id: s.name for s in plan.sections}
    classes = {c.id: c for c in plan.classes}
    lines = []
    for stated in plan.exceptions:
        first, *rest = stated.subject.split("/")
        if first in classes and len(rest) == 2 and rest[1].isdecimal():
            seats = classes[first].inspector_seats if rest[0] == "inspectors" else classes[first].expert_seats
            seat = seats[int(rest[1]) - 1].name if 0 < int(rest[1]) <= len(seats) else rest[1]
            subject = f"{classes[first].name}的{seat}席"
        elif stated.rule == "wide-exclusion":
            subject = f"人员名单中编号 {first[:10]}… 的人"
        else:
            subject = "，".join([strata.get(first, first), *(sections.get(part, part) for part in rest)])
        lines.append(Exempted(EXCEPTIONS.get(stated.rule, stated.rule), subject, stated.reason))
    return tuple(lines)


def _staffing(transcript: Transcript | None) -> str | None:
    """Return why no teams were drawn, if so; targets and items stand all the same."""
    if transcript is None:
        return None
    if transcript.inspectors.outcome != "COMPLETE":
        return (
            "检查人员不足以组成全部检查组，检查组没有产生；抽中的对象和事项不受影响。缺口说明载于结果文件。"
        )
    if transcript.experts.outcome not in ("COMPLETE", "NOT_RUN"):
        return "技术专家不足以配齐全部检查组，专家没有产生；抽中的对象、事项和检查人员不受影响。缺口说明载于结果文件。"
    return None
