"""Drawing 5 % of 1,000,000 candidates."""

import numpy as np
from consistent_sampler import sampler

from benchmarks.timing import race
from selection.order import first, in_order

COUNT, SHARE = 1_000_000, 50_000
KEY = "c85bf29112ecfe605b31e7c9bbdd432190ca9b26ce4d650d1df288041bffe51f"


def run() -> None:
    """Drawing 5 % of 1,000,000 candidates: ours, consistent_sampler, numpy's Generator.choice (not checkable), one core."""
    ids = [f"91420100{number:010d}" for number in range(COUNT)]
    taken = race(
        {
            "selection.order.first": lambda: first(KEY, ids, SHARE),
            "selection.order.in_order (the whole order)": lambda: in_order(KEY, ids),
            "consistent_sampler (the same task)": lambda: list(sampler(ids, KEY, take=SHARE, output="id")),
            "numpy Generator.choice (cannot be recomputed)": lambda: np.random.default_rng(1).choice(
                ids, SHARE, replace=False
            ),
        },
        rounds=3,
    )
    ours = taken["selection.order.first"]
    print(f"  {COUNT / ours:,.0f} tickets per CPU second; target: at least 8 times consistent_sampler")
