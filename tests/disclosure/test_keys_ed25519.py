"""Ed25519 keys, ids and the one base64 form."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure import keys
from disclosure.errors import EncodingError, KeyFormatError

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P


def test_vectors_of_rfc_8032(vectors):
    cases = vectors("ed25519_rfc8032")
    for case in cases["valid"]:
        public, signature, message = (bytes.fromhex(case[k]) for k in ("public_key", "signature", "message"))
        assert keys.verify(public, signature, message)
        assert not keys.verify(public, signature, message + b"\0")
    for case in cases["invalid"]:
        public, signature, message = (bytes.fromhex(case[k]) for k in ("public_key", "signature", "message"))
        assert not keys.verify(public, signature, message), case["name"]


def test_key_id_is_the_hash_of_the_subject_public_key_info(signer):
    import hashlib

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    raw = signer(1).public_key
    der = Ed25519PublicKey.from_public_bytes(raw).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    assert keys.key_id(raw) == "sha256:" + hashlib.sha256(der).hexdigest()


def times(k, point):
    """Scalar multiplication on the curve, by the affine formulas of RFC 8032."""
    total = (0, 1)
    for _ in range(k):
        (x1, y1), (x2, y2) = total, point
        t = D * x1 * x2 * y1 * y2
        total = (
            (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P,
            (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P,
        )
    return total


def x_of(y):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x * x % P == square else None


def test_the_refused_points_are_exactly_those_of_small_order():
    """Each refused y is a point whose eightfold is the neutral element, and there are five such y."""
    for y in keys._SMALL_ORDER_Y:
        assert times(8, (x_of(y), y)) == (0, 1)
        for sign in (0, 1):
            with pytest.raises(KeyFormatError):
                keys.check_public_key((y | sign << 255).to_bytes(32, "little"))
    assert len(keys._SMALL_ORDER_Y) == 5


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33), (P + 3).to_bytes(32, "little"), b"\xff" * 32])
def test_unusable_keys_are_refused(raw):
    with pytest.raises(KeyFormatError):
        keys.key_id(raw)
    with pytest.raises(KeyFormatError):
        keys.verify(raw, bytes(64), b"")


@given(st.binary(max_size=40))
def test_base64_reads_back_and_has_one_form(data):
    text, url = keys.encode_base64(data), keys.encode_base64url(data)
    assert keys.decode_base64(text) == data == keys.decode_base64url(url)
    assert base64.b64decode(text) == data
    for changed in (text + "\n", text + "=", " " + text, text + "====", text.rstrip("=") + "%"):
        with pytest.raises(EncodingError):
            keys.decode_base64(changed)
    for changed in (url + "=", url + "\n", url + " ", url + "+", url + "/", url + "中"):
        with pytest.raises(EncodingError):
            keys.decode_base64url(changed)


@pytest.mark.parametrize("text", ["QQ", "QR==", "QUF=", "Q===", "QQ=", "-_8=", "Q Q=", "A"])
def test_other_spellings_of_base64_are_refused(text):
    with pytest.raises(EncodingError):
        keys.decode_base64(text)
