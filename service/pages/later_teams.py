"""Teams of a draw that a plan of their own drew later (docs/spec/plan.md, "Teams alone"), and the way there."""

from collections.abc import Sequence

from msgspec import Struct

from service.database import Connection
from service.pages.record import read_lists, read_people, read_record, read_transcript
from service.pages.visits import TeamMember, open_names, team_of, visits_of
from service.pages.words import STATES, Status

__all__ = ["TeamsDraw", "read_later_teams", "read_teams_draws"]


class TeamsDraw(Struct, frozen=True):
    """A plan that draws, or drew, teams for another draw, or for such a plan that was not complete either."""

    id: str
    title: str
    status: Status
    drawn: bool


async def read_teams_draws(connection: Connection, draw: str) -> tuple[TeamsDraw, ...]:
    """Return the frozen plans that draw teams for `draw`, in order; void ones are left out."""
    found: list[TeamsDraw] = []
    while True:
        row = await connection.fetchrow(
            "SELECT id, title, state FROM draw WHERE draft ->> 'teams_of' = $1 AND state <> 'voided' AND plan IS NOT NULL",
            found[-1].id if found else draw,
        )
        if row is None:
            return tuple(found)
        drawn = row["state"] in ("drawn", "opened")
        found.append(TeamsDraw(row["id"], row["title"], STATES[row["state"]], drawn))


async def read_later_teams(
    connection: Connection, draws: Sequence[TeamsDraw]
) -> dict[str, tuple[TeamMember, ...]]:
    """Return the teams that these plans drew, by target, with the names that are open."""
    teams: dict[str, tuple[TeamMember, ...]] = {}
    for drawn in draws:
        if not drawn.drawn:
            continue
        record = await read_record(connection, drawn.id)
        transcript = await read_transcript(connection, record)
        if transcript is None:
            continue
        lists, people = await read_lists(connection, record.plan), await read_people(connection, record.plan)
        names = await open_names(connection, drawn.id)
        for visit in visits_of(record.plan, lists, transcript, [event for _, event in record.events]):
            if visit.replaced_by is None:
                teams[visit.target] = (*teams.get(visit.target, ()), *team_of(visit, people, names))
    return teams
