"""Keys at the keyboard: `key-list` to compare, and the commands that change the list, each of which is logged whole (`key_events`)."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from disclosure.document import Document, KeyEvent
from disclosure.errors import DisclosureError
from disclosure.keys import check_public_key, decode_base64, encode_base64, key_id
from disclosure.policy import Authority
from service import log
from service.command.serve import running_office
from service.config import Config, ConfigError
from service.database import Connection
from service.errors import Invalid, Refused
from service.key_events import append_key_event, ending, find_key, found_key_list, rotated
from service.office import BEIJING, as_time
from service.pages.keys import KeysPage, fingerprint_groups, read_keys_page
from service.sections import read_departments
from service.signer import Passphrase, create_key, encrypt_key_file, load_signer

__all__ = ["add_standby", "encrypt_key", "end_key", "list_keys", "parse_time", "rotate_key"]


def parse_time(text: str) -> str:
    """Return `text` as documents write a time: `now`, a day (its midnight in Beijing), or an instant with its zone (else Beijing's)."""
    if text == "now":
        return as_time(datetime.now(BEIJING))
    found = datetime.fromisoformat(text)
    return as_time(found if found.tzinfo is not None else found.replace(tzinfo=BEIJING))


async def list_keys(config: Config) -> int:
    """Print the present key list, so that a person can compare it by telephone."""
    async with running_office(config) as office:
        print("\n".join(_page(await read_keys_page(office))))
    return 0


async def add_standby(config: Config, key: str, name: str) -> int:
    """List a standby key: it may sign the key list when the bureau's own is lost or stolen, so its private half lies elsewhere."""
    public = _public_key(key, Passphrase(config.key_passphrase_file))
    async with running_office(config) as office, office.pool.acquire() as connection:
        async with connection.transaction():
            bureau = (await found_key_list(connection, office)).bureau
            departments = await read_departments(connection, office)
            if name == departments.lead.name:
                raise Invalid("备用密钥须另起名称", "a standby key has a name of its own: the department's is for the key that signs draws")
            stored = await append_key_event(
                connection, office, "key-added", f"列入备用密钥 standby key: {name}",
                lambda authorities, now: _added(authorities, bureau, public, name, now),
            )  # fmt: skip
        await log.publish_checkpoint(office, stored.shard)
    print(f"已列入 listed: {name}\n指纹 fingerprint: {fingerprint_groups(key_id(decode_base64(public)))}")
    return 0


async def rotate_key(config: Config, until: str, unencrypted: bool) -> int:
    """Make a new key of the bureau, which signs new documents from the next start on; the one so far holds `until` then."""
    passphrase = Passphrase(config.key_passphrase_file)
    async with running_office(config) as office, office.pool.acquire() as connection:
        path = _free_path(config.bureau_key_file)
        create_key(path, None if unencrypted else passphrase.new(path))
        # Killed before COMMIT, the new file is of no key that is listed: it is passed over, and `doctor` says so.
        new = encode_base64(load_signer(path, passphrase).public_key)
        try:
            async with connection.transaction():
                before = await found_key_list(connection, office)
                lead = (await read_departments(connection, office)).lead
                former = [one.key for one in before.authorities if one.name == lead.name]
                draws = [draw for key in former for draw in await _unfinished(connection, key)]
                stored = await append_key_event(
                    connection, office, "key-added", f"机关密钥轮换 the bureau's key is rotated; the former holds until {until}",
                    lambda authorities, now: rotated(authorities, new, lead.name, now, until),
                )  # fmt: skip
        except Refused:
            path.unlink()  # rolled back: nobody has heard of this key
            raise
        await log.publish_checkpoint(office, stored.shard)
    print(
        f"新密钥 new key: {path}\n指纹 fingerprint: {fingerprint_groups(key_id(decode_base64(new)))}\n"
        f"旧密钥有效至 the former holds until: {until}（计划中写有它的批次仍由它签署，文件请留在原处 keep its file: draws whose plan names it go on)\n"
        "请重新启动服务 restart the service"
    )
    _say_unfinished(draws)
    return 0


async def end_key(config: Config, words: str, at: str, reason: str | None) -> int:
    """Retire a key at a time, or, with a reason, revoke it: what is logged from then on with its signature is refused by everybody."""
    member: Literal["valid_until", "revoked_at"] = "valid_until" if reason is None else "revoked_at"
    async with running_office(config) as office, office.pool.acquire() as connection:
        async with connection.transaction():
            key = find_key((await found_key_list(connection, office)).authorities, words)
            draws = await _unfinished(connection, key)
            stored = await append_key_event(
                connection, office, "key-retired" if reason is None else "key-revoked", reason or f"到期停用 retired at {at}",
                lambda authorities, now: ending(authorities, key, member, at),
            )  # fmt: skip
            if reason is not None:
                await connection.execute("UPDATE section SET active = false WHERE key = $1", key)
        await log.publish_checkpoint(office, stored.shard)
    done = "停用 retired" if reason is None else "吊销 revoked"
    print(f"{done}: {fingerprint_groups(key_id(decode_base64(key)))}\n自 from: {_end_of(stored.document, key)}")
    _say_unfinished(draws)
    return 0


def _end_of(event: Document, key: str) -> str:
    """Return from when `key` holds no more: not what was asked for, if it had ended before that anyway."""
    assert isinstance(event, KeyEvent)
    return max(min(filter(None, (one.valid_until, one.revoked_at))) for one in event.authorities if one.key == key)


def _say_unfinished(draws: list[str]) -> None:
    if draws:
        print(f"以下批次的计划写有此密钥，此后不能再签署 draws whose plan names it cannot go on after that: {', '.join(draws)}")


def encrypt_key(config: Config, path: Path) -> int:
    """Encrypt a bare key file in its place."""
    done = encrypt_key_file(path, Passphrase(config.key_passphrase_file))
    print(f"{path}: " + ("已加密 encrypted" if done else "原已加密 was encrypted already"))
    return 0


def _page(keys: KeysPage) -> list[str]:
    """Return the key list as lines of one A4 page; digits stand in groups of four, so that two people can read them to each other."""
    said = f"第 {keys.rev} 版 rev {keys.rev}, {keys.issued_at}" if keys.event else "尚未登记入日志 not logged yet"
    lines = [f"密钥表 key list: {said}", *([f"文书 document {keys.event}"] if keys.event else []), ""]
    for one in keys.authorities:
        ends = f"至 until {one.valid_until}" if one.valid_until else "未定止期 no end set"
        revoked = f"   已吊销 REVOKED {one.revoked_at}" if one.revoked_at else ""
        lines += [f"{one.name}（{one.bureau}）", f"  自 from {one.valid_from} {ends}{revoked}", *_two_lines(one.groups), ""]
    for log_key in keys.logs:
        lines += [f"日志 log {log_key.origin}", *_two_lines(log_key.groups), f"  {log_key.vkey}", ""]
    lines.append(f"策略文件 /policy SHA-256: {keys.policy}")
    return lines


def _two_lines(groups: str) -> list[str]:
    words = groups.split()
    return ["  " + " ".join(words[:8]), "  " + " ".join(words[8:])]


def _public_key(text: str, passphrase: Passphrase) -> str:
    """Return the public key that `text` is, or that the PEM file of this name holds; a private key's file does as well."""
    path = Path(text)
    try:
        if path.is_file():
            pem = path.read_bytes()
            if b"PRIVATE KEY" in pem:
                return encode_base64(load_signer(path, passphrase).public_key)
            key = load_pem_public_key(pem)
            if not isinstance(key, Ed25519PublicKey):
                raise ConfigError(f"{path} 不是 Ed25519 公钥 is not an Ed25519 public key")
            return encode_base64(key.public_bytes_raw())
        check_public_key(decode_base64(text))
    except (DisclosureError, ValueError, OSError) as error:
        raise Invalid(f"{text[:60]} 既不是公钥也不是密钥文件", f"{text[:60]} is neither a public key nor a file with a key: {error}") from error
    return text


def _added(authorities: tuple[Authority, ...], bureau: str, key: str, name: str, now: str) -> tuple[Authority, ...]:
    """Return `authorities` with `key` listed from `now` on. Raises Invalid if it is listed already."""
    if any(one.key == key for one in authorities):
        raise Invalid("此公钥已在密钥表中", "this key is in the list already")
    return (*authorities, Authority(bureau=bureau, key=key, name=name, revoked_at=None, valid_from=now, valid_until=None))


def _free_path(bureau: Path) -> Path:
    number = 2
    while (path := bureau.with_name(f"bureau-{number}.pem")).exists():
        number += 1
    return path


async def _unfinished(connection: Connection, key: str) -> list[str]:
    """Return the draws under way whose plan names `key`."""
    rows = await connection.fetch(
        "SELECT w.id FROM draw w JOIN document p ON p.sha256 = w.plan WHERE w.state IN ('frozen', 'contributed', 'sealed')"
        " AND convert_from(p.data, 'UTF8')::jsonb @> jsonb_build_object('sections', jsonb_build_array(jsonb_build_object('key', $1::text)))"
        " ORDER BY w.id",
        key,
    )
    return [row["id"] for row in rows]
