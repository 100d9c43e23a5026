"""Logs one after another, as a rule one each year: a new log has its own key, and both say of each other that they follow.

New draws go to the newest log. A draw stays in the log of its plan, so an older log may still grow.
"""

from disclosure.document import Shard
from disclosure.key_event import OtherLog
from disclosure.keys import Signer, encode_base64
from service import log
from service.database import Connection
from service.documents import begin_turn
from service.errors import Conflicting
from service.key_events import append_key_event, found_key_list, lock_bureau, store_shard
from service.keys import read_key_event
from service.office import Office, as_time

__all__ = ["create_first_log", "shard_of", "succeed_log"]


def shard_of(origin: str) -> str:
    """Return the shard of the log named `origin`: its last part, as in /log/<shard>/."""
    return origin.rpartition("/")[2]


async def create_first_log(office: Office, origin: str) -> log.Head:
    """Create the first log with the first key event in it, and sign its head; Conflicting if there is a log, or no bureau yet."""
    async with office.pool.acquire() as connection, connection.transaction():
        await lock_bureau(connection)
        signer = office.log_signers.get(shard_of(origin), office.log_signer)
        await log.add_log(connection, origin, signer.public_key, office.now())
        await found_key_list(connection, office)
    # Killed here, the log stands with an unsigned head, which the next start signs.
    await log.publish_checkpoint(office, shard_of(origin))
    async with office.pool.acquire() as connection:
        return await log.read_head(connection, shard_of(origin))


async def succeed_log(office: Office, origin: str, abandon: bool = False) -> log.Head:
    """Let the log `origin` follow the active one, in one transaction, then sign both heads; return the new one.

    With `abandon` nothing is added to the older log any more, which is for one whose key is lost or which others know better than we do:
    there is no link then, and the key event alone says what happened.
    Raises Conflicting if there is none to follow, its name is taken, or the new log's key is not here.
    """
    signer = office.log_signers.get(shard_of(origin))
    if signer is None:
        raise Conflicting(
            f"新日志须有自己的密钥：先运行 keygen --log {shard_of(origin)}",
            f"a new log has a key of its own: run `python -m service keygen --log {shard_of(origin)}` first",
        )
    async with office.pool.acquire() as connection, connection.transaction():
        older = await (_abandon if abandon else _succeed)(connection, office, origin, signer)
    # Killed here, both heads are unsigned, and the next start signs them.
    if not abandon:
        await log.publish_checkpoint(office, older)
    await log.publish_checkpoint(office, shard_of(origin))
    async with office.pool.acquire() as connection:
        return await log.read_head(connection, shard_of(origin))


async def _succeed(connection: Connection, office: Office, origin: str, signer: Signer) -> str:
    """Link the active log and the new one in the caller's transaction; return the shard of the older."""
    bureau = (await found_key_list(connection, office)).bureau
    older = await log.active_shard(connection)
    turn = await begin_turn(connection, office, older)
    new_key, now = encode_base64(signer.public_key), as_time(turn.now)
    await store_shard(
        connection, office, turn,
        Shard(bureau=bureau, event="succeeded", id=f"{bureau}.log", issued_at=now, origin=turn.head.origin,
              other=OtherLog(key=new_key, origin=origin, root=None, size=None)),
    )  # fmt: skip
    await connection.execute("UPDATE log_head SET active = false WHERE shard = $1", older)
    await log.add_log(connection, origin, signer.public_key, turn.now)
    old = await log.read_head(connection, older)
    old_key = encode_base64(log.signer_of_log(office, old).public_key)
    await store_shard(
        connection, office, await begin_turn(connection, office, shard_of(origin)),
        Shard(bureau=bureau, event="succeeds", id=f"{bureau}.log", issued_at=now, origin=origin,
              other=OtherLog(key=old_key, origin=old.origin, root=old.tree.root().hex(), size=old.size)),
    )  # fmt: skip
    await append_key_event(connection, office, "shard", f"新日志 a new log: {origin}")
    return older


async def _abandon(connection: Connection, office: Office, origin: str, signer: Signer) -> str:
    """Close the active log as it is and begin the new one in the caller's transaction; return the shard of the older."""
    await lock_bureau(connection)
    older = await log.lock_head(connection, await log.active_shard(connection))
    await connection.execute("UPDATE log_head SET active = false WHERE shard = $1", older.shard)
    await log.add_log(connection, origin, signer.public_key, max(office.now(), older.last_at))
    before = await read_key_event(connection)
    await found_key_list(connection, office)
    if before is not None:
        await append_key_event(
            connection, office, "shard",
            f"日志 {older.origin} 就此停用，没有接续条目；新日志 {origin} (that log ends without a link, this one is new)",
        )  # fmt: skip
    return older.shard
