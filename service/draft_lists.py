"""The lists of a draw row by row: candidates, excluded ones with their reason, people who take no part (web.md S5).

Of a draft they are what freezing it now would give, computed as the freeze does; from the freeze on they are read from the frozen bytes.
They are made once for a draft over unchanged registries, or for a plan, and kept by the process while they hold at most `_ROWS` rows
together: a million targets take half a minute once, and then milliseconds.
"""

import asyncio
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from selection.plan import Plan
from selection.pool import Listed, Target, parse_listed, parse_people, parse_pool
from service.accounts import Staff
from service.database import Connection
from service.documents import read_blob
from service.drafting import digest_of_draft, freeze_over, read_draft, read_inputs
from service.errors import Denied
from service.exclusion_words import explain_exclusions
from service.frozen import DrawRow, read_draw_row
from service.language import current_language
from service.office import Office, as_day
from service.pages.record import read_plan
from service.pages.shelf import Shelf
from service.pool_rules import REASONS
from service.previewing import rule_lines, strata_lines
from service.registry.normalise import normalise_text
from service.visibility import read_scope

__all__ = ["PAGE", "Candidate", "Excluded", "Kind", "LeftOut", "Lists", "Question", "Slice", "read_lists", "select", "whole"]

PAGE: Final = 50
_ROWS: Final = 1_500_000  # about 600 MB when full
Kind = Literal["candidates", "excluded", "people"]


class Candidate(Struct, frozen=True):
    id: str
    name: str
    stratum: str
    class_: str
    area: str
    mandatory: bool


class Excluded(Struct, frozen=True):
    """`figures` are those of this very target; empty once the list is frozen, which keeps the reason alone."""

    id: str
    name: str
    reason: str
    figures: str


class LeftOut(Struct, frozen=True):
    """A person who takes no part, with the reason; `id` is the registry number."""

    id: str
    name: str
    reason: str


Row = Candidate | Excluded | LeftOut


class Lists(Struct, frozen=True):
    """Sorted by id. `reasons` are (words, how many excluded), `people` (role, how many take part), `departments` whose the left-out ones
    are, by number; `strata` and `rules` are told as in a preview."""

    frozen: bool
    candidates: Sequence[Candidate]
    excluded: Sequence[Excluded]
    left_out: Sequence[LeftOut]
    departments: Mapping[str, str]
    reasons: tuple[tuple[str, int], ...]
    people: tuple[tuple[str, int], ...]
    strata: tuple[dict[str, Any], ...]
    rules: tuple[dict[str, Any], ...]


class Question(Struct, frozen=True):
    """Words that an id or name contains, one stratum or reason, and the id of the last row seen."""

    words: str = ""
    of: str = ""
    after: str = ""


class Slice(Struct, frozen=True):
    """Up to `PAGE` rows, how many fit in all, and after which id the next ones come; None at the end."""

    rows: tuple[Row, ...]
    count: int
    after: str | None


_KEPT: Final = Shelf(_ROWS)
_MAKING: Final = asyncio.Semaphore(1)


async def read_lists(office: Office, who: Staff, draw: str) -> Lists:
    """Return the lists of a draw as `who` sees them. Raises Denied for those who have no part in it, Invalid with every fault of a draft that
    has no lists."""
    if who.roles.isdisjoint({"operator", "confirmer", "approver", "auditor"}):
        raise Denied("只有经办人、复核人、审批人和审计人可以查看", "for operator, confirmer, approver and auditor only")
    found = await _lists(office, who, draw, make=False)
    if found is None:
        async with _MAKING:  # before a connection is taken: whoever waits must not keep all others from the database
            found = await _lists(office, who, draw, make=True)
    assert found is not None
    return found


async def _lists(office: Office, who: Staff, draw: str, make: bool) -> Lists | None:
    """Return the lists if they are kept or are to be made."""
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        row = await read_draw_row(connection, draw)
        key = (id(office.pool), draw, current_language(), row.plan or await _state_of_draft(connection, office, draw))
        lists: Lists | None = _KEPT.get(key)
        if lists is None and make:
            lists = await (_of_draft(connection, office, row) if row.plan is None else _of_plan(connection, row))
            _KEPT.put(key, lists, 1 + len(lists.candidates) + len(lists.excluded) + len(lists.left_out))
        return None if lists is None else _as_seen(lists, (await read_scope(connection, who.department)).words)


async def _state_of_draft(connection: Connection, office: Office, draw: str) -> tuple[Any, ...]:
    """Return what changes whenever the lists of a draft could: the draft, the registries, the logs (visits and results of other draws stand
    there), departments, and the day."""
    return (
        digest_of_draft(await read_draft(connection, draw)), as_day(office.now()),
        await connection.fetchval(
            "SELECT concat((SELECT string_agg(kind || version, ' ' ORDER BY kind) FROM registry_version), '|', (SELECT sum(size) FROM log_head),"
            " '|', (SELECT count(*) FROM result), '|', (SELECT string_agg(label || active, ' ' ORDER BY label) FROM section), '|',"
            " (SELECT count(*) FROM calendar_load WHERE confirmed_at IS NOT NULL))"
        ),
    )  # fmt: skip


def _as_seen(lists: Lists, words: Sequence[str] | None) -> Lists:
    """Return the lists without people of other departments than these; None sees all (ADR 27)."""
    if words is None:
        return lists
    shown = [row for row in lists.left_out if lists.departments.get(row.id) in words]
    return Lists(**{name: getattr(lists, name) for name in lists.__struct_fields__} | {"left_out": shown})


async def _of_draft(connection: Connection, office: Office, row: DrawRow) -> Lists:
    draft = await read_draft(connection, row.id)
    inputs = await read_inputs(connection, office, row, draft, ())
    frozen = await freeze_over(office, draft, inputs)
    figures = {} if inputs.former is not None else await asyncio.to_thread(explain_exclusions, draft, inputs.registries, frozen.excluded)
    names = {**{record.id: record.name for record in inputs.registries.targets if record.id in figures}, **frozen.names}
    people = {role: sum(p.role == role for p in frozen.pools.people) for role in ("inspector", "expert")}
    return await _make(connection, frozen.plan, frozen.pools.targets, frozen.excluded, names, frozen.pools.mandatory, figures,
                       frozen.blobs["reasons"], people)  # fmt: skip


async def _of_plan(connection: Connection, row: DrawRow) -> Lists:
    assert row.plan is not None
    plan = await read_plan(connection, row.plan)

    async def blob(name: str) -> bytes:
        data = await read_blob(connection, getattr(plan.blobs, name).sha256)
        assert data is not None
        return data

    targets = await asyncio.to_thread(parse_pool, await blob("pool"))
    mandatory = frozenset(listed.target for listed in parse_listed("mandatory", await blob("mandatory")))
    names = {r["target"]: r["name"] for r in await connection.fetch("SELECT target, name FROM draw_target WHERE draw = $1", row.id)}
    roles = Counter(person.role for person in parse_people(await blob("people")))
    people = {role: roles[role] for role in ("inspector", "expert")}
    return await _make(connection, plan, targets, parse_listed("excluded", await blob("excluded")), names, mandatory, {},
                       await blob("reasons"), people, frozen=True)  # fmt: skip


async def _make(
    connection: Connection, plan: Plan, targets: Sequence[Target], excluded: Sequence[Listed], names: Mapping[str, str],
    mandatory: frozenset[str], figures: Mapping[str, str], reasons: bytes, people: Mapping[str, int], frozen: bool = False,
) -> Lists:  # fmt: skip
    left_out, departments = await _left_out(connection, reasons)
    said = {reason.id: reason.name for reason in plan.reason_codes}

    def rows() -> tuple[list[Candidate], list[Excluded]]:
        strata, classes = {s.id: s.name for s in plan.strata}, {c.id: c.name for c in plan.classes}
        areas = {area.id: area.name for area in plan.areas}
        return (
            sorted((Candidate(t.id, names.get(t.id, t.id), strata[t.stratum], classes[t.class_], areas.get(t.area, t.area), t.id in mandatory)
                    for t in targets), key=lambda row: row.id),
            sorted((Excluded(row.target, names.get(row.target, row.target), said.get(row.reason) or REASONS.get(row.reason, row.reason),
                             figures.get(row.target, "")) for row in excluded), key=lambda row: row.id),
        )  # fmt: skip

    candidates, left = await asyncio.to_thread(rows)
    counted = Counter(row.reason for row in left)
    return Lists(
        frozen, candidates, left, left_out, departments, tuple(counted.most_common()), tuple(people.items()), tuple(strata_lines(plan)),
        tuple(rule_lines(plan, excluded)),
    )  # fmt: skip


async def _left_out(connection: Connection, reasons: bytes) -> tuple[list[LeftOut], dict[str, str]]:
    """Return who takes no part at all, from the list for auditors, and their departments; who is kept from single targets is not shown here."""
    told = [line.split("\t") for line in reasons.decode().splitlines()]
    words = [rule.split(" ", 1) for target, _, _, rule, *_ in told if target == "*"]
    rows = await connection.fetch(
        "SELECT number, name, department FROM inspector WHERE number = ANY($1)"
        " UNION ALL SELECT number, name, department FROM expert WHERE number = ANY($1)",
        [number for number, _ in words],
    )
    names = {row["number"]: row["name"] for row in rows}
    shown = sorted((LeftOut(number, names.get(number, ""), rule) for number, rule in words), key=lambda row: row.id)
    return shown, {row["number"]: row["department"] for row in rows}


def whole(lists: Lists, kind: Kind) -> Sequence[Row]:
    """Return all rows of one list."""
    rows: dict[Kind, Sequence[Row]] = {"candidates": lists.candidates, "excluded": lists.excluded, "people": lists.left_out}
    return rows[kind]


async def select(lists: Lists, kind: Kind, question: Question) -> Slice:
    """Return a page of the rows that fit; of a million rows a search takes a second, outside the loop."""
    rows, words = whole(lists, kind), normalise_text(question.words).casefold()
    if words or question.of:
        rows = await asyncio.to_thread(lambda: [row for row in rows if _fits(row, words, question.of)])
    begin = bisect_right(rows, question.after, key=lambda row: row.id)
    shown = tuple(rows[begin : begin + PAGE])
    return Slice(shown, len(rows), shown[-1].id if begin + PAGE < len(rows) else None)


def _fits(row: Row, words: str, of: str) -> bool:
    column = row.stratum if isinstance(row, Candidate) else row.reason
    return (not of or column == of) and (not words or words in row.id.casefold() or words in row.name.casefold())
