"""A message as a point of G1: suite BLS12381G1_XMD:SHA-256_SSWU_RO_ of RFC 9380 (docs/spec/beacon.md 3)."""

from hashlib import sha256

from disclosure.beacon.curve import P, Point, add, multiply
from disclosure.beacon.isogeny import A, B, Z, to_curve

__all__ = ["expand_message", "hash_to_curve", "map_to_curve"]

_COFACTOR = 0xD201000000010001  # h_eff: takes every point of the curve into the group of prime order


def expand_message(message: bytes, tag: bytes, length: int) -> bytes:
    """Return `length` bytes of expand_message_xmd with SHA-256 (RFC 9380, 5.3.1), for a tag of at most 255 bytes."""
    tagged = tag + bytes([len(tag)])
    first = sha256(bytes(64) + message + length.to_bytes(2, "big") + b"\0" + tagged).digest()
    blocks = [sha256(first + b"\1" + tagged).digest()]
    for number in range(2, -(-length // 32) + 1):
        mixed = bytes(a ^ b for a, b in zip(first, blocks[-1], strict=True))
        blocks.append(sha256(mixed + bytes([number]) + tagged).digest())
    return b"".join(blocks)[:length]


def map_to_curve(u: int) -> Point:
    """Return the point of y² = x³ + 4 for a field element: simplified SWU on the isogenous curve, then the isogeny."""
    zu2 = Z * u * u % P
    divisor = (zu2 * zu2 + zu2) % P
    x1 = -B * (1 + divisor) * pow(A * divisor, -1, P) % P if divisor else B * pow(Z * A, -1, P) % P
    x = x1
    square = (x * x * x + A * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:  # exactly one of the two right sides is a square
        x = zu2 * x1 % P
        y = pow(x * x * x + A * x + B, (P + 1) // 4, P)
    return to_curve(x, y if y % 2 == u % 2 else -y % P)


def hash_to_curve(message: bytes, tag: bytes) -> Point:
    """Return the point of the group of prime order for `message` under the domain separation tag `tag`."""
    uniform = expand_message(message, tag, 128)
    elements = [int.from_bytes(half, "big") % P for half in (uniform[:64], uniform[64:])]
    return multiply(add(map_to_curve(elements[0]), map_to_curve(elements[1])), _COFACTOR)
