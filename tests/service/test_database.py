"""Migrations run once, in order, and are never edited; whatever else is found is refused."""

import asyncio

import msgspec
import pytest

from service.config import ConfigError
from service.database import MigrationError, migrate, open_pool
from service.log import check_key, publish_checkpoint


async def test_four_racing_runners_apply_each_migration_once(empty_dsn: str) -> None:
    pools = [await open_pool(empty_dsn, size=1) for _ in range(4)]
    try:
        applied = await asyncio.gather(*(migrate(pool) for pool in pools))
        assert sorted(map(len, applied))[:3] == [0, 0, 0]
        names = [
            row["name"] for row in await pools[0].fetch("SELECT name FROM schema_migration ORDER BY name")
        ]
        assert names == max(applied, key=len) != []
        assert await migrate(pools[0]) == []
    finally:
        for pool in pools:
            await pool.close()


async def test_an_edited_migration_is_refused(dsn: str) -> None:
    pool = await open_pool(dsn, size=1)
    try:
        await pool.execute(
            "UPDATE schema_migration SET sha256 = repeat('0', 64) WHERE name = '0001_initial.sql'"
        )
        with pytest.raises(MigrationError, match=r"0001_initial\.sql was edited"):
            await migrate(pool)
    finally:
        await pool.close()


async def test_a_database_of_a_newer_version_is_refused(dsn: str) -> None:
    pool = await open_pool(dsn, size=1)
    try:
        await pool.execute("INSERT INTO schema_migration (name, sha256) VALUES ('9999_later.sql', '')")
        with pytest.raises(MigrationError, match=r"9999_later\.sql.*newer"):
            await migrate(pool)
    finally:
        await pool.close()


async def test_a_refused_runner_leaves_the_lock_to_the_next(dsn: str) -> None:
    pool = await open_pool(dsn, size=2)
    try:
        await pool.execute("INSERT INTO schema_migration (name, sha256) VALUES ('9999_later.sql', '')")
        with pytest.raises(MigrationError):
            await migrate(pool)
        await pool.execute("DELETE FROM schema_migration WHERE name = '9999_later.sql'")
        assert await asyncio.wait_for(migrate(pool), 10) == []
    finally:
        await pool.close()


async def test_a_log_key_of_another_installation_is_refused(office) -> None:
    """The newest checkpoint tells whose database this is; going on with another key would contradict it."""
    await publish_checkpoint(office, (await office.pool.fetchval("SELECT shard FROM log_head")))
    await check_key(office)
    with pytest.raises(ConfigError, match="two installations"):
        await check_key(msgspec.structs.replace(office, log_signer=office.signer))
