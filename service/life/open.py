"""Open (启封) a sealed draw: at the plan's date, or when the last visit is done; by job, so that nobody can hold it back."""

from typing import Literal

from disclosure.blob import refer
from disclosure.document import DrawOpening, ResultReference
from selection.keys import digest_of
from selection.pool import format_opened
from selection.replacement import Event
from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.documents import Stored, add_blob, begin_turn, record
from service.errors import Conflicting, Denied
from service.frozen import FrozenDraw, lock_draw, read_frozen, read_sealed_events
from service.log import publish_checkpoint
from service.office import Office, as_time
from service.sections import signers_for

__all__ = ["due_to_open", "open_draw"]

Cause = Literal["date", "last-visit"]


async def open_draw(office: Office, who: Staff | None, draw: str, cause: Cause) -> str:
    """Open `draw` and return the digest of its opening; the same one if it was opened before.

    `who` is None for the job. Raises Conflicting before the plan's date for cause `date`, or for `last-visit` while a
    standing target has no result; Denied if a person without the role operator asks.
    """
    if who is not None and "operator" not in who.roles:
        raise Denied("只有经办人可以提请启封", "only an operator asks for the opening")
    async with office.pool.acquire() as connection, connection.transaction():
        row = await lock_draw(connection, draw)
        if row.state == "opened":
            return str(
                await connection.fetchval(
                    "SELECT sha256 FROM document WHERE draw = $1 AND kind = 'draw-opening/v1'", draw
                )
            )
        if row.state != "sealed":
            raise Conflicting("本批次没有封存的结果", f"a draw that is {row.state} has nothing to open")
        frozen = await read_frozen(connection, row)
        events = await read_sealed_events(connection, draw)
        assert row.opens is not None
        if cause == "date" and office.now() < row.opens:
            raise Conflicting("未到启封时间", f"the draw opens at {as_time(row.opens)}")
        if cause == "last-visit":
            # Entered by two inspectors and passed by the reviewer: the visit is done; publishing waits for this opening.
            inspected = await connection.fetch(
                "SELECT s.request->'asked'->>'target' AS target FROM step s JOIN step_agreement a ON a.step = s.id"
                " WHERE s.draw = $1 AND s.kind = 'inspection-result/v1' AND NOT s.withdrawn"
                " GROUP BY s.id HAVING count(*) >= 3",
                draw,
            )
            if open_visits := set(frozen.standing(events).targets) - {r["target"] for r in inspected}:
                raise Conflicting(
                    f"还有 {len(open_visits)} 户未检查",
                    f"{len(open_visits)} targets have not been inspected yet",
                )
        stored = await _open(office, connection, frozen, events, cause)
        await access_log.note(connection, None if who is None else who.id, "open", draw)
    await publish_checkpoint(office, stored.shard)
    return stored.sha256


async def _open(
    office: Office, connection: Connection, frozen: FrozenDraw, events: list[Event], cause: Cause
) -> Stored:
    transcript, result = frozen.transcript, frozen.result
    assert result is not None
    opened = format_opened([frozen.opened[t.id] for t in transcript.targets if t.id in frozen.opened])
    await add_blob(connection, result, public=True)
    await add_blob(connection, opened, public=True)
    turn = await begin_turn(connection, office, frozen.documents[0].shard)
    document = DrawOpening(
        cause=cause, contributions=tuple(frozen.lines()), draw_key=transcript.draw_key, events=tuple(events),
        id=frozen.row.id, opened=refer(opened), opened_at=as_time(turn.now), outcome=frozen.outcome().sha256,
        plan=frozen.s, result=ResultReference(digest_of(result), len(result)),
    )  # fmt: skip
    stored = await record(connection, turn, frozen.plan, document, "opening", signers_for(office, frozen.plan, document))
    await connection.execute("UPDATE draw SET state = 'opened' WHERE id = $1", frozen.row.id)
    return stored


async def due_to_open(office: Office) -> list[str]:
    """Return the ids of the sealed draws whose date has come."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT id FROM draw WHERE state = 'sealed' AND opens <= $1 ORDER BY id", office.now()
        )
    return [row["id"] for row in rows]
