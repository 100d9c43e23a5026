"""`/draws/<id>/`: one draw, complete enough that nothing else needs to be read."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, UnsetType

from selection.contribution import label_of
from selection.plan import Dice, Drand, Former, Plan, Witness
from selection.pool import Person
from selection.replacement import Event, PersonEvent
from selection.transcript import Transcript
from service.database import Connection
from service.former import complete_stages
from service.language import gettext
from service.office import Office, as_time
from service.pages.course import Step, chain_of
from service.pages.later_teams import TeamsDraw, read_later_teams, read_teams_draws
from service.pages.numbers import Link, Number, numbers_of, sources_in_words
from service.pages.record import (
    PublicRecord,
    read_lists,
    read_people,
    read_record,
    read_thin_seats,
    read_transcript,
)
from service.pages.results import Outcome, read_outcomes
from service.pages.shortfall import NoTeams, read_no_teams
from service.pages.strata import Exempted, StratumLine, exceptions_of, strata_of
from service.pages.visits import TeamMember, Visit, open_names, section_names, team_of, visits_of
from service.pages.words import (
    STATES,
    Code,
    Status,
    planned_drawn,
    standing_code,
)

__all__ = ["DrawPage", "Replaced", "Row", "TeamMember", "read_draw_page"]

PAGE = 50


class Row(Struct, frozen=True):
    visit: Visit
    name: str
    area: str
    stratum: str
    team: tuple[TeamMember, ...]
    sections: tuple[str, ...]  # which departments drew it, where several take part
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


class Twin(Struct, frozen=True):
    """Another plan with the same number in our log."""

    id: str
    index: int
    status: Status


class DrawPage(Struct, frozen=True):
    """Everything the page says. `rows` are one page of `matching` rows, of `total` in all."""

    record: PublicRecord
    plan: Plan
    status: Status
    population: int
    drawn: int
    chain: tuple[Step, ...]
    numbers: tuple[Number, ...]
    sources: str
    strata: tuple[StratumLine, ...]
    transcript: Transcript | None
    rows: tuple[Row, ...]
    total: int
    matching: int
    page: int
    pages: int
    query: str
    replaced: tuple[Replaced, ...]
    results: tuple[Outcome, ...]
    results_total: int
    names_due: bool
    staffing: str | None
    no_teams: NoTeams | None  # the same in detail
    teams_draws: tuple[TeamsDraw, ...]  # plans that draw the missing teams
    teams_of: Former | None  # the draw for which this one draws teams alone
    exceptions: tuple[Exempted, ...]
    next_attempt: str | None
    twins: tuple[Twin, ...]
    order: tuple[tuple[str, int], ...]  # what was logged when: words and index


async def read_draw_page(office: Office, draw: str, query: str = "", page: int = 1) -> DrawPage:
    """Return the page; `query` keeps the rows whose name or code holds it. NotFound for a draft or a rehearsal."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        record = await read_record(connection, draw)
        plan, transcript = record.plan, await read_transcript(connection, record)
        names = await open_names(connection, draw)
        outcomes = await read_outcomes(connection, draw)
        thin = await read_thin_seats(connection, plan)
        twins = await _twins(connection, record)
        following = await connection.fetchval(
            "SELECT id FROM draw WHERE year = $1 AND number = $2 AND attempt = $3 AND plan IS NOT NULL",
            record.row.year, record.row.number, record.row.attempt + 1,
        )  # fmt: skip
        teams_draws: tuple[TeamsDraw, ...] = ()
        visits: list[Visit] = []
        rows, matching, pages, replaced = [], 0, 1, []
        staffing = _staffing(transcript)
        no_teams = None if staffing is None else await read_no_teams(connection, record, names)
        if transcript is not None:
            lists, people = await read_lists(connection, plan), await read_people(connection, plan)
            visits = visits_of(plan, lists, transcript, [event for _, event in record.events])
            firms = await _firm_names(connection, draw, [v.target for v in visits])
            wanted = _wanted(visits, firms, query)
            matching, pages = len(wanted), max(1, -(-len(wanted) // PAGE))
            page = min(page, pages)
            later: dict[str, tuple[TeamMember, ...]] = {}
            if not complete_stages(transcript):
                teams_draws = await read_teams_draws(connection, draw)
                later = await read_later_teams(connection, teams_draws)
            rows = await _rows(
                connection, plan, wanted[(page - 1) * PAGE : page * PAGE], firms, people, names, later
            )
            replaced = _replaced(record, firms, people, names)
    return DrawPage(
        record=record, plan=plan, status=STATES[record.row.state], population=plan.blobs.pool.count,
        drawn=planned_drawn(plan), chain=chain_of(record), numbers=numbers_of(record, names),
        sources=sources_in_words(plan), strata=strata_of(plan, transcript), transcript=transcript, rows=tuple(rows),
        total=len(visits), matching=matching, page=page, pages=pages, query=query, replaced=tuple(replaced),
        results=outcomes, results_total=sum(outcome.count for outcome in outcomes),
        names_due=plan.names_open <= as_time(office.now()), staffing=staffing, no_teams=no_teams, teams_draws=teams_draws,
        teams_of=None if isinstance(plan.teams_of, UnsetType) else plan.teams_of, exceptions=exceptions_of(plan, thin),
        next_attempt=following, twins=twins, order=_order(record),
    )  # fmt: skip


def _order(record: PublicRecord) -> tuple[tuple[str, int], ...]:
    given = {label: logged.index for label, (logged, _) in record.contributions.items()}
    lines = [(gettext("锁定名单"), record.documents[0].index)]
    for contributor in record.plan.contributors:
        if (index := given.get(label_of(contributor))) is not None:
            lines.append((gettext("{body}的数字").format(body=contributor.body) if isinstance(contributor, Witness)
                          else gettext("骰子") if isinstance(contributor, Dice)
                          else gettext("公共信标") if isinstance(contributor, Drand) else gettext("公共号码"), index))  # fmt: skip
    if record.outcome is not None:
        lines.append((gettext("抽取"), record.outcome.index))
    if record.void is not None:
        lines.append((gettext("作废"), record.void[0].index))
    return tuple(sorted(lines, key=lambda line: line[1]))


async def _twins(connection: Connection, record: PublicRecord) -> tuple[Twin, ...]:
    rows = await connection.fetch(
        "SELECT d.draw, d.leaf_index, w.state FROM document d JOIN draw w ON w.id = d.draw WHERE d.kind = 'draw-plan/v1'"
        " AND w.year = $1 AND w.number = $2 AND d.sha256 <> $3 ORDER BY d.logged_at, d.leaf_index",
        record.row.year, record.row.number, record.s,
    )  # fmt: skip
    return tuple(Twin(row["draw"], row["leaf_index"], STATES[row["state"]]) for row in rows)


def _code(row: Mapping[str, Any]) -> Code:
    return standing_code(row["code"], row["status"])


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
    names: Mapping[str, Mapping[str, str]], later: Mapping[str, tuple[TeamMember, ...]],
) -> list[Row]:  # fmt: skip
    found = await connection.fetch(
        "SELECT target, id, code, status FROM result WHERE draw = $1 AND target = ANY($2)",
        plan.id,
        [v.target for v in visits],
    )
    results = {row["target"]: row for row in found}
    areas, strata = {a.id: a.name for a in plan.areas}, {s.id: s.name for s in plan.strata}
    sections = section_names(plan)
    return [
        Row(
            visit=visit, name=firms.get(visit.target, visit.target), area=areas[visit.area], stratum=strata[visit.stratum],
            team=(*team_of(visit, people, names), *later.get(visit.target, ())),
            sections=tuple(sections[section] for section in visit.sections if section in sections),
            result=_code(results[visit.target]) if visit.target in results else None,
            result_id=results[visit.target]["id"] if visit.target in results else None,
        )
        for visit in visits
    ]  # fmt: skip


def _replaced(
    record: PublicRecord,
    firms: Mapping[str, str],
    people: Mapping[str, Person],
    names: Mapping[str, Mapping[str, str]],
) -> list[Replaced]:
    reasons = {reason.id: reason.name for reason in record.plan.replacement_reasons}

    def person(id: str) -> str:
        return names.get(people[id].digest, {}).get("name") or gettext("{id}…（姓名未公开）").format(id=id[:10])

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
        label = gettext("启封文书") if record.opening is not None and logged is record.opening[0] else gettext("递补文书")
        lines.append(
            Replaced(event, Link(label, logged.sha256, logged.index), isinstance(event, PersonEvent),
                     reasons.get(event.reason, event.reason), firm(event.target), out,
                     incoming if successor is not None else None)
        )  # fmt: skip
    return lines


def _staffing(transcript: Transcript | None) -> str | None:
    """Return why no teams were drawn, if so; targets and items stand all the same."""
    if transcript is None:
        return None
    if transcript.inspectors.outcome != "COMPLETE":
        return (
            gettext("检查人员不足以组成全部检查组，检查组没有产生；抽中的对象和事项不受影响。")
        )
    if transcript.experts.outcome not in ("COMPLETE", "NOT_RUN"):
        return gettext("技术专家不足以配齐全部检查组，专家没有产生；抽中的对象、事项和检查人员不受影响。")
    return None
