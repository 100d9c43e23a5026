"""The embedded server keeps what was committed, lives as long as its starter, and refuses in words."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from service.embedded import EmbeddedPostgres, EmbeddedPostgresError, find_binaries
from service.embedded import account as accounts
from service.embedded.account import settle
from service.embedded.cluster import read_pid_file

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no embedded server on Windows")


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder in a place that the account `nobody` can reach, as on a server (pytest's is 0700)."""
    with tempfile.TemporaryDirectory(prefix="embedded-test-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o711)
        yield Path(folder) / "data"


def run(dsn: str, sql: str) -> object:
    """The first value of the statement's answer, asked through the driver that the service uses."""

    async def ask() -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def processes_in(cluster: Path) -> list[int]:
    """Every live process whose working directory is the cluster: PostgreSQL's all are."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if (entry / "cwd").readlink() == cluster.resolve():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until(condition, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def child(data: Path, then: str) -> subprocess.Popen[str]:
    """Another Python process that starts a server on the folder, prints its address, and does `then`."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom service.embedded import EmbeddedPostgres\n"
        f"server = EmbeddedPostgres(Path({str(data)!r}), durable=False)\n"
        f"print(server.start(), server.pid, flush=True)\n{then}\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_a_restart_keeps_the_rows_and_a_stop_leaves_no_process(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        run(server.dsn, "CREATE TABLE kept (word text)")
        run(server.dsn, "INSERT INTO kept VALUES ('双随机')")
        cluster = server.directory / "cluster"
    assert processes_in(cluster) == []
    assert not (cluster / "postmaster.pid").exists()
    with EmbeddedPostgres(data) as server:
        assert run(server.dsn, "SELECT word FROM kept") == "双随机"


def test_the_cluster_is_made_as_production_makes_it(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        assert (
            run(server.dsn, "SELECT datcollate FROM pg_database WHERE datname = current_database()")
            == "C.UTF-8"
        )
        assert run(server.dsn, "SHOW data_checksums") == "on"
        assert run(server.dsn, "SHOW server_encoding") == "UTF8"
        assert run(server.dsn, "SHOW fsync") == "on"
        assert run(server.dsn, "SHOW listen_addresses") == ""
        assert run(server.dsn, "SHOW TimeZone") == "UTC"
        assert run(server.dsn, r"SELECT '中' ~ '\w'") is True
        assert (server.directory / "cluster").stat().st_mode & 0o777 == 0o700


def test_rows_committed_before_a_kill_of_the_server_are_there_after_the_next_start(data: Path) -> None:
    server = EmbeddedPostgres(data)
    dsn = server.start()
    try:
        run(dsn, "CREATE TABLE kept (number int)")
        for number in range(20):
            run(dsn, f"INSERT INTO kept VALUES ({number})")
            if number % 10 == 9:
                assert server.pid is not None
                os.kill(server.pid, signal.SIGKILL)
                dsn = server.start()
        assert run(dsn, "SELECT count(*) FROM kept") == 20
    finally:
        server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_kill_of_the_starter_leaves_no_server(data: Path) -> None:
    with child(data, "time.sleep(600)") as process:
        assert process.stdout is not None
        dsn, pid = process.stdout.readline().split()
        cluster = Path(f"/proc/{pid}/cwd").readlink()
        run(dsn, "CREATE TABLE kept (number int)")
        process.kill()
    assert wait_until(lambda: processes_in(cluster) == []), "the server outlived its starter"
    assert not (cluster / "postmaster.pid").exists(), "the server was not shut down cleanly"


def test_the_end_of_the_thread_that_started_the_server_does_not_end_it(data: Path) -> None:
    """The kernel's notice is about threads; a worker thread of the service may well start the server."""
    server = EmbeddedPostgres(data, durable=False)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    try:
        time.sleep(0.5)
        assert server.pid is not None
        assert run(server.dsn, "SELECT 1") == 1
    finally:
        server.stop()


def test_a_second_starter_uses_the_running_server_and_leaves_it_running(data: Path) -> None:
    process = child(data, "sys.stdin.read(); server.stop()")
    assert process.stdout is not None
    dsn = process.stdout.readline().split()[0]
    second = EmbeddedPostgres(data)
    assert second.start() == dsn
    assert second.pid is None
    second.stop()
    assert run(dsn, "SELECT 1") == 1
    process.communicate("")
    assert process.returncode == 0
    # Now nobody runs it: the same object starts one of its own.
    with second:
        assert second.pid is not None
        assert run(second.dsn, "SELECT 1") == 1


def test_starters_at_the_same_moment_make_one_cluster_and_one_server(data: Path) -> None:
    children = [child(data, "sys.stdin.read(); server.stop()") for _ in range(4)]
    answers = [process.stdout.readline().split() for process in children if process.stdout is not None]
    assert len({dsn for dsn, _ in answers}) == 1
    assert sum(pid != "None" for _, pid in answers) == 1
    assert run(answers[0][0], "SELECT count(*) FROM pg_database WHERE datname = 'double_random'") == 1
    for process in children:
        process.communicate("")
        assert process.returncode == 0


def test_a_server_that_holds_the_folder_without_answering_is_named_in_words(data: Path, monkeypatch) -> None:
    monkeypatch.setattr("service.embedded.server.LOCK_SECONDS", 0.3)
    with EmbeddedPostgres(data, durable=False) as server:
        monkeypatch.setattr("service.embedded.server.answers", lambda folder: False)
        with pytest.raises(EmbeddedPostgresError, match="did not answer"):
            EmbeddedPostgres(data).start()
        assert server.pid is not None


def test_a_pid_file_left_by_a_dead_server_is_not_believed(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        run(server.dsn, "CREATE TABLE kept (number int)")
        cluster = server.directory / "cluster"
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    # Our own number: alive, and no server. PostgreSQL on its own would refuse to start here.
    stale = cluster / "postmaster.pid"
    stale.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    shutil.chown(stale, cluster.stat().st_uid, cluster.stat().st_gid)
    with EmbeddedPostgres(data, durable=False) as server:
        assert run(server.dsn, "SELECT count(*) FROM kept") == 0


def test_a_cluster_of_another_major_version_is_refused_and_left_untouched(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        version = server.directory / "cluster" / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(EmbeddedPostgresError, match=r"was made by PostgreSQL 14; .* dump"):
        EmbeddedPostgres(data).start()
    assert version.read_text() == "14\n"


def test_a_folder_that_is_no_cluster_is_refused(data: Path) -> None:
    home = settle(data, find_binaries()).home
    (home / "cluster").mkdir(parents=True)
    (home / "cluster" / "letters").write_text("not a database")
    with pytest.raises(EmbeddedPostgresError, match="is not a PostgreSQL data directory"):
        EmbeddedPostgres(data).start()
    assert (home / "cluster" / "letters").exists()


def test_a_cluster_that_was_only_half_made_is_made_again(data: Path) -> None:
    home = settle(data, find_binaries()).home
    (home / "cluster.new" / "base").mkdir(parents=True)
    (home / "cluster.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(data, durable=False) as server:
        assert run(server.dsn, "SELECT 1") == 1
        assert not (home / "cluster.new").exists()


def test_a_long_path_gets_a_short_socket_which_is_removed_at_the_end(data: Path) -> None:
    with EmbeddedPostgres(data / ("长" * 40), durable=False) as server:
        folder, _ = read_pid_file(server.directory / "cluster")
        assert folder is not None
        assert len(os.fsencode(folder)) <= 90
        assert run(server.dsn, "SELECT 1") == 1
        in_temporary = not folder.is_relative_to(server.directory)
    assert not (in_temporary and folder.exists())


def test_a_temporary_server_leaves_nothing_behind() -> None:
    with EmbeddedPostgres.temporary() as server:
        assert run(server.dsn, "SHOW fsync") == "off"
        directory = server.directory
    assert not directory.exists()


def test_the_callers_postgresql_variables_do_not_matter(data: Path, monkeypatch) -> None:
    for name, value in {"PGPORT": "6000", "PGDATA": "/nowhere", "PGHOST": "example.invalid"}.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(data, durable=False) as server:
        assert run(server.dsn, "SELECT current_user") == "app"


def test_a_server_that_cannot_start_says_why(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        cluster = server.directory / "cluster"
    with (cluster / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = 'many'\n")
    with pytest.raises(EmbeddedPostgresError, match="shared_buffers"):
        EmbeddedPostgres(data).start()
    assert processes_in(cluster) == []


def test_binaries_are_named_by_the_environment_or_refused(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMBEDDED_PG_BIN", str(tmp_path))
    with pytest.raises(EmbeddedPostgresError, match="does not hold the programs"):
        find_binaries()
    for program, words in (("postgres", "postgres (PostgreSQL) 13.4"), ("initdb", "")):
        (tmp_path / program).write_text(f"#!/bin/sh\necho '{words}'\n")
        (tmp_path / program).chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match="13; version 15 or newer"):
        find_binaries()


def refuse_namespaces(monkeypatch) -> None:
    real = accounts.runs
    monkeypatch.setattr(accounts, "runs", lambda word, binaries: word != "namespace" and real(word, binaries))


class TestRoot:
    """Root runs the server without widening any permission, with and without user namespaces."""

    pytestmark = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to be root")

    @pytest.fixture
    def no_namespaces(self, monkeypatch) -> None:
        real = accounts.runs
        monkeypatch.setattr(
            accounts, "runs", lambda word, binaries: word != "namespace" and real(word, binaries)
        )

    @pytest.fixture
    def state(self, data: Path, monkeypatch) -> Path:
        """Stands in for /var/lib/double-random."""
        state = data.parent / "state"
        monkeypatch.setattr(accounts, "STATE", state)
        return state

    def test_where_namespaces_are_refused_the_server_runs_as_nobody(self, data, state, no_namespaces) -> None:
        with EmbeddedPostgres(data, durable=False) as server:
            assert server.directory == data
            assert (data / "cluster").stat().st_uid == pwd.getpwnam("nobody").pw_uid
            assert Path(f"/proc/{server.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
            assert run(server.dsn, "SELECT 1") == 1

    def test_a_private_folder_stays_private_and_the_cluster_moves(self, data, state, no_namespaces) -> None:
        private = data.parent / "private"
        private.mkdir(mode=0o700)
        for _ in range(2):
            with EmbeddedPostgres(private / "data", durable=False) as server:
                assert server.directory.parent == state
                assert str(server.directory) in (private / "data" / accounts.NOTICE).read_text()
                run(server.dsn, "CREATE TABLE IF NOT EXISTS kept (number int)")
        assert private.stat().st_mode & 0o777 == 0o700

    def test_a_data_folder_begun_anew_does_not_find_the_former_database(self, data, state, no_namespaces) -> None:
        private = data.parent / "private"
        private.mkdir(mode=0o700)
        with EmbeddedPostgres(private / "data", durable=False) as server:
            former = server.directory
            run(server.dsn, "CREATE TABLE secret (number int)")
        shutil.rmtree(private / "data")
        with EmbeddedPostgres(private / "data", durable=False) as server:
            assert server.directory != former
            assert run(server.dsn, "SELECT to_regclass('secret')") is None
        assert (former / "cluster").is_dir()  # and what was there is not taken from anybody

    def test_programs_out_of_reach_are_copied_once(self, data, state, no_namespaces, monkeypatch) -> None:
        binaries = find_binaries()
        if not binaries.trees:
            pytest.skip("these programs belong to the operating system")
        private = data.parent / "private"
        private.mkdir(mode=0o700)
        for tree in binaries.trees:
            shutil.copytree(tree, private / tree.name, symlinks=True)
        hidden = private / binaries.folder.relative_to(binaries.trees[0].parent)
        trees = tuple(private / tree.name for tree in binaries.trees)
        moved = type(binaries)(folder=hidden, major=binaries.major, trees=trees)
        monkeypatch.setattr("service.embedded.server.find_binaries", lambda: moved)
        for _ in range(2):
            with EmbeddedPostgres(data, durable=False) as server:
                assert run(server.dsn, "SELECT 1") == 1
        assert len(list(state.glob("postgresql-*"))) == 1

    def test_a_cluster_made_in_a_namespace_opens_without_one(self, data, state, monkeypatch) -> None:
        binaries = find_binaries()
        if not accounts.runs("namespace", binaries):
            pytest.skip("this machine refuses user namespaces")
        with EmbeddedPostgres(data, durable=False) as server:
            run(server.dsn, "CREATE TABLE kept (number int)")
        assert (data / "cluster").stat().st_uid == 0
        refuse_namespaces(monkeypatch)
        with EmbeddedPostgres(data, durable=False) as server:
            assert run(server.dsn, "SELECT count(*) FROM kept") == 0
        monkeypatch.undo()
        with EmbeddedPostgres(data, durable=False) as server:
            assert run(server.dsn, "SELECT count(*) FROM kept") == 0
