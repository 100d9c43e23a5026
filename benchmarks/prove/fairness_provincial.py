"""How a deployed provincial system draws firms, restated from published descriptions of its rule, not from its code.

Two descriptions exist, and they differ; both are here, so that neither is picked to look bad.

    page    a random start in [0, step), then every step-th row, step = N // k; above half of N the rows left out are found
            so. A boundary every 5,000 rows shifts the place by one, and what would fall before 0 falls on 0.
    line    a random start anywhere, then every step-th row to the end of the list and not around it; whatever is
            missing is drawn at random from the rest, and what is too much is kept.
"""

from collections import Counter
from collections.abc import Sequence
from math import fsum

from msgspec import Struct

__all__ = ["PAGE", "PageReport", "draw_line", "draw_page", "line_chances", "page_outcomes", "report_page"]

PAGE = 5_000


def _steps(size: int, count: int, start: int, step: int) -> list[int]:
    rows: list[int] = []
    for page in range(-(-size // PAGE)):
        shifted = max(0, start - page)
        end = min(PAGE, size - page * PAGE)
        # Pages hold a whole number of steps only where 5,000 is a multiple of the step; a row is where it would have been.
        first = (shifted - page * PAGE) % step
        rows.extend(page * PAGE + place for place in range(first, end, step))
    return rows[:count]


def page_outcomes(size: int, count: int) -> list[frozenset[int]]:
    """Return the result for every possible start: all the draws there are, each as likely as the others."""
    if 2 * count <= size:
        return [frozenset(_steps(size, count, start, size // count)) for start in range(size // count)]
    out = size - count
    return [
        frozenset(range(size)) - frozenset(_steps(size, out, start, size // out)) for start in range(size // out)
    ]


def draw_page(size: int, count: int, number: int) -> frozenset[int]:
    """Return the draw for one of the possible starts, chosen by a large `number`."""
    outcomes = page_outcomes(size, count)
    return outcomes[number % len(outcomes)]


class PageReport(Struct, frozen=True):
    """What the rule `page` can do: distinct outcomes, rows never and always drawn, pairs of rows never drawn together."""

    outcomes: int
    never: int
    always: int
    pairs_apart: float


def report_page(size: int, count: int) -> PageReport:
    """Return the exact report over all starts."""
    outcomes = page_outcomes(size, count)
    patterns = Counter(sum((row in rows) << n for n, rows in enumerate(outcomes)) for row in range(size))
    together = sum(
        have * (have - 1) // 2 if a == b else have * patterns[b]
        for a, have in patterns.items()
        for b in patterns
        if a <= b and a & b
    )
    return PageReport(
        len(set(outcomes)),
        patterns[0],
        patterns[(1 << len(outcomes)) - 1],
        1 - together / (size * (size - 1) // 2),
    )


def draw_line(size: int, count: int, start: int, order: Sequence[int]) -> set[int]:
    """Return the draw from row `start`; `order` is a random order of all rows, from which what is missing comes."""
    rows = set(range(start, size, size // count))
    for row in order:
        if len(rows) >= count:
            break
        rows.add(row)
    return rows


def line_chances(size: int, count: int) -> list[float]:
    """Return every row's chance under the rule `line`, computed over all starts."""
    step = size // count
    filled = []
    for start in range(size):
        have = len(range(start, size, step))
        filled.append(max(0, count - have) / (size - have) if have < size else 0.0)
    base = fsum(filled)
    chances, by_line = [], [0.0] * step
    for row in range(size):
        by_line[row % step] += 1 - filled[row]
        chances.append((base + by_line[row % step]) / size)
    return chances
