"""Who is visited by whom: the result of a draw with its published replacements, as rows for readers."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from disclosure.errors import PersonError
from disclosure.person import parse_disclosure
from selection.eligibility import seats_of
from selection.plan import Plan
from selection.pool import Person
from selection.replacement import Event, TargetEvent
from selection.transcript import Transcript
from service.database import Connection
from service.disclosures import REDACTED, redacted_people
from service.language import gettext
from service.pages.record import Lists

__all__ = ["Seated", "TeamMember", "Visit", "open_names", "section_names", "team_of", "visits_of"]


class TeamMember(Struct, frozen=True):
    seat: str
    name: str | None
    unit: str
    vacant: bool


class Seated(Struct, frozen=True):
    """One seat of a team; `person` is None while it is vacant, `section` the name of its department where several take part."""

    role: str
    seat: str
    person: str | None
    section: str = ""


class Visit(Struct, frozen=True):
    """A target that was drawn, or took another's place. `replaced_by` tells a replaced one: its successor's id, or ""."""

    target: str
    area: str
    stratum: str
    class_: str
    rank: int | None
    ticket: str
    items: tuple[str, ...]
    team: tuple[Seated, ...]
    sections: tuple[str, ...]
    succeeds: str | None = None
    replaced_by: str | None = None


async def open_names(connection: Connection, draw: str) -> dict[str, Mapping[str, str]]:
    """Return digest -> {name, unit, certificate} of every person whose name is open in this draw; of a redacted one, that it is."""
    rows = await connection.fetch(
        "SELECT digest, text FROM disclosure WHERE draw = $1 AND kind = 'person'", draw
    )
    names: dict[str, Mapping[str, str]] = {
        digest: {"name": REDACTED, "unit": "", "certificate": ""} for digest in await redacted_people(connection, draw)
    }
    for row in rows:
        try:
            _, _, value = parse_disclosure(row["text"])
        except PersonError:
            continue
        if isinstance(value, dict):
            names[row["digest"]] = value
    return names


def visits_of(plan: Plan, lists: Lists, transcript: Transcript, events: Sequence[Event]) -> list[Visit]:
    """Return all drawn targets and their successors, replaced ones included, by stratum and rank, mandatory ones first."""
    visits: dict[str, Visit] = {}
    for drawn in transcript.targets:
        target = lists.targets[drawn.id][1]
        visits[drawn.id] = Visit(
            target=drawn.id, area=target.area, stratum=drawn.stratum, class_=target.class_, rank=drawn.rank,
            ticket=drawn.ticket, items=drawn.items, sections=drawn.sections,
            team=_team(plan, target.class_, drawn.sections, drawn.inspectors, drawn.experts),
        )  # fmt: skip
    for event in events:
        _apply(plan, lists, visits, event)
    places = {stratum.id: place for place, stratum in enumerate(plan.strata)}
    return sorted(visits.values(), key=lambda v: (places[v.stratum], v.rank or 0, v.ticket))


def team_of(
    visit: Visit, people: Mapping[str, Person], names: Mapping[str, Mapping[str, str]]
) -> tuple[TeamMember, ...]:
    """Return the team of a visit with the names that are open; a seat says of which department it is where several take part."""
    team = []
    for seated in visit.team:
        value = names.get(people[seated.person].digest, {}) if seated.person is not None else {}
        seat = (
            gettext("{seat}（专家）").format(seat=seated.seat) if seated.role == "expert" and "专家" not in seated.seat else seated.seat
        )
        if seated.section:
            seat = f"{seated.section} · {seat}"
        team.append(TeamMember(seat, value.get("name"), value.get("unit", ""), seated.person is None))
    return tuple(team)


def section_names(plan: Plan) -> dict[str, str]:
    """Return the names of the departments by label; none where only one takes part, which every reader knows."""
    return {section.id: section.name for section in plan.sections} if len(plan.sections) > 1 else {}


def _team(
    plan: Plan,
    class_: str,
    sections: Sequence[str],
    inspectors: Sequence[str | None],
    experts: Sequence[str | None],
) -> tuple[Seated, ...]:
    team = []
    names = section_names(plan)
    for role, people in (("inspector", inspectors), ("expert", experts)):
        if people:
            seats = seats_of(plan, class_, role, sections)
            team += [
                Seated(role, seat.name, person, names.get(seat.section, ""))
                for (_, seat), person in zip(seats, people, strict=True)
            ]
    return tuple(team)


def _apply(plan: Plan, lists: Lists, visits: dict[str, Visit], event: Event) -> None:
    old = visits[event.target]
    if not isinstance(event, TargetEvent):
        team = tuple(
            Seated(s.role, s.seat, event.successor, s.section) if (s.role, s.person) == (event.role, event.person) else s
            for s in old.team
        )
        visits[old.target] = _changed(old, team=team)
        return
    new = event.successor
    visits[old.target] = _changed(old, replaced_by="" if new is None else new.id)
    if new is not None:
        target = lists.targets[new.id][1]
        visits[new.id] = Visit(
            target=new.id, area=target.area, stratum=target.stratum, class_=target.class_, rank=new.rank, ticket=new.ticket,
            items=new.items, sections=old.sections, succeeds=old.target,
            team=_team(plan, target.class_, old.sections, new.inspectors, new.experts),
        )  # fmt: skip


def _changed(visit: Visit, **changes: object) -> Visit:
    values = {name: getattr(visit, name) for name in visit.__struct_fields__}
    return Visit(**{**values, **changes})
