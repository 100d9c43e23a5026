"""Whole draws in memory: targets, items and teams."""

from benchmarks.county import county, dice
from benchmarks.timing import race
from selection.draw import draw


def run() -> None:
    """A whole draw in memory at 1, 4 and 16 times the size of four cities: costs must grow no faster than the work."""
    cases = {scale: county(scale) for scale in (1, 4, 16)}
    race(
        {
            f"{8019 * scale:>7,} targets, {402 * scale:>5,} drawn, {120 * scale:>5,} people": (
                lambda plan=plan, pools=pools: draw(plan, pools, [dice(1)])  # type: ignore[misc]
            )
            for scale, (plan, pools) in cases.items()
        }
    )
    print("  per drawn target each seat orders all people, so work grows with targets times people")
