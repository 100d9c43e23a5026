"""`doctor`: what is in order and what is not, with the mend. Reads only: it starts the embedded server if it must, changes nothing."""

import hashlib
import stat
from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

from msgspec import Struct

from disclosure.checkpoint import open_checkpoint
from disclosure.errors import DisclosureError
from disclosure.keys import Signer, encode_base64, key_id
from disclosure.note import KIND_ED25519, VerifierKey
from disclosure.tree import CompactRange, leaf_hash
from service.command.serve import database
from service.config import Config, ConfigError
from service.database import Connection, open_pool
from service.log import read_head, read_newest_checkpoint
from service.office import system_clock
from service.signer import load_signer

__all__ = ["Finding", "diagnose", "examine"]

OLDEST = 150000  # PostgreSQL 15
SKEW = 5.0  # seconds


class Finding(Struct, frozen=True):
    """One thing looked at; `mend` is empty where all is well."""

    what: str
    good: bool
    mend: str = ""


async def diagnose(config: Config) -> int:
    """Print every finding; return 1 if anything is not in order."""
    bad = 0
    async for finding in examine(config):
        print(
            f"{'✓' if finding.good else '✗'} {finding.what}"
            + (f"\n    → {finding.mend}" if finding.mend else "")
        )
        bad += not finding.good
    print("一切正常 all is well" if not bad else f"{bad} 处有问题 things to mend")
    return 1 if bad else 0


async def examine(config: Config) -> AsyncIterator[Finding]:
    """Yield findings about keys, database, migrations, log and clock, in this order."""
    yield Finding(f"配置 configuration: {config.public_url}, data {config.data}", True)
    log_signer: Signer | None = None
    for name, path in (
        ("机关密钥 bureau key", config.bureau_key_file),
        ("日志密钥 log key", config.log_key_file),
    ):
        finding, log_signer = _examine_key(name, path)
        yield finding
    try:
        async with database(config) as dsn:
            pool = await open_pool(dsn, config.database_password_file, size=1)
            try:
                async with (
                    pool.acquire() as connection,
                    connection.transaction(isolation="repeatable_read", readonly=True),
                ):
                    async for finding in _examine_database(connection, log_signer, config):
                        yield finding
            finally:
                await pool.close()
    except Exception as error:
        yield Finding(
            f"数据库 database: {type(error).__name__}: {error}",
            False,
            "检查 DATABASE_URL 与数据库服务 check the server",
        )


def _examine_key(name: str, path: Path) -> tuple[Finding, Signer | None]:
    try:
        signer = load_signer(path)
    except ConfigError as error:
        return Finding(f"{name}: {error}", False, f"python -m service keygen {path}"), None
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(f"{name}: {path} 他人可读 mode {mode:04o}", False, f"chmod 600 {path}"), signer
    return Finding(f"{name}: {key_id(signer.public_key)}", True), signer


async def _examine_database(
    connection: Connection, log_signer: Signer | None, config: Config
) -> AsyncIterator[Finding]:
    version = int(await connection.fetchval("SHOW server_version_num"))
    yield Finding(f"PostgreSQL {version // 10000}.{version % 10000}", version >= OLDEST,
                  "" if version >= OLDEST else "需要 15 或更新 15 or newer is needed")  # fmt: skip
    encoding = await connection.fetchval("SHOW server_encoding")
    yield Finding(
        f"编码 encoding {encoding}", encoding == "UTF8", "" if encoding == "UTF8" else "createdb -E UTF8"
    )
    skew = ((await connection.fetchval("SELECT clock_timestamp()")) - system_clock()).total_seconds()
    yield Finding(f"时钟 clock: 与数据库相差 off by {skew:+.1f} s", abs(skew) <= SKEW,
                  "" if abs(skew) <= SKEW else "两台机器都要对时 synchronise both machines (NTP)")  # fmt: skip
    pending = await _pending(connection)
    yield Finding("数据库结构 schema" + (f": {pending}" if pending else ""), not pending,
                  "python -m service migrate" if pending else "")  # fmt: skip
    if pending:
        return
    bureau = await connection.fetchrow("SELECT label, name FROM bureau")
    yield Finding("机关 bureau" + (f": {bureau['label']} {bureau['name']}" if bureau else ": 未登记 not set up"), bureau is not None,
                  "" if bureau else "python -m service bureau LABEL NAME")  # fmt: skip
    for row in await connection.fetch("SELECT label, name, key FROM section WHERE key IS NOT NULL AND active ORDER BY place"):
        yield _examine_section(row["label"], row["name"], row["key"], config.section_key_file(row["label"]))
    people = await connection.fetchval(
        "SELECT count(*) FROM staff WHERE active AND 'administrator' = ANY(roles)"
    )
    yield Finding(f"管理员 administrators: {people}", people > 0,
                  "" if people else "python -m service user-create LOGIN --name NAME --role administrator")  # fmt: skip
    shards = await connection.fetch("SELECT shard FROM log_head ORDER BY shard")
    if not shards:
        yield Finding("日志 log: 未建立 none", False, "python -m service log-create ORIGIN")
    for row in shards:
        async for finding in _examine_log(connection, row["shard"], log_signer):
            yield finding


def _examine_section(label: str, name: str, key: str, path: Path) -> Finding:
    what = f"部门 section {label} {name}"
    if not path.exists():
        return Finding(f"{what}: 私钥在别处，此处不能锁定它参加的计划 its key is elsewhere, nothing of it can be frozen here", True)
    finding, signer = _examine_key(what, path)
    if signer is not None and encode_base64(signer.public_key) != key:
        return Finding(f"{what}: {path} 不是登记的密钥 is not the registered key", False, "放回登记时的密钥文件 put the registered key back")
    return finding


async def _pending(connection: Connection) -> str:
    """Return in words how the applied migrations differ from the files; empty if they do not."""
    if await connection.fetchval("SELECT to_regclass('schema_migration')") is None:
        return "尚未建立 not there yet"
    applied = {
        row["name"]: row["sha256"]
        for row in await connection.fetch("SELECT name, sha256 FROM schema_migration")
    }
    files = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in resources.files("service.sql").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    }
    wrong = sorted(name for name in applied.keys() | files.keys() if applied.get(name) != files.get(name))
    return f"不一致 differs: {', '.join(wrong)}" if wrong else ""


async def _examine_log(
    connection: Connection, shard: str, log_signer: Signer | None
) -> AsyncIterator[Finding]:
    head = await read_head(connection, shard)
    tree = CompactRange(0, ())
    async for row in connection.cursor(
        "SELECT index, leaf FROM log_entry WHERE shard = $1 ORDER BY index", shard
    ):
        if row["index"] != tree.size:
            break
        tree.append(leaf_hash(row["leaf"]))
    same = tree.size == head.size and tree.root() == head.tree.root()
    yield Finding(f"日志 log {shard}: {head.size} 条 entries, 根 root {head.tree.root().hex()[:16]}…", same,
                  "" if same else "日志与记录不符：立即停止服务，从备份恢复 entries and head differ: stop, restore a backup")  # fmt: skip
    newest = await read_newest_checkpoint(connection, shard)
    signed = newest is not None and newest[0] == head.size
    yield Finding(f"检查点 checkpoint {shard}: {newest[0] if newest else 'none'}", signed,
                  "" if signed else "下次启动时自动签发 signed at the next start of the service")  # fmt: skip
    if newest is not None and log_signer is not None:
        try:
            opened = open_checkpoint(newest[1], VerifierKey(head.origin, KIND_ED25519, log_signer.public_key))
            true = newest[0] != head.size or opened.checkpoint.root == head.tree.root()
        except DisclosureError:
            true = False
        yield Finding(f"检查点签名 signature of the checkpoint {shard}", true,
                      "" if true else "日志密钥不是签发此日志的密钥 the log key is not the one that signed this log")  # fmt: skip
    ahead = (head.last_at - system_clock()).total_seconds()
    yield Finding(f"日志时间 time of the log {shard}", ahead <= SKEW,
                  "" if ahead <= SKEW else f"本机时钟比日志慢 {ahead:.0f} 秒 this clock is behind the log")  # fmt: skip
