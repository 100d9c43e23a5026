"""What a dishonest bureau changes, signs and logs anew fails at the step that the specification names.

docs/spec/bundle.md, "What fails where"; the lies themselves stand in `lies.py`.
"""

import pytest
from bureau import policy_bytes
from lies import LIES

from disclosure.policy import parse_policy
from disclosure.verification import Verdict, verify_bundle

POLICY = parse_policy(policy_bytes("audit"))
# (row of the table, the lie that plays it, the steps that fail)
TABLE = (
    ("a firm swapped in `pool` (plan unchanged)", "pool-firm-swapped", 12),
    ("a firm swapped among the drawn", "drawn-firm-swapped", 15),
    ("a quota", "quota", 13),
    ("a dice digit in the outcome only", "dice-digit-in-the-outcome", 14),
    ("a dice digit everywhere, outcome kept", "dice-digit-everywhere-outcome-kept", 14),
    ("a nonce other than committed", "nonce-other-than-committed", 14),
    ("a conflict left out of `opened`, or added", "conflict-left-out", 17),
    ("a conflict left out of `opened`, or added", "conflict-added", 17),
    ("a team member changed", "team-member-changed", 18),
    ("an item changed", "item-changed", 16),
    ("a replacement's successor", "successor", 19),
    ("a name", "name", 20),
    ("a sealed result other than committed", "sealed-result-other-than-committed", 21),
    ("a signature, or a signer missing", "signature-by-another", 2),
    ("a signature, or a signer missing", "signer-missing", 2),
    ("a log leaf that does not match its document", "leaf-of-another-document", 3),
    ("a checkpoint signed by another key", "checkpoint-root", 5),
    ("the order of plan and dice in the log", "dice-before-the-checkpoint", 8),
    ("a beacon's signature that is not its round's", "beacon-signature-of-another-round", 11),
    ("a beacon's signature that is not its round's", "beacon-signature-at-infinity", 11),
    ("another round or chain than the plan's in the line; no signature at all", "beacon-of-another-round", 10),
    ("another round or chain than the plan's in the line; no signature at all", "beacon-without-a-signature", 10),
    ("a plan with another chain, or a round that is not the first at or after T", "beacon-of-another-chain", 13),
    ("a plan with another chain, or a round that is not the first at or after T", "beacon-round-of-another-instant", 13),
    ("two outcomes, a void", "outcome-twice", 9),
    ("two outcomes, a void", "void", 9),
    ("a witness's line left out", "witness-left-out", 10),
    ("an optional member of the plan written empty or null", "pool-rules-empty", 1),
    ("an optional member of the plan written empty or null", "pool-rules-null", 1),
    ("an optional member of the plan written empty or null", "teams-of-null", 1),
    ("a quota counted by other officers, another period's part, a remainder given to another stratum", "officers-counted-without-places", 13),
    ("a quota counted by other officers, another period's part, a remainder given to another stratum", "experts-counted-as-officers", 13),
    ("a quota counted by other officers, another period's part, a remainder given to another stratum", "period-rounded-by-itself", 13),
    ("a quota counted by other officers, another period's part, a remainder given to another stratum", "period-after-the-last", 13),
    ("a quota counted by other officers, another period's part, a remainder given to another stratum", "percent-or-one-without-the-one", 13),
    ("a quota counted by other officers, another period's part, a remainder given to another stratum", "remainder-given-to-another-stratum", 13),
    ("one total split by strata that name different ones, or over a stratum too small for it", "totals-of-one-split-differ", 13),
    ("one total split by strata that name different ones, or over a stratum too small for it", "stratum-too-small-to-be-split-over", 13),
    ("a pool rule that is no reason code, stands twice, or has its parameters in another order", "pool-rule-of-no-reason", 13),
    ("a pool rule that is no reason code, stands twice, or has its parameters in another order", "pool-rule-twice", 13),
    ("a pool rule that is no reason code, stands twice, or has its parameters in another order", "pool-rule-parameters-in-another-order", 13),
    ("most of the list excluded, and no reason stated", "narrow-pool-unstated", 13),
    ("a class nobody is seated for", "class-without-an-inspector-seat", 13),
    ("a class nobody is seated for", "class-of-teams-alone-without-inspectors", 13),
    ("with `teams_of`: the former result left out, changed, or not a result", "former-result-left-out", 12),
    ("with `teams_of`: the former result left out, changed, or not a result", "former-result-changed", 12),
    ("with `teams_of`: the former result left out, changed, or not a result", "former-result-not-canonical", 12),
    ("with `teams_of`: the result of another plan; a former target in neither list, added, not mandatory, or for other sections", "former-result-of-another-plan", 13),
    ("with `teams_of`: the result of another plan; a former target in neither list, added, not mandatory, or for other sections", "former-target-left-out", 13),
    ("with `teams_of`: the result of another plan; a former target in neither list, added, not mandatory, or for other sections", "former-target-added", 13),
    ("with `teams_of`: the result of another plan; a former target in neither list, added, not mandatory, or for other sections", "target-added-to-the-teams", 13),
    ("with `teams_of`: the result of another plan; a former target in neither list, added, not mandatory, or for other sections", "former-target-not-mandatory", 13),
    ("with `teams_of`: the result of another plan; a former target in neither list, added, not mandatory, or for other sections", "target-of-one-section-less", 13),
    ("with `teams_of`: a quota, an item, a seal; teams drawn that are there already", "mandatory-ones-fill-the-quota-of-teams-alone", 13),
    ("with `teams_of`: a quota, an item, a seal; teams drawn that are there already", "quota-of-teams-alone-not-fixed", 13),
    ("with `teams_of`: a quota, an item, a seal; teams drawn that are there already", "item-of-teams-alone", 13),
    ("with `teams_of`: a quota, an item, a seal; teams drawn that are there already", "teams-alone-sealed", 13),
    ("with `teams_of`: a quota, an item, a seal; teams drawn that are there already", "teams-drawn-a-second-time", 13),
    ("with `teams_of`: a quota, an item, a seal; teams drawn that are there already", "inspectors-drawn-again-with-the-experts", 13),
    ("with `teams_of`: an item in the result", "item-added-to-a-team-alone", 16),
    ("with `teams_of`: a successor for a target", "target-added-by-a-replacement-of-teams-alone", 19),
)


def failing(report):
    return [step.number for step in report.steps if step.verdict is Verdict.FAIL]


@pytest.mark.parametrize("name", LIES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lie_fails_first_where_the_specification_says(name, seed):
    report = verify_bundle(LIES[name].tell(seed), POLICY)
    assert failing(report)[:1] == [LIES[name].step], [
        (s.number, s.sentence.en) for s in report.steps if s.number in failing(report)
    ]
    assert report.exit_status == (2 if LIES[name].step == 1 else 1)


@pytest.mark.parametrize(("row", "name", "step"), TABLE)
def test_table_of_the_specification_is_played_by_a_lie(row, name, step, spec_table):
    assert LIES[name].step == step
    assert spec_table[row] == step


def test_every_row_of_the_table_is_played(spec_table):
    assert {row for row, _, _ in TABLE} == spec_table.keys()


@pytest.fixture(scope="module")
def spec_table():
    """Row -> step, read from the page itself."""
    from pathlib import Path

    page = (Path(__file__).resolve().parents[3] / "docs" / "spec" / "bundle.md").read_text(encoding="utf-8")
    rows = page.partition("| changed | fails at |")[2].strip().splitlines()[1:]
    cells = [row.strip("| ").rsplit(" | ", 1) for row in rows if row.startswith("|")]
    return {row: int(step.split(",")[0]) for row, step in cells}


@pytest.mark.parametrize("name", LIES)
def test_steps_that_need_a_failed_step_are_not_checked(name):
    """Nothing is said about what rests on something untrue."""
    needs = {
        **{step: [1] for step in (2, 3, 5, 7, 9, 10, 12)},
        4: [3],
        6: [5],
        8: [3, 7],
        11: [10],
        13: [12],
        14: [9, 10, 13],
        15: [14],
        16: [15],
        17: [15],
        18: [17],
        19: [16, 18],
        20: [19],
        21: [14],
    }
    verdict = {step.number: step.verdict for step in verify_bundle(LIES[name].tell(4), POLICY).steps}
    for step, needed in needs.items():
        if any(verdict[n] is not Verdict.PASS for n in needed):
            assert verdict[step] is Verdict.NOT_CHECKED, step
    assert (verdict[1] is Verdict.PASS) == (LIES[name].step != 1)


@pytest.mark.parametrize("name", [name for name, lie in LIES.items() if lie.step not in (4, 5, 6)])
def test_lie_fails_without_a_policy_too(name):
    """Only who signed, which log and when are left to the policy."""
    found = failing(verify_bundle(LIES[name].tell(1)))
    if name == "cosigned-after-the-instant":
        assert found == []
    else:
        assert found[:1] == [LIES[name].step]
