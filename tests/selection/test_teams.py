"""Teams are the lexicographically first complete assignment, however they are found (docs/spec/draw.md 5)."""

import random
from collections import Counter

import pytest
from naive_draw import brute, clash, naive

from selection import teams
from selection.eligibility import OpenSeat
from selection.teams import assign, node_limit


class Clashes:
    """The one thing `assign` asks of a staff."""

    def __init__(self, pairs):
        self.apart = {}
        for a, b in pairs:
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)


def instance(r, targets, seats_each, people, places, apart, mates):
    """A random stage: every seat knows a random, randomly ordered part of the people."""
    names = [f"p{n:02d}" for n in range(people)]
    pairs = [(a, b) for a in names for b in names if a < b]
    seats = [
        (f"t{t}", number, r.sample(names, r.randint(1, people)))
        for t in range(targets)
        for number in range(1, r.randint(1, seats_each) + 1)
    ]
    return (
        seats,
        {name: r.randint(0, places) for name in names},
        set(r.sample(pairs, min(len(pairs), apart))),
        {f"t{t}": r.sample(names, r.randint(0, mates)) for t in range(targets)},
    )


def solve(seats, places, apart, mates):
    return assign([OpenSeat(t, n, tuple(c)) for t, n, c in seats], places, Clashes(apart), mates)


def as_dict(certificate):
    return certificate and {
        "seats": [(s.target, s.seat) for s in certificate.seats],
        "people": [(p.person, p.places) for p in certificate.people],
        "pairs": [(p.target, p.person) for p in certificate.pairs],
        "supply": certificate.supply,
        "short": certificate.short,
    }


SHAPES = {
    "plain": {"targets": 3, "seats_each": 2, "people": 4, "places": 2, "apart": 0, "mates": 0},
    "tight": {"targets": 3, "seats_each": 2, "people": 6, "places": 1, "apart": 0, "mates": 0},
    "apart": {"targets": 3, "seats_each": 3, "people": 6, "places": 2, "apart": 4, "mates": 0},
    "mates": {"targets": 3, "seats_each": 2, "people": 6, "places": 2, "apart": 5, "mates": 2},
    "loose": {"targets": 3, "seats_each": 2, "people": 6, "places": 5, "apart": 2, "mates": 1},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_result_is_the_first_of_all_complete_assignments(shape):
    seen = Counter()
    r = random.Random(shape)
    for _ in range(3000):
        case = instance(r, **SHAPES[shape])
        found, wanted = solve(*case), brute(*case)
        assert (found.outcome == "COMPLETE") == (wanted is not None), case
        assert found.people == (wanted or ()), case
        seen[found.outcome] += 1
    assert seen["COMPLETE"] > 100
    assert seen["IMPOSSIBLE"] + seen["IMPOSSIBLE_PAIRS"] > 10


@pytest.mark.parametrize("shape", SHAPES)
def test_outcome_and_certificate_are_those_of_draw_as_written(shape):
    r = random.Random(f"naive {shape}")
    for _ in range(800):
        case = instance(r, **SHAPES[shape])
        found, (outcome, people, certificate) = solve(*case), naive(*case)
        assert (found.outcome, found.people) == (outcome, people), case
        assert as_dict(found.certificate) == certificate, case


def medium(seed):
    """36 seats with scarce places."""
    r = random.Random(f"medium {seed}")
    names = [f"p{n:02d}" for n in range(14)]
    seats = [(f"t{t:02d}", n, r.sample(names, r.randint(2, 5))) for t in range(18) for n in (1, 2)]
    places = {
        name: r.choice([1, 2, 3]) if seed % 3 == 0 else r.choice([2, 3, 3]) if seed % 3 == 1 else 4
        for name in names
    }
    apart = {tuple(sorted(r.sample(names, 2))) for _ in range(seed % 4)}
    return seats, places, apart, {f"t{t:02d}": r.sample(names, seed % 2) for t in range(18)}


@pytest.mark.parametrize("seed", range(24))
def test_medium_stage_is_that_of_draw_as_written(seed):
    """The flow that is kept and repaired answers as flows from scratch do."""
    found, (outcome, people, certificate) = solve(*medium(seed)), naive(*medium(seed))
    assert (found.outcome, found.people, as_dict(found.certificate)) == (outcome, people, certificate)


def test_medium_stages_are_of_every_kind():
    """The seeds above hold impossible stages and complete ones that the quick way does not find."""
    outcomes = Counter()
    for seed in range(24):
        seats, places, apart, mates = medium(seed)
        opened = [OpenSeat(t, n, tuple(c)) for t, n, c in seats]
        quick = teams.first_come(opened, places, Clashes(apart).apart, mates)
        outcomes[solve(*medium(seed)).outcome, None not in quick] += 1
    assert outcomes["IMPOSSIBLE", False] > 3
    assert outcomes["COMPLETE", False] > 3


@pytest.mark.parametrize("shape", ["plain", "tight", "mates", "loose"])
def test_quick_way_and_search_agree(shape, monkeypatch):
    r = random.Random(f"greedy {shape}")
    cases = [instance(r, **SHAPES[shape]) for _ in range(300)]
    quick = [solve(*case) for case in cases]
    monkeypatch.setattr(teams, "first_come", lambda seats, *_: [None] * max(1, len(seats)))
    assert [solve(*case) for case in cases] == quick


def test_certificate_is_a_true_shortage():
    """Seats that can only be filled by the named people and pairs are more than those can supply (Hall)."""
    r, met = random.Random("certificates"), 0
    for _ in range(600):
        seats, places, apart, mates = case = instance(r, **SHAPES["tight"])
        certificate = solve(*case).certificate
        if certificate is None:
            continue
        met += 1
        listed = {(s.target, s.seat) for s in certificate.seats}
        people, pairs = (
            {p.person for p in certificate.people},
            {(p.target, p.person) for p in certificate.pairs},
        )
        for target, number, candidates in seats:
            if (target, number) in listed:
                usable = {p for p in candidates if not clash(apart, p, mates.get(target, ()))}
                assert all(p in people or (target, p) in pairs for p in usable), case
        assert certificate.supply == sum(places[p] for p in people) + len(pairs)
        assert certificate.short == len(listed) - certificate.supply > 0
    assert met > 100


def test_certificate_does_not_depend_on_the_order_of_candidates():
    """R is the same for every maximum flow, and other orders of candidates lead the search to other flows."""
    r = random.Random("orders")
    for _ in range(300):
        seats, places, apart, mates = instance(r, **SHAPES["tight"])
        first = as_dict(solve(seats, places, apart, mates).certificate)
        shuffled = [(t, n, r.sample(c, len(c))) for t, n, c in seats]
        assert as_dict(solve(shuffled, places, apart, mates).certificate) == first


def hopeless(targets, choices):
    """The last two seats ask two people apart: flow sees no shortage, so DRAW tries every choice before."""
    names = [f"p{n:02d}" for n in range(choices)]
    seats = [(f"t{t}", 1, names) for t in range(targets)] + [("z", 1, ["x"]), ("z", 2, ["y"])]
    return seats, {**dict.fromkeys(names, 99), "x": 1, "y": 1}, {("x", "y")}, {}


def test_search_limit_is_reached_and_pairs_are_told_apart():
    assert solve(*hopeless(5, 10)).outcome == "SEARCH_LIMIT"
    assert solve(*hopeless(2, 10)).outcome == "IMPOSSIBLE_PAIRS"
    assert node_limit(7) == 10_140


@pytest.mark.parametrize("limit", range(0, 24, 3))
def test_nodes_are_counted_as_written(limit, monkeypatch):
    """With a small LIMIT both ways give up at the same choice."""
    monkeypatch.setattr(teams, "node_limit", lambda seats: limit)
    monkeypatch.setattr(teams, "first_come", lambda seats, *_: [None] * max(1, len(seats)))
    r, seen = random.Random(f"limit {limit}"), Counter()
    for _ in range(120):
        case = instance(r, **SHAPES["apart"])
        found, (outcome, people, _) = solve(*case), naive(*case, limit=limit)
        assert (found.outcome, found.people) == (outcome, people), case
        seen[outcome] += 1
    assert seen["SEARCH_LIMIT"] or limit > 15


@pytest.mark.parametrize("extra", range(0, 16, 3))
def test_nodes_are_counted_where_the_search_begins_late(extra, monkeypatch):
    """The first choices that are kept unsearched count one node each, also when pairs apart lead back among them."""
    monkeypatch.setattr(teams, "node_limit", lambda seats: seats + extra)
    r, seen = random.Random(f"late {extra}"), Counter()
    for _ in range(400):
        case = instance(r, **SHAPES["apart"])
        found, (outcome, people, _) = solve(*case), naive(*case, limit=len(case[0]) + extra)
        assert (found.outcome, found.people) == (outcome, people), case
        seen[outcome] += 1
    assert seen["SEARCH_LIMIT"] or extra > 10, seen


def test_no_seats_are_complete():
    assert solve([], {"a": 1}, set(), {}).outcome == "COMPLETE"
