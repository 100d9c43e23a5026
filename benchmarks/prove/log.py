"""One bit changed in every kind of file of a log, at every level of tile: `audit` fails each time and names that file.

Logs of 65,535 to 65,537 entries, where the tree grows a level, and of 1,000,000, whose right edge has seven hashes in three tiles: the
case in which a well-known reader left tiles unauthenticated (CVE-2026-56865). After every change of one bit the whole
folder is audited, by the command, from the start, and the file put back. Which byte and which bit: SHA-256 of size, path, turn.
"""

import contextlib
import hashlib
import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.log_folder import LogWriter, entries, policy
from disclosure.__main__ import main
from disclosure.tiles import Bundle, Tile, bundles, tiles

__all__ = ["run"]

SIZES = {65_535: 3, 65_536: 3, 65_537: 3, 1_000_000: 1}  # entries: bits changed in each chosen file


def _chosen(size: int) -> list[str]:
    """Return the first, a middle and the last file of every level of tile and of the entries, and the checkpoint."""
    levels: dict[int, list[Tile | Bundle]] = {}
    for tile in tiles(size):
        levels.setdefault(tile.level, []).append(tile)
    levels[-1] = list(bundles(size))
    found = [row[at].path for row in levels.values() for at in sorted({0, len(row) // 2, len(row) - 2, len(row) - 1}) if at >= 0]
    return [*found, "checkpoint"]


def _changes(size: int, path: str, data: bytes, count: int) -> Iterator[bytes]:
    for turn in range(count):
        number = int.from_bytes(hashlib.sha256(f"{size} {path} {turn}".encode()).digest())
        at = {0: 0, 1: len(data) - 1}.get(turn, number % len(data)) if count > 1 else number % len(data)
        yield data[:at] + bytes([data[at] ^ (1 << number % 8)]) + data[at + 1 :]


def _audit(folder: Path) -> tuple[int, list[str]]:
    """Return the exit status and the files that were called false."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = main(["audit", str(folder), "--policy", str(folder / "mine"), "--no-documents"])
    return status, [line.split()[-1] for line in said.getvalue().splitlines() if line.startswith("不符 FAIL")]


def _break(folder: Path, size: int, count: int) -> bool:
    begun, tried, missed = time.perf_counter(), 0, []
    status, named = _audit(folder)
    good = status == 0 and not named
    for path in _chosen(size):
        place = folder / "log" / "2026" / path
        data = place.read_bytes()
        for changed in _changes(size, path, data, count):
            place.write_bytes(changed)
            status, named = _audit(folder)
            tried += 1
            # A checkpoint of another size or root makes other files look wrong beside it; nothing else does.
            if status != 1 or f"log/2026/{path}" not in named or (path != "checkpoint" and len(named) != 1):
                missed.append((path, status, named))
        place.write_bytes(data)
    good = good and not missed and _audit(folder) == (0, [])
    print(f"  {size:,} entries: {tried} bits changed in {len(_chosen(size))} files of {len({*tiles(size), *bundles(size)}) + 1};"
          f" audit failed and named the file {tried - len(missed)} times; {time.perf_counter() - begun:.0f} s", flush=True)  # fmt: skip
    for path, status, named in missed:
        print(f"    MISSED: {path}: exit {status}, named {named}")
    return good


def run() -> bool:
    """Print what was changed and noticed; return whether every change was named, and only the changed file."""
    print("log: one bit in every kind of file at every level of tile, the whole log audited each time", flush=True)
    good = True
    for size, count in SIZES.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "mine").write_bytes(policy())
            log = LogWriter(folder)
            for batch in entries(size):
                log.publish(batch, log.append(batch))
            log.close()
            good = _break(folder, size, count) and good
    print("  holds: every changed bit is noticed and its file named, and no other" if good else "  DOES NOT HOLD")
    return good
