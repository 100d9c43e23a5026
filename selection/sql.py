"""The target order as SQL, for lists that stay where they are (docs/spec/where-the-data-is.md).

Only text is made here; nothing is run. The stage key is a literal (64 hex digits need no quoting), ids come from a column,
so no value of any list ever becomes part of a statement but through `ticket_of`, which takes ids of our grammar only.

    >>> print(ticket_expression("duckdb", "c85b…", "credit_code"))      # the key shortened here
    sha256('c85b…:' || credit_code)

Every statement orders by ticket, then by the bytes of the id, whatever collation column, database or session have.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from selection.errors import SelectionError
from selection.forms import is_id
from selection.order import bound

__all__ = ["ENGINES", "first_statements", "order_statement", "ticket_expression", "ticket_of"]


class _Engine(Struct, frozen=True):
    """How one engine joins key and id, hashes that `{text}` to hex or to what it sorts fastest, and turns to and from hex."""

    joined: str
    as_hex: str
    sortable: str
    shown: str
    limit: str
    by_bytes: str


_ENGINES: Mapping[str, _Engine] = {
    "postgresql": _Engine(
        joined="'{key}:' || {id}",
        as_hex="encode(sha256(convert_to({text}, 'UTF8')), 'hex')",
        sortable="sha256(convert_to({text}, 'UTF8'))",
        shown="encode({sortable}, 'hex')",
        limit="decode('{bound}', 'hex')",
        by_bytes="convert_to({id}, 'UTF8')",
    ),
    "duckdb": _Engine(
        joined="'{key}:' || {id}",
        as_hex="sha256({text})",
        sortable="sha256({text})",
        shown="{sortable}",
        limit="'{bound}'",
        by_bytes="encode({id})",
    ),
    "clickhouse": _Engine(
        joined="concat('{key}:', {id})",
        as_hex="lower(hex(SHA256({text})))",
        sortable="SHA256({text})",
        shown="lower(hex({sortable}))",
        limit="unhex('{bound}')",
        by_bytes="{id}",
    ),
    "spark": _Engine(
        joined="concat('{key}:', {id})",
        as_hex="sha2({text}, 256)",
        sortable="sha2({text}, 256)",
        shown="{sortable}",
        limit="'{bound}'",
        by_bytes="encode({id}, 'UTF-8')",
    ),
    "mariadb": _Engine(
        joined="concat('{key}:', convert({id} using utf8mb4))",
        as_hex="sha2({text}, 256)",
        sortable="unhex(sha2({text}, 256))",
        shown="lower(hex({sortable}))",
        limit="unhex('{bound}')",
        by_bytes="cast(convert({id} using utf8mb4) as binary)",
    ),
}
ENGINES = tuple(_ENGINES)

_is_key = re.compile(r"[0-9a-f]{64}").fullmatch
_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}").fullmatch


def _engine(name: str) -> _Engine:
    if name not in _ENGINES:
        raise SelectionError(f"no SQL is written for {name[:40]!r}; there is {', '.join(ENGINES)}")
    return _ENGINES[name]


def _check_names(column: str, table: str = "none") -> None:
    """Names are written without quotes, so only those that need none are taken; a view gives others such a name."""
    for what, name, most in (("column", column, 1), ("table", table, 3)):
        pieces = name.split(".")
        if len(pieces) > most or not all(_is_name(piece) for piece in pieces):
            raise SelectionError(
                f"{name[:80]!r} is not a {what} name of ASCII letters, digits and _: make a view with such names"
            )


def ticket_expression(engine: str, stage: str, column: str) -> str:
    """Return the expression for the ticket of the id in `column`, as 64 lower-case hex digits.

    `column` is text: `text`/`varchar` (PostgreSQL, DuckDB), `String` (ClickHouse), `string` (Spark), `varchar` of any
    character set (MariaDB). Padded types (`char(n)`, `FixedString(n)`) have to be cast to these, or the padding is hashed.
    Raises SelectionError for an unknown engine, a key that is none, or a name that would need quotes.
    """
    form = _engine(engine)
    _check_names(column)
    return form.as_hex.format(text=_joined(form, stage, column))


def _joined(form: _Engine, stage: str, id: str) -> str:
    if _is_key(stage) is None:
        raise SelectionError(f"a stage key is 64 lower-case hex digits, not {stage[:80]!r}")
    return form.joined.format(key=stage, id=id)


def ticket_of(engine: str, stage: str, id: str) -> str:
    """Return a statement that gives the ticket of one id: how the owner of any of these engines checks one firm.

    Raises SelectionError for an id outside the grammar of `docs/spec/README.md`: it never becomes text.
    """
    form = _engine(engine)
    if not is_id(id):
        raise SelectionError(f"{id[:80]!r} is not an id: 1 to 64 of [0-9A-Za-z._-]")
    quoted = f"'{id}'"
    return f"SELECT {form.as_hex.format(text=_joined(form, stage, quoted))} AS ticket"


def order_statement(engine: str, stage: str, table: str, column: str) -> str:
    """Return a statement that gives (ticket as hex, id) of the whole table in the order of the stage.

    Its rows are `selection.order.in_order` of the ids; a row without an id is nobody and left out. Raises SelectionError as `ticket_expression` does.
    """
    return _statement(engine, stage, table, column, None, None)


def first_statements(engine: str, stage: str, table: str, column: str, size: int, count: int) -> list[str]:
    """Return statements that give the first `count` of the order of about `size` ids, each more widely than the one before.

    Run them in turn and stop at the first that returns `count` rows: that answer is exact, for all it left out has a larger
    ticket. The first sorts only tickets under a bound that all but surely holds `count` of them (`selection.order.bound`);
    the last has no bound and is always right, also when it returns fewer rows because the table has fewer. So a wrong
    `size` costs time, never correctness.
    Raises SelectionError as `ticket_expression` does, and for a negative size or count.
    """
    if size < 0 or count < 0:
        raise SelectionError(f"sizes and counts are not negative: {size}, {count}")
    below = bound(size, count)
    whole = _statement(engine, stage, table, column, None, count)
    return [whole] if below is None else [_statement(engine, stage, table, column, below.hex(), count), whole]


def _statement(engine: str, stage: str, table: str, column: str, below: str | None, count: int | None) -> str:
    form = _engine(engine)
    _check_names(column, table)
    # Named with its table, a column called like a function of the engine (`user`, `current_user`) is still the column.
    of_table = f"listed.{column}"
    sortable = form.sortable.format(text=_joined(form, stage, of_table))
    limit = "" if below is None else f" WHERE drawn_ticket < {form.limit.format(bound=below)}"
    head = "" if count is None else f" LIMIT {count}"
    return (
        f"SELECT {form.shown.format(sortable='drawn_ticket')} AS ticket, drawn_id AS id"  # noqa: S608 - all parts are checked above
        f" FROM (SELECT {sortable} AS drawn_ticket, {of_table} AS drawn_id FROM {table} AS listed"
        f" WHERE {of_table} IS NOT NULL) AS drawn"
        f"{limit} ORDER BY drawn_ticket, {form.by_bytes.format(id='drawn_id')}{head}"
    )
