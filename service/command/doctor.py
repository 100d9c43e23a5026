"""`doctor`: what is in order and what is not, with the mend. Reads only: it starts the embedded server if it must, changes nothing."""

import hashlib
from collections.abc import AsyncIterator
from importlib import resources

from disclosure.checkpoint import open_checkpoint
from disclosure.errors import DisclosureError
from disclosure.keys import Signer
from disclosure.note import KIND_ED25519, VerifierKey
from disclosure.tree import CompactRange, leaf_hash
from service.command.cosigner_findings import examine_cosigning
from service.command.folder_findings import examine_folder
from service.command.key_findings import Finding, examine_key, examine_key_list, examine_section
from service.command.serve import database
from service.config import Config
from service.database import Connection, open_pool
from service.log import read_head, read_newest_checkpoint
from service.office import system_clock
from service.signer import Passphrase

__all__ = ["Finding", "diagnose", "examine"]

OLDEST = 150000  # PostgreSQL 15
SKEW = 5.0  # seconds


async def diagnose(config: Config) -> int:
    """Print every finding; return 1 if anything is not in order."""
    bad = 0
    async for finding in examine(config):
        print(
            f"{'✗' if not finding.good else '!' if finding.mend else '✓'} {finding.what}"
            + (f"\n    → {finding.mend}" if finding.mend else "")
        )
        bad += not finding.good
    print("一切正常 all is well" if not bad else f"{bad} 处有问题 things to mend")
    return 1 if bad else 0


async def examine(config: Config) -> AsyncIterator[Finding]:
    """Yield findings about keys, database, migrations, log and clock, in this order."""
    yield Finding(f"配置 configuration: {config.public_url}, data {config.data}", True)
    passphrase = Passphrase(config.key_passphrase_file)
    bureau, logs = [], []
    here = [path for path in config.bureau_key_files() if path.exists()] or [config.bureau_key_file]
    for path in here:
        finding, signer = examine_key(f"机关密钥 bureau key {path.name}", path, passphrase)
        bureau += [signer] if signer is not None else []
        yield finding
    further = sorted(config.log_key_file.parent.glob("log-*.pem"))
    for path in [config.log_key_file] if config.log_key_file.exists() or not further else []:
        finding, signer = examine_key(f"日志密钥 log key {path.name}", path, passphrase)
        logs += [signer] if signer is not None else []
        yield finding
    for path in further:
        finding, signer = examine_key(f"日志密钥 log key {path.name}", path, passphrase)
        logs += [signer] if signer is not None else []
        yield finding
    try:
        async with database(config) as dsn:
            pool = await open_pool(dsn, config.database_password_file, size=1)
            try:
                async with (
                    pool.acquire() as connection,
                    connection.transaction(isolation="repeatable_read", readonly=True),
                ):
                    async for finding in _examine_database(connection, bureau, logs, config, passphrase):
                        yield finding
            finally:
                await pool.close()
    except Exception as error:
        yield Finding(
            f"数据库 database: {type(error).__name__}: {error}",
            False,
            "检查 DATABASE_URL 与数据库服务 check the server",
        )


async def _examine_database(
    connection: Connection, bureau_signers: list[Signer], log_signers: list[Signer], config: Config, passphrase: Passphrase
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
        yield examine_section(row["label"], row["name"], row["key"], config.section_key_file(row["label"]), passphrase)
    if bureau is not None:
        for finding in await examine_key_list(connection, bureau_signers):
            yield finding
    people = await connection.fetchval(
        "SELECT count(*) FROM staff WHERE active AND 'administrator' = ANY(roles)"
    )
    yield Finding(f"管理员 administrators: {people}", people > 0,
                  "" if people else "python -m service user-create LOGIN --name NAME --role administrator")  # fmt: skip
    for finding in await examine_folder(connection, config.publish_dir, system_clock()):
        yield finding
    shards = await connection.fetch("SELECT shard FROM log_head ORDER BY shard")
    if not shards:
        yield Finding("日志 log: 未建立 none", False, "python -m service log-create ORIGIN")
    for row in shards:
        async for finding in _examine_log(connection, row["shard"], log_signers):
            yield finding
        log_key = log_signers[0].public_key if log_signers else b""
        for found in await examine_cosigning(connection, row["shard"], config.publish_dir, log_key):
            yield found
    for row in await connection.fetch("SELECT name, trouble FROM timestamp_authority ORDER BY name"):
        yield Finding(f"时间戳机构 time-stamping authority {row['name']}: {row['trouble'] or '正常 answers'}", row["trouble"] is None,
                      "" if row["trouble"] is None else "一小时后自动再试；检查网址与根证书 asked again in an hour; check its address and root")  # fmt: skip


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


async def _examine_log(connection: Connection, shard: str, log_signers: list[Signer]) -> AsyncIterator[Finding]:
    head = await read_head(connection, shard)
    active = shard == await connection.fetchval("SELECT shard FROM log_head WHERE active")
    # Before the key was kept with the log, whoever signed the newest checkpoint is it; the next start writes it down.
    signer = next((one for one in log_signers if head.key in (None, one.public_key)), None)
    if signer is None:
        yield Finding(f"日志 log {shard}: 密钥不在此处，不能再往其中登记 its key is not here, nothing can be added", not active,
                      f"放回 put back: log-{shard}.pem" if active else "")  # fmt: skip
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
    if newest is not None and signer is not None:
        try:
            opened = open_checkpoint(newest[1], VerifierKey(head.origin, KIND_ED25519, signer.public_key))
            true = newest[0] != head.size or opened.checkpoint.root == head.tree.root()
        except DisclosureError:
            true = False
        yield Finding(f"检查点签名 signature of the checkpoint {shard}", true,
                      "" if true else "日志密钥不是签发此日志的密钥 the log key is not the one that signed this log")  # fmt: skip
    ahead = (head.last_at - system_clock()).total_seconds()
    yield Finding(f"日志时间 time of the log {shard}", ahead <= SKEW,
                  "" if ahead <= SKEW else f"本机时钟比日志慢 {ahead:.0f} 秒 this clock is behind the log")  # fmt: skip
