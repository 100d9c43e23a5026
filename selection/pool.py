"""The frozen lists as bytes (docs/spec/pools.md): UTF-8, LF after every line, TAB between columns, sorted, no key twice.

`parse_x(format_x(rows)) == rows` for every list, and nothing else parses. A worked line of `pool`:

    91420700MA4KXXXX1A<TAB>s1<TAB>general<TAB>420704<LF>

What must hold between lists and the plan (declared strata, disjoint lists) stands in `plan_rules.py`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from selection.errors import PoolError
from selection.forms import is_id
from selection.keys import conflicts_commitment

__all__ = ["Listed", "OpenedConflicts", "Person", "Pools", "Target", "blob_lines", "format_apart", "format_conflicts",
           "format_listed", "format_opened", "format_people", "format_pool", "format_reasons", "parse_apart",
           "parse_conflicts", "parse_listed", "parse_opened", "parse_people", "parse_pool"]  # fmt: skip

Row = TypeVar("Row")
_ID, _LABEL, _HEX64 = r"[0-9A-Za-z._-]{1,64}", r"[a-z0-9-]{1,32}", r"[0-9a-f]{64}"
_PERSON, _IDS = r"p-[0-9a-f]{32}", rf"(?:{_ID}(?:,{_ID})*)?"
_TARGET = rf"(?!p-){_ID}"
_DIGEST = r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
_PLACES = r"(?:0|[1-9][0-9]{0,3})"


class Target(Struct, frozen=True, gc=False):
    """One candidate of the pool. It holds text only, so the collector need not walk through a million of them."""

    id: str
    stratum: str
    class_: str
    area: str


class Listed(Struct, frozen=True):
    """A target with the code of the reason why it is excluded, or mandatory."""

    target: str
    reason: str


class Person(Struct, frozen=True):
    """An inspector or expert of this plan; `places` is how many targets they may get."""

    id: str
    section: str
    role: str
    codes: tuple[str, ...]
    areas: tuple[str, ...]
    places: int
    digest: str


class OpenedConflicts(Struct, frozen=True):
    """The people kept from one target, and the salt of the commitment, as they are opened for drawn targets."""

    target: str
    salt: str
    people: tuple[str, ...]

    @property
    def commitment(self) -> str:
        """What `conflicts` states for this target (docs/spec/pools.md 6)."""
        return conflicts_commitment(self.salt, self.people)


class Pools(Struct, frozen=True):
    """What a draw is made from. `conflicts` holds the kept-away people per target; drawn targets suffice."""

    targets: Sequence[Target]
    mandatory: frozenset[str]
    people: Sequence[Person]
    apart: frozenset[tuple[str, str]]
    conflicts: Mapping[str, frozenset[str]]


def blob_lines(data: bytes) -> list[bytes]:
    """Return the lines of a blob without their LF: the leaves of its Merkle root."""
    return data.split(b"\n")[:-1]


def _format(name: str, rows: Iterable[Sequence[str]]) -> bytes:
    lines = []
    for row in rows:
        line = "\t".join(row)
        # A line feed in a column would write a second line that nobody listed.
        if "\n" in line or line.count("\t") != len(row) - 1:
            raise PoolError(f"{name}: a column holds TAB or LF: {line[:200]!r}")
        lines.append(line)
    lines.sort()
    return "".join(line + "\n" for line in lines).encode()


def _parse(name: str, data: bytes, pattern: str, make: Callable[..., Row], keys: int = 1) -> list[Row]:
    """Return one row per line; PoolError names list, line number and text of the first line that breaks a rule."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise PoolError(f"{name}: not UTF-8: {error}") from error
    if text and not text.endswith("\n"):
        raise PoolError(f"{name}: the last line does not end with LF")
    match, rows, last_line, last_key = re.compile(pattern).fullmatch, [], "", [""]
    for number, line in enumerate(text.split("\n")[:-1], 1):
        columns = line.split("\t")
        if match(line) is None:
            raise PoolError(f"{name}: line {number} is not of the form asked: {line[:200]!r}")
        if line <= last_line:
            raise PoolError(f"{name}: line {number} does not sort after the line before it: {line[:200]!r}")
        if columns[:keys] == last_key:
            raise PoolError(f"{name}: line {number} repeats {columns[:keys]}")
        last_line, last_key = line, columns[:keys]
        rows.append(make(*columns))
    return rows


def _ascending(name: str, joined: str) -> tuple[str, ...]:
    ids = tuple(joined.split(",")) if joined else ()
    if any(a >= b for a, b in zip(ids, ids[1:], strict=False)):
        raise PoolError(f"{name}: ids do not strictly ascend: {joined[:200]!r}")
    return ids


def format_pool(targets: Iterable[Target]) -> bytes:
    """Return the blob `pool`. Raises PoolError for an id that is not canonical or begins with `p-`."""
    rows = list(targets)
    for row in rows:
        if not is_id(row.id) or row.id.startswith("p-"):
            raise PoolError(
                f"pool: {row.id[:100]!r} is not a target id: 1 to 64 of [0-9A-Za-z._-], not beginning with p-"
            )
    return _format("pool", ((row.id, row.stratum, row.class_, row.area) for row in rows))


def parse_pool(data: bytes) -> list[Target]:
    """Return the candidates; PoolError for anything `format_pool` would not write."""
    return _parse("pool", data, rf"{_TARGET}\t{_ID}\t{_ID}\t{_ID}", Target)


def format_listed(rows: Iterable[Listed]) -> bytes:
    """Return the blob `excluded` or `mandatory`."""
    return _format("listed targets", ((row.target, row.reason) for row in rows))


def parse_listed(name: str, data: bytes) -> list[Listed]:
    """Return the rows of `excluded` or `mandatory` (`name` is for the message)."""
    return _parse(name, data, rf"{_TARGET}\t{_LABEL}", Listed)


def format_people(people: Iterable[Person]) -> bytes:
    """Return the blob `people`. Raises PoolError for a code or area that is no id: a comma in one would make it two."""
    everyone = list(people)
    for p in everyone:
        if wrong := [id for id in (*p.codes, *p.areas) if not is_id(id)]:
            raise PoolError(f"people: {p.id[:100]!r} has {wrong[0][:100]!r}, which is not an id: 1 to 64 of [0-9A-Za-z._-]")
    rows = (
        (p.id, p.section, p.role, ",".join(sorted(p.codes)), ",".join(sorted(p.areas)), str(p.places), p.digest)
        for p in everyone
    )
    return _format("people", rows)


def parse_people(data: bytes) -> list[Person]:
    """Return inspectors and experts by id."""

    def make(id: str, section: str, role: str, codes: str, areas: str, places: str, digest: str) -> Person:
        return Person(
            id, section, role, _ascending("people", codes), _ascending("people", areas), int(places), digest
        )

    pattern = rf"{_PERSON}\t{_LABEL}\t(?:inspector|expert)\t{_IDS}\t{_IDS}\t{_PLACES}\t{_DIGEST}"
    return _parse("people", data, pattern, make)


def format_apart(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return the blob `apart`: people who may not be in one team, in either order."""
    return _format("apart", sorted({(min(pair), max(pair)) for pair in pairs}))


def parse_apart(data: bytes) -> list[tuple[str, str]]:
    """Return the pairs, the smaller id first."""
    pairs = _parse("apart", data, rf"{_PERSON}\t{_PERSON}", lambda a, b: (a, b), keys=2)
    for a, b in pairs:
        if a >= b:
            raise PoolError(f"apart: {a} does not sort before {b}")
    return pairs


def format_conflicts(opened: Iterable[OpenedConflicts]) -> bytes:
    """Return the blob `conflicts`: for each target the commitment to the people kept from it, never the people."""
    return _format("conflicts", ((row.target, row.commitment) for row in opened))


def parse_conflicts(data: bytes) -> dict[str, str]:
    """Return target -> commitment."""
    return dict(
        _parse("conflicts", data, rf"{_TARGET}\t{_HEX64}", lambda target, commitment: (target, commitment))
    )


def format_opened(opened: Iterable[OpenedConflicts]) -> bytes:
    """Return the blob `opened`, published for drawn targets only."""
    return _format("opened", ((row.target, row.salt, ",".join(row.people)) for row in opened))


def parse_opened(data: bytes) -> list[OpenedConflicts]:
    """Return the opened conflicts by target; whether they open their commitments is for the caller to see."""

    def make(target: str, salt: str, people: str) -> OpenedConflicts:
        return OpenedConflicts(target, salt, _ascending("opened", people))

    return _parse("opened", data, rf"{_TARGET}\t{_HEX64}\t{_PERSON}(?:,{_PERSON})*", make)


def format_reasons(rows: Iterable[tuple[str, str, str, str, str]]) -> bytes:
    """Return the blob `reasons` of (target or `*`, person, reason, rule, evidence digest or ""): for auditors only."""
    return _format("reasons", rows)
