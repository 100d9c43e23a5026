"""Canonical JSON: the one byte form of every document (RFC 8785, restricted; docs/spec/log.md 1).

The subset: objects whose names are ASCII, arrays, text without lone surrogates, integers within
±(2^53 - 1), true, false, null; at most 64 containers inside one another. Within this subset sorting
names by code point equals the UTF-16 order of RFC 8785, and no number formatting question arises.
Text is left as typed: no Unicode normalisation.

    >>> format_canonical({"b": [1, True, None], "a": "中"})
    b'{"a":"\\xe4\\xb8\\xad","b":[1,true,null]}'
    >>> parse_canonical(b'{"a":1}')
    {'a': 1}

`parse_canonical` accepts exactly what `format_canonical` writes: it decodes, encodes again and compares.
"""

from enum import Enum
from typing import TypeVar

import msgspec

__all__ = [
    "MAX_DEPTH",
    "MAX_INTEGER",
    "CanonicalError",
    "format_canonical",
    "parse_canonical",
    "parse_struct",
]

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1

T = TypeVar("T")


class CanonicalError(Exception):
    """A value has no canonical form, or bytes are not the canonical form of any value."""


def format_canonical(value: object) -> bytes:
    """Return the RFC 8785 bytes of `value`.

    Takes dicts, lists, tuples, text, integers, booleans, None, Enums of text or integers, and
    msgspec Structs of these (fields that are UNSET are left out).
    Raises CanonicalError, naming the place, for anything else: floats, bytes, times, sets,
    names that are not ASCII, integers beyond ±(2^53 - 1), lone surrogates, depth over 64.
    """
    _check(value)
    try:
        return msgspec.json.encode(value, order="sorted")
    except UnicodeEncodeError as error:
        raise CanonicalError(f"text holds a lone surrogate, which no UTF-8 can carry: {error}") from error
    except TypeError as error:
        raise CanonicalError(f"a value has no canonical form: {error}") from error


def parse_canonical(data: bytes) -> object:
    """Return the value (dict, list, str, int, bool, None) whose canonical form is exactly `data`.

    Raises CanonicalError if `data` is not JSON, or differs in any byte from its canonical form:
    spaces, byte order mark, order or repetition of names, floats, needless escapes, invalid UTF-8.
    """
    try:
        value: object = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise CanonicalError(f"not JSON of the permitted form: {_cut(str(error))}") from error
    except RecursionError as error:
        raise CanonicalError(f"more than {MAX_DEPTH} containers inside one another") from error
    again = format_canonical(value)
    if again != data:
        raise CanonicalError(_difference(bytes(data), again))
    return value


def parse_struct(data: bytes, kind: type[T]) -> T:
    """Return the `kind` (a msgspec Struct, or a list or dict of them) whose canonical form is exactly `data`.

    Raises CanonicalError naming the field for a missing, unknown or wrongly typed field, and for
    everything `parse_canonical` refuses. A field with a default must still be written out, unless
    its struct says `omit_defaults`: one value has one form.
    """
    # Decoded as `kind` at once: 512 MB of empty lists are refused at the first one, not built as ten times as much first.
    try:
        parsed = msgspec.json.decode(data, type=kind, strict=True)
    except msgspec.ValidationError as error:
        raise CanonicalError(f"not a {getattr(kind, '__name__', kind)}: {_cut(str(error))}") from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise CanonicalError(f"not JSON of the permitted form: {_cut(str(error))}") from error
    again = format_canonical(parsed)
    if again != data:
        raise CanonicalError(
            f"not the form written for {getattr(kind, '__name__', kind)}: {_difference(bytes(data), again)}"
        )
    return parsed


def _refuse_float(text: str) -> object:
    raise ValueError(f"number {text[:40]} is not an integer within ±(2^53 - 1)")


_decoder = msgspec.json.Decoder(float_hook=_refuse_float)


def _cut(message: str) -> str:
    """Return both ends of a message that shows a whole megabyte of what it was given: the place stands at its end."""
    return message if len(message) <= 420 else f"{message[:200]} … {message[-200:]}"


def _difference(found: bytes, canonical: bytes) -> str:
    """Say at which byte `found` leaves its canonical form, with some context."""
    length = min(len(found), len(canonical))
    # Compared in blocks: a document may have 100 MB and the difference may be its last byte.
    start = 0
    while start + 65536 <= length and found[start : start + 65536] == canonical[start : start + 65536]:
        start += 65536
    at = next((i for i in range(start, length) if found[i] != canonical[i]), length)
    return (
        f"not canonical at byte {at}: found {found[at : at + 24]!r}, the canonical form has"
        f" {canonical[at : at + 24]!r} (of {len(canonical)} bytes)"
    )


def _complaint(node: object) -> str | None:
    """Return why a scalar or the names of a container cannot be written, or None."""
    if node is None or isinstance(node, str | bool | list | tuple):
        return None
    if isinstance(node, Enum):
        value = node.value
        return _complaint(value) if isinstance(value, str | int) else f"enum of {type(value).__name__}"
    if isinstance(node, int):
        if -MAX_INTEGER <= node <= MAX_INTEGER:
            return None
        return f"integer of {node.bit_length()} bits is beyond ±(2^53 - 1); write it as text"
    if isinstance(node, dict):
        for name in node:
            if not isinstance(name, str) or not name.isascii():
                return f"name {str(name)[:40]!r} is not ASCII text"
        return None
    if isinstance(node, msgspec.Struct):
        for name in node.__struct_encode_fields__:
            if not name.isascii():
                return f"name {name!r} is not ASCII text"
        return None
    return f"{type(node).__name__} {str(node)[:40]!r} has no canonical form; use text or an integer"


def _children(node: object) -> list[tuple[str, object]]:
    if isinstance(node, dict):
        return [(f".{name}", child) for name, child in node.items()]
    if isinstance(node, list | tuple):
        return [(f"[{index}]", child) for index, child in enumerate(node)]
    if isinstance(node, msgspec.Struct):
        fields = zip(node.__struct_encode_fields__, node.__struct_fields__, strict=True)
        pairs = [(f".{wire}", getattr(node, field)) for wire, field in fields]
        return [(name, child) for name, child in pairs if child is not msgspec.UNSET]
    return []


def _refuse(value: object) -> None:
    """Find the first node that `_check` stumbled over and raise with its place. Slow, exact."""
    stack: list[tuple[str, object, int]] = [("$", value, 0)]
    while stack:
        place, node, depth = stack.pop()
        complaint = _complaint(node)
        if (
            complaint is None
            and depth >= MAX_DEPTH
            and isinstance(node, dict | list | tuple | msgspec.Struct)
        ):
            complaint = f"more than {MAX_DEPTH} containers inside one another"
        if complaint is not None:
            raise CanonicalError(f"{place[:200]}: {complaint}")
        stack.extend((place + name, child, depth + 1) for name, child in reversed(_children(node)))


def _check(value: object) -> None:
    """Raise CanonicalError unless every node may be written. One pass, level by level, no recursion."""
    level: list[object] = [value]
    for depth in range(MAX_DEPTH + 1):
        below: list[object] = []
        for node in level:
            kind = type(node)
            if kind is str or kind is bool or node is None:
                continue
            if kind is int:
                if -MAX_INTEGER <= node <= MAX_INTEGER:  # type: ignore[operator]
                    continue
            elif depth == MAX_DEPTH:
                pass
            elif kind is list or kind is tuple:
                below.extend(node)  # type: ignore[arg-type]
                continue
            elif _complaint(node) is None:
                if isinstance(node, dict):
                    below.extend(node.values())
                else:
                    below.extend(child for _, child in _children(node))
                continue
            _refuse(value)
        level = below
        if not level:
            return
