"""Teams beside one maximum-flow solve of OR-Tools (C++) over the same network, and beside plain greedy.

One maximum flow only answers whether all seats can be filled; `assign` finds the lexicographically first way. Every case
runs in a process of its own, so that its peak memory is its own; the flow solver in a second one. Figures are medians
over seeds, contenders interleaved; `instance` is the memory before either begins.
"""

import json
import resource
import subprocess
import sys
import time
from statistics import median

from benchmarks.planted import Planted, plant
from selection.teams import assign, first_come

__all__ = ["run"]

SIZES = ((100, 40, 25), (1_000, 300, 9), (20_000, 5_000, 1))  # targets, people, seeds
SLACKS = (0.0, 0.02, 0.10)


def run() -> None:
    """Teams at 0, 2 and 10 % spare places beside one OR-Tools maximum-flow solve, time and peak memory."""
    print("  targets x people       seats    pairs  slack   greedy (gaps)    assign   one flow   ratio  with building"
          "   memory: instance  assign   flow")  # fmt: skip
    for targets, people, seeds in SIZES:
        for slack in SLACKS:
            ours = _measure("ours", targets, people, slack, seeds)
            flow = _measure("both", targets, people, slack, seeds)
            pair = f"{targets:,} x {people:,}"
            if "flow" not in flow:
                print(f"  {pair:<18} OR-Tools is not installed: no ratio; assign {ours['assign']:.4f} s")
                continue
            print(
                f"  {pair:<18} {ours['seats']:>9,} {ours['pairs']:>9,} {slack:>5.0%} {flow['greedy'] * 1e3:>8.1f} ms"
                f" ({flow['gaps']:g}) {flow['assign'] * 1e3:>9.1f} ms {flow['flow'] * 1e3:>7.1f} ms {flow['ratio']:>7.2f}"
                f" {flow['ratio_built']:>10.2f} {ours['before']:>17.0f} {ours['peak']:>8.0f} {flow['peak']:>8.0f} MB",
                flush=True,
            )


def _measure(what: str, targets: int, people: int, slack: float, seeds: int) -> dict[str, float]:
    words = [sys.executable, "-m", "benchmarks.teams", what, str(targets), str(people), str(slack), str(seeds)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _flow_network(instance: Planted):  # type: ignore[no-untyped-def]
    """Return (solver, source, sink) of source -> seat -> pair of target and person -> person -> sink."""
    import numpy
    from ortools.graph.python import max_flow

    people = {name: number for number, name in enumerate(instance.places)}
    tails, heads, pair_of = list[int](), list[int](), dict[tuple[str, str], int]()
    first_person = len(instance.seats)
    first_pair = first_person + len(people)
    for number, seat in enumerate(instance.seats):
        if number and seat.target != instance.seats[number - 1].target:
            pair_of = {}
        for person in seat.candidates:
            if (seat.target, person) not in pair_of:
                pair = pair_of[seat.target, person] = first_pair
                first_pair += 1
                tails.append(pair)
                heads.append(first_person + people[person])
            tails.append(number)
            heads.append(pair_of[seat.target, person])
    source, sink = first_pair, first_pair + 1
    inner = len(tails)
    tails += [source] * len(instance.seats) + [first_person + n for n in range(len(people))]
    heads += [*range(len(instance.seats)), *([sink] * len(people))]
    capacity = numpy.ones(len(tails), dtype=numpy.int64)
    capacity[inner + len(instance.seats) :] = list(instance.places.values())
    arrays = numpy.array(tails, dtype=numpy.int32), numpy.array(heads, dtype=numpy.int32), capacity
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(*arrays)
    return solver, source, sink


def _one(instance: Planted, beside: bool) -> dict[str, float]:
    clock = time.process_time
    start = clock()
    quick = first_come(instance.seats, instance.places, instance.apart, {})
    greedy = clock()
    found = assign(instance.seats, instance.places, instance, {})
    end = clock()
    if found.outcome != "COMPLETE":
        raise AssertionError(f"a planted instance has a solution, not {found.outcome}")
    figures = {"greedy": greedy - start, "gaps": float(quick.count(None)), "assign": end - greedy}
    if beside:
        begun = clock()
        solver, source, sink = _flow_network(instance)
        built = clock()
        solver.solve(source, sink)
        solved = clock()
        if solver.optimal_flow() != len(instance.seats):
            raise AssertionError("the maximum flow does not fill every seat of an instance that can be filled")
        figures |= {"flow": solved - built, "ratio": (end - greedy) / (solved - built)}
        figures |= {"ratio_built": (end - greedy) / (solved - begun)}
    return figures


def _peak() -> float:
    """Return the peak memory of this process in MB. Linux passes the parent's peak on in `ru_maxrss`, so VmHWM is better."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(words: list[str]) -> int:
    """Measure one case in this process and print its figures as JSON."""
    what, targets, people, slack, seeds = words[0], int(words[1]), int(words[2]), float(words[3]), int(words[4])
    beside = what == "both"
    if beside:
        try:
            import ortools  # noqa: F401
        except ImportError:
            beside = False
    instances = [plant(targets, people, slack, seed) for seed in range(seeds)]
    before = _peak()
    runs = [_one(instance, beside) for _ in range(3) for instance in instances]
    figures = {key: median(run[key] for run in runs) for key in runs[0]}
    if beside:
        figures["ratio"] = sum(r["assign"] for r in runs) / sum(r["flow"] for r in runs)
    figures |= {"before": before, "peak": _peak()}
    figures |= {"seats": len(instances[0].seats), "pairs": sum(len(s.candidates) for s in instances[0].seats)}
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
