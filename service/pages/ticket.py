"""`/draws/<id>/tickets/<target>/`: why one firm was drawn, or was not; and the search that leads there."""

from collections.abc import Sequence

from msgspec import Struct, UnsetType

from disclosure.tree import inclusion_proof, leaf_hash, node_hash
from selection.keys import ticket as make_ticket
from selection.plan import Former, Item, Plan, PoolRule, Stratum
from selection.pool import Target
from selection.transcript import Transcript
from service.database import Connection
from service.errors import NotFound
from service.former import complete_stages
from service.language import SOURCE, current_language, gettext
from service.office import Office, as_time
from service.pages.commands import KeyCommands, OneLiners, key_commands, one_liners
from service.pages.later_teams import read_later_teams, read_teams_draws
from service.pages.record import (
    Lists,
    Order,
    PublicRecord,
    read_lists,
    read_order,
    read_people,
    read_record,
    read_transcript,
)
from service.pages.visits import TeamMember, Visit, open_names, section_names, team_of, visits_of
from service.pages.words import Code, chance_in_words, standing_code

__all__ = ["Found", "Hop", "Inclusion", "Match", "Place", "SectionLine", "TicketPage", "find_tickets", "has_every_ticket",
           "read_ticket_page", "shown_tickets"]  # fmt: skip

MATCHES = 50
EVERY_TICKET = 20_000  # lines of a pool up to which every ticket is a page of the static folder


class Hop(Struct, frozen=True):
    """One step of an inclusion proof: the sibling, on which side it stands, and the hash of both."""

    left: bool
    sibling: str
    node: str


class Inclusion(Struct, frozen=True):
    """The line of the pool, which line it is from 1, its leaf hash, and the way from there to the root."""

    line: str
    number: int
    leaf: str
    hops: tuple[Hop, ...]


class Place(Struct, frozen=True):
    """Where the firm stands in the order of its stratum, and the marks that decide."""

    commands: OneLiners
    ticket: str
    rank: int
    among: int
    by_lot: int
    cut: str | None
    following: str | None  # the next in order
    following_linked: bool  # whether the static folder has its page, in the language being spoken
    first_reserve: str | None


class SectionLine(Struct, frozen=True):
    """One department's quota of the firm's stratum: its first `by_lot` in the common order, and whether the firm is among them."""

    name: str
    by_lot: int
    cut: str | None
    draws: bool | None  # None before the result


class TicketPage(Struct, frozen=True):
    """What the page says of one target. `answer` is the one plain sentence; `drawn` None while nothing is drawn or shown."""

    record: PublicRecord
    plan: Plan
    target: str
    name: str
    candidate: Target | None
    area: str
    excluded: str | None
    excluded_by: PoolRule | None  # the rule of the plan that excluded it, if one did
    mandatory: str | None
    stratum: Stratum | None
    chance: str
    chance_words: str
    answer: str
    drawn: bool | None
    place: Place | None
    quotas: tuple[SectionLine, ...]  # where several departments draw from the stratum
    keys: KeyCommands | None
    visit: Visit | None
    team: tuple[TeamMember, ...]
    sections: tuple[str, ...]  # which departments drew it, where several take part
    teams_of: Former | None  # the draw for which this one draws teams alone
    names_due: bool
    items: tuple[Item, ...]
    result: Code | None
    result_id: str | None
    proof: Inclusion | None
    in_both: bool  # whether the static folder has this page in every language


class Match(Struct, frozen=True):
    target: str
    name: str
    standing: str


class Found(Struct, frozen=True):
    """What a search for a firm found; `more` says that only the first are shown."""

    record: PublicRecord
    query: str
    matches: tuple[Match, ...]
    more: bool


async def read_ticket_page(office: Office, draw: str, target: str) -> TicketPage:
    """Return the page of `target`; NotFound if the draw never looked at it."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        record = await read_record(connection, draw)
        plan, lists = record.plan, await read_lists(connection, record.plan)
        name = await connection.fetchval(
            "SELECT name FROM draw_target WHERE draw = $1 AND target = $2", draw, target
        )
        found = lists.targets.get(target)
        reason = lists.excluded.get(target)
        if found is None and reason is None and name is None:
            raise NotFound(
                f"{target[:64]} 不在批次 {draw} 的名单中，也不在排除名单中",
                f"{target[:64]} is in neither list of draw {draw}",
            )
        transcript = await read_transcript(connection, record)
        visit: Visit | None = None
        visits: list[Visit] = []
        team: tuple[TeamMember, ...] = ()
        if transcript is not None and found is not None:
            visits = visits_of(plan, lists, transcript, [event for _, event in record.events])
            visit = next((v for v in visits if v.target == target), None)
            if visit is not None:
                people, names = await read_people(connection, plan), await open_names(connection, draw)
                team = team_of(visit, people, names)
                if not complete_stages(transcript):
                    later = await read_later_teams(connection, await read_teams_draws(connection, draw))
                    team = (*team, *later.get(target, ()))
        order = None if transcript is None or found is None else await read_order(plan, lists, transcript)
        result = await _result(connection, draw, target)
    candidate = None if found is None else found[1]
    stratum = None if candidate is None else next(s for s in plan.strata if s.id == candidate.stratum)
    place, shown = None, frozenset[str]()
    if candidate is not None and stratum is not None and transcript is not None and order is not None:
        shown = shown_tickets(visits, transcript)
        every = has_every_ticket(plan) and current_language() == SOURCE
        place = _place(candidate, stratum, transcript, order, None if every else shown)
    reasons = {reason.id: reason.name for reason in plan.reason_codes}
    by_lot, among = _chance(stratum)
    items = {item.id: item for item in plan.items}
    sections = section_names(plan)
    return TicketPage(
        record=record, plan=plan, target=target, name=name or target, candidate=candidate,
        area="" if candidate is None else next(a.name for a in plan.areas if a.id == candidate.area),
        excluded=None if reason is None else reasons.get(reason, reason),
        excluded_by=None if isinstance(plan.pool_rules, UnsetType) else next((rule for rule in plan.pool_rules if rule.id == reason), None),
        mandatory=reasons.get(lists.mandatory[target], "") if target in lists.mandatory else None,
        stratum=stratum, chance="" if stratum is None else f"{by_lot}/{among}", chance_words=chance_in_words(by_lot, among),
        answer=_answer(record, stratum, place, visit, target in lists.mandatory, reason is not None),
        drawn=None if transcript is None else visit is not None and visit.replaced_by is None,
        place=place, quotas=_quotas(plan, stratum, transcript, visit), keys=None if transcript is None else key_commands(record, transcript), visit=visit, team=team,
        sections=() if visit is None else tuple(sections[s] for s in visit.sections if s in sections),
        teams_of=None if isinstance(plan.teams_of, UnsetType) else plan.teams_of, names_due=plan.names_open <= as_time(office.now()),
        items=() if visit is None else tuple(items[id] for id in visit.items),
        result=None if result is None else result[1], result_id=None if result is None else result[0],
        proof=_proof(lists, target), in_both=target in shown,
    )  # fmt: skip


async def _result(connection: Connection, draw: str, target: str) -> tuple[str, Code] | None:
    row = await connection.fetchrow(
        "SELECT id, code, status FROM result WHERE draw = $1 AND target = $2", draw, target
    )
    return None if row is None else (row["id"], standing_code(row["code"], row["status"]))


def _chance(stratum: Stratum | None) -> tuple[int, int]:
    if stratum is None:
        return 0, 0
    return max(quota.by_lot for quota in stratum.quotas), stratum.population - stratum.mandatory


def has_every_ticket(plan: Plan) -> bool:
    """Return whether every candidate's ticket is a page of the static folder, or only those of `shown_tickets`, as in English always."""
    return plan.blobs.pool.count <= EVERY_TICKET


def shown_tickets(visits: Sequence[Visit], transcript: Transcript) -> frozenset[str]:
    """Return all that were ever drawn, replaced ones too, and the first reserve of every stratum."""
    return frozenset({visit.target for visit in visits} | {s.next for s in transcript.strata if s.next is not None})


def _place(
    target: Target, stratum: Stratum, transcript: Transcript, order: Order, shown: frozenset[str] | None
) -> Place:
    outcome = next(s for s in transcript.strata if s.id == stratum.id)
    by_lot, among = _chance(stratum)
    rank, ids = order.ranks.get(target.id, 0), order.ids[stratum.id]
    following = ids[rank] if 0 < rank < len(ids) else None
    return Place(
        commands=one_liners(transcript.stage_key, target.id),
        ticket=make_ticket(transcript.stage_key, target.id), rank=rank, among=among, by_lot=by_lot,
        cut=max((cut.cut for cut in outcome.quotas if cut.cut is not None), default=None),
        following=following, following_linked=shown is None or following in shown, first_reserve=outcome.next,
    )  # fmt: skip


def _quotas(
    plan: Plan, stratum: Stratum | None, transcript: Transcript | None, visit: Visit | None
) -> tuple[SectionLine, ...]:
    if stratum is None or len(stratum.quotas) < 2:
        return ()
    names = {section.id: section.name for section in plan.sections}
    cuts: dict[str, str | None] = {}
    if transcript is not None:
        outcome = next(s for s in transcript.strata if s.id == stratum.id)
        cuts = {cut.section: cut.cut for cut in outcome.quotas}
    return tuple(
        SectionLine(names[quota.section], quota.by_lot, cuts.get(quota.section),
                    None if transcript is None else visit is not None and quota.section in visit.sections)
        for quota in stratum.quotas
    )  # fmt: skip


def _answer(
    record: PublicRecord,
    stratum: Stratum | None,
    place: Place | None,
    visit: Visit | None,
    mandatory: bool,
    excluded: bool,
) -> str:
    """Return in one sentence whether this firm was drawn, and why."""
    if not isinstance(of := record.plan.teams_of, UnsetType) and record.void is None:
        gone = excluded or (visit is not None and visit.replaced_by is not None)
        return gettext("这家企业由批次 {draw} 抽中，").format(draw=of.draw) + (gettext("后按规定的事由移出，不再检查。") if gone else gettext("本批次只为它抽检查组。"))
    if excluded:
        return gettext("这家企业在锁定名单时已被排除，不参加本批次抽取。")
    if stratum is None:
        return gettext("这家企业在名录中，但不属于本批次的任何一层，不参加本批次抽取。")
    if record.void is not None:
        return gettext("本批次已作废，没有抽取任何企业。")
    if place is None:
        if mandatory:
            return gettext("这家企业列为必查对象，不靠抽签。")
        by_lot, among = _chance(stratum)
        sealed = (
            gettext("结果已算定并封存，启封前不公布")
            if record.outcome is not None
            else gettext("号码还没有产生，谁也不知道会不会抽中")
        )
        return gettext("这家企业在名单中，机会是 {among} 户中的 {by_lot} 户；{sealed}。").format(among=among, by_lot=by_lot, sealed=sealed)
    if visit is not None and visit.replaced_by is not None:
        return gettext("这家企业曾被抽中，后按规定的事由移出，不再检查。")
    if mandatory:
        return gettext("这家企业列为必查对象，不靠抽签，必定检查。")
    where = gettext("号签在“{name}”{among} 户中从小到大排第 {rank} 位").format(name=stratum.name, among=place.among, rank=place.rank)
    if visit is not None and visit.succeeds is not None:
        return gettext("{where}，本层抽前 {by_lot} 位；原在候补，因前面的对象移出，依次递补为检查对象。").format(where=where, by_lot=place.by_lot)
    if visit is not None:
        return gettext("{where}，本层抽前 {by_lot} 位，因此被抽中。").format(where=where, by_lot=place.by_lot)
    return gettext("{where}，本层只抽前 {by_lot} 位，因此没有被抽中。").format(where=where, by_lot=place.by_lot)


def _proof(lists: Lists, target: str) -> Inclusion | None:
    if target not in lists.targets:
        return None
    index, size = lists.targets[target][0], len(lists.lines)
    node = leaf_hash(lists.lines[index])
    leaf, hops, at, last = node.hex(), [], index, size - 1
    for sibling in inclusion_proof(index, size, lambda level, place: lists.hashes[level, place]):
        left = bool(at & 1) or at == last
        node = node_hash(sibling, node) if left else node_hash(node, sibling)
        hops.append(Hop(left, sibling.hex(), node.hex()))
        while left and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return Inclusion(lists.lines[index].decode(), index + 1, leaf, tuple(hops))


async def find_tickets(office: Office, draw: str, query: str) -> Found:
    """Return the firms of a draw whose name or code holds `query`, an exact code first."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        record = await read_record(connection, draw)
        rows = []
        if query:
            rows = await connection.fetch(
                "SELECT target, name FROM draw_target WHERE draw = $1"
                " AND (position(lower($2) IN lower(name)) > 0 OR position(lower($2) IN lower(target)) > 0)"
                " ORDER BY lower(target) <> lower($2), name <> $2, target LIMIT $3",
                draw, query, MATCHES + 1,
            )  # fmt: skip
        lists = await read_lists(connection, record.plan)
    strata = {stratum.id: stratum.name for stratum in record.plan.strata}

    def standing(target: str) -> str:
        if target in lists.targets:
            return gettext("在名单中 · {stratum}").format(stratum=strata[lists.targets[target][1].stratum])
        return gettext("已排除") if target in lists.excluded else gettext("不在名单中")

    matches = tuple(Match(row["target"], row["name"], standing(row["target"])) for row in rows[:MATCHES])
    return Found(record, query, matches, len(rows) > MATCHES)
