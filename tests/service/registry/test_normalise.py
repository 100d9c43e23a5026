"""Normalisation changes only what it says, and doing it twice changes nothing more."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.registry.normalise import (
    normalise_code,
    normalise_date,
    normalise_list,
    normalise_name,
    normalise_text,
)


@pytest.mark.parametrize(
    ("text", "value", "changes"),
    [
        ("91330100311348661F", "91330100311348661F", ()),
        ("91330100311348661f", "91330100311348661F", ("case",)),
        ("９１330100311348661Ｆ", "91330100311348661F", ("width",)),
        (" 9133\u00a00100\u3000311348661F\u200b\t", "91330100311348661F", ("space",)),
        ("'91330100311348661F", "91330100311348661F", ("quote",)),
        ('="0012345"', "0012345", ("quote",)),
        ("AB–12", "AB-12", ("dash",)),
        ("９1x", "91X", ("width", "case")),
    ],
)
def test_each_change_of_a_code_is_named(text, value, changes):
    assert normalise_code(text) == (value, changes)


@given(st.text(max_size=40))
def test_a_code_that_changed_always_says_so_and_normalising_again_is_quiet(text):
    value, changes = normalise_code(text)
    assert (value != text) <= bool(changes)
    if value.isascii() and value[:1] not in ("'", "`") and not value.startswith('="'):
        assert normalise_code(value).value == value


@given(st.text(max_size=60))
def test_text_and_names_and_lists_are_stable_under_a_second_pass(text):
    for normalise in (normalise_text, normalise_name):
        once = normalise(text)
        if not once.startswith("'"):
            assert normalise(once) == once
    parts = normalise_list(text)
    assert all(parts)
    assert len(set(parts)) == len(parts)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42801", "2017-03-07"),
        ("2016/9/8", "2016-09-08"),
        ("2016.09.08", "2016-09-08"),
        ("2016年9月8日", "2016-09-08"),
        ("20160908", "2016-09-08"),
        ("2016-09-08 00:00:00", "2016-09-08"),
        ("２０１６－０９－０８", "2016-09-08"),
        ("2020-01-01至2025-12-31", "2025-12-31"),
        ("长期", None),
        ("9999-09-09", None),
        ("9999-12-31", None),
        ("N/A", None),
        ("", None),
    ],
)
def test_dates_in_the_forms_real_files_use(text, value):
    date = normalise_date(text)
    assert date.understood
    assert date.value == value


@pytest.mark.parametrize("text", ["8/9/2016", "2016-9", "2016", "2025-02-30", "去年", "2016-13-01", "123456"])
def test_a_date_that_could_be_read_in_two_ways_is_not_guessed(text):
    assert not normalise_date(text).understood


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)))
def test_every_date_survives_every_form(day):
    forms = [
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
    ]
    assert {normalise_date(form).value for form in forms} == {day.isoformat()}


def test_both_commas_separate_and_brackets_keep_their_content():
    assert normalise_list("机械，建材,轻工、纺织;商贸；危险化学品（生产、经营）") == (
        "机械",
        "建材",
        "轻工",
        "纺织",
        "商贸",
        "危险化学品（生产、经营）",
    )


def test_brackets_of_a_registered_name_are_kept_full_width():
    assert normalise_name("云州化工（集团）有限公司 ") == "云州化工（集团）有限公司"
    assert normalise_name("张　三") == "张三"
