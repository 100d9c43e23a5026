"""Key events (docs/spec/documents.md): the key list and log policy are logged whole, each time either changes.

The bureau's row is locked first and the log last, as a freeze does, so events of one bureau come one after another. Whoever changes a
table that the list or the policy is made of appends the event in the same transaction: /policy never says what was not logged.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from disclosure.document import KeyEvent, Shard, format_document, sign_document
from disclosure.key_list import KeyListError, allowed_signers, check_founding, check_next
from disclosure.keys import Signer, decode_base64, key_id
from disclosure.policy import Authority
from selection.keys import digest_of
from service import log
from service.database import Connection
from service.documents import Stored, Turn, begin_turn, store
from service.errors import Conflicting, Invalid, NotFound
from service.keys import read_key_event
from service.office import Office, as_time
from service.policies import VALID_FROM, log_policy_text, present_authorities
from service.sections import name_section

__all__ = ["Cause", "append_key_event", "ending", "find_key", "found_key_list", "lock_bureau", "register_section",
           "rotated", "store_shard"]

Authorities = tuple[Authority, ...]
Cause = Literal["key-added", "key-retired", "key-revoked", "cosigners", "shard"]


async def lock_bureau(connection: Connection) -> str:
    """Lock the bureau's row until the transaction ends and return its label; Conflicting before it is set up."""
    label = await connection.fetchval("SELECT label FROM bureau FOR UPDATE")
    if label is None:
        raise Conflicting("尚未登记机关，请运行 bureau 命令", "the bureau is not set up; run `python -m service bureau`")
    return str(label)


async def found_key_list(connection: Connection, office: Office) -> KeyEvent:
    """Return the newest key event, in the caller's transaction; the first is appended if there is none yet.

    Keys of an installation that has logged something are listed from before any leaf: what they signed stays signed.
    """
    bureau = await lock_bureau(connection)
    if (event := await read_key_event(connection)) is not None:
        return event
    turn = await begin_turn(connection, office, await log.active_shard(connection))
    used = await connection.fetchval("SELECT EXISTS (SELECT 1 FROM document)")
    event = KeyEvent(
        authorities=await present_authorities(connection, office, VALID_FROM if used else as_time(turn.now)),
        bureau=bureau, cause="founded", id=f"{bureau}.keys", issued_at=as_time(turn.now),
        log=await log_policy_text(connection), reason="设立密钥表 the key list is founded", rev=1, supersedes=None,
    )  # fmt: skip
    await _store(connection, office, turn, None, event)
    return event


async def append_key_event(
    connection: Connection, office: Office, cause: Cause, reason: str,
    change: Callable[[Authorities, str], Authorities] = lambda authorities, now: authorities,
) -> Stored:  # fmt: skip
    """Append the next key event in the caller's transaction and return it; the caller signs the checkpoint after COMMIT.

    `change` gives the new authorities from the old ones and the time of the event; the log policy is what the tables say now.
    Raises Invalid if a rule of the key list forbids it, Conflicting if no key that may sign it is here.
    """
    before = await found_key_list(connection, office)
    turn = await begin_turn(connection, office, await log.active_shard(connection))
    now = as_time(turn.now)
    event = msgspec.structs.replace(
        before, authorities=change(before.authorities, now), cause=cause, issued_at=now, log=await log_policy_text(connection),
        reason=reason, rev=before.rev + 1, supersedes=digest_of(format_document(before)),
    )  # fmt: skip
    return await _store(connection, office, turn, before, event)


async def store_shard(connection: Connection, office: Office, turn: Turn, shard: Shard) -> Stored:
    """Sign one end of the link between two logs with a key that holds now, and append it in the caller's transaction."""
    event = await read_key_event(connection)
    held = () if event is None else tuple(a.key for a in event.authorities if a.bureau == shard.bureau and a.holds_at(shard.issued_at))
    return await store(connection, turn, shard, sign_document(shard, [_one_of(office, held)]), f"{shard.event} {shard.origin}")


async def register_section(office: Office, label: str, name: str, key: str) -> bool:
    """Name a department with its public key (`name_section`) and list the key, in one transaction; return whether it is newly listed.

    Before there is a log nothing can be listed: the first key event will. Raises Conflicting if a retired department comes back whose
    key has ended meanwhile.
    """
    async with office.pool.acquire() as connection, connection.transaction():
        bureau = await lock_bureau(connection)
        if await connection.fetchval("SELECT 1 FROM log_head WHERE active") is None:
            return await name_section(connection, office, label, name, key)
        before = await found_key_list(connection, office)
        await name_section(connection, office, label, name, key)
        listed = [a for a in before.authorities if a.key == key]
        if listed and not any(a.holds_at(as_time(office.now())) for a in listed):
            raise Conflicting(
                f"部门 {label} 的密钥已停用或吊销；请用新的代号、名称和密钥登记",
                f"the key of section {label} has ended; register the department anew under another label, name and key",
            )
        if listed:
            return False
        stored = await append_key_event(
            connection, office, "key-added", f"列入部门密钥 key of a department: {name}",
            lambda authorities, now: (
                *authorities,
                Authority(bureau=bureau, key=key, name=name, revoked_at=None, valid_from=now, valid_until=None),
            ),
        )  # fmt: skip
    await log.publish_checkpoint(office, stored.shard)
    return True


def find_key(authorities: Authorities, words: str) -> str:
    """Return the key that `words` mean: its base64, or the first 8 or more digits of its fingerprint, spaces and all.

    Raises NotFound, or Invalid if two keys begin so.
    """
    text = "".join(words.split())
    digits = text.removeprefix("sha256:").lower()
    found = {
        a.key
        for a in authorities
        if a.key == text or (len(digits) >= 8 and key_id(decode_base64(a.key)).removeprefix("sha256:").startswith(digits))
    }
    if not found:
        raise NotFound(f"密钥表中没有 {words}；见 key-list", f"the key list has no key {words}; see `python -m service key-list`")
    if len(found) > 1:
        raise Invalid(f"有两把密钥以 {words} 开头，请多写几位", f"several keys begin with {words}; give more digits")
    return found.pop()


def ending(authorities: Authorities, key: str, member: Literal["valid_until", "revoked_at"], at: str) -> Authorities:
    """Return `authorities` with every entry of `key` ended at `at`, unless it ends earlier anyway."""
    return tuple(
        msgspec.structs.replace(a, **{member: min(at, getattr(a, member) or at)}) if a.key == key else a for a in authorities
    )


def rotated(authorities: Authorities, key: str, name: str, now: str, until: str) -> Authorities:
    """Return `authorities` with `key` listed under the `name` of the leading department, whose keys so far end at `until`.

    Those keys are known by that name and not by who signs here: it may be the standby key, because the other is lost.
    """
    former = [one for one in authorities if one.name == name]
    for one in former:
        authorities = ending(authorities, one.key, "valid_until", until)
    return (*authorities, msgspec.structs.replace(former[0], key=key, valid_from=now, valid_until=None, revoked_at=None))


async def _store(connection: Connection, office: Office, turn: Turn, before: KeyEvent | None, event: KeyEvent) -> Stored:
    try:
        if before is None:
            check_founding(event)
        else:
            check_next(before, event)
    except KeyListError as error:
        raise Invalid(f"密钥表不能这样改：{error.zh}", f"the key list cannot be changed so: {error.en}") from error
    signer = _one_of(office, allowed_signers(before, event))
    return await store(connection, turn, event, sign_document(event, [signer]), str(event.rev))


def _one_of(office: Office, allowed: tuple[str, ...]) -> Signer:
    """Return the first of the bureau's keys here that is one of `allowed`. A department's key would do as well, but speaks for it alone."""
    for signer in (office.signer, *office.former_signers):
        if any(decode_base64(key) == signer.public_key for key in allowed):
            return signer
    raise Conflicting(
        "本装置没有可签署密钥事件的密钥：须在前后两份密钥表中都有效。请把备用密钥放到机关密钥旁（bureau-standby.pem）再试",
        "no key here may sign this key event: it has to hold in the list before and in the new one. Put a standby key beside the bureau's"
        " (bureau-standby.pem) and try again",
    )
