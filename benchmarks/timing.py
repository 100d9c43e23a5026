"""Interleaved timing: each contender once per round, so that noise of the machine meets all of them alike."""

import time
from collections.abc import Callable, Mapping
from statistics import median

__all__ = ["race"]


def race(contenders: Mapping[str, Callable[[], object]], rounds: int = 3) -> dict[str, float]:
    """Return the median CPU seconds of each contender over `rounds`, and print them as ratios to the first of them."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            before = time.process_time()
            run()
            seconds[name].append(time.process_time() - before)
    medians = {name: median(times) for name, times in seconds.items()}
    ours = next(iter(medians.values()))
    for name, value in medians.items():
        print(f"  {name:<44} {value:9.3f} s   {value / ours:7.2f} x the first", flush=True)
    return medians
