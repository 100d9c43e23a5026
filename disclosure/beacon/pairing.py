"""Whether a product of two pairings is one, on BLS12-381 (docs/spec/beacon.md 4): the optimal ate pairing, in affine steps.

F_p² is F_p[u]/(u² + 1); an element is (a, b) for a + bu. F_p¹² is F_p²[w]/(w⁶ − ξ) with ξ = 1 + u; an element is six
elements of F_p², that of w⁰ first. A point of G2 is given on the twist y² = x³ + 4ξ and stands for (x/w², y/w³).
"""

from disclosure.beacon.curve import GROUP_ORDER, P

__all__ = ["G2Point", "pairings_cancel"]

Square = tuple[int, int]
Twelfth = list[Square]
G2Point = tuple[Square, Square]

_LOOP = 0xD201000000010000  # −x of the curve; that x is negative inverts every pairing alike, which changes no equation
_ONE: Twelfth = [(1, 0)] + [(0, 0)] * 5
_HARD = (P**4 - P**2 + 1) // GROUP_ORDER


def _mul2(a: Square, b: Square) -> Square:
    first, second = a[0] * b[0], a[1] * b[1]
    return (first - second) % P, ((a[0] + a[1]) * (b[0] + b[1]) - first - second) % P


def _sub2(a: Square, b: Square) -> Square:
    return (a[0] - b[0]) % P, (a[1] - b[1]) % P


def _div2(a: Square, b: Square) -> Square:
    norm = pow(b[0] * b[0] + b[1] * b[1], -1, P)
    return _mul2(a, (b[0] * norm % P, -b[1] * norm % P))


def _mul12(a: Twelfth, b: Twelfth) -> Twelfth:
    """Return a · b; parts that are zero, as most of a line's are, cost nothing."""
    real, imaginary = [0] * 11, [0] * 11
    for j, (c, d) in enumerate(b):
        if c or d:
            both = c + d
            for i, (e, f) in enumerate(a, j):
                first, second = e * c, f * d
                real[i] += first - second
                imaginary[i] += (e + f) * both - first - second
    for i in range(5):  # w⁶⁺ⁱ = ξwⁱ, and ξ(a + bu) = (a − b) + (a + b)u
        high, low = real[i + 6], imaginary[i + 6]
        real[i] += high - low
        imaginary[i] += high + low
    return [(x % P, y % P) for x, y in zip(real[:6], imaginary[:6], strict=True)]


def _line(a: G2Point, slope: Square, at: tuple[int, int]) -> Twelfth:
    """Return the line through `a` with this slope on the twist, at a point of G1, times w³ (a factor that drops out).

    Untwisted the slope is slope/w and the line y − a_y/w³ − (slope/w)(x − a_x/w²); times w³ it has w⁰, w² and w³.
    """
    x, y = at
    constant = _sub2(_mul2(slope, a[0]), a[1])
    return [constant, (0, 0), (-slope[0] * x % P, -slope[1] * x % P), (y, 0), (0, 0), (0, 0)]


def _third(a: G2Point, slope: Square, b_x: Square) -> G2Point:
    x = _sub2(_sub2(_mul2(slope, slope), a[0]), b_x)
    return x, _sub2(_mul2(slope, _sub2(a[0], x)), a[1])


def _miller(pairs: list[tuple[tuple[int, int], G2Point]]) -> Twelfth:
    """Return the product of the Miller functions of the pairs, before the final power."""
    found, walkers = _ONE, [q for _, q in pairs]
    for bit in f"{_LOOP:b}"[1:]:
        found = _mul12(found, found)
        for n, (at, q) in enumerate(pairs):
            t = walkers[n]
            x, y = t
            squared = _mul2(x, x)
            slope = _div2((3 * squared[0], 3 * squared[1]), (2 * y[0], 2 * y[1]))
            found = _mul12(found, _line(t, slope, at))
            t = walkers[n] = _third(t, slope, x)
            if bit == "1":
                slope = _div2(_sub2(q[1], t[1]), _sub2(q[0], t[0]))
                found = _mul12(found, _line(t, slope, at))
                walkers[n] = _third(t, slope, q[0])
    return found


def _frobenius_squared(a: Twelfth) -> Twelfth:
    """Return a^(p²): w^(p²) is w times a sixth root of unity of F_p."""
    root = _mul_power((1, 1), (P * P - 1) // 6)[0]
    return [(c * scale % P, d * scale % P) for (c, d), scale in zip(a, (pow(root, n, P) for n in range(6)), strict=True)]


def _mul_power(a: Square, exponent: int) -> Square:
    found = (1, 0)
    for bit in f"{exponent:b}":
        found = _mul2(found, found)
        if bit == "1":
            found = _mul2(found, a)
    return found


def _power12(a: Twelfth, exponent: int) -> Twelfth:
    """Return a^exponent, four bits at a time."""
    table = [_ONE, a]
    while len(table) < 16:
        table.append(_mul12(table[-1], a))
    found = _ONE
    for digit in f"{exponent:x}":
        for _ in range(4):
            found = _mul12(found, found)
        if digit != "0":
            found = _mul12(found, table[int(digit, 16)])
    return found


def pairings_cancel(a: tuple[int, int], q: G2Point, b: tuple[int, int], s: G2Point) -> bool:
    """Return whether e(a, q) · e(b, s) = 1, for finite points of the groups of prime order.

    The final power is (p⁶ − 1)(p² + 1)(p⁴ − p² + 1)/r. Instead of dividing for p⁶ − 1 it is asked whether g, the value
    raised to the other two factors, equals g^(p⁶), which is g with w negated: whether its odd parts vanish.
    """
    value = _miller([(a, q), (b, s)])
    g = _power12(_mul12(_frobenius_squared(value), value), _HARD)
    return any(part != (0, 0) for part in g) and all(part == (0, 0) for part in g[1::2])
