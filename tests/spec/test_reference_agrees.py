"""Two verifiers written apart from each other, from the same pages, give the same verdict at every step."""

import importlib.util
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from bureau import policy_bytes
from lies import LIES
from mutate import SEEDS, plain_edit, signed_lie, valid

from disclosure.policy import parse_policy
from disclosure.verification import verify_bundle

PATH = Path(__file__).resolve().parents[2] / "docs" / "spec" / "reference" / "verify.py"
POLICIES = {"quorum": policy_bytes("audit"), "no quorum": policy_bytes(), "none": None}


@pytest.fixture(scope="module")
def reference():
    if not PATH.is_file():
        reason = "docs/spec/reference/verify.py is not there"
        if os.environ.get("DOUBLE_RANDOM_REQUIRE_TOOLS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    spec = importlib.util.spec_from_file_location("reference_verify", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["reference_verify"] = module
    spec.loader.exec_module(module)
    return module


def compare(reference, data: bytes, policy: bytes | None) -> list[str]:
    """Return our verdicts; fail with the first step at which the two differ, and what each says of it."""
    ours = verify_bundle(data, None if policy is None else parse_policy(policy)).steps
    theirs = reference.verify(data, policy)
    assert [number for number, _, _ in theirs] == [step.number for step in ours]
    for step, (number, verdict, sentence) in zip(ours, theirs, strict=True):
        if str(step.verdict) != str(verdict):
            pytest.fail(
                f"step {number}: ours {step.verdict} ({step.sentence.en[:300]});"
                f" reference {verdict} ({sentence[:300]})"
            )
    return [str(step.verdict) for step in ours]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_valid_bundles_have_the_same_verdicts(seed, reference):
    for name, policy in POLICIES.items():
        verdicts = compare(reference, valid(seed), policy)
        failed = [6] if name == "quorum" and seed % 3 == 2 else []  # every third has no cosigner
        assert [number for number, verdict in enumerate(verdicts, 1) if verdict == "fail"] == failed


@pytest.mark.parametrize("seed", range(100))
def test_plain_edits_have_the_same_verdicts(seed, reference):
    _, data = plain_edit(seed)
    compare(reference, data, list(POLICIES.values())[seed % 3])


@pytest.mark.parametrize("seed", range(100))
def test_signed_lies_have_the_same_verdicts(seed, reference):
    _, data = signed_lie(seed)
    compare(reference, data, list(POLICIES.values())[seed % 3])


@pytest.mark.parametrize("name", LIES)
def test_catalogued_lies_have_the_same_verdicts(name, reference):
    verdicts = compare(reference, LIES[name].tell(5), POLICIES["quorum"])
    assert verdicts.index("fail") + 1 == LIES[name].step
    compare(reference, LIES[name].tell(5), None)


def test_mutations_reach_most_steps():
    """What is compared above is not all of one kind."""
    first = Counter()
    for seed in range(100):
        for make in (plain_edit, signed_lie):
            verdicts = [
                str(step.verdict)
                for step in verify_bundle(make(seed)[1], parse_policy(POLICIES["quorum"])).steps
            ]
            first[verdicts.index("fail") + 1 if "fail" in verdicts else 0] += 1
    assert len(first) >= 12, first
    assert first[1] < 80
