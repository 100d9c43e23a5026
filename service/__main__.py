"""`python -m service`: everything an administrator does at the keyboard. Exit status: 0 done, 1 refused, 64 wrong usage."""

import argparse
import asyncio
import re
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, NoReturn

import asyncpg

from service.accounts import ROLES
from service.config import Config, ConfigError, read_config
from service.database import MigrationError
from service.embedded import EmbeddedPostgresError
from service.errors import Invalid, Refused
from service.registry.records import KINDS

__all__ = ["main"]

USAGE = 64


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _label(text: str) -> str:
    if not re.fullmatch("[a-z0-9-]{1,32}", text):
        raise argparse.ArgumentTypeError(f"{text!r} 不合格式 is not a label: 1 to 32 of a-z 0-9 -")
    return text


def _shard(text: str) -> str:
    if not re.fullmatch("[0-9A-Za-z._-]{1,64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} 不合格式 is not a shard: 1 to 64 of 0-9 A-Z a-z . _ -")
    return text


def _time(text: str) -> str:
    from service.command.keys import parse_time

    try:
        return parse_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} 不是时间 is not a time: now, 2027-01-31 or 2027-01-31T09:00 (北京 Beijing)"
        ) from error


def _add_key_verbs(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    add("key-list", "列出密钥及指纹", "print the key list, to compare and to keep on paper")
    add("key-encrypt", "给密钥文件加口令", "encrypt a key file in its place").add_argument("path", metavar="PATH", type=Path)
    adding = add("key-add", "列入备用密钥", "list a standby key that is kept elsewhere")
    adding.add_argument("--standby", required=True, metavar="PUBLIC", help="base64, or a file with the key")
    adding.add_argument("--name", required=True, help="such as 备用密钥（公证处保管）")
    rotating = add("key-rotate", "更换机关密钥", "make a new key of the bureau; the present one goes on until a day")
    rotating.add_argument("--until", required=True, type=_time, metavar="TIME", help="for draws whose plan names the present key")
    rotating.add_argument("--unencrypted", action="store_true", help="不用口令 without a passphrase")
    retiring = add("key-retire", "到期停用密钥", "let a key end at a time")
    revoking = add("key-revoke", "吊销密钥", "revoke a key: what it signed from that time on is refused by everybody")
    for verb in (retiring, revoking):
        verb.add_argument("key", metavar="KEY", help="base64, or 8 or more digits of its fingerprint")
        verb.add_argument("--at", required=True, type=_time, metavar="TIME", help="now, a day or an instant (Beijing)")
    revoking.add_argument("--reason", required=True)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m service", description="The service behind draws, results and their log.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def add(verb: str, chinese: str, english: str) -> argparse.ArgumentParser:
        return verbs.add_parser(verb, help=f"{chinese} {english}", description=f"{chinese} {english}")

    add("serve", "运行服务", "run the service")
    add("migrate", "更新数据库结构", "bring the schema up to date")
    importing = add("import", "导入名录", "import a list into a registry")
    importing.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    importing.add_argument("file", metavar="FILE", type=Path)
    importing.add_argument("--yes", action="store_true", help="不再询问 do not ask")
    add("publish", "写出静态文件夹", "bring the static folder up to date")
    keygen = add("keygen", "生成签名密钥", "make a signing key")
    where = keygen.add_mutually_exclusive_group(required=True)
    where.add_argument("path", metavar="PATH", type=Path, nargs="?")
    where.add_argument(
        "--section", metavar="LABEL", type=_label, help="of a further department, beside the bureau key"
    )
    where.add_argument("--log", metavar="SHARD", type=_shard, help="of a further log, beside the log key")
    keygen.add_argument("--unencrypted", action="store_true", help="不用口令 without a passphrase")
    _add_key_verbs(add)
    bureau = add("bureau", "登记本机关", "name the bureau of this installation")
    bureau.add_argument("label", metavar="LABEL", help="a-z 0-9 -, in every draw's id")
    bureau.add_argument("name", metavar="NAME")
    bureau.add_argument(
        "--section", default="lead", help="label of the department that leads (default: lead)"
    )
    section = add("section", "登记参加联合抽查的部门", "name a further department of joint campaigns")
    section.add_argument("label", metavar="LABEL", type=_label, help="a-z 0-9 -")
    section.add_argument("name", metavar="NAME", help="as registries write it")
    section.add_argument(
        "--public-key", metavar="BASE64", help="if its private key lies elsewhere; else section-LABEL.pem is read"
    )
    section.add_argument("--retire", action="store_true", help="let it take part in no further plan")
    log_create = add("log-create", "建立日志", "create the log")
    log_create.add_argument("origin", metavar="ORIGIN", help="host/path/<shard>")
    how = log_create.add_mutually_exclusive_group()
    how.add_argument("--succeeds", action="store_true", help="接续现有日志，如每年一次 it follows the active log, as each year")
    how.add_argument(
        "--abandons", action="store_true", help="现有日志的密钥遗失或日志分叉 the active log's key is lost, or others remember more of it"
    )
    cosigner = add("cosigner-add", "登记联署者", "name a cosigner that is asked to sign every checkpoint")
    cosigner.add_argument("name", metavar="NAME", type=_label, help="a-z 0-9 -")
    cosigner.add_argument("vkey", metavar="VKEY", help="as its `python -m disclosure cosign` prints it")
    cosigner.add_argument("url", metavar="URL", help="of its add-checkpoint, less that word")
    add("cosigner-retire", "停用联署者", "ask a cosigner no more").add_argument("name", metavar="NAME", type=_label)
    add("quorum-set", "规定联署者数目", "say how many cosigners a proof needs").add_argument(
        "needed", metavar="N", type=int, choices=range(65), help="0 for none"
    )
    stamping = add("timestamp-add", "登记时间戳机构", "have checkpoints stamped by an RFC 3161 authority, once a day")
    stamping.add_argument("name", metavar="NAME", type=_label, help="a-z 0-9 -")
    stamping.add_argument("url", metavar="URL")
    stamping.add_argument("certificate", metavar="CERT.pem", type=Path, help="its root certificate")
    user = add(
        "user-create", "建立账户", "create an account; the password is asked for or read from standard input"
    )
    user.add_argument("login", metavar="LOGIN")
    user.add_argument("--name", required=True)
    user.add_argument(
        "--role", required=True, action="append", choices=list(ROLES), metavar="ROLE", help=", ".join(ROLES)
    )
    user.add_argument(
        "--department", metavar="LABEL", type=_label, help="所属部门（section 登记的代号）；不写为整个机关 of one department; else of the whole bureau"
    )
    factor = add("second-factor", "规定是否须用动态码", "say whether who signs or decides needs one-time codes to log in")
    factor.add_argument("state", choices=["required", "optional"])
    add("code-reset", "重设动态码", "take one-time codes from who lost telephone and recovery codes").add_argument("login", metavar="LOGIN")
    add("doctor", "检查配置、密钥、数据库和日志", "examine configuration, keys, database and log")
    return parser


def _call(options: argparse.Namespace, config: Config) -> Coroutine[Any, Any, int]:
    # Imported late: `keygen` and a wrong usage answer at once, without the web.
    from service.command import cosigners, doctor, keys, registry, serve, setup, timestamp

    match options.verb:
        case "serve":
            return serve.serve(config)
        case "migrate":
            return setup.migrate_database(config)
        case "import":
            return registry.import_file(config, options.kind, options.file, options.yes)
        case "publish":
            return serve.publish(config)
        case "bureau":
            return setup.create_bureau(config, options.label, options.name, options.section)
        case "section":
            return setup.create_section(config, options.label, options.name, options.public_key, options.retire)
        case "log-create":
            return setup.create_log(config, options.origin, options.succeeds, options.abandons)
        case "key-list":
            return keys.list_keys(config)
        case "key-add":
            return keys.add_standby(config, options.standby, options.name)
        case "key-rotate":
            return keys.rotate_key(config, options.until, options.unencrypted)
        case "key-retire":
            return keys.end_key(config, options.key, options.at, None)
        case "key-revoke":
            return keys.end_key(config, options.key, options.at, options.reason)
        case "cosigner-add":
            return cosigners.add(config, options.name, options.vkey, options.url)
        case "cosigner-retire":
            return cosigners.retire(config, options.name)
        case "quorum-set":
            return cosigners.require(config, options.needed)
        case "timestamp-add":
            return timestamp.add_timestamp(config, options.name, options.url, options.certificate)
        case "user-create":
            return setup.create_user(config, options.login, options.name, options.role, options.department)
        case "second-factor":
            return setup.require_second_factor(config, options.state == "required")
        case "code-reset":
            return setup.reset_second_factor(config, options.login)
        case _:
            return doctor.diagnose(config)


def _keygen(options: argparse.Namespace, config: Config) -> int:
    from service.command.setup import keygen

    path = options.path or (
        config.section_key_file(options.section) if options.section else config.log_key_file_of(options.log)
    )
    return keygen(config, path, options.unencrypted)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status. What is refused is said in words, never with a traceback."""
    options = _parser().parse_args(arguments)
    try:
        if options.verb == "keygen":
            return _keygen(options, read_config())
        if options.verb == "key-encrypt":
            from service.command.keys import encrypt_key

            return encrypt_key(read_config(), options.path)
        return asyncio.run(_call(options, read_config()))
    except Refused as error:
        lines = [error.zh, f"  {error.en}", *(error.faults if isinstance(error, Invalid) else ())]
    except (ConfigError, MigrationError, EmbeddedPostgresError) as error:
        lines = [str(error)]
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        lines = [f"数据库或文件出错 {type(error).__name__}: {error}"]
    except KeyboardInterrupt:
        return 130
    print("\n".join(lines), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
