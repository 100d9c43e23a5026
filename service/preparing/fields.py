"""Answers of a page as form fields and back, for any struct of texts, ticks, lists of texts, rows and parts. Pure.

`from_fields(kind, to_fields(answers)) == answers` for texts without spaces around them. A row's fields are named `strata-0-name`; rows are
ordered by their number, and one in which nothing is filled in is dropped. A text keeps its lines, without the spaces at their ends.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

__all__ = ["MOST_ROWS", "Pairs", "differences", "from_fields", "to_fields"]

Pairs = list[tuple[str, str]]
T = TypeVar("T", bound=Struct)
MOST_ROWS = 2000  # of one list; a form that sends more is none of ours


def to_fields(answers: Struct, prefix: str = "") -> Pairs:
    """Return the fields of a form that holds these answers; an unticked box and an empty list have none."""
    found: Pairs = []
    for field in fields(type(answers)):
        name, value = prefix + field.name, getattr(answers, field.name)
        if isinstance(value, bool):
            found += [(name, "on")] * value
        elif isinstance(value, str):
            found.append((name, value))
        elif isinstance(value, Struct):
            found += to_fields(value, f"{name}-")
        else:
            for number, each in enumerate(value):
                found += [(name, each)] if isinstance(each, str) else to_fields(each, f"{name}-{number}-")
    return found


def from_fields(kind: type[T], pairs: Iterable[tuple[str, str]]) -> T:
    """Return the answers that a form sent; what it did not send is empty, and names that the struct does not have are passed over."""
    named: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        named[name].append(_plain(value))
    return _read(kind, named)


def _plain(value: str) -> str:
    lines = value.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.strip() for line in lines).strip("\n")


def _read(kind: type[T], named: Mapping[str, list[str]]) -> T:
    below: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for name, values in named.items():
        head, dash, rest = name.partition("-")
        if dash:
            below[head][rest] = values
    read: dict[str, Any] = {}
    for field in fields(kind):
        sent = named.get(field.name)
        if field.type is bool:
            read[field.name] = sent is not None
        elif field.type is str:
            read[field.name] = sent[0] if sent else ""
        elif get_origin(field.type) is tuple:
            inner = get_args(field.type)[0]
            read[field.name] = tuple(sent or ()) if inner is str else _rows(inner, below[field.name])
        else:
            read[field.name] = _read(field.type, below[field.name])
    return kind(**read)


def _rows(kind: type[T], named: Mapping[str, list[str]]) -> tuple[T, ...]:
    by_number: dict[int, dict[str, list[str]]] = defaultdict(dict)
    for name, values in named.items():
        number, _, rest = name.partition("-")
        if re.fullmatch(r"[0-9]{1,6}", number, re.ASCII) and rest:
            by_number[int(number)][rest] = values
    rows = (_read(kind, by_number[number]) for number in sorted(by_number)[:MOST_ROWS])
    return tuple(row for row in rows if to_fields(row) != to_fields(_read(kind, {})))


def differences(one: Struct, other: Struct) -> list[tuple[str, str, str]]:
    """Return (field, value in `one`, value in `other`) of every field that differs; several values of one field stand in one text."""
    sides = []
    for answers in (one, other):
        held: dict[str, list[str]] = defaultdict(list)
        for name, value in to_fields(answers):
            held[name].append(value)
        sides.append({name: "、".join(values) for name, values in held.items()})
    mine, theirs = sides
    return [(name, mine.get(name, ""), theirs.get(name, "")) for name in [*theirs, *(n for n in mine if n not in theirs)]
            if mine.get(name, "") != theirs.get(name, "")]  # fmt: skip
