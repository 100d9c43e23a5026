"""Starting, finding and stopping the embedded server.

Who owns what. The folder `data` (or the place `account` chose instead) holds

    cluster/       PostgreSQL's data directory
    socket/        the Unix socket; in a short temporary folder instead where the path would be too long
    server.log     what the server writes; the previous one is kept as server.log.1
    lock           held by the server itself, so that it is free exactly when no process of it lives

What a crash means. `kill -9` of the server: the next start replays the write-ahead log, every committed row
is there. `kill -9` of the Python process: the kernel tells the server to shut down cleanly. A crash while the
cluster is being made leaves `cluster.new`, which the next start removes. A `postmaster.pid` is believed only
if the server answers: its number may be a zombie's or a stranger's.
"""

import atexit
import fcntl
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from service.embedded.account import Settlement, launch, settle
from service.embedded.binaries import find_binaries
from service.embedded.cluster import (
    DATABASE,
    TEMPORARY,
    USER,
    answers,
    clean_environment,
    clear_stale,
    make_cluster,
    make_database,
    read_pid_file,
    remove_temporary,
)
from service.embedded.dialogue import PORT, Refusal
from service.embedded.errors import EmbeddedPostgresError

LOCK_SECONDS = 60.0
START_SECONDS = 120.0  # replaying the log after a crash on a slow disk takes its time
STOP_SECONDS = 30.0
LOG_BYTES = 4_000_000
SOCKET_BYTES = 90  # sun_path holds 107 (unix(7)), and PostgreSQL adds "/.s.PGSQL.5432.lock"


class EmbeddedPostgres:
    """A PostgreSQL server whose files are in `data` and whose life is this Python process's.

    `durable=False` gives up crash safety for speed and is for tests only. A server that already runs on the
    same folder is used and left running. Not for concurrent use from several threads.
    """

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = Path(data).absolute()
        self.durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: Path | None = None
        self._home = self.data

    @classmethod
    @contextmanager
    def temporary(cls) -> Iterator[Self]:
        """A started server, not durable, whose folder is removed at the end."""
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, ignore_cleanup_errors=True) as folder:
            os.chmod(folder, 0o711)  # noqa: S103  another account may have to pass through; `data` is 0700
            server = cls(Path(folder) / "data", durable=False)
            try:
                with server:
                    yield server
            finally:
                shutil.rmtree(server.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def directory(self) -> Path:
        """The folder that holds the cluster: `data`, or the one under /var/lib if root had to move it."""
        return self._home

    @property
    def dsn(self) -> str:
        """The address for asyncpg; raises EmbeddedPostgresError before `start`."""
        if self._socket is None:
            raise EmbeddedPostgresError("内置数据库尚未启动。", "The embedded server has not been started.")
        return f"postgresql://{USER}@/{DATABASE}?{urlencode({'host': self._socket, 'port': PORT})}"

    @property
    def pid(self) -> int | None:
        """The server's process id if we started it and it lives; None otherwise."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> str:
        """The address of a server that answers, started if none runs yet; its database exists.

        Raises EmbeddedPostgresError, in words for the person at the keyboard: no programs, a folder that
        cannot be written, a cluster of another major version, another server that does not answer.
        """
        if sys.platform == "win32":
            raise EmbeddedPostgresError(
                "Windows 上没有内置数据库,请用 DATABASE_URL。",
                "There is no embedded server on Windows; use DATABASE_URL.",
            )
        # Asked, not remembered: a server killed a moment ago may not be known as dead yet.
        if self.pid is not None and self._socket is not None and answers(self._socket):
            return self.dsn
        settlement = settle(self.data, find_binaries())
        self._home = settlement.home
        try:
            settlement.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            settlement.own(settlement.home)
            lock = os.open(settlement.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            settlement.own(settlement.home / "lock")
        except OSError as error:
            raise EmbeddedPostgresError(
                f"无法写入数据目录 {settlement.home}:{error.strerror}。",
                f"The data folder {settlement.home} cannot be written: {error.strerror}.",
            ) from error
        try:
            running = self._lock_or_running(lock, settlement)
            if running is not None:
                self._socket = running
            else:
                clear_stale(settlement)
                make_cluster(settlement, durable=self.durable)
                self._launch(settlement, lock)
        finally:
            os.close(lock)  # a server that was started holds its own copy
        assert self._socket is not None
        try:
            make_database(self._socket)
        except (OSError, Refusal) as error:
            self.stop()
            raise EmbeddedPostgresError(
                f"内置数据库拒绝了请求:{error}", f"The embedded server refused: {error}"
            ) from error
        return self.dsn

    def stop(self) -> None:
        """Shut the server down cleanly if we started it; return when it has ended."""
        process, self._process = self._process, None
        folder, self._socket = self._socket, None
        if process is None:
            return
        atexit.unregister(self.stop)
        # Fast shutdown, then immediate shutdown, then the kernel's: PostgreSQL documentation 18.5.
        for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(order)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
                break
        remove_temporary(folder)

    def _lock_or_running(self, lock: int, settlement: Settlement) -> Path | None:
        """The socket folder of a server that answers; None once the lock is ours and nobody runs it."""
        cluster = settlement.home / "cluster"
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            folder, _ = read_pid_file(cluster)
            if folder is not None and answers(folder):
                return folder
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return None
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"另一个数据库进程占用着 {settlement.home},但在 {LOCK_SECONDS:.0f} 秒内没有应答。"
                    "请先结束它。",
                    f"Another server holds {settlement.home} and did not answer within "
                    f"{LOCK_SECONDS:.0f} seconds. End it first.",
                )
            time.sleep(0.05)

    def _launch(self, settlement: Settlement, lock: int) -> None:
        self._socket = socket_folder(settlement)
        log = settlement.home / "server.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name("server.log.1"))
        command = [str(settlement.binaries.postgres), "-D", str(settlement.home / "cluster"), "-p", str(PORT)]
        for setting in (
            "listen_addresses=",
            f"unix_socket_directories={self._socket}",
            "unix_socket_permissions=0700",
            "max_connections=100",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=off",
            *(() if self.durable else ("fsync=off", "synchronous_commit=off", "full_page_writes=off")),
        ):
            command += ["-c", setting]
        with ExitStack() as files:
            output = files.enter_context(log.open("ab"))
            settlement.own(log)
            beginning = output.tell()
            self._process = spawn(
                launch(settlement.account, command, parent=os.getpid()), output.fileno(), lock
            )
        if sys.platform != "linux":  # there the kernel does it, whatever way this process ends
            atexit.register(self.stop)
        deadline = time.monotonic() + START_SECONDS
        while not answers(self._socket):
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.stop()
                with log.open("rb") as written:
                    written.seek(beginning)
                    reason = written.read().decode(errors="replace").strip()[-2000:]
                raise EmbeddedPostgresError(
                    f"内置数据库没有启动({log}):\n{reason}", f"The embedded server did not start ({log})."
                )
            time.sleep(0.01)


def spawn(command: list[str], output: int, lock: int) -> subprocess.Popen[bytes]:
    """The started process, kept by a thread of its own.

    The kernel reports the death of the *thread* that started a child (prctl(2), PR_SET_PDEATHSIG). A caller
    may well be a short-lived worker thread, so a thread that lives as long as the server starts it.
    """
    started: queue.SimpleQueue[subprocess.Popen[bytes] | BaseException] = queue.SimpleQueue()

    def keep() -> None:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=clean_environment(),
                pass_fds=(lock,),
                start_new_session=True,  # Ctrl-C is for us; we tell the server when its turn has come
            )
        except BaseException as error:
            started.put(error)
            return
        started.put(process)
        process.wait()

    threading.Thread(target=keep, name="embedded-postgres", daemon=True).start()
    result = started.get()
    if isinstance(result, BaseException):
        raise result
    return result


def socket_folder(settlement: Settlement) -> Path:
    """A folder for the socket whose path is short enough, open to the server's account only."""
    folder = settlement.home / "socket"
    if len(os.fsencode(folder)) <= SOCKET_BYTES:
        folder.mkdir(mode=0o700, exist_ok=True)
    else:
        base = tempfile.gettempdir()
        short = len(os.fsencode(base)) <= SOCKET_BYTES - 24
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=base if short else "/tmp"))  # noqa: S108
    settlement.own(folder)
    return folder
