"""The log (docs/spec/log.md): append in the transaction of the business change, then sign the committed head.

Owner of the state: the row of `log_head`. Whoever holds its lock is the sequencer; two processes wait for each other there.

    append            entry, subtree hashes and head, in the caller's transaction. A crash before COMMIT: nothing happened.
    sign_checkpoint   signs the head that is committed, and only that. A crash before it: the next call signs the same head
                      again, byte for byte (Ed25519 is deterministic), so the log never contradicts a signature of its own.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from disclosure.checkpoint import Checkpoint, open_checkpoint, read_unverified, sign_checkpoint
from disclosure.errors import DisclosureError
from disclosure.note import KIND_ED25519, VerifierKey
from disclosure.tree import CompactRange, consistency_proof, inclusion_proof, leaf_hash
from service.config import ConfigError
from service.database import Connection
from service.errors import Conflicting, NotFound
from service.office import Office

__all__ = ["Appended", "Head", "active_shard", "append", "check_key", "consistency", "create_log", "inclusion", "lock_head",
           "publish_checkpoint", "read_checkpoint_at_least", "read_head", "read_newest_checkpoint"]  # fmt: skip


class Head(Struct, frozen=True):
    shard: str
    origin: str
    size: int
    edge: tuple[bytes, ...]
    last_at: datetime

    @property
    def tree(self) -> CompactRange:
        return CompactRange(self.size, self.edge)


class Appended(Struct, frozen=True):
    shard: str
    index: int
    at: datetime


_HEAD = "SELECT shard, origin, size, edge, last_at FROM log_head WHERE "


async def create_log(office: Office, origin: str) -> Head:
    """Create the log named `origin` (`host/path/<shard>`), empty and active; Conflicting if there is one already.

    Only ever by command: a log that appears by itself after a lost database would contradict the one people remember.
    """
    shard = origin.rpartition("/")[2]
    async with office.pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(
            "SELECT 1 FROM log_head WHERE active OR origin = $1 OR shard = $2", origin, shard
        ):
            raise Conflicting("日志已经存在", "there is an active log already, or one of this name")
        await connection.execute(
            "INSERT INTO log_head (shard, origin, size, edge, last_at, active) VALUES ($1, $2, 0, '{}', $3, true)",
            shard, origin, office.now(),
        )  # fmt: skip
    return Head(shard, origin, 0, (), office.now())


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
    return Head(row["shard"], row["origin"], row["size"], tuple(row["edge"]), row["last_at"])


async def lock_head(connection: Connection, shard: str) -> Head:
    """Return the head, locked until the transaction ends: the caller is now the sequencer."""
    row = await connection.fetchrow(_HEAD + "shard = $1 FOR UPDATE", shard)
    if row is None:
        raise NotFound(f"没有日志 {shard}", f"there is no log {shard}")
    return Head(row["shard"], row["origin"], row["size"], tuple(row["edge"]), row["last_at"])


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


async def publish_checkpoint(office: Office, shard: str) -> bytes:
    """Return the signed checkpoint of the committed head, signing it if that was not done yet."""
    async with office.pool.acquire() as connection:
        head = await read_head(connection, shard)
        checkpoint = Checkpoint(head.origin, head.size, head.tree.root())
        note = sign_checkpoint(checkpoint, office.log_signer)
        await connection.execute(
            "INSERT INTO log_checkpoint (shard, size, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            shard, head.size, note,
        )  # fmt: skip
    return note


async def check_key(office: Office) -> None:
    """Raise ConfigError unless the newest checkpoint was signed with the key we hold.

    With another key the log would go on under two names; it happens when keys and database are of two installations.
    """
    async with office.pool.acquire() as connection:
        note = await connection.fetchval(
            "SELECT c.note FROM log_checkpoint c JOIN log_head h USING (shard) WHERE h.active ORDER BY c.size DESC LIMIT 1"
        )
    if note is None:
        return
    origin = read_unverified(note).origin
    try:
        open_checkpoint(note, VerifierKey(origin, KIND_ED25519, office.log_signer.public_key))
    except DisclosureError as error:
        raise ConfigError(
            f"the log key is not the one that signed the log {origin}: keys and database belong to two installations"
            f" (日志密钥与数据库不属于同一套安装): {error}"
        ) from error


async def read_newest_checkpoint(
    connection: Connection, shard: str, below: int | None = None
) -> tuple[int, bytes] | None:
    """Return (size, note) of the largest signed checkpoint, of at most `below` entries if given."""
    row = await connection.fetchrow(
        "SELECT size, note FROM log_checkpoint WHERE shard = $1 AND size <= $2 ORDER BY size DESC LIMIT 1",
        shard, 2**62 if below is None else below,
    )  # fmt: skip
    return None if row is None else (row["size"], row["note"])


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


async def inclusion(connection: Connection, shard: str, index: int, size: int) -> Proof:
    """Return the inclusion proof of the entry at `index` in the tree of `size`."""
    return await _with_hashes(connection, shard, lambda hash_at: inclusion_proof(index, size, hash_at))


async def consistency(connection: Connection, shard: str, old: int, size: int) -> Proof:
    """Return the consistency proof from the tree of `old` to that of `size`."""
    return await _with_hashes(connection, shard, lambda hash_at: consistency_proof(old, size, hash_at))
