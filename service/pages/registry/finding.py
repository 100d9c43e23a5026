"""A page of the rows that fit a question, in time that does not grow with the registry.

The planner takes marks for independent of each other and of the order of pages. They are not: a town's firms have neighbouring
codes and similar names, and a walk along the codes would pass a million rows before the first of them. So marks are looked up first,
always by their index. Up to FULL rows that is the answer, in the order of codes. Of more nobody reads all: they are met on a
walk in an order that has nothing to do with any field, where a share of the rows is met after as many steps as the share says.
"""

from typing import Any, Final

import msgspec

from service.database import Connection
from service.pages.registry.question import Condition, Question, condition_of, order_of
from service.registry.records import KEYS, Kind
from service.registry.writing import TABLES, fields_of

__all__ = ["FULL", "PAGE", "Found", "find", "select"]

PAGE: Final = 50
FULL: Final = 5_000
_FREQUENT: Final = 50_000  # by the planner's estimate: from here on a walk is quick even if the estimate is ten times too high
# The order of the walk: alike for everyone and every time, unlike any field.
_SHUFFLED: Final = 'md5(id) COLLATE "C"'
_MARKS_FIRST: Final = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL jit = off"
_WALK: Final = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; SET LOCAL jit = off"


class Found(msgspec.Struct, frozen=True):
    """At most PAGE + 1 rows of the table. `number` counts the matches; it is an estimate, or only more than FULL, where not `exact`."""

    rows: list[Any]
    number: int
    exact: bool
    shuffled: bool = False


def select(kind: Kind, condition: Condition) -> str:
    """Return the query for the records that fit, in the order of their keys."""
    return f"SELECT {', '.join(fields_of(kind))} FROM {TABLES[kind]} WHERE {condition.sql} ORDER BY {order_of(kind)}"  # noqa: S608


async def find(connection: Connection, question: Question) -> Found:
    """Return the page a question asks for; Invalid for words too short to search."""
    condition = condition_of(question)
    if not condition.marked:
        return await _along_keys(connection, question, condition)
    estimate = await _estimate(connection, condition)
    if estimate < _FREQUENT:
        found = await _by_marks(connection, question, condition)
        if found.exact:
            return found
        estimate = found.number
    return Found(await _walk(connection, question, condition), estimate, exact=False, shuffled=True)


def _after(question: Question, condition: Condition, order: str, value: str = "{}") -> tuple[str, tuple[Any, ...]]:
    """Return the condition with the place where the page begins, and its arguments."""
    if question.after is None:
        return condition.sql, condition.arguments
    first = len(condition.arguments) + 1
    places = ", ".join(value.format(f"${number}") for number in range(first, first + len(KEYS[question.kind])))
    return f"{condition.sql} AND ({order}) > ({places})", (*condition.arguments, *question.after_values())


async def _along_keys(connection: Connection, question: Question, condition: Condition) -> Found:
    sql, arguments = _after(question, condition, order_of(question.kind))
    rows = await connection.fetch(f"{select(question.kind, Condition(sql, ()))} LIMIT {PAGE + 1}", *arguments)
    number = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT FROM {TABLES[question.kind]} WHERE {condition.sql} LIMIT {FULL + 1}) AS counted",  # noqa: S608
        *condition.arguments,
    )
    return Found(rows, number, number <= FULL)


async def _estimate(connection: Connection, condition: Condition) -> int:
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) SELECT FROM target WHERE {condition.sql}", *condition.arguments)
    return int(msgspec.json.decode(plan)[0]["Plan"]["Plan Rows"])


async def _by_marks(connection: Connection, question: Question, condition: Condition) -> Found:
    place = f"${len(condition.arguments) + 1}"
    async with connection.transaction(readonly=True):
        await connection.execute(_MARKS_FIRST)
        rows = await connection.fetch(
            f"WITH found AS MATERIALIZED (SELECT id FROM target WHERE {condition.sql} LIMIT {FULL + 1}),"  # noqa: S608
            f' page AS MATERIALIZED (SELECT id AS found FROM found WHERE id COLLATE "C" > {place} ORDER BY id COLLATE "C" LIMIT {PAGE + 1})'
            f" SELECT (SELECT count(*) FROM found) AS number, {', '.join(fields_of('targets'))}"
            ' FROM (SELECT) AS one LEFT JOIN page ON true LEFT JOIN target ON id = found ORDER BY found COLLATE "C"',
            *condition.arguments, question.after[0] if question.after else "",
        )  # fmt: skip
    number = rows[0]["number"]
    return Found([tuple(row)[1:] for row in rows if row["id"] is not None], number, number <= FULL)


async def _walk(connection: Connection, question: Question, condition: Condition) -> list[Any]:
    sql, arguments = _after(question, condition, _SHUFFLED, "md5({})")
    async with connection.transaction(readonly=True):
        await connection.execute(_WALK)
        query = f"SELECT {', '.join(fields_of('targets'))} FROM target WHERE {sql} ORDER BY {_SHUFFLED} LIMIT {PAGE + 1}"  # noqa: S608
        return list(await connection.fetch(query, *arguments))
