"""A contribution line is lawful in exactly one spelling; nothing is repaired (docs/spec/draw.md 1)."""

import re
from contextlib import nullcontext

import pytest
from bureau import freeze, hexed
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from selection.contribution import check_contributions, check_line, is_absent, label_of
from selection.errors import ContributionError
from selection.plan import Dice, Drand, PublicNumber, Witness

PLAN = freeze(7, last="dice").plan
NONCE, DICE = PLAN.contributors[0], PLAN.contributors[-1]
NONCE_LINE = "nonce:bureau:" + hexed(7, "nonce")
WITNESS = Witness(body="监察", key=None, label="w-1", person="A" * 43)
PUBLIC = PublicNumber(digits=5, example="01234", issue="1", label="lottery", order="顺序", source="体彩")
LAWFUL = {
    "nonce": (NONCE, NONCE_LINE),
    "dice": (DICE, "dice:" + "123456" * 10),
    "witness, least": (WITNESS, "witness:w-1:0123456789"),
    "witness, most": (WITNESS, "witness:w-1:" + "7" * 80),
    "absent": (WITNESS, "absent:w-1"),
    "public": (PUBLIC, "public:lottery:00000"),
}


def lawful(contributor, line) -> bool:
    try:
        check_line(PLAN, contributor, line)
    except ContributionError:
        return False
    return True


@pytest.mark.parametrize("what", LAWFUL)
def test_lawful_line_is_taken(what):
    assert lawful(*LAWFUL[what])


@pytest.mark.parametrize("what", LAWFUL)
def test_line_one_character_away_is_refused_unless_it_is_another_lawful_line(what):
    contributor, line = LAWFUL[what]
    patterns = {
        "nonce": re.escape(line),
        "dice": "dice:[0-9]{60}",
        "public": "public:lottery:[0-9]{5}",
        "witness": "witness:w-1:[0-9]{10,80}|absent:w-1",
        "absent": "witness:w-1:[0-9]{10,80}|absent:w-1",
    }
    pattern = re.compile(patterns[what.split(",")[0]])
    for at in range(len(line) + 1):
        for new in ("", "0", "9", "a", " ", ":", "\n", "\t", "０", "é", "-", "A", "\x00"):
            for changed in (line[:at] + new + line[at + 1 :], line[:at] + new + line[at:]):
                assert lawful(contributor, changed) == bool(pattern.fullmatch(changed)), changed


@pytest.mark.parametrize("digits", [0, 1, 9, 10, 80, 81, 500])
def test_witness_gives_ten_to_eighty_digits(digits):
    assert lawful(WITNESS, "witness:w-1:" + "1" * digits) == (10 <= digits <= 80)


def test_label_is_taken_literally():
    assert not lawful(replace(WITNESS, label="w-1"), "witness:w_1:0123456789")
    assert not lawful(replace(WITNESS, label="w-2"), "witness:w-1:0123456789")


def test_nonce_that_does_not_open_its_commitment_is_refused():
    with pytest.raises(ContributionError, match="does not open"):
        check_line(PLAN, NONCE, "nonce:bureau:" + "0" * 64)


def test_nonce_opens_only_for_this_bureau_number_and_attempt():
    for changes in ({"bureau": "elsewhere"}, {"number": PLAN.number + 1}, {"attempt": 2}):
        with pytest.raises(ContributionError, match="does not open"):
            check_line(replace(PLAN, **changes), NONCE, NONCE_LINE)


def test_a_beacon_says_chain_and_round_of_the_plan_and_a_signature():
    drand = Drand(chain="ab" * 32, round=7)
    assert lawful(drand, f"drand:{'ab' * 32}:7:{'0f' * 48}")
    for line in (
        "drand:1", f"drand:{'ab' * 32}:7:{'0f' * 47}", f"drand:{'ab' * 32}:7:{'0f' * 49}", f"drand:{'ab' * 32}:7:{'0F' * 48}",
        f"drand:{'ab' * 32}:07:{'0f' * 48}", f"drand:{'ab' * 32}:8:{'0f' * 48}", f"drand:{'ac' * 32}:7:{'0f' * 48}",
        f"drand:drand:7:{'0f' * 48}", "absent:drand",
    ):  # fmt: skip
        assert not lawful(drand, line), line
    assert label_of(drand) == "drand"


def test_lines_are_as_many_as_contributors_and_in_plan_order():
    frozen = freeze(3)
    check_contributions(frozen.plan, frozen.lines)
    for lines in (frozen.lines[1:], [*frozen.lines, "dice:1"], frozen.lines[::-1], []):
        with pytest.raises(ContributionError):
            check_contributions(frozen.plan, lines)


@pytest.mark.parametrize(
    ("given", "good"), [("pp", True), ("ppa", True), ("pa", False), ("aa", False), ("paa", False), ("", True)]
)
def test_two_witnesses_are_present_where_any_are_declared(given, good):
    witnesses = [replace(WITNESS, label=f"w-{n}") for n in range(len(given))]
    plan = replace(PLAN, contributors=(NONCE, *witnesses, DICE))
    lines = [f"witness:w-{n}:0123456789" if g == "p" else f"absent:w-{n}" for n, g in enumerate(given)]
    refused = nullcontext() if good else pytest.raises(ContributionError, match="void by rule")
    with refused:
        check_contributions(plan, [NONCE_LINE, *lines, LAWFUL["dice"][1]])


def test_labels_and_absence():
    assert [label_of(c) for c in (NONCE, WITNESS, DICE, PUBLIC)] == ["bureau", "w-1", "dice", "lottery"]
    assert isinstance(DICE, Dice)
    assert is_absent("absent:w-1")
    assert not is_absent("witness:w-1:0123456789")


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=600))
def test_no_other_text_is_lawful(text):
    for contributor, _ in LAWFUL.values():
        assert not lawful(contributor, text) or text in {line for _, line in LAWFUL.values()}
