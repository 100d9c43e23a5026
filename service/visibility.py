"""What an account sees: the draws its department takes part in, and its own people and items (ADR 27).

An account of no department is the whole bureau's and sees everything. What is not seen is not there: whoever asks is told the same
as for a thing that does not exist, and lists and counts leave it out. The guard of every route asks `check_seen` for what an address
names; lists of draws ask `seen_by` of the database; pages of registries read through `reading_office`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from msgspec import Struct

from service.accounts import Staff
from service.database import Connection, Pool
from service.errors import NotFound
from service.office import Office
from service.registry.records import Expert, Inspection, Inspector, Item, Record

__all__ = ["NAMED_THINGS", "Scope", "check_seen", "is_of_lead", "read_scope", "reading_office", "sees_draw"]

# What an address may name, by path parameter: whether the department $2 sees it, and what is said of one that does not exist.
NAMED_THINGS: Final[Mapping[str, tuple[str, str, str]]] = {
    "draw": ("SELECT seen_by(sections, $2) FROM draw WHERE id = $1", "没有批次 {}", "there is no draw {}"),
    "step": ("SELECT seen_by(sections, $2) FROM step JOIN draw ON draw.id = step.draw WHERE step.id = $1",
             "没有这个步骤", "there is no such step"),
    # Files of what everybody sees are seen by everybody: a firm's history links to them.
    "batch": ("SELECT department IS NOT DISTINCT FROM $2::text OR kind IN ('targets', 'inspections') FROM import_batch WHERE id = $1",
              "没有这次导入", "there is no such import"),
    # Prepared by the leading department; once there is a draft, its draw is everybody's who takes part.
    "preparation": ("""SELECT $2 = (SELECT section FROM bureau) OR (SELECT seen_by(sections, $2) FROM draw WHERE draw.id = preparation.draw)
                    FROM preparation WHERE id = $1""", "没有这次准备", "there is no such preparation"),
}  # fmt: skip


def sees_draw(who: Staff, sections: Sequence[str]) -> bool:
    """Return whether `who` sees a draw that these departments take part in."""
    return who.department is None or who.department in sections


def is_of_lead(who: Staff, sections: Sequence[str]) -> bool:
    """Return whether `who` acts for the department that leads a draw, which prepares it and signs alone what is not said otherwise."""
    return who.department is None or who.department == sections[0]


async def check_seen(connection: Connection, who: Staff, named: Mapping[str, Any]) -> None:
    """Raise NotFound if one of the path parameters `named` is a thing that `who` does not see, or none at all."""
    if who.department is None:
        return
    for name, value in named.items():
        if name in NAMED_THINGS:
            sql, zh, en = NAMED_THINGS[name]
            if await connection.fetchval(sql, value, who.department) is not True:
                raise NotFound(zh.format(value), en.format(value))


class Scope(Struct, frozen=True):
    """Whose rows a registrar imports: `words` are what registries call their department; None is everybody (`words_of_department`)."""

    words: tuple[str, ...] | None = None

    def owns(self, record: Record) -> bool:
        """Return whether a record is this department's to write. Targets are everybody's; of conflicts and services the person decides."""
        named = isinstance(record, Item | Inspector | Expert | Inspection)
        return self.words is None or not named or record.department in self.words  # type: ignore[union-attr]  # `named` says it


async def read_scope(connection: Connection, department: str | None) -> Scope:
    """Return what a department writes of the registries."""
    words = None if department is None else await connection.fetchval("SELECT words_of_department($1)", department)
    return Scope(None if words is None else tuple(words))


class _SeenPool:
    """The pool for readers of registries: every connection finds those of one department under the names of the tables.

    The pool resets a connection that comes back, so that the next user finds the tables themselves.
    """

    def __init__(self, pool: Pool, department: str) -> None:
        self._pool, self._department = pool, department

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        async with self._pool.acquire() as connection:
            await connection.execute(
                "SELECT set_config('app.department', $1, false), set_config('search_path', 'seen, public', false)", self._department
            )
            yield connection

    async def fetch(self, sql: str, *arguments: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetch(sql, *arguments)

    async def fetchrow(self, sql: str, *arguments: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchrow(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchval(sql, *arguments)


def reading_office(office: Office, who: Staff) -> Office:
    """Return the office as pages that show registries use it: what they read is what `who` sees. For reading only: whoever freezes, or checks
    an import, needs them whole."""
    return office if who.department is None else msgspec.structs.replace(office, pool=_SeenPool(office.pool, who.department))
