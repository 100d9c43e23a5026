"""PostgreSQL: the connection pool, and migrations that run once, in order, and are never edited."""

import asyncio
import hashlib
import logging
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg

__all__ = ["Connection", "MigrationError", "Pool", "migrate", "open_pool"]

# asyncpg carries no types; what a query returns is checked where it becomes a struct.
Connection: TypeAlias = Any
Pool: TypeAlias = Any

# asyncpg restores its floor of connections in the background and logs a traceback each time while the server is down.
logging.getLogger("asyncpg.pool").setLevel(logging.CRITICAL)

_MIGRATION_LOCK = 0x64725F6D  # advisory lock key: one migrator at a time
_FIRST_CONNECTION = 60.0  # seconds to wait for a server that starts beside us


class MigrationError(Exception):
    """The database has another history than these files."""


async def open_pool(dsn: str, password_file: Path | None = None, size: int = 8) -> Pool:
    """Return a pool of at most `size` connections, waiting up to a minute for the server to accept one."""
    password = _read_password(password_file)
    loop, wait = asyncio.get_running_loop(), 0.1
    deadline = loop.time() + _FIRST_CONNECTION
    while True:
        try:
            return await asyncpg.create_pool(
                dsn, password=password, min_size=1, max_size=size, timeout=10, command_timeout=120
            )
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            if loop.time() > deadline:
                raise
            await asyncio.sleep(wait)
            wait = min(2.0, wait * 2)


def _read_password(file: Path | None) -> str | None:
    return None if file is None else file.read_text().strip()


async def migrate(pool: Pool) -> list[str]:
    """Apply the migrations not yet applied, each in one transaction; return their names.

    Raises MigrationError if an applied file was edited since or is missing: history is only added to.
    """
    files = sorted(
        (file.name, file.read_text(encoding="utf-8"))
        for file in resources.files("service.sql").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    )
    async with pool.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        try:
            return await _apply(connection, files)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", _MIGRATION_LOCK)


async def _apply(connection: Connection, files: list[tuple[str, str]]) -> list[str]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration"
        " (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    rows = await connection.fetch("SELECT name, sha256 FROM schema_migration")
    known, applied = {row["name"]: row["sha256"] for row in rows}, []
    if missing := sorted(set(known) - {name for name, _ in files}):
        raise MigrationError(
            f"the database was migrated by {missing[0]}, which this version does not have: it is newer"
        )
    for name, sql in files:
        sha256 = hashlib.sha256(sql.encode()).hexdigest()
        if name in known:
            if known[name] != sha256:
                raise MigrationError(f"{name} was edited after it was applied")
            continue
        async with connection.transaction():
            await connection.execute(sql)
            await connection.execute(
                "INSERT INTO schema_migration (name, sha256) VALUES ($1, $2)", name, sha256
            )
        applied.append(name)
    return applied
