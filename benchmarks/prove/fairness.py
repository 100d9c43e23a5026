"""Is every firm drawn equally often? Four real cities here; single ids, pairs and reserves in `fairness_sizes.py`.

The cities: one chi-square per city over 2,000 draws of the whole target stage with fixed numbers.
"""

import csv
import os
from collections import Counter
from pathlib import Path

from benchmarks.county import county, dice
from benchmarks.prove import fairness_sizes
from benchmarks.prove.fairness_statistics import chi_square_tail
from selection.keys import draw_key, stage_key
from selection.order import draw_targets
from selection.plan import plan_digest
from selection.pool import Target

__all__ = ["cities", "run"]

DRAWS, LIMIT = 2_000, 1e-6
_CITY_OF = {"鄂州": "ezhou", "黄冈": "huanggang", "荆州": "jingzhou", "十堰": "shiyan"}


def _targets() -> tuple[str, list[Target] | None]:
    shared = Path(os.environ.get("DOUBLE_RANDOM_SHARED", "../shared")) / "data" / "hubei-enterprises.csv"
    if not shared.exists():
        return "invented firms (the real list is not here)", None
    with shared.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            (row["统一社会信用代码"].strip().upper(), _CITY_OF[row["地区"]]) for row in csv.DictReader(file)
        ]
    return "8,019 real firms of four cities", [Target(id, city, "general", city) for id, city in rows]


def run() -> bool:
    """Run both parts; return whether both hold."""
    held = [cities(), fairness_sizes.run()]
    print("  holds: every p is above its limit" if all(held) else "  DOES NOT HOLD")
    return all(held)


def cities() -> bool:
    """Print the test per city; return whether every p is above 1e-6."""
    name, targets = _targets()
    plan, pools = county(targets=targets)
    s, counts = plan_digest(plan), Counter[str]()
    for number in range(DRAWS):
        _, drawn = draw_targets(plan, pools, stage_key(draw_key(s, [dice(number)]), "targets"))
        counts.update(d.target.id for d in drawn)
    print(f"fairness: {DRAWS} draws of 5 % from {name}, numbers dice({0})..dice({DRAWS - 1})")
    good = True
    for stratum in plan.strata:
        members = [t.id for t in pools.targets if t.stratum == stratum.id]
        k, n = stratum.quotas[0].by_lot, len(members)
        mean = DRAWS * k / n
        # Draws without replacement: the variance of a count is DRAWS·(k/n)(1 − k/n), and counts sum to a constant.
        value = sum((counts[id] - mean) ** 2 for id in members) / (mean * (1 - k / n)) * (n - 1) / n
        p = chi_square_tail(value, n - 1)
        least, most = min(counts[id] for id in members), max(counts[id] for id in members)
        print(f"  {stratum.id:<10} {k:>4} of {n:>5}: chi2 {value:9.1f} on {n - 1} degrees, p = {p:.4f};"
              f" drawn {least} to {most} times, {mean:.1f} expected")  # fmt: skip
        good = good and p > LIMIT
    print("  holds: every p is above 1e-6" if good else "  DOES NOT HOLD")
    return good
