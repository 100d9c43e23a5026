"""The draws of a year as `load` wants them: people by registry number, names from the disclosures the bureau keeps."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from disclosure.document import Replacement, parse_document
from disclosure.errors import PersonError
from disclosure.person import parse_disclosure
from selection.eligibility import seats_of
from selection.plan import Plan
from selection.pool import Person, Target, parse_people, parse_pool
from selection.replacement import Event, TargetEvent
from selection.transcript import Transcript, parse_transcript
from service.database import Connection
from service.documents import read_blob
from service.frozen import read_sealed_events
from service.office import Office, as_time
from service.planning.feasibility import able
from service.planning.load import Kind, YearDraw

__all__ = ["name_of", "read_year", "read_years", "standing_teams"]

# A sealed draw is not read, by nobody: who is sent where is known to those who go.
_DRAWS = (
    "SELECT w.id, p.data AS plan, r.result, s.disclosures FROM draw w JOIN document p ON p.sha256 = w.plan"
    " JOIN draw_result r ON r.draw = w.id JOIN draw_secret s ON s.draw = w.id"
    " WHERE w.year = $1 AND seen_by(w.sections, $2) AND w.state IN ('drawn', 'opened') ORDER BY w.number, w.attempt"
)


def name_of(disclosure: str) -> str:
    """Return the name a disclosure holds; empty if it was erased."""
    try:
        _, _, value = parse_disclosure(disclosure)
    except PersonError:
        return ""
    return str(value.get("name", "")) if isinstance(value, dict) else ""


async def read_years(office: Office, department: str | None = None) -> list[int]:
    """Return the years that have draws to report, the newest first; to a department, those it took part in."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT DISTINCT year FROM draw WHERE state IN ('drawn', 'opened') AND seen_by(sections, $1) ORDER BY year DESC", department
        )
    return [row["year"] for row in rows]


async def read_year(office: Office, year: int, department: str | None = None) -> list[YearDraw]:
    """Return the drawn and opened draws of a year, with the people as they stand after all replacements.

    To a department, the draws it took part in, with its own people alone (ADR 27).
    """
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return [
            await _read(connection, row["id"], row["plan"], row["result"], row["disclosures"], as_time(office.now()), department)
            for row in await connection.fetch(_DRAWS, year, department)
        ]


async def _read(
    connection: Connection, draw: str, plan_data: bytes, result: bytes, disclosures: str, now: str, department: str | None
) -> YearDraw:
    plan = parse_document(plan_data)
    assert isinstance(plan, Plan)
    people, pool = [await read_blob(connection, ref.sha256) for ref in (plan.blobs.people, plan.blobs.pool)]
    assert people is not None and pool is not None
    rows = await connection.fetch(
        "SELECT data FROM document WHERE draw = $1 AND kind = 'replacement/v1' ORDER BY leaf_index", draw
    )
    published = [parse_document(row["data"]) for row in rows]
    events = await read_sealed_events(connection, draw)
    events += [document.event for document in published if isinstance(document, Replacement)]
    known = msgspec.json.decode(disclosures, type=dict[str, tuple[str, str]])
    if plan.names_open > now:  # until then the number alone, in the office too
        known = {id: (number, "") for id, (number, _) in known.items()}
    return await asyncio.to_thread(
        _year_draw, plan, parse_people(people), pool, parse_transcript(result), events, known, department
    )


def _year_draw(
    plan: Plan, people: Sequence[Person], pool: bytes, transcript: Transcript, events: Sequence[Event],
    known: Mapping[str, tuple[str, str]], department: str | None,
) -> YearDraw:  # fmt: skip
    people = [person for person in people if department in (None, person.section)]
    number = {person.id: known[person.id][0] if person.id in known else person.id for person in people}
    teams, sections = standing_teams(transcript, events)
    left, joined = Counter[str](), Counter[str]()
    for event in events:
        if not isinstance(event, TargetEvent) and event.person in number:
            left[number[event.person]] += 1
            if event.successor in number:
                joined[number[event.successor]] += 1
    places = Counter[str]()
    for person in people:
        places[number[person.id]] += person.places
    targets = [target for target in parse_pool(pool) if target.id in teams]
    return YearDraw(
        id=plan.id, title=plan.title,
        names={number[id]: name_of(text) for id, (_, text) in known.items() if id in number},
        places=places,
        teams=tuple(own for team in teams.values() if (own := tuple(number[p] for p in team if p in number))),
        kinds=_kinds(plan, people, targets, teams, sections, number),
        left=left, joined=joined,
    )  # fmt: skip


def standing_teams(
    transcript: Transcript, events: Sequence[Event]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Return who stands for each target after `events`, vacant seats left out, and by which sections it is visited."""
    seated: dict[str, list[tuple[str, str]]] = {
        t.id: [*(("inspector", p) for p in t.inspectors), *(("expert", p) for p in t.experts)] for t in transcript.targets
    }
    sections = {t.id: t.sections for t in transcript.targets}
    for event in events:
        if isinstance(event, TargetEvent):
            del seated[event.target]
            if (new := event.successor) is not None:
                seated[new.id] = [*(("inspector", p) for p in new.inspectors if p), *(("expert", p) for p in new.experts if p)]
                sections[new.id] = sections[event.target]
        else:
            team = seated[event.target]
            place = team.index((event.role, event.person))
            team[place : place + 1] = [] if event.successor is None else [(event.role, event.successor)]
    return {id: tuple(p for _, p in team) for id, team in seated.items()}, sections


def _kinds(
    plan: Plan, people: Sequence[Person], targets: Sequence[Target], teams: Mapping[str, tuple[str, ...]],
    sections: Mapping[str, tuple[str, ...]], number: Mapping[str, str],
) -> tuple[Kind, ...]:  # fmt: skip
    asked: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    for target in targets:
        if teams[target.id]:
            asked[target.class_, "" if plan.area_rule == "any" else target.area, sections[target.id]] += 1
    made = []
    for (class_, area, by), count in asked.items():
        seats = [
            tuple(sorted(number[p.id] for p in able(plan, people, role, seat, area)))
            for role in ("inspector", "expert")
            for _, seat in seats_of(plan, class_, role, by)
        ]
        made.append(Kind(count, tuple(seat for seat in seats if seat)))
    return tuple(made)
