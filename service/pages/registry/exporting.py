"""Downloads: exactly the rows that fit a question, in the columns an import reads back. Built first, then sent: a slow reader holds no
connection to the database, and a file that is cut off half-way is never taken for a whole one."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import IO, Final

from service.database import Connection
from service.errors import Invalid
from service.office import Office
from service.pages.registry.finding import select
from service.pages.registry.question import Question, condition_of
from service.registry.export import format_csv, format_rows
from service.registry.records import RECORD_TYPES, Record
from service.registry.sheets import format_workbook
from service.registry.writing import from_database

__all__ = ["MOST_IN_WORKBOOK", "export_csv", "export_workbook", "pieces"]

MOST_IN_WORKBOOK: Final = 200_000  # rows; a workbook is made in memory, and beyond this no one opens it with pleasure
_CHUNK: Final = 5_000
_PIECE: Final = 1 << 18


async def _chunks(connection: Connection, question: Question) -> AsyncIterator[list[Record]]:
    condition, type = condition_of(question), RECORD_TYPES[question.kind]
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(select(question.kind, condition), *condition.arguments)
        while rows := await cursor.fetch(_CHUNK):
            yield [type(*map(from_database, row)) for row in rows]


async def export_csv(office: Office, question: Question) -> tuple[IO[bytes], int]:
    """Return a file of its own with the rows as CSV, formulas made inert, and their number; Invalid for words too short to search."""
    file, number = tempfile.TemporaryFile(), 0  # noqa: SIM115 (whoever sends it closes it)
    try:
        await asyncio.to_thread(file.write, format_csv(question.kind, ()))
        async with office.pool.acquire() as connection:
            async for records in _chunks(connection, question):
                file.write(await asyncio.to_thread(format_rows, question.kind, records))
                number += len(records)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, number


async def export_workbook(office: Office, question: Question) -> tuple[bytes, int]:
    """Return the rows as .xlsx, every cell text, and their number; Invalid if there are more than MOST_IN_WORKBOOK."""
    records: list[Record] = []
    async with office.pool.acquire() as connection:
        async for more in _chunks(connection, question):
            records += more
            if len(records) > MOST_IN_WORKBOOK:
                raise Invalid(f"超过 {MOST_IN_WORKBOOK:,} 行，请改为下载 CSV，或再加条件", f"more than {MOST_IN_WORKBOOK:,} rows: take the CSV, or narrow it")
    return await asyncio.to_thread(format_workbook, question.kind, records), len(records)


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Return the file piece by piece, and close it."""
    with file:
        while piece := file.read(_PIECE):
            yield piece
