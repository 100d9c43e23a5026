"""Teams beside one maximum-flow solve of OR-Tools (C++) over the same network, and beside plain greedy.

One maximum flow only answers whether all seats can be filled; `assign` finds the lexicographically first way. Timed are

    assign      everything, from seats and candidates as the draw has them to the teams, its own network included
    one flow    `solve` alone, over a network that stands already
    building    what it takes in Python to hand that network over; the second ratio counts it with the flow

Each instance is worked `REPEATS` times by either side in turn and counts with its medians, so that neither a cold cache nor a
pause of the machine decides; a ratio is of the sums over many instances. Every case runs in a process of its own, so that its
peak memory is its own; the flow solver in a second one. `instance` is the memory before either begins.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import mean, median
from typing import TypeVar

from benchmarks.planted import Planted, plant
from selection.teams import assign, first_come

__all__ = ["run"]

SIZES = ((100, 40, 200), (1_000, 300, 25), (20_000, 5_000, 1))  # targets, people, instances
REPEATS = 5
TARGETS = {0.0: 3.0, 0.02: 1.0, 0.10: 1.0}  # slack: at most so many times one flow
MEMORY = 1_000  # MB


_T = TypeVar("_T")


def run() -> None:
    """Teams at 0, 2 and 10 % spare places beside one OR-Tools maximum-flow solve, time and peak memory."""
    print("  assign: all it does; one flow: `solve` alone, its network built before; means of the instances' medians\n"
          "  targets x people (instances)    seats    pairs  slack   greedy (gaps)     assign   one flow   ratio  target"
          "         with building   memory: instance  assign   flow")  # fmt: skip
    for targets, people, instances in SIZES:
        for slack, target in TARGETS.items():
            ours = _measure("ours", targets, people, slack, instances)
            flow = _measure("both", targets, people, slack, instances)
            pair = f"{targets:,} x {people:,} ({instances})"
            if "flow" not in flow:
                print(f"  {pair:<24} OR-Tools is not installed: no ratio; assign {ours['assign']:.4f} s")
                continue
            ratio, built = flow["assign"] / flow["flow"], flow["assign"] / (flow["flow"] + flow["building"])
            verdict = "met" if ratio <= target and ours["peak"] < MEMORY else "MISSED"
            print(
                f"  {pair:<24} {ours['seats']:>12,.0f} {ours['pairs']:>9,.0f} {slack:>5.0%} {flow['greedy'] * 1e3:>8.2f} ms"
                f" ({flow['gaps']:.1f}) {flow['assign'] * 1e3:>8.2f} ms {flow['flow'] * 1e3:>7.2f} ms {ratio:>7.2f}"
                f"  <= {target:g} {verdict:<6} {built:>14.2f} {ours['before']:>17.0f} {ours['peak']:>8.0f} {flow['peak']:>8.0f} MB",
                flush=True,
            )


def _measure(what: str, targets: int, people: int, slack: float, instances: int) -> dict[str, float]:
    words = [sys.executable, "-m", "benchmarks.teams", what, str(targets), str(people), str(slack), str(instances)]
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
    """Return the median CPU seconds of each contender on one instance."""
    times: dict[str, list[float]] = {}

    def timed(what: str, work: Callable[[], _T]) -> _T:
        begun = time.process_time()
        done = work()
        times.setdefault(what, []).append(time.process_time() - begun)
        return done

    if beside:
        solver, source, sink = timed("building", lambda: _flow_network(instance))
    for _ in range(REPEATS):
        quick = timed("greedy", lambda: first_come(instance.seats, instance.places, instance.apart, {}))
        found = timed("assign", lambda: assign(instance.seats, instance.places, instance, {}))
        if found.outcome != "COMPLETE":
            raise AssertionError(f"a planted instance has a solution, not {found.outcome}")
        if beside:
            timed("flow", lambda: solver.solve(source, sink))
            if solver.optimal_flow() != len(instance.seats):
                raise AssertionError("the maximum flow does not fill every seat of an instance that can be filled")
    return {"gaps": float(quick.count(None)), **{what: median(seconds) for what, seconds in times.items()}}


def _peak() -> float:
    """Return the peak memory of this process in MB. Linux passes the parent's peak on in `ru_maxrss`, so VmHWM is better."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(words: list[str]) -> int:
    """Measure one case in this process and print its figures as JSON."""
    what, targets, people, slack, count = words[0], int(words[1]), int(words[2]), float(words[3]), int(words[4])
    beside = what == "both" and find_spec("ortools") is not None
    instances = [plant(targets, people, slack, seed) for seed in range(count)]
    before = _peak()
    runs = [_one(instance, beside) for instance in instances]
    figures = {key: mean(run[key] for run in runs) for key in runs[0]}
    figures |= {"before": before, "peak": _peak()}
    figures |= {"seats": mean(len(instance.seats) for instance in instances)}
    figures |= {"pairs": mean(sum(len(seat.candidates) for seat in instance.seats) for instance in instances)}
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
