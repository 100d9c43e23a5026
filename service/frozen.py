"""A frozen draw as the bureau keeps it: the plan, its lists, the secrets and what was contributed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import msgspec
from msgspec import Struct

from disclosure.document import Contribution, DrawOpening, DrawOutcome, Replacement, SealedOutcome
from selection.contribution import label_of
from selection.errors import SelectionError
from selection.plan import NonceCommitment, Plan
from selection.pool import (
    OpenedConflicts,
    Pools,
    Target,
    parse_apart,
    parse_listed,
    parse_opened,
    parse_people,
    parse_pool,
)
from selection.replacement import Event, Standing, apply_event, standing_after_draw
from selection.transcript import Transcript, parse_transcript
from service.big_pools import ListedTargets, is_big
from service.database import Connection
from service.documents import Stored, documents_of, read_blob
from service.errors import Conflicting, NotFound

__all__ = ["DrawRow", "FrozenDraw", "lock_draw", "read_draw_row", "read_frozen", "read_sealed_events"]


class DrawRow(Struct, frozen=True):
    """The row of a draw; `plan` is S, None while it is a draft. `sections` are the departments that take part, the leading one first."""

    id: str
    year: int
    number: int
    attempt: int
    state: str
    title: str
    task: str
    plan: str | None
    instant: datetime | None
    opens: datetime | None
    sections: tuple[str, ...]


_ROW = "SELECT id, year, number, attempt, state, title, task, plan, instant, opens, sections FROM draw WHERE id = $1"


async def read_draw_row(connection: Connection, draw: str) -> DrawRow:
    """Return the row; NotFound for an unknown draw."""
    return await _row(connection, draw, _ROW)


async def lock_draw(connection: Connection, draw: str) -> DrawRow:
    """Return the row, locked until the transaction ends: one step of a draw at a time."""
    return await _row(connection, draw, _ROW + " FOR UPDATE")


async def _row(connection: Connection, draw: str, sql: str) -> DrawRow:
    row = await connection.fetchrow(sql, draw)
    if row is None:
        raise NotFound(f"没有批次 {draw}", f"there is no draw {draw}")
    return DrawRow(**dict(row) | {"sections": tuple(row["sections"])})


class FrozenDraw(Struct, frozen=True, dict=True):
    """Everything about a draw from the freeze on. `opened` holds the conflicts of all targets, by target.

    The targets of a large pool are not read before the draw, and later only when asked for (`service/big_pools.py`).
    """

    row: DrawRow
    plan: Plan
    pools: Pools
    opened: Mapping[str, OpenedConflicts]
    nonce: str
    disclosures: Mapping[str, tuple[str, str]]
    documents: list[Stored]
    result: bytes | None

    @property
    def s(self) -> str:
        assert self.row.plan is not None
        return self.row.plan

    @cached_property
    def contributions(self) -> Mapping[str, Contribution]:
        """Contribution documents by label."""
        found = (stored.document for stored in self.documents)
        return {document.label: document for document in found if isinstance(document, Contribution)}

    def lines(self) -> list[str]:
        """Return the contribution lines in plan order, the nonce's included; Conflicting if one is not there yet."""
        lines = []
        for contributor in self.plan.contributors:
            if isinstance(contributor, NonceCommitment):
                lines.append(f"nonce:{contributor.label}:{self.nonce}")
                continue
            given = self.contributions.get(label_of(contributor))
            if given is None:
                raise Conflicting(
                    f"{label_of(contributor)} 的数字尚未登记",
                    f"{label_of(contributor)} has not contributed yet",
                )
            lines.append(given.line)
        return lines

    @cached_property
    def transcript(self) -> Transcript:
        """The transcript as drawn; Conflicting before the draw."""
        if self.result is None:
            raise Conflicting("尚未抽取", "nothing has been drawn yet")
        return parse_transcript(self.result)

    def outcome(self) -> Stored:
        """Return the outcome document, open or sealed; Conflicting before the draw."""
        found = [d for d in self.documents if isinstance(d.document, DrawOutcome | SealedOutcome)]
        if not found:
            raise Conflicting("尚未抽取", "nothing has been drawn yet")
        return found[0]

    def opening(self) -> DrawOpening | None:
        return next((d.document for d in self.documents if isinstance(d.document, DrawOpening)), None)

    def events(self, sealed_events: list[Event]) -> list[Event]:
        """Return all events in sequence: those committed while sealed, then the published replacements."""
        published = [d.document.event for d in self.documents if isinstance(d.document, Replacement)]
        return [*sealed_events, *published]

    def standing(self, sealed_events: list[Event]) -> Standing:
        """Return what stands after all events."""
        standing = standing_after_draw(self.plan, self.pools, self.transcript)
        for event in self.events(sealed_events):
            standing = apply_event(standing, event)
        return standing


async def read_frozen(connection: Connection, row: DrawRow) -> FrozenDraw:
    """Return the frozen draw of `row`; Conflicting if it is still a draft."""
    if row.plan is None:
        raise Conflicting("名单尚未锁定", "the list is not frozen yet")
    documents = await documents_of(connection, row.id)
    plan = documents[0].document
    assert isinstance(plan, Plan)
    secret = await connection.fetchrow(
        "SELECT nonce, opened, disclosures FROM draw_secret WHERE draw = $1", row.id
    )

    async def blob(sha256: str) -> bytes:
        data = await read_blob(connection, sha256)
        if data is None:
            raise SelectionError(f"the database lost blob {sha256} of draw {row.id}")
        return data

    async def targets() -> Sequence[Target]:
        if not is_big(plan):
            return parse_pool(await blob(plan.blobs.pool.sha256))
        drawn = row.state in ("drawn", "sealed", "opened")
        return ListedTargets(await blob(plan.blobs.pool.sha256) if drawn else None)

    opened = parse_opened(secret["opened"])
    mandatory = parse_listed("mandatory", await blob(plan.blobs.mandatory.sha256))
    pools = Pools(
        targets=await targets(),
        mandatory=frozenset(listed.target for listed in mandatory),
        people=parse_people(await blob(plan.blobs.people.sha256)),
        apart=frozenset(parse_apart(await blob(plan.blobs.apart.sha256))),
        conflicts={conflict.target: frozenset(conflict.people) for conflict in opened},
    )
    result: bytes | None = await connection.fetchval("SELECT result FROM draw_result WHERE draw = $1", row.id)
    disclosures = msgspec.json.decode(secret["disclosures"], type=dict[str, tuple[str, str]])
    return FrozenDraw(
        row, plan, pools, {c.target: c for c in opened}, secret["nonce"], disclosures, documents, result
    )


async def read_sealed_events(connection: Connection, draw: str) -> list[Event]:
    """Return the events decided while the draw was sealed, in sequence."""
    rows = await connection.fetch("SELECT event FROM sealed_event WHERE draw = $1 ORDER BY sequence", draw)
    return [msgspec.json.decode(row["event"], type=Event) for row in rows]
