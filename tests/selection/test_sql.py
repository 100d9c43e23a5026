"""Each engine gives the whole order of `selection.order`, byte for byte, on 100,000 ids; statements take no text but our grammar's.

PostgreSQL and DuckDB always run. ClickHouse and Spark are collected where `chdb` and `pyspark` are installed, MariaDB where
`MARIADB_SOCKET` names the socket of a server whose database `test` may be used; docs/spec/where-the-data-is.md says when they last were.
"""

import asyncio
import contextlib
import csv
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from bureau import hexed
from hypothesis import given
from hypothesis import strategies as st

from selection.errors import SelectionError
from selection.keys import ticket
from selection.order import bound, first, in_order, merge_shards
from selection.sql import ENGINES, first_statements, order_statement, ticket_expression, ticket_of

STAGE = hexed("where the data is")
COUNT = 100_000
HERE = [
    "postgresql",
    "duckdb",
    *(["clickhouse"] if find_spec("chdb") else []),
    *(["spark"] if find_spec("pyspark") else []),
    *(["mariadb"] if os.environ.get("MARIADB_SOCKET") else []),
]
WORDS = "鄂州黄冈荆十堰安康恒宏远盛泰禾嘉众瑞丰华信达隆鼎耀岳清凌博润昌𠮷㐂ÅéＡａAaßſ￥�"

Ask = Callable[[str], list[tuple]]


def registry() -> list[tuple[str, str]]:
    """Ids as the specification allows them, both cases and all marks, beside Chinese names."""
    return [
        (f"91{n * 7919 % COUNT:06d}{'Aa'[n % 2]}{'._-'[n % 3]}{n}", f"云州{WORDS[n % 27]}{WORDS[n // 27 % 27]}有限公司")
        for n in range(COUNT)
    ]  # fmt: skip


def chinese() -> list[tuple[str, str]]:
    """Ids of Chinese and other letters of one to four bytes, of which UTF-16 and locales have other orders."""
    size = len(WORDS)
    return [
        ("".join(WORDS[n // size**place % size] for place in range(n % 3, 6)) + str(n), "x")
        for n in range(COUNT)
    ]


REGISTRIES = {"ids with Chinese names": registry(), "Chinese ids": chinese()}


def as_csv(rows: list[tuple[str, str]], path) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return str(path)


@contextmanager
def postgresql(tables, folder) -> Iterator[Ask]:
    import asyncpg

    from service.embedded import EmbeddedPostgres

    with contextlib.ExitStack() as stack:
        url = (
            os.environ.get("DATABASE_URL") or stack.enter_context(EmbeddedPostgres.temporary()).dsn
        )  # nothing is left in it: the tables are temporary
        loop = stack.enter_context(asyncio.Runner())
        connection = loop.run(asyncpg.connect(url))
        stack.callback(lambda: loop.run(connection.close()))
        # Where the server has it, a collation of people in place of bytes.
        icu = loop.run(connection.fetchval("SELECT collname FROM pg_collation WHERE collname = 'zh-Hans-x-icu'"))
        for name, rows in tables.items():
            loop.run(
                connection.execute(f'CREATE TEMP TABLE {name} (id text COLLATE "{icu or "default"}", name text)')
            )
            loop.run(connection.copy_records_to_table(name, records=rows, schema_name="pg_temp"))
        yield lambda sql: [tuple(row) for row in loop.run(connection.fetch(sql))]


@contextmanager
def duckdb(tables, folder) -> Iterator[Ask]:
    module = pytest.importorskip("duckdb", reason="duckdb is of the extra `test`")
    with module.connect() as connection:
        for name, rows in tables.items():
            path = as_csv(rows, folder / f"{name}.csv")
            connection.execute(f"CREATE TABLE {name} (id VARCHAR COLLATE NOCASE, name VARCHAR)")
            connection.execute(f"COPY {name} FROM '{path}' (FORMAT csv, HEADER false)")
        yield lambda sql: connection.execute(sql).fetchall()


@contextmanager
def clickhouse(tables, folder) -> Iterator[Ask]:
    from chdb.session import Session

    session = Session()
    for name, rows in tables.items():
        path = as_csv(rows, folder / f"{name}.csv")
        session.query(f"CREATE TABLE {name} (id String, name String) ENGINE = MergeTree ORDER BY tuple()")
        session.query(f"INSERT INTO {name} SELECT * FROM file('{path}', 'CSV', 'id String, name String')")

    def ask(sql: str) -> list[tuple]:
        return [tuple(line.split("\t")) for line in str(session.query(sql, "TSVRaw")).splitlines()]

    yield ask
    session.close()


@contextmanager
def spark(tables, folder) -> Iterator[Ask]:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    for name, rows in tables.items():
        path = as_csv(rows, folder / f"{name}.csv")
        session.read.csv(path, schema="id string, name string").createOrReplaceTempView(name)
    yield lambda sql: [tuple(row) for row in session.sql(sql).collect()]
    session.stop()


@contextmanager
def mariadb(tables, folder) -> Iterator[Ask]:
    def ask(sql: str) -> list[tuple]:
        done = subprocess.run(
            ["mariadb", f"--socket={os.environ['MARIADB_SOCKET']}", "--batch", "--raw", "--skip-column-names",
             "--default-character-set=utf8mb4", "--local-infile=1", "test"],
            input=sql.encode(), capture_output=True, check=True,
        )  # fmt: skip
        return [tuple(line.split("\t")) for line in done.stdout.decode().split("\n")[:-1]]

    for name, rows in tables.items():
        path = as_csv(rows, folder / f"{name}.csv")
        ask(
            f"DROP TABLE IF EXISTS {name};"
            f" CREATE TABLE {name} (id varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, name text);"
            f" LOAD DATA LOCAL INFILE '{path}' INTO TABLE {name} CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','"
        )
    yield ask


TABLES = {"registry": REGISTRIES["ids with Chinese names"], "chinese": REGISTRIES["Chinese ids"]}
IDS = {name: [id for id, _ in rows] for name, rows in TABLES.items()}
OPEN = {"postgresql": postgresql, "duckdb": duckdb, "clickhouse": clickhouse, "spark": spark, "mariadb": mariadb}


@pytest.fixture(scope="module", params=HERE)
def engine(request, tmp_path_factory) -> Iterator[tuple[str, Ask]]:
    """One engine with both tables in it."""
    with OPEN[request.param](TABLES, tmp_path_factory.mktemp(request.param)) as ask:
        yield request.param, ask


def shown(order: list[tuple[bytes, str]]) -> list[tuple[str, str]]:
    return [(drawn.hex(), id) for drawn, id in order]


@pytest.mark.parametrize("table", TABLES)
def test_whole_order_is_byte_equal(engine, table):
    name, ask = engine
    assert len(set(IDS[table])) == COUNT
    assert ask(order_statement(name, STAGE, table, "id")) == shown(in_order(STAGE, IDS[table]))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("count", [1, 5_000, 70_000])
def test_first_statement_gives_the_head_at_once(engine, table, count):
    """Under the bound where it pays, of all where it does not; the first statement already suffices."""
    name, ask = engine
    statements = first_statements(name, STAGE, table, "id", COUNT, count)
    assert len(statements) == (2 if count < COUNT // 3 else 1)
    assert ask(statements[0]) == shown(first(STAGE, IDS[table], count))


def test_a_bound_that_is_too_low_shows_and_the_next_statement_mends_it(engine):
    """A table far smaller than was said: the first answer is visibly short, the last one right."""
    name, ask = engine
    narrow, wide = first_statements(name, STAGE, "registry", "id", COUNT * 50, 200)
    assert len(ask(narrow)) < 200
    assert ask(wide) == shown(first(STAGE, IDS["registry"], 200))


@pytest.mark.parametrize("open_", [postgresql, duckdb])
def test_a_column_called_like_a_function_is_the_column_and_a_row_without_an_id_is_nobody(open_, tmp_path):
    with open_({}, tmp_path) as ask:
        for column in ("user", "current_user"):
            ask(f'CREATE TEMP TABLE {column}s ("{column}" text)')
            ask(f"INSERT INTO {column}s VALUES ('a'), ('b'), (NULL)")
            wanted = shown(in_order(STAGE, ["a", "b"]))
            assert ask(order_statement(open_.__name__, STAGE, f"{column}s", column)) == wanted
            assert ask(first_statements(open_.__name__, STAGE, f"{column}s", column, 3, 3)[-1]) == wanted


def test_ties_would_fall_by_bytes(engine):
    """No two tickets are equal, so what stands behind them in ORDER BY is tried alone."""
    name, ask = engine
    head, by_bytes = order_statement(name, STAGE, "chinese", "id").split(" ORDER BY drawn_ticket, ")
    assert [id for _, id in ask(f"{head} ORDER BY {by_bytes}")] == sorted(IDS["chinese"], key=str.encode)


def test_one_firm_checks_itself(engine):
    name, ask = engine
    id = IDS["registry"][7]
    assert ask(ticket_of(name, STAGE, id)) == [(ticket(STAGE, id),)]
    assert ask(f"SELECT {ticket_expression(name, STAGE, 'id')} FROM registry WHERE id = '{id}'") == [
        (ticket(STAGE, id),)
    ]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("key", ["", STAGE.upper(), STAGE[:-1], STAGE + "0", STAGE + "\n", "'" + STAGE[1:], "é" * 64])
def test_only_a_stage_key_becomes_text(name, key):
    for make in (
        lambda: ticket_expression(name, key, "id"),
        lambda: ticket_of(name, key, "91"),
        lambda: order_statement(name, key, "pool", "id"),
        lambda: first_statements(name, key, "pool", "id", 9, 3),
    ):
        with pytest.raises(SelectionError, match="stage key"):
            make()


@given(st.text(max_size=70), st.sampled_from(ENGINES))
def test_an_id_becomes_text_only_if_it_is_one(id, name):
    lawful = 1 <= len(id) <= 64 and all(c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-" for c in id)
    if lawful:
        assert f"'{id}'" in ticket_of(name, STAGE, id)
    else:
        with pytest.raises(SelectionError, match="not an id"):
            ticket_of(name, STAGE, id)


@pytest.mark.parametrize(
    ("table", "column"),
    [("pool", "id; DROP"), ("pool", ""), ("pool", "企业"), ("pool", "a.b"), ("a.b.c.d", "id"), ("", "id"), ("a..b", "id"), ("p\n", "id"), ("p", "i" * 64)],
)
def test_names_that_would_need_quotes_are_refused(table, column):
    with pytest.raises(SelectionError, match="make a view"):
        order_statement("duckdb", STAGE, table, column)


def test_what_is_not_there_is_refused():
    with pytest.raises(SelectionError, match="no SQL is written for 'oracle'"):
        order_statement("oracle", STAGE, "pool", "id")
    with pytest.raises(SelectionError, match="not negative"):
        first_statements("duckdb", STAGE, "pool", "id", 3, -1)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_bound_lies_above_its_share_or_is_not_used(size, count):
    below = bound(size, count)
    if below is not None:
        assert int.from_bytes(below, "big") * size > count << 256 - 1
        assert 2 * count < size


def test_the_page_shows_what_is_written_and_drawn():
    """docs/spec/where-the-data-is.md: expressions of section 1, the statement of section 3, the example of section 6."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "spec" / "where-the-data-is.md").read_text(encoding="utf-8")
    key = "c85bf29112ecfe605b31e7c9bbdd432190ca9b26ce4d650d1df288041bffe51f"
    for name in ENGINES:
        assert ticket_expression(name, key, "id").replace(key, "<key>").replace("||", "\\|\\|") in page, name
    ids = [f"firm-{n}" for n in range(1000)]
    statement = first_statements("postgresql", key, "firm", "id", len(ids), 3)[0]
    assert "".join(statement.split()) in "".join(page.split())
    parts = [first(key, ids[0::2], 3), first(key, ids[1::2], 3)]
    for order in (first(key, ids, 3), *parts):
        assert "".join(f"    {drawn.hex()}  {id}\n" for drawn, id in order) in page
    assert merge_shards(parts, 3) == first(key, ids, 3)
