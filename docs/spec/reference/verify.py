"""Second implementation of the verifier of `double-random/1`, written from the pages in docs/spec alone.

    python verify.py FILE [--policy POLICY] [--verdicts]

FILE is a draw bundle (22 steps) or a document bundle (11 steps). One file, Python 3.11 or later, standard library only.
No network, account or clock. The sections follow the pages: README, pools, plan, draw, beacon, documents, log, policy,
bundle, document-bundle; before them stand the two kinds of signature. What only the whole log can show (monitoring.md) is not
here. Where a page could be read in two ways a comment begins "READING".

Exit status: 0 every step passed, 1 a step failed, 2 step 1 failed or a file cannot be read, 3 none failed but something
was not checked, 64 wrong usage.
"""

import base64
import binascii
import datetime
import functools
import hashlib
import json
import os
import re
import stat
import sys
from collections import Counter, deque

# ====================================================================================================================
# README: hashes, canonical JSON, types
# ====================================================================================================================

MAX_BUNDLE, MAX_DOCUMENT_BUNDLE, MAX_POLICY = 512 << 20, 4 << 20, 1 << 20
MAX_LINE, MAX_LEAF, MAX_DEPTH = 512, 4096, 64
BIGGEST = 2**53 - 1


class Refused(Exception):
    """Something is not as the specification says. The text is one sentence for the reader."""


def refuse_unless(condition, sentence):
    if not condition:
        raise Refused(sentence)


def show(value, limit=90):
    """A value from the outside, safe to print on one line."""
    text = value if isinstance(value, str) else canonical(value).decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else "?" for c in text[: limit + 1])
    return text if len(text) <= limit else text[:limit] + "..."


def sha256(data):
    return hashlib.sha256(data).digest()


def SHA256hex(data):
    return hashlib.sha256(data.encode("utf-8") if isinstance(data, str) else data).hexdigest()


def canonical(value):
    """RFC 8785 for the values allowed here. Names are ASCII, so the order of Python is the order of the RFC."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def parse_json(data, laid_out_by_hand=False):
    """Parse bytes; refuse everything that is not our JSON; unless laid out by hand, refuse all but the one canonical form."""

    def integer(digits):
        refuse_unless(len(digits) <= 17 and abs(int(digits)) <= BIGGEST, "a number is out of range")
        return int(digits)

    def no_number(digits):
        raise Refused("a number is not an integer")

    def members(pairs):
        result = dict(pairs)
        refuse_unless(len(result) == len(pairs), "an object names a member twice")
        return result

    def walk(value, depth):
        if isinstance(value, (dict, list)):
            refuse_unless(depth < MAX_DEPTH, "it is nested more than 64 levels deep")
            for name in value if isinstance(value, dict) else ():
                refuse_unless(name.isascii(), "a member name is not ASCII")
            for inner in value.values() if isinstance(value, dict) else value:
                walk(inner, depth + 1)

    try:
        text = data.decode("utf-8")
        value = json.loads(text, parse_int=integer, parse_float=no_number, parse_constant=no_number, object_pairs_hook=members)
        walk(value, 0)
        again = canonical(value)  # refuses lone surrogates
    except UnicodeDecodeError:
        raise Refused("it is not UTF-8") from None
    except UnicodeEncodeError:
        raise Refused("a text holds half a surrogate pair") from None
    except RecursionError:
        raise Refused("it is nested more than 64 levels deep") from None
    except ValueError:
        raise Refused("it is not JSON") from None
    refuse_unless(laid_out_by_hand or again == data, "it is JSON, but not written in the one canonical way")
    return value


def base64_bytes(text, size=None, url=False):
    """Strict base64: decoding and encoding again gives the same characters. None if it is not that."""
    try:
        raw = text.encode("ascii")
        if url:
            data = base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))
            again = base64.urlsafe_b64encode(data).rstrip(b"=")
        else:
            data = base64.b64decode(raw, validate=True)
            again = base64.b64encode(data)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None
    return data if again == raw and (size is None or len(data) == size) else None


def seconds(time):
    """Seconds since 1970 of a `time`, or None if it is not one."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", time):
        return None
    try:
        moment = datetime.datetime(*(int(part) for part in re.split("[-T:Z]", time)[:6]), tzinfo=datetime.UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) if moment.year >= 2000 else None


def spoken_time(moment):
    """Seconds since 1970 as a `time`, or in words where there is no such `time`."""
    try:
        return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"second {moment} after 1970"


# A type is a function of (value, place) which returns nothing and raises Refused.


def of_text(name, test):
    def check(value, place):
        refuse_unless(isinstance(value, str) and test(value), f"{place} is not of type {name}")

    return check


def pattern(name, expression):
    return of_text(name, re.compile(expression).fullmatch)


def whole(least, most=BIGGEST):
    def check(value, place):
        span = f"of at least {least}" if most == BIGGEST else f"from {least} to {most}"
        refuse_unless(type(value) is int and least <= value <= most, f"{place} is not an integer {span}")

    return check


def one_of(*allowed):
    return of_text(" or ".join(allowed), lambda text: text in allowed)


def or_null(kind):
    def check(value, place):
        if value is not None:
            kind(value, place)

    return check


def list_of(kind, least=0, ascending=False):
    def check(value, place):
        refuse_unless(isinstance(value, list) and len(value) >= least, f"{place} is not a list of at least {least}")
        for number, inner in enumerate(value):
            kind(inner, f"{place}[{number}]")
        refuse_unless(not ascending or strictly_ascending(value), f"{place} is not strictly ascending")

    return check


def closed(may_lack=(), **members):
    """Exactly these members; those of `may_lack` may be left out, but not be null or empty unless their type says so."""

    def check(value, place):
        refuse_unless(isinstance(value, dict), f"{place} is not an object")
        odd = (set(value) ^ set(members)) - (set(may_lack) - set(value))
        refuse_unless(not odd, f"{place} lacks or has too much: {show(', '.join(sorted(odd)))}")
        for name, kind in members.items():
            if name in value:
                kind(value[name], f"{place}.{name}")

    return check


def by_kind(**kinds):
    def check(value, place):
        refuse_unless(isinstance(value, dict) and isinstance(value.get("kind"), str), f"{place} has no kind")
        refuse_unless(value["kind"] in kinds, f"{place} is of a kind this version does not define: {show(value['kind'])}")
        kinds[value["kind"]](value, place)

    return check


def strictly_ascending(texts):
    raw = [text.encode("utf-8") for text in texts]
    return all(a < b for a, b in zip(raw, raw[1:]))


def null(value, place):
    refuse_unless(value is None, f"{place} is not null")


def boolean(value, place):
    refuse_unless(type(value) is bool, f"{place} is not true or false")


def is_text(value):
    return 1 <= len(value) <= 4000 and not any(c < " " or c == "\x7f" for c in value)


def is_date(value):
    return re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) and seconds(value + "T00:00:00Z") is not None


string = of_text("string", lambda value: True)
text = of_text("text", is_text)
hex64 = pattern("hex64", "[0-9a-f]{64}")
ident = pattern("id", "[0-9A-Za-z._-]{1,64}")
label = pattern("label", "[a-z0-9-]{1,32}")
person = pattern("person", "p-[0-9a-f]{32}")
actor = pattern("actor", "s-[0-9a-f]{32}")
keyid = pattern("keyid", "sha256:[0-9a-f]{64}")
time = of_text("time", lambda value: seconds(value) is not None)
date = of_text("date", is_date)
key = of_text("key", lambda value: base64_bytes(value, 32) is not None)
base64_text = of_text("base64", lambda value: base64_bytes(value) is not None)
hash32 = of_text("hash", lambda value: base64_bytes(value, 32) is not None)
digest = of_text("digest", lambda value: base64_bytes(value, 32, url=True) is not None)
nonce16 = of_text("nonce16", lambda value: base64_bytes(value, 16, url=True) is not None)
count = whole(0)
actors = list_of(closed(id=actor, role=label))


def fits(kind, value):
    try:
        kind(value, "")
        return True
    except Refused:
        return False


def keyid_of(key_text):
    return "sha256:" + SHA256hex(bytes.fromhex("302a300506032b6570032100") + base64_bytes(key_text, 32))


# ====================================================================================================================
# Ed25519 (RFC 8032), verification only, strict and without cofactor
# ====================================================================================================================

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)  # extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * D * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_double(p):
    a, b = p[0] * p[0] % P, p[1] * p[1] % P
    h = a + b
    e = h - (p[0] + p[1]) ** 2 % P
    g = a - b
    f = 2 * p[2] * p[2] % P + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_decode(data):
    """RFC 8032, 5.1.3; None for what is not the canonical encoding of a point."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if v * x * x % P != u or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def point_encode(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def multiples(p):
    row = [NEUTRAL]
    for _ in range(15):
        row.append(point_add(row[-1], p))
    return row


@functools.cache
def base_table():
    """Row i holds 0 … 15 times 16^i times the base point."""
    p, table = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")), []
    for _ in range(64):
        table.append(multiples(p))
        p = point_add(table[-1][15], p)
    return table


@functools.lru_cache(4096)
def key_table(public):
    """0 … 15 times −A, or None for a key that is no point, not canonical or of small order."""
    p = point_decode(public)
    if p is None:
        return None
    small = point_double(point_double(point_double(p)))
    if small[0] % P == 0 and (small[1] - small[2]) % P == 0:
        return None
    return multiples((-p[0] % P, p[1], p[2], -p[3] % P))


def ed25519_verify(public, message, signature):
    """True if [S]B − [k]A encodes to exactly the R of the signature and S < L."""
    table = key_table(public) if len(public) == 32 and len(signature) == 64 else None
    s = int.from_bytes(signature[32:], "little")
    if table is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    q = NEUTRAL
    for shift in range(252, -4, -4):
        q = point_double(point_double(point_double(point_double(q))))
        q = point_add(q, table[k >> shift & 15])
    for i, row in enumerate(base_table()):
        q = point_add(q, row[s >> 4 * i & 15])
    return point_encode(q) == signature[:32]


# ====================================================================================================================
# ML-DSA-44 (FIPS 204), verification only, "pure" and with an empty context
# ====================================================================================================================

Q = 8380417
DROPPED_BITS, TAU, BETA, OMEGA = 13, 39, 78, 80
GAMMA_1, GAMMA_2 = 1 << 17, (Q - 1) // 88
ROWS = COLUMNS = 4
MLDSA_PUBLIC, MLDSA_SIGNATURE = 32 + ROWS * 320, 32 + COLUMNS * 576 + OMEGA + ROWS  # 1,312 and 2,420 bytes
ZETAS = [pow(1753, int(f"{m:08b}"[::-1], 2), Q) for m in range(256)]  # 1753 to the power of m with its 8 bits reversed


def ntt(polynomial):
    """Algorithm 41."""
    w, m, size = list(polynomial), 0, 128
    while size:
        for start in range(0, 256, 2 * size):
            m += 1
            zeta = ZETAS[m]
            for j in range(start, start + size):
                t = zeta * w[j + size] % Q
                w[j + size] = w[j] - t
                w[j] += t
        size //= 2
    return w


def inverse_ntt(transformed):
    """Algorithm 42."""
    w, m, size = list(transformed), 256, 1
    while size < 256:
        for start in range(0, 256, 2 * size):
            m -= 1
            zeta = ZETAS[m]
            for j in range(start, start + size):
                t = w[j]
                w[j] = t + w[j + size]
                w[j + size] = zeta * (w[j + size] - t) % Q
        size *= 2
    return [x * 8347681 % Q for x in w]  # 1/256


def squeezed(function, data):
    """The endless output of SHAKE, byte by byte."""
    done, size = 0, 1024
    while True:
        yield from function(data).digest(size)[done:]
        done, size = size, 2 * size


def unpacked(data, width):
    """256 numbers of so many bits, the lowest bits first (algorithms 16, 18 and 19)."""
    number, mask = int.from_bytes(data, "little"), (1 << width) - 1
    return [number >> width * i & mask for i in range(256)]


def packed(numbers, width):
    return sum(x << width * i for i, x in enumerate(numbers)).to_bytes(32 * width, "little")


def sampled_in_ball(seed):
    """Algorithm 29: 39 coefficients are 1 or -1, the others 0."""
    stream, c = squeezed(hashlib.shake_256, seed), [0] * 256
    signs = int.from_bytes(bytes(next(stream) for _ in range(8)), "little")
    for i in range(256 - TAU, 256):
        j = next(byte for byte in stream if byte <= i)
        c[i], c[j] = c[j], -1 if signs >> (i + TAU - 256) & 1 else 1
    return c


def sampled_by_rejection(seed):
    """Algorithm 30: 256 coefficients below q."""
    stream, a = squeezed(hashlib.shake_128, seed), []
    while len(a) < 256:
        x = next(stream) | next(stream) << 8 | (next(stream) & 127) << 16
        if x < Q:
            a.append(x)
    return a


@functools.lru_cache(64)
def mldsa_key(public):
    """The matrix of a public key, its vector, both transformed, and the hash of the key."""
    matrix = [[sampled_by_rejection(public[:32] + bytes([s, r])) for s in range(COLUMNS)] for r in range(ROWS)]
    rows = [unpacked(public[32 + 320 * r : 352 + 320 * r], 10) for r in range(ROWS)]
    return matrix, [ntt([x << DROPPED_BITS for x in row]) for row in rows], hashlib.shake_256(public).digest(64)


def hints_of(data):
    """Algorithm 21: per row the set of places with a hint, or None for what is not the one encoding of such sets."""
    places, ends, first, hints = data[:OMEGA], data[OMEGA:], 0, []
    for end in ends:
        if not first <= end <= OMEGA:
            return None
        row = places[first:end]
        if any(a >= b for a, b in zip(row, row[1:])):
            return None
        hints.append(frozenset(row))
        first = end
    return None if any(places[first:]) else hints


def high_bits(r, hint):
    """Algorithms 36 and 40: of 0 … 43 the part of r that the hint points to."""
    low = r % (2 * GAMMA_2)
    if low > GAMMA_2:
        low -= 2 * GAMMA_2
    high = (r - low) // (2 * GAMMA_2)
    if r - low == Q - 1:
        high, low = 0, low - 1
    return (high + (1 if low > 0 else -1)) % 44 if hint else high


def mldsa44_verify(public, message, signature):
    """Algorithms 3 and 8."""
    if len(public) != MLDSA_PUBLIC or len(signature) != MLDSA_SIGNATURE:
        return False
    challenge = signature[:32]
    z = [[GAMMA_1 - x for x in unpacked(signature[32 + 576 * s : 608 + 576 * s], 18)] for s in range(COLUMNS)]
    hints = hints_of(signature[32 + 576 * COLUMNS :])
    if hints is None or any(abs(x) >= GAMMA_1 - BETA for row in z for x in row):
        return False
    matrix, t, key_hash = mldsa_key(public)
    mu = hashlib.shake_256(key_hash + b"\0\0" + message).digest(64)
    c, z = ntt(sampled_in_ball(challenge)), [ntt(row) for row in z]
    w = b""
    for r in range(ROWS):
        row = [-x * y for x, y in zip(c, t[r])]
        for s in range(COLUMNS):
            row = [sum_ + x * y for sum_, x, y in zip(row, matrix[r][s], z[s])]
        w += packed([high_bits(x, j in hints[r]) for j, x in enumerate(inverse_ntt([x % Q for x in row]))], 6)
    return hashlib.shake_256(mu + w).digest(32) == challenge


# ====================================================================================================================
# pools.md: the frozen lists as bytes
# ====================================================================================================================

blob_reference = closed(count=count, root=hex64, sha256=hex64, size=count)
PUBLIC_BLOBS = ("apart", "conflicts", "excluded", "mandatory", "people", "pool")


def is_target(value):
    return fits(ident, value) and not value.startswith("p-")


def is_places(value):
    return re.fullmatch("0|[1-9][0-9]{0,3}", value)


def joined(kind, least=0):
    """Ids joined by commas, strictly ascending."""

    def test(value):
        parts = value.split(",") if value else []
        return len(parts) >= least and all(fits(kind, part) for part in parts) and strictly_ascending(parts)

    return test


def column(kind):
    return lambda value: fits(kind, value)


# Per blob: how many columns form the key, and the test of each column.
BLOBS = {
    "pool": (1, [is_target, column(ident), column(ident), column(ident)]),
    "excluded": (1, [is_target, column(label)]),
    "mandatory": (1, [is_target, column(label)]),
    "people": (
        1,
        [column(person), column(label), column(one_of("inspector", "expert")), joined(ident), joined(ident), is_places, column(digest)],
    ),
    "apart": (2, [column(person), column(person)]),
    "conflicts": (1, [is_target, column(hex64)]),
    "opened": (1, [is_target, column(hex64), joined(person, 1)]),
}


def read_blob(name, content):
    """The rows of a blob, or Refused. One LF after every line, TAB between columns, lines ascending, keys unique."""
    if content == "":
        return []
    refuse_unless(content.endswith("\n"), f"the list {name} does not end with a line feed")
    lines, (keys, tests) = content[:-1].split("\n"), BLOBS[name]
    refuse_unless(strictly_ascending(lines), f"the lines of the list {name} are not sorted")
    rows, seen = [], set()
    for number, line in enumerate(lines, 1):
        row = line.split("\t")
        good = len(row) == len(tests) and all(test(value) for test, value in zip(tests, row))
        refuse_unless(good, f"line {number} of the list {name} is not as it must be: {show(line)}")
        refuse_unless(tuple(row[:keys]) not in seen, f"line {number} of the list {name} repeats an entry")
        seen.add(tuple(row[:keys]))
        rows.append(row)
    return rows


def conflict_commitment(salt, people):
    return SHA256hex("double-random/1\nconflicts\n" + salt + "\n" + "".join(p + "\n" for p in people))


class Person:
    def __init__(self, row):
        self.id, self.section, self.role, codes, areas, places, self.digest = row
        self.codes = frozenset(codes.split(",")) if codes else frozenset()
        self.areas = frozenset(areas.split(",")) if areas else frozenset()
        self.places = int(places)


class Lists:
    """The public lists of a plan, read and held against rules 1 to 5 of pools.md (of rule 7 nothing is public)."""

    def __init__(self, plan, contents):
        rows = {name: read_blob(name, contents[name]) for name in PUBLIC_BLOBS}
        self.pool = {t: (stratum, of_class, area) for t, stratum, of_class, area in rows["pool"]}
        self.people = {row[0]: Person(row) for row in rows["people"]}
        self.excluded, self.mandatory = dict(rows["excluded"]), dict(rows["mandatory"])
        self.conflicts = dict(rows["conflicts"])
        self.apart = {}  # person to those who are kept apart from this person
        for first, second in rows["apart"]:
            self.apart.setdefault(first, set()).add(second)
            self.apart.setdefault(second, set()).add(first)
            refuse_unless(first < second, "a pair of the list apart is the wrong way round")
            refuse_unless(first in self.people and second in self.people, "the list apart names someone not in people")
        refuse_unless(not self.excluded.keys() & self.pool.keys(), "a target stands both in pool and in excluded")
        refuse_unless(self.mandatory.keys() <= self.pool.keys(), "a mandatory target does not stand in pool")
        refuse_unless(self.conflicts.keys() <= self.pool.keys(), "a target of conflicts does not stand in pool")
        declared = {name: {entry["id"] for entry in plan[name]} for name in ("strata", "classes", "areas", "codes", "sections", "reason_codes")}
        for t, (stratum, of_class, area) in self.pool.items():
            known = stratum in declared["strata"] and of_class in declared["classes"] and area in declared["areas"]
            refuse_unless(known, f"target {t} has a stratum, class or area the plan does not declare")
        for p in self.people.values():
            known = p.section in declared["sections"] and p.codes <= declared["codes"] and p.areas <= declared["areas"]
            refuse_unless(known, f"person {p.id} has a section, code or area the plan does not declare")
        for reason in (*self.excluded.values(), *self.mandatory.values()):
            refuse_unless(reason in declared["reason_codes"], f"the reason {reason} is not declared in the plan")

    def clash(self, p, others):
        return p in self.apart and not self.apart[p].isdisjoint(others)


# ====================================================================================================================
# plan.md: the plan
# ====================================================================================================================

named = closed(id=ident, name=text)
seat = closed(codes=list_of(ident), name=text, section=label)
share = {"kind": string, "numerator": count, "denominator": count}
QUOTA_RULE = by_kind(
    **{
        "fixed": closed(kind=string, count=count),
        "percent": closed(**share),
        "percent-or-one": closed(**share),
        "at-least": closed(**share),
        "per-officer": closed(kind=string, targets=count),
        "per-period": closed(**share, period=count, periods=count),
        "largest-remainder": closed(kind=string, total=count),
    }
)
# Types, bounds and minimum numbers of the table are form (step 1); what ascends, and everything else, is rule (step 13).
PLAN = closed(
    may_lack=("pool_rules", "teams_of"),
    type=one_of("draw-plan/v1"),
    algorithm=one_of("double-random/1"),
    hash=one_of("sha256"),
    id=ident,
    bureau=label,
    year=whole(2000, 9999),
    number=whole(1),
    attempt=whole(1),
    previous=or_null(hex64),
    rehearsal=boolean,
    title=text,
    task=named,
    origin=one_of("annual-plan", "special-campaign", "temporary-task"),
    legal_basis=list_of(text, 1),
    sections=list_of(closed(id=label, key=key, name=text), 1),
    areas=list_of(named),
    codes=list_of(named),
    classes=list_of(
        closed(
            expert_seats=list_of(seat),
            id=ident,
            inspector_seats=list_of(seat),  # that there is one is rule 4
            items=list_of(closed(optional=count, section=label), 1),
            name=text,
        ),
        1,
    ),
    strata=list_of(
        closed(
            id=ident,
            mandatory=count,
            name=text,
            population=count,
            quotas=list_of(
                closed(
                    base=count,
                    by_lot=count,
                    chance=text,
                    quota=count,
                    rule=QUOTA_RULE,
                    section=label,
                ),
                1,
            ),
            rule=text,
        ),
        1,
    ),
    items=list_of(
        closed(classes=list_of(ident, 1), id=ident, legal_basis=text, mandatory=boolean, name=text, section=label)
    ),
    mandatory_counts=boolean,
    area_rule=one_of("any", "same", "other"),
    reason_codes=list_of(closed(id=label, name=text)),
    replacement_reasons=list_of(closed(applies=one_of("target", "person"), id=label, name=text)),
    exceptions=list_of(closed(reason=text, rule=label, subject=text)),
    visits=closed(**{"from": date, "to": date}),
    names_open=time,
    sealed=or_null(closed(opens=time)),
    contributors=list_of(
        by_kind(
            nonce=closed(kind=string, label=label, commitment=hex64, custodian=text),
            witness=closed(kind=string, label=label, body=text, person=digest, key=or_null(key)),
            dice=closed(
                kind=string, digits=whole(40, 200), throwers=list_of(closed(body=text, key=or_null(key), label=label, person=digest), 3)
            ),
            public=closed(kind=string, label=label, source=text, issue=text, order=text, digits=whole(1, 200), example=text),
            drand=closed(kind=string, chain=hex64, round=whole(1)),
        ),
        1,
    ),
    instant=time,
    frozen_at=time,
    actors=actors,
    blobs=closed(**dict.fromkeys((*PUBLIC_BLOBS, "reasons"), blob_reference)),
    pool_rules=list_of(
        closed(id=label, parameters=list_of(closed(name=label, value=text)), text=text, version=text), 1
    ),
    teams_of=closed(draw=ident, plan=hex64, result=hex64),
)

RULE_IDS = ("small-stratum", "no-chance", "narrow-pool", "thin-seat", "wide-exclusion")
ROLES = (("inspectors", "inspector", "inspector_seats"), ("experts", "expert", "expert_seats"))


def declared_label(contributor):
    """The label a contribution document gives for a contributor."""
    return contributor.get("label", contributor["kind"])  # dice and drand have no label of their own


def quota_base(population, mandatory, mandatory_counts):
    return population if mandatory_counts else population - mandatory


def quota_alone(rule, base, officers):
    """k of a rule that needs no other stratum. `officers`: the section's inspectors with places."""
    kind = rule["kind"]
    if kind == "fixed":
        return rule["count"]
    if kind == "per-officer":
        return min(base, rule["targets"] * officers)
    a, b = rule["numerator"], rule["denominator"]
    refuse_unless(a <= b and b >= 1, "a quota's numerator is above its denominator, or the denominator is 0")
    percent = (2 * base * a + b) // (2 * b)
    if kind == "at-least":
        return -(-base * a // b)
    if kind == "percent-or-one":
        return percent or min(base, 1)
    if kind == "per-period":
        now, periods = rule["period"], rule["periods"]
        refuse_unless(1 <= now <= periods, "a quota's period is 0 or above its periods")
        return percent * now // periods - percent * (now - 1) // periods
    return percent


def quota_shares(total, bases):
    """One number split over strata with these bases, in plan order, by the largest remainders."""
    together = sum(bases)
    refuse_unless(together > 0, "a number is to be split over strata without targets")
    refuse_unless(all(total * b >= together for b in bases), "a number is to be split over a stratum whose share is less than one target")
    shares = [total * b // together for b in bases]
    first = sorted(range(len(bases)), key=lambda i: (-(total * bases[i] % together), -bases[i], i))
    for i in first[: total - sum(shares)]:
        shares[i] += 1
    return shares


def quota_numbers(k, population, mandatory, mandatory_counts):
    """base, quota, by_lot, chance of one section in one stratum, in exact integers."""
    by_lot = max(0, k - mandatory) if mandatory_counts else k
    return quota_base(population, mandatory, mandatory_counts), k, by_lot, f"{by_lot}/{population - mandatory}"


def plan_quotas(plan, people, numbers):
    """{(stratum, section): k} for all quotas of a plan. `numbers`: {stratum: (population, mandatory)} as counted."""
    officers = Counter(p.section for p in people if p.role == "inspector" and p.places >= 1)
    found, split = {}, {}
    for s in plan["strata"]:
        base = quota_base(*numbers[s["id"]], plan["mandatory_counts"])
        for q in s["quotas"]:
            if q["rule"]["kind"] == "largest-remainder":
                split.setdefault(q["section"], []).append((s["id"], base, q["rule"]["total"]))
            else:
                found[s["id"], q["section"]] = quota_alone(q["rule"], base, officers[q["section"]])
    for section, entries in split.items():
        strata, bases, totals = zip(*entries)
        refuse_unless(len(set(totals)) == 1, f"the strata of section {section} do not name the same number to be split")
        for stratum, k in zip(strata, quota_shares(totals[0], bases)):
            found[stratum, section] = k
    return found


def area_allows(plan, areas, area):
    return {"any": True, "same": area in areas, "other": area not in areas}[plan["area_rule"]]


def may_sit(plan, p, role, a_seat, area):
    return (
        p.role == role
        and p.section == a_seat["section"]
        and p.codes >= set(a_seat["codes"])
        and area_allows(plan, p.areas, area)
    )


def refuse_plan_1_names(plan):
    made = f"{plan['bureau']}-{plan['year']}-{plan['number']}-{plan['attempt']}"
    refuse_unless(plan["id"] == made, f"the plan's id is not {made}")
    for name in ("sections", "areas", "codes", "classes", "strata", "items", "reason_codes", "replacement_reasons"):
        refuse_unless(unique(entry["id"] for entry in plan[name]), f"an id repeats in the plan's {name}")
    labels = [declared_label(c) for c in plan["contributors"]]
    labels += [thrower["label"] for c in plan["contributors"] if c["kind"] == "dice" for thrower in c["throwers"]]
    refuse_unless(unique(labels), "a label of contributors or throwers repeats")
    people = [*plan["sections"], *(c for c in plan["contributors"] if c["kind"] == "witness")]
    people += [thrower for c in plan["contributors"] if c["kind"] == "dice" for thrower in c["throwers"]]
    refuse_unless(unique(p["key"] for p in people if p["key"] is not None), "a key stands twice among sections, witnesses and throwers")
    sections, classes, codes = ({entry["id"] for entry in plan[name]} for name in ("sections", "classes", "codes"))
    used = [item["section"] for item in plan["items"]] + [q["section"] for s in plan["strata"] for q in s["quotas"]]
    for c in plan["classes"]:
        seats = c["inspector_seats"] + c["expert_seats"]
        used += [entry["section"] for entry in c["items"] + seats]
        refuse_unless(all(strictly_ascending(s["codes"]) for s in seats), f"the codes of a seat of class {c['id']} do not ascend")
        refuse_unless(all(code in codes for s in seats for code in s["codes"]), f"a seat of class {c['id']} asks for an unknown code")
    refuse_unless(set(used) <= sections, "a class, item, quota or seat names a section that is not declared")
    refuse_unless(all(strictly_ascending(item["classes"]) for item in plan["items"]), "the classes of an item do not ascend")
    refuse_unless(all(c in classes for item in plan["items"] for c in item["classes"]), "an item names an unknown class")


def refuse_plan_2_times(plan):
    refuse_unless(plan["frozen_at"] < plan["instant"], "frozen_at is not before T")
    refuse_unless(plan["names_open"] >= plan["instant"], "names_open is before T")
    refuse_unless(plan["sealed"] is None or plan["sealed"]["opens"] > plan["instant"], "sealed.opens is not after T")
    refuse_unless(plan["visits"]["from"] <= plan["visits"]["to"], "the visits end before they begin")


def refuse_plan_3_quotas(plan, lists):
    place = {section["id"]: n for n, section in enumerate(plan["sections"])}

    def in_order(entries):
        places = [place[entry["section"]] for entry in entries]
        return all(a < b for a, b in zip(places, places[1:]))

    population = Counter(stratum for stratum, _, _ in lists.pool.values())
    mandatory = Counter(lists.pool[t][0] for t in lists.mandatory)
    numbers = {s["id"]: (population[s["id"]], mandatory[s["id"]]) for s in plan["strata"]}
    for s in plan["strata"]:
        n, m = numbers[s["id"]]
        refuse_unless((s["population"], s["mandatory"]) == (n, m), f"stratum {s['id']} holds {n} targets, {m} mandatory; the plan says otherwise")
        refuse_unless(in_order(s["quotas"]), f"the quotas of stratum {s['id']} are not in plan order")
    quotas = plan_quotas(plan, lists.people.values(), numbers)
    for s in plan["strata"]:
        for q in s["quotas"]:
            right = quota_numbers(quotas[s["id"], q["section"]], *numbers[s["id"]], plan["mandatory_counts"])
            stated = q["base"], q["quota"], q["by_lot"], q["chance"]
            refuse_unless(stated == right, f"the quota of {q['section']} in {s['id']} is stated as {show(list(stated))}, the rule gives {show(list(right))}")
            refuse_unless(right[1] <= right[0], f"the quota of {q['section']} in {s['id']} is larger than its base")
    for c in plan["classes"]:
        refuse_unless(in_order(c["items"]), f"the items of class {c['id']} are not in plan order")


def classes_that_draw(plan, lists):
    """[(stratum, class object, section)]: whatever a line of pool and a quota of its stratum bring together."""
    of_stratum = {s["id"]: [q["section"] for q in s["quotas"]] for s in plan["strata"]}
    classes = {c["id"]: c for c in plan["classes"]}
    met = sorted({(stratum, of_class) for stratum, of_class, _ in lists.pool.values()})
    return [(stratum, classes[of_class], q) for stratum, of_class in met for q in of_stratum[stratum]]


def refuse_without_inspector_seat(plan, lists):
    for c in plan["classes"]:
        refuse_unless(c["inspector_seats"], f"class {c['id']} has no inspector seat")
    for stratum, c, q in classes_that_draw(plan, lists):
        seated = any(s["section"] == q for s in c["inspector_seats"])
        refuse_unless(seated, f"class {c['id']} in stratum {stratum} has no inspector seat of {q}")


def refuse_plan_4_seats_and_items(plan, lists):
    if "teams_of" in plan:
        return
    refuse_without_inspector_seat(plan, lists)
    offered = {(item["section"], c) for item in plan["items"] if item["mandatory"] for c in item["classes"]}
    for stratum, c, q in classes_that_draw(plan, lists):
        optional = {entry["section"]: entry["optional"] for entry in c["items"]}
        gets = q in optional and (optional[q] or (q, c["id"]) in offered)
        refuse_unless(gets, f"class {c['id']} in stratum {stratum} gets no item of {q}")


def refuse_plan_5_optional_items(plan):
    offered = Counter((item["section"], c) for item in plan["items"] if not item["mandatory"] for c in item["classes"])
    for c in plan["classes"]:
        for entry in c["items"]:
            enough = entry["optional"] <= offered[entry["section"], c["id"]]
            refuse_unless(enough, f"class {c['id']} asks {entry['section']} for more optional items than there are")


def refuse_plan_6_contributors(plan):
    contributors = plan["contributors"]
    kinds = [c["kind"] for c in contributors]
    refuse_unless(kinds[-1] in ("dice", "public", "drand"), "the last contributor is neither dice nor public nor drand")
    refuse_unless("drand" not in kinds[:-1], "drand is not the last contributor")
    refuse_unless(kinds.count("dice") <= 1, "there is more than one dice")
    refuse_unless(kinds.count("witness") != 1, "there is exactly one witness")
    refuse_unless(plan["sealed"] is None or "nonce" in kinds, "a sealed plan has no nonce")
    for c in contributors:
        if c["kind"] == "dice":
            refuse_unless(unique(thrower["body"] for thrower in c["throwers"]), "two throwers come from one body")
        if c["kind"] == "public":
            refuse_unless(is_digits(c["example"], c["digits"], c["digits"]), "the example of a public number has not the stated digits")
        if c["kind"] == "drand":
            first = first_round(plan["instant"])
            refuse_unless(c["chain"] == QUICKNET, f"the plan names a beacon this version does not know: {c['chain']}")
            refuse_unless(c["round"] == first, f"the first round at or after T is {first}, the plan names {c['round']}")


def refuse_plan_7_exceptions(plan, lists):
    stated = {(e["rule"], e["subject"]) for e in plan["exceptions"]}
    refuse_unless(all(rule in RULE_IDS for rule, _ in stated), "an exception names an unknown rule")

    def needs(rule, subject):
        refuse_unless((rule, subject) in stated, f"no reason is stated for {rule} {show(subject)}")

    alone = "teams_of" in plan
    if not alone and len(lists.excluded) > len(lists.pool):
        needs("narrow-pool", "pool")
    for s in plan["strata"]:
        if not alone and s["population"] < 20:
            needs("small-stratum", s["id"])
        for q in s["quotas"]:
            if q["by_lot"] == 0 and s["population"] > s["mandatory"]:
                needs("no-chance", f"{s['id']}/{q['section']}")
    areas_of = {}
    for _, of_class, area in lists.pool.values():
        areas_of.setdefault(of_class, set()).add(area)
    for c in plan["classes"]:
        for plural, role, member in ROLES:
            for number, a_seat in enumerate(c[member], 1):
                for area in areas_of.get(c["id"], ()):
                    able = sum(p.places >= 1 and may_sit(plan, p, role, a_seat, area) for p in lists.people.values())
                    if able < 3:
                        needs("thin-seat", f"{c['id']}/{plural}/{number}")


def refuse_plan_8_pool_rules(plan):
    rules = plan.get("pool_rules", [])
    refuse_unless(unique(rule["id"] for rule in rules), "a pool rule stands twice")
    reasons = {reason["id"] for reason in plan["reason_codes"]}
    for rule in rules:
        refuse_unless(rule["id"] in reasons, f"the pool rule {rule['id']} is not one of the reason codes")
        names = [parameter["name"] for parameter in rule["parameters"]]
        refuse_unless(strictly_ascending(names), f"the parameters of the pool rule {rule['id']} do not ascend")


def refuse_plan_9_teams_alone(plan, lists, former):
    """Teams alone: `former` is the result that `teams_of` names, already read."""
    if "teams_of" not in plan:
        return
    refuse_unless(former["plan"] == plan["teams_of"]["plan"], "the former result is of another plan than the one named")
    refuse_unless(plan["teams_of"]["draw"] != plan["id"], "the plan names itself as the former draw")
    named = sorted([*lists.pool, *lists.excluded])
    refuse_unless(sorted(t["id"] for t in former["targets"]) == named, "the lists do not name exactly the targets of the former result")
    refuse_unless(len(lists.mandatory) == len(lists.pool), "a target is not mandatory, but only teams are to be drawn")
    refuse_unless(not plan["mandatory_counts"], "mandatory targets fill a quota, but only teams are to be drawn")
    quotas = {s["id"]: s["quotas"] for s in plan["strata"]}
    for s, entries in quotas.items():
        for q in entries:
            nothing = q["rule"]["kind"] == "fixed" and q["rule"]["count"] == 0
            refuse_unless(nothing, f"the quota of {q['section']} in {s} is not fixed 0, but only teams are to be drawn")
    for t in former["targets"]:
        if t["id"] in lists.pool:
            drew = {q["section"] for q in quotas[lists.pool[t["id"]][0]]}
            refuse_unless(drew == set(t["sections"]), f"{t['id']} was drawn by other sections than the quotas of its stratum say")
    optional = any(entry["optional"] for c in plan["classes"] for entry in c["items"])
    refuse_unless(not plan["items"] and not optional, "there are items to draw, but only teams are to be drawn")
    refuse_unless(plan["sealed"] is None, "the plan is sealed, but who is inspected is already known")
    if former["inspectors"]["outcome"] == "COMPLETE":
        refuse_unless(former["experts"]["outcome"] != "COMPLETE", "the teams of the former draw were complete")
        seated = [c["id"] for c in plan["classes"] if c["inspector_seats"]]
        here = {row[1] for row in lists.pool.values()}
        refuse_unless(any(c["expert_seats"] for c in plan["classes"] if c["id"] in here), "only experts are left to draw, but no class has a seat for one")
        refuse_unless(not seated, f"the inspectors of the former draw were complete, but there are inspector seats: {show(', '.join(seated))}")
    else:
        refuse_without_inspector_seat(plan, lists)


def unique(values):
    values = list(values)
    return len(set(values)) == len(values)


def is_digits(value, least, most):
    return least <= len(value) <= most and re.fullmatch("[0-9]*", value) is not None


# ====================================================================================================================
# draw.md: contributions, keys, tickets, the four draws, replacement, sealed draws
# ====================================================================================================================

# ---- 1. contribution lines


def lawful_line(contributor, line):
    """Whether a line is one that this contributor of the plan may give."""
    kind = contributor["kind"]
    if len(line) > MAX_LINE or not re.fullmatch("[!-~]+", line):
        return False
    if kind == "dice":
        return line.startswith("dice:") and is_digits(line[5:], contributor["digits"], contributor["digits"])
    if kind == "witness" and line == "absent:" + contributor["label"]:
        return True
    start = f"drand:{contributor['chain']}:{contributor['round']}:" if kind == "drand" else f"{kind}:{contributor['label']}:"
    rest = line[len(start) :]
    if not line.startswith(start):
        return False
    if kind == "nonce":
        return fits(hex64, rest)
    if kind == "witness":
        return is_digits(rest, 10, 80)
    if kind == "drand":
        return re.fullmatch("[0-9a-f]{96}", rest) is not None
    return kind == "public" and is_digits(rest, contributor["digits"], contributor["digits"])


def nonce_commitment(plan, nonce):
    return SHA256hex(f"double-random/1\nnonce\n{plan['bureau']}\n{plan['number']}\n{plan['attempt']}\n{nonce}\n")


# ---- 2. keys and tickets


def draw_key_of(s, lines):
    return SHA256hex("double-random/1\nkey\n" + s + "\n" + "".join(line + "\n" for line in lines))


def stage_key_of(draw_key, stage):
    return SHA256hex("double-random/1\nstage\n" + draw_key + "\n" + stage + "\n")


def ticket_of(stage_key, an_id):
    return SHA256hex(stage_key + ":" + an_id)


def in_ticket_order(draw_key, stage, ids):
    """[(ticket, id)] in the order of a stage."""
    stage_key = stage_key_of(draw_key, stage)
    return sorted((ticket_of(stage_key, an_id), an_id) for an_id in ids)  # ids are ASCII


# ---- 3. targets and 4. items


class Draw:
    """Everything that follows from plan, lists and draw key."""

    def __init__(self, plan, lists, draw_key):
        self.plan, self.lists, self.key = plan, lists, draw_key
        self.classes = {c["id"]: c for c in plan["classes"]}
        self.section_order = [section["id"] for section in plan["sections"]]
        self.stage_key = stage_key_of(draw_key, "targets")
        self.ticket = {t: ticket_of(self.stage_key, t) for t in lists.pool}
        self.able = {}  # (role, class, seat, area) to the people who may sit there, conflicts aside
        self.rank, self.strata, self.reserves, sections_of = {}, [], {}, {}
        candidates, mandatory = ({s["id"]: [] for s in plan["strata"]} for _ in range(2))
        for t in sorted(lists.pool, key=lambda t: (self.ticket[t], t)):
            (mandatory if t in lists.mandatory else candidates)[lists.pool[t][0]].append(t)
        for s in plan["strata"]:
            order, quotas = candidates[s["id"]], s["quotas"]
            deepest = max(q["by_lot"] for q in quotas)
            for rank, t in enumerate(order, 1):
                self.rank[t] = rank
                if rank <= deepest:
                    sections_of[t] = {q["section"] for q in quotas if q["by_lot"] >= rank}
            for t in mandatory[s["id"]]:
                sections_of[t] = {q["section"] for q in quotas}
            self.reserves[s["id"]] = order[deepest:]
            cuts = [{"cut": self.ticket[order[q["by_lot"] - 1]] if q["by_lot"] else None, "section": q["section"]} for q in quotas]
            self.strata.append(
                {"id": s["id"], "next": order[deepest] if len(order) > deepest else None, "order": order[:deepest], "quotas": cuts}
            )
        self.targets = [
            {
                "id": t,
                "rank": self.rank.get(t),
                "sections": [q for q in self.section_order if q in sections_of[t]],
                "stratum": lists.pool[t][0],
                "ticket": self.ticket[t],
            }
            for t in sorted(sections_of, key=lambda t: (self.ticket[t], t))
        ]

    def items(self, t, sections):
        of_class = self.lists.pool[t][1]
        mine = [item for item in self.plan["items"] if of_class in item["classes"] and item["section"] in sections]
        section_of = {item["id"]: item["section"] for item in mine}
        left = {entry["section"]: entry["optional"] for entry in self.classes[of_class]["items"]}
        listed = sorted(item["id"] for item in mine if item["mandatory"])
        for _, an_id in in_ticket_order(self.key, "items/" + t, [item["id"] for item in mine if not item["mandatory"]]):
            if left.get(section_of[an_id], 0) > 0:
                left[section_of[an_id]] -= 1
                listed.append(an_id)
        return listed

    # ---- 5. teams

    def seats(self, t, sections, member):
        """[(number, seat)] of a target's seats, only those whose section draws it, keeping their numbers."""
        return [(n, s) for n, s in enumerate(self.classes[self.lists.pool[t][1]][member], 1) if s["section"] in sections]

    def candidates(self, t, seats, plural, role, conflicted):
        """For each of a target's seats the people who may sit there, in the order of the stage."""
        _, of_class, area = self.lists.pool[t]
        able = []
        for number, s in seats:
            place = role, of_class, number, area
            if place not in self.able:
                self.able[place] = [p.id for p in self.lists.people.values() if may_sit(self.plan, p, role, s, area)]
            able.append([p for p in self.able[place] if p not in conflicted])
        place = {p: n for n, (_, p) in enumerate(in_ticket_order(self.key, f"{plural}/{t}", set().union(*able)))}
        return [sorted(people, key=place.__getitem__) for people in able]

    def stage(self, targets, role_entry, conflicts, left, mates):
        """DRAW for one role over [(target, sections)]. Gives the team object and {target: [person per seat]}."""
        plural, role, member = role_entry
        all_seats, all_candidates = [], []
        for t, sections in targets:
            seats = self.seats(t, sections, member)
            all_seats += [(t, number) for number, _ in seats]
            all_candidates += self.candidates(t, seats, plural, role, conflicts.get(t, ()))
        outcome, people, certificate = draw_seats(all_seats, all_candidates, left, mates, self.lists.clash)
        teams = {t: [] for t, _ in targets}
        if outcome == "COMPLETE":
            for (t, _), p in zip(all_seats, people):
                teams[t].append(p)
        return {"certificate": certificate, "outcome": outcome}, teams

    def teams(self, targets, conflicts, left):
        """Stage inspectors, then stage experts: {"inspectors": (team, {target: people}), "experts": …}."""
        result, mates = {}, {}
        for entry in ROLES:
            if entry[0] == "experts" and result["inspectors"][0]["outcome"] != "COMPLETE":
                result["experts"] = {"certificate": None, "outcome": "NOT_RUN"}, {t: [] for t, _ in targets}
                break
            result[entry[0]] = self.stage(targets, entry, conflicts, left, mates)
            mates = result[entry[0]][1]
        return result


def bits(mask):
    """The numbers whose bits are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class Flow:
    """The network of draw.md 5, kept while the search goes on: source - seat - pair (target, person) - person - sink.

    Seats and people are numbers, sets of people are masks. `choice` is the present flow: the person of each seat. The
    seats before `first` are chosen already: they keep their person and no path leads through them. Where a maximum flow
    starts from changes neither its value nor R.
    """

    def __init__(self, targets, allowed, left):
        self.targets, self.allowed, self.room, self.first = targets, list(allowed), list(left), 0
        self.with_room = sum(1 << p for p, places in enumerate(left) if places > 0)
        self.choice, self.holders = [None] * len(targets), [set() for _ in left]
        self.team = {}  # target to its seats
        for j, t in enumerate(targets):
            self.team.setdefault(t, []).append(j)
        self.moves = []  # (seat, person, put or taken), to be undone

    def put(self, j, p):
        self.choice[j] = p
        self.holders[p].add(j)
        self.room[p] -= 1
        if self.room[p] == 0:
            self.with_room ^= 1 << p
        self.moves.append((j, p, True))

    def take(self, j):
        p, self.choice[j] = self.choice[j], None
        self.holders[p].remove(j)
        if self.room[p] == 0:
            self.with_room ^= 1 << p
        self.room[p] += 1
        self.moves.append((j, p, False))
        return p

    def undo(self):
        moves, self.moves = self.moves, []
        for j, p, was_put in reversed(moves):
            self.take(j) if was_put else self.put(j, p)
        self.moves = []

    def search(self, starts):
        """Breadth first in the residual network from empty seats. Gives (last seat, person with room) or None."""
        self.via = dict.fromkeys(starts)  # seats reached, and the seat that would take over their person
        self.people, self.pairs = 0, set()  # reached; of the pairs only the full ones
        queue = deque(starts)

        def reach(seats, j):
            for other in seats:
                if other >= self.first and other not in self.via:
                    self.via[other] = j
                    queue.append(other)

        while queue:
            j = queue.popleft()
            new = self.allowed[j] & ~self.people
            for other in self.team[self.targets[j]]:
                p = self.choice[other]
                if p is not None and new >> p & 1:
                    new ^= 1 << p  # the pair is full: from its own seat no way, from another only back to the seat that fills it
                    if other != j:
                        self.pairs.add((self.targets[j], p))
                        reach((other,), j)
            if new & self.with_room:
                return j, next(bits(new & self.with_room))
            self.people |= new
            for p in bits(new):
                reach(self.holders[p], j)
        return None

    def augment(self, start):
        found = self.search([start])
        if found is None:
            return False
        j, p = found
        while j is not None:
            old = None if self.choice[j] is None else self.take(j)
            self.put(j, p)
            j, p = self.via[j], old
        return True

    def choose(self, i, p, mates_allowed):
        """True if all later seats can be filled when seat i, the next one, is given to p; else all is left as it was.

        `mates_allowed` is the mask of those who may sit beside p. The masks of the other seats of the target, as they
        were, are left in `narrowed`.
        """
        self.moves, self.narrowed, self.first, empty = [], [], i + 1, []
        if self.choice[i] != p:
            self.take(i)
        for j in self.team[self.targets[i]]:
            if j > i:
                self.narrowed.append((j, self.allowed[j]))
                self.allowed[j] &= mates_allowed
                if not self.allowed[j] >> self.choice[j] & 1:
                    self.take(j)
                    empty.append(j)
        if self.choice[i] is None:
            if self.room[p] == 0:  # one of the later seats that hold p has to look elsewhere
                empty.append(next(j for j in self.holders[p] if j > i))
                self.take(empty[-1])
            self.put(i, p)
        if all(self.augment(j) for j in empty):
            return True
        self.undo()
        self.unchoose(i, self.narrowed)
        return False

    def unchoose(self, i, narrowed):
        """Seat i is open again. It keeps its person for the time being: that is still a flow."""
        self.first = i
        for j, mask in narrowed:
            self.allowed[j] = mask


def draw_seats(seats, candidates, left, mates, clash):
    """DRAW of draw.md 5: (outcome, people per seat or None, certificate or None). `left` is not changed."""
    n, targets = len(seats), [t for t, _ in seats]
    # Nobody of mates(t) can ever sit with someone who clashes with them: that test does not change during the stage.
    free = [[p for p in people if not clash(p, mates[t])] if mates.get(t) else people for t, people in zip(targets, candidates)]

    # The short way: the first candidate who passes, seat by seat.
    chosen, spare, team_of = [], dict(left), {t: [] for t in targets}
    for t, people in zip(targets, free):
        team = team_of[t]
        p = next((p for p in people if spare[p] > 0 and p not in team and not clash(p, team)), None)
        if p is None:
            break
        chosen.append(p)
        team.append(p)
        spare[p] -= 1
    if len(chosen) == n:
        return "COMPLETE", chosen, None

    # The exact way, from the beginning. Everyone gets a number, in the order of the ids.
    names = sorted(set().union(*free))
    number = {p: x for x, p in enumerate(names)}
    free = [[number[p] for p in people] for people in free]
    left = [left[p] for p in names]

    @functools.cache
    def beside(p):
        return sum(1 << q for q, name in enumerate(names) if q != p and not clash(name, (names[p],)))

    flow = Flow(targets, [sum(1 << p for p in people) for people in free], left)
    empty = [j for j in range(n) if not flow.augment(j)]
    if empty:  # a seat without a path now has none later, so this is a maximum flow
        return "IMPOSSIBLE", None, certificate_of(flow, empty, seats, names, left)
    i, position, narrowed, nodes, limit = 0, [0] * (n + 1), [None] * n, 0, 20 * n + 10000
    while i < n:
        found = False
        while position[i] < len(free[i]):
            p = free[i][position[i]]
            position[i] += 1
            if left[p] == 0 or not flow.allowed[i] >> p & 1:  # chosen for t, or in a clash with one who is
                continue
            nodes += 1
            if nodes > limit:
                return "SEARCH_LIMIT", None, None
            if flow.choose(i, p, beside(p)):
                found = True
                break
        if found:
            left[p] -= 1
            narrowed[i] = flow.narrowed
            i += 1
            position[i] = 0
        elif i == 0:
            return "IMPOSSIBLE_PAIRS", None, None
        else:
            i -= 1
            left[flow.choice[i]] += 1
            flow.unchoose(i, narrowed[i])
    return "COMPLETE", [names[p] for p in flow.choice], None


def certificate_of(flow, empty, seats, names, left):
    """What the source reaches in the residual network of a maximum flow: why the seats cannot all be filled."""
    flow.search(empty)
    people = list(bits(flow.people))  # numbered in the order of their ids
    place = {t: n for n, t in enumerate(flow.team)}
    pairs = sorted((pair for pair in flow.pairs if not flow.people >> pair[1] & 1), key=lambda pair: (place[pair[0]], pair[1]))
    supply = sum(left[p] for p in people) + len(pairs)
    return {
        "pairs": [{"person": names[p], "target": t} for t, p in pairs],
        "people": [{"person": names[p], "places": left[p]} for p in people],
        "seats": [{"seat": seats[j][1], "target": seats[j][0]} for j in sorted(flow.via)],
        "short": len(flow.via) - supply,
        "supply": supply,
    }


# ---- 6. the result

TEAM = closed(
    certificate=or_null(
        closed(
            pairs=list_of(closed(person=person, target=ident)),
            people=list_of(closed(person=person, places=count)),
            seats=list_of(closed(seat=whole(1), target=ident)),
            short=whole(1),
            supply=count,
        )
    ),
    outcome=one_of("COMPLETE", "IMPOSSIBLE", "IMPOSSIBLE_PAIRS", "SEARCH_LIMIT", "NOT_RUN"),
)
RESULT = closed(
    draw_key=hex64,
    experts=TEAM,
    inspectors=TEAM,
    plan=hex64,
    stage_key=hex64,
    strata=list_of(
        closed(id=ident, next=or_null(ident), order=list_of(ident), quotas=list_of(closed(cut=or_null(hex64), section=label)))
    ),
    targets=list_of(
        closed(
            experts=list_of(person),
            id=ident,
            inspectors=list_of(person),
            items=list_of(ident),
            rank=or_null(count),
            sections=list_of(label),
            stratum=ident,
            ticket=hex64,
        )
    ),
)


def read_result(content, name):
    """A result, checked in form."""
    try:
        result = parse_json(content.encode("utf-8"))
        RESULT(result, "it")
        for role in ("inspectors", "experts"):
            with_certificate = result[role]["certificate"] is not None
            refuse_unless(with_certificate == (result[role]["outcome"] == "IMPOSSIBLE"), f"{role} has a certificate without IMPOSSIBLE, or the reverse")
    except Refused as refused:
        raise Refused(f"the {name} is not as it must be: {refused}") from None
    return result


# ---- 7. replacement

SUCCESSOR = closed(
    experts=list_of(or_null(person)),
    id=ident,
    inspectors=list_of(or_null(person)),
    items=list_of(ident),
    opened=or_null(closed(people=list_of(person, 1), salt=hex64)),
    rank=count,
    ticket=hex64,
)
EVENT = by_kind(
    target=closed(
        evidence=hex64, kind=string, reason=label, sequence=count, successor=or_null(SUCCESSOR), target=ident
    ),
    person=closed(
        evidence=hex64,
        kind=string,
        person=person,
        reason=label,
        role=one_of("inspector", "expert"),
        seat=count,
        sequence=count,
        successor=or_null(person),
        target=ident,
    ),
)


class Standing:
    """The standing state: result, then one event after the other."""

    def __init__(self, draw, result, conflicts):
        self.draw, self.lists, self.plan = draw, draw.lists, draw.plan
        self.conflicts = dict(conflicts)  # of every target ever drawn
        self.complete = {plural: result[plural]["outcome"] == "COMPLETE" for plural, _, _ in ROLES}
        self.targets = {
            t["id"]: {"sections": t["sections"], "inspectors": list(t["inspectors"]), "experts": list(t["experts"])}
            for t in result["targets"]
        }
        self.reserves = {s: iter(order) for s, order in draw.reserves.items()}  # those no event has made a successor yet
        self.removed = set()  # (target, person): nobody comes back to a target, so none is there twice
        self.ever = {p for t in result["targets"] for p in t["inspectors"] + t["experts"]}
        self.left = {p.id: p.places for p in self.lists.people.values()}
        for t in result["targets"]:
            self.seat(t["inspectors"] + t["experts"])

    def seat(self, people, times=1):
        for p in people:
            if p is not None:
                self.left[p] -= times
                self.ever.add(p)

    def apply(self, event):
        kind = event["kind"]
        lawful = {reason["id"] for reason in self.plan["replacement_reasons"] if reason["applies"] == kind}
        refuse_unless(event["reason"] in lawful, f"the reason {event['reason']} is not one of the plan's for a {kind}")
        refuse_unless(event["target"] in self.targets, f"{event['target']} is not a standing target")
        right = self.target_successor(event) if kind == "target" else self.person_successor(event)
        refuse_unless(event["successor"] == right, f"the successor is {show(event['successor'])}, the rules give {show(right)}")

    def target_successor(self, event):
        x = event["target"]
        ended = self.targets.pop(x)
        sections = ended["sections"]
        self.seat(ended["inspectors"] + ended["experts"], -1)  # x ends, its team's places are free
        y = next(self.reserves[self.lists.pool[x][0]], None)
        if y is None:
            return None
        stated = event["successor"]
        refuse_unless(stated is not None and stated["id"] == y, f"the successor of {x} must be {y}")
        opened = stated["opened"]
        check_opening(self.lists, y, None if opened is None else (opened["salt"], opened["people"]))
        self.conflicts[y] = frozenset(opened["people"]) if opened else frozenset()
        drawn = self.draw.teams([(y, sections)], self.conflicts, self.left)
        new = {"sections": sections}
        for plural, _, member in ROLES:
            team, people = drawn[plural]
            if not self.complete[plural]:
                new[plural] = []
            elif team["outcome"] == "COMPLETE":
                new[plural] = people[y]
            else:
                new[plural] = [None] * len(self.draw.seats(y, sections, member))
            self.seat(new[plural])
        self.targets[y] = new
        return {
            "experts": list(new["experts"]),
            "id": y,
            "inspectors": list(new["inspectors"]),
            "items": self.draw.items(y, sections),
            "opened": opened,
            "rank": self.draw.rank[y],
            "ticket": self.draw.ticket[y],
        }

    def person_successor(self, event):
        t, out = event["target"], event["person"]
        plural, role, member = next(entry for entry in ROLES if entry[1] == event["role"])
        standing = self.targets[t]
        seats = self.draw.seats(t, standing["sections"], member)
        place = next((i for i, (number, _) in enumerate(seats) if number == event["seat"]), None)
        held = place is not None and place < len(standing[plural]) and standing[plural][place] == out
        refuse_unless(held, f"{out} does not hold seat {event['seat']} ({role}) of {t}")
        standing[plural][place] = None
        self.removed.add((t, out))  # the place of this person is not given back
        present = [p for p in standing["inspectors"] + standing["experts"] if p is not None]
        order = self.draw.candidates(t, seats, plural, role, self.conflicts.get(t, ()))[place]
        for p in order:
            if self.left[p] > 0 and p not in present and (t, p) not in self.removed and not self.lists.clash(p, present):
                standing[plural][place] = p
                self.seat([p])
                return p
        return None


def check_opening(lists, t, opened):
    """The opened conflicts of one target, (salt, people) or None, against its commitment, if it has one."""
    if t not in lists.conflicts:
        refuse_unless(opened is None, f"conflicts are opened for {t}, which has none")
        return
    refuse_unless(opened is not None, f"the conflicts of {t} are not opened")
    salt, people = opened
    refuse_unless(strictly_ascending(people), f"the conflicts of {t} are not sorted")
    refuse_unless(all(p in lists.people for p in people), f"the conflicts of {t} name someone who is not in people")
    refuse_unless(conflict_commitment(salt, people) == lists.conflicts[t], f"the opened conflicts of {t} are not those committed")


# ---- 8. sealed draws


def sealed_commitment(draw_key, x):
    return SHA256hex("double-random/1\nsealed\n" + draw_key + "\n" + SHA256hex(x) + "\n")


# ====================================================================================================================
# beacon.md: the public beacon drand quicknet (BLS12-381), verification only
# ====================================================================================================================

# ---- 1. quicknet

QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
GENESIS, PERIOD = 1692803367, 3
BEACON_TAG = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


def time_of_round(number):
    return GENESIS + PERIOD * (number - 1)


def first_round(t):
    """The first round at or after the `time` T."""
    return 1 + max(0, -((GENESIS - seconds(t)) // PERIOD))


# ---- 2. the curve

PRIME = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab
ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001
# A point is (x, y) with both in F_p² as pairs (c0, c1) = c0 + c1·u, or None for infinity. The formulas are the same on E and E′,
# and a point of E is one whose c1 are 0.
G2_GENERATOR = (
    (
        0x024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8,
        0x13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e,
    ),
    (
        0x0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801,
        0x0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be,
    ),
)
QUICKNET_KEY = (
    (
        0x0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a,
        0x03cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451,
    ),
    (
        0x0e5db2b6bfbb01c867749cadffca88b36c24f3012ba09fc4d3022c5c37dce0f977d3adb5d183c7477c442b1f04515273,
        0x01a714f2edb74119a2f2b0d5a7c75ba902d163700a61bc224ededd8e63aef7be1aaf8e93d7a9718b047ccddb3eb5d68b,
    ),
)


def less(a, b):
    return (a[0] - b[0]) % PRIME, (a[1] - b[1]) % PRIME


def times(a, b):
    return (a[0] * b[0] - a[1] * b[1]) % PRIME, (a[0] * b[1] + a[1] * b[0]) % PRIME


def over(a, b):
    inverse = pow(b[0] * b[0] + b[1] * b[1], -1, PRIME)
    return times(a, (b[0] * inverse, -b[1] * inverse))


def slope(p, q):
    """Of the line through two points, or of the tangent; no two points are asked for whose line is upright."""
    if p != q:
        return over(less(q[1], p[1]), less(q[0], p[0]))
    return over(times((3, 0), times(p[0], p[0])), times((2, 0), p[1]))


def sum_of(p, q):
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0] and p[1] != q[1]:
        return None
    of_line = slope(p, q)
    x = less(less(times(of_line, of_line), p[0]), q[0])
    return x, less(times(of_line, less(p[0], x)), p[1])


def multiple(k, p):
    q = None
    for bit in f"{k:b}":
        q = sum_of(q, q)
        q = sum_of(q, p) if bit == "1" else q
    return q


def root_mod_p(a):
    """A square root, or None."""
    root = pow(a, (PRIME + 1) // 4, PRIME)
    return root if root * root % PRIME == a % PRIME else None


def beacon_point(signature):
    """The point of G1 that 48 bytes encode, or None for bytes that are refused."""
    x, flags = int.from_bytes(signature, "big") & (1 << 381) - 1, signature[0] >> 5
    y = root_mod_p(x**3 + 4)
    if flags not in (0b100, 0b101) or x >= PRIME or y is None:
        return None
    if (2 * y > PRIME) != (flags == 0b101):
        y = PRIME - y
    p = (x, 0), (y, 0)
    return p if multiple(ORDER, p) is None else None


# ---- 3. the message as a point

ISO_A = 0x00144698a3b8e9433d693a02c96d4982b0ea985383ee66a8d8e8981aefd881ac98936f8da0e0f97f5cf428082d584c1d
ISO_B = 0x12e2908d11688030018b12e8753eee3b2016c1f0f24f4070a0b9c14fcef35ef55a23215a316ceaa5d1cc48e98e172be0
ISO_Z = 11
X_NUM, X_DEN, Y_NUM, Y_DEN = (
    [int(coefficient, 16) for coefficient in polynomial.split()]  # that of x⁰ first
    for polynomial in (
        """
        11a05f2b1e833340b809101dd99815856b303e88a2d7005ff2627b56cdb4e2c85610c2d5f2e62d6eaeac1662734649b7
        17294ed3e943ab2f0588bab22147a81c7c17e75b2f6a8417f565e33c70d1e86b4838f2a6f318c356e834eef1b3cb83bb
        0d54005db97678ec1d1048c5d10a9a1bce032473295983e56878e501ec68e25c958c3e3d2a09729fe0179f9dac9edcb0
        1778e7166fcc6db74e0609d307e55412d7f5e4656a8dbf25f1b33289f1b330835336e25ce3107193c5b388641d9b6861
        0e99726a3199f4436642b4b3e4118e5499db995a1257fb3f086eeb65982fac18985a286f301e77c451154ce9ac8895d9
        1630c3250d7313ff01d1201bf7a74ab5db3cb17dd952799b9ed3ab9097e68f90a0870d2dcae73d19cd13c1c66f652983
        0d6ed6553fe44d296a3726c38ae652bfb11586264f0f8ce19008e218f9c86b2a8da25128c1052ecaddd7f225a139ed84
        17b81e7701abdbe2e8743884d1117e53356de5ab275b4db1a682c62ef0f2753339b7c8f8c8f475af9ccb5618e3f0c88e
        080d3cf1f9a78fc47b90b33563be990dc43b756ce79f5574a2c596c928c5d1de4fa295f296b74e956d71986a8497e317
        169b1f8e1bcfa7c42e0c37515d138f22dd2ecb803a0c5c99676314baf4bb1b7fa3190b2edc0327797f241067be390c9e
        10321da079ce07e272d8ec09d2565b0dfa7dccdde6787f96d50af36003b14866f69b771f8c285decca67df3f1605fb7b
        06e08c248e260e70bd1e962381edee3d31d79d7e22c837bc23c0bf1bc24c6b68c24b1b80b64d391fa9c8ba2e8ba2d229
        """,
        """
        08ca8d548cff19ae18b2e62f4bd3fa6f01d5ef4ba35b48ba9c9588617fc8ac62b558d681be343df8993cf9fa40d21b1c
        12561a5deb559c4348b4711298e536367041e8ca0cf0800c0126c2588c48bf5713daa8846cb026e9e5c8276ec82b3bff
        0b2962fe57a3225e8137e629bff2991f6f89416f5a718cd1fca64e00b11aceacd6a3d0967c94fedcfcc239ba5cb83e19
        03425581a58ae2fec83aafef7c40eb545b08243f16b1655154cca8abc28d6fd04976d5243eecf5c4130de8938dc62cd8
        13a8e162022914a80a6f1d5f43e7a07dffdfc759a12062bb8d6b44e833b306da9bd29ba81f35781d539d395b3532a21e
        0e7355f8e4e667b955390f7f0506c6e9395735e9ce9cad4d0a43bcef24b8982f7400d24bc4228f11c02df9a29f6304a5
        0772caacf16936190f3e0c63e0596721570f5799af53a1894e2e073062aede9cea73b3538f0de06cec2574496ee84a3a
        14a7ac2a9d64a8b230b3f5b074cf01996e7f63c21bca68a81996e1cdf9822c580fa5b9489d11e2d311f7d99bbdcc5a5e
        0a10ecf6ada54f825e920b3dafc7a3cce07f8d1d7161366b74100da67f39883503826692abba43704776ec3a79a1d641
        095fc13ab9e92ad4476d6e3eb3a56680f682b4ee96f7d03776df533978f31c1593174e4b4b7865002d6384d168ecdd0a
        1
        """,
        """
        090d97c81ba24ee0259d1f094980dcfa11ad138e48a869522b52af6c956543d3cd0c7aee9b3ba3c2be9845719707bb33
        134996a104ee5811d51036d776fb46831223e96c254f383d0f906343eb67ad34d6c56711962fa8bfe097e75a2e41c696
        00cc786baa966e66f4a384c86a3b49942552e2d658a31ce2c344be4b91400da7d26d521628b00523b8dfe240c72de1f6
        01f86376e8981c217898751ad8746757d42aa7b90eeb791c09e4a3ec03251cf9de405aba9ec61deca6355c77b0e5f4cb
        08cc03fdefe0ff135caf4fe2a21529c4195536fbe3ce50b879833fd221351adc2ee7f8dc099040a841b6daecf2e8fedb
        16603fca40634b6a2211e11db8f0a6a074a7d0d4afadb7bd76505c3d3ad5544e203f6326c95a807299b23ab13633a5f0
        04ab0b9bcfac1bbcb2c977d027796b3ce75bb8ca2be184cb5231413c4d634f3747a87ac2460f415ec961f8855fe9d6f2
        0987c8d5333ab86fde9926bd2ca6c674170a05bfe3bdd81ffd038da6c26c842642f64550fedfe935a15e4ca31870fb29
        09fc4018bd96684be88c9e221e4da1bb8f3abd16679dc26c1e8b6e6a1f20cabe69d65201c78607a360370e577bdba587
        0e1bba7a1186bdb5223abde7ada14a23c42a0ca7915af6fe06985e7ed1e4d43b9b3f7055dd4eba6f2bafaaebca731c30
        19713e47937cd1be0dfd0b8f1d43fb93cd2fcbcb6caf493fd1183e416389e61031bf3a5cce3fbafce813711ad011c132
        18b46a908f36f6deb918c143fed2edcc523559b8aaf0c2462e6bfe7f911f643249d9cdf41b44d606ce07c8a4d0074d8e
        0b182cac101b9399d155096004f53f447aa7b12a3426b08ec02710e807b4633f06c851c1919211f20d4c04f00b971ef8
        0245a394ad1eca9b72fc00ae7be315dc757b3b080d4c158013e6632d3c40659cc6cf90ad1c232a6442d9d3f5db980133
        05c129645e44cf1102a159f748c4a3fc5e673d81d7e86568d9ab0f5d396a7ce46ba1049b6579afb7866b1e715475224b
        15e6be4e990f03ce4ea50b3b42df2eb5cb181d8f84965a3957add4fa95af01b2b665027efec01c7704b456be69c8b604
        """,
        """
        16112c4c3a9c98b252181140fad0eae9601a6de578980be6eec3232b5be72e7a07f3688ef60c206d01479253b03663c1
        1962d75c2381201e1a0cbd6c43c348b885c84ff731c4d59ca4a10356f453e01f78a4260763529e3532f6102c2e49a03d
        058df3306640da276faaae7d6e8eb15778c4855551ae7f310c35a5dd279cd2eca6757cd636f96f891e2538b53dbf67f2
        16b7d288798e5395f20d23bf89edb4d1d115c5dbddbcd30e123da489e726af41727364f2c28297ada8d26d98445f5416
        0be0e079545f43e4b00cc912f8228ddcc6d19c9f0f69bbb0542eda0fc9dec916a20b15dc0fd2ededda39142311a5001d
        08d9e5297186db2d9fb266eaac783182b70152c65550d881c5ecd87b6f0f5a6449f38db9dfa9cce202c6477faaf9b7ac
        166007c08a99db2fc3ba8734ace9824b5eecfdfa8d0cf8ef5dd365bc400a0051d5fa9c01a58b1fb93d1a1399126a775c
        16a3ef08be3ea7ea03bcddfabba6ff6ee5a4375efa1f4fd7feb34fd206357132b920f5b00801dee460ee415a15812ed9
        1866c8ed336c61231a1be54fd1d74cc4f9fb0ce4c6af5920abc5750c4bf39b4852cfe2f7bb9248836b233d9d55535d4a
        167a55cda70a6e1cea820597d94a84903216f763e13d87bb5308592e7ea7d4fbc7385ea3d529b35e346ef48bb8913f55
        04d2f259eea405bd48f010a01ad2911d9c6dd039bb61a6290e591b36e636a5c871a5c29f4f83060400f8b49cba8f6aa8
        0accbb67481d033ff5852c1e48c50c477f94ff8aefce42d28c0f9a88cea7913516f968986f7ebbea9684b529e2561092
        0ad6b9514c767fe3c3613144b45f1496543346d98adf02267d5ceef9a00d9b8693000763e3b90ac11e99b138573345cc
        02660400eb2e4f3b628bdd0d53cd76f2bf565b94e72927c1cb748df27942480e420517bd8714cc80d1fadc1326ed06f7
        0e0fa1d816ddc03e6b24255e0d7819c171c40f65e273b853324efcd6356caa205ca2f570f13497804415473a1d634b8f
        1
        """,
    )
)
COFACTOR = 0xd201000000010001


def field_elements(message):
    """expand_message_xmd to 128 bytes: u_0 and u_1."""
    tag = BEACON_TAG + bytes([len(BEACON_TAG)])
    first = sha256(bytes(64) + message + b"\0\x80\0" + tag)
    blocks = [sha256(first + b"\1" + tag)]
    for i in (2, 3, 4):
        blocks.append(sha256(bytes(a ^ b for a, b in zip(first, blocks[-1])) + bytes([i]) + tag))
    return [int.from_bytes(blocks[i] + blocks[i + 1], "big") % PRIME for i in (0, 2)]


def mapped(u):
    """map(u), with the isogeny: a point of E, or None."""
    zu2 = ISO_Z * u * u % PRIME
    d = (zu2 * zu2 + zu2) % PRIME
    if d:
        x = -ISO_B * pow(ISO_A, -1, PRIME) * (1 + pow(d, -1, PRIME)) % PRIME
    else:
        x = ISO_B * pow(ISO_Z * ISO_A, -1, PRIME) % PRIME
    y = root_mod_p(x**3 + ISO_A * x + ISO_B)
    if y is None:
        x = zu2 * x % PRIME
        y = root_mod_p(x**3 + ISO_A * x + ISO_B)
    if y % 2 != u % 2:
        y = -y % PRIME
    x_num, x_den, y_num, y_den = (
        functools.reduce(lambda value, coefficient: (value * x + coefficient) % PRIME, reversed(polynomial))
        for polynomial in (X_NUM, X_DEN, Y_NUM, Y_DEN)
    )
    if x_den == 0 or y_den == 0:
        return None
    return over((x_num, 0), (x_den, 0)), over((y * y_num, 0), (y_den, 0))


def point_of_round(number):
    """H(M), or None."""
    u_0, u_1 = field_elements(sha256(number.to_bytes(8, "big")))
    return multiple(COFACTOR, sum_of(mapped(u_0), mapped(u_1)))


# ---- 4. the equation
# An element of F_p¹² is the list of its 12 coefficients over F_p: w⁶ = 1 + u and u² = −1 make w¹² = 2w⁶ − 2, and u = w⁶ − 1.

PARAMETER = 0xd201000000010000
SLOT = 96  # bytes; a sum of 12 products of two coefficients is below 2^768


def wide_times(a, b):
    """The product, by one multiplication of long numbers that hold the coefficients side by side."""
    a, b = (int.from_bytes(b"".join(x.to_bytes(SLOT, "little") for x in c), "little") for c in (a, b))
    product = (a * b).to_bytes(23 * SLOT, "little")
    c = [int.from_bytes(product[i : i + SLOT], "little") for i in range(0, 23 * SLOT, SLOT)]
    for i in range(22, 11, -1):
        c[i - 6] += 2 * c[i]
        c[i - 12] -= 2 * c[i]
    return [x % PRIME for x in c[:12]]


def line_at(t, q, p):
    """(1 + u)·ℓ(T, Q, P) for T and Q on E′. There the slope is λ' = λ·w, and 1/w = w⁵/(1 + u), 1/w³ = w³/(1 + u)."""
    of_line = slope(t, q)
    parts = {
        0: times((1, 1), p[1]),
        3: less(times(of_line, t[0]), t[1]),
        5: less((0, 0), times(of_line, p[0])),
    }
    c = [0] * 12
    for i, (c0, c1) in parts.items():
        c[i], c[i + 6] = (c0 - c1) % PRIME, c1
    return c


def miller(p, q):
    """f(P, Q)."""
    f, t = [1] + [0] * 11, q
    for bit in f"{PARAMETER:b}"[1:]:
        f = wide_times(wide_times(f, f), line_at(t, t, p))
        t = sum_of(t, t)
        if bit == "1":
            f = wide_times(f, line_at(t, q, p))
            t = sum_of(t, q)
    return f


def quicknet_signed(number, signature):
    """Whether 48 bytes are quicknet's signature under the round of this number."""
    s, message = beacon_point(signature), point_of_round(number)
    if s is None or message is None:
        return False
    f = wide_times(miller((s[0], less((0, 0), s[1])), G2_GENERATOR), miller(message, QUICKNET_KEY))
    power = one = [1] + [0] * 11
    for bit in f"{(PRIME**12 - 1) // ORDER:b}":
        power = wide_times(power, power)
        power = wide_times(power, f) if bit == "1" else power
    return power == one


# ====================================================================================================================
# documents.md: documents, signatures, leaves
# ====================================================================================================================

PAYLOAD_TYPE = "application/vnd.double-random.document+json"
ENVELOPE = closed(
    payload=base64_text,
    payloadType=one_of(PAYLOAD_TYPE),
    signatures=list_of(closed(keyid=keyid, sig=of_text("base64 of 64 bytes", lambda value: base64_bytes(value, 64) is not None)), 1),
)
result_reference = closed(sha256=hex64, size=count)


authority = closed(bureau=label, key=key, name=text, revoked_at=or_null(time), valid_from=time, valid_until=or_null(time))
CODES = one_of(
    "NO_PROBLEM",
    "NOT_DISCLOSED",
    "FALSE_DISCLOSURE",
    "UNREACHABLE",
    "FIXED_ON_ORDER",
    "NO_SUCH_ACTIVITY",
    "CLOSED_OR_LIQUIDATING",
    "NON_COOPERATION_SERIOUS",
    "PROBLEM_FOLLOW_UP",
    "DEREGISTERED",
    "REVOKED",
    "RESCINDED",
    "MOVED_OUT",
    "HAZARD_GENERAL",
    "HAZARD_MAJOR",
    "CASE_OPENED",
    "TRANSFERRED",
    "REFUSED",
)
REQUESTED_BY = one_of("subject", "authority", "court", "audit")


def document(kind, **members):
    return closed(type=one_of(kind), id=ident, plan=hex64, **members)


def revision(kind, first, **members):
    """A document in the chain of a result: the first of it, or one that follows."""
    return document(
        kind,
        draw=ident,
        target=ident,
        rev=whole(1, 1) if first else whole(2),
        nonce=nonce16,
        sections=list_of(label, 1),
        issued_at=time,
        supersedes=null if first else hex64,
        _sd=list_of(digest, ascending=True),
        _sd_alg=one_of("sha-256"),
        actors=actors,
        **members,
    )


RESULT_MEMBERS = {
    "inspected_on": date,
    "result": CODES,
    "findings": list_of(closed(code=CODES, deadline=or_null(date), item=ident, measure=or_null(text), responsible=or_null(text))),
    "legal_basis": list_of(text, 1),
    "status": one_of("in_force", "contested", "corrected", "withdrawn"),
}
DRAW_KINDS = {  # those of a draw bundle
    "draw-plan/v1": PLAN,
    "contribution/v1": document("contribution/v1", label=label, line=text, form=or_null(hex64), given_at=time, actors=actors),
    "draw-outcome/v1": document(
        "draw-outcome/v1",
        contributions=list_of(text, 1),
        draw_key=hex64,
        result=result_reference,
        opened=blob_reference,
        drawn_at=time,
        actors=actors,
    ),
    "sealed-outcome/v1": document("sealed-outcome/v1", commitment=hex64, drawn_at=time, actors=actors),
    "draw-void/v1": document(
        "draw-void/v1",
        reason=one_of("list-error", "plan-error", "witness-shortage", "superior-order"),
        statement=text,
        voided_at=time,
        actors=actors,
    ),
    "replacement/v1": document("replacement/v1", outcome=hex64, event=EVENT, decided_at=time, actors=actors),
    "sealed-event/v1": document(
        "sealed-event/v1", outcome=hex64, sequence=whole(1), commitment=hex64, decided_at=time, actors=actors
    ),
    "draw-opening/v1": document(
        "draw-opening/v1",
        outcome=hex64,
        contributions=list_of(text, 1),
        draw_key=hex64,
        result=result_reference,
        opened=blob_reference,
        events=list_of(EVENT),
        cause=one_of("date", "last-visit"),
        opened_at=time,
    ),
}
KINDS = {  # those of a document bundle: all
    **DRAW_KINDS,
    "inspection-result/v1": revision("inspection-result/v1", True, **RESULT_MEMBERS),
    "correction/v1": revision("correction/v1", False, **RESULT_MEMBERS, reason=text, requested_by=REQUESTED_BY),
    "contest/v1": revision("contest/v1", False, received_at=time),
    "withdrawal/v1": revision("withdrawal/v1", False, legal_basis=list_of(text, 1), reason=text, requested_by=REQUESTED_BY),
    "redaction/v1": document(
        "redaction/v1",
        draw=ident,
        document=hex64,
        digests=list_of(digest, 1, ascending=True),
        reason=one_of("retention-ended", "subject-request", "court-order", "authority-order", "published-in-error"),
        legal_basis=list_of(text, 1),
        redacted_at=time,
        actors=actors,
    ),
    "key-event/v1": closed(
        type=one_of("key-event/v1"),
        id=ident,
        bureau=label,
        rev=whole(1),
        supersedes=or_null(hex64),
        cause=one_of("founded", "key-added", "key-retired", "key-revoked", "cosigners", "shard"),
        reason=text,
        issued_at=time,
        authorities=list_of(authority, 1),
        log=string,
    ),
    "shard/v1": closed(
        type=one_of("shard/v1"),
        id=ident,
        bureau=label,
        issued_at=time,
        event=one_of("succeeded", "succeeds"),
        origin=text,
        other=closed(key=key, origin=text, root=or_null(hex64), size=or_null(count)),
    ),
}
REVISIONS = ("inspection-result/v1", "correction/v1", "contest/v1", "withdrawal/v1")
BY_ONE_KEY = ("key-event/v1", "shard/v1")
ACTOR_ROLES = {
    "draw-plan/v1": ["operator", "confirmer"],
    "draw-outcome/v1": ["operator", "confirmer"],
    "sealed-outcome/v1": ["operator", "confirmer"],
    "draw-void/v1": ["confirmer", "approver"],
    "replacement/v1": ["reviewer", "confirmer"],
    "sealed-event/v1": ["reviewer", "confirmer"],
    "inspection-result/v1": ["inspector", "inspector", "reviewer", "publisher", "publisher"],
    "correction/v1": ["reviewer", "publisher", "publisher"],
    "contest/v1": ["reviewer", "publisher", "publisher"],
    "withdrawal/v1": ["reviewer", "publisher", "publisher"],
    "redaction/v1": ["reviewer", "publisher"],
}
ROLES_APART = [
    {"operator", "confirmer"},
    {"operator", "approver"},
    {"confirmer", "approver"},
    {"operator", "reviewer"},
    {"inspector", "reviewer"},
    {"reviewer", "publisher"},
    {"reviewer", "confirmer"},
]
LEAF = closed(
    at=time,
    author=list_of(keyid, 1),
    doc=closed(sha256=hex64, size=count),
    id=ident,
    rev=count,
    supersedes=or_null(hex64),
    type=string,
)
DISCLOSURES = {  # name to value
    "person": closed(certificate=of_text("text or empty", lambda value: value == "" or is_text(value)), name=text, unit=text),
    "subject": closed(name=text),
    "statement": closed(text=of_text("a statement of 1 to 20,000 characters", lambda value: 1 <= len(value) <= 20000)),
}
DISCLOSED_BY = {  # kind to the names of disclosures; the other kinds have none of their own
    "inspection-result/v1": ("person", "subject"),
    "correction/v1": ("person", "subject"),
    "contest/v1": ("statement",),
}


class Document:
    """An envelope and what is in it, read."""

    def __init__(self, envelope, place, kinds):
        self.envelope, signatures = envelope, envelope["signatures"]
        refuse_unless(len(signatures) <= 64, f"{place} has more than 64 signatures")
        self.signers = [signature["keyid"] for signature in signatures]
        refuse_unless(strictly_ascending(self.signers), f"the signatures of {place} are not ascending by keyid")
        self.payload = base64_bytes(self.envelope["payload"])
        try:
            self.body = parse_json(self.payload)
        except Refused as refused:
            raise Refused(f"the document in {place} cannot be read: {refused}") from None
        self.kind = self.body.get("type") if isinstance(self.body, dict) else None
        refuse_unless(isinstance(self.kind, str) and self.kind in kinds, f"{place} is of a kind not allowed here")
        kinds[self.kind](self.body, f"{place}, {self.kind}")
        self.sha256 = SHA256hex(self.payload)
        self.name = f"the {self.kind}"


class LoggedDocument(Document):
    """One entry of a draw bundle's `documents`."""

    def __init__(self, entry, place):
        super().__init__(entry["dsse"], place, DRAW_KINDS)
        self.index, self.leaf_text = entry["index"], entry["leaf"]
        self.proof = [base64_bytes(item) for item in entry["proof"]]
        self.name = f"{self.kind} at index {self.index}"


def refuse_by_itself(document):
    """What documents.md says of one document by itself, beyond the types of its members."""
    body = document.body
    if document.kind == "contest/v1":
        refuse_unless(len(body["_sd"]) == 1, "the contest has not exactly one digest")
        refuse_unless(body["received_at"] <= body["issued_at"], "the contest was received after it was issued")
    elif document.kind == "withdrawal/v1":
        refuse_unless(not body["_sd"], "the withdrawal has a digest")
    elif document.kind == "key-event/v1":
        refuse_unless(body["id"] == body["bureau"] + ".keys", "the id of the key event is not that of its bureau's key list")
        refuse_unless((body["rev"] == 1) == (body["supersedes"] is None), "the key event is the first and supersedes another, or the reverse")
        four = [(a["bureau"], a["key"], a["name"], a["valid_from"]) for a in body["authorities"]]
        refuse_unless(unique(four), "two authorities of the key event have bureau, key, name and valid_from in common")
        LogPolicy(body["log"])
    elif document.kind == "shard/v1":
        refuse_unless(body["id"] == body["bureau"] + ".log", "the id of the shard is not that of its bureau's log")
        root, size = body["other"]["root"], body["other"]["size"]
        if body["event"] == "succeeds":
            refuse_unless(root is not None and size, "the shard succeeds a log, but does not give the root and size of a head of it")
        else:
            refuse_unless(root is None and size is None, "the shard is succeeded, but gives a root or size of the other log")


def contributor_of(plan, document):
    """The contributor a contribution document belongs to, or None if its label does not name exactly one."""
    found = [c for c in plan["contributors"] if c["kind"] != "nonce" and declared_label(c) == document.body["label"]]
    return found[0] if len(found) == 1 else None


def required_signers(plan, document):
    """(keys that must sign a document of a draw, roles its actors must have)."""
    lead = plan["sections"][0]["key"]
    if document.kind in REVISIONS:
        keys, names = {section["id"]: section["key"] for section in plan["sections"]}, document.body["sections"]
        refuse_unless(unique(names) and set(names) <= set(keys), f"{document.name} names a section twice, or one the plan does not declare")
        return [keys[name] for name in names], ACTOR_ROLES[document.kind]
    if document.kind == "draw-plan/v1":
        return [section["key"] for section in plan["sections"]], ACTOR_ROLES[document.kind]
    if document.kind != "contribution/v1":
        return [lead], ACTOR_ROLES.get(document.kind, [])
    contributor = contributor_of(plan, document)
    refuse_unless(contributor, f"the plan declares no contributor with the label of {document.name}, or several")
    line = document.body["line"]
    people = []
    if contributor["kind"] == "dice":
        people = contributor["throwers"]
    elif contributor["kind"] == "witness" and not line.startswith("absent:"):
        refuse_unless(line.startswith("witness:"), f"whether the witness of {document.name} was present cannot be told")
        people = [contributor]
    on_paper = any(p["key"] is None for p in people)
    refuse_unless(not on_paper or document.body["form"] is not None, f"{document.name} is partly signed on paper but names no form")
    by_lead = on_paper or not people
    keys = [p["key"] for p in people if p["key"] is not None] + ([lead] if by_lead else [])
    return keys, ["operator", "confirmer"] if by_lead else []


def check_envelope(document, keys):
    """Exactly these keys have signed, and every signature verifies over the DSSE encoding of the payload."""
    by_keyid = {keyid_of(k): base64_bytes(k) for k in keys}
    refuse_unless(set(by_keyid) == set(document.signers), f"{document.name} is not signed by exactly its required keys")
    kind = PAYLOAD_TYPE.encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(document.payload), document.payload)
    for signature in document.envelope["signatures"]:
        good = ed25519_verify(by_keyid[signature["keyid"]], message, base64_bytes(signature["sig"]))
        refuse_unless(good, f"a signature of {document.name} does not verify")


def check_actors(document, roles):
    people = document.body.get("actors", [])
    refuse_unless([someone["role"] for someone in people] == roles, f"the actors of {document.name} have not the required roles")
    refuse_unless(unique(someone["id"] for someone in people), f"one actor appears twice in {document.name}")


def disclosure_digest(disclosure, names=("person",)):
    """The digest of a disclosure with one of these names, or Refused."""
    raw = base64_bytes(disclosure, url=True)
    refuse_unless(raw is not None, "a disclosure is not base64url")
    try:
        value = parse_json(raw)
    except Refused as refused:
        raise Refused(f"a disclosure cannot be read: {refused}") from None
    good = isinstance(value, list) and len(value) == 3 and isinstance(value[1], str) and value[1] in names
    refuse_unless(good, f"a disclosure is not one of: {', '.join(names) or 'none, for this kind of document'}")
    nonce16(value[0], "the salt of a disclosure")
    DISCLOSURES[value[1]](value[2], "the value of a disclosure")
    return base64.urlsafe_b64encode(sha256(disclosure.encode("ascii"))).rstrip(b"=").decode()


def read_leaf(content, name):
    """A leaf of the log, in its one form."""
    try:
        refuse_unless(1 <= len(content) <= MAX_LEAF, "it has not 1 to 4,096 bytes")
        leaf = parse_json(content)
        LEAF(leaf, "the leaf")
        return leaf
    except Refused as refused:
        raise Refused(f"the leaf of {name} cannot be read: {refused}") from None


def check_leaf(leaf, document):
    """The leaf says of the document what the document is. Its `at` is claimed."""
    right = {
        "author": document.signers,
        "doc": {"sha256": document.sha256, "size": len(document.payload)},
        "id": document.body["id"],
        "rev": document.body.get("rev", 1),
        "supersedes": document.body.get("supersedes"),
        "type": document.kind,
    }
    wrong = [name for name in right if leaf[name] != right[name]]
    refuse_unless(not wrong, f"the leaf of {document.name} states another {', '.join(wrong)} than its document has")


# ====================================================================================================================
# log.md: the tree, notes, checkpoints, cosignatures, proofs
# ====================================================================================================================


def leaf_hash(entry):
    return sha256(b"\0" + entry)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


def tree_root(entries):
    """RFC 6962, 2.1."""
    level = [leaf_hash(entry) for entry in entries]
    if not level:
        return sha256(b"")
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
    return level[0]


def proves_inclusion(entry_hash, index, size, proof, root):
    """RFC 9162, 2.1.3.2, for the tree of RFC 6962."""
    if index >= size:
        return False
    f, s, r = index, size - 1, entry_hash
    for p in proof:
        if s == 0:
            return False
        if f & 1 or f == s:
            r = node_hash(p, r)
            while not f & 1 and f:
                f, s = f >> 1, s >> 1
        else:
            r = node_hash(r, p)
        f, s = f >> 1, s >> 1
    return s == 0 and r == root


def proves_consistency(first, second, proof, first_root, second_root):
    """RFC 9162, 2.1.4.2, and log.md for size 0 and equal sizes."""
    if first > second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == sha256(b"")
    if not proof:
        return False
    if first & (first - 1) == 0:
        proof = [first_root, *proof]
    f, s = first - 1, second - 1
    while f & 1:
        f, s = f >> 1, s >> 1
    fr = sr = proof[0]
    for p in proof[1:]:
        if s == 0:
            return False
        if f & 1 or f == s:
            fr, sr = node_hash(p, fr), node_hash(p, sr)
            while not f & 1 and f:
                f, s = f >> 1, s >> 1
        else:
            sr = node_hash(sr, p)
        f, s = f >> 1, s >> 1
    return s == 0 and fr == first_root and sr == second_root


def is_key_name(name):
    return name != "" and "+" not in name and not any(c.isspace() for c in name)


class Checkpoint:
    """A signed note whose text has exactly three lines: origin, size, root."""

    def __init__(self, note, place):
        def need(condition):
            refuse_unless(condition, f"checkpoint {place} is not a checkpoint in a signed note")

        need(len(note.encode("utf-8")) <= 1 << 20 and not any(c < " " and c != "\n" for c in note))
        end = note.rfind("\n\n")
        need(end >= 0 and note.endswith("\n"))
        self.text, signatures = note[: end + 1], note[end + 2 :]
        lines = self.text[:-1].split("\n")
        need(len(lines) == 3 and lines[0] != "")
        self.origin, size, root = lines
        need(re.fullmatch("0|[1-9][0-9]{0,18}", size))
        self.size, self.root = int(size), base64_bytes(root, 32)
        need(self.size < 2**63 and self.root is not None)
        need(signatures != "")
        self.lines = []  # (key name, key hash, signature)
        for line in signatures[:-1].split("\n"):
            parts = line.split(" ")
            need(len(parts) == 3 and parts[0] == "\u2014" and is_key_name(parts[1]))
            raw = base64_bytes(parts[2])
            need(raw is not None and len(raw) > 4)
            self.lines.append((parts[1], raw[:4], raw[4:]))
        need(len(self.lines) <= 64)

    def is_signed(self, public, signature):
        """Whether this is the log's own signature."""
        return ed25519_verify(public, self.text.encode("utf-8"), signature)

    def cosigned_at(self, witness, signature):
        """The time of a cosignature, or None if it does not verify."""
        time_bytes, signature = signature[:8], signature[8:]
        stamp = int.from_bytes(time_bytes, "big")
        if not 1 <= stamp < 2**63:
            return None
        if witness.kind == ED25519_COSIGNER:
            message = b"cosignature/v1\ntime %d\n" % stamp + self.text.encode("utf-8")
            return stamp if ed25519_verify(witness.public, message, signature) else None
        cosigner, origin = witness.key_name.encode("utf-8"), self.origin.encode("utf-8")
        if len(cosigner) > 255 or len(origin) > 255:
            return None
        message = b"subtree/v1\n\0" + bytes([len(cosigner)]) + cosigner + time_bytes + bytes([len(origin)]) + origin
        message += bytes(8) + self.size.to_bytes(8, "big") + self.root
        return stamp if mldsa44_verify(witness.public, message, signature) else None


class Proof:
    """A tlog-proof with its leaf as `extra`, and the checkpoint it ends with."""

    def __init__(self, content):
        head, empty_line, note = content.partition("\n\n")
        lines = head.split("\n")
        good = empty_line and len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1"
        good = good and lines[1].startswith("extra ") and re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[2])
        refuse_unless(good, "the proof is not a tlog-proof with extra and index")
        self.leaf_bytes, self.index = base64_bytes(lines[1][6:]), int(lines[2][6:])
        refuse_unless(self.leaf_bytes is not None, "the extra of the proof is not base64")
        refuse_unless(self.index < 2**63, "the index of the proof is out of range")
        self.path = [base64_bytes(line, 32) for line in lines[3:]]
        refuse_unless(len(self.path) <= 63 and None not in self.path, "the path of the proof is not one of at most 63 hashes")
        self.checkpoint = Checkpoint(note, "of the proof")


# ====================================================================================================================
# policy.md: whom a verifier trusts
# ====================================================================================================================

LOG, ED25519_COSIGNER, MLDSA_COSIGNER = 1, 4, 6  # kinds of keys


class VerifierKey:
    """`name+hash+base64` of the kind and the public key."""

    def __init__(self, vkey, kinds):
        parts = vkey.split("+", 2)  # base64 may hold a plus
        good = len(parts) == 3 and is_key_name(parts[0]) and re.fullmatch("[0-9a-f]{8}", parts[1])
        raw = base64_bytes(parts[2]) if good else None
        refuse_unless(raw and raw[0] in kinds, f"the policy holds a key that is not one of kind {' or '.join(f'{kind:02d}' for kind in kinds)}: {show(vkey)}")
        self.key_name, self.kind, self.public = parts[0], raw[0], raw[1:]
        self.key_hash = sha256(self.key_name.encode("utf-8") + b"\n" + raw)[:4]
        refuse_unless(self.key_hash.hex() == parts[1], f"the policy holds a key whose hash is wrong: {show(vkey)}")
        if self.kind == MLDSA_COSIGNER:
            refuse_unless(len(self.public) == MLDSA_PUBLIC, f"the policy holds a key that has not 1,312 bytes: {show(vkey)}")
        else:
            sound = len(self.public) == 32 and key_table(self.public) is not None
            refuse_unless(sound, f"the policy holds a key that is not a sound point: {show(vkey)}")

    @property
    def line(self):
        """Whose signature lines are whose: key name and key hash."""
        return self.key_name, self.key_hash


class LogPolicy:
    """The text of a tlog-policy: lines log, witness, group, quorum."""

    def __init__(self, content):
        refuse_unless(not any((c < " " and c not in "\t\n") or c == "\x7f" for c in content), "the log policy holds control characters")
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None  # witnesses: (key name, hash) to (name, key)
        keys = []
        names, grouped = set(), set()

        def define(name):
            refuse_unless(name != "none" and name not in names, f"the log policy defines {show(name)} twice, or none")
            names.add(name)

        for line in content.split("\n"):
            parts = [part for part in re.split("[ \t]+", line) if part]
            if not parts or parts[0].startswith("#"):
                continue
            word, size = parts[0], len(parts)
            if word == "log" and size in (2, 3):
                self.logs.append(VerifierKey(parts[1], (LOG,)))
                keys.append(self.logs[-1])
            elif word == "witness" and size in (3, 4):
                define(parts[1])
                keys.append(VerifierKey(parts[2], (ED25519_COSIGNER, MLDSA_COSIGNER)))
                self.witnesses[keys[-1].line] = parts[1], keys[-1]
            elif word == "group" and size >= 4:
                members = parts[3:]
                refuse_unless(all(m in names and m not in grouped for m in members) and unique(members), f"the log policy's group {show(parts[1])} names an unknown member, or one twice")
                grouped.update(members)
                define(parts[1])
                k = {"all": str(len(members)), "any": "1"}.get(parts[2], parts[2])
                refuse_unless(re.fullmatch("[1-9][0-9]{0,5}", k) and int(k) <= len(members), f"the log policy's group {show(parts[1])} has no sound threshold")
                self.groups[parts[1]] = int(k), members
            elif word == "quorum" and size == 2:
                refuse_unless(self.quorum is None and (parts[1] == "none" or parts[1] in names), "the log policy's quorum is unknown or stated twice")
                self.quorum = parts[1]
            else:
                raise Refused(f"the log policy has a line that cannot be read: {show(line)}")
        refuse_unless(self.quorum is not None, "the log policy has no quorum")
        refuse_unless(unique(k.public for k in keys), "two lines of the log policy share a key")
        refuse_unless(unique(k.key_name for k in keys), "two lines of the log policy share a key name")

    def satisfied(self, cosigners, name=None):
        """Whether a set of witness names satisfies the quorum (or a group)."""
        name = self.quorum if name is None else name
        if name in self.groups:
            k, members = self.groups[name]
            return sum(self.satisfied(cosigners, member) for member in members) >= k
        return name == "none" or name in cosigners

    def cosignatures(self, checkpoint):
        """[(witness name, time or None if it does not verify)] for the lines by witnesses of the policy."""
        found = []
        for key_name, key_hash, signature in checkpoint.lines:
            if (key_name, key_hash) in self.witnesses:
                name, witness = self.witnesses[key_name, key_hash]
                found.append((name, checkpoint.cosigned_at(witness, signature)))
        return found

    def quorum_time(self, checkpoint):
        """The earliest time by which the cosignatures satisfy the quorum, or None."""
        stamped = [(stamp, name) for name, stamp in self.cosignatures(checkpoint) if stamp is not None]
        for moment in sorted({stamp for stamp, _ in stamped}):
            if self.satisfied({name for stamp, name in stamped if stamp <= moment}):
                return moment
        return None


POLICY = closed(
    may_lack=("timestamp_roots",),
    authorities=list_of(authority, 1),
    log=string,
    timestamp_roots=list_of(base64_text, 1),
    type=one_of("policy/v1"),
)


class Policy:
    def __init__(self, data):
        refuse_unless(len(data) <= MAX_POLICY, "it is larger than 1 MiB")
        value = parse_json(data, laid_out_by_hand=True)
        POLICY(value, "policy")
        self.authorities, self.timestamp_roots = value["authorities"], value.get("timestamp_roots")
        for entry in self.authorities:
            refuse_unless(key_table(base64_bytes(entry["key"])) is not None, "the key of an authority is not a sound point")
        self.log = LogPolicy(value["log"])


def read_policy(data):
    try:
        return None if data is None else Policy(data)
    except Refused as refused:
        raise Refused(f"The policy cannot be read: {refused}") from None


def holds(an_authority, moment):
    """Times are compared as text."""
    until, revoked = an_authority["valid_until"], an_authority["revoked_at"]
    return an_authority["valid_from"] <= moment and (until is None or moment < until) and (revoked is None or moment < revoked)


def entries_of(authorities, bureau):
    """keyid to the authorities of a bureau with that key."""
    entries = {}
    for entry in authorities:
        if entry["bureau"] == bureau:
            entries.setdefault(keyid_of(entry["key"]), []).append(entry)
    return entries


# ====================================================================================================================
# bundle.md: the draw bundle and its 22 steps
# ====================================================================================================================

BUNDLE = closed(
    blobs=lambda value, place: None,  # its members are named by hashes: checked in step 1 below
    checkpoints=closed(a=string, b=string),
    consistency=list_of(hash32),
    disclosures=list_of(string, ascending=True),
    documents=list_of(closed(dsse=ENVELOPE, index=count, leaf=string, proof=list_of(hash32)), 1),
    id=ident,
    type=one_of("draw-bundle/v1"),
)


class Case:
    """What is known of a draw bundle while the steps go on."""

    bundle = policy = None

    def of(self, *kinds):
        return [d for d in self.documents if d.kind in kinds]

    @property
    def outcomes(self):
        return self.of("draw-outcome/v1", "sealed-outcome/v1")

    @property
    def final(self):
        """The document that publishes the result: the outcome, or the opening of a sealed draw."""
        return (self.of("draw-opening/v1") or self.of("draw-outcome/v1"))[0]

    @property
    def is_sealed_and_unopened(self):
        return not self.of("draw-outcome/v1", "draw-opening/v1") and bool(self.of("sealed-outcome/v1"))


PASS, FAIL, NOT_CHECKED = "pass", "fail", "not-checked"
SPOKEN = {PASS: "通过 pass", FAIL: "不符 fail", NOT_CHECKED: "未查 not checked"}


def step_1_read(case, bundle_bytes, policy_bytes):
    case.policy = read_policy(policy_bytes)
    refuse_unless(len(bundle_bytes) > 0, "the bundle is empty")
    refuse_unless(len(bundle_bytes) <= MAX_BUNDLE, "the bundle is larger than 512 MiB")
    bundle = case.bundle = parse_json(bundle_bytes)
    BUNDLE(bundle, "bundle")
    refuse_unless(isinstance(bundle["blobs"], dict), "bundle.blobs is not an object")
    for name, content in bundle["blobs"].items():
        hex64(name, "a name in bundle.blobs")
        string(content, f"bundle.blobs.{name}")
    case.documents = [LoggedDocument(entry, f"documents[{n}]") for n, entry in enumerate(bundle["documents"])]
    indexes = [d.index for d in case.documents]
    refuse_unless(all(a < b for a, b in zip(indexes, indexes[1:])), "the documents do not ascend by index")
    plans = [n for n, d in enumerate(case.documents) if d.kind == "draw-plan/v1"]
    refuse_unless(plans == [0], "the first document, and no other, must be the plan")
    case.plan, case.s = case.documents[0].body, case.documents[0].sha256
    case.a, case.b = Checkpoint(bundle["checkpoints"]["a"], "A"), Checkpoint(bundle["checkpoints"]["b"], "B")
    case.consistency = [base64_bytes(item) for item in bundle["consistency"]]
    return PASS, f"The bundle of draw {bundle['id']} could be read in full: {len(case.documents)} documents, every one in its one lawful form."


def step_2_signatures(case):
    plan = case.plan
    declared = [section["key"] for section in plan["sections"]]
    for c in plan["contributors"]:
        declared += [someone["key"] for someone in ([c] if c["kind"] == "witness" else c.get("throwers", [])) if someone["key"]]
    for k in declared:
        refuse_unless(key_table(base64_bytes(k)) is not None, f"the plan declares a key that is not a sound Ed25519 key: {k}")
    roles_of = {}
    for d in case.documents:
        keys, roles = required_signers(plan, d)
        check_envelope(d, keys)
        check_actors(d, roles)
        for someone in d.body.get("actors", []):
            roles_of.setdefault(someone["id"], set()).add(someone["role"])
    for who, roles in roles_of.items():
        refuse_unless(not any(pair <= roles for pair in ROLES_APART), f"{who} holds two roles that check each other: {', '.join(sorted(roles))}")
    total = sum(len(d.signers) for d in case.documents)
    return PASS, f"All {total} signatures verify and are by exactly the keys the plan declares; nobody checked their own work."


def step_3_leaves(case):
    for d in case.documents:
        leaf = read_leaf(d.leaf_text.encode("utf-8"), d.name)
        check_leaf(leaf, d)
        d.at = leaf["at"]
    return PASS, "What the log recorded for every document is that very document."


def step_4_authority(case):
    if case.policy is None:
        return NOT_CHECKED, "Whether the keys are really the bureau's was not checked, since no policy was given: ask the bureau's superior for one."
    bureau = case.plan["bureau"]
    entries = entries_of(case.policy.authorities, bureau)
    sections = {keyid_of(section["key"]): section["id"] for section in case.plan["sections"]}
    for k, section in sections.items():
        refuse_unless(k in entries, f"the key of section {section} is not one your policy knows for {bureau}")
    for d in case.documents:
        for k in d.signers:
            if k in sections:
                valid = any(holds(entry, d.at) for entry in entries[k])
                refuse_unless(valid, f"the key of section {sections[k]} was not valid at {d.at}, when {d.name} was signed")
    return PASS, f"Every section key is one your policy knows for {bureau}, and was valid at the stated times."


def check_log(policy, checkpoints):
    """Step 5, of [(place, checkpoint)]: (the log's name, the names of those whom the policy does not know), or Refused."""
    logs = [entry for entry in policy.logs if entry.key_name == checkpoints[0][1].origin]
    refuse_unless(len(logs) == 1, f"the log {show(checkpoints[0][1].origin)} is not one of your policy")
    log, strangers = logs[0], []
    for place, checkpoint in checkpoints:
        refuse_unless(checkpoint.origin == log.key_name, "the two checkpoints are of different logs")
        by_log = [signature for name, key_hash, signature in checkpoint.lines if (name, key_hash) == log.line]
        refuse_unless(len(by_log) == 1, f"checkpoint {place} does not carry exactly one signature by the log")
        refuse_unless(checkpoint.is_signed(log.public, by_log[0]), f"the log's signature on checkpoint {place} does not verify")
        whose = [(name, key_hash) for name, key_hash, _ in checkpoint.lines]
        refuse_unless(unique(whose), f"checkpoint {place} has two lines by one key")
        strangers += [name for name, key_hash in whose if (name, key_hash) != log.line and (name, key_hash) not in policy.witnesses]
    return log.key_name, sorted(set(strangers))


def check_cosigners(policy, checkpoints):
    """Step 6: every cosignature verifies. Gives the names of those who cosigned the last checkpoint."""
    names = set()
    for place, checkpoint in checkpoints:
        cosignatures = policy.cosignatures(checkpoint)
        for name, stamp in cosignatures:
            refuse_unless(stamp is not None, f"the cosignature of {show(name)} on checkpoint {place} does not verify")
        names = {name for name, _ in cosignatures}
    return names


def stranger_sentence(strangers):
    names = show(", ".join(strangers))
    return f"检查点上有您的策略不认识的签名（{names}），无法核验。A checkpoint carries a line by {names}, whom your policy does not know: it cannot be verified. Ask the bureau whose it is."


def step_5_log(case):
    if case.policy is None:
        return NOT_CHECKED, "The log's own signatures were not checked, since no policy was given: ask the keeper of the log for its key."
    name, strangers = check_log(case.policy.log, [("A", case.a), ("B", case.b)])
    if strangers:
        return NOT_CHECKED, stranger_sentence(strangers)
    return PASS, f"Both checkpoints are signed by the log {show(name)} of your policy."


def step_6_cosigners(case):
    if case.policy is None:
        return NOT_CHECKED, "Outside cosigners were not checked, since no policy was given."
    policy = case.policy.log
    names = check_cosigners(policy, [("A", case.a), ("B", case.b)])
    if policy.quorum == "none":
        return NOT_CHECKED, "Your policy asks for no outside cosigners: that everyone is shown the same log rests on the bureau's word."
    refuse_unless(policy.satisfied(names), "the cosignatures on checkpoint B do not satisfy your policy's quorum")
    return PASS, f"{len(names)} outside cosigners of your policy confirm checkpoint B, as many as it asks for."


def step_7_inclusion(case):
    for d in case.documents:
        good = proves_inclusion(leaf_hash(d.leaf_text.encode("utf-8")), d.index, case.b.size, d.proof, case.b.root)
        refuse_unless(good, f"the proof of {d.name} does not lead to the root of checkpoint B")
    good = proves_consistency(case.a.size, case.b.size, case.consistency, case.a.root, case.b.root)
    refuse_unless(good, "checkpoint B does not continue checkpoint A")
    return PASS, f"Every document stands in the log of {case.b.size} entries, which continues the log of {case.a.size} entries."


PLACE_IN_ORDER = {  # draw-void has no place
    "draw-plan/v1": 0,
    "contribution/v1": 1,
    "draw-outcome/v1": 2,
    "sealed-outcome/v1": 2,
    "sealed-event/v1": 3,
    "draw-opening/v1": 4,
    "replacement/v1": 5,
}


def step_8_order_and_time(case):
    t, size = case.plan["instant"], case.a.size
    ordered = [d for d in case.documents if d.kind in PLACE_IN_ORDER]
    for before, after in zip(ordered, ordered[1:]):
        refuse_unless(PLACE_IN_ORDER[before.kind] <= PLACE_IN_ORDER[after.kind], f"{after.name} comes after {before.name}")
    numbers = [d.body["sequence"] for d in case.of("sealed-event/v1")]
    numbers += [d.body["event"]["sequence"] for d in case.of("replacement/v1")]
    refuse_unless(numbers == sorted(numbers), "the events are not logged in their sequence")
    refuse_unless(case.documents[0].index < size, "the plan is not in checkpoint A")
    refuse_unless(case.plan["frozen_at"] < t, "the lists were frozen no sooner than T")
    for d in case.of("contribution/v1"):
        contributor = contributor_of(case.plan, d)
        if contributor is None:
            continue  # fails at steps 2 and 10
        if contributor["kind"] == "witness":
            refuse_unless(d.index < size, f"{d.name}, a witness's, is not in checkpoint A")
            refuse_unless(d.body["given_at"] <= t, f"{d.name}, a witness's, was given after T")
        else:
            refuse_unless(d.index >= size, f"{d.name}, {contributor['kind']}, is already in checkpoint A")
            refuse_unless(d.body["given_at"] >= t, f"{d.name}, {contributor['kind']}, was given before T")
    for d in case.outcomes:
        refuse_unless(d.index >= size, f"{d.name} is already in checkpoint A")
        refuse_unless(d.body["drawn_at"] >= t, f"{d.name} was drawn before T")
    for before, after in zip(case.documents, case.documents[1:]):
        refuse_unless(before.at <= after.at, f"the time of {after.name} lies before that of {before.name}")
    moment, why = None, "no policy was given"
    if case.policy is not None:
        why = "your policy's quorum is none"
        if case.policy.log.quorum != "none":
            moment, why = case.policy.log.quorum_time(case.a), "the cosignatures on checkpoint A do not satisfy your policy's quorum"
    if moment is not None:
        refuse_unless(moment <= seconds(t), "outside cosigners confirmed checkpoint A only after T, so the list may have been made when the numbers were known")
        return PASS, f"Outside cosigners confirm that plan and witness numbers stood in the log by T ({t}), before the last number existed."
    sentence = f"Order claimed by the bureau: its own order and times fit, but nobody outside confirms them ({why})."
    if any(c["kind"] == "dice" for c in case.plan["contributors"]):
        forms = [f"{d.body['label']} {d.body['form']}" for d in case.of("contribution/v1") if d.body["form"]]
        sentence += f" The signed paper forms can stand in: {'; '.join(forms) or 'none is named'}."
    return NOT_CHECKED, sentence


def step_9_one_draw(case):
    plan, outcomes = case.plan, case.outcomes
    refuse_unless(case.bundle["id"] == plan["id"], "the bundle's id is not the plan's")
    for d in case.documents:
        refuse_unless(d.body["id"] == plan["id"], f"{d.name} belongs to another draw")
        refuse_unless(d is case.documents[0] or d.body["plan"] == case.s, f"{d.name} names another plan")
    refuse_unless(not plan["rehearsal"], "this is a rehearsal, not a draw")
    refuse_unless(not case.of("draw-void/v1"), "the draw was declared void")
    refuse_unless(len(outcomes) == 1, f"there are {len(outcomes)} outcomes, not one")
    sealed = plan["sealed"] is not None
    wanted = "sealed-outcome/v1" if sealed else "draw-outcome/v1"
    refuse_unless(outcomes[0].kind == wanted, f"the outcome is not a {wanted}")
    openings = case.of("draw-opening/v1")
    refuse_unless(len(openings) <= 1, "there is more than one opening")
    refuse_unless(not openings or (sealed and openings[0].index > outcomes[0].index), "there is an opening without a sealed outcome before it")
    refuse_unless(sealed or not case.of("sealed-event/v1"), "there is a sealed event in a draw that is not sealed")
    refuse_unless(not sealed or openings or not case.of("replacement/v1"), "there is an open replacement in a draw that is still sealed")
    for d in case.documents:
        refuse_unless(d.body.get("outcome", outcomes[0].sha256) == outcomes[0].sha256, f"{d.name} names another outcome")
    logged = [d.body["sequence"] for d in case.of("sealed-event/v1")] + [d.body["event"]["sequence"] for d in case.of("replacement/v1")]
    refuse_unless(sorted(logged) == list(range(1, len(logged) + 1)), "the events do not number 1, 2, 3 and so on")
    if openings:
        opened = [event["sequence"] for event in openings[0].body["events"]]
        refuse_unless(opened == list(range(1, len(opened) + 1)), "the events of the opening do not number 1, 2, 3 and so on")
    return PASS, "All documents belong to one plan and one real draw with exactly one outcome."


def step_10_contributions(case):
    wanted = [c for c in case.plan["contributors"] if c["kind"] != "nonce"]
    documents = case.of("contribution/v1")
    present = 0
    for c in wanted:
        mine = [d for d in documents if d.body["label"] == declared_label(c)]
        refuse_unless(len(mine) == 1, f"contributor {declared_label(c)} has {len(mine)} contributions, not one")
        refuse_unless(lawful_line(c, mine[0].body["line"]), f"the line of {declared_label(c)} is not a lawful one")
        present += mine[0].body["line"].startswith("witness:")
    refuse_unless(len(documents) == len(wanted), "there is a contribution nobody declared")
    witnesses = sum(c["kind"] == "witness" for c in wanted)
    refuse_unless(witnesses == 0 or present >= 2, "fewer than two witnesses were present")
    return PASS, f"Each of the {len(wanted)} declared contributors gave exactly one number; {present} of {witnesses} witnesses were present."


def step_11_public_number(case):
    lines = {d.body["label"]: d.body["line"] for d in case.of("contribution/v1")}
    found, signed = [], ""
    for c in case.plan["contributors"]:
        digits = lines.get(declared_label(c), "").rsplit(":", 1)[-1]
        if c["kind"] == "public":
            found.append(f"{show(c['source'])}, issue {show(c['issue'])}, at {case.plan['instant']}, digits {digits}")
        if c["kind"] == "drand":
            good = quicknet_signed(c["round"], bytes.fromhex(digits))
            refuse_unless(good, f"the number of drand is not the signature of quicknet under round {c['round']}; any public beacon gives the right one")
            signed = f"The number of drand is the signature of quicknet (chain {QUICKNET}) under round {c['round']}, which came into being at {spoken_time(time_of_round(c['round']))}. "
    if found:
        return NOT_CHECKED, f"{signed}Compare with the published number yourself: {'; '.join(found)}."
    return PASS, signed.rstrip() or "The plan uses no public number."


def step_12_lists(case):
    blobs, plan_blobs = case.bundle["blobs"], case.plan["blobs"]
    publishing = case.of("draw-outcome/v1", "draw-opening/v1")
    references = [(name, plan_blobs[name]) for name in PUBLIC_BLOBS]
    references += [(name, d.body[name]) for d in publishing for name in ("result", "opened")]
    teams_of = case.plan.get("teams_of")
    if teams_of:
        references.append(("former result", {"sha256": teams_of["result"]}))
    refuse_unless(set(blobs) == {reference["sha256"] for _, reference in references}, "the bundle does not hold exactly the lists its documents name")
    for name, reference in references:
        content = blobs[reference["sha256"]].encode("utf-8")
        refuse_unless(SHA256hex(content) == reference["sha256"], f"the list {name} has not the hash its document states")
        refuse_unless(len(content) == reference.get("size", len(content)), f"the list {name} has not the stated size")
        if "root" in reference:
            lines = content.split(b"\n")[:-1]
            refuse_unless(len(lines) == reference["count"], f"the list {name} has not the stated number of lines")
            refuse_unless(tree_root(lines).hex() == reference["root"], f"the list {name} has not the stated root")
    case.lists = Lists(case.plan, {name: blobs[plan_blobs[name]["sha256"]] for name in PUBLIC_BLOBS})
    case.former = read_result(blobs[teams_of["result"]], "former result") if teams_of else None
    for d in publishing:
        case.result = read_result(blobs[d.body["result"]["sha256"]], "result")
        rows = read_blob("opened", blobs[d.body["opened"]["sha256"]])
        case.opened = {t: (salt, people.split(",")) for t, salt, people in rows}
    return PASS, f"All lists are the ones the plan bound: {len(case.lists.pool)} targets, {len(case.lists.people)} people."


def step_13_rules(case):
    refuse_plan_1_names(case.plan)
    refuse_plan_2_times(case.plan)
    refuse_plan_3_quotas(case.plan, case.lists)
    refuse_plan_4_seats_and_items(case.plan, case.lists)
    refuse_plan_5_optional_items(case.plan)
    refuse_plan_6_contributors(case.plan)
    refuse_plan_7_exceptions(case.plan, case.lists)
    refuse_plan_8_pool_rules(case.plan)
    refuse_plan_9_teams_alone(case.plan, case.lists, case.former)
    return PASS, "The plan keeps the rules: its quotas follow from its lists, and every exception it needs has a stated reason."


def step_14_draw_key(case):
    plan, body, result = case.plan, case.final.body, case.result
    lines, contributors = body["contributions"], plan["contributors"]
    refuse_unless(len(lines) == len(contributors), "there is not one line per contributor")
    documents = {d.body["label"]: d.body["line"] for d in case.of("contribution/v1")}
    for c, line in zip(contributors, lines):
        refuse_unless(lawful_line(c, line), f"the line of {declared_label(c)} is not a lawful one")
        if c["kind"] == "nonce":
            refuse_unless(nonce_commitment(plan, line.rsplit(":", 1)[1]) == c["commitment"], f"the nonce of {c['label']} is not the one committed")
        else:
            refuse_unless(documents[declared_label(c)] == line, f"the line of {declared_label(c)} is not the one in its contribution")
    draw_key = draw_key_of(case.s, lines)
    refuse_unless(body["draw_key"] == draw_key, f"the draw key is {body['draw_key']}, the lines give {draw_key}")
    refuse_unless(result["plan"] == case.s, "the result names another plan")
    refuse_unless(result["draw_key"] == draw_key, "the result has another draw key")
    case.draw = Draw(plan, case.lists, draw_key)
    refuse_unless(result["stage_key"] == case.draw.stage_key, "the result has another stage key")
    return PASS, f"The draw key {draw_key} follows from the plan and the numbers given."


def step_15_targets(case):
    result, draw = case.result, case.draw
    for stated, right in zip(result["strata"], draw.strata):
        refuse_unless(stated == right, f"stratum {right['id']} of the result is not the recomputed one")
    refuse_unless(len(result["strata"]) == len(draw.strata), "the result has not the strata of the plan")
    for stated, right in zip(result["targets"], draw.targets):
        same = all(stated[name] == right[name] for name in right)
        refuse_unless(same, f"where the result has {stated['id']}, the numbers give {right['id']} (rank {right['rank']}, {', '.join(right['sections'])})")
    refuse_unless(len(result["targets"]) == len(draw.targets), f"the result has {len(result['targets'])} targets, the numbers give {len(draw.targets)}")
    return PASS, f"The {len(draw.targets)} targets drawn are exactly those the numbers give."


def step_16_items(case):
    for t in case.result["targets"]:
        right = case.draw.items(t["id"], t["sections"])
        refuse_unless(t["items"] == right, f"the items of {t['id']} are not the recomputed ones: {show(right)}")
    return PASS, "The items to inspect at every target are exactly those the numbers give."


def step_17_conflicts(case):
    drawn = [t["id"] for t in case.result["targets"]]
    refuse_unless(case.opened.keys() <= set(drawn), "conflicts are opened for a target that was not drawn")
    for t in drawn:
        check_opening(case.lists, t, case.opened.get(t))
    case.conflicts = {t: frozenset(people) for t, (_, people) in case.opened.items()}
    return PASS, f"The conflicts of the {len(case.opened)} drawn targets that have any are the ones committed before the draw."


def step_18_teams(case):
    targets = [(t["id"], t["sections"]) for t in case.result["targets"]]
    drawn = case.draw.teams(targets, case.conflicts, {p.id: p.places for p in case.lists.people.values()})
    for plural, _, _ in ROLES:
        team, people = drawn[plural]
        refuse_unless(case.result[plural] == team, f"the outcome for {plural} is stated as {show(case.result[plural])}, recomputed it is {show(team)}")
        for t in case.result["targets"]:
            refuse_unless(t[plural] == people[t["id"]], f"the {plural} of {t['id']} are {show(t[plural])}, the numbers give {show(people[t['id']])}")
    outcomes = ", ".join(f"{plural} {drawn[plural][0]['outcome']}" for plural, _, _ in ROLES)
    return PASS, f"The people sent to every target are exactly those the numbers give ({outcomes})."


def step_19_replacements(case):
    case.standing = Standing(case.draw, case.result, case.conflicts)
    events = [event for d in case.of("draw-opening/v1") for event in d.body["events"]]
    events += [d.body["event"] for d in case.of("replacement/v1")]
    for event in sorted(events, key=lambda event: event["sequence"]):
        try:
            case.standing.apply(event)
        except Refused as refused:
            raise Refused(f"event {event['sequence']}: {refused}") from None
    if not events:
        return PASS, "Nobody and nothing was replaced."
    return PASS, f"All {len(events)} replacements have a lawful reason and exactly the successor the numbers give."


def step_20_names(case):
    digests = {case.lists.people[p].digest for p in case.standing.ever}
    for c in case.plan["contributors"]:
        digests.update(someone["person"] for someone in ([c] if c["kind"] == "witness" else c.get("throwers", [])))
    for disclosure in case.bundle["disclosures"]:
        refuse_unless(disclosure_digest(disclosure) in digests, "a name is disclosed of someone who was neither drawn nor contributed")
    total = len(case.bundle["disclosures"])
    return PASS, f"The {total} names disclosed are those committed before the draw." if total else "No names are disclosed."


def step_21_sealed(case):
    sealed = case.plan["sealed"]
    if sealed is None:
        return PASS, "The draw was not sealed."
    body, outcome = case.final.body, case.outcomes[0].body
    content = case.bundle["blobs"][body["result"]["sha256"]].encode("utf-8")
    refuse_unless(outcome["commitment"] == sealed_commitment(body["draw_key"], content), "the result opened is not the one sealed")
    events = {d.body["sequence"]: d.body["commitment"] for d in case.of("sealed-event/v1")}
    refuse_unless(len(events) == len(body["events"]), f"{len(events)} events were sealed, {len(body['events'])} are opened")
    for event in body["events"]:
        good = events.get(event["sequence"]) == sealed_commitment(body["draw_key"], canonical(event))
        refuse_unless(good, f"event {event['sequence']} opened is not the one sealed")
    refuse_unless(body["cause"] != "date" or body["opened_at"] >= sealed["opens"], "the draw was opened before its date")
    return PASS, "What was opened is exactly what was sealed."


def step_22_uniqueness(case):
    sentence = "That no other plan has this number, and that nothing later supersedes this, only the whole log can show: ask a monitor of the log."
    if "teams_of" in case.plan:
        former = case.plan["teams_of"]
        sentence += f" That these are the targets of draw {former['draw']}, and that teams were drawn for it only once, is not shown here either: compare its own bundle, whose plan must be {former['plan']} and whose result {former['result']}."
        left_out = case.plan["blobs"]["excluded"]["count"]
        sentence += f" {left_out} of its targets get no team here; each must have been ended there by a replacement." if left_out else ""
    return NOT_CHECKED, sentence


#       number: (English name, Chinese name, needs, function)
STEPS = {
    1: ("read", "读取", (), step_1_read),
    2: ("signatures", "签名", (1,), step_2_signatures),
    3: ("leaves", "日志条目", (1,), step_3_leaves),
    4: ("authority", "机关权限", (3,), step_4_authority),
    5: ("log", "日志", (1,), step_5_log),
    6: ("cosigners", "联署", (5,), step_6_cosigners),
    7: ("inclusion", "收录证明", (1,), step_7_inclusion),
    8: ("order and time", "先后与时间", (3, 7), step_8_order_and_time),
    9: ("one draw", "只抽一次", (1,), step_9_one_draw),
    10: ("contributions", "各方数字", (1,), step_10_contributions),
    11: ("public number", "公开号码", (10,), step_11_public_number),
    12: ("lists", "名单", (1,), step_12_lists),
    13: ("rules", "规则", (12,), step_13_rules),
    14: ("draw key", "抽取密钥", (9, 10, 13), step_14_draw_key),
    15: ("targets", "检查对象", (14,), step_15_targets),
    16: ("items", "检查事项", (15,), step_16_items),
    17: ("conflicts", "回避", (15,), step_17_conflicts),
    18: ("teams", "检查人员", (17,), step_18_teams),
    19: ("replacements", "替换", (16, 18), step_19_replacements),
    20: ("names", "姓名", (19,), step_20_names),
    21: ("sealed", "封存", (14,), step_21_sealed),
    22: ("uniqueness", "唯一性", (), step_22_uniqueness),
}


# ====================================================================================================================
# document-bundle.md: the document bundle and its 11 steps
# ====================================================================================================================

DOCUMENT_BUNDLE = closed(
    disclosures=list_of(string, ascending=True),
    dsse=ENVELOPE,
    plan=or_null(ENVELOPE),
    timestamp=or_null(base64_text),
    tlogProof=string,
    type=one_of("document-bundle/v1"),
)


class DocumentCase:
    """What is known of a document bundle while the steps go on."""

    bundle = policy = None


def document_step_1_read(case, bundle_bytes, policy_bytes):
    case.policy = read_policy(policy_bytes)
    refuse_unless(len(bundle_bytes) <= MAX_DOCUMENT_BUNDLE, "the document bundle is larger than 4 MiB")
    bundle = case.bundle = parse_json(bundle_bytes)
    DOCUMENT_BUNDLE(bundle, "bundle")
    d = case.document = Document(bundle["dsse"], "bundle.dsse", KINDS)
    refuse_by_itself(d)
    of_a_draw = "plan" in d.body
    refuse_unless((bundle["plan"] is not None) == of_a_draw, f"{d.name} comes {'without its' if of_a_draw else 'with a'} plan")
    if of_a_draw:
        case.plan = Document(bundle["plan"], "bundle.plan", {"draw-plan/v1": PLAN})
    else:
        case.plan = d if d.kind == "draw-plan/v1" else None
    case.proof = Proof(bundle["tlogProof"])
    case.leaf = read_leaf(case.proof.leaf_bytes, d.name)
    case.checkpoints = [("of the proof", case.proof.checkpoint)]
    return PASS, f"整个文件可读，各部分都是唯一合法的写法。The file could be read in full, {d.name} {show(d.body['id'])} in its one lawful form."


def check_draw(case):
    """The document belongs to the draw of the plan."""
    d, plan = case.document, case.plan
    refuse_unless(d.body["plan"] == plan.sha256, f"{d.name} names another plan")
    refuse_unless(d.body.get("draw", d.body["id"]) == plan.body["id"], f"{d.name} belongs to another draw")
    right = f"{d.body['draw']}.{d.body['target']}" if d.kind in REVISIONS else plan.body["id"]
    refuse_unless(d.body["id"] == right, f"the id of {d.name} is not {right}")


def document_step_2_signatures(case):
    d, plan = case.document, case.plan
    if d.kind in BY_ONE_KEY:
        refuse_unless(len(d.signers) == 1, f"{d.name} is signed by {len(d.signers)} keys, not by one")
        if d.kind == "key-event/v1":
            mine = [a for a in d.body["authorities"] if a["bureau"] == d.body["bureau"] and holds(a, d.body["issued_at"])]
        elif case.policy is None:
            return NOT_CHECKED, "没有给出策略，无法核验是谁签署。Whose signature this is was not checked: only a policy holds the key. Ask the bureau's superior for one."
        else:
            mine = case.policy.authorities
        keys = [a["key"] for a in mine if keyid_of(a["key"]) == d.signers[0]]
        refuse_unless(keys, f"{d.name} is signed by a key that may not sign it")
        check_envelope(d, keys[:1])
        return PASS, f"签名有效。The signature of {d.name} verifies."
    if plan is not d:
        check_draw(case)
        check_envelope(plan, *required_signers(plan.body, plan)[:1])
        check_actors(plan, ACTOR_ROLES[plan.kind])
    keys, roles = required_signers(plan.body, d)
    check_envelope(d, keys)
    check_actors(d, roles)
    roles_of = {}
    for someone in (plan.body["actors"] if plan is not d else []) + d.body.get("actors", []):
        roles_of.setdefault(someone["id"], set()).add(someone["role"])
    for who, held in roles_of.items():
        refuse_unless(not any(pair <= held for pair in ROLES_APART), f"{who} holds two roles that check each other: {', '.join(sorted(held))}")
    refuse_unless(not plan.body["rehearsal"], "the plan is a rehearsal, so nothing of it is real")
    return PASS, f"各签名均有效，签署者正是计划所定。Every signature of {d.name} and of its plan verifies, and they are by exactly the required keys."


def document_step_3_leaf(case):
    check_leaf(case.leaf, case.document)
    return PASS, "日志所记正是这份文书。What the log recorded is this very document."


def document_step_4_authority(case):
    if case.policy is None:
        return NOT_CHECKED, "没有给出策略，未查密钥是否属于该机关。Whether the keys are really the bureau's was not checked, since no policy was given: ask the bureau's superior for one."
    d, at = case.document, case.leaf["at"]
    bureau = (case.plan or d).body["bureau"]
    entries = entries_of(case.policy.authorities, bureau)
    official = {keyid_of(section["key"]) for section in case.plan.body["sections"]} if case.plan else set(d.signers)
    for k in sorted(official):
        refuse_unless(k in entries, f"the key {k} is not one your policy knows for {bureau}")
    for k in d.signers:
        refuse_unless(k not in official or any(holds(entry, at) for entry in entries[k]), f"the key {k} was not valid at {at}, when {d.name} was logged")
    return PASS, f"签署所用密钥在当时有效。The keys are ones your policy knows for {bureau}, and were valid at {at}."


def document_step_5_log(case):
    if case.policy is None:
        return NOT_CHECKED, "没有给出策略，未查日志签名。The log's own signature was not checked, since no policy was given: ask the keeper of the log for its key."
    name, strangers = check_log(case.policy.log, case.checkpoints)
    if strangers:
        return NOT_CHECKED, stranger_sentence(strangers)
    return PASS, f"检查点由您策略中的日志签署。The checkpoint is signed by the log {show(name)} of your policy."


def document_step_6_cosigners(case):
    if case.policy is None:
        return NOT_CHECKED, "没有给出策略，未查联署。Outside cosigners were not checked, since no policy was given."
    policy = case.policy.log
    names = check_cosigners(policy, case.checkpoints)
    if policy.quorum == "none":
        return NOT_CHECKED, "您的策略不要求联署。Your policy asks for no outside cosigners: that everyone is shown the same log rests on the bureau's word."
    refuse_unless(policy.satisfied(names), "the cosignatures on the checkpoint do not satisfy your policy's quorum")
    return PASS, f"联署数目已满足。{len(names)} outside cosigners of your policy confirm the checkpoint, as many as it asks for."


def document_step_7_inclusion(case):
    proof = case.proof
    good = proves_inclusion(leaf_hash(proof.leaf_bytes), proof.index, proof.checkpoint.size, proof.path, proof.checkpoint.root)
    refuse_unless(good, "the path does not lead from the leaf to the root of the checkpoint")
    return PASS, f"文书已在日志中。The document stands in the log of {proof.checkpoint.size} entries, at index {proof.index}."


def document_step_8_time(case):
    moment = None if case.policy is None else case.policy.log.quorum_time(case.proof.checkpoint)
    if moment is None:
        return NOT_CHECKED, "无人从外部证实时间。Nobody outside confirms since when this is public."
    since = spoken_time(moment)
    return PASS, f"不晚于 {since} 已公开。Public no later than {since}: outside cosigners saw it then."


def document_step_9_time_stamp(case):
    if case.bundle["timestamp"] is None:
        return PASS, "没有时间戳。There is no time stamp."
    how = "openssl ts -verify -data CHECKPOINT -in RESPONSE -CAfile ROOTS"
    sentence = f"本程序不核验时间戳，可用 {how}。This program does not verify RFC 3161; OpenSSL does: {how}"
    return NOT_CHECKED, sentence + ", with the three lines of the checkpoint, the bytes of timestamp, and the roots you trust as PEM."


def document_step_10_disclosures(case):
    d, disclosures = case.document, case.bundle["disclosures"]
    for disclosure in disclosures:
        its_digest = disclosure_digest(disclosure, DISCLOSED_BY.get(d.kind, ()))
        refuse_unless(its_digest in d.body.get("_sd", ()), "something is disclosed that the document does not commit to")
    if not disclosures:
        return PASS, "没有公开项。Nothing is disclosed."
    return PASS, f"{len(disclosures)} 个公开项与文书相符。The {len(disclosures)} disclosures are those the document commits to."


def document_step_11_standing(case):
    return NOT_CHECKED, "之后是否更正、异议、撤回或遮蔽，只有整个日志能说明。That nothing later corrects, contests, withdraws or redacts this, only the log can show: ask a monitor of the log."


#       number: (English name, Chinese name, needs, function)
DOCUMENT_STEPS = {
    1: ("read", "读取", (), document_step_1_read),
    2: ("signatures", "签名", (1,), document_step_2_signatures),
    3: ("leaf", "日志条目", (1,), document_step_3_leaf),
    4: ("authority", "机关权限", (2, 3), document_step_4_authority),
    5: ("log", "日志", (1,), document_step_5_log),
    6: ("cosigners", "联署", (5,), document_step_6_cosigners),
    7: ("inclusion", "收录证明", (1,), document_step_7_inclusion),
    8: ("time", "时间", (6, 7), document_step_8_time),
    9: ("time stamp", "时间戳", (1,), document_step_9_time_stamp),
    10: ("disclosures", "公开项", (1,), document_step_10_disclosures),
    11: ("standing", "现状", (), document_step_11_standing),
}

# ====================================================================================================================
# The command: which bundle it is, its steps, their verdicts
# ====================================================================================================================


def steps_of(bundle_bytes):
    """A document bundle is told by how its one canonical form ends; every other file counts as a draw bundle."""
    return DOCUMENT_STEPS if bundle_bytes[-64:].rstrip(b" \t\r\n").endswith(b'"type":"document-bundle/v1"}') else STEPS


def unreadable(sentence, steps=STEPS):
    """The verdicts when bundle or policy cannot be read."""
    return [(1, FAIL, sentence)] + [(n, NOT_CHECKED, "因第 1 步未通过而未查。Not checked, because step 1 did not pass.") for n in steps if n > 1]


def finished(sentence):
    return sentence[:1].upper() + sentence[1:] + ("" if sentence.endswith(".") else ".")


def run_steps(steps, case, bundle_bytes, policy_bytes):
    """[(number, verdict, sentence)]. Never raises on account of its input."""
    verdicts, passed = [], set()
    for number, (_, chinese, needs, function) in steps.items():
        missing = [n for n in needs if n not in passed]
        if steps is STEPS and 14 <= number <= 21 and case.is_sealed_and_unopened:
            verdict, sentence = NOT_CHECKED, "Not checked, because the draw is sealed and not yet opened."
        elif missing:
            verdict, sentence = NOT_CHECKED, f"因第 {missing[0]} 步未通过而未查。Not checked, because step {missing[0]} did not pass."
        else:
            try:
                verdict, sentence = function(case, bundle_bytes, policy_bytes) if number == 1 else function(case)
            except Refused as refused:
                verdict, sentence = FAIL, f"{chinese}不符。{finished(str(refused))}"
            except (RecursionError, MemoryError):
                verdict, sentence = FAIL, f"{chinese}过大或过深，无法核验。This is too deep or too large to be checked."
        if verdict == PASS:
            passed.add(number)
        verdicts.append((number, verdict, sentence))
        if number == 1 and verdict != PASS:
            return unreadable(sentence, steps)
    return verdicts


def verify(bundle_bytes: bytes, policy_bytes: bytes | None = None) -> list[tuple[int, str, str]]:
    """The 22 steps of a draw bundle."""
    return run_steps(STEPS, Case(), bundle_bytes, policy_bytes)


def verify_document(bundle_bytes: bytes, policy_bytes: bytes | None = None) -> list[tuple[int, str, str]]:
    """The 11 steps of a document bundle."""
    return run_steps(DOCUMENT_STEPS, DocumentCase(), bundle_bytes, policy_bytes)


def exit_status(verdicts):
    found = {verdict for _, verdict, _ in verdicts}
    if verdicts[0][1] == FAIL:
        return 2
    return 1 if FAIL in found else 3 if NOT_CHECKED in found else 0


def read_file(path, most, what):
    try:
        about = os.stat(path)
        refuse_unless(not stat.S_ISDIR(about.st_mode), f"the {what} {show(path)} is a directory")
        refuse_unless(stat.S_ISREG(about.st_mode), f"the {what} {show(path)} is not an ordinary file")
        refuse_unless(about.st_size <= most, f"the {what} {show(path)} is larger than {most >> 20} MiB")
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise Refused(f"the {what} {show(path)} cannot be read ({show(getattr(error, 'strerror', None) or 'bad name')})") from None
    refuse_unless(data, f"the {what} {show(path)} is empty")
    return data


def main(arguments):
    usage = "用法 usage: python verify.py FILE [--policy POLICY] [--verdicts]"
    paths, policy_path, machine = [], None, False
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--verdicts" and not machine:
            machine = True
        elif word == "--policy" and policy_path is None and rest:
            policy_path = rest.pop(0)
        elif word.startswith("-"):
            paths = []
            break
        else:
            paths.append(word)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if len(paths) != 1:
        print(usage, file=sys.stderr)
        return 64
    steps = STEPS
    try:
        bundle = read_file(paths[0], MAX_BUNDLE, "bundle")
        steps = steps_of(bundle)
        policy = None if policy_path is None else read_file(policy_path, MAX_POLICY, "policy")
        verdicts = (verify if steps is STEPS else verify_document)(bundle, policy)
    except Refused as refused:
        verdicts = unreadable(f"读取不符。{finished(str(refused))}", steps)
    except MemoryError:
        verdicts = unreadable("内存不足。There is not enough memory to read this bundle.", steps)
    if machine:
        for number, verdict, _ in verdicts:
            print(number, verdict)
    elif verdicts[0][1] == FAIL:
        print(f" 1 {steps[1][1]} {steps[1][0]}: {SPOKEN[FAIL]}. {verdicts[0][2]}")
        print("    其余均未查。Nothing else could be checked.")
    else:
        for number, verdict, sentence in verdicts:
            print(f"{number:2} {steps[number][1]} {steps[number][0]}: {SPOKEN[verdict]}. {sentence}")
    return exit_status(verdicts)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
