"""Canonical JSON: one value, one form, the form of RFC 8785."""

import json
from enum import Enum

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from selection.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    CanonicalError,
    format_canonical,
    parse_canonical,
    parse_struct,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text(st.characters(max_codepoint=127))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)


@given(DOCUMENTS)
def test_equals_the_rfc8785_package_and_reads_back(document):
    data = format_canonical(document)
    assert data == rfc8785.dumps(document)
    assert parse_canonical(data) == document


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_any_changed_byte_is_refused_or_is_the_form_of_another_value(document, random):
    data = bytearray(format_canonical(document))
    data[random.randrange(len(data))] ^= random.randrange(1, 256)
    try:
        value = parse_canonical(bytes(data))
    except CanonicalError:
        return
    assert value != document
    assert rfc8785.dumps(value) == data


@given(DOCUMENTS.filter(lambda value: isinstance(value, dict | list) and value))
def test_other_spellings_of_the_same_value_are_refused(document):
    for spelling in (json.dumps(document, indent=1), json.dumps(document) + "\n"):
        with pytest.raises(CanonicalError):
            parse_canonical(spelling.encode())


def test_documents_of_the_rfc_author(vectors):
    """Canonical bytes within our subset read back; those outside it are refused, never altered."""
    outcome = {}
    for case in vectors("jcs_rfc8785")["documents"]:
        data = bytes.fromhex(case["canonical_hex"])
        try:
            outcome[case["name"]] = format_canonical(parse_canonical(data)) == data
        except CanonicalError as error:
            outcome[case["name"]] = str(error)
    assert outcome["arrays"] is outcome["structures"] is outcome["unicode"] is True
    assert "ASCII" in outcome["french"]
    assert "ASCII" in outcome["weird"]
    assert "not an integer" in outcome["values"]


REFUSED = {
    "empty": b"",
    "byte order mark": b"\xef\xbb\xbf{}",
    "space": b'{"a": 1}',
    "final newline": b"1\n",
    "two values": b"1 2",
    "wrong order": b'{"b":1,"a":2}',
    "repeated name": b'{"a":1,"a":2}',
    "repeated name, same value": b'{"a":1,"a":1}',
    "float": b"[1.5]",
    "float that is whole": b"[1.0]",
    "exponent": b"1e2",
    "minus zero": b"-0",
    "leading zero": b"01",
    "not a number": b"[NaN]",
    "beyond 2^53 - 1": b"9007199254740992",
    "beyond 64 bits": b"123456789012345678901234567890",
    "5000 digits": b"9" * 5000,
    "needless escape": b'"\\u0041"',
    "escaped slash": b'"\\/"',
    "upper case escape": b'"\\u001F"',
    "lone surrogate escaped": b'"\\ud800"',
    "lone surrogate encoded": b'"\xed\xa0\x80"',
    "invalid UTF-8": b'"\xff"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "control character": b'"\x01"',
    "name not ASCII": '{"中":1}'.encode(),
    "too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "deep enough to exhaust a stack": b"[" * 100_000,
    "truncated": b'{"a":1',
    "comment": b"[1]//",
}


@pytest.mark.parametrize("name", REFUSED)
def test_bytes_that_are_not_canonical_are_refused(name):
    with pytest.raises(CanonicalError):
        parse_canonical(REFUSED[name])


def test_depth_64_is_accepted():
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert format_canonical(parse_canonical(data)) == data


def endless():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        b"bytes",
        {1: 2},
        {"中": 1},
        {"a": [2**53]},
        "\ud800",
        {"a": "\udfff"},
        {1},
        endless(),
    ],
)
def test_values_without_a_canonical_form_are_refused(value):
    with pytest.raises(CanonicalError):
        format_canonical(value)


def test_the_message_names_the_place():
    with pytest.raises(CanonicalError, match=r"\$\.rows\[1\]\.share: float"):
        format_canonical({"rows": [{}, {"share": 0.5}]})


class Colour(Enum):
    RED = "red"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    colour: Colour = Colour.RED


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    parts: tuple[Part, ...]


def test_structs_read_back_exactly():
    whole = Whole("题", (Part(1), Part(2)))
    data = format_canonical(whole)
    assert data == '{"parts":[{"colour":"red","number":1},{"colour":"red","number":2}],"title":"题"}'.encode()
    assert parse_struct(data, Whole) == whole


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b'{"parts":[]}', "title"),
        (b'{"parts":[],"title":"a","x":1}', "x"),
        (b'{"parts":[],"title":1}', r"\$\.title"),
        (b'{"parts":[{"colour":"red","number":"1"}],"title":"a"}', r"\$\.parts"),
        (b'{"parts":[{"number":1}],"title":"a"}', "colour"),
        (b'{"parts":[{"colour":"blue","number":1}],"title":"a"}', "blue"),
    ],
)
def test_struct_errors_name_the_field(data, named):
    with pytest.raises(CanonicalError, match=named):
        parse_struct(data, Whole)
