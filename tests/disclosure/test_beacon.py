"""The beacon's signatures: real rounds, py_ecc as an independent second opinion, RFC 9380's vectors, and every way to be wrong."""

import json
import os
import re
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import compress_G1, decompress_G1, decompress_G2
from py_ecc.optimized_bls12_381 import G1, G2, curve_order, normalize, pairing
from py_ecc.optimized_bls12_381 import multiply as times

from disclosure import beacon
from disclosure.beacon import PUBLIC_KEY, TAG, check_round, compressed_key, isogeny, randomness
from disclosure.beacon.curve import GROUP_ORDER, P, decompress, is_on_curve, multiply
from disclosure.beacon.hashing import expand_message, hash_to_curve
from disclosure.beacon.pairing import pairings_cancel
from disclosure.errors import BeaconError
from selection.quicknet import CHAIN, GENESIS, PERIOD, round_at, time_of

# py_ecc raises the limit for the whole process; nothing of ours may be tested under another than its own.
sys.setrecursionlimit(1000)

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"
VECTORS = Path(os.environ.get("DOUBLE_RANDOM_SHARED", SPEC.parents[2] / "shared")) / "vectors" / "randomness" / "drand.json"
# A round of quicknet, as everybody was given it: also the worked example of the specification.
ROUND = 1000
SIGNATURE = bytes.fromhex("b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39")


def g1(point) -> tuple[int, int]:
    x, y = normalize(point)
    return int(x), int(y)


def g2(point):
    return tuple(tuple(map(int, part.coeffs)) for part in normalize(point))


def accepted(number: int, signature: bytes) -> bool:
    try:
        check_round(number, signature)
    except BeaconError:
        return False
    return True


@pytest.fixture(scope="module")
def quicknet():
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is not here")
    return json.loads(VECTORS.read_text())["quicknet"]


def test_real_rounds_are_accepted(quicknet):
    assert len(quicknet["rounds"]) >= 7
    for real in quicknet["rounds"]:
        signature = bytes.fromhex(real["signature"])
        check_round(real["round"], signature)
        assert randomness(signature) == real["randomness"]
        assert GENESIS + PERIOD * (real["round"] - 1) == real["unix_time"]
        assert round_at(time_of(real["round"])) == real["round"]


def test_what_others_refuse_is_refused(quicknet):
    assert len(quicknet["must_reject"]) == 5
    for bad in quicknet["must_reject"]:
        with pytest.raises(BeaconError):
            check_round(bad["round"], bytes.fromhex(bad["signature"]))


def test_the_constants_are_quicknets(quicknet):
    assert compressed_key(PUBLIC_KEY).hex() == quicknet["public_key_g2"]
    assert (PERIOD, GENESIS, CHAIN, TAG.decode()) == (
        quicknet["period_s"], quicknet["genesis_unix"], quicknet["chain_hash"], quicknet["domain_tag"]
    )  # fmt: skip
    stated = PERIOD.to_bytes(4, "big") + GENESIS.to_bytes(8, "big") + compressed_key(PUBLIC_KEY)
    assert sha256(stated + bytes.fromhex(quicknet["group_hash"]) + b"quicknet").hexdigest() == CHAIN


def test_the_key_is_the_point_of_its_compressed_form_and_the_base_the_generator():
    data = compressed_key(PUBLIC_KEY)
    theirs = decompress_G2((int.from_bytes(data[:48], "big"), int.from_bytes(data[48:], "big")))
    assert g2(theirs) == PUBLIC_KEY
    assert times(theirs, curve_order)[2] == type(theirs[2]).zero()
    assert g2(G2) == beacon._BASE


def test_the_worked_example_of_the_specification():
    page = (SPEC / "beacon.md").read_text()
    message = sha256(ROUND.to_bytes(8, "big")).digest()
    point, hashed = decompress(SIGNATURE), hash_to_curve(message, TAG)
    key = (number for part in (*beacon._BASE, *PUBLIC_KEY) for number in part)
    for number in (*point, *hashed, P, isogeny.A, isogeny.B, *key):
        assert f"{number:096x}" in page
    # Coefficients stand in order, each after its number.
    stated = [int(row[1], 16) for row in re.findall(r"^ +([0-9]{1,2})  ([0-9a-f]{96}|1)$", page, re.MULTILINE)]
    assert stated == [*isogeny._X_NUMERATOR, *isogeny._X_DENOMINATOR, *isogeny._Y_NUMERATOR, *isogeny._Y_DENOMINATOR]
    assert f"drand:{CHAIN}:{ROUND}:{SIGNATURE.hex()}" in page
    assert message.hex() in page
    assert randomness(SIGNATURE) in page
    assert compressed_key(PUBLIC_KEY)[:48].hex() in page
    assert compressed_key(PUBLIC_KEY)[48:].hex() in page


def test_every_flipped_bit_is_refused():
    """Most flips give no point of the group; what does is another point, and only one point is the signature."""
    for bit in range(384):
        flipped = bytearray(SIGNATURE)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        assert not accepted(ROUND, bytes(flipped)), bit
    assert accepted(ROUND, SIGNATURE)


@pytest.mark.parametrize("number", [0, 1, 999, 1001, 2**53 - 1, 2**64 - 1])
def test_a_signature_is_of_one_round_alone(number):
    with pytest.raises(BeaconError, match="not quicknet's for round"):
        check_round(number, SIGNATURE)


def test_another_point_of_the_group_is_refused():
    x, y = decompress(SIGNATURE)
    for other in (multiply((x, y), 2), multiply((x, y), GROUP_ORDER - 1), g1(G1)):
        data = (other[0] | (0xA0 if 2 * other[1] > P else 0x80) << 376).to_bytes(48, "big")
        assert decompress(data) == other
        with pytest.raises(BeaconError, match="not quicknet's for round"):
            check_round(ROUND, data)


ON_THE_CURVE_ALONE = next(
    (x, y) for x in range(1, 100)
    if is_on_curve(x, y := pow(x**3 + 4, (P + 1) // 4, P)) and multiply((x, y), GROUP_ORDER) is not None
)  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes"),
        (SIGNATURE[:-1], "47 bytes"),
        (SIGNATURE + b"\0", "49 bytes"),
        (bytes(48), "highest bit is 0"),
        (bytes([SIGNATURE[0] & 0x7F]) + SIGNATURE[1:], "highest bit is 0"),
        (b"\xc0" + bytes(47), "infinity"),
        (b"\xe0" + bytes(47), "infinity"),
        (bytes([SIGNATURE[0] | 0x40]) + SIGNATURE[1:], "infinity"),
        (b"\x40" + bytes(47), "highest bit is 0"),
        (b"\x9f" + b"\xff" * 47, "not below"),
        ((P | 0x80 << 376).to_bytes(48, "big"), "not below"),
        ((P + ON_THE_CURVE_ALONE[0] | 0x80 << 376).to_bytes(48, "big"), "not below"),
        ((1 | 0x80 << 376).to_bytes(48, "big"), "not a point of the curve"),
        ((ON_THE_CURVE_ALONE[0] | 0x80 << 376).to_bytes(48, "big"), "outside the group"),
        ((0 | 0x80 << 376).to_bytes(48, "big"), "outside the group"),  # (0, 2), of order 3
    ],
)
def test_encodings_that_are_refused(data, words):
    with pytest.raises(BeaconError, match=words):
        check_round(ROUND, data)


# RFC 9380, J.9.1.
@pytest.mark.parametrize(
    ("message", "x", "y"),
    [
        (b"", "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1",
         "08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265"),
        (b"abc", "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903",
         "0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d"),
        (b"abcdef0123456789", "11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98",
         "03a87ae2caf14e8ee52e51fa2ed8eefe80f02457004ba4d486d6aa1f517c0889501dc7413753f9599b099ebcbbd2d709"),
    ],
)  # fmt: skip
def test_hash_to_curve_is_the_standards(message, x, y):
    assert hash_to_curve(message, b"QUUX-V01-CS02-with-BLS12381G1_XMD:SHA-256_SSWU_RO_") == (int(x, 16), int(y, 16))


def test_expanding_is_prefix_free_in_the_length():
    assert len({expand_message(b"abc", b"tag", length)[:16] for length in (16, 32, 33, 128)}) == 4


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=80), st.binary(min_size=1, max_size=60))
def test_hash_to_curve_agrees_with_py_ecc(message, tag):
    assert hash_to_curve(message, tag) == g1(hash_to_G1(message, tag, sha256))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, curve_order - 1))
def test_compressed_forms_agree_with_py_ecc(scalar):
    data = compress_G1(times(G1, scalar)).to_bytes(48, "big")
    assert decompress(data) == g1(decompress_G1(int.from_bytes(data, "big")))


@settings(max_examples=12, deadline=None)
@given(st.integers(1, curve_order - 1), st.binary(max_size=32), st.integers(0, 2))
def test_the_equation_holds_for_the_key_that_signed_and_for_no_other(secret, message, other):
    hashed = hash_to_curve(message, TAG)
    x, y = multiply(hashed, secret)
    key = g2(times(G2, (secret + other) % curve_order or 1))
    assert pairings_cancel((x, P - y), beacon._BASE, hashed, key) == (other == 0)


@settings(max_examples=4, deadline=None)
@given(st.integers(1, 2**64 - 1))
def test_the_equation_agrees_with_py_ecc(secret):
    """On points that have nothing to do with each other but by chance, and on the real round."""
    hashed, s = hash_to_curve(sha256(ROUND.to_bytes(8, "big")).digest(), TAG), decompress(SIGNATURE)
    field = type(G1[0])
    for scalar in (1, secret):
        x, y = multiply(s, scalar)
        left = pairing(G2, (field(x), field(y), field(1)))
        key = decompress_G2((int.from_bytes((k := compressed_key(PUBLIC_KEY))[:48], "big"), int.from_bytes(k[48:], "big")))
        right = pairing(key, (field(hashed[0]), field(hashed[1]), field(1)))
        assert pairings_cancel((x, P - y), beacon._BASE, hashed, PUBLIC_KEY) == (left == right)
