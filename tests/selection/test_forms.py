"""A form accepts exactly the values its row of docs/spec/README.md describes."""

import base64
import re
from datetime import date, datetime

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from selection import forms

steady = settings(derandomize=True, deadline=None, max_examples=300)


def takes(form, value) -> bool:
    try:
        msgspec.convert(value, form, strict=True)
    except msgspec.ValidationError:
        return False
    return True


def is_day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII) or int(text[:4]) < 2000:
        return False
    try:
        date(int(text[:4]), int(text[5:7]), int(text[8:10]))
    except ValueError:
        return False
    return True


def test_date_is_a_day_of_the_calendar():
    """Every day and non-day of the years whose leap rule differs, and of both ends."""
    for year in (1999, 2000, 2001, 2004, 2096, 2100, 2104, 2400, 2500, 9996, 9999):
        for month in range(14):
            for day in range(33):
                text = f"{year:04d}-{month:02d}-{day:02d}"
                assert takes(forms.Date, text) == is_day(text), text


def test_leap_years_are_those_of_the_calendar():
    for year in range(2000, 10000):
        assert takes(forms.Date, f"{year}-02-29") == is_day(f"{year}-02-29"), year


@steady
@given(
    st.integers(1990, 9999),
    st.integers(0, 13),
    st.integers(0, 32),
    st.integers(0, 25),
    st.integers(0, 61),
    st.integers(0, 61),
)
@example(2016, 12, 31, 23, 59, 60)
@example(2024, 2, 29, 0, 0, 0)
def test_time_is_a_real_second_without_leap_seconds(year, month, day, hour, minute, second):
    text = f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}Z"
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 (only whether it parses)
        real = year >= 2000 and second < 60
    except ValueError:
        real = False
    assert takes(forms.Time, text) == real


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T02:00:00",
        "2026-11-24T02:00:00z",
        "2026-11-24 02:00:00Z",
        "2026-11-24T02:00:00Z\n",
        "2026-11-24T24:00:00Z",
        "2026-11-24T02:00:00.0Z",
        "2026-11-24T02:00:00+00:00",
        "02026-11-24T02:00:00Z",
        "２026-11-24T02:00:00Z",
        "",
    ],
)
def test_time_has_one_spelling(text):
    assert not takes(forms.Time, text)


PLAIN = {
    "Hex64": r"[0-9a-f]{64}",
    "Id": r"[0-9A-Za-z._-]{1,64}",
    "Label": r"[a-z0-9-]{1,32}",
    "Person": r"p-[0-9a-f]{32}",
    "Actor": r"s-[0-9a-f]{32}",
    "KeyId": r"sha256:[0-9a-f]{64}",
}


@pytest.mark.parametrize("name", PLAIN)
def test_form_is_the_row_of_the_table(name):
    """Valid texts, and all texts one character away from them: longer, shorter, changed."""
    form, pattern = getattr(forms, name), re.compile(PLAIN[name], re.ASCII)

    @steady
    @given(
        st.from_regex(pattern, fullmatch=True),
        st.integers(0, 70),
        st.sampled_from("aA0g._- \n\t\x00éａ０中/+=~"),
    )
    def check(text, at, other):
        assert takes(form, text)
        for changed in (
            text[:at] + other + text[at:],
            text[:at] + other + text[at + 1 :],
            text[:at] + text[at + 1 :],
            "",
        ):
            assert takes(form, changed) == bool(pattern.fullmatch(changed)), changed

    check()


@steady
@given(st.binary(min_size=30, max_size=34))
def test_base64_forms_are_what_the_library_writes_for_their_length(data):
    padded = base64.b64encode(data).decode()
    unpadded = base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert takes(forms.Key, padded) == (len(data) == 32)
    assert takes(forms.Digest, unpadded) == (len(data) == 32)
    short = base64.urlsafe_b64encode(data[:16]).decode().rstrip("=")
    assert takes(forms.Nonce16, short)
    assert not takes(forms.Nonce16, base64.urlsafe_b64encode(data[:15]).decode().rstrip("="))


@pytest.mark.parametrize(
    ("form", "size", "end"), [(forms.Key, 32, "="), (forms.Digest, 32, ""), (forms.Nonce16, 16, "")]
)
def test_base64_has_one_spelling(form, size, end):
    """Of the last characters that decode to the same bytes only the one with zero bits is taken."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + ("+/" if end else "-_")
    length = len(base64.b64encode(bytes(size)).rstrip(b"="))
    taken = [c for c in alphabet if takes(form, "A" * (length - 1) + c + end)]
    assert len(taken) == (16 if size == 32 else 4)
    for c in taken:
        text = "A" * (length - 1) + c
        raw = base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-length % 4))
        again = base64.b64encode(raw) if end else base64.urlsafe_b64encode(raw).rstrip(b"=")
        assert again.decode() == text + end


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a", True),
        ("中" * 4000, True),
        ("😀" * 4000, True),
        ("a" * 4001, False),
        ("", False),
        ("a\nb", False),
        ("\x7f", False),
        ("\x1f", False),
        ("\x80", True),
        (" ", True),
        ("a\n", False),
    ],
)
def test_text_counts_code_points_and_refuses_control_characters(text, good):
    assert takes(forms.Text, text) is good


@pytest.mark.parametrize(
    ("value", "good"),
    [(0, True), (2**53 - 1, True), (2**53, False), (-1, False), (True, False), (1.0, False), ("1", False)],
)
def test_count_is_a_safe_integer(value, good):
    assert takes(forms.Count, value) is good
