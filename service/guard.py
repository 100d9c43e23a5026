"""Never sign a fork (docs/spec/log.md 6, "One log, one view").

A database put back from an older backup has forgotten entries that others remember. Signing on from there would give one log two
histories, which everybody could prove. So before a process signs its first checkpoint, and again whenever the database behind its
connections is another one, it compares with everyone who may remember: the cosigners, the published folder, and its own memory.
"""

import logging
from pathlib import Path

from disclosure.checkpoint import open_checkpoint
from disclosure.errors import DisclosureError
from disclosure.note import KIND_ED25519, VerifierKey
from disclosure.policy import satisfied
from service import log
from service.cosigners import read_quorum
from service.cosigning import PATIENCE, Reply, cosign
from service.database import Connection
from service.errors import Conflicting
from service.office import Office

__all__ = ["MEND", "Halted", "check_not_halted", "check_signing", "compare_folder", "heed", "is_checked", "remember_signed", "warn",
           "why_not"]  # fmt: skip

_LOG = logging.getLogger("service")

MEND = (  # Chinese, English
    ("很可能是数据库从旧备份恢复：不要再签发。请停止服务，找回较新的数据库；确已丢失的，这本日志不能续用，"
    "请把新旧检查点都保存好并公告，再以新名称建立日志（见 docs/operations.md“联署”）"),
    ("the database was probably restored from an older backup. Nothing is signed. Stop the service and find the newer database; if it"
    " is lost, this log cannot go on: keep both checkpoints, say so in public, and create a log of another name"
    " (docs/operations.md, Cosigners)"),
)


class Halted(Conflicting):
    """Nothing is signed for this log."""


def check_not_halted(office: Office, shard: str) -> None:
    """Raise Halted if this process has found that somebody remembers more than the database: then nothing is added either."""
    if shard in office.memory.halted:
        raise Halted(*office.memory.halted[shard])


async def check_signing(office: Office, shard: str) -> None:
    """Raise Halted unless the committed head of `shard` continues everything that anyone we can ask remembers.

    Asks the others only when this process, or the database, is new. Halting lasts until the process ends: it never heals by itself.
    """
    check_not_halted(office, shard)
    async with office.pool.acquire() as connection:
        database = await _identity(connection)
        if office.memory.checked.get(shard) != database:
            contradiction = await compare_folder(connection, shard, office.memory.folder, office.log_signer.public_key)
            if contradiction is not None:
                _halt(office, shard, *contradiction)
    if office.memory.checked.get(shard) != database:
        await _compare_cosigners(office, shard)
        office.memory.checked[shard] = database
    await _compare_memory(office, shard)


async def is_checked(connection: Connection, office: Office, shard: str) -> bool:
    """Return whether the database behind `connection` is the one that was compared."""
    return office.memory.checked.get(shard) == await _identity(connection)


async def _identity(connection: Connection) -> tuple[object, ...]:
    """Return what changes when the database behind the connection is another one, or was put back while we looked away."""
    row = await connection.fetchrow(
        "SELECT pg_postmaster_start_time(), d.oid, pg_relation_filenode('log_head') FROM pg_database d"
        " WHERE d.datname = current_database()"
    )
    return tuple(row)


async def _compare_memory(office: Office, shard: str) -> None:
    size, root = office.memory.signed.get(shard, (0, b""))
    if not size:
        return
    async with office.pool.acquire() as connection:
        if await _differs(connection, shard, size, root):
            _halt(office, shard, f"本进程签发过 {size} 条的检查点，数据库中已不是这些",
                  f"this process signed {size} entries that are not those of the database any more")  # fmt: skip


async def _differs(connection: Connection, shard: str, size: int, root: bytes) -> bool:
    head = await log.read_head(connection, shard)
    return head.size < size or await log.root_of(connection, shard, size) != root


async def compare_folder(
    connection: Connection, shard: str, folder: Path | None, log_key: bytes
) -> tuple[str, str] | None:
    """Return in words, Chinese and English, how the published checkpoint contradicts the database; None if it does not."""
    file = None if folder is None else folder / "log" / shard / "checkpoint"
    if file is None or not file.exists():
        return None
    head = await log.read_head(connection, shard)
    try:
        published = open_checkpoint(file.read_bytes(), VerifierKey(head.origin, KIND_ED25519, head.key or log_key)).checkpoint
    except (DisclosureError, OSError) as error:
        _LOG.warning("%s is no checkpoint of this log and is not heeded: %s", file, error)
        return None
    if not await _differs(connection, shard, published.size, published.root):
        return None
    return (
        f"已公布的检查点 /log/{shard}/checkpoint 有 {published.size} 条，与数据库的 {head.size} 条不符",
        f"the published checkpoint /log/{shard}/checkpoint is of {published.size} entries and is not continued by the {head.size} of the database",
    )


async def _compare_cosigners(office: Office, shard: str) -> None:
    async with office.pool.acquire() as connection:
        if await log.read_signed(connection, shard) is None:
            await log.sign_empty(connection, office, shard)
        policy = await read_quorum(connection)
    replies = await cosign(office, shard, PATIENCE)
    await heed(office, shard, replies)
    words = [reply.problem for reply in replies if reply.problem is not None]
    if not satisfied(policy, [reply.cosigner.key for reply in replies if reply.line is not None]):
        raise Halted(
            "尚未问到足够的联署者，暂不签发：" + "；".join(zh for zh, _ in words),
            "not enough cosigners have answered yet, so nothing is signed: " + "; ".join(en for _, en in words),
        )
    for zh, en in words:
        _LOG.warning("未问到即签发 signing without its answer: %s, %s", zh, en)


async def heed(office: Office, shard: str, replies: list[Reply]) -> None:
    """Raise Halted, for good, if one of `replies` contradicts the database as it is now."""
    for reply in replies:
        if reply.contradicts and reply.problem is not None and not await _signed_meanwhile(office, shard, reply):
            _halt(office, shard, *reply.problem)


async def _signed_meanwhile(office: Office, shard: str, reply: Reply) -> bool:
    """Return whether another process of ours signed what the cosigner remembers while we asked: before anyone sees a checkpoint, it
    is in the database. Whether it is the same there, the next time of asking shows."""
    if reply.larger is None:
        return False
    async with office.pool.acquire() as connection:
        newest = await log.read_signed(connection, shard)
    return newest is not None and newest[0] >= reply.larger


def warn(office: Office, shard: str, refusal: Conflicting) -> None:
    """Say once, for every other reason, that nothing is signed."""
    words = (refusal.zh, refusal.en)
    if office.memory.refused.get(shard) != words:
        office.memory.refused[shard] = words
        _LOG.error("%s\n%s", *words)


def _halt(office: Office, shard: str, zh: str, en: str) -> None:
    office.memory.halted[shard] = (f"日志 {shard} 已停止签发：{zh}。{MEND[0]}", f"the log {shard} is halted: {en}; {MEND[1]}")
    check_not_halted(office, shard)


def why_not(office: Office, shard: str) -> str | None:
    """Return in Chinese why nothing is signed for this log by this process now; None while all is well."""
    words = office.memory.halted.get(shard) or office.memory.refused.get(shard)
    return None if words is None else words[0]


def remember_signed(office: Office, shard: str, size: int, root: bytes) -> None:
    """Remember the largest checkpoint this process signed."""
    office.memory.refused.pop(shard, None)
    if size >= office.memory.signed.get(shard, (0, b""))[0]:
        office.memory.signed[shard] = (size, root)
