"""Publishing dies at every step of its own, of signing and of the file system; a reader never sees half of anything.

Each step is taken twice: "lost", it did not happen and the process died; "persisted", it happened and then the process died.
After each, the folder is audited as a reader would; then the next run must end in the very bytes of an undisturbed one.
"""

import asyncio
import errno
import os
import random
import shutil
import signal
import time
from functools import cache
from pathlib import Path

import bureau
import journey
import pytest
from journey import TRANSITIONS, office_at

from disclosure.checkpoint import open_checkpoint
from disclosure.note import KIND_ED25519, VerifierKey
from disclosure.policy import parse_policy
from disclosure.tiles import TILE_WIDTH, bundles, parse_bundle, tiles
from disclosure.tree import leaf_hash, root
from disclosure.verification import Verdict, verify_bundle
from service.config import Config, read_config
from service.database import migrate, open_pool
from service.static_folder import files, publish_folder
from service.static_folder.snapshot import Snapshot

AT = {name: (when, call) for name, when, call in TRANSITIONS}
ORIGIN = "disclose.yunzhou.example/2026"
STEPS = ("open", "write", "fsync", "sync", "replace", "mkdir", "unlink", "rmdir")


class Killed(BaseException):
    """What `kill -9` looks like from inside: nothing catches it."""


class FaultyOs:
    """`os`, numbered: at step `at` it dies, before the step or after it, or says that the disk is bad."""

    def __init__(self, at: int = 0, persisted: bool = False, error: bool = False) -> None:
        self.at, self.persisted, self.error = at, persisted, error
        self.steps: list[tuple[str, str]] = []

    def __getattr__(self, name: str):
        genuine = getattr(os, name)
        if name not in STEPS:
            return genuine

        def step(*args):
            if self.at and len(self.steps) >= self.at:
                raise Killed  # a dead process takes no further step
            self.steps.append((name, str(args[-1] if name == "replace" else args[0] if args else "")))
            now = len(self.steps) == self.at
            if now and not self.persisted:
                raise OSError(errno.EIO, os.strerror(errno.EIO)) if self.error else Killed
            # `kill -9` loses nothing of what the kernel has; what power loses, the test of durability below asks.
            found = None if name in ("fsync", "sync") else genuine(*args)
            if now:
                raise Killed
            return found

        return step


def files_of(folder: Path) -> dict[str, bytes]:
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(".")}


def audit(folder: Path, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """What a reader may ever see between the folder of `before` and that of `after`."""
    now = files_of(folder)
    for name, data in now.items():
        assert data in (before.get(name), after.get(name)), name  # whole, and never anything else
    note = now.get("log/2026/checkpoint")
    if note is None:
        assert "log/2026/checkpoint" not in before
        return
    key = VerifierKey(ORIGIN, KIND_ED25519, bureau.testing_only_signer("log").public_key)
    checkpoint = open_checkpoint(note, key).checkpoint
    leaves: list[bytes] = []
    for bundle in bundles(checkpoint.size):
        leaves += parse_bundle(now[f"log/2026/{bundle.path}"], bundle.width)
    assert root(leaf_hash(leaf) for leaf in leaves) == checkpoint.root
    for tile in tiles(checkpoint.size):
        full = now.get(f"log/2026/{tile.path.partition('.p/')[0]}")
        assert f"log/2026/{tile.path}" in now or (full is not None and len(full) == 32 * TILE_WIDTH)
    if note == after["log/2026/checkpoint"]:
        # It came after everything it promises.
        promised = {name for name in after if name.startswith(("doc/", "blob/", "log/2026/tile/", "policy"))}
        assert {name: now.get(name) for name in promised} == {name: after[name] for name in promised}
    for name in now:
        if name.endswith(".bundle.json"):
            assert verifies(now[name], now["policy"])


@cache
def verifies(bundle: bytes, policy: bytes) -> bool:
    return all(step.verdict is not Verdict.FAIL for step in verify_bundle(bundle, parse_policy(policy)).steps)


def config_of(folder: Path) -> Config:
    return read_config({"DOUBLE_RANDOM_PUBLISH_DIR": str(folder)})


async def publish(dsn: str, when: str, folder: Path) -> None:
    pool = await open_pool(dsn, size=2)
    try:
        await publish_folder(office_at(pool, when), config_of(folder))
    finally:
        await pool.close()


async def small_city(dsn: str, targets: int = 40) -> None:
    pool = await open_pool(dsn, size=2)
    await migrate(pool)
    await journey.begin(pool, targets)
    await pool.execute("DELETE FROM conflict")  # of so few firms one person may not be kept from so many
    await pool.close()


async def go(dsn: str, *names: str) -> str:
    """Carry out transitions; return the time of the last."""
    pool = await open_pool(dsn, size=2)
    for name in names:
        await AT[name][1](office_at(pool, AT[name][0]))
    await pool.close()
    return AT[names[-1]][0]


FIRST = ("open draft", "open freeze", "open notary", "open audit", "open dice")


@pytest.fixture
async def stages(dsn: str, tmp_path: Path) -> tuple[str, str, Path, Path]:
    """A draw published before its outcome, and its undisturbed folder after it; the database stands after it."""
    await small_city(dsn)
    when = await go(dsn, *FIRST)
    before, after = tmp_path / "before", tmp_path / "after"
    await publish(dsn, when, before)
    when = await go(dsn, "open draw")
    shutil.copytree(before, after)
    await publish(dsn, when, after)
    assert files_of(before) != files_of(after)
    return dsn, when, before, after


async def test_every_step_of_the_file_system_may_be_the_last(stages, tmp_path, monkeypatch) -> None:
    dsn, when, before, after = stages
    old, new = files_of(before), files_of(after)
    pool = await open_pool(dsn, size=2)
    office, folder = office_at(pool, when), tmp_path / "folder"

    ask, answers = Snapshot.ask, dict[str, bytes | None]()

    async def ask_once(self, address):
        """The database stands still here, and so do the answers."""
        if address not in answers:
            answers[address] = await ask(self, address)
        return answers[address]

    monkeypatch.setattr(Snapshot, "ask", ask_once)

    async def attempt(faulty: FaultyOs) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(files, "os", faulty)
            await publish_folder(office, config_of(folder))

    def restart() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before, folder)

    try:
        restart()
        counted = FaultyOs()
        await attempt(counted)
        assert files_of(folder) == new
        assert {name for name, _ in counted.steps} >= {"open", "write", "fsync", "replace", "mkdir"}
        # Steps of the same kind at the same kind of file are alike; of the pages of tickets every seventh is enough.
        chosen = [n for n, (_, what) in enumerate(counted.steps, 1) if "/tickets/" not in what or n % 21 == 0]
        assert len(chosen) > 150
        for number in chosen:
            for persisted in (False, True):
                restart()
                faulty = FaultyOs(number, persisted, error=number % 5 == 0)
                with pytest.raises((Killed, files.FolderError)):
                    await attempt(faulty)
                audit(folder, old, new)
                if number % 3 == 0:
                    await publish_folder(office, config_of(folder))
                    assert files_of(folder) == new, counted.steps[number - 1]
    finally:
        await pool.close()


async def test_what_a_checkpoint_promises_is_durable_before_it(stages, tmp_path, monkeypatch) -> None:
    """As far as power may fail: file content before its name, and the names, folders' names too, before the checkpoint."""
    dsn, when, *_ = stages
    folder, faulty = tmp_path / "new", FaultyOs()
    opened: dict[int, str] = {}
    genuine_open, genuine_fsync = os.open, os.fsync
    events: list[tuple[str, str]] = []

    def note_open(path, *args):
        file = genuine_open(path, *args)
        opened[file] = str(path)
        return file

    def note_fsync(file):
        events.append(("fsync", opened[file]))
        genuine_fsync(file)

    class Noting:
        def __getattr__(self, name):
            return {"open": note_open, "fsync": note_fsync}.get(name) or getattr(os, name)

        def replace(self, source, target):
            events.append(("replace", str(target)))
            os.replace(source, target)

        def mkdir(self, path, mode):
            events.append(("mkdir", str(path)))
            os.mkdir(path, mode)

    monkeypatch.setattr(files, "os", Noting())
    await publish(dsn, when, folder)
    promise = events.index(("replace", str(folder / "log" / "2026" / "checkpoint")))
    assert promise > 100
    named = {"replace", "mkdir"}
    for number, (what, path) in enumerate(events):
        if what == "replace" and number <= promise:
            assert events[number - 1] == ("fsync", str(folder / ".tmp" / "new")), path
        if what in named and number < promise:
            assert ("fsync", str(Path(path).parent)) in events[number:promise], path
    assert ("fsync", str(folder / "log" / "2026")) in events[promise:]
    assert not faulty.steps


@pytest.mark.parametrize("persisted", [False, True])
@pytest.mark.parametrize("step", ["sign", "store"])
async def test_a_signature_that_got_lost_is_made_again_and_no_other(dsn, tmp_path, monkeypatch, step, persisted) -> None:
    """The draw is committed; then the signer, or the row that keeps its signature, fails before or after it did its work."""
    from asyncpg import Connection

    from service import log, steps

    await small_city(dsn)
    when = await go(dsn, *FIRST)
    folder = tmp_path / "folder"
    await publish(dsn, when, folder)
    old = files_of(folder)

    async def crash(office, shard):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(steps, "publish_checkpoint", crash)
        with pytest.raises(Killed):
            await go(dsn, "open draw")
    made: list[bytes] = []
    sign, execute = log.sign_checkpoint, Connection.execute

    def sign_and_die(*args):
        if step == "sign" and not persisted:
            raise Killed
        made.append(sign(*args))
        if step == "sign":
            raise Killed
        return made[-1]

    async def execute_and_die(self, query, *args, **more):
        if step != "store" or not query.startswith("INSERT INTO log_checkpoint"):
            return await execute(self, query, *args, **more)
        if persisted:
            await execute(self, query, *args, **more)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(log, "sign_checkpoint", sign_and_die)
        patch.setattr(Connection, "execute", execute_and_die)
        with pytest.raises(Killed):
            await publish(dsn, AT["open draw"][0], folder)
    assert files_of(folder) == old
    await publish(dsn, AT["open draw"][0], folder)
    now = files_of(folder)
    assert now != old
    assert all(note == now["log/2026/checkpoint"] for note in made)
    audit(folder, old, now)


def test_killed_at_random_moments_it_ends_in_the_same_bytes(server_dsn, tmp_path) -> None:
    """Real processes and kill -9, twenty times: each goes on from what the one before left."""
    from application import execute, in_database

    name = f"killed_{os.getpid()}"
    asyncio.run(execute(server_dsn, f"CREATE DATABASE {name}"))
    dsn = in_database(server_dsn, name)
    try:
        asyncio.run(small_city(dsn))
        when = asyncio.run(go(dsn, *FIRST, "open draw", "open person"))
        began = time.monotonic()
        asyncio.run(publish(dsn, when, tmp_path / "undisturbed"))
        took = time.monotonic() - began
        whole, folder = files_of(tmp_path / "undisturbed"), tmp_path / "folder"
        dice, killed = random.Random(7), 0
        for _ in range(20):
            child = os.fork()
            if child == 0:
                asyncio.run(publish(dsn, when, folder))
                os._exit(0)
            time.sleep(dice.uniform(0.05, 1.1) * took)
            os.kill(child, signal.SIGKILL)
            killed += os.waitpid(child, 0)[1] != 0
            audit(folder, {}, whole)
            if dice.random() < 0.4:
                shutil.rmtree(folder, ignore_errors=True)
        assert killed > 5
        asyncio.run(publish(dsn, when, folder))
        assert files_of(folder) == whole
        assert not list((folder / ".tmp").iterdir())
    finally:
        asyncio.run(execute(server_dsn, f"DROP DATABASE {name} WITH (FORCE)"))
