"""`/keys/`: the fingerprints of the keys this bureau signs with, as its policy states them."""

from msgspec import Struct

from disclosure.keys import decode_base64, key_id
from disclosure.note import format_vkey
from disclosure.policy import parse_policy
from selection.keys import digest_of
from service.office import Office
from service.publishing import policy_bytes

__all__ = ["AuthorityKey", "KeysPage", "LogKey", "read_keys_page"]


class AuthorityKey(Struct, frozen=True):
    bureau: str
    name: str
    key: str
    fingerprint: str
    valid_from: str
    valid_until: str | None
    revoked_at: str | None


class LogKey(Struct, frozen=True):
    origin: str
    shard: str
    fingerprint: str
    vkey: str


class KeysPage(Struct, frozen=True):
    """`policy` is the SHA-256 of the policy file as it is served."""

    authorities: tuple[AuthorityKey, ...]
    logs: tuple[LogKey, ...]
    cosigners: int
    quorum: bool
    policy: str


async def read_keys_page(office: Office) -> KeysPage:
    """Return the keys of the policy."""
    data = await policy_bytes(office)
    policy = parse_policy(data)
    return KeysPage(
        authorities=tuple(
            AuthorityKey(
                a.bureau,
                a.name,
                a.key,
                key_id(decode_base64(a.key)),
                a.valid_from,
                a.valid_until,
                a.revoked_at,
            )
            for a in policy.authorities
        ),
        logs=tuple(
            LogKey(k.name, k.name.rpartition("/")[2], key_id(k.public_key), format_vkey(k))
            for k in policy.log.logs
        ),
        cosigners=len(policy.log.witnesses),
        quorum=policy.log.quorum is not None,
        policy=digest_of(data),
    )
