"""`python -m service`: everything an administrator does at the keyboard. Exit status: 0 done, 1 refused, 64 wrong usage."""

import argparse
import asyncio
import re
import sys
from collections.abc import Coroutine, Sequence
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
    add("log-create", "建立日志", "create the log").add_argument(
        "origin", metavar="ORIGIN", help="host/path/<shard>"
    )
    user = add(
        "user-create", "建立账户", "create an account; the password is asked for or read from standard input"
    )
    user.add_argument("login", metavar="LOGIN")
    user.add_argument("--name", required=True)
    user.add_argument(
        "--role", required=True, action="append", choices=list(ROLES), metavar="ROLE", help=", ".join(ROLES)
    )
    add("doctor", "检查配置、密钥、数据库和日志", "examine configuration, keys, database and log")
    return parser


def _call(options: argparse.Namespace, config: Config) -> Coroutine[Any, Any, int]:
    # Imported late: `keygen` and a wrong usage answer at once, without the web.
    from service.command import doctor, registry, serve, setup

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
            return setup.create_log(config, options.origin)
        case "user-create":
            return setup.create_user(config, options.login, options.name, options.role)
        case _:
            return doctor.diagnose(config)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status. What is refused is said in words, never with a traceback."""
    options = _parser().parse_args(arguments)
    try:
        if options.verb == "keygen":
            from service.command.setup import keygen, keygen_section

            return keygen(options.path) if options.path else keygen_section(read_config(), options.section)
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
