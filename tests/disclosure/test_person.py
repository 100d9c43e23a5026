"""Disclosures of personal fields (RFC 9901)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disclosure.errors import PersonError
from disclosure.keys import encode_base64url
from disclosure.person import digest, make_disclosure, parse_disclosure

SALT = bytes(range(16))


def test_digests_of_the_rfc(vectors):
    case = vectors("sd_jwt_rfc9901")
    for one in case["disclosures"]:
        assert digest(one["disclosure"]) == one["digest"]
    other = case["same_claim_other_encodings"]
    assert [digest(text) for text in other["disclosures"]] == other["digests"]


def test_other_encodings_of_the_array_are_not_ours(vectors):
    """The RFC permits spaces and escapes; we write one form and read no other."""
    for one in vectors("sd_jwt_rfc9901")["disclosures"]:
        with pytest.raises(PersonError):
            parse_disclosure(one["disclosure"])


@given(st.binary(min_size=16, max_size=16), st.text(st.characters(max_codepoint=127), min_size=1), st.text())
def test_reads_back(salt, name, value):
    try:
        text = make_disclosure(salt, name, value)
    except PersonError:
        return
    assert parse_disclosure(text) == (salt, name, value)


def test_every_changed_character_is_refused_or_another_field():
    text = make_disclosure(SALT, "inspector_name", "张三")
    for at in range(len(text)):
        for character in "A_-=+ \n中":
            changed = text[:at] + character + text[at + 1 :]
            if changed == text:
                continue
            try:
                assert digest(changed) != digest(text)
                assert parse_disclosure(changed) != (SALT, "inspector_name", "张三")
            except PersonError:
                continue


@pytest.mark.parametrize(
    ("salt", "name", "value"),
    [
        (b"", "a", 1),
        (bytes(15), "a", 1),
        (bytes(17), "a", 1),
        (SALT, "", 1),
        (SALT, "_sd", 1),
        (SALT, "...", 1),
        (SALT, "姓名", 1),
        (SALT, "a", 1.5),
        (SALT, "a", "\ud800"),
    ],
)
def test_unusable_fields_are_refused(salt, name, value):
    with pytest.raises(PersonError):
        make_disclosure(salt, name, value)


@pytest.mark.parametrize(
    "array", [b"[]", b'["AAAAAAAAAAAAAAAAAAAAAA","a"]', b"{}", b'[1,"a",1]', b'["AA","a",1]', b"x"]
)
def test_other_arrays_are_refused(array):
    with pytest.raises(PersonError):
        parse_disclosure(encode_base64url(array))
