"""Under which account the server runs, and where its files then lie.

An ordinary user runs it directly. PostgreSQL refuses to run as uid 0, so for root there are two ways:

* a user namespace, in which the server sees itself as uid 65534 while the kernel applies root's file rights:
  nothing is copied, no permission is widened, no account is made;
* where namespaces are refused (many containers, every chroot), the account `nobody`. What that account
  cannot reach is then kept under `/var/lib/double-random`: the cluster, and a copy of the programs.

The permissions of existing parent folders are never changed.
"""

import hashlib
import itertools
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from service.embedded.binaries import Binaries
from service.embedded.errors import EmbeddedPostgresError

STATE = Path("/var/lib/double-random")
LAUNCHER = Path(__file__).with_name("launcher.py")
NOTICE = "where-the-database-is.txt"


class Settlement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was decided: the folder that holds the cluster, the launcher's word for the account, the numeric
    owner of the files (None: whoever we are), and programs that this account can run."""

    home: Path
    account: str
    owner: tuple[int, int] | None
    binaries: Binaries

    def own(self, path: Path) -> None:
        """Give the path to the account that the server runs under."""
        if self.owner is not None:
            os.chown(path, *self.owner)


def settle(data: Path, binaries: Binaries) -> Settlement:
    """Where and as whom a server for the folder `data` is run on this machine.

    A cluster that exists keeps its place and its owner, whatever this machine would allow for a new one.
    Raises EmbeddedPostgresError if the account has no way to run the programs.
    """
    if os.geteuid() != 0:
        return Settlement(home=data, account="same", owner=None, binaries=binaries)
    moved = moved_home(data)
    for home in (data, moved):
        cluster = home / "cluster"
        if cluster.is_dir() and cluster.stat().st_uid != 0:
            state = cluster.stat()
            return as_account(home, state.st_uid, state.st_gid, binaries)
    if runs("namespace", binaries):
        return Settlement(home=data, account="namespace", owner=None, binaries=binaries)
    nobody = pwd.getpwnam("nobody")
    home = data if open_to_all(data.parent) else moved
    settlement = as_account(home, nobody.pw_uid, nobody.pw_gid, binaries)
    if home == moved:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / NOTICE).write_text(f"数据库文件在 / the database's files are in\n{moved}\n", encoding="utf-8")
        prepare_state()
    give_away(data / "cluster", moved if home == moved else data, settlement)
    return settlement


def moved_home(data: Path) -> Path:
    """The folder under `STATE` that belongs to `data`: the one its notice names, otherwise one nobody has used.

    Without the notice an old cluster is another installation's: whoever removed the data folder, keys included, and began
    anew must not find the former database under it.
    """
    notice = data / NOTICE
    if notice.is_file():
        named = Path(notice.read_text(encoding="utf-8").splitlines()[-1])
        if named.parent == STATE:
            return named
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return next(
        home for n in itertools.count() if not (home := STATE / (f"{name}-{n}" if n else name)).exists()
    )


def as_account(home: Path, uid: int, gid: int, binaries: Binaries) -> Settlement:
    """A settlement under uid and gid, with a copy of the programs if that account cannot run these."""
    account = f"{uid}:{gid}"
    if not runs(account, binaries):
        binaries = copied(binaries)
        if not runs(account, binaries):
            raise EmbeddedPostgresError(
                f"帐号 {uid} 无法运行 {binaries.postgres}。请以普通用户运行本程序。",
                f"The account {uid} cannot run {binaries.postgres}. Run this program as an ordinary user.",
            )
    return Settlement(home=home, account=account, owner=(uid, gid), binaries=binaries)


def runs(account: str, binaries: Binaries) -> bool:
    """Whether the launcher can take on the account and then run the server's program."""
    return (
        subprocess.run(
            launch(account, [str(binaries.postgres), "--version"], parent=0),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            cwd="/",
            timeout=60,
            check=False,
        ).returncode
        == 0
    )


def launch(account: str, command: list[str], *, parent: int) -> list[str]:
    """The command line that runs `command` under the account; `parent` as in the launcher's docstring."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), account, str(parent), *command]


def open_to_all(folder: Path) -> bool:
    """Whether every account may pass through the folder and all its parents."""
    present = next(path for path in (folder, *folder.parents) if path.is_dir())
    return all(path.stat().st_mode & 0o001 for path in (present, *present.parents))


def prepare_state() -> None:
    """Make the folder for what is kept outside the data folder; everyone may pass through it."""
    STATE.mkdir(mode=0o755, exist_ok=True)
    STATE.chmod(0o755)


def copied(binaries: Binaries) -> Binaries:
    """The same installation, copied to where every account can read it; once per installed version."""
    if not binaries.trees:
        return binaries
    state = binaries.postgres.stat()
    name = hashlib.sha256(f"{binaries.folder}\n{state.st_size}\n{state.st_mtime_ns}".encode()).hexdigest()
    target = STATE / f"postgresql-{binaries.major}-{name[:16]}"
    base = binaries.trees[0].parent
    if not target.is_dir():
        prepare_state()
        # Renamed at the end, so that a copy that was interrupted is never taken for a whole one.
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        for tree in binaries.trees:
            shutil.copytree(tree, partial / tree.relative_to(base), symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0))
        try:
            partial.rename(target)
        except OSError:  # another process was first with the same copy
            shutil.rmtree(partial)
    return Binaries(
        folder=target / binaries.folder.relative_to(base), major=binaries.major, trees=binaries.trees
    )


def give_away(old_cluster: Path, home: Path, settlement: Settlement) -> None:
    """Make `home`, and hand a cluster that root made in a namespace to the account that now has to run it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if old_cluster.is_dir() and old_cluster.parent != home:
        shutil.move(old_cluster, home / "cluster")
    for path in (home, *home.rglob("*")):
        if not path.is_symlink():
            settlement.own(path)
