"""Policies: every defect of docs/spec/policy.md is refused, and a quorum counts as it says."""

import itertools
import json

import pytest
from bureau import policy_bytes

from disclosure.cosignature import ML_DSA_44_KEY_BYTES
from disclosure.keys import encode_base64
from disclosure.note import KIND_COSIGNATURE, KIND_ED25519, KIND_ML_DSA_44, VerifierKey, format_vkey
from disclosure.policy import PolicyError, parse_log_policy, parse_policy, satisfied


@pytest.fixture
def keys(signer):
    """vkeys by a short name: l logs, w cosigners of kind 04, m of kind 06."""
    made = {f"l{n}": VerifierKey(f"log{n}.example", KIND_ED25519, signer(n).public_key) for n in (1, 2)}
    made |= {f"w{n}": VerifierKey(f"w{n}.example", KIND_COSIGNATURE, signer(10 + n).public_key) for n in range(1, 6)}
    made["m1"] = VerifierKey("m1.example", KIND_ML_DSA_44, bytes([1]) * ML_DSA_44_KEY_BYTES)
    made["m2"] = VerifierKey("m2.example", KIND_ML_DSA_44, bytes([2]) * ML_DSA_44_KEY_BYTES)
    made["m3"] = VerifierKey("m3.example", KIND_ML_DSA_44, bytes([2]) * ML_DSA_44_KEY_BYTES)
    made["also-w1"] = VerifierKey("w1.example", KIND_ML_DSA_44, bytes([3]) * ML_DSA_44_KEY_BYTES)
    made["log-as-w"] = VerifierKey("other.example", KIND_COSIGNATURE, signer(1).public_key)
    made["w1-twin"] = VerifierKey("twin.example", KIND_COSIGNATURE, signer(11).public_key)
    return made


@pytest.fixture
def text(keys):
    return lambda lines: "\n".join(lines).format(**{name.replace("-", "_"): format_vkey(key) for name, key in keys.items()})


GOOD = ("log {l1}", "log {l2} https://l.example", "# a comment", "", "witness a {w1}", "witness b\t{m1} https://b.example",
        "witness c {m2}", "group two 2 a b", "group all any two c", "quorum all")  # fmt: skip


def test_both_kinds_of_cosigner_are_read(text, keys):
    policy = parse_log_policy(text(GOOD))
    assert policy.logs == (keys["l1"], keys["l2"])
    assert policy.witnesses == {"a": keys["w1"], "b": keys["m1"], "c": keys["m2"]}


@pytest.mark.parametrize(
    "lines",
    [
        ("witness a {l1}", "quorum none"),
        ("log {w1}", "quorum none"),
        ("log {m1}", "quorum none"),
        ("witness a {w1}", "group g any b", "quorum g"),
        ("witness a {w1}", "group g any a", "group h any a", "quorum h"),
        ("witness a {w1}", "group g any a a", "quorum g"),
        ("group g any a", "witness a {w1}", "quorum g"),
        ("witness a {w1}", "quorum a", "quorum none"),
        ("witness a {w1}",),
        ("witness a {w1}", "group g 0 a", "quorum g"),
        ("witness a {w1}", "group g 2 a", "quorum g"),
        ("witness a {w1}", "group g 01 a", "quorum g"),
        ("witness a {w1}", "group g most a", "quorum g"),
        ("witness a {w1}", "witness b {w1_twin}", "quorum none"),
        ("witness a {w1}", "witness b {also_w1}", "quorum none"),
        ("witness a {m2}", "witness b {m3}", "quorum none"),
        ("log {l1}", "witness a {log_as_w}", "quorum none"),
        ("witness a {w1}", "witness a {w2}", "quorum none"),
        ("witness none {w1}", "quorum none"),
        ("witness a {w1} x y", "quorum none"),
        ("mirror a {w1}", "quorum none"),
        ("quorum b",),
        ("quorum none\r",),
    ],
)
def test_every_defect_is_refused(text, lines):
    with pytest.raises(PolicyError):
        parse_log_policy(text(lines))


def test_a_quorum_counts_groups_of_groups(text, keys):
    policy = parse_log_policy(text(GOOD))
    for signed in itertools.product((False, True), repeat=3):
        a, b, c = signed
        by = [key for key, there in zip((keys["w1"], keys["m1"], keys["m2"]), signed, strict=True) if there]
        assert satisfied(policy, by) == ((a and b) or c)
    assert satisfied(parse_log_policy(text(("quorum none",))), [])


def test_timestamp_roots_are_optional_strict_and_never_empty():
    policy = json.loads(policy_bytes())
    assert parse_policy(json.dumps(policy).encode()).timestamp_roots == ()
    told = parse_policy(json.dumps({**policy, "timestamp_roots": [encode_base64(b"0\x03der")]}).encode())
    assert told.timestamp_roots == (b"0\x03der",)
    for bad in ([], None, "MAMA", ["MAMA="], ["not base64"], [1]):
        with pytest.raises(PolicyError):
            parse_policy(json.dumps({**policy, "timestamp_roots": bad}).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"[" * 100_000, b'{"type":' + b"1" * 5000 + b"}", b"\xef\xbb\xbf" + policy_bytes(),
     policy_bytes().decode().encode("utf-16"), b'{"type":"\\ud800"}', policy_bytes().replace(b"policy/v1", b"policy/v2"),
     policy_bytes().replace(b'"type"', b'"more":1,"type"'), policy_bytes() + b"x"],
)  # fmt: skip
def test_what_is_no_policy_is_refused_in_words(data):
    with pytest.raises(PolicyError):
        parse_policy(data)


def test_a_member_twice_is_refused():
    """A policy may be laid out by hand; which of two would count is nobody's guess."""
    data = policy_bytes().decode()
    for twice in (data.replace('"type":', '"type":"policy/v1","type":'), data.replace('"bureau":', '"bureau":"other","bureau":', 1)):
        with pytest.raises(PolicyError):
            parse_policy(twice.encode())
