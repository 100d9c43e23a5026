"""The log: append, publish, proof, verify and audit, ours beside pymerkle and tlog-scales, at 10^5 and 10^6 entries.

Every contender runs in a process of its own, so its peak of memory is its own. Entries come in batches of 4,096 that are made while
its clock stands still. CPU seconds: the machine is shared. All contenders have to give the same root.
"""

import asyncio
import contextlib
import io
import json
import random
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

from benchmarks.log_folder import ORIGIN, LogWriter, entries, policy, signer
from benchmarks.tickets import peak_memory
from disclosure.checkpoint import read_unverified
from disclosure.tiles import AuthenticatedTiles, Bundle, parse_bundle
from disclosure.tree import inclusion_proof, leaf_hash, verify_inclusion

__all__ = ["run"]

SIZES = (100_000, 1_000_000)
PROOFS = 1_000
DATABASE_ENTRIES = 2_000
ROOT = Path(__file__).resolve().parents[1]
Found = dict[str, float]


class _Clock:
    """Adds up the CPU seconds of blocks, by name."""

    def __init__(self) -> None:
        self.seconds: Found = {}

    @contextlib.contextmanager
    def __call__(self, name: str):
        begun = time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - begun


def _ours(size: int, folder: Path) -> tuple[Found, str]:
    clock, log = _Clock(), LogWriter(folder)
    for batch in entries(size):
        with clock("append"):
            made = log.append(batch)
        with clock("publish"):
            log.publish(batch, made)
    with clock("publish"):
        log.close()
    head = read_unverified((log.folder / "checkpoint").read_bytes())
    chosen = random.Random(1).sample(range(size), PROOFS)
    leaves = [leaf_hash(_stored(log.folder, index)) for index in chosen]
    with clock("proof"):
        tiles = AuthenticatedTiles(size, head.root, lambda tile: (log.folder / tile.path).read_bytes())
        proofs = [inclusion_proof(index, size, tiles.hash_at) for index in chosen]
    with clock("verify"):
        for index, leaf, proof in zip(chosen, leaves, proofs, strict=True):
            verify_inclusion(leaf, index, size, proof, head.root)
    return clock.seconds, head.root.hex()


def _stored(folder: Path, index: int, size: int | None = None) -> bytes:
    size = size or read_unverified((folder / "checkpoint").read_bytes()).size
    bundle = Bundle(index // 256, min(256, size - index // 256 * 256))
    return parse_bundle((folder / bundle.path).read_bytes(), bundle.width)[index % 256]


def _pymerkle(size: int, _: Path) -> tuple[Found, str]:
    from pymerkle import InmemoryTree
    from pymerkle import verify_inclusion as verify

    clock, tree = _Clock(), InmemoryTree()
    for batch in entries(size):
        with clock("append"):
            for data in batch:
                tree.append_entry(data)
    with clock("root"):
        root = tree.get_root(size)
    chosen = random.Random(1).sample(range(size), PROOFS)
    with clock("proof"):
        proofs = [tree.prove_inclusion(index + 1, size) for index in chosen]
    leaves = [tree.get_leaf(index + 1) for index in chosen]
    with clock("verify"):
        for leaf, proof in zip(leaves, proofs, strict=True):
            verify(leaf, root, proof)
    return clock.seconds, root.hex()


def _tlog_scales(size: int, folder: Path) -> tuple[Found, str]:
    from tlog_scales.backend import LocalBackend
    from tlog_scales.reader import TilesReader
    from tlog_scales.signing import DummySigner
    from tlog_scales.writer import TilesWriter

    clock = _Clock()
    with clock("publish"):
        log = TilesWriter.create(folder / "scales", ORIGIN)
    for batch in entries(size):
        with clock("publish"):
            for data in batch:
                log.add_leaf(data)
            if len(log.pending) >= 1 << 16:
                log.commit([DummySigner()])
    with clock("publish"):
        log.commit([DummySigner()])
    reader = TilesReader(LocalBackend(folder / "scales"))
    head = reader.get_checkpoint()
    reader.set_size(head.size)
    chosen = random.Random(1).sample(range(size), PROOFS)
    leaves = [leaf_hash(_stored(folder / "scales", index, size)) for index in chosen]
    with clock("proof"):
        proofs = [reader.get_inclusion_proof(index, size) for index in chosen]
    with clock("verify"):
        for leaf, proof in zip(leaves, proofs, strict=True):
            proof.check(leaf, head.root_hash)
    return clock.seconds, head.root_hash.hex()


def _audit(size: int, folder: Path) -> tuple[Found, str]:
    """The command itself, over the folder that ours wrote."""
    from disclosure.__main__ import main

    (folder / "mine").write_bytes(policy())
    clock, said = _Clock(), io.StringIO()
    with clock("audit"), contextlib.redirect_stdout(said):
        status = main(["audit", str(folder), "--policy", str(folder / "mine"), "--no-documents"])
    assert status == 0 and f"{size:,}  条目 entries" in said.getvalue(), said.getvalue()
    return clock.seconds, read_unverified((folder / "log" / "2026" / "checkpoint").read_bytes()).root.hex()


def _nothing(size: int, _: Path) -> tuple[Found, str]:
    """What imports and one batch of entries need: the memory below everybody's."""
    next(iter(entries(size)))
    return {}, ""


CONTENDERS = {"ours": _ours, "audit": _audit, "pymerkle": _pymerkle, "tlog-scales": _tlog_scales, "nothing": _nothing}
MODULES = {"pymerkle": "pymerkle", "tlog-scales": "tlog_scales"}


def main(name: str, size: str, folder: str) -> int:
    """Run one contender; print its seconds by step, its root and its peak of memory in kB as JSON."""
    warnings.simplefilter("ignore")
    seconds, root = CONTENDERS[name](int(size), Path(folder))
    print(json.dumps([seconds, root, peak_memory()]))
    return 0


async def _database(count: int) -> dict[str, float]:
    """Return the wall seconds of `count` appends through service.log, one and a hundred in a transaction."""
    from datetime import UTC, datetime

    from service import log
    from service.database import migrate, open_pool
    from service.embedded.server import EmbeddedPostgres

    found = {}
    with EmbeddedPostgres.temporary() as server:
        pool = await open_pool(server.dsn)
        await migrate(pool)
        now = datetime.now(UTC)
        async with pool.acquire() as connection:
            await log.add_log(connection, ORIGIN, signer().public_key, now)
            for together in (1, 100):
                leaves = [data for batch in entries(count) for data in batch]
                begun = time.perf_counter()
                for first in range(0, count, together):
                    async with connection.transaction():
                        for leaf in leaves[first : first + together]:
                            await log.append(connection, await log.lock_head(connection, "2026"), leaf, now)
                found[f"{together} in a transaction"] = time.perf_counter() - begun
        await pool.close()
    return found


def run() -> None:
    """Append, publish, proof, verify, audit: ours beside pymerkle and tlog-scales, CPU seconds and peak memory, at 10^5 and 10^6."""
    names = [name for name in CONTENDERS if find_spec(MODULES.get(name, "disclosure")) is not None]
    for name in CONTENDERS.keys() - set(names):
        print(f"  {name} is left out: {MODULES[name]} is not installed")
    peaks: dict[tuple[str, int], float] = {}
    for size in SIZES:
        print(f"  {size:,} entries; proof and verify of {PROOFS:,} of them, CPU seconds:", flush=True)
        seconds: dict[tuple[str, str], float] = {}
        with tempfile.TemporaryDirectory() as folder:
            roots = set()
            for name in names:
                command = [sys.executable, "-m", "benchmarks.log", name, str(size), folder]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)
                found, root, peak = json.loads(done.stdout)
                peaks[name, size] = peak / 1e3
                roots |= {root} - {""}
                seconds |= {(name, step): value for step, value in found.items()}
                words = "  ".join(f"{step} {value:8.3f}" for step, value in found.items())
                print(f"    {name:<12} {words:<64} peak {peak / 1e3:6,.0f} MB", flush=True)
        assert len(roots) == 1, "the roots differ"
        _judge(size, seconds, peaks)
    for name in ("ours", "audit"):
        print(f"  memory of {name} beyond an empty process: {peaks[name, SIZES[0]] - peaks['nothing', SIZES[0]]:,.0f} MB at {SIZES[0]:,},"
              f" {peaks[name, SIZES[1]] - peaks['nothing', SIZES[1]]:,.0f} MB at {SIZES[1]:,}")  # fmt: skip
    for how, taken in asyncio.run(_database(DATABASE_ENTRIES)).items():
        print(f"  through PostgreSQL, {how}: {DATABASE_ENTRIES / taken:,.0f} appends a second (wall)")


def _judge(size: int, seconds: dict[tuple[str, str], float], peaks: dict[tuple[str, int], float]) -> None:
    append = seconds["ours", "append"]
    print(f"    ours appends {size / append:,.0f} entries a second, with files {size / (append + seconds['ours', 'publish']):,.0f};"
          f" the audit reads {size / seconds['audit', 'audit']:,.0f}")  # fmt: skip
    if ("pymerkle", "append") in seconds:
        ratio = seconds["pymerkle", "append"] / append
        print(f"    {ratio:.1f} times pymerkle's append rate; target 5: {'met' if ratio >= 5 else 'MISSED'}")
    if ("tlog-scales", "publish") in seconds:
        ratio = seconds["tlog-scales", "publish"] / (append + seconds["ours", "publish"])
        print(f"    {ratio:.2f} times tlog-scales in append and publish together")
    if size == SIZES[-1]:
        met = peaks["audit", size] < 512
        print(f"    audit in one pass: peak {peaks['audit', size]:,.0f} MB; target 512: {'met' if met else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
