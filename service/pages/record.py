"""The published record of one draw, and its lists, parsed once and kept under their digests."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from msgspec import Struct

from disclosure.document import (
    Contribution,
    Document,
    DrawOpening,
    DrawOutcome,
    DrawVoid,
    Replacement,
    SealedEvent,
    SealedOutcome,
    parse_document,
)
from disclosure.tree import CompactRange, leaf_hash
from selection.order import in_order
from selection.plan import Plan
from selection.plan_rules import thin_seats
from selection.pool import Person, Target, blob_lines, parse_listed, parse_people, parse_pool
from selection.replacement import Event
from selection.transcript import Transcript, parse_transcript
from service import log
from service.database import Connection
from service.errors import NotFound
from service.frozen import DrawRow, read_draw_row
from service.pages.shelf import Shelf

__all__ = ["SHELF", "Lists", "Logged", "Order", "PublicRecord", "read_blob", "read_lists", "read_order", "read_people", "read_plan",
           "read_record", "read_thin_seats", "read_transcript"]  # fmt: skip

T = TypeVar("T", bound=Document)

SHELF = Shelf(limit=300_000)  # lines; about 150 MB when full
_IN_RECORD = (
    "draw-plan/v1", "contribution/v1", "draw-outcome/v1", "sealed-outcome/v1", "sealed-event/v1", "draw-opening/v1",
    "replacement/v1", "draw-void/v1",
)  # fmt: skip


class Logged(Struct, frozen=True):
    """A document and where it stands in the log."""

    sha256: str
    document: Document
    index: int
    logged_at: datetime


class PublicRecord(Struct, frozen=True, dict=True):
    """Everything published about a draw but its results. `checkpoint` is the size of the one that holds all of it, or None."""

    row: DrawRow
    plan: Plan
    documents: Sequence[Logged]
    shard: str
    checkpoint: int | None

    @property
    def s(self) -> str:
        return self.documents[0].sha256

    def of_kind(self, kind: type[T]) -> list[tuple[Logged, T]]:
        """Return the documents of one kind in log order, each with its place."""
        return [(logged, logged.document) for logged in self.documents if isinstance(logged.document, kind)]

    @cached_property
    def contributions(self) -> dict[str, tuple[Logged, Contribution]]:
        return {document.label: (logged, document) for logged, document in self.of_kind(Contribution)}

    @cached_property
    def outcome(self) -> Logged | None:
        """The one outcome, open or sealed."""
        return next((d for d in self.documents if isinstance(d.document, DrawOutcome | SealedOutcome)), None)

    @cached_property
    def opening(self) -> tuple[Logged, DrawOpening] | None:
        return next(iter(self.of_kind(DrawOpening)), None)

    @cached_property
    def void(self) -> tuple[Logged, DrawVoid] | None:
        return next(iter(self.of_kind(DrawVoid)), None)

    @cached_property
    def shown(self) -> DrawOutcome | DrawOpening | None:
        """The document that shows the result; None before the draw and while it is sealed."""
        found = (d.document for d in self.documents if isinstance(d.document, DrawOutcome | DrawOpening))
        return next((d for d in found if isinstance(d, DrawOutcome | DrawOpening)), None)

    @cached_property
    def events(self) -> list[tuple[Logged, Event]]:
        """Replacements that are public, in sequence: those of the opening first."""
        opened = (
            [] if self.opening is None else [(self.opening[0], event) for event in self.opening[1].events]
        )
        return [*opened, *((logged, document.event) for logged, document in self.of_kind(Replacement))]

    @property
    def sealed_events(self) -> int:
        return len(self.of_kind(SealedEvent))


class Lists(Struct, frozen=True, dict=True):
    """The frozen lists about targets."""

    targets: dict[str, tuple[int, Target]]  # with the place of its line in `pool`
    excluded: dict[str, str]
    mandatory: dict[str, str]
    lines: Sequence[bytes]

    @cached_property
    def hashes(self) -> dict[tuple[int, int], bytes]:
        """Every complete subtree of the pool's tree, by (level, index)."""
        tree = CompactRange()
        return {
            (level, index): hash for line in self.lines for level, index, hash in tree.append(leaf_hash(line))
        }


class Order(Struct, frozen=True):
    """Every candidate by lot of every stratum in the order of the draw, and the place of each, from 1."""

    ids: dict[str, tuple[str, ...]]
    ranks: dict[str, int]


async def read_record(connection: Connection, draw: str) -> PublicRecord:
    """Return the record; NotFound for a draft, a rehearsal, or no draw at all, which look the same from outside."""
    row = await read_draw_row(connection, draw)
    found = await connection.fetch(
        "SELECT sha256, data, leaf_index, logged_at, shard FROM document WHERE draw = $1 AND kind = ANY($2) ORDER BY leaf_index",
        draw, list(_IN_RECORD),
    )  # fmt: skip
    documents = [
        Logged(r["sha256"], _document(r["sha256"], r["data"]), r["leaf_index"], r["logged_at"]) for r in found
    ]
    plan = documents[0].document if documents else None
    if not isinstance(plan, Plan) or plan.rehearsal:
        raise NotFound(f"没有批次 {draw}", f"there is no draw {draw}")
    shard = found[0]["shard"]
    checkpoint = await log.read_checkpoint_at_least(connection, shard, documents[-1].index + 1)
    return PublicRecord(row, plan, documents, shard, None if checkpoint is None else checkpoint[0])


def _document(sha256: str, data: bytes) -> Document:
    document: Document | None = SHELF.get(sha256)
    if document is None:
        document = parse_document(data)
        SHELF.put(sha256, document, 1 + len(data) // 200)
    return document


async def read_plan(connection: Connection, s: str) -> Plan:
    """Return the plan whose digest is `s`."""
    plan: Plan | None = SHELF.get(s)
    if plan is None:
        data = await connection.fetchval(
            "SELECT data FROM document WHERE sha256 = $1 AND kind = 'draw-plan/v1'", s
        )
        if data is None:
            raise NotFound(f"没有计划 {s}", f"there is no plan {s}")
        parsed = _document(s, data)
        assert isinstance(parsed, Plan)
        plan = parsed
    return plan


async def read_blob(connection: Connection, sha256: str) -> bytes:
    """Return a public blob; NotFound for any other."""
    data: bytes | None = await connection.fetchval(
        "SELECT data FROM blob WHERE sha256 = $1 AND public", sha256
    )
    if data is None:
        raise NotFound(f"名单 {sha256} 没有公开", f"blob {sha256} is not public")
    return data


async def read_lists(connection: Connection, plan: Plan) -> Lists:
    """Return pool, excluded and mandatory of `plan`."""
    blobs = plan.blobs
    key = (blobs.pool.sha256, blobs.excluded.sha256, blobs.mandatory.sha256)
    lists: Lists | None = SHELF.get(key)
    if lists is None:
        pool, excluded, mandatory = [await read_blob(connection, sha256) for sha256 in key]
        lists = await asyncio.to_thread(_parse_lists, pool, excluded, mandatory)
        SHELF.put(key, lists, 3 * len(lists.lines) + len(lists.excluded))
    return lists


def _parse_lists(pool: bytes, excluded: bytes, mandatory: bytes) -> Lists:
    lists = Lists(
        targets={target.id: (place, target) for place, target in enumerate(parse_pool(pool))},
        excluded={row.target: row.reason for row in parse_listed("excluded", excluded)},
        mandatory={row.target: row.reason for row in parse_listed("mandatory", mandatory)},
        lines=blob_lines(pool),
    )
    _ = lists.hashes
    return lists


async def read_people(connection: Connection, plan: Plan) -> dict[str, Person]:
    """Return the people of `plan` by id; who is behind an id only a disclosure says."""
    people: dict[str, Person] | None = SHELF.get(plan.blobs.people.sha256)
    if people is None:
        data = await read_blob(connection, plan.blobs.people.sha256)
        people = {person.id: person for person in await asyncio.to_thread(parse_people, data)}
        SHELF.put(plan.blobs.people.sha256, people, len(people))
    return people


async def read_thin_seats(connection: Connection, plan: Plan) -> dict[str, int]:
    """Return how many people could take each seat that too few could take; empty if the plan states no such exception."""
    if not any(stated.rule == "thin-seat" for stated in plan.exceptions):
        return {}
    key = ("thin", plan.id, plan.blobs.pool.sha256, plan.blobs.people.sha256)
    thin: dict[str, int] | None = SHELF.get(key)
    if thin is None:
        lists, people = await read_lists(connection, plan), await read_people(connection, plan)
        targets = [target for _, target in lists.targets.values()]
        thin = await asyncio.to_thread(lambda: dict(thin_seats(plan, targets, list(people.values()))))
        SHELF.put(key, thin, 1 + len(thin))
    return thin


async def read_transcript(connection: Connection, record: PublicRecord) -> Transcript | None:
    """Return the result as published; None before the draw and while it is sealed."""
    if record.shown is None:
        return None
    sha256 = record.shown.result.sha256
    transcript: Transcript | None = SHELF.get(sha256)
    if transcript is None:
        transcript = await asyncio.to_thread(parse_transcript, await read_blob(connection, sha256))
        SHELF.put(sha256, transcript, 2 * len(transcript.targets))
    return transcript


async def read_order(plan: Plan, lists: Lists, transcript: Transcript) -> Order:
    """Return where every candidate stands, the drawn and all others."""
    key = ("order", transcript.plan, transcript.stage_key)
    order: Order | None = SHELF.get(key)
    if order is None:
        order = await asyncio.to_thread(_sort, plan, lists, transcript.stage_key)
        SHELF.put(key, order, len(lists.lines))
    return order


def _sort(plan: Plan, lists: Lists, stage_key: str) -> Order:
    candidates: dict[str, list[str]] = {stratum.id: [] for stratum in plan.strata}
    for _, target in lists.targets.values():
        if target.id not in lists.mandatory:
            candidates[target.stratum].append(target.id)
    ids = {
        stratum: tuple(id for _, id in in_order(stage_key, members))
        for stratum, members in candidates.items()
    }
    return Order(ids, {id: rank for members in ids.values() for rank, id in enumerate(members, 1)})
