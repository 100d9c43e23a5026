"""An honest bureau's bundle passes every step that a bundle can decide (docs/spec/bundle.md)."""

from collections import Counter

import pytest
from bureau import BEACON_QUORUM_TIME, QUORUM_TIME, Bureau, freeze, policy_bytes
from bureau_teams import freeze_teams, unfinished

from disclosure.bundle import format_bundle, parse_bundle
from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle

WITH_QUORUM, WITHOUT_QUORUM = parse_policy(policy_bytes("audit")), parse_policy(policy_bytes())
SEEDS = range(40)


def bureau(seed, **wishes) -> Bureau:
    return Bureau(freeze(seed, **wishes), events=seed % 4, quorum_time=QUORUM_TIME)


def not_passed(report):
    assert [step.number for step in report.steps] == list(range(1, 23))
    return {step.number: step.verdict for step in report.steps if step.verdict is not Verdict.PASS}


def unchecked(*numbers):
    return dict.fromkeys(numbers, Verdict.NOT_CHECKED)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_step_passes_but_the_public_number_and_uniqueness(seed):
    made = bureau(seed)
    report = verify_bundle(made.bundle(), WITH_QUORUM)
    public = [c for c in made.frozen.plan.contributors if hasattr(c, "source")]
    assert not_passed(report) == unchecked(*([11] if public else []), 22)
    assert report.exit_status == 3
    assert report.id == made.frozen.plan.id
    assert all(step.sentence.zh and step.sentence.en for step in report.steps)


@pytest.mark.parametrize("seed", range(8))
def test_a_draw_that_ends_in_the_beacon_leaves_nothing_to_people_but_uniqueness(seed):
    made = Bureau(freeze(seed, last="drand"), events=seed % 4, quorum_time=BEACON_QUORUM_TIME)
    report = verify_bundle(made.bundle(), WITH_QUORUM)
    assert not_passed(report) == unchecked(22)
    said = report.steps[10].sentence
    assert "12040883" in said.zh
    assert "2024-10-14T17:13:33Z" in said.en
    assert made.frozen.plan.contributors[-1].chain in said.en


def test_seeds_reach_every_kind_of_draw():
    met = Counter()
    for seed in SEEDS:
        made = bureau(seed)
        met["sealed"] += made.frozen.plan.sealed is not None
        met["sections"] += len(made.frozen.plan.sections) > 1
        met["events"] += len(made.later) > 1
        met[made.transcript.inspectors.outcome] += 1
        met["own keys"] += bool(made.frozen.own_keys)
    assert all(
        met[what] >= 4 for what in ("sealed", "sections", "events", "COMPLETE", "IMPOSSIBLE", "own keys")
    ), met


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_without_a_policy_nothing_about_trust_is_claimed(seed):
    made = bureau(seed, last="dice")
    report = verify_bundle(made.bundle())
    assert not_passed(report) == unchecked(4, 5, 6, 8, 22)
    assert "claimed by the bureau" in report.steps[7].sentence.en
    assert report.fingerprints[0][1] in report.steps[3].sentence.en


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_without_a_quorum_time_is_the_bureaus_claim(seed):
    report = verify_bundle(bureau(seed, last="dice").bundle(), WITHOUT_QUORUM)
    assert not_passed(report) == unchecked(6, 8, 22)


def test_quorum_met_on_b_alone_leaves_the_time_open():
    """A cosigner who came later vouches for the log, not for the time."""

    def edit(parts):
        parts["note_a"] = alone["note_a"]

    alone: dict = {}
    made = bureau(1, last="dice")
    made.quorum_time = None
    made.bundle(alone.update)
    made.quorum_time = QUORUM_TIME
    assert not_passed(verify_bundle(made.bundle(edit), WITH_QUORUM)) == unchecked(8, 22)


@pytest.mark.parametrize("late", [0, 600, 601])
def test_quorum_by_the_instant_counts_to_the_second(late):
    """T itself is in time, one second later is not."""
    made = bureau(1, last="dice")
    made.quorum_time = QUORUM_TIME + late
    verdict = verify_bundle(made.bundle(), WITH_QUORUM).steps[7].verdict
    assert verdict is (Verdict.FAIL if late > 600 else Verdict.PASS)


@pytest.mark.parametrize("seed", SEEDS[::5])
def test_sealed_draw_that_is_not_opened_shows_nothing_and_fails_nothing(seed):
    made = Bureau(
        freeze(seed, sealed=True, last="dice"), events=seed % 3, opening=False, quorum_time=QUORUM_TIME
    )
    data = made.bundle()
    report = verify_bundle(data, WITH_QUORUM)
    assert not_passed(report) == unchecked(*range(14, 23))
    assert report.exit_status == 3
    assert made.transcript.draw_key.encode() not in data
    assert made.frozen.lines[0].encode() not in data


@pytest.mark.parametrize("seed", SEEDS[::5])
def test_bundle_has_one_form(seed):
    data = bureau(seed).bundle()
    assert format_bundle(parse_bundle(data)) == data


def test_key_revoked_after_the_draw_leaves_it_valid_and_before_does_not():
    made = bureau(1, last="dice")
    data = made.bundle()
    for revoked, verdict in (("2026-11-24T04:00:00Z", Verdict.PASS), ("2026-11-24T03:01:00Z", Verdict.FAIL)):
        text = policy_bytes("audit").replace(b'"revoked_at":null', f'"revoked_at":"{revoked}"'.encode())
        assert verify_bundle(data, parse_policy(text)).steps[3].verdict is verdict


def test_a_key_may_be_renewed():
    """Two authority entries with one key: valid in either time."""
    text = policy_bytes("audit").replace(b'"valid_until":null', b'"valid_until":"2026-11-24T03:01:00Z"')
    assert verify_bundle(bureau(1, last="dice").bundle(), parse_policy(text)).steps[3].verdict is Verdict.FAIL
    renewed = policy_bytes("audit").replace(
        b'"valid_from":"2026-01-01T00:00:00Z"', b'"valid_from":"2026-11-24T03:01:00Z"'
    )
    both = text[:-1].rsplit(b"]", 1)[0] + b"," + renewed.split(b'"authorities":[', 1)[1]
    assert verify_bundle(bureau(1, last="dice").bundle(), parse_policy(both)).steps[3].verdict is Verdict.PASS


@pytest.mark.parametrize("seed", range(24))
def test_every_kind_of_quota_and_up_to_twelve_events_pass(seed):
    made = Bureau(freeze(seed, kinds=True, narrow=seed % 4 == 0), events=seed % 13, quorum_time=QUORUM_TIME)
    assert [n for n in not_passed(verify_bundle(made.bundle(), WITH_QUORUM)) if n not in (11, 22)] == []
    assert format_bundle(parse_bundle(made.bundle())) == made.bundle()


@pytest.mark.parametrize("role", ["inspector", "expert"])
@pytest.mark.parametrize("seed", range(13))
def test_teams_drawn_alone_pass_and_name_the_former_draw(seed, role):
    """What only the other bundle can show is said: which draw, and the digest that its result must have."""
    made = Bureau(freeze_teams(seed, role), events=seed, quorum_time=QUORUM_TIME)
    report = verify_bundle(made.bundle(), WITH_QUORUM)
    assert [n for n in not_passed(report) if n not in (11, 22)] == []
    of, last = made.frozen.plan.teams_of, report.steps[-1].sentence
    for sentence in (last.zh, last.en):
        assert of.draw in sentence and of.result in sentence
    assert made.frozen.blobs["former"] in parse_bundle(made.bundle()).blobs.values()


@pytest.mark.parametrize("role", ["inspector", "expert"])
def test_former_bundle_holds_the_result_that_the_teams_are_drawn_for(role):
    """The comparison that step 22 asks for, done."""
    old, _ = unfinished(3, role)
    former = parse_bundle(Bureau(old).bundle())
    of = freeze_teams(3, role).plan.teams_of
    assert of.draw == former.id and of.result in former.blobs
