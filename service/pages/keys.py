"""`/keys/`: the fingerprints of the keys this bureau signs with, as its policy states them, in the form people compare by telephone."""

from msgspec import Struct

from disclosure.document import format_document
from disclosure.keys import decode_base64, key_id
from disclosure.note import format_vkey
from disclosure.policy import parse_policy
from selection.keys import digest_of
from service.keys import read_key_event
from service.office import Office, as_time
from service.policies import policy_bytes

__all__ = ["AuthorityKey", "KeysPage", "LogKey", "fingerprint_groups", "read_keys_page"]


class AuthorityKey(Struct, frozen=True):
    """`holds`: whether it may sign now; `groups` is the fingerprint in groups of four digits."""

    bureau: str
    name: str
    key: str
    fingerprint: str
    groups: str
    valid_from: str
    valid_until: str | None
    revoked_at: str | None
    holds: bool


class LogKey(Struct, frozen=True):
    origin: str
    shard: str
    fingerprint: str
    groups: str
    vkey: str


class KeysPage(Struct, frozen=True):
    """`policy` is the SHA-256 of the policy file as it is served; `event` that of the key event it comes from, None before the first."""

    authorities: tuple[AuthorityKey, ...]
    logs: tuple[LogKey, ...]
    cosigners: int
    quorum: bool
    policy: str
    event: str | None
    rev: int
    issued_at: str | None
    reason: str


def fingerprint_groups(fingerprint: str) -> str:
    """Return the 64 digits of a key id in sixteen groups of four."""
    digits = fingerprint.removeprefix("sha256:")
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


async def read_keys_page(office: Office) -> KeysPage:
    """Return the keys of the policy, and the key event that says so."""
    data = await policy_bytes(office)
    policy, now = parse_policy(data), as_time(office.now())
    async with office.pool.acquire() as connection:
        event = await read_key_event(connection)
    return KeysPage(
        authorities=tuple(
            AuthorityKey(
                a.bureau, a.name, a.key, key_id(decode_base64(a.key)), fingerprint_groups(key_id(decode_base64(a.key))),
                a.valid_from, a.valid_until, a.revoked_at, a.holds_at(now),
            )
            for a in policy.authorities
        ),
        logs=tuple(
            LogKey(k.name, k.name.rpartition("/")[2], key_id(k.public_key), fingerprint_groups(key_id(k.public_key)), format_vkey(k))
            for k in policy.log.logs
        ),
        cosigners=len(policy.log.witnesses),
        quorum=policy.log.quorum is not None,
        policy=digest_of(data),
        event=None if event is None else digest_of(format_document(event)),
        rev=0 if event is None else event.rev,
        issued_at=None if event is None else event.issued_at,
        reason="" if event is None else event.reason,
    )  # fmt: skip
