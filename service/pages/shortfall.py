"""Why a draw has no teams, on its page: the shortage part by part, for everybody, with ids for people whose names are not open."""

import asyncio
from collections.abc import Mapping

from msgspec import Struct

from selection.shortage import ShortagePart
from selection.transcript import StageOutcome
from service.database import Connection
from service.pages.record import SHELF, PublicRecord, read_people
from service.pages.shortage_words import Shortfall, Words, outcome_words, words_of
from service.pages.team_history import Past, stage_seats
from service.pages.why import naming_of, read_past, short_id

__all__ = ["NoTeams", "read_no_teams"]

_WORKING = asyncio.Semaphore(1)


class NoTeams(Struct, frozen=True):
    """Which teams there are none of, and why. `whole` is False where the draw is too large to say more than its certificate."""

    role: str
    parts: tuple[Shortfall, ...]
    other: Words | None
    whole: bool


async def read_no_teams(
    connection: Connection, record: PublicRecord, names: Mapping[str, Mapping[str, str]]
) -> NoTeams | None:
    """Return why a published draw has not all its teams; None if it has, and while nothing is public."""
    found = await read_past(connection, record)
    if found is None:
        return None
    past, lists = found
    stages: tuple[tuple[str, StageOutcome], ...] = (("inspector", past.transcript.inspectors), ("expert", past.transcript.experts))
    stopped = next(((r, s) for r, s in stages if s.outcome not in ("COMPLETE", "NOT_RUN")), None)
    if stopped is None:
        return None
    role, stage = stopped
    key = ("no teams", record.s, past.transcript.draw_key)
    known: tuple[tuple[ShortagePart, ...], int, bool] | None = SHELF.get(key)
    if known is None:
        async with _WORKING:
            known = SHELF.get(key)  # whoever came first may have worked it out while we waited
            if known is None:
                known = await asyncio.to_thread(_work_out, past, role, stage)
                SHELF.put(key, known, 1000)
    parts, seats, whole = known
    targets = [seat.target for part in parts for seat in part.certificate.seats]
    rows = await connection.fetch(
        "SELECT target, name FROM draw_target WHERE draw = $1 AND target = ANY($2)", record.plan.id, targets
    )
    people = await read_people(connection, record.plan)

    def call(person: str) -> str:
        return names.get(people[person].digest, {}).get("name") or short_id(person)

    naming = naming_of(record.plan, lists, role, {row["target"]: row["name"] for row in rows}, call)
    places = sum(person.places for person in people.values() if person.role == role)
    return NoTeams(role, words_of(parts, naming), outcome_words(stage.outcome, seats, places), whole)


def _work_out(past: Past, role: str, stage: StageOutcome) -> tuple[tuple[ShortagePart, ...], int, bool]:
    """Return the parts, the number of seats, and whether all that can be said is said."""
    asked = stage_seats(past, role)
    if stage.certificate is None:
        return (), 0 if asked is None else len(asked.seats), asked is not None
    if asked is None:
        return (ShortagePart(stage.certificate, (), (), ()),), 0, False
    return asked.shortage(), len(asked.seats), True
