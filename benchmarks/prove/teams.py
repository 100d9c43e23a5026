"""Is the fast team draw the draw of the specification? Four comparisons with slower programs that share no code with it.

    tiny     the first complete assignment of all that exist, found by trying them; each certificate against a maximum
             flow from nothing
    medium   tight instances without pairs apart: DRAW as written, FILLABLE as a maximum flow from nothing per candidate
    whole    DRAW as written on instances with mates, people apart and joint seats of two departments
    limit    DRAW as written where people apart let it end at a dead end of many thousand choices, about as many as LIMIT

The slower programs are `tests/selection/naive_draw.py`, written from docs/spec/draw.md 5 alone.
"""

import importlib.util
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.planted import plant
from selection.eligibility import OpenSeat
from selection.flow import Network
from selection.teams import Assignment, assign, first_come

__all__ = ["limit", "medium", "run", "tiny", "whole"]

TINY, MEDIUM, WHOLE, LIMIT = 100_000, 2_000, 3_000, 200
Case = tuple[list[tuple[str, int, list[str]]], dict[str, int], set[tuple[str, str]], dict[str, list[str]]]

_path = Path(__file__).resolve().parents[2] / "tests" / "selection" / "naive_draw.py"
_spec = importlib.util.spec_from_file_location("naive_draw", _path)
assert _spec is not None and _spec.loader is not None
naive_draw: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(naive_draw)


class Apart:
    """What `assign` asks of a staff, from a set of pairs."""

    def __init__(self, pairs: set[tuple[str, str]]) -> None:
        self.apart: dict[str, set[str]] = {}
        for a, b in pairs:
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)


def _ours(case: Case) -> Assignment:
    seats, places, apart, mates = case
    return assign([OpenSeat(t, k, tuple(c)) for t, k, c in seats], places, Apart(apart), mates)


def _certificate(found: Assignment) -> dict[str, object] | None:
    certificate = found.certificate
    return None if certificate is None else {
        "seats": [(s.target, s.seat) for s in certificate.seats],
        "people": [(p.person, p.places) for p in certificate.people],
        "pairs": [(p.target, p.person) for p in certificate.pairs],
        "supply": certificate.supply,
        "short": certificate.short,
    }


def _greedy_ends(case: Case) -> bool:
    seats, places, apart, mates = case
    opened = [OpenSeat(t, k, tuple(c)) for t, k, c in seats]
    return None not in first_come(opened, places, Apart(apart).apart, mates)


def _tiny_cases(count: int) -> Iterator[Case]:
    """Yield instances of up to 9 seats and 6 people, every second one with pairs apart, every fourth with mates."""
    r = random.Random("prove teams tiny 1")
    for number in range(count):
        people = [f"p{n}" for n in range(r.randint(2, 6))]
        seats = [
            (f"t{t}", k, r.sample(people, r.randint(1, len(people))))
            for t in range(r.randint(1, 3))
            for k in range(1, r.randint(1, 3) + 1)
        ]
        # As many places as seats, one fewer, or a few more, dealt at random: most instances are tight.
        places = dict.fromkeys(people, 0)
        for _ in range(len(seats) + r.choice([-1, 0, 0, 0, 1, 1, 2, 3])):
            places[r.choice(people)] += 1
        pairs = [(a, b) for a in people for b in people if a < b]
        apart = set(r.sample(pairs, r.randint(1, min(4, len(pairs))))) if number % 2 else set()
        mates = {f"t{t}": r.sample(people, r.randint(0, 2)) for t in range(3)} if number % 4 == 3 else {}
        yield seats, places, apart, mates


def tiny(count: int = TINY) -> bool:
    """Compare with exhaustive search, and certificates with a maximum flow; return whether all are equal."""
    seen = Counter[str]()
    for case in _tiny_cases(count):
        seats, places, apart, mates = case
        found, wanted = _ours(case), naive_draw.brute(*case)
        value, reached = naive_draw.flow_of(seats, places, apart, mates, [])
        certificate = naive_draw.shortage(seats, places, reached) if value < len(seats) else None
        short = "IMPOSSIBLE" if certificate else "IMPOSSIBLE_PAIRS"
        if (found.outcome, found.people, _certificate(found)) != (
            "COMPLETE" if wanted else short,
            wanted or (),
            certificate,
        ):
            print(f"  DIFFERENT: {case}: {found}, but {wanted}, {certificate}")
            return False
        seen[found.outcome + (" with pairs apart" if apart else "")] += 1
        seen["a dead end of greedy, completed"] += found.outcome == "COMPLETE" and not _greedy_ends(case)
    print(f"  tiny: {count:,} equal to exhaustive search, seed 'prove teams tiny 1'; {_counts(seen)}")
    return True


def medium(count: int = MEDIUM) -> bool:
    """Compare tight instances with a maximum flow from nothing for each candidate; return whether all are equal."""
    seen, sizes = Counter[str](), set[int]()
    for seed in range(count):
        planted = plant(12, 14, (0.0, 0.0, 0.02, 0.05)[seed % 4], seed, conflicts=0.3)
        places = dict(planted.places)
        if seed % 5 == 4:  # one place short: most of these have a certificate
            places[max(places, key=lambda p: (places[p], p))] -= 1
        case: Case = ([(s.target, s.number, list(s.candidates)) for s in planted.seats], places, set(), {})
        sizes.add(len(case[0]))
        if not _same(case, seen):
            return False
        if not _greedy_ends(case):
            opened = [OpenSeat(t, k, tuple(c)) for t, k, c in case[0]]
            seen["greedy dead ends"] += Network(opened, places, {}, {}, first_come(opened, places, {}, {})).fill()
    size = f"{min(sizes)} to {max(sizes)} seats"
    print(f"  medium: {count:,} equal to a flow per candidate, {size}, seeds 0 to {count - 1}; {_counts(seen)}")
    return True


def whole(count: int = WHOLE) -> bool:
    """Compare outcome, people and certificate with DRAW as written; return whether all are equal."""
    r, seen = random.Random("prove teams whole 1"), Counter[str]()
    for _ in range(count):
        people = [f"p{n:02d}" for n in range(r.randint(3, 9))]
        section = {p: r.choice("AAB") for p in people}
        seats = []
        for t in range(r.randint(1, 4)):
            order = r.sample(people, len(people))
            asked = r.choice([["A"], ["A", "A"], ["A", "B"], ["A", "A", "B"], ["B", "AB"]])
            away = set(r.sample(people, r.randint(0, len(people) // 3)))
            for k, sections in enumerate(asked, 1):
                fit = [p for p in order if section[p] in sections and p not in away]
                seats.append((f"企-{t}" if t % 2 else f"t{t}", k, fit))
        places = {p: r.choice([0, 1, 1, 2, 2, 3]) for p in people}
        pairs = [(a, b) for a in people for b in people if a < b]
        apart = set(r.sample(pairs, r.randint(0, min(6, len(pairs)))))
        mates = {t: r.sample(people, r.randint(0, 2)) for t in dict.fromkeys(seat[0] for seat in seats)}
        if not _same((seats, places, apart, mates), seen):
            return False
    print(f"  whole: {count:,} equal to DRAW as written, seed 'prove teams whole 1'; {_counts(seen)}")
    return True


def limit(count: int = LIMIT) -> bool:
    """Compare instances that need about as many choices as DRAW may try; return whether all are equal.

    The last team asks for people who are all apart, which FILLABLE cannot see, so every way to seat the others is tried;
    in one of three the first seat then has another candidate, and who held it may join the last team.
    """
    r, seen = random.Random("prove teams limit 1"), Counter[str]()
    for _ in range(count):
        people, last = [f"p{n:02d}" for n in range(30)], [f"q{n}" for n in range(r.choice([2, 2, 3]))]
        way_out = ["w"] if r.random() < 1 / 3 else []
        seats, ways = [("first", 1, [*way_out, r.choice(people)])], 1 + len(last)
        while ways < 6_000:
            most = min(30, max(2, 14_000 // ways))
            fit = r.sample(people, r.randint(min(4, most), most))
            seats.append((f"t{len(seats) // 2}", len(seats) % 2 + 1, fit))
            ways *= len(fit)
        seats += [("z", k, r.sample(last, len(last)) + way_out * (k == 2)) for k in (1, 2)]
        places = {p: r.choice([2, 9, 9]) for p in people} | dict.fromkeys([*last, "w"], 1)
        if not _same((seats, places, {(a, b) for a in last for b in last if a < b}, {}), seen):
            return False
    print(f"  limit: {count:,} equal to DRAW as written, seed 'prove teams limit 1'; {_counts(seen)}")
    return True


def _same(case: Case, seen: Counter[str]) -> bool:
    found, (outcome, chosen, certificate) = _ours(case), naive_draw.naive(*case)
    seen[outcome] += 1
    if (found.outcome, found.people, _certificate(found)) == (outcome, chosen, certificate):
        return True
    print(f"  DIFFERENT: {case}: {found}, but {outcome}, {chosen}, {certificate}")
    return False


def _counts(seen: Counter[str]) -> str:
    return ", ".join(f"{what} {count:,}" for what, count in sorted(seen.items()))


def run() -> bool:
    """Run all four; return whether nothing differs."""
    print("teams: the fast draw beside programs that try everything out")
    held = []
    for part in (tiny, medium, whole, limit):
        begun = time.process_time()
        held.append(part())
        print(f"    {time.process_time() - begun:.0f} s")
    print("  holds: no difference" if all(held) else "  DOES NOT HOLD")
    return all(held)
