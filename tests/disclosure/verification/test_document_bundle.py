"""A document bundle passes when it is honest, and each lie of a bureau that signs and logs it fails at the step the specification names."""

import json

import pytest
from bureau import QUORUM_TIME
from papers import AT, KINDS, LIES, POLICY, Paper
from tsa import Authority

from disclosure.command.timestamp import verify_timestamp
from disclosure.document_bundle import format_document_bundle, parse_document_bundle
from disclosure.keys import encode_base64
from disclosure.policy import parse_policy
from disclosure.verification import Verdict
from disclosure.verification.document import STEP_NAMES, verify_document_bundle
from selection.canonical import format_canonical

TRUST = parse_policy(POLICY)


def failed(report) -> set[int]:
    return {step.number for step in report.steps if step.verdict is Verdict.FAIL}


def unchecked(report) -> set[int]:
    return {step.number for step in report.steps if step.verdict is Verdict.NOT_CHECKED}


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="module")
def stamped_policy(authority):
    return parse_policy(
        json.dumps({**json.loads(POLICY), "timestamp_roots": [encode_base64(authority.root)]}).encode()
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_honest_document_passes_every_step_but_the_last(kind):
    data = Paper(kind).bundle()
    report = verify_document_bundle(data, TRUST)
    assert (failed(report), unchecked(report), report.exit_status) == (set(), {11}, 3)
    assert all(step.sentence.zh and step.sentence.en for step in report.steps)
    assert format_document_bundle(parse_document_bundle(data)) == data


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_policy_what_needs_one_is_not_checked(kind):
    report = verify_document_bundle(Paper(kind).bundle())
    # A link of logs holds no key: nothing but a policy can say with which its signature is verified.
    assert failed(report) == set()
    assert unchecked(report) == {4, 5, 6, 8, 11} | ({2} if kind == "shard/v1" else set())


@pytest.mark.parametrize("name", LIES)
def test_a_lie_fails_at_its_step_and_at_no_other(name):
    report = verify_document_bundle(LIES[name].tell(), TRUST)
    assert failed(report) == {LIES[name].step}, [(s.number, s.sentence.en) for s in report.steps]


def test_there_are_two_lies_at_least_for_every_step_that_can_fail():
    told = [lie.step for lie in LIES.values()]
    # Step 8 never fails, step 11 never decides; for step 9 see the time stamps below.
    assert {step for step in STEP_NAMES if told.count(step) >= 2} == set(STEP_NAMES) - {8, 9, 11}


def test_the_time_is_the_earliest_that_meets_the_quorum():
    report = verify_document_bundle(Paper().bundle(), TRUST)
    assert QUORUM_TIME == 1_795_485_000
    assert "2026-11-24T01:50:00Z" in report.steps[7].sentence.en
    paper = Paper()
    paper.quorum_time = 2**62
    assert f"{2**62} s" in verify_document_bundle(paper.bundle(), TRUST).steps[7].sentence.en


def test_the_sentences_name_keys_and_entry():
    report = verify_document_bundle(Paper().bundle())
    assert all(keyid in report.steps[3].sentence.en for _, keyid in report.fingerprints)
    assert AT in report.steps[2].sentence.en
    assert report.id.endswith(".91420100MA4KTEST1X")


def test_a_good_time_stamp_passes_and_says_when(authority, stamped_policy):
    paper = Paper()
    paper.stamp = authority.stamp
    data = paper.bundle()
    step = verify_document_bundle(data, stamped_policy, verify_timestamp).steps[8]
    assert step.verdict is Verdict.PASS
    assert "existed at 20" in step.sentence.en
    assert verify_document_bundle(data, stamped_policy).steps[8].verdict is Verdict.NOT_CHECKED
    assert verify_document_bundle(data, TRUST, verify_timestamp).steps[8].verdict is Verdict.NOT_CHECKED
    assert verify_document_bundle(data, None, verify_timestamp).steps[8].verdict is Verdict.NOT_CHECKED


@pytest.mark.parametrize("wrong", ["other bytes", "not granted", "cut", "nothing", "a certificate"])
def test_a_wrong_time_stamp_fails_at_step_9(authority, stamped_policy, wrong):
    paper = Paper()
    paper.stamp = {
        "other bytes": lambda data: authority.stamp(data + b"\n"),
        "not granted": authority.refuse,
        "cut": lambda data: authority.stamp(data)[:-7],
        "nothing": lambda _: b"",
        "a certificate": lambda _: authority.root,
    }[wrong]
    report = verify_document_bundle(paper.bundle(), stamped_policy, verify_timestamp)
    assert failed(report) == {9}
    assert report.steps[8].sentence.zh.startswith("不符合规定：时间戳")


def _verdicts(data, policy) -> list[Verdict]:
    return [step.verdict for step in verify_document_bundle(data, policy, verify_timestamp).steps]


def test_every_seventh_byte_and_all_of_the_frame(authority, stamped_policy):
    """No change of a byte leaves the verdicts as they were: it is unreadable, or a step fails or cannot be decided."""
    paper = Paper()
    paper.stamp = authority.stamp
    data = paper.bundle()
    good = _verdicts(data, stamped_policy)
    start = data.index(b'"plan":')  # of the plan's own payload every 97th byte: it is the largest part and hashed as a whole
    plan = range(start, data.index(b'"timestamp":'))
    places = [n for n in range(3, len(data), 7) if n not in plan or n % 97 == 0]
    places += [n for n, byte in enumerate(data) if byte in b'{}[]":,\\']
    unsigned = []
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1
        if _verdicts(bytes(changed), stamped_policy) == good:
            unsigned.append(place)
    # CMS signs neither its version numbers nor the names of its algorithms; nothing of what a stamp says is among them.
    stamp = range(data.index(b'"timestamp":'), data.index(b'"tlogProof":'))
    assert len(places) > 700
    assert len(unsigned) <= 2
    assert all(place in stamp for place in unsigned)


@pytest.mark.parametrize(
    "change",
    [
        {"more": None},
        {"timestamp": "AA"},
        {"timestamp": ""},
        {"disclosures": ["b", "a"]},
        {"disclosures": ["a", "a"]},
        {"tlogProof": "c2sp.org/tlog-proof@v1\n"},
        {"plan": {}},
        {"dsse": None},
        {"type": "document-bundle/v2"},
    ],
)
def test_another_form_is_not_read(change):
    value = {**json.loads(Paper().bundle()), **change}
    if change == {"timestamp": ""}:  # base64 of no bytes is well formed; it is no response
        assert failed(verify_document_bundle(format_canonical(value), TRUST)) == set()
        return
    assert verify_document_bundle(format_canonical(value), TRUST).exit_status == 2


def test_more_than_four_mebibytes_are_not_read():
    value = {**json.loads(Paper().bundle()), "timestamp": "A" * (4 << 20)}
    report = verify_document_bundle(format_canonical(value), TRUST)
    assert report.exit_status == 2
    assert "over the limit" in report.steps[0].sentence.en


def test_a_bundle_issued_before_a_redaction_verifies_after_it_and_without_the_name():
    paper = Paper()
    before = paper.bundle()
    gone = Paper()
    gone.disclosures = gone.disclosures[:1]
    assert failed(verify_document_bundle(before, TRUST)) == failed(verify_document_bundle(gone.bundle(), TRUST)) == set()
