"""`/draws/<id>/people/`: how many targets each person of a draw got, and how often the same two went together. By id."""

from collections import Counter

from msgspec import Struct

from selection.loads import concentration_of
from selection.plan import Plan
from selection.replacement import TargetEvent
from service.errors import NotFound
from service.language import Table, gettext, marked
from service.office import Office
from service.pages.record import PublicRecord, read_people, read_record, read_transcript
from service.pages.visits import open_names
from service.pages.why import short_id
from service.planning.load_reading import standing_teams

__all__ = ["LoadPage", "PersonLoad", "read_load_page"]

PAGE = 100
ROLES = Table({"inspector": marked("检查人员"), "expert": marked("专家")})


class PersonLoad(Struct, frozen=True):
    person: str
    name: str | None
    role: str
    targets: int
    places: int
    left: int  # how often replaced
    joined: int  # how often a successor


class LoadPage(Struct, frozen=True):
    """One page of the people, most targets first; counts as they stand after all published replacements."""

    record: PublicRecord
    plan: Plan
    lines: tuple[PersonLoad, ...]
    people: int
    busy: int
    seats: int
    events: int
    pairs: tuple[str, ...]  # those who went together most often
    largest: int
    largest_pairs: int
    meetings: int
    distinct: int
    page: int
    pages: int


async def read_load_page(office: Office, draw: str, page: int = 1) -> LoadPage:
    """Return the page; NotFound before the outcome is public or where no teams were drawn."""
    async with (
        office.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        record = await read_record(connection, draw)
        transcript = await read_transcript(connection, record)
        if transcript is None or transcript.inspectors.outcome != "COMPLETE":
            raise NotFound(f"批次 {draw} 没有公布检查组", f"no teams of draw {draw} are public")
        people, names = await read_people(connection, record.plan), await open_names(connection, draw)
    events = [event for _, event in record.events]
    teams, _ = standing_teams(transcript, events)
    found = concentration_of({id: person.places for id, person in people.items()}, teams.values())
    left, joined = Counter[str](), Counter[str]()
    for event in events:
        if not isinstance(event, TargetEvent):
            left[event.person] += 1
            if event.successor is not None:
                joined[event.successor] += 1

    def name(id: str) -> str | None:
        return names.get(people[id].digest, {}).get("name")

    loads = sorted(found.loads, key=lambda load: (-load.seats, load.person))
    pages = max(1, -(-len(loads) // PAGE))
    page = min(page, pages)
    most = [pair for pair in found.pairs if pair.times == found.largest]
    return LoadPage(
        record=record, plan=record.plan,
        lines=tuple(
            PersonLoad(load.person, name(load.person), ROLES[people[load.person].role], load.seats, load.places,
                       left[load.person], joined[load.person])
            for load in loads[(page - 1) * PAGE : page * PAGE]
        ),
        people=len(loads), busy=sum(load.seats > 0 for load in loads), seats=sum(load.seats for load in loads), events=len(events),
        pairs=tuple(gettext("{first}和{second}").format(first=name(p.first) or short_id(p.first), second=name(p.second) or short_id(p.second)) for p in most[:1]),
        largest=found.largest, largest_pairs=len(most), meetings=found.meetings, distinct=found.distinct, page=page, pages=pages,
    )  # fmt: skip
