"""The policy this bureau proposes (docs/spec/policy.md): exactly what its newest key event says.

An installation that has no key event yet states what its tables hold, which is what its first key event will say.
"""

import msgspec

from disclosure.keys import encode_base64
from disclosure.note import KIND_ED25519, VerifierKey, format_vkey
from disclosure.policy import Authority
from service.cosigners import policy_lines
from service.database import Connection
from service.errors import NotFound
from service.keys import read_key_event
from service.office import Office
from service.sections import read_departments
from service.timestamps import timestamp_roots

__all__ = ["log_policy_text", "policy_bytes", "present_authorities"]

VALID_FROM = "2000-01-01T00:00:00Z"  # of keys that signed before there was a list of them: from before any leaf


async def policy_bytes(office: Office) -> bytes:
    """Return the policy as this bureau states it; NotFound before there is one. A verifier takes it as a proposal and
    compares the fingerprints."""
    async with office.pool.acquire() as connection:
        event = await read_key_event(connection)
        if event is not None:
            authorities, text = event.authorities, event.log
        else:
            authorities = await present_authorities(connection, office, VALID_FROM)
            text = await log_policy_text(connection)
        roots = await timestamp_roots(connection)
    policy = {"authorities": authorities, "log": text, "type": "policy/v1"}
    if roots:
        policy["timestamp_roots"] = [encode_base64(root) for root in roots]
    return msgspec.json.format(msgspec.json.encode(policy), indent=2) + b"\n"


async def present_authorities(connection: Connection, office: Office, since: str) -> tuple[Authority, ...]:
    """Return the keys of all departments from `since` on, retired ones too: what they signed stays signed."""
    bureau = await connection.fetchval("SELECT label FROM bureau")
    if bureau is None:
        raise NotFound("尚未登记机关", "the bureau is not set up")
    departments = await read_departments(connection, office)
    return tuple(
        Authority(bureau=bureau, key=one.key, name=one.name, revoked_at=None, valid_from=since, valid_until=None)
        for one in departments.all
    )


async def log_policy_text(connection: Connection) -> str:
    """Return the tlog-policy of all logs, oldest first, as the tables have it now: what the next key event will say."""
    # A log without a key in its row is one that the first start after its migration has not seen yet.
    rows = await connection.fetch("SELECT origin, key FROM log_head WHERE key IS NOT NULL ORDER BY place")
    lines = [f"log {format_vkey(VerifierKey(row['origin'], KIND_ED25519, row['key']))}" for row in rows]
    return "\n".join([*lines, *await policy_lines(connection), ""])
