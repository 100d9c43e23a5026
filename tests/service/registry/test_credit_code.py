"""Checks of enterprise codes against the standard's example, known exceptions and python-stdnum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from service.registry.credit_code import (
    ALPHABET,
    check_character,
    describe,
    organisation_check_character,
    registration_check_character,
)


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91330100311348661F"])
def test_codes_of_the_standard_and_of_a_real_register_pass_every_check(code):
    assert describe(code).problems == ()


@pytest.mark.parametrize(
    "code", ["91350100M0001TGQXM", "91350211M0000XUF46", "91350203M0001FUE2P", "91350203M0001QAY9B"]
)
def test_lawful_codes_with_wrong_check_characters_are_described_and_never_raise(code):
    assert "credit-check" in describe(code).problems


@given(st.text(alphabet=ALPHABET, min_size=17, max_size=17))
def test_check_character_agrees_with_stdnum_for_any_seventeen_characters(first):
    assert check_character(first) == uscc.calc_check_digit(first)


@given(st.text(alphabet=ALPHABET, min_size=17, max_size=17), st.integers(0, 16), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_noticed(first, position, other):
    code = first + check_character(first)
    changed = code[:position] + other + code[position + 1 :]
    if changed != code:
        assert "credit-check" in describe(changed).problems


@given(
    st.text(alphabet="0123456789", min_size=14, max_size=14),
    st.integers(0, 13),
    st.sampled_from("0123456789"),
)
def test_any_single_wrong_digit_of_a_registration_number_is_noticed(first, position, other):
    number = first + registration_check_character(first)
    assert describe(number).kind == "registration"
    assert describe(number).problems == ()
    changed = number[:position] + other + number[position + 1 :]
    if changed != number:
        assert describe(changed).problems == ("registration-check",)


def test_organisation_check_covers_the_three_kinds_of_result():
    # The organisation codes inside the two valid credit codes above, and one whose check is X.
    assert organisation_check_character("M000100Y") == "4"
    assert organisation_check_character("31134866") == "1"
    assert organisation_check_character("D2143569") == "X"


def test_a_misread_letter_is_repaired_in_the_suggestion_only_when_every_check_then_passes():
    assert describe("9135O100M000100Y43").suggestion == "91350100M000100Y43"
    assert describe("9135O100M000100Y44").suggestion == ""


@given(st.text(max_size=40))
def test_describe_answers_for_any_text(text):
    assert describe(text).kind in ("credit", "registration", "other")
