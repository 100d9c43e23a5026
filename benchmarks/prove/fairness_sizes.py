"""Every firm, every pair and every reserve position, at the sizes where a deployed provincial system fails.

The rule of judgement is fixed before any draw: all tests of all sizes are counted beforehand, M of them, and the proof
fails if any single p is below 10^-6 / M (Bonferroni). Tests of one size with N ids, k to draw, D draws:

    ids         each id's count of D is binomial(D, k/N): two exact tails each; all counts together, one chi-square
    pairs       likewise for all pairs (N ≤ 150) with p2 = k(k-1)/N(N-1), and one chi-square over what pairs add to ids;
                for larger N 1,000 pairs fixed beforehand: neighbours, one step apart, mirrored, and by SHA-256
    reserves    each reserve position's holders over all ids, one chi-square each; and the whole table of
                "drawn, first reserve, … last" against ids, one chi-square with the covariance of a random permutation

Keys are draw_key(S, [dice(0..D-1)]) with S the digest of a sentence that names k and N; the order is `selection`'s own.
"""

from fractions import Fraction
from hashlib import sha256

from msgspec import Struct

from benchmarks.county import dice
from benchmarks.prove.fairness_provincial import draw_line, line_chances, page_outcomes, report_page
from benchmarks.prove.fairness_statistics import binomial_tails, chi_square_tail, pair_chi_square, spread
from selection.keys import digest_of, draw_key, stage_key
from selection.order import first, in_order

__all__ = ["SIZES", "Size", "Tally", "count_draws", "fixed_pairs", "judge", "number_of_tests", "run"]

ALPHA = 1e-6


class Size(Struct, frozen=True):
    """N ids, k to draw, D draws; adjacent ids are put into groups of `together` where single cells would be too small."""

    ids: int
    taken: int
    draws: int
    together: int = 1


SIZES = (
    Size(1_499, 500, 30_000),
    Size(1_751, 24, 30_000),
    Size(119, 50, 100_000),
    Size(145, 95, 100_000),
    Size(12_000, 7_000, 10_000, together=10),
)


class Tally(Struct):
    """Counts over the draws of one size; `line` and `page` are how often the provincial rules drew each id."""

    size: Size
    drawn: list[int]
    pairs: dict[tuple[int, int], int]
    table: list[list[int]]  # a row per place "drawn, first reserve, …", a column per group of ids
    line: list[int]
    page: list[int]


def fixed_pairs(size: int, taken: int) -> list[tuple[int, int]]:
    """Return every pair for up to 150 ids, else the 1,000 that the docstring above names."""
    if size <= 150:
        return [(i, j) for i in range(size) for j in range(i + 1, size)]
    assert size >= 600, "too few for 1,000 pairs of four kinds"
    step, chosen = size // taken, dict[tuple[int, int], None]()

    def add(i: int, j: int) -> None:
        if i != j:
            chosen[min(i, j), max(i, j)] = None

    for n in range(250):
        at = n * (size - 1) // 250
        add(at, at + 1)
    n = 0
    while len(chosen) < 500:
        at = (n * 7919) % (size - max(step, 2))
        add(at, at + max(step, 2))
        n += 1
    n = 0
    while len(chosen) < 750:
        add(n, size - 1 - n)
        n += 1
    n = 0
    while len(chosen) < 1_000:
        drawn = int(sha256(f"pair {n} of {size}".encode()).hexdigest(), 16)
        add(drawn % size, (drawn >> 128) % size)
        n += 1
    return list(chosen)


def count_draws(size: Size) -> Tally:
    """Draw `size.draws` times and count; on the first 100 draws `first` has to agree with the whole order."""
    names = [f"91420000MA{n:08d}" for n in range(size.ids)]
    place = {name: n for n, name in enumerate(names)}
    s = digest_of(f"double-random prove fairness, {size.taken} of {size.ids}".encode())
    wanted = fixed_pairs(size.ids, size.taken)
    marks = {row: bytearray(size.draws) for pair in wanted for row in pair}
    outcomes = page_outcomes(size.ids, size.taken)
    groups, reserves = -(-size.ids // size.together), size.ids - size.taken
    group = [row // size.together for row in range(size.ids)]
    table = [[0] * groups for _ in range(reserves + 1)]
    drawn, line, page = ([0] * size.ids for _ in range(3))
    for number in range(size.draws):
        key = draw_key(s, [dice(number)])
        stage = stage_key(key, "targets")
        tickets = in_order(stage, names)
        if number < 100:
            assert first(stage, names, size.taken + 1) == tickets[: size.taken + 1]
        order = [place[name] for _, name in tickets]
        for row in order[: size.taken]:
            drawn[row] += 1
            if row in marks:
                marks[row][number] = 1
        for cells, row in zip(table[1:], order[size.taken :], strict=True):
            cells[group[row]] += 1
        for row in draw_line(size.ids, size.taken, int(key, 16) % size.ids, order):
            line[row] += 1
        for row in outcomes[int(key, 16) % len(outcomes)]:
            page[row] += 1
    for row, count in enumerate(drawn):
        table[0][group[row]] += count
    bits = {row: int.from_bytes(mark, "little") for row, mark in marks.items()}
    return Tally(size, drawn, {(i, j): (bits[i] & bits[j]).bit_count() for i, j in wanted}, table, line, page)


def number_of_tests(size: Size) -> int:
    """Return how many p values `judge` will look at: known before any draw."""
    pairs = len(fixed_pairs(size.ids, size.taken))
    return 2 * size.ids + 1 + 2 * pairs + (size.ids <= 150) + (size.ids - size.taken) + 1


def id_chi_square(counts: list[int], size: Size) -> float:
    """Return the p value of the counts of all ids; their covariance is that of samples without replacement."""
    n, k = size.ids, size.taken
    mean = Fraction(size.draws * k, n)
    value = sum((count - mean) ** 2 for count in counts) / (mean * Fraction(n - k, n)) * Fraction(n - 1, n)
    return chi_square_tail(float(value), n - 1)


def _extremes(counts: list[int], draws: int, chance: Fraction) -> float:
    """The least of all the exact one-sided tails: those of the smallest and the largest count."""
    return min(binomial_tails(min(counts), draws, chance)[0], binomial_tails(max(counts), draws, chance)[1])


def judge(tally: Tally) -> dict[str, float]:
    """Return the least p of each kind of test."""
    size = tally.size
    n, k, draws = size.ids, size.taken, size.draws
    chance, both = Fraction(k, n), Fraction(k * (k - 1), n * (n - 1))
    found = {
        "ids": id_chi_square(tally.drawn, size),
        "single ids": _extremes(tally.drawn, draws, chance),
        "single pairs": _extremes(list(tally.pairs.values()), draws, both),
    }
    if n <= 150:
        found["pairs"] = chi_square_tail(*pair_chi_square(tally.pairs, n, k, draws))
    sizes = [min(size.together, n - at) for at in range(0, n, size.together)]
    of_position, whole = [], 0.0
    for number, row in enumerate(tally.table):
        held = 1 if number else k
        value = sum((count - draws * held * g / n) ** 2 / (draws * held * g / n) for count, g in zip(row, sizes, strict=True))
        whole += value
        if number:
            # One id per position and draw: a multinomial row, whose covariance needs no correction.
            of_position.append(chi_square_tail(value, len(sizes) - 1))
    found["single reserve positions"] = min(of_position)
    found["whole order"] = chi_square_tail(whole * (n - 1) / n, (len(sizes) - 1) * (n - k))
    return found


def _share(low: float, high: float) -> str:
    return f"{low:.4f} – {high:.4f}"


def run(sizes: tuple[Size, ...] = SIZES) -> bool:
    """Print both tables; return whether every p is above the limit that is printed before the first draw."""
    tests = sum(map(number_of_tests, sizes))
    limit = ALPHA / tests
    print(f"fairness at the sizes where a deployed system fails; {tests} tests, so no p may be below 1e-6/{tests} = {limit:.1e}")
    good, lines = True, []
    for size in sizes:
        tally = count_draws(size)
        n, k, draws = size.ids, size.taken, size.draws
        found = judge(tally)
        holds = min(found.values()) >= limit
        good = good and holds
        root, least, most = spread(tally.drawn, draws, Fraction(k, n))
        pair_root, pair_least, pair_most = spread(
            list(tally.pairs.values()), draws, Fraction(k * (k - 1), n * (n - 1))
        )
        print(f"  {k} of {n}: {draws} draws, numbers dice(0)..dice({draws - 1}), {number_of_tests(size)} tests"
              f"{'' if holds else '   DOES NOT HOLD'}")  # fmt: skip
        print(f"    ids      z {least:+.2f} to {most:+.2f}, root mean square {root:.3f} (1 expected)")
        print(f"    pairs    {len(tally.pairs)}: z {pair_least:+.2f} to {pair_most:+.2f}, root mean square {pair_root:.3f}")
        print(f"    reserves {n - k} positions, ids in {len(tally.table[0])} groups of {size.together}")
        print("    least p  " + ", ".join(f"{name} {p:.2g}" for name, p in found.items()), flush=True)
        page, chances = report_page(n, k), line_chances(n, k)
        lines.append((
            f"{k} of {n}", f"{k / n:.4f}", _share(min(tally.drawn) / draws, max(tally.drawn) / draws), f"{found['ids']:.2g}",
            f"{page.outcomes}", f"{page.never} ({100 * page.never / n:.1f} %)", f"{page.always} ({100 * page.always / n:.1f} %)",
            f"{100 * page.pairs_apart:.1f} %", f"{id_chi_square(tally.page, size):.2g}",
            _share(min(chances), max(chances)), f"{id_chi_square(tally.line, size):.2g}",
        ))  # fmt: skip
    print("\n  the same draws, numbers and tests under the restated rules of the provincial system (fairness_provincial.py),")
    print("  a p of 0 is under 1e-308; chances of the rule `line` are computed over all starts, not counted")
    head = ("", "equal chance", "ours, counted", "p of ids", "page: outcomes", "never drawn", "always drawn",
            "pairs never together", "p of ids", "line: chances", "p of ids")  # fmt: skip
    widths = [max(len(row[c]) for row in (head, *lines)) for c in range(len(head))]
    for row in (head, *lines):
        print("  " + " | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    return good
