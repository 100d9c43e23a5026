"""One round of the public beacon drand quicknet, verified from its number and its signature alone (docs/spec/beacon.md).

`curve.py` points and their compressed form, `hashing.py` and `isogeny.py` a message as a point, `pairing.py` the equation.
A signature is unique for its round and key: whoever makes it can be late or early with it, but cannot choose it.
"""

from hashlib import sha256

from disclosure.beacon.curve import P, decompress
from disclosure.beacon.hashing import hash_to_curve
from disclosure.beacon.pairing import G2Point, pairings_cancel
from disclosure.errors import BeaconError

__all__ = ["PUBLIC_KEY", "TAG", "check_round", "compressed_key", "randomness"]

TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
_BASE: G2Point = (
    (
        int("024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8", 16),
        int("13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e", 16),
    ),
    (
        int("0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801", 16),
        int("0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be", 16),
    ),
)
PUBLIC_KEY: G2Point = (
    (
        int("0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a", 16),
        int("03cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451", 16),
    ),
    (
        int("0e5db2b6bfbb01c867749cadffca88b36c24f3012ba09fc4d3022c5c37dce0f977d3adb5d183c7477c442b1f04515273", 16),
        int("01a714f2edb74119a2f2b0d5a7c75ba902d163700a61bc224ededd8e63aef7be1aaf8e93d7a9718b047ccddb3eb5d68b", 16),
    ),
)


def compressed_key(key: G2Point) -> bytes:
    """Return the 96 bytes of a finite point of G2: x with its u part first, under the flags."""
    (x0, x1), (y0, y1) = key
    larger = 2 * y1 > P if y1 else 2 * y0 > P
    return (x1 | (0xA0 if larger else 0x80) << 376).to_bytes(48, "big") + x0.to_bytes(48, "big")


def randomness(signature: bytes) -> str:
    """Return what beacons publish as `randomness`: SHA-256 of the signature. No key of a draw is made from it."""
    return sha256(signature).hexdigest()


def check_round(number: int, signature: bytes) -> None:
    """Raise BeaconError, naming the reason, unless `signature` is quicknet's for round `number` (1 … 2^64 − 1).

    Source: docs/spec/beacon.md 4; about 0.15 s.
    """
    x, y = decompress(signature)
    message = hash_to_curve(sha256(number.to_bytes(8, "big")).digest(), TAG)
    # e(signature, base) = e(message, key); a message that hashes to infinity would be signed by nothing finite.
    if message is None or not pairings_cancel((x, P - y), _BASE, message, PUBLIC_KEY):
        raise BeaconError(f"the signature is not quicknet's for round {number}")
