"""Setting up: keys, schema, bureau, log and accounts. Each is an explicit command; nothing of it ever happens by itself."""

import getpass
import sys
from pathlib import Path

from disclosure.keys import decode_base64, encode_base64, key_id
from service import log
from service.accounts import create_staff
from service.command.serve import database, running_office
from service.config import Config
from service.database import migrate, open_pool
from service.errors import Conflicting, Invalid
from service.sections import name_section, retire_section
from service.signer import create_key, load_signer

__all__ = ["create_bureau", "create_log", "create_section", "create_user", "keygen", "keygen_section", "migrate_database"]


def keygen(path: Path) -> int:
    """Write a new signing key; a key is never overwritten."""
    try:
        create_key(path)
    except FileExistsError:
        print(f"{path} 已存在，密钥从不覆盖 exists; a key is never overwritten", file=sys.stderr)
        return 1
    public = load_signer(path).public_key
    print(
        f"已写入私钥 private key: {path}\n公钥 public key: {encode_base64(public)}\n指纹 fingerprint: {key_id(public)}"
    )
    return 0


def keygen_section(config: Config, label: str) -> int:
    """Write the signing key of a further department beside the bureau's."""
    return keygen(config.section_key_file(label))


async def migrate_database(config: Config) -> int:
    """Apply what is missing of the schema. Needs no keys."""
    async with database(config) as dsn:
        pool = await open_pool(dsn, config.database_password_file)
        try:
            applied = await migrate(pool)
        finally:
            await pool.close()
    print("已应用 applied: " + ", ".join(applied) if applied else "数据库已是最新 nothing to do")
    return 0


async def create_bureau(config: Config, label: str, name: str, section: str) -> int:
    """Name the bureau of this installation; once."""
    async with running_office(config) as office:
        made = await office.pool.fetchval(
            "INSERT INTO bureau (label, name, section) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING label",
            label, name, section,
        )  # fmt: skip
    if made is None:
        raise Conflicting(
            "机关已登记，不再更改", "the bureau is set up already; its label is part of every draw's id"
        )
    print(f"机关 bureau: {label} {name}")
    return 0


async def create_section(config: Config, label: str, name: str, key: str | None, retire: bool) -> int:
    """Name a further department, with the public key given or that of its key file here; or retire it."""
    if key is None and not retire:
        key = encode_base64(load_signer(config.section_key_file(label)).public_key)
    async with running_office(config) as office, office.pool.acquire() as connection, connection.transaction():
        if retire:
            await retire_section(connection, office, label)
            print(f"已停用部门 retired: {label}")
            return 0
        assert key is not None
        await name_section(connection, office, label, name, key)
    here = config.section_key_file(label).exists()
    print(
        f"部门 section: {label} {name}\n指纹 fingerprint: {key_id(decode_base64(key))}\n"
        + ("私钥在本装置，重新启动服务后生效 its key is here; restart the service"
           if here else "私钥不在本装置，此处不能锁定它参加的计划 its key is elsewhere: plans it takes part in cannot be frozen here")
    )  # fmt: skip
    return 0


async def create_log(config: Config, origin: str) -> int:
    """Create the log under its origin and sign its empty head."""
    async with running_office(config) as office:
        head = await log.create_log(office, origin)
        await log.publish_checkpoint(office, head.shard)
    print(f"日志 log: {head.origin}  ->  /log/{head.shard}/")
    return 0


async def create_user(config: Config, login: str, name: str, roles: list[str]) -> int:
    """Create an account; the password is asked for, or is the first line of standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass("口令 password: ")
        if getpass.getpass("再输入一次 once more: ") != password:
            raise Invalid("两次输入不同", "the two are not the same")
    else:
        password = sys.stdin.readline().rstrip("\n")
    async with running_office(config) as office:
        await create_staff(office, login, name, password, roles)
    print(f"已建立账户 account: {login}（{', '.join(roles)}）")
    return 0
