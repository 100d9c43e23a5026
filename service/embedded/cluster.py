"""The cluster on disk: making it, knowing its version, believing or removing what a dead server left.

Every function that changes something is called with the folder's lock held (see `server`).
"""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from service.embedded.account import Settlement, launch
from service.embedded.dialogue import Dialogue, Refusal
from service.embedded.errors import EmbeddedPostgresError

USER = "app"
DATABASE = "double_random"
TEMPORARY = "double-random-"


def make_cluster(settlement: Settlement, *, durable: bool) -> None:
    """Make a cluster if there is none; refuse one that these programs cannot read."""
    cluster = settlement.home / "cluster"
    if cluster.exists():
        check_version(cluster, settlement.binaries.major)
        return
    fresh = settlement.home / "cluster.new"
    fresh.mkdir(mode=0o700)
    settlement.own(fresh)
    command = [str(settlement.binaries.initdb), "-D", str(fresh), "-U", USER, "-A", "trust", "-E", "UTF8"]
    # Without C.UTF-8, upper() and pattern classes ignore Chinese; production is made the same way.
    command += ["--locale=C.UTF-8", "--data-checksums", *([] if durable else ["--no-sync"])]
    made = subprocess.run(
        launch(settlement.account, command, parent=os.getpid()),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        cwd="/",
        env=clean_environment(),
        check=False,
    )
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise EmbeddedPostgresError(
            f"无法在 {settlement.home} 建立数据库:{made.stderr.strip()}",
            f"A database cannot be made in {settlement.home}: {made.stderr.strip()}",
        )
    fresh.rename(cluster)
    if durable:
        folder = os.open(settlement.home, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def clear_stale(settlement: Settlement) -> None:
    """Remove what a dead server left. Called with the lock held: no server of ours lives."""
    cluster = settlement.home / "cluster"
    folder, pid = read_pid_file(cluster)
    if pid is not None:
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").readlink() == cluster.resolve():
                raise EmbeddedPostgresError(
                    f"进程 {pid} 正在使用 {cluster},但没有应答。请先结束它。",
                    f"Process {pid} uses {cluster} and does not answer. End it first.",
                )
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    remove_temporary(folder)
    shutil.rmtree(settlement.home / "cluster.new", ignore_errors=True)


def read_pid_file(cluster: Path) -> tuple[Path | None, int | None]:
    """The socket folder (line 5) and the process id (line 1) that `postmaster.pid` names, None if absent."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None, None
    folder = Path(lines[4]) if len(lines) > 4 and lines[4] else None
    pid = int(lines[0]) if lines and lines[0].isdecimal() else None
    return folder, pid


def check_version(cluster: Path, major: int) -> None:
    """Raise EmbeddedPostgresError unless the cluster is of this major version."""
    try:
        written = (cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EmbeddedPostgresError(
            f"{cluster} 不是 PostgreSQL 数据目录(没有可读的 PG_VERSION)。",
            f"{cluster} is not a PostgreSQL data directory (no readable PG_VERSION).",
        ) from error
    if written != str(major):
        raise EmbeddedPostgresError(
            f"{cluster} 由 PostgreSQL {written} 建立,当前程序是 PostgreSQL {major},不能直接打开。"
            f"请用 PostgreSQL {written} 的程序(EMBEDDED_PG_BIN)导出,再导入到新的数据目录。",
            f"{cluster} was made by PostgreSQL {written}; the programs here are PostgreSQL {major} and "
            f"cannot open it. Name the programs of version {written} in EMBEDDED_PG_BIN, dump the "
            "database with pg_dump, and restore it into a new data folder.",
        )


def clean_environment() -> dict[str, str]:
    """Our environment without PostgreSQL's own variables (PGDATA, PGPORT, ...), in a language-free locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C.UTF-8"}


def remove_temporary(folder: Path | None) -> None:
    """Remove a socket folder that `socket_folder` made outside the data folder."""
    if folder is not None and folder.name.startswith(TEMPORARY):
        shutil.rmtree(folder, ignore_errors=True)


def answers(folder: Path) -> bool:
    """Whether a server on this socket accepts a session and a statement."""
    try:
        with Dialogue(folder, USER, "postgres") as session:
            return session.ask("SELECT 1") == 1
    except (OSError, Refusal):
        return False


def make_database(folder: Path) -> None:
    """Create the application's database if it is absent."""
    with Dialogue(folder, USER, "postgres", seconds=60.0) as session:
        if session.ask(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'") == 0:  # noqa: S608
            try:
                session.ask(f"CREATE DATABASE {DATABASE}")
            except Refusal as refusal:
                # Another starter was first: duplicate_database, or the same met in the catalogue's index.
                if refusal.code not in ("42P04", "23505"):
                    raise
