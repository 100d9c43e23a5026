"""Every reader of bytes or text from outside, given what nobody would write: it refuses in the words of its family, or the input was good.

For each of some forty readers (`fuzz_parsers.py`): changed copies of good inputs (`fuzz_mutations.py`), for a time, from a seed. What is
accepted is written again and must be the same bytes. Anything raised but DisclosureError, SelectionError and CanonicalError is a crash,
a case over a second of the processor a hang. Then inputs of 1 MiB, and of 4 MiB, that make careless readers slow.
"""

import os
import random
import time
import traceback

from benchmarks.prove.fuzz_mutations import floods, mutate
from benchmarks.prove.fuzz_parsers import FAMILY, Parser, parsers

__all__ = ["run", "try_one"]

SEED = os.environ.get("DOUBLE_RANDOM_FUZZ_SEED", "double-random prove fuzz")
SECONDS = float(os.environ.get("DOUBLE_RANDOM_FUZZ_SECONDS", "4"))  # for each reader
LIMIT = 1.0  # of the processor, for one case of a few kilobytes
FLOOD = 1 << 20
# At four times the length; a reader that compares every line with every other takes sixteen times as long.
GROWTH = 10.0


def try_one(parser: Parser, data: bytes) -> tuple[bool, str | None]:
    """Return whether `data` was accepted, and what is wrong, if anything: a crash, or another form that was taken."""
    try:
        value = parser.parse(data)
        again = data if parser.write is None else parser.write(value)
    except FAMILY:
        return False, None
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return False, f"crash: {type(error).__name__} at {os.path.basename(where.filename)}:{where.lineno}"
    if again != data:
        return True, "accepted, but written as other bytes"
    return True, None


def _changed(parser: Parser) -> dict[str, bytes]:
    """Try changed inputs for a while; print how many; return one example of each defect."""
    r, found = random.Random(f"{SEED} {parser.name}"), dict[str, bytes]()
    cases = accepted = 0
    slowest, begun = 0.0, time.process_time()
    while (now := time.process_time()) - begun < SECONDS:
        data = mutate(r, parser.seeds)
        before = time.process_time()
        taken, wrong = try_one(parser, data)
        took = time.process_time() - before
        cases, accepted, slowest = cases + 1, accepted + taken, max(slowest, took)
        if wrong is None and took > LIMIT:
            wrong = "hang"
        if wrong is not None:
            found.setdefault(wrong, data)
    print(f"  {parser.name:<26} {cases:>8,} cases, {cases / (now - begun):>7,.0f} a second, {accepted:>7,} accepted; slowest {1000 * slowest:.1f} ms", flush=True)  # fmt: skip
    return found


def _flooded(parser: Parser) -> tuple[dict[str, bytes], float]:
    """Try large inputs, alone and in the middle of a good one; return the defects and the longest time for 1 MiB."""
    found, longest = dict[str, bytes](), 0.0
    small, large = dict(floods(FLOOD)), dict(floods(4 * FLOOD))
    seed = parser.seeds[0]
    for name in small:
        for at in (0, len(seed) // 2, len(seed)):
            took = []
            for flood in (small[name], large[name]):
                before = time.process_time()
                _, wrong = try_one(parser, seed[:at] + flood + seed[at:])
                took.append(time.process_time() - before)
                if wrong is not None:
                    found.setdefault(wrong, seed[:at] + small[name][:60])
            longest = max(longest, took[0])
            if took[1] > 0.5 and took[1] > GROWTH * took[0]:
                found[f"grows faster than its input: {name}, {took[0]:.2f} s for 1 MiB, {took[1]:.2f} s for 4 MiB"] = seed[:at] + small[name][:60]
    return found, longest


def run() -> bool:
    """Print cases, rates and defects; return whether there is no defect."""
    every = parsers()
    print(f"fuzz: {len(every)} readers, {SECONDS:.0f} s of the processor each, seed {SEED!r}", flush=True)
    defects = [(parser.name, what, data) for parser in every for what, data in _changed(parser).items()]
    print("  inputs of 1 MiB and of 4 MiB, alone and inside a good one: seconds for the slowest of 1 MiB", flush=True)
    times = []
    for parser in every:
        found, longest = _flooded(parser)
        defects += [(parser.name, what, data) for what, data in found.items()]
        times.append(f"{parser.name} {longest:.2f}")
    print("    " + ", ".join(times))
    for name, what, data in defects:
        print(f"  DEFECT {name}: {what}\n    for {data[:400]!r}")
    print("  DOES NOT HOLD" if defects else "  holds: nothing crashed, nothing hung, and whatever was accepted is written as the same bytes")
    return not defects
