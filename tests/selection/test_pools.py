"""A frozen list has exactly one form in bytes (docs/spec/pools.md)."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selection.errors import PoolError
from selection.keys import conflicts_commitment
from selection.pool import (
    Listed,
    OpenedConflicts,
    Person,
    Target,
    blob_lines,
    format_apart,
    format_conflicts,
    format_listed,
    format_opened,
    format_people,
    format_pool,
    parse_apart,
    parse_conflicts,
    parse_listed,
    parse_opened,
    parse_people,
    parse_pool,
)

steady = settings(derandomize=True, deadline=None)
hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
ids = st.from_regex(r"[0-9A-Za-z._-]{1,64}", fullmatch=True).filter(lambda text: not text.startswith("p-"))
codes = st.from_regex(r"[0-9A-Za-z._-]{1,8}", fullmatch=True)
labels = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
persons = st.integers(0, 2**128 - 1).map(lambda n: f"p-{n:032x}")
sorted_codes = st.sets(codes, max_size=3).map(lambda found: tuple(sorted(found)))

targets = st.builds(Target, ids, codes, codes, codes)
listed = st.builds(Listed, ids, labels)
people = st.builds(
    Person,
    persons,
    labels,
    st.sampled_from(["inspector", "expert"]),
    sorted_codes,
    sorted_codes,
    st.integers(0, 9999),
    st.from_regex(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", fullmatch=True),
)
opened = st.builds(
    OpenedConflicts,
    ids,
    hexes,
    st.sets(persons, min_size=1, max_size=3).map(lambda found: tuple(sorted(found))),
)


def rows(row, key):
    return st.lists(row, max_size=6, unique_by=key)


KINDS = {
    "pool": (rows(targets, lambda r: r.id), format_pool, parse_pool, lambda r: r.id),
    "excluded": (
        rows(listed, lambda r: r.target),
        format_listed,
        lambda b: parse_listed("excluded", b),
        lambda r: r.target,
    ),
    "people": (rows(people, lambda r: r.id), format_people, parse_people, lambda r: r.id),
    "opened": (rows(opened, lambda r: r.target), format_opened, parse_opened, lambda r: r.target),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_back(kind):
    strategy, write, read, _ = KINDS[kind]

    @steady
    @given(strategy)
    def check(values):
        blob = write(values)
        assert sorted(map(repr, read(blob))) == sorted(map(repr, values))
        assert write(read(blob)) == blob
        assert write(reversed(values)) == blob
        lines = blob_lines(blob)
        assert blob == b"".join(line + b"\n" for line in lines)
        assert lines == sorted(lines)

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_every_changed_byte_is_refused_or_another_list(kind):
    """What a mangled blob is read as, if at all, is written as exactly the mangled bytes."""
    strategy, write, read, _ = KINDS[kind]

    @steady
    @given(strategy.filter(len), st.data())
    def check(values, data):
        blob = write(values)
        at = data.draw(st.integers(0, len(blob) - 1))
        new = data.draw(st.sampled_from(b"\t\n\r ,0aAzp-.\x00\x7f\x80\xff"))
        for mangled in (
            blob[:at] + bytes([new]) + blob[at + 1 :],
            blob[:at] + blob[at + 1 :],
            blob[:at] + bytes([new]) + blob[at:],
        ):
            if mangled == blob:
                continue
            try:
                found = read(mangled)
            except PoolError:
                continue
            assert found != read(blob)
            assert write(found) == mangled

    check()


def test_every_byte_of_a_blob_counts():
    """At every position, every other byte: refused, or another list."""
    blob = format_pool(
        [Target("a", "s", "c", "4207"), Target("a-", "s", "c", "4207"), Target("b", "s", "c", "4211")]
    )
    for at in range(len(blob)):
        for new in range(256):
            mangled = blob[:at] + bytes([new]) + blob[at + 1 :]
            if mangled == blob:
                continue
            try:
                found = parse_pool(mangled)
            except PoolError:
                continue
            assert format_pool(found) == mangled


P = [f"p-{n:032x}" for n in range(4)]
GOOD = f"{P[0]}\tlead\tinspector\tboiler\t4207,4211\t8\t{'A' * 43}\n"
REFUSED = {
    "no last LF": (parse_pool, "a\ts\tc\t1"),
    "CR LF": (parse_pool, "a\ts\tc\t1\r\n"),
    "empty line": (parse_pool, "\n"),
    "a column less": (parse_pool, "a\ts\tc\n"),
    "a column more": (parse_pool, "a\ts\tc\t1\t\n"),
    "empty column": (parse_pool, "a\ts\tc\t\n"),
    "not sorted": (parse_pool, "b\ts\tc\t1\na\ts\tc\t1\n"),
    "line twice": (parse_pool, "a\ts\tc\t1\na\ts\tc\t1\n"),
    "key twice": (parse_pool, "a\ts\tc\t1\na\ts\tc\t2\n"),
    "target like a person": (parse_pool, "p-1\ts\tc\t1\n"),
    "id of 65": (parse_pool, "a" * 65 + "\ts\tc\t1\n"),
    "not ASCII": (parse_pool, "企业\ts\tc\t1\n"),
    "byte order mark": (parse_pool, "\ufeffa\ts\tc\t1\n"),
    "reason in capitals": (lambda b: parse_listed("excluded", b), "a\tCAP\n"),
    "person as excluded": (lambda b: parse_listed("excluded", b), f"{P[0]}\tcap\n"),
    "unknown role": (parse_people, GOOD.replace("inspector", "leader")),
    "places with zero": (parse_people, GOOD.replace("\t8\t", "\t08\t")),
    "places over 9999": (parse_people, GOOD.replace("\t8\t", "\t10000\t")),
    "negative places": (parse_people, GOOD.replace("\t8\t", "\t-1\t")),
    "areas not ascending": (parse_people, GOOD.replace("4207,4211", "4211,4207")),
    "area twice": (parse_people, GOOD.replace("4207,4211", "4207,4207")),
    "comma at the end": (parse_people, GOOD.replace("boiler", "boiler,")),
    "loose base64": (parse_people, GOOD.replace("A" * 43, "A" * 42 + "B")),
    "pair in the wrong order": (parse_apart, f"{P[1]}\t{P[0]}\n"),
    "pair of one": (parse_apart, f"{P[1]}\t{P[1]}\n"),
    "commitment in capitals": (parse_conflicts, "a\t" + "A" * 64 + "\n"),
    "nobody opened": (parse_opened, "a\t" + "0" * 64 + "\t\n"),
    "opened people not ascending": (parse_opened, "a\t" + "0" * 64 + f"\t{P[1]},{P[0]}\n"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_other_forms_are_refused(what):
    read, text = REFUSED[what]
    with pytest.raises(PoolError):
        read(text.encode())


def test_blob_that_is_not_utf8_is_refused():
    with pytest.raises(PoolError, match="UTF-8"):
        parse_pool(b"\xff\ts\tc\t1\n")


def test_the_good_line_is_good():
    assert parse_people(GOOD.encode())[0].areas == ("4207", "4211")


@pytest.mark.parametrize("id", ["", "p-1", "企业", "a b", "a" * 65, "a\n", "a\tb"])
def test_writer_refuses_ids_that_are_not_canonical(id):
    with pytest.raises(PoolError):
        format_pool([Target(id, "s", "c", "1")])


def test_apart_takes_pairs_in_either_order_and_several_per_person():
    r = random.Random(1)
    pairs = [(P[a], P[b]) for a in range(4) for b in range(4) if a != b]
    for _ in range(20):
        chosen = r.sample(pairs, 5)
        wanted = sorted({(min(pair), max(pair)) for pair in chosen})
        assert parse_apart(format_apart(chosen)) == wanted


def test_conflicts_show_commitments_and_no_people():
    row = OpenedConflicts("a", "0" * 64, (P[0], P[2]))
    blob = format_conflicts([row])
    assert parse_conflicts(blob) == {"a": conflicts_commitment("0" * 64, [P[0], P[2]])}
    assert P[0].encode() not in blob


def test_empty_lists_are_zero_bytes():
    assert format_pool([]) == format_people([]) == format_apart([]) == b""
    assert parse_pool(b"") == parse_people(b"") == parse_apart(b"") == []
