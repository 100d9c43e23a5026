"""The cosigners of this bureau's logs: who they are, what they signed, and what that means for the policy and for proofs.

Asking them is the work of `cosigning`; refusing to sign when one remembers more than we do, that of `guard`.
"""

import re
from datetime import datetime
from urllib.parse import urlsplit

from asyncpg import Record
from msgspec import Struct

from disclosure.cosigning import parse_line
from disclosure.errors import DisclosureError
from disclosure.note import COSIGNING_KINDS, VerifierKey, parse_vkey
from disclosure.policy import LogPolicy, parse_log_policy, satisfied
from service.database import Connection
from service.errors import Conflicting, Invalid, NotFound
from service.office import Office

__all__ = ["CosignedCheckpoint", "Cosigner", "Standing", "active_cosigners", "add_cosigner", "complete", "policy_lines",
           "read_complete_checkpoint", "read_quorum", "read_standing", "read_timed_checkpoint", "retire_cosigner", "set_quorum",
           "store_answer", "store_line"]  # fmt: skip


class Cosigner(Struct, frozen=True):
    name: str
    vkey: str
    url: str

    @property
    def key(self) -> VerifierKey:
        return parse_vkey(self.vkey)


class Standing(Struct, frozen=True):
    """How one cosigner stands with one log: the largest size it signed and when, and what it last complained of."""

    cosigner: Cosigner
    size: int | None
    time: int | None
    problem: tuple[str, str] | None


class CosignedCheckpoint(Struct, frozen=True):
    """A signed checkpoint with the first line of each cosigner of it, as proofs carry it."""

    size: int
    note: bytes


async def add_cosigner(connection: Connection, office: Office, name: str, vkey: str, url: str) -> None:
    """Name a cosigner, in the caller's transaction; adding it again with the same key gives it another address.

    Raises Invalid for a key that cannot cosign, an address that is none, or a name or key that another has.
    """
    if not re.fullmatch(r"[a-z0-9-]{1,32}", name) or name in ("none", _GROUP):
        raise Invalid(f"名称 {name} 不合格式", f"the name {name!r} is not 1 to 32 of a-z 0-9 -, or is taken by the policy itself")
    try:
        kind = parse_vkey(vkey).kind
    except DisclosureError as error:
        raise Invalid(f"不是验证公钥：{vkey[:80]}", str(error)) from error
    if kind not in COSIGNING_KINDS:
        raise Invalid(
            "这是日志的公钥，不是联署者的公钥；请向对方索取 cosign 启动时显示的公钥",
            f"the key is of kind {kind:#04x}: that of a log. Ask for the vkey their cosigner prints (kind 0x04 or 0x06)",
        )
    if not _is_address(url):
        raise Invalid(f"{url} 不是网址", f"{url!r} is not an address such as https://cosigner.example")
    found = await connection.fetchrow("SELECT vkey FROM cosigner WHERE name = $1", name)
    if found is not None and found["vkey"] != vkey:
        raise Conflicting(
            f"{name} 已登记，公钥不同；换了密钥的联署者请用新名称登记，并停用旧的",
            f"{name} is there with another key; a cosigner with a new key gets a new name, and the old one is retired",
        )
    other = await connection.fetchval("SELECT name FROM cosigner WHERE vkey = $1 AND name <> $2", vkey, name)
    if other is not None:
        raise Invalid(f"联署者 {other} 已使用此公钥", f"the cosigner {other} has this key already")
    await connection.execute(
        "INSERT INTO cosigner (name, vkey, url, added_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (name) DO UPDATE SET url = excluded.url, active = true",
        name, vkey, url.rstrip("/"), office.now(),
    )  # fmt: skip
    try:
        parse_log_policy("\n".join(await policy_lines(connection)))
    except DisclosureError as error:
        raise Invalid("已有联署者使用此公钥或密钥名称", f"another cosigner has this key or key name: {error}") from error


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
    except ValueError:
        return False


async def retire_cosigner(connection: Connection, name: str) -> None:
    """Ask a cosigner no more. It stays in the policy, because what it signed stays signed.

    Raises NotFound, or Conflicting if fewer would remain than the quorum needs.
    """
    if await connection.fetchval("UPDATE cosigner SET active = false WHERE name = $1 RETURNING name", name) is None:
        raise NotFound(f"没有联署者 {name}", f"there is no cosigner {name}")
    await _check_enough(connection, await _needed(connection))


async def set_quorum(connection: Connection, needed: int) -> None:
    """Ask for so many cosigners on every checkpoint a proof is made from; Conflicting if there are not so many."""
    await connection.execute("UPDATE quorum SET needed = $1", needed)
    await _check_enough(connection, needed)


async def _check_enough(connection: Connection, needed: int) -> None:
    active = len(await active_cosigners(connection))
    if active < needed:
        raise Conflicting(
            f"要求 {needed} 个联署者，只有 {active} 个在用；请先登记联署者或用 quorum-set 降低要求",
            f"{needed} cosigners are asked for, {active} are active; add one, or ask for fewer with quorum-set",
        )


async def _needed(connection: Connection) -> int:
    return int(await connection.fetchval("SELECT needed FROM quorum"))


async def active_cosigners(connection: Connection) -> list[Cosigner]:
    """Return those that are asked."""
    rows = await connection.fetch("SELECT name, vkey, url FROM cosigner WHERE active ORDER BY name")
    return [Cosigner(row["name"], row["vkey"], row["url"]) for row in rows]


_GROUP = "cosigners"


async def policy_lines(connection: Connection) -> list[str]:
    """Return the `witness`, `group` and `quorum` lines of the tlog-policy, as the tables have them now."""
    rows = await connection.fetch("SELECT name, vkey, url FROM cosigner ORDER BY added_at, name")
    lines = [f"witness {row['name']} {row['vkey']} {row['url']}" for row in rows]
    needed = await _needed(connection)
    if needed == 0:
        return [*lines, "quorum none"]
    members = " ".join(row["name"] for row in rows)
    return [*lines, f"group {_GROUP} {needed} {members}", f"quorum {_GROUP}"]


async def read_quorum(connection: Connection) -> LogPolicy:
    """Return the cosigners and the quorum asked for now, as a policy without logs."""
    return parse_log_policy("\n".join(await policy_lines(connection)))


async def store_line(connection: Connection, office: Office, shard: str, size: int, cosigner: Cosigner, line: str) -> None:
    """Keep a line that verified: the first one stays the first, whatever comes later."""
    await connection.execute(
        "INSERT INTO log_cosignature AS l (shard, size, cosigner, first_line, newest_line, first_at, newest_at)"
        " VALUES ($1, $2, $3, $4, $4, $5, $5)"
        " ON CONFLICT (shard, size, cosigner) DO UPDATE SET newest_line = excluded.newest_line,"
        " newest_at = greatest(l.newest_at, excluded.newest_at)",
        shard, size, cosigner.name, line, office.now(),
    )  # fmt: skip


async def store_answer(
    connection: Connection, office: Office, shard: str, cosigner: str, size: int | None, problem: tuple[str, str] | None
) -> None:
    """Remember what a cosigner said; a size of None leaves the one known."""
    zh, en = problem or (None, None)
    await connection.execute(
        "INSERT INTO cosigner_answer AS a (cosigner, shard, size, zh, en, at) VALUES ($1, $2, $3, $4, $5, $6)"
        " ON CONFLICT (cosigner, shard) DO UPDATE SET size = coalesce(excluded.size, a.size), zh = $4, en = $5, at = $6",
        cosigner, shard, size, zh, en, office.now(),
    )  # fmt: skip


async def complete(connection: Connection, shard: str, size: int) -> bool:
    """Record that the checkpoint of `size` meets the quorum, if it does; return whether proofs can be made from it.

    Only behind those recorded before: the smallest one that holds an entry never becomes another, so proofs keep their bytes.
    """
    policy = await read_quorum(connection)
    names = [r["cosigner"] for r in await connection.fetch(
        "SELECT cosigner FROM log_cosignature WHERE shard = $1 AND size = $2", shard, size)]  # fmt: skip
    if satisfied(policy, [policy.witnesses[name] for name in names]):
        await connection.execute(
            "INSERT INTO log_complete (shard, size) SELECT $1, $2::bigint"
            " WHERE NOT EXISTS (SELECT 1 FROM log_complete WHERE shard = $1 AND size > $2) ON CONFLICT DO NOTHING",
            shard, size,
        )  # fmt: skip
    return bool(await connection.fetchval("SELECT EXISTS (SELECT 1 FROM log_complete WHERE shard = $1 AND size = $2)", shard, size))


_WITH_FIRST = (
    "SELECT c.size, c.note, l.lines, l.names FROM log_checkpoint c CROSS JOIN LATERAL"
    " (SELECT coalesce(array_agg(first_line ORDER BY cosigner), '{}') AS lines,"
    " coalesce(array_agg(cosigner ORDER BY cosigner), '{}') AS names"
    " FROM log_cosignature WHERE shard = c.shard AND size = c.size) l WHERE c.shard = $1"
)
_AT_ONCE = 100  # checkpoints


async def read_complete_checkpoint(connection: Connection, shard: str, size: int) -> CosignedCheckpoint | None:
    """Return the smallest checkpoint of at least `size` entries that met its quorum; None while there is none."""
    row = await connection.fetchrow(
        _WITH_FIRST + " AND c.size = (SELECT min(size) FROM log_complete WHERE shard = $1 AND size >= $2)",  # noqa: S608
        shard, size,
    )  # fmt: skip
    return None if row is None else _cosigned(row)


async def read_timed_checkpoint(
    connection: Connection, shard: str, least: int, most: int, latest: datetime
) -> CosignedCheckpoint | None:
    """Return the newest checkpoint of `least` to `most` entries whose cosignatures met the quorum at the time `latest`; if none
    did, or none is asked for, the newest of that many entries. None if none is signed."""
    policy, seconds = await read_quorum(connection), int(latest.timestamp())
    newest = None
    while True:
        # The one wanted was signed shortly before the end of the span, so it is nearly always among the first.
        rows = await connection.fetch(
            _WITH_FIRST + f" AND c.size BETWEEN $2 AND $3 ORDER BY c.size DESC LIMIT {_AT_ONCE}", shard, least, most
        )
        for row in rows:
            newest = newest or row
            if satisfied(policy, _signed_by(policy, row, seconds)):
                return _cosigned(row)
        if len(rows) < _AT_ONCE:
            return None if newest is None else _cosigned(newest)
        most = rows[-1]["size"] - 1


def _cosigned(row: Record) -> CosignedCheckpoint:
    return CosignedCheckpoint(row["size"], row["note"] + "".join(row["lines"]).encode())


def _signed_by(policy: LogPolicy, row: Record, latest: int) -> list[VerifierKey]:
    return [policy.witnesses[name] for name, line in zip(row["names"], row["lines"], strict=True) if time_of(line) <= latest]


def time_of(line: str) -> int:
    """Return the time, seconds since 1970, of a cosignature line."""
    return int.from_bytes(parse_line(line).signature[:8])


async def read_standing(connection: Connection, shard: str) -> list[Standing]:
    """Return how each active cosigner stands with the log `shard`."""
    rows = await connection.fetch(
        "SELECT c.name, c.vkey, c.url, l.size, l.newest_line, a.zh, a.en FROM cosigner c"
        " LEFT JOIN LATERAL (SELECT size, newest_line FROM log_cosignature WHERE cosigner = c.name AND shard = $1"
        " ORDER BY size DESC LIMIT 1) l ON true"
        " LEFT JOIN cosigner_answer a ON a.cosigner = c.name AND a.shard = $1 WHERE c.active ORDER BY c.name",
        shard,
    )
    return [
        Standing(
            Cosigner(row["name"], row["vkey"], row["url"]), row["size"],
            None if row["newest_line"] is None else time_of(row["newest_line"]),
            None if row["zh"] is None else (row["zh"], row["en"]),
        )
        for row in rows
    ]  # fmt: skip
