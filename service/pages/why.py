"""`/draws/<id>/tickets/<target>/team/`: why these people and not others, seat by seat, from published facts alone."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from msgspec import UNSET, Struct

from selection.eligibility import STAGE_OF_ROLE, Staff
from selection.keys import stage_key
from selection.keys import ticket as make_ticket
from selection.plan import Plan, Seat
from selection.pool import OpenedConflicts, Person, Pools, parse_apart, parse_opened
from selection.replacement import Event, TargetEvent
from selection.transcript import Transcript
from service.database import Connection
from service.errors import NotFound
from service.language import gettext
from service.office import Office
from service.pages.commands import OneLiners, one_liners
from service.pages.record import (
    SHELF,
    Lists,
    PublicRecord,
    read_blob,
    read_lists,
    read_people,
    read_record,
    read_transcript,
)
from service.pages.shortage_words import Naming, missing_words
from service.pages.team_history import Passed, Past, SeatFilled, SeatsFilled, history_of
from service.pages.visits import open_names

__all__ = ["Candidate", "Kept", "Moment", "SeatWhy", "WhyPage", "naming_of", "read_past", "read_why_page", "short_id"]

AFTER = 3  # candidates shown behind the chosen one
SKIPPED = 60  # shown before them; the others are counted
_WORKING = asyncio.Semaphore(1)  # explanations are worked out one at a time


class Candidate(Struct, frozen=True):
    """One line: `outcome` is chosen, passed or after; `why` the short reason, `detail` the seats and people of a certificate."""

    place: int
    person: str
    name: str | None
    ticket: str
    outcome: str
    why: str
    detail: str


class Kept(Struct, frozen=True):
    """How many people are no candidates of a seat, by kind; `people` are named where the law keeps them away: ids, no reason."""

    kind: str
    count: int
    people: tuple[str, ...]


class SeatWhy(Struct, frozen=True):
    """One seat: what it asks, its candidates in ticket order as far as shown, and who is none."""

    role: str
    number: int
    name: str
    asks: str
    candidates: int
    lines: tuple[Candidate, ...]
    hidden: tuple[tuple[str, int], ...]  # reason -> how many passed over beyond those shown
    kept: tuple[Kept, ...]
    chosen: str | None
    command: OneLiners | None


class Moment(Struct, frozen=True):
    """The draw, or a replacement; `title` says which."""

    title: str
    seats: tuple[SeatWhy, ...]


class WhyPage(Struct, frozen=True):
    record: PublicRecord
    plan: Plan
    target: str
    name: str
    moments: tuple[Moment, ...]
    ended: bool


def short_id(person: str) -> str:
    """Return an id of a person short enough to read; the lists hold the whole."""
    return f"{person[:10]}…"


async def read_past(connection: Connection, record: PublicRecord) -> tuple[Past, Lists] | None:
    """Return what is published of teams; None before the draw and while it is sealed."""
    transcript, shown = await read_transcript(connection, record), record.shown
    if transcript is None or shown is None:
        return None
    plan = record.plan
    lists, people = await read_lists(connection, plan), await read_people(connection, plan)
    apart, opened = [await read_blob(connection, ref.sha256) for ref in (plan.blobs.apart, shown.opened)]
    events = [event for _, event in record.events]
    return await asyncio.to_thread(_past, plan, lists, people, apart, opened, transcript, events), lists


def _past(
    plan: Plan, lists: Lists, people: Mapping[str, Person], apart: bytes, opened: bytes, transcript: Transcript,
    events: Sequence[Event],
) -> Past:  # fmt: skip
    conflicts = {row.target: frozenset(row.people) for row in parse_opened(opened)}
    ids = [t.id for t in transcript.targets]
    for event in events:
        if isinstance(event, TargetEvent) and event.successor is not None:
            ids.append(event.successor.id)
            if (found := event.successor.opened) is not None:
                conflicts[event.successor.id] = frozenset(OpenedConflicts(event.successor.id, found.salt, found.people).people)
    pools = Pools(
        [lists.targets[id][1] for id in ids], frozenset(lists.mandatory), list(people.values()), frozenset(parse_apart(apart)),
        conflicts,
    )  # fmt: skip
    return Past(plan, pools, transcript, events)


def naming_of(
    plan: Plan, lists: Lists, role: str, firms: Mapping[str, str], person: Callable[[str], str]
) -> Naming:
    """Return what targets, people and seats are called in words about one role of `plan`."""
    classes = {c.id: c for c in plan.classes}

    def seat(target: str, number: int) -> str:
        of = classes[lists.targets[target][1].class_]
        return seat_name((of.inspector_seats if role == "inspector" else of.expert_seats)[number - 1], number)

    return Naming(lambda target: firms.get(target, target), person, seat, role)


def seat_name(seat: Seat, number: int) -> str:
    """Return what a seat is called: its name, and its number, for several may have one name."""
    return gettext("第 {number} 席{name}").format(number=number, name=seat.name)


async def read_why_page(office: Office, draw: str, target: str) -> WhyPage:
    """Return the page; NotFound unless the target was drawn and that is public, or if it has no team."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        record = await read_record(connection, draw)
        found = await read_past(connection, record)
        if found is None or not any(t.id == target for t in found[0].pools.targets):
            raise NotFound(
                f"批次 {draw} 没有公布 {target[:64]} 的检查组", f"no team of {target[:64]} is public in draw {draw}"
            )
        past, lists = found
        people, names = await read_people(connection, record.plan), await open_names(connection, draw)
        rows = await connection.fetch(
            "SELECT target, name FROM draw_target WHERE draw = $1 AND target = ANY($2)", draw, [t.id for t in past.pools.targets]
        )
    firms = {row["target"]: row["name"] for row in rows}
    key = ("why", record.s, past.transcript.draw_key, len(past.events), target)
    history: tuple[SeatsFilled, ...] | None = SHELF.get(key)
    if history is None:
        async with _WORKING:
            history = SHELF.get(key)  # whoever came first may have worked it out while we waited
            if history is None:
                history = await asyncio.to_thread(history_of, past, target)
                SHELF.put(key, history, 100)
    if not history:
        raise NotFound(f"批次 {draw} 没有为 {target[:64]} 抽出检查组", f"draw {draw} drew no team for {target[:64]}")

    def name(person: str) -> str | None:
        return names.get(people[person].digest, {}).get("name")

    page = _Page(past, lists, firms, name, target)
    ended = any(isinstance(event, TargetEvent) and event.target == target for event in past.events)
    return WhyPage(
        record, record.plan, target, firms.get(target, target), tuple(page.moment(each) for each in history), ended
    )


class _Page:
    """The history of one target in words."""

    def __init__(
        self, past: Past, lists: Lists, firms: Mapping[str, str], name: Callable[[str], str | None], target: str
    ) -> None:
        self.past, self.lists, self.firms, self.name, self.target = past, lists, firms, name, target
        self.staff = Staff(past.plan, past.pools, past.transcript.draw_key)
        self.areas = {area.id: area.name for area in past.plan.areas}
        self.codes = {code.id: code.name for code in past.plan.codes}
        self.sections = {section.id: section.name for section in past.plan.sections}

    def call(self, person: str) -> str:
        return self.name(person) or short_id(person)

    def moment(self, filled: SeatsFilled) -> Moment:
        event = filled.event
        reasons = {reason.id: reason.name for reason in self.past.plan.replacement_reasons}
        if event is None:
            title = gettext("抽取时")
        elif isinstance(event, TargetEvent):
            title = gettext("递补为检查对象时（第 {sequence} 次递补，{firm}移出）").format(sequence=event.sequence, firm=self.firms.get(event.target, event.target))
        else:
            title = gettext("第 {sequence} 次递补：{person}因“{reason}”退出").format(sequence=event.sequence, person=self.call(event.person), reason=reasons.get(event.reason, event.reason))
        return Moment(title, tuple(self.seat(each) for each in filled.seats))

    def seat(self, filled: SeatFilled) -> SeatWhy:
        plan, target = self.past.plan, self.lists.targets[self.target][1]
        of = next(c for c in plan.classes if c.id == target.class_)
        seat = (of.inspector_seats if filled.role == "inspector" else of.expert_seats)[filled.number - 1]
        key = stage_key(self.past.transcript.draw_key, f"{STAGE_OF_ROLE[filled.role]}/{self.target}")
        passed = {p.person: p for p in filled.passed}
        until = filled.candidates.index(filled.person) if filled.person is not None else len(filled.candidates)
        rest = filled.candidates[:until][SKIPPED:]
        # A successor's seats are filled together or not at all.
        unfilled = gettext("这家企业的席位不能同时配齐") if filled.person is None else ""
        lines = []
        for place, person in enumerate(filled.candidates[: until + 1 + AFTER], 1):
            if person in rest:
                continue
            outcome = "passed" if place <= until else "chosen" if place == until + 1 else "after"
            why, detail = self.reason(filled.role, passed[person]) if person in passed else (unfilled, "")
            lines.append(Candidate(place, person, self.name(person), make_ticket(key, person), outcome, why, detail))
        hidden: dict[str, int] = {}
        for person in rest:
            why = self.reason(filled.role, passed[person])[0] if person in passed else unfilled
            hidden[why] = hidden.get(why, 0) + 1
        return SeatWhy(
            role=filled.role, number=filled.number, name=seat_name(seat, filled.number), asks=self.asks(seat, filled.role, target.area),
            candidates=len(filled.candidates), lines=tuple(lines), hidden=tuple(hidden.items()), kept=self.kept(seat, filled.role, target.area),
            chosen=None if filled.person is None else self.call(filled.person),
            command=None if filled.person is None else one_liners(key, filled.person),
        )  # fmt: skip

    def asks(self, seat: Seat, role: str, area: str) -> str:
        parts = [gettext("{section}的{role}").format(section=self.sections[seat.section], role=gettext("检查人员") if role == "inspector" else gettext("专家"))]
        if seat.codes:
            parts.append(gettext("并有“{codes}”的资格或专业").format(codes=gettext("、").join(self.codes.get(code, code) for code in seat.codes)))
        if self.past.plan.area_rule != "any":
            asked = gettext("负责{area}") if self.past.plan.area_rule == "same" else gettext("不负责{area}")
            parts.append(asked.format(area=self.areas.get(area, area)))
        return gettext("，").join(parts)

    def kept(self, seat: Seat, role: str, area: str) -> tuple[Kept, ...]:
        """Return who is no candidate, each person under the first test they fail."""
        kinds: dict[str, list[str]] = {}
        # In a plan for teams alone who may not work beside a standing inspector stands among the conflicts too.
        away = gettext("须回避这家企业") if self.past.plan.teams_of is UNSET else gettext("须回避这家企业，或不得与已产生的检查人员同组")
        for person in self.past.pools.people:
            reasons = self.staff.why_not(role, seat, self.target, area, person.id)
            if reasons:
                word = {"role": gettext("部门或角色不符"), "section": gettext("部门或角色不符"), "code": gettext("缺少所需资格或专业"), "area": gettext("不合区域规则"),
                        "conflict": away}[reasons[0]]  # fmt: skip
                kinds.setdefault(word, []).append(person.id)
        return tuple(
            Kept(word, len(ids), tuple(map(self.call, ids)) if word == away else ()) for word, ids in kinds.items()
        )

    def reason(self, role: str, passed: Passed) -> tuple[str, str]:
        """Return the short reason, and the seats and people that need this person, if so."""
        match passed.reason:
            case "no place left":
                return gettext("限额已用完"), ""
            case "already in this team":
                return gettext("已在本组"), ""
            case "apart":
                return gettext("与组内的{person}不得同组").format(person=self.call(passed.apart_from or "")), ""
            case "left this team":
                return gettext("已从本组退出"), ""
            case "no team found":
                return gettext("若由其担任，因有人不得同组，后面的席位配不齐"), ""
            case "needed" if passed.certificate is not None:
                naming = naming_of(self.past.plan, self.lists, role, self.firms, self.call)
                return gettext("后面的席位非其不可"), gettext("若由其担任这一席，后面就不够了：{missing}").format(missing=missing_words(passed.certificate, naming).said)
        return gettext("后面的席位非其不可"), gettext("本批次席位很多，这里不逐一列出是哪些席位；用核验程序重算可以查对。")
