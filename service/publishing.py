"""Jobs: checkpoints after every commit, openings at their dates, names when the plan says. `service/static_folder/` makes files of it."""

from collections.abc import Awaitable
from datetime import datetime

from disclosure.document import Replacement
from disclosure.person import digest
from selection.replacement import Event, PersonEvent, TargetEvent
from service import guard, log
from service.cosigning import cosign_due
from service.database import Connection
from service.errors import Conflicting
from service.frozen import FrozenDraw, lock_draw, read_frozen, read_sealed_events
from service.life.open import due_to_open, open_draw
from service.office import Office, as_time
from service.policies import policy_bytes
from service.registry.writing import fill_marks
from service.timestamps import stamp_checkpoints

__all__ = ["catch_up", "open_names", "policy_bytes", "run_jobs"]


async def catch_up(office: Office) -> None:
    """Sign every committed head that has no checkpoint: what a crash between COMMIT and signing left. Where nothing may be signed
    (`guard`), say so and go on: everything published stays readable."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT shard, EXISTS (SELECT 1 FROM log_checkpoint c WHERE c.shard = h.shard AND c.size = h.size) AS signed"
            " FROM log_head h ORDER BY shard"
        )
    for row in rows:
        if not row["signed"]:
            await log.publish_checkpoint(office, row["shard"])
        elif row["shard"] not in office.memory.checked:
            await _heeding(office, row["shard"], guard.check_signing(office, row["shard"]))


async def _heeding(office: Office, shard: str, asking: Awaitable[object]) -> None:
    try:
        await asking
    except Conflicting as refusal:  # also: this process was started before the log's key was here
        guard.warn(office, shard, refusal)


async def run_jobs(office: Office) -> None:
    """Do what is due: sign what is unsigned, open sealed draws, open names. Safe to run anywhere, any number of times.

    What fails is raised when all else is done: no draw that cannot be opened holds back another.
    """
    await catch_up(office)
    for shard, replies in await cosign_due(office):
        await _heeding(office, shard, guard.heed(office, shard, replies))
    failures: list[Exception] = []
    for draw in await due_to_open(office):
        await _attempt(open_draw(office, None, draw, "date"), failures)
    for draw, since in await _names_due(office):
        await _attempt(_open_names(office, draw, since), failures)
    await _attempt(stamp_checkpoints(office), failures)
    await _attempt(fill_marks(office), failures)
    if failures:
        raise ExceptionGroup("jobs failed", failures)


async def _attempt(job: Awaitable[object], failures: list[Exception]) -> None:
    try:
        await job
    except Exception as error:
        failures.append(error)


async def open_names(office: Office) -> int:
    """Open the names of everyone drawn or witnessing in draws whose `names_open` has come; return how many are new."""
    return sum([await _open_names(office, draw, since) for draw, since in await _names_due(office)])


async def _names_due(office: Office) -> list[tuple[str, datetime | None]]:
    """Return the draws with names to open, and when names of theirs were opened last: None if they never were."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "WITH waiting AS MATERIALIZED (SELECT w.id, w.plan, w.names_opened_at FROM draw w"
            " WHERE w.state IN ('drawn', 'opened') AND (w.names_opened_at IS NULL OR EXISTS (SELECT 1 FROM document d"
            " WHERE d.draw = w.id AND d.kind = 'replacement/v1' AND d.logged_at >= w.names_opened_at)))"
            " SELECT w.id, w.names_opened_at FROM waiting w JOIN document p ON p.sha256 = w.plan"
            " WHERE convert_from(p.data, 'UTF8')::jsonb->>'names_open' <= $1 ORDER BY w.id",
            as_time(office.now()),
        )
    return [(row["id"], row["names_opened_at"]) for row in rows]


async def _open_names(office: Office, draw: str, since: datetime | None) -> int:
    """Open all names of `draw`, or, after the first time, those of people drawn since. A redacted name stays redacted."""
    async with office.pool.acquire() as connection, connection.transaction():
        frozen = await read_frozen(connection, await lock_draw(connection, draw))
        wanted = await _people_to_name(connection, frozen, since)
        # A redaction leaves the empty text here; that the digest is asked for too is for a drawer restored from elsewhere.
        texts = [text for key, (_, text) in frozen.disclosures.items() if key in wanted and text]
        new = await connection.fetch(
            "INSERT INTO disclosure (digest, draw, kind, text, opened_at)"
            " SELECT digest, $1, 'person', text, $2 FROM unnest($3::text[], $4::text[]) AS t (digest, text)"
            " WHERE NOT EXISTS (SELECT FROM redacted r WHERE r.digest = t.digest)"
            " ON CONFLICT (digest) DO NOTHING RETURNING digest",
            draw, office.now(), [digest(text) for text in texts], texts,
        )  # fmt: skip
        await connection.execute("UPDATE draw SET names_opened_at = $2 WHERE id = $1", draw, office.now())
    return len(new)


async def _people_to_name(connection: Connection, frozen: FrozenDraw, since: datetime | None) -> set[str]:
    """Return the ids of all people ever drawn and the labels of witnesses and throwers; only who was drawn from `since` on
    if it is given."""
    people: set[str] = set()
    events: list[Event] = []
    if since is None:
        people = {p for t in frozen.transcript.targets for p in (*t.inspectors, *t.experts)}
        people |= frozen.disclosures.keys() - {person.id for person in frozen.pools.people}
        events = await read_sealed_events(connection, frozen.row.id)
    events += [
        d.document.event
        for d in frozen.documents
        if isinstance(d.document, Replacement) and (since is None or d.logged_at >= since)
    ]
    for event in events:
        if isinstance(event, PersonEvent) and event.successor is not None:
            people.add(event.successor)
        elif isinstance(event, TargetEvent) and event.successor is not None:
            people.update(p for p in (*event.successor.inspectors, *event.successor.experts) if p is not None)
    return people
