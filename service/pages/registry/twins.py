"""`/staff/duplicates`: targets that may be one firm, and two of them side by side.

Twins share a number that the database keeps for each target (migration 12); a page of them is read from an index alone, and the texts
behind the number are compared before anybody is shown. Aliases are not twins any more.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from service.errors import Invalid, NotFound
from service.language import marked
from service.office import Office
from service.pages.registry.beside import Beside, read_beside
from service.pages.registry.words import label_of, shown
from service.registry.fields import FIELDS
from service.registry.records import Target
from service.registry.search import initials_of, plain_name
from service.registry.writing import fields_of, from_database

__all__ = ["GROUNDS", "Pair", "Side", "Twins", "TwinsPage", "read_pair", "read_twins", "twins_of"]

GROUNDS: Final = {
    "core": marked("代码相同（信用代码里的机构代码，或去掉分隔符的旧编号）"),
    "named": marked("名称相同"),
    "placed": marked("地址相同，名称读音相同"),
}
PAGE: Final = 25
_MEMBERS: Final = 20  # of one group; a name that more firms share is no sign of anything


class Twins(Struct, frozen=True):
    """Targets that have something in common, and whether there are more of them than shown."""

    targets: tuple[Target, ...]
    more: bool


class TwinsPage(Struct, frozen=True):
    """A page of groups on one ground; `more` is where the next begins."""

    ground: str
    groups: tuple[Twins, ...]
    more: str | None


class Side(Struct, frozen=True):
    """One of a pair: the record, what else is known of it, and how many draws listed it."""

    target: Target
    beside: Beside
    draws: int


class Pair(Struct, frozen=True):
    """Two targets with (label, text of one, text of the other) of each field, and on what grounds they may be one."""

    one: Side
    other: Side
    fields: tuple[tuple[str, str, str], ...]
    grounds: tuple[str, ...]


def _number(text: str) -> int:
    try:
        number = int(text or -(2**63))
    except ValueError as error:
        raise Invalid("地址不完整，请从头打开", "the address is incomplete; open the page anew") from error
    return max(-(2**63), min(number, 2**63 - 1))


async def read_twins(office: Office, ground: str, after: str) -> TwinsPage:
    """Return a page of twins on one ground; Invalid for a place that is none."""
    ground = ground if ground in GROUNDS else "core"
    async with office.pool.acquire() as connection:
        groups = await connection.fetch(
            f"SELECT {ground} AS number, (array_agg(id ORDER BY id))[:{_MEMBERS + 1}] AS ids FROM target"  # noqa: S608 (a key of GROUNDS)
            f" WHERE {ground} > $1 AND NOT EXISTS (SELECT FROM target_alias WHERE alias = id)"
            f" GROUP BY {ground} HAVING count(*) > 1 ORDER BY {ground} LIMIT {PAGE + 1}", _number(after),
        )  # fmt: skip
        shown_groups = groups[:PAGE]
        ids = [id for row in shown_groups for id in row["ids"]]
        rows = await connection.fetch(f"SELECT {', '.join(fields_of('targets'))} FROM target WHERE id = ANY($1)", ids)  # noqa: S608
    targets = {target.id: target for target in (Target(*map(from_database, row)) for row in rows)}
    found = []
    for row in shown_groups:
        for group in _alike(ground, [targets[id] for id in row["ids"] if id in targets]):
            found.append(Twins(tuple(group[:_MEMBERS]), len(group) > _MEMBERS))
    return TwinsPage(ground, tuple(found), str(groups[PAGE - 1]["number"]) if len(groups) > PAGE else None)


def _alike(ground: str, targets: Sequence[Target]) -> list[list[Target]]:
    """Return the groups that share the text itself: two texts may share a number by chance."""
    groups: defaultdict[str, list[Target]] = defaultdict(list)
    for target in targets:
        groups[_text(ground, target)].append(target)
    return [group for group in groups.values() if len(group) > 1]


def _text(ground: str, target: Target) -> str:
    if ground == "named":
        return plain_name(target.name)
    if ground == "placed":
        return f"{plain_name(target.address)}\n{initials_of(target.name)}" if target.address else ""
    return target.id[8:17].upper() if len(target.id) == 18 else "".join(c for c in target.id.upper() if c.isalnum())


async def twins_of(connection: Any, target: str) -> list[tuple[str, str]]:
    """Return (code, name) of targets that may be the same firm as this one."""
    rows = await connection.fetch(
        "SELECT t.id, t.name FROM target me JOIN target t ON t.id <> me.id AND (t.core = me.core OR t.named = me.named OR t.placed = me.placed)"
        " WHERE me.id = $1 AND NOT EXISTS (SELECT FROM target_alias WHERE alias IN (me.id, t.id)) ORDER BY t.id LIMIT $2", target, _MEMBERS,
    )  # fmt: skip
    return [(row["id"], row["name"]) for row in rows]


async def read_pair(office: Office, one: str, other: str) -> Pair:
    """Return two targets side by side; NotFound if there is no such target, Invalid for one target twice."""
    if one == other:
        raise Invalid("请选择两个不同的对象", "choose two different targets")
    async with office.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        sides = []
        for id in (one, other):
            row = await connection.fetchrow(f"SELECT {', '.join(fields_of('targets'))} FROM target WHERE id = $1", id)  # noqa: S608
            if row is None:
                raise NotFound(f"名录里没有 {id[:64]}", f"there is no target {id[:64]}")
            draws = await connection.fetchval("SELECT count(*) FROM draw_target WHERE target = $1", id)
            sides.append(Side(Target(*map(from_database, row)), await read_beside(connection, id), draws))
    first, second = sides
    fields = tuple((label_of(field), shown(first.target, field), shown(second.target, field)) for field in FIELDS["targets"])
    grounds = tuple(word for ground, word in GROUNDS.items()
                    if (text := _text(ground, first.target)) and text == _text(ground, second.target))  # fmt: skip
    return Pair(first, second, fields, grounds)
