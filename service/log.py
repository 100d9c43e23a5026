"""The log (docs/spec/log.md): append in the transaction of the business change, then sign the committed head.

Owner of the state: the row of `log_head`. Whoever holds its lock is the sequencer; two processes wait for each other there.

    append            entry, subtree hashes and head, in the caller's transaction. A crash before COMMIT: nothing happened.
    sign_checkpoint   signs the head that is committed, and only that, after `guard` found nobody who remembers more. A crash before
                      it: the next call signs the same head again, byte for byte (Ed25519 is deterministic), so the log never
                      contradicts a signature of its own.
"""

import re
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from disclosure.checkpoint import Checkpoint, open_checkpoint, read_unverified, sign_checkpoint
from disclosure.errors import DisclosureError
from disclosure.keys import Signer
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.tree import EMPTY_ROOT, CompactRange, consistency_proof, inclusion_proof, leaf_hash, root_at
from service.config import ConfigError
from service.database import Connection
from service.errors import Conflicting, Invalid, NotFound
from service.office import Office

__all__ = ["Appended", "Head", "active_shard", "add_log", "append", "check_key", "consistency", "create_log", "find_signer",
           "inclusion", "lock_head", "publish_checkpoint", "read_checkpoint_at_least", "read_head", "read_newest_checkpoint", "read_signed",
           "root_of", "sign_empty", "signer_of_log"]  # fmt: skip


class Head(Struct, frozen=True):
    shard: str
    origin: str
    size: int
    edge: tuple[bytes, ...]
    last_at: datetime
    key: bytes | None  # raw, of the key that signs its checkpoints; None until `check_key` has filled it in

    @property
    def tree(self) -> CompactRange:
        return CompactRange(self.size, self.edge)


class Appended(Struct, frozen=True):
    shard: str
    index: int
    at: datetime


_HEAD = "SELECT shard, origin, size, edge, last_at, key FROM log_head WHERE "


async def create_log(office: Office, origin: str) -> Head:
    """Create the log named `origin` (`host/path/<shard>`), empty and active; Conflicting if there is one already."""
    async with office.pool.acquire() as connection, connection.transaction():
        return await add_log(connection, origin, office.log_signer.public_key, office.now())


async def add_log(connection: Connection, origin: str, key: bytes, at: datetime) -> Head:
    """Make the log named `origin`, empty and active, in the caller's transaction; Conflicting if a log is active or has this name or key.

    Only ever by command: a log that appears by itself after a lost database would contradict the one people remember.
    """
    try:
        format_vkey(VerifierKey(origin, KIND_ED25519, key))
    except DisclosureError as error:
        raise Invalid(f"日志名 {origin!r} 不合格式", f"{origin!r} cannot name a log: {error}") from error
    shard = origin.rpartition("/")[2]
    if not re.fullmatch("[0-9A-Za-z._-]{1,64}", shard):
        raise Invalid(f"日志名 {origin!r} 的末段不合格式", f"{origin!r} does not end in a shard: 1 to 64 of 0-9 A-Z a-z . _ -")
    if await connection.fetchval(
        "SELECT 1 FROM log_head WHERE active OR origin = $1 OR shard = $2 OR key = $3", origin, shard, key
    ):
        raise Conflicting(
            "日志已经存在，或同名、同密钥；后续日志用 --succeeds",
            "there is an active log already, or one of this name or key; a further one is created with --succeeds",
        )
    await connection.execute(
        "INSERT INTO log_head (shard, origin, size, edge, last_at, active, key) VALUES ($1, $2, 0, '{}', $3, true, $4)",
        shard, origin, at, key,
    )  # fmt: skip
    return await read_head(connection, shard)


async def active_shard(connection: Connection) -> str:
    """Return the shard new draws go to; NotFound if no log was created."""
    shard = await connection.fetchval("SELECT shard FROM log_head WHERE active")
    if shard is None:
        raise NotFound(
            "尚未建立日志，请运行 log-create", "there is no log yet; run `python -m service log-create`"
        )
    return str(shard)


async def read_head(connection: Connection, shard: str) -> Head:
    """Return the committed head of `shard`."""
    row = await connection.fetchrow(_HEAD + "shard = $1", shard)
    if row is None:
        raise NotFound(f"没有日志 {shard}", f"there is no log {shard}")
    return Head(row["shard"], row["origin"], row["size"], tuple(row["edge"]), row["last_at"], row["key"])


async def lock_head(connection: Connection, shard: str) -> Head:
    """Return the head, locked until the transaction ends: the caller is now the sequencer."""
    row = await connection.fetchrow(_HEAD + "shard = $1 FOR UPDATE", shard)
    if row is None:
        raise NotFound(f"没有日志 {shard}", f"there is no log {shard}")
    return Head(row["shard"], row["origin"], row["size"], tuple(row["edge"]), row["last_at"], row["key"])


async def append(connection: Connection, head: Head, leaf: bytes, at: datetime) -> Appended:
    """Add `leaf` behind the locked `head`, in the caller's transaction; return where it stands."""
    tree = head.tree
    complete = tree.append(leaf_hash(leaf))
    await connection.execute(
        "INSERT INTO log_entry (shard, index, leaf) VALUES ($1, $2, $3)", head.shard, head.size, leaf
    )
    await connection.executemany(
        "INSERT INTO log_hash (shard, level, index, hash) VALUES ($1, $2, $3, $4)",
        [(head.shard, level, index, hash) for level, index, hash in complete],
    )
    await connection.execute(
        "UPDATE log_head SET size = $2, edge = $3, last_at = $4 WHERE shard = $1",
        head.shard, tree.size, list(tree.edge), at,
    )  # fmt: skip
    return Appended(head.shard, head.size, at)


async def publish_checkpoint(office: Office, shard: str) -> bytes | None:
    """Return the signed checkpoint of the committed head, signing it if that was not done yet; then ask the cosigners, not for long.

    None, with a warning in words, if nothing may be signed: somebody remembers more than the database, or could not be asked, or the key
    of this log is not here. What is committed stays committed, and the job signs it when it may. A crash before the row is stored: nobody has seen the signature.
    """
    from service import cosigning, guard  # they read the log

    try:
        note = await _sign_when_safe(office, shard)
        await guard.heed(office, shard, await cosigning.cosign(office, shard, cosigning.PROMPT))
    except Conflicting as refusal:
        guard.warn(office, shard, refusal)
        return None
    return note


async def _sign_when_safe(office: Office, shard: str) -> bytes:
    from service import guard
    from service.cosigners import complete

    while True:
        await guard.check_signing(office, shard)
        async with office.pool.acquire() as connection:
            if not await guard.is_checked(connection, office, shard):
                continue  # the database went away and came back between these lines
            head = await read_head(connection, shard)
            checkpoint = Checkpoint(head.origin, head.size, head.tree.root())
            note = sign_checkpoint(checkpoint, signer_of_log(office, head))
            async with connection.transaction():
                await _store_checkpoint(connection, shard, head.size, note)
                await complete(connection, shard, head.size)
            guard.remember_signed(office, shard, head.size, checkpoint.root)
            return note


async def sign_empty(connection: Connection, office: Office, shard: str) -> None:
    """Sign and store the checkpoint of no entries: it contradicts nothing, so one may ask others with it."""
    head = await read_head(connection, shard)
    await _store_checkpoint(
        connection, shard, 0, sign_checkpoint(Checkpoint(head.origin, 0, EMPTY_ROOT), signer_of_log(office, head))
    )


async def _store_checkpoint(connection: Connection, shard: str, size: int, note: bytes) -> None:
    await connection.execute(
        "INSERT INTO log_checkpoint (shard, size, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", shard, size, note
    )


def find_signer(office: Office, head: Head) -> Signer | None:
    """Return who signs checkpoints of this log here, or None if its key is not here."""
    if head.key is None:
        return office.log_signer
    signers = (office.log_signer, *office.log_signers.values())
    return next((signer for signer in signers if signer.public_key == head.key), None)


def signer_of_log(office: Office, head: Head) -> Signer:
    """Return who signs checkpoints of this log; Conflicting if its key is not here: nothing may be appended then."""
    signer = find_signer(office, head)
    if signer is None:
        raise Conflicting(
            f"日志 {head.shard} 的密钥不在本装置，不能再往其中登记；请放回 log-{head.shard}.pem（或原来的日志密钥文件）并重新启动服务",
            f"the key of the log {head.shard} is not here, so nothing can be added to it; put log-{head.shard}.pem back and restart",
        )
    return signer


async def check_key(office: Office) -> None:
    """Raise ConfigError unless we hold the key of the active log, the one that signed its newest checkpoint.

    With another key the log would go on under two names; it happens when keys and database are of two installations.
    Writes down the key of logs that were made before their keys were kept with them.
    """
    async with office.pool.acquire() as connection:
        for row in await connection.fetch(_HEAD + "key IS NULL"):
            newest = await read_newest_checkpoint(connection, row["shard"])
            if newest is None or _signed(newest[1], office.log_signer.public_key):
                await connection.execute(
                    "UPDATE log_head SET key = $2 WHERE shard = $1 AND key IS NULL", row["shard"], office.log_signer.public_key
                )
        active = await connection.fetchval("SELECT shard FROM log_head WHERE active")
        if active is None:
            return
        head = await read_head(connection, active)
        newest = await read_newest_checkpoint(connection, active)
    signer = find_signer(office, head)
    if signer is None or (newest is not None and not _signed(newest[1], signer.public_key)):
        raise ConfigError(
            f"签发日志 {head.origin} 的密钥不在此处，日志密钥与数据库不属于同一套安装；请放回 log-{head.shard}.pem 或原来的日志密钥文件"
            f" the log key is not the one that signed the log {head.origin}: keys and database belong to two installations"
        )


def _signed(note: bytes, public_key: bytes) -> bool:
    try:
        open_checkpoint(note, VerifierKey(read_unverified(note).origin, KIND_ED25519, public_key))
    except DisclosureError:
        return False
    return True


async def read_signed(connection: Connection, shard: str) -> tuple[int, bytes] | None:
    """Return (size, note) of the largest signed checkpoint, the note with the log's signature alone."""
    row = await connection.fetchrow(
        "SELECT size, note FROM log_checkpoint WHERE shard = $1 ORDER BY size DESC LIMIT 1", shard
    )
    return None if row is None else (row["size"], row["note"])


async def read_newest_checkpoint(connection: Connection, shard: str) -> tuple[int, bytes] | None:
    """Return (size, note) of the largest signed checkpoint as it is served: with the newest line of each cosigner."""
    row = await connection.fetchrow(
        "SELECT c.size, c.note, (SELECT coalesce(string_agg(l.newest_line, '' ORDER BY l.cosigner), '') FROM log_cosignature l"
        " WHERE l.shard = c.shard AND l.size = c.size) AS lines"
        " FROM log_checkpoint c WHERE c.shard = $1 ORDER BY c.size DESC LIMIT 1",
        shard,
    )
    return None if row is None else (row["size"], row["note"] + row["lines"].encode())


async def read_checkpoint_at_least(connection: Connection, shard: str, size: int) -> tuple[int, bytes] | None:
    """Return (size, note) of the smallest signed checkpoint with at least `size` entries."""
    row = await connection.fetchrow(
        "SELECT size, note FROM log_checkpoint WHERE shard = $1 AND size >= $2 ORDER BY size LIMIT 1",
        shard,
        size,
    )
    return None if row is None else (row["size"], row["note"])


Proof = list[bytes]
HashReader = Callable[[int, int], bytes]


async def _with_hashes(connection: Connection, shard: str, make: Callable[[HashReader], Proof]) -> Proof:
    """Return the proof `make` builds, fetching the few subtree hashes it asks for, in one query per round."""
    known: dict[tuple[int, int], bytes] = {}
    while True:
        asked: set[tuple[int, int]] = set()

        def hash_at(level: int, index: int) -> bytes:
            found = known.get((level, index))
            if found is None:
                asked.add((level, index))  # noqa: B023
                return bytes(32)
            return found

        proof = make(hash_at)
        if not asked:
            return proof
        rows = await connection.fetch(
            "SELECT level, index, hash FROM log_hash WHERE shard = $1 AND (level, index) IN"
            " (SELECT * FROM unnest($2::smallint[], $3::bigint[]))",
            shard, [level for level, _ in asked], [index for _, index in asked],
        )  # fmt: skip
        if len(rows) != len(asked):
            raise NotFound(
                f"日志 {shard} 缺少散列", f"log {shard} lacks hashes of subtrees {sorted(asked)[:3]}"
            )
        known.update({(row["level"], row["index"]): row["hash"] for row in rows})


async def root_of(connection: Connection, shard: str, size: int) -> bytes:
    """Return the root of the first `size` entries; NotFound if there are not so many."""
    return (await _with_hashes(connection, shard, lambda hash_at: [root_at(size, hash_at)]))[0]


async def inclusion(connection: Connection, shard: str, index: int, size: int) -> Proof:
    """Return the inclusion proof of the entry at `index` in the tree of `size`."""
    return await _with_hashes(connection, shard, lambda hash_at: inclusion_proof(index, size, hash_at))


async def consistency(connection: Connection, shard: str, old: int, size: int) -> Proof:
    """Return the consistency proof from the tree of `old` to that of `size`."""
    return await _with_hashes(connection, shard, lambda hash_at: consistency_proof(old, size, hash_at))
