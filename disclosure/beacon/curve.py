"""The group G1 of BLS12-381 in affine coordinates (docs/spec/beacon.md 2): points, sums, multiples, the compressed form.

A point is (x, y), two integers below P; None is the point at infinity. Nothing here is secret, so nothing is constant-time.
"""

from disclosure.errors import BeaconError

__all__ = ["GROUP_ORDER", "P", "Point", "add", "decompress", "is_on_curve", "multiply"]

P = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab", 16
)
GROUP_ORDER = int("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001", 16)

Point = tuple[int, int] | None

_COMPRESSED, _INFINITY, _LARGER_Y = 0x80, 0x40, 0x20  # the three highest bits of the first byte


def is_on_curve(x: int, y: int) -> bool:
    """Return whether y² = x³ + 4."""
    return (y * y - x * x * x - 4) % P == 0


def add(a: Point, b: Point) -> Point:
    """Return a + b of the curve y² = x³ + 4, for any two of its points, equal, opposite or at infinity."""
    if a is None or b is None:
        return a or b
    (ax, ay), (bx, by) = a, b
    if ax == bx:
        if (ay + by) % P == 0:
            return None
        slope = 3 * ax * ax * pow(2 * ay, -1, P) % P
    else:
        slope = (by - ay) * pow(bx - ax, -1, P) % P
    x = (slope * slope - ax - bx) % P
    return x, (slope * (ax - x) - ay) % P


def multiply(point: Point, times: int) -> Point:
    """Return times · point, by doubling and adding from the highest bit of `times` ≥ 0."""
    found: Point = None
    for bit in f"{times:b}":
        found = add(found, found)
        if bit == "1":
            found = add(found, point)
    return found


def decompress(data: bytes) -> tuple[int, int]:
    """Return the point of G1 whose only compressed form is `data`; BeaconError naming what is wrong otherwise.

    Refused are another length, a form that is not compressed, infinity, x ≥ p, an x of no point, and a point outside
    the group of prime order, for which the pairing would prove nothing.
    """
    if len(data) != 48:
        raise BeaconError(f"the signature has {len(data)} bytes, not 48")
    if not data[0] & _COMPRESSED:
        raise BeaconError("the signature is not a compressed point: its highest bit is 0")
    if data[0] & _INFINITY:
        raise BeaconError("the signature is the point at infinity, or no point at all")
    x = int.from_bytes(data, "big") & ((1 << 381) - 1)
    if x >= P:
        raise BeaconError("the signature's x is not below the field's prime: not canonical")
    y = pow(x * x * x + 4, (P + 1) // 4, P)
    if not is_on_curve(x, y):
        raise BeaconError("the signature is not a point of the curve")
    if bool(data[0] & _LARGER_Y) != (2 * y > P):
        y = P - y
    if multiply((x, y), GROUP_ORDER) is not None:
        raise BeaconError("the signature is a point of the curve outside the group of prime order")
    return x, y
