"""Files written so that a reader sees whole ones only, and that what was written before is durable before what relies on it.

A file is written under `.tmp/`, made durable, then renamed to its place. A rename is durable when its folder is; `settle` makes
all folders so, and whoever calls it next may promise what was put before. `.state.json` says what is complete: it is saved
after `settle`, so that a crash, of the process or of the machine, makes the next run repeat work and never skip any.

Everything goes through `os`, step by step, because the tests stop at each step.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec

from service.errors import Conflicting, Refused

__all__ = ["Folder", "FolderError", "open_folder"]

STATE = ".state.json"
LOCK = ".lock"
TEMPORARY = ".tmp"
PATIENCE = 120.0  # seconds to wait for another publisher of the same folder


class FolderError(Refused):
    """The folder could not be written; it is as complete as it was, and the next run goes on from there."""


class Folder:
    """One publisher's hold on the folder. `written` and `removed` count files; `state` is what `save` makes durable."""

    def __init__(self, path: Path, state: dict[str, str]) -> None:
        self.path, self.state = path, state
        self.written = self.removed = 0
        self._unsettled: set[Path] = set()
        self._unsynced = False

    def place(self, address: str) -> Path:
        """Return where the answer to `address` lies. ValueError for one that would be hidden or lie outside."""
        parts = [*address.strip("/").split("/")] if address != "/" else []
        if any(not part or part.startswith(".") for part in parts):
            raise ValueError(f"{address!r} cannot be a file")
        return self.path.joinpath(*parts, "index.html") if address.endswith("/") else self.path.joinpath(*parts)

    def put(self, address: str, data: bytes, promised: bool = True) -> None:
        """Let the file at `address` hold `data`. A crash leaves the old file or the new one.

        What no checkpoint promises is made durable all at once, when the state is saved: for thousands of tickets that is minutes
        less. Should the power fail before, some of them may be empty; the state does not count them, so the next run writes them.
        """
        path = self.place(address)
        if not promised:
            with _said_in_words(self.path):
                self._make_folder(path.parent)
                self.written += self._replace(path, data, durable=False)
            self._unsynced = True
            return
        # Also where nothing is written now: the run that wrote it may have died before its folders were durable.
        self._unsettled.update(p for p in path.parents if p.is_relative_to(self.path))
        with _said_in_words(self.path):
            self._make_folder(path.parent)
            self.written += self._replace(path, data)

    def remove(self, address: str) -> None:
        """Remove the file at `address`, which the application no longer answers, if it is there."""
        path = self.place(address)
        if path.is_file():
            self._unsettled.add(path.parent)
            with _said_in_words(self.path):
                os.unlink(path)
            self.removed += 1

    def remove_narrower(self, address: str) -> None:
        """Remove the narrower versions of the full tile at `address`."""
        full = self.place(address)
        narrower = full.with_name(f"{full.name}.p")
        if full.is_file() and narrower.is_dir():
            self._unsettled.add(full.parent)
            with _said_in_words(self.path):
                for path in sorted(narrower.iterdir()):
                    os.unlink(path)
                os.rmdir(narrower)

    def settle(self) -> None:
        """Make durable everything that was put or removed."""
        with _said_in_words(self.path):
            for path in sorted(self._unsettled, key=lambda p: len(p.parts), reverse=True):
                _sync_folder(path)
            if self._unsynced:
                os.sync()
        self._unsettled.clear()
        self._unsynced = False

    def save(self) -> None:
        """Settle, then write down `state`."""
        self.settle()
        data = msgspec.json.format(msgspec.json.encode(self.state, order="sorted"), indent=1)
        with _said_in_words(self.path):
            if self._replace(self.path / STATE, data):
                _sync_folder(self.path)

    def _replace(self, path: Path, data: bytes, durable: bool = True) -> bool:
        """Return whether `path` held other bytes, or none, and holds `data` now."""
        if path.is_file() and path.read_bytes() == data:
            return False
        beside = self.path / TEMPORARY / "new"
        _write(beside, data, durable)
        os.replace(beside, path)
        return True

    def _make_folder(self, path: Path) -> None:
        if not path.is_dir():
            self._make_folder(path.parent)
            os.mkdir(path, 0o755)


def _write(path: Path, data: bytes, durable: bool) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(file, left) :]
        if durable:
            os.fsync(file)
    finally:
        os.close(file)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _open_lock(path: Path) -> int:
    with _said_in_words(path):
        path.mkdir(parents=True, exist_ok=True)
        return os.open(path / LOCK, os.O_RDWR | os.O_CREAT, 0o644)


def _clear(path: Path) -> None:
    """Remove what a process that died left half-written: nobody else writes while we hold the lock."""
    with _said_in_words(path):
        (path / TEMPORARY).mkdir(exist_ok=True)
        for left in (path / TEMPORARY).iterdir():
            left.unlink()


@contextlib.asynccontextmanager
async def open_folder(path: Path, patience: float = PATIENCE) -> AsyncIterator[Folder]:
    """Give the folder to one publisher at a time, its leavings cleared away; wait for another one as long as `patience` says.

    Raises Conflicting if the other one does not end, FolderError for whatever the file system refuses.
    """
    lock = _open_lock(path)
    try:
        await _wait_for(lock, path, patience)
        _clear(path)
        yield Folder(path, _read_state(path))
    finally:
        os.close(lock)  # and with it the lock, as the death of the process would


async def _wait_for(lock: int, path: Path, patience: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if loop.time() > end:
                raise Conflicting(
                    f"另一个进程正在写静态文件夹 {path}，请等它结束后再试",
                    f"another process is publishing to {path}; try again when it has ended",
                ) from error
        await asyncio.sleep(0.1)


def _read_state(path: Path) -> dict[str, str]:
    """Return the saved state; empty if there is none or it cannot be read, which makes the run a complete one."""
    try:
        return msgspec.json.decode((path / STATE).read_bytes(), type=dict[str, str])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}


@contextlib.contextmanager
def _said_in_words(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into a FolderError."""
    try:
        yield
    except OSError as error:
        raise FolderError(
            f"静态文件夹 {path} 写不进去：{error.strerror}（{error.filename or path}）。已公布的文件没有变化；"
            "请检查磁盘空间和权限，再运行 python -m service publish，会接着写完",
            f"cannot write to the static folder {path}: {error.strerror} ({error.filename or path}). What is published is"
            " unchanged; mend space or permissions and run `python -m service publish` again, which goes on from here",
        ) from error
