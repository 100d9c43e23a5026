"""No byte of a bundle can be changed unnoticed: with a policy, every one-byte change fails some step."""

import json
import random

import pytest
from bureau import QUORUM_TIME, Bureau, freeze, policy_bytes
from lies import honest

from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle

POLICY = parse_policy(policy_bytes("audit"))
OPEN = honest(1, events=2, moves=True, witnesses=True, targets=25).bundle()
SEALED = Bureau(
    freeze(2, sealed=True, last="dice", targets=25), events=1, opening=False, quorum_time=QUORUM_TIME
).bundle()


def other(r: random.Random, data: bytes, at: int) -> bytes:
    """Another byte: one bit away, or one of the same kind (which is likelier to be read)."""
    here = data[at]
    same = (
        b"0123456789"
        if chr(here).isdigit()
        else b"abcdefghijklmnopqrstuvwxyz"
        if chr(here).islower()
        else b"ABCDEFXYZ"
    )
    choices = [here ^ (1 << r.randrange(8)), r.choice([c for c in same if c != here])]
    return data[:at] + bytes([r.choice(choices)]) + data[at + 1 :]


def status(data: bytes) -> int:
    return verify_bundle(data, POLICY).exit_status


def noticed(data: bytes) -> bool:
    """Whether a step fails, or the change made a cosigner's line one of a stranger, which step 5 says it could not check."""
    report = verify_bundle(data, POLICY)
    return report.exit_status in (1, 2) or report.steps[4].verdict is Verdict.NOT_CHECKED


def test_unchanged_bundles_fail_nothing():
    assert status(OPEN) == status(SEALED) == 3
    assert not noticed(OPEN) and not noticed(SEALED)


@pytest.mark.parametrize("part", range(5))
def test_changed_byte_is_noticed(part):
    """250 sampled places in each fifth of the file."""
    r = random.Random(part)
    for _ in range(250):
        at = r.randrange(len(OPEN) * part // 5, len(OPEN) * (part + 1) // 5)
        assert noticed(other(r, OPEN, at)), (at, OPEN[at - 30 : at + 30])


def test_changed_byte_of_a_sealed_draw_is_noticed():
    r = random.Random("sealed")
    for _ in range(250):
        at = r.randrange(len(SEALED))
        assert noticed(other(r, SEALED, at)), (at, SEALED[at - 30 : at + 30])


def _span(name: str) -> range:
    part = (
        json.loads(OPEN)["checkpoints"]
        if name == "checkpoints"
        else json.loads(OPEN)["documents"][-1]["dsse"]
    )
    text = json.dumps(part, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    start = OPEN.index(text)
    return range(start, start + len(text))


@pytest.mark.parametrize("name", ["checkpoints", "envelope"])
def test_every_byte_counts(name):
    """All bytes of both checkpoints, and of one envelope: payload, key id, signature."""
    r = random.Random(name)
    for at in _span(name):
        assert noticed(other(r, OPEN, at)), (at, OPEN[at - 30 : at + 30])


def test_a_byte_more_or_less_is_noticed():
    r = random.Random("length")
    for _ in range(100):
        at = r.randrange(len(OPEN))
        assert status(OPEN[:at] + OPEN[at + 1 :]) in (1, 2)
        assert status(OPEN[:at] + bytes([r.randrange(32, 127)]) + OPEN[at:]) in (1, 2)
    assert status(OPEN + b"\n") == status(b" " + OPEN) == status(OPEN[:-1]) == 2
