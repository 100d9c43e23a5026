"""Tail probabilities, from first principles, so that a proof needs no statistics package and hides behind none.

`chi_square_tail` is the regularised incomplete gamma function by series and continued fraction (Abramowitz and Stegun
6.5.29, 6.5.31), good to about twelve digits far into the tail. `binomial_tails` are exact integers until the last division.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import comb, exp, lgamma, log, sqrt

__all__ = ["binomial_tails", "chi_square_tail", "pair_chi_square", "spread"]

# Neither the series nor the fraction needs more: about the root of `degrees` terms.
_STEPS = 1_000_000


def chi_square_tail(value: float, degrees: int) -> float:
    """Return P(chi-square with `degrees` ≥ value) = Q(degrees/2, value/2)."""
    a, x = degrees / 2, value / 2
    if x <= 0:
        return 1.0
    scale = a * log(x) - x - lgamma(a)
    if x < a + 1:
        term = total = 1 / a
        n = a
        for _ in range(_STEPS):
            n += 1
            term *= x / n
            total += term
            if term < total * 1e-17:
                break
        return max(0.0, 1 - total * exp(scale))
    # Lentz's evaluation of the continued fraction.
    b = x + 1 - a
    c, d = 1e300, 1 / b
    h = d
    for i in range(1, _STEPS):
        step = -i * (i - a)
        b += 2
        d = 1 / (step * d + b)
        c = b + step / c
        h *= c * d
        if abs(c * d - 1) < 1e-16:
            break
    return h * exp(scale) if scale > -740 else 0.0


def binomial_tails(count: int, draws: int, chance: Fraction) -> tuple[float, float]:
    """Return P(X ≤ count) and P(X ≥ count) for X binomial(draws, chance), from exact integers.

    The sum stops where all that is left is under 2^-60 of it.
    """
    return (
        _upper(draws - count, draws, 1 - chance),
        _upper(count, draws, chance),
    )


def _upper(count: int, draws: int, chance: Fraction) -> float:
    a, b = chance.numerator, chance.denominator
    c = b - a
    if count <= 0:
        return 1.0
    if not a or not c:
        return float(bool(a))
    if count * b < draws * a:  # the other tail is the short one
        return 1 - _upper(draws - count + 1, draws, 1 - chance)
    term = comb(draws, count) * a**count * c ** (draws - count)
    total = term
    while count < draws and term << 60 > total:
        term = term * (draws - count) * a // ((count + 1) * c)
        count += 1
        total += term
    tail: float = total / b**draws
    return tail


def spread(counts: Sequence[int], draws: int, chance: Fraction) -> tuple[float, float, float]:
    """Return the root mean square, the least and the greatest z-score of counts that are binomial(draws, chance)."""
    mean, deviation = draws * float(chance), sqrt(draws * float(chance * (1 - chance)))
    scores = [(count - mean) / deviation for count in counts]
    return sqrt(sum(z * z for z in scores) / len(scores)), min(scores), max(scores)


def pair_chi_square(together: dict[tuple[int, int], int], size: int, taken: int, draws: int) -> tuple[float, int]:
    """Return chi-square and its degrees for the counts of every pair, beyond what the counts of the ids already say.

    Of a sample of k of N the covariance of the N(N-1)/2 pair indicators has the eigenspaces of the triangular graph. The
    first is constant, the second (N-1 dimensions) is spanned by the ids' own counts, and on the third, N(N-3)/2
    dimensions, it is the number p2 - 2 p3 + p4 with p_j = k(k-1)…/N(N-1)… . Only that third part is tested here.
    """
    p2 = Fraction(taken * (taken - 1), size * (size - 1))
    p3 = p2 * Fraction(taken - 2, size - 2)
    p4 = p3 * Fraction(taken - 3, size - 3)
    mean = draws * p2
    rows = [Fraction(0)] * size
    square = Fraction(0)
    for (i, j), count in together.items():
        off = count - mean
        square += off * off
        rows[i] += off
        rows[j] += off
    # The counts of all pairs of one draw sum to a constant, hence `rows` sum to nothing.
    square -= sum((row * row for row in rows), Fraction(0)) / (size - 2)
    return float(square / (draws * (p2 - 2 * p3 + p4))), size * (size - 3) // 2
