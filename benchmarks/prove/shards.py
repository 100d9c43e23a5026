"""20,000,000 firms in eight shards: each sends its k smallest, and together they are the k smallest of all.

DuckDB makes and orders the ids under a memory limit; Python makes the same ids again, by itself, one after another, and keeps
those below a bound: another language's hash, another generator, no table, no sort of more than the bound lets through.
"""

import hashlib
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from selection.keys import stage_key
from selection.order import bound, merge_shards
from selection.sql import first_statements

__all__ = ["run"]

SIZE, SHARDS, COUNT = 20_000_000, 8, 100_000
LIMIT = "2GB"  # of DuckDB; the whole process has to stay under 4 GB
SEED = "double-random prove shards"
_MODULE = "benchmarks.prove.shards"


def _stage() -> str:
    return stage_key(hashlib.sha256(SEED.encode()).hexdigest(), "targets")


def _in_duckdb(shard: int) -> list[tuple[bytes, str]]:
    """Return the first COUNT of one shard, whose ids exist nowhere but in its own database."""
    import duckdb

    with duckdb.connect(config={"memory_limit": LIMIT, "threads": 1}) as database:
        # Firm number n: six digits of place, ten of a permutation of n, so that neighbours differ widely, and a letter.
        database.execute(
            "CREATE TABLE firm AS SELECT '91' || lpad((n % 659004)::VARCHAR, 6, '0')"
            " || lpad((n * 7368787 % 9999999967)::VARCHAR, 10, '0') || chr((65 + n % 26)::INTEGER) AS id"
            f" FROM range({shard}, {SIZE}, {SHARDS}) AS numbers (n)"
        )
        for statement in first_statements("duckdb", _stage(), "firm", "id", SIZE // SHARDS, COUNT):
            rows = database.execute(statement).fetchall()
            if len(rows) == COUNT:
                break
        return [(bytes.fromhex(drawn), id) for drawn, id in rows]


def _ids() -> Iterator[bytes]:
    """The same ids, written down a second time."""
    for n in range(SIZE):
        yield b"91%06d%010d%c" % (n % 659004, n * 7368787 % 9999999967, 65 + n % 26)


def _in_python() -> list[tuple[bytes, str]]:
    """Return the first COUNT of all, in one pass over the ids; nothing is kept but what lies below the bound."""
    below = bound(SIZE, COUNT)
    assert below is not None
    begun, kept = hashlib.sha256(_stage().encode() + b":").copy, []
    for id in _ids():
        drawn = begun()
        drawn.update(id)
        ticket = drawn.digest()
        if ticket < below:
            kept.append((ticket, id.decode()))
    assert len(kept) >= COUNT
    return sorted(kept)[:COUNT]


def _digest(order: list[tuple[bytes, str]]) -> str:
    return hashlib.sha256("".join(f"{drawn.hex()}\t{id}\n" for drawn, id in order).encode()).hexdigest()


def _peak() -> float:
    """Return the largest memory this process ever had resident, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _part(name: str) -> str:
    """Run one half in a process of its own, so that its peak of memory is its own; return its report."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-m", _MODULE, name], check=True, stdout=subprocess.PIPE, text=True, cwd=root)
    return done.stdout.strip()


def main(name: str) -> int:
    """Print "digest cut seconds peak" of one half."""
    begun = time.perf_counter()
    if name == "duckdb":
        order = merge_shards((_in_duckdb(shard) for shard in range(SHARDS)), COUNT)
    else:
        order = _in_python()
    print(_digest(order), order[-1][0].hex(), f"{time.perf_counter() - begun:.1f}", f"{_peak():.2f}")
    return 0


def run() -> bool:
    """Print both halves; return whether they agree and stayed under 4 GB."""
    print(
        f"shards: {SIZE:,} ids in {SHARDS} shards, the first {COUNT:,}; stage key of targets from SHA-256 of {SEED!r}",
        flush=True,
    )
    digests, peaks = [], []
    for name, what in (
        ("duckdb", f"{SHARDS} DuckDB tables one after another, memory_limit {LIMIT}, one thread, then merge_shards"),
        ("python", "one pass in Python over ids made a second time"),
    ):
        digest, cut, seconds, peak = _part(name).split()
        print(f"  {what}: {seconds} s, peak {peak} GB\n    cut {cut}\n    order {digest}", flush=True)
        digests.append(digest)
        peaks.append(float(peak))
    good = len(set(digests)) == 1 and max(peaks) < 4
    print("  holds: the merged order is that of all ids, under 4 GB" if good else "  DOES NOT HOLD")
    return good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
