"""Setting up: keys, schema, bureau, log and accounts. Each is an explicit command; nothing of it ever happens by itself."""

import getpass
import sys
from pathlib import Path

from disclosure.keys import decode_base64, encode_base64, key_id
from service.accounts import create_staff, has_administrator
from service.command.serve import database, running_office
from service.config import Config
from service.database import migrate, open_pool
from service.errors import Conflicting, Invalid
from service.key_events import register_section
from service.second_factor import require_codes, reset_code
from service.sections import retire_section
from service.shards import create_first_log, succeed_log
from service.signer import Passphrase, create_key, load_signer

__all__ = ["create_bureau", "create_log", "create_section", "create_user", "keygen", "migrate_database",
           "require_second_factor", "reset_second_factor"]  # fmt: skip


def keygen(config: Config, path: Path, unencrypted: bool = False) -> int:
    """Write a new signing key, encrypted unless it is asked for bare; a key is never overwritten."""
    if path.exists():
        print(f"{path} 已存在，密钥从不覆盖 exists; a key is never overwritten", file=sys.stderr)
        return 1
    passphrase = Passphrase(config.key_passphrase_file)
    create_key(path, None if unencrypted else passphrase.new(path))
    public = load_signer(path, passphrase).public_key
    print(
        f"已写入私钥 private key: {path}\n公钥 public key: {encode_base64(public)}\n指纹 fingerprint: {key_id(public)}"
    )
    if unencrypted:
        print(f"警告：此密钥未加密，得到文件者即可签署；可用 key-encrypt {path} 加密\n"
              "warning: this key is not encrypted, whoever gets the file can sign; `key-encrypt` encrypts it", file=sys.stderr)  # fmt: skip
    return 0


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
    """Name a further department, with the public key given or that of its key file here; or retire it: its key goes on holding for
    what it has to finish, until `key-retire` ends it."""
    if retire:
        async with running_office(config) as office, office.pool.acquire() as connection, connection.transaction():
            await retire_section(connection, office, label)
        print(f"已停用部门 retired: {label}（密钥仍有效，供其完成已参加的批次；key-retire 可定止期 its key holds until `key-retire`）")
        return 0
    if key is None:
        key = encode_base64(load_signer(config.section_key_file(label), Passphrase(config.key_passphrase_file)).public_key)
    async with running_office(config) as office:
        await register_section(office, label, name, key)
    here = config.section_key_file(label).exists()
    print(
        f"部门 section: {label} {name}\n指纹 fingerprint: {key_id(decode_base64(key))}\n"
        + ("私钥在本装置，重新启动服务后生效 its key is here; restart the service"
           if here else "私钥不在本装置，此处不能锁定它参加的计划 its key is elsewhere: plans it takes part in cannot be frozen here")
    )  # fmt: skip
    return 0


async def create_log(config: Config, origin: str, succeeds: bool, abandons: bool) -> int:
    """Create the first log, with the key list as its first entry; or the one that follows the active log."""
    async with running_office(config, without_log_key=abandons) as office:
        if succeeds or abandons:
            head = await succeed_log(office, origin, abandons)
        else:
            head = await create_first_log(office, origin)
    print(f"日志 log: {head.origin}  ->  /log/{head.shard}/")
    if succeeds or abandons:
        print("新批次登记在新日志；已锁定的批次留在原日志。请重新启动服务 new draws go here, those frozen stay where they are; restart the service")
    return 0


async def create_user(config: Config, login: str, name: str, roles: list[str], department: str | None) -> int:
    """Create an account; the password is asked for, or is the first line of standard input."""
    if sys.stdin.isatty():
        password = getpass.getpass("口令 password: ")
        if getpass.getpass("再输入一次 once more: ") != password:
            raise Invalid("两次输入不同", "the two are not the same")
    else:
        password = sys.stdin.readline().rstrip("\n")
    async with running_office(config) as office:
        await create_staff(office, login, name, password, roles, department=department)
        administered = await has_administrator(office)
    print(f"已建立账户 account: {login}（{', '.join(roles)}{f'；部门 department {department}' if department else ''}）")
    if administered:
        print("其余账户可由管理员在 /staff/accounts 建立 further accounts: an administrator makes them at /staff/accounts")
    else:
        print("还没有管理员：请再以 --role administrator 建立一个，才能在网页上管理账户"
              " nobody can manage accounts yet: make one with --role administrator")  # fmt: skip
    return 0


async def require_second_factor(config: Config, asked_for: bool) -> int:
    """Set whether who signs or decides needs one-time codes; a new installation asks for them."""
    async with running_office(config) as office:
        await require_codes(office, asked_for)
    print("须用动态码：签署或决定的人下次办理前须设置 required: who signs or decides sets them up before anything else"
          if asked_for else "不强制动态码；已设置的仍须填写 optional: whoever has set them up is still asked")  # fmt: skip
    return 0


async def reset_second_factor(config: Config, login: str) -> int:
    """Take the second factor from an account, after its owner has been recognised in person."""
    async with running_office(config) as office:
        await reset_code(office, None, login)
    print(f"已重设动态码 reset: {login}（下次登录后重新设置 to be set up anew after the next log-in）")
    return 0
