"""The key list of this installation: the newest key event in its log (docs/spec/documents.md), and whether a key holds by it.

Before the first key event, which the first key command or `log-create` appends, every key holds that the tables name.
"""

from collections.abc import Iterable
from datetime import datetime

from disclosure.document import KeyEvent, parse_document
from disclosure.keys import Signer, decode_base64, encode_base64, key_id
from disclosure.policy import Authority
from service.database import Connection
from service.errors import Conflicting
from service.office import as_time

__all__ = ["check_holding", "choose_signer", "holding_faults", "read_key_event"]


async def read_key_event(connection: Connection) -> KeyEvent | None:
    """Return the newest key event, or None before the first."""
    data = await connection.fetchval(
        "SELECT data FROM document WHERE kind = 'key-event/v1' ORDER BY subject::integer DESC LIMIT 1"
    )
    event = None if data is None else parse_document(data)
    assert event is None or isinstance(event, KeyEvent)
    return event


async def check_holding(connection: Connection, signers: Iterable[Signer], now: datetime) -> None:
    """Raise Conflicting naming the first of `signers` whose key does not hold `now`: what it signed would be refused by everybody."""
    for zh, en in await _not_holding(connection, [encode_base64(signer.public_key) for signer in signers], now):
        raise Conflicting(
            f"{zh}，因此未签署。计划中写有此密钥的批次不能再进行；新批次：key-rotate 后重新启动服务（见 key-list）",
            f"{en}, so nothing was signed. A draw whose plan names it cannot go on; for new ones, `key-rotate` and restart (see `key-list`)",
        )


async def holding_faults(connection: Connection, keys: Iterable[str], now: datetime) -> list[str]:
    """Return in words, with the mend, which of the `keys` of a plan do not hold `now`, so that it cannot be frozen."""
    return [
        f"{zh}，不能签署计划；请 key-rotate（机关）或另行登记部门，并重新启动服务。（{en}; rotate it, or register the section anew）"
        for zh, en in await _not_holding(connection, keys, now)
    ]


async def _not_holding(connection: Connection, keys: Iterable[str], now: datetime) -> list[tuple[str, str]]:
    event = await read_key_event(connection)
    if event is None:
        return []
    entries = [(key, [a for a in event.authorities if a.key == key]) for key in keys]
    return [_why(key, listed) for key, listed in entries if not any(a.holds_at(as_time(now)) for a in listed)]


def choose_signer(signers: Iterable[Signer], event: KeyEvent | None, lead: str, others: Iterable[str], now: str) -> list[Signer]:
    """Return `signers` of the bureau with the one to sign new documents first: the key listed last under the name `lead` that holds;
    failing that any other that holds, such as a standby key. `others` are the keys of further departments."""
    ranks: dict[bytes, tuple[bool, str, int]] = {}
    departments = set(others)
    for number, entry in enumerate(() if event is None else event.authorities):
        if entry.holds_at(now) and entry.key not in departments:
            ranks[decode_base64(entry.key)] = (entry.name == lead, entry.valid_from, number)
    # Sorting is stable: with no list, or none of its keys here, the first file named stays first.
    return sorted(signers, key=lambda signer: ranks.get(signer.public_key, (False, "", -1)), reverse=True)


def _why(key: str, entries: list[Authority]) -> tuple[str, str]:
    fingerprint = key_id(decode_base64(key))
    if not entries:
        return f"密钥 {fingerprint} 不在密钥表中", f"the key {fingerprint} is not in the key list"
    newest = max(entries, key=lambda a: a.valid_from)
    if newest.revoked_at is not None:
        return (
            f"“{newest.name}”的密钥 {fingerprint} 已于 {newest.revoked_at} 吊销",
            f"the key {fingerprint} of {newest.name} is revoked since {newest.revoked_at}",
        )
    return (
        f"“{newest.name}”的密钥 {fingerprint} 只在 {newest.valid_from} 至 {newest.valid_until or '（未定）'} 有效",
        f"the key {fingerprint} of {newest.name} holds from {newest.valid_from} to {newest.valid_until or 'no end'}",
    )
