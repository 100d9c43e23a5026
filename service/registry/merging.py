"""Duplicates of targets made one: one person proposes, another confirms, and a later row undoes it (ADR 26).

An alias keeps its row, is found, and is never a candidate again; what names it counts for the target it was merged into
(`store.read_registries`, `past`). Nothing that was frozen changes. A merge makes a new version of the registry of targets, so that a
freeze that was agreed to before it is prepared anew.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.database import Connection
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.office import Office

__all__ = ["CONFIRMERS", "MERGED_LABEL", "Proposal", "confirm_merge", "count_open_merges", "propose_merge", "read_proposal", "read_proposals", "refuse_merge"]

CONFIRMERS = frozenset({"registrar", "operator"})
MERGED_LABEL = "并入"  # the label of the change in the history of the alias
_LONGEST = 500


class Proposal(Struct, frozen=True):
    """A merge somebody asked for, or with `kept` None its undoing. `closed` is confirmed, refused, or None while it waits."""

    id: UUID
    alias: str
    alias_name: str
    kept: str | None
    kept_name: str | None
    reason: str
    by_id: int
    by: str
    at: datetime
    closed: str | None
    closed_by: str | None
    closed_at: datetime | None
    stands: bool  # confirmed, and the newest word on this alias

    def may_confirm(self, who: Staff) -> bool:
        """Whether this person is the second one."""
        return self.closed is None and who.id != self.by_id and bool(CONFIRMERS & who.roles)


_PROPOSALS = """
    SELECT p.id, p.alias, a.name AS alias_name, p.kept, k.name AS kept_name, p.reason, p.proposed_by AS by_id, s.name AS by,
           p.proposed_at AS at, p.closed, c.name AS closed_by, p.closed_at,
           p.closed = 'confirmed' AND p.kept IS NOT NULL AND NOT EXISTS (
               SELECT FROM target_merge later JOIN target_merge own ON own.proposal = p.id WHERE later.alias = p.alias AND later.id > own.id
           ) IS TRUE AS stands
    FROM merge_proposal p JOIN target a ON a.id = p.alias LEFT JOIN target k ON k.id = p.kept
    JOIN staff s ON s.id = p.proposed_by LEFT JOIN staff c ON c.id = p.closed_by
"""


def _proposal(row: Any) -> Proposal:
    return Proposal(**dict(row) | {"stands": bool(row["stands"])})


async def read_proposal(office: Office, id: UUID) -> Proposal:
    """Return a proposal; NotFound if there is none."""
    async with office.pool.acquire() as connection:
        row = await connection.fetchrow(_PROPOSALS + " WHERE p.id = $1", id)
    if row is None:
        raise NotFound("没有这项合并", "there is no such merge")
    return _proposal(row)


async def read_proposals(office: Office, limit: int = 200) -> list[Proposal]:
    """Return the proposals: those that wait first, then the newest."""
    async with office.pool.acquire() as connection:
        rows = await connection.fetch(_PROPOSALS + " ORDER BY p.closed IS NOT NULL, p.proposed_at DESC, p.id LIMIT $1", limit)
    return [_proposal(row) for row in rows]


async def count_open_merges(office: Office) -> int:
    """Return how many proposals wait for a second person."""
    number: int = await office.pool.fetchval("SELECT count(*) FROM merge_proposal WHERE closed IS NULL")
    return number


async def propose_merge(office: Office, who: Staff, alias: str, kept: str | None, reason: str) -> UUID:
    """Ask for `alias` to be merged into `kept`, or with None for its merge to be undone; return the proposal. Asking again finds the first.

    Raises Denied for anyone but a registrar; Invalid without a reason or for one target twice; NotFound for a target nobody knows;
    Conflicting where one of the two is merged already, or something else waits for this alias.
    """
    if "registrar" not in who.roles:
        raise Denied("只有登记员可以提出合并", "only a registrar proposes a merge")
    reason = " ".join(reason.split())
    if not reason or len(reason) > _LONGEST:
        raise Invalid(f"请写明理由，不超过 {_LONGEST} 字", f"state the reason, at most {_LONGEST} characters")
    if alias == kept:
        raise Invalid("请选择两个不同的对象", "choose two different targets")
    async with office.pool.acquire() as connection, connection.transaction():
        known = {row["id"] for row in await connection.fetch("SELECT id FROM target WHERE id = ANY($1)", [alias, kept or alias])}
        if missing := {alias, kept or alias} - known:
            raise NotFound(f"名录里没有 {'、'.join(sorted(missing))[:80]}", f"no target {', '.join(sorted(missing))[:80]}")
        await _check_standing(connection, alias, kept)
        found = await connection.fetchrow(
            "INSERT INTO merge_proposal (alias, kept, reason, proposed_by, proposed_at) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (alias) WHERE closed IS NULL DO NOTHING RETURNING id",
            alias, kept, reason, who.id, office.now(),
        )  # fmt: skip
        if found is None:
            found = await connection.fetchrow("SELECT id, kept, proposed_by FROM merge_proposal WHERE alias = $1 AND closed IS NULL", alias)
            if found is None or (found["kept"], found["proposed_by"]) != (kept, who.id):
                raise Conflicting("这个对象已有一项合并等待确认，请先办完", "another merge of this target waits already")
        else:
            await access_log.note(connection, who.id, "propose merge", f"{alias} → {kept or '-'}")
        id: UUID = found["id"]
    return id


async def _check_standing(connection: Connection, alias: str, kept: str | None) -> None:
    """Raise Conflicting unless what is asked fits what stands: the database would refuse it too, in fewer words."""
    into = {row["alias"]: row["kept"] for row in await connection.fetch("SELECT alias, kept FROM target_alias WHERE alias = ANY($1)", [alias, kept or alias])}
    if kept is None and alias not in into:
        raise Conflicting(f"{alias} 没有并入其他对象，无从撤销", f"{alias} is not merged")
    if kept is not None and (done := alias if alias in into else kept if kept in into else None):
        raise Conflicting(f"{done} 已并入 {into[done]}，请改选 {into[done]}", f"{done} is merged into {into[done]}: choose that")


async def confirm_merge(office: Office, who: Staff, id: UUID) -> None:
    """Carry out what another person proposed; confirming again changes nothing.

    Raises Denied for the proposer, or without the role; Conflicting if it was refused, or no longer fits what stands.
    """
    async with office.pool.acquire() as connection, connection.transaction():
        # The version's row is what imports and freezes lock too: none of them sees half a merge.
        await connection.execute("SELECT 1 FROM registry_version WHERE kind = 'targets' FOR UPDATE")
        row = await _open_for(connection, who, id)
        if row["closed"] == "confirmed":
            return
        if row["closed"] is not None:
            raise Conflicting("这项合并已被退回", "this merge was refused")
        before = await connection.fetchval("SELECT kept FROM target_alias WHERE alias = $1", row["alias"])
        await _check_standing(connection, row["alias"], row["kept"])
        version = await connection.fetchval("UPDATE registry_version SET version = version + 1 WHERE kind = 'targets' RETURNING version")
        try:
            await connection.execute(
                "INSERT INTO target_merge (proposal, alias, kept, reason, by, confirmed_by, at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                id, row["alias"], row["kept"], row["reason"], row["proposed_by"], who.id, office.now(), version,
            )  # fmt: skip
        except asyncpg.CheckViolationError as error:
            raise Conflicting("两者之一已经合并，请刷新后重试", "one of them is merged already; load the page again") from error
        changes = msgspec.json.encode([(MERGED_LABEL, before or "", row["kept"] or "")]).decode()
        await connection.execute(
            "INSERT INTO registry_change (kind, version, key, changes) VALUES ('targets', $1, $2, $3)", version, row["alias"], changes
        )
        await _close(office, connection, who, id, "confirmed")
        await access_log.note(connection, who.id, "confirm merge", f"{row['alias']} → {row['kept'] or '-'}")


async def refuse_merge(office: Office, who: Staff, id: UUID) -> None:
    """Put a proposal aside: its proposer or anyone who could confirm it. Nothing is merged. Conflicting if it was carried out."""
    async with office.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow("SELECT alias, kept, closed FROM merge_proposal WHERE id = $1 FOR UPDATE", id)
        if row is None:
            raise NotFound("没有这项合并", "there is no such merge")
        if not CONFIRMERS & who.roles:
            raise Denied("只有登记员或经办人可以退回", "only a registrar or an operator refuses a merge")
        if row["closed"] == "confirmed":
            raise Conflicting("这项合并已经确认；如有误，请提出撤销", "this merge was confirmed; propose to undo it")
        if row["closed"] is None:
            await _close(office, connection, who, id, "refused")
            await access_log.note(connection, who.id, "refuse merge", f"{row['alias']} → {row['kept'] or '-'}")


async def _open_for(connection: Connection, who: Staff, id: UUID) -> Any:
    row = await connection.fetchrow("SELECT alias, kept, reason, proposed_by, closed FROM merge_proposal WHERE id = $1 FOR UPDATE", id)
    if row is None:
        raise NotFound("没有这项合并", "there is no such merge")
    if not CONFIRMERS & who.roles:
        raise Denied("只有登记员或经办人可以确认合并", "only a registrar or an operator confirms a merge")
    if row["proposed_by"] == who.id:
        raise Denied("合并须由提出人以外的人确认", "someone else than the proposer has to confirm")
    return row


async def _close(office: Office, connection: Connection, who: Staff, id: UUID, how: str) -> None:
    await connection.execute(
        "UPDATE merge_proposal SET closed = $2, closed_by = $3, closed_at = $4 WHERE id = $1", id, how, who.id, office.now()
    )
