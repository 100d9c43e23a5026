"""Inputs nobody would write: small changes of good ones, changes inside the JSON and the base64 of good ones, and very large ones."""

import base64
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from selection.canonical import CanonicalError, format_canonical

__all__ = ["floods", "mutate"]

# Pieces that other readers take for something else: spaces, signs, escapes, ends of line, look-alikes, numbers without end.
PIECES = [
    b" ", b"\t", b"\n", b"\r\n", b"\r", b"\0", b"\x7f", b"\x80", b"\xff", b"\xef\xbb\xbf", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    "\u00a0".encode(), "\u2028".encode(), "\u0085".encode(), "\u200b".encode(), "\uff11".encode(), "\u0661".encode(), "\u00b2".encode(),
    "\u0430".encode(), "\u2014".encode(), "\u2013 ".encode(), b"-", b"+", b"0", b"00", b"-0", b"1e5", b"1.0", b"9" * 20, b"9" * 5000, b"=", b"==", b"/", b"_",
    b",", b":", b'"', b"\\", b"\\u0041", b"\\ud800", b"\\/", b"null", b"true", b"NaN", b"[]", b"{}", b"[" * 100, b'{"a":' * 100, b'"a":1,',
    b"\n\n", b"\xe2\x80\x94 a AAAAAAE=\n", b"A", b"AAAA", b".p/5", b"x000/", b"#", b"old 0\n", b"extra ", b"quorum none\n", b"absent:",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2**53 - 1, 2**53, 10**30, 1.5, "", " ", "a", "\n", "\x7f", "0" * 64, "A" * 43, "A" * 44, "a" * 4001, "９", "中", "\ud800",
    "2026-02-30", "2026-11-24T02:00:00Z", "9999-12-31T23:59:59Z", "p-" + "0" * 32, [], {}, [[]], [None], ["a", "a"], {"": 0}, {"kind": "target"}, {"中": 1},
]  # fmt: skip


def mutate(r: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return one seed with one to four changes."""
    data = r.choice(seeds)
    if data[:1] in (b"{", b"[") and r.random() < 0.6:
        data = _inside(r, data)
        if r.random() < 0.7:
            return data
    for _ in range(r.choice((1, 1, 1, 2, 4))):
        data = r.choice(_CHANGES)(r, data, seeds)
    return data


def _flip(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = r.randrange(len(data) or 1)
    return data[:at] + bytes(b ^ (1 << r.randrange(8)) for b in data[at : at + 1]) + data[at + 1 :]


def _set(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = r.randrange(len(data) or 1)
    return data[:at] + bytes([r.choice((r.randrange(256), r.randrange(32, 127)))]) + data[at + 1 :]


def _insert(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = r.choice((0, len(data), r.randint(0, len(data))))
    return data[:at] + r.choice(PIECES) + data[at:]


def _replace(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = r.randint(0, len(data))
    return data[:at] + r.choice(PIECES) + data[at + r.choice((1, 1, 2, 8)) :]


def _delete(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = r.randint(0, len(data))
    return data[:at] + data[at + r.choice((1, 1, 2, 16, 200)) :]


def _cut(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at = r.randint(0, len(data))
    return r.choice((data[:at], data[at:]))


def _double(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    at, length = r.randint(0, len(data)), r.choice((1, 1, 4, 40, 400))
    return data[: at + length] + data[at : at + length] * r.choice((1, 1, 5)) + data[at + length :]


def _line(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Double, drop or exchange lines, or the columns of one."""
    mark = r.choice((b"\n", b"\n", b"\t", b",", b" "))
    parts = data.split(mark)
    a, b = r.randrange(len(parts)), r.randrange(len(parts))
    if r.random() < 0.3:
        parts.insert(a, parts[b])
    elif r.random() < 0.5:
        parts[a], parts[b] = parts[b], parts[a]
    else:
        del parts[a]
    return mark.join(parts)


def _ends(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    return r.choice((data.replace(b"\n", b"\r\n"), data + b"\n", data.removesuffix(b"\n"), b"\xef\xbb\xbf" + data, data.upper(), data.lower(), data * 2))


def _number(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Write one number in another way."""
    found = list(re.finditer(rb"[0-9]+", data[:20000]))
    if not found:
        return data
    m = r.choice(found)
    n = m[0]
    full = n.decode().translate({48 + d: 0xFF10 + d for d in range(10)}).encode()
    new = r.choice((b"0" + n, b"-" + n, b"+" + n, n + b".0", n + b"e0", full, n * 30, b"9223372036854775807", b"9223372036854775808", b"9007199254740992"))
    return data[: m.start()] + new + data[m.end() :]


def _bits(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Change the unused bits of the last character of base64, its padding, or its alphabet."""
    found = list(re.finditer(rb"[A-Za-z0-9+/_-]{20,}=*", data))
    if not found:
        return data
    m = r.choice(found)
    text, pad = m[0].rstrip(b"="), m[0][len(m[0].rstrip(b"=")) :]
    last = bytes([r.choice(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")])
    new = r.choice((text[:-1] + last + pad, text, text + b"=", text + b"==", text[:8] + b"\n" + text[8:] + pad,
                    m[0].replace(b"+", b"-").replace(b"/", b"_"), text[:-1] + pad))  # fmt: skip
    return data[: m.start()] + new + data[m.end() :]


def _splice(r: random.Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = r.choice(seeds)
    return data[: r.randint(0, len(data))] + other[r.randint(0, len(other)) :]


_CHANGES: list[Callable[[random.Random, bytes, Sequence[bytes]], bytes]] = [
    _flip, _flip, _set, _set, _insert, _insert, _replace, _delete, _cut, _double, _line, _ends, _number, _bits, _splice,
]  # fmt: skip


def _inside(r: random.Random, data: bytes) -> bytes:
    """Return JSON with some of its values changed, written canonically where that can be: it reaches what only later steps look at."""
    try:
        value = json.loads(data)
    except ValueError:
        return data
    for _ in range(r.choice((1, 1, 2))):
        value = _value(r, value)
    try:
        return format_canonical(value)
    except CanonicalError:
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _value(r: random.Random, value: Any) -> Any:
    """Return `value` with one place below it changed."""
    if isinstance(value, dict) and value and r.random() < 0.9:
        name = r.choice(list(value))
        turn = r.random()
        if turn < 0.75:
            return {**value, name: _value(r, value[name])}
        if turn < 0.85:
            return {k: v for k, v in value.items() if k != name}
        return {**value, r.choice(("a", "type", "kind", "zz", name + "_")): r.choice((value[name], r.choice(VALUES)))}
    if isinstance(value, list) and value and r.random() < 0.9:
        at, turn = r.randrange(len(value)), r.random()
        if turn < 0.7:
            return [*value[:at], _value(r, value[at]), *value[at + 1 :]]
        if turn < 0.8:
            return value[:at] + value[at + 1 :]
        return r.choice((value[::-1], [*value, value[at]], [value[at], *value], value[:1] * 70))
    if isinstance(value, str) and value and r.random() < 0.8:
        return _text(r, value)
    if isinstance(value, int) and not isinstance(value, bool) and r.random() < 0.8:
        return r.choice((value + 1, value - 1, -value, 2**53 - 1, 0, r.randrange(2**53)))
    return r.choice(VALUES)


def _text(r: random.Random, text: str) -> str:
    """Return a text changed: what it is the base64 of, where that is JSON, or its characters."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if raw[:1] == b"{":
        return base64.b64encode(mutate(r, [raw])).decode()
    return mutate(r, [text.encode("utf-8", "surrogatepass")]).decode("utf-8", "replace")


def floods(size: int) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of about `size` bytes each: what makes careless readers slow, deep or large."""
    for piece in (b"[", b"{", b'{"a":', b"[],", b'"a":0,', b'"', b"\\", b"9", b"-", b" ", b"\t", b"\n", b"\0", b"a", b"A", b"=", b"+", b"/", b",",
                  b":", b"\xff", "中".encode(), b"x000/", b"000/", b"\n\n", b"a\t", b"a\n", b"a+", b"A\n", b"AAAA\n", b"# \n", b"\xe2\x80\x94 a AAAAAAE=\n"):  # fmt: skip
        yield repr(piece)[1:], piece * (size // len(piece))
    wide = b"[" + b",".join([b"[]"] * (size // 3)) + b"]"
    yield "a list of empty lists", wide
    yield "a list of numbers", b"[" + b",".join([b"0"] * (size // 2)) + b"]"
    yield "an object of many names", b"{" + b",".join(b'"%d":0' % n for n in range(size // 10)) + b"}"
    yield "one long text", b'"' + b"a" * size + b'"'
    yield "groups in a chain", b"group g0 any h\n" + b"".join(b"group g%d any g%d\n" % (n, n - 1) for n in range(1, size // 24))
    yield "one group of many", b"group g any " + b" ".join(b"m%d" % n for n in range(size // 7))
    yield "lines in order", b"".join(b"%09d\tcap\n" % n for n in range(size // 14))
    yield "a note of many signatures", b"a\n\n" + b"\xe2\x80\x94 a AAAAAAE=\n" * (size // 18)
    yield "a path of many hashes", b"old 1\n" + (b"A" * 43 + b"=\n") * (size // 45) + b"\n"
