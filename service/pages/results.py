"""What was found in a draw so far: for every result code how many firms, and the first of them by name."""

from typing import Literal

from msgspec import Struct

from disclosure.document import ResultCode
from service.database import Connection
from service.pages.words import CODES, WITHDRAWN, Code

__all__ = ["FIRST", "Firm", "Outcome", "read_outcomes"]

FIRST = 20


class Firm(Struct, frozen=True):
    id: str  # of the result
    name: str


class Outcome(Struct, frozen=True):
    """One code, how many firms have it, and the first of them."""

    code: Code
    count: int
    firms: tuple[Firm, ...]


async def read_outcomes(connection: Connection, draw: str) -> tuple[Outcome, ...]:
    """Return the codes of a draw's results, the most frequent first, and last how many are withdrawn."""
    rows = await connection.fetch(
        "WITH r AS (SELECT id, draw, target, CASE status WHEN 'withdrawn' THEN '' ELSE code END AS code FROM result WHERE draw = $1)"
        " SELECT * FROM (SELECT r.code, r.id, coalesce(t.name, r.target) AS name, count(*) OVER (PARTITION BY r.code) AS n,"
        " row_number() OVER (PARTITION BY r.code ORDER BY r.target) AS place"
        " FROM r LEFT JOIN draw_target t ON t.draw = r.draw AND t.target = r.target) found"
        " WHERE place <= $2 ORDER BY code = '', n DESC, code, place",
        draw, FIRST,
    )  # fmt: skip
    firms: dict[ResultCode | Literal[""], list[Firm]] = {}
    for row in rows:
        firms.setdefault(row["code"], []).append(Firm(row["id"], row["name"]))
    counts = {row["code"]: row["n"] for row in rows}
    return tuple(
        Outcome(CODES[code] if code else WITHDRAWN, counts[code], tuple(found)) for code, found in firms.items()
    )
