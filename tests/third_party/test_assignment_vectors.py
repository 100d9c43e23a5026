"""Instances that other people made: whether teams can be completed at all, and the smallest capacities at which they can.

Used: openreview-matcher's unit-test matrices, reviewer bids of PrefLib MD-00002, Tabbycat's demonstration tournament, and of prnsamplr
the drawn sets of its lowest-number design. Not used, because they answer another question: consistent_sampler (another ticket
function, decimal digits of a reversed hash), R sampling, prnsamplr's Pareto and rotated starts (unequal or shifted chances; the
protocol has neither), sortition fixtures (panels under quotas per category; the protocol has strata instead).
"""

import importlib.util
import json
import os
import random
import struct
from collections import Counter
from pathlib import Path

import pytest

from selection.eligibility import OpenSeat
from selection.keys import stage_key
from selection.order import in_order, merge_shards
from selection.teams import assign

PROJECT = Path(__file__).parents[2]
VECTORS = PROJECT / os.environ.get("DOUBLE_RANDOM_SHARED", "../shared") / "vectors" / "assignment"
pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the shared assignment instances are not on this machine")

_spec = importlib.util.spec_from_file_location("naive_draw", PROJECT / "tests" / "selection" / "naive_draw.py")
naive_draw = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(naive_draw)


def read(name: str):
    return json.loads((VECTORS / name).read_text())


class Apart:
    """The one thing `assign` asks of a staff: whether somebody clashes with others."""

    def __init__(self, pairs=()):
        self.apart: dict[str, set[str]] = {}
        for a, b in pairs:
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)

    def clashes(self, person, with_):
        return not self.apart.get(person, set()).isdisjoint(with_)


def seats_of(demands, able, key: str) -> list[OpenSeat]:
    """`demands[t]` seats of every target, its `able[t]` people in the order the protocol gives under `key`."""
    seats = []
    for t, demand in enumerate(demands):
        target = f"t{t:03d}"
        ordered = tuple(id for _, id in in_order(stage_key(key, f"inspectors/{target}"), able[t]))
        seats += [OpenSeat(target, number, ordered) for number in range(1, demand + 1)]
    return seats


def name(person: int) -> str:
    return f"r{person:03d}"


def check_complete(seats, places, staff, people) -> None:
    load, teams = Counter(people), {}
    for seat, person in zip(seats, people, strict=True):
        assert person in seat.candidates
        team = teams.setdefault(seat.target, set())
        assert person not in team
        assert not staff.clashes(person, team)
        team.add(person)
    assert all(count <= places[person] for person, count in load.items())


def check_shortage(seats, places, certificate) -> None:
    """Hall: the listed seats can be filled by nobody but the listed people and single-use pairs, and those are too few."""
    listed = {(s.target, s.seat) for s in certificate.seats}
    people, pairs = {p.person for p in certificate.people}, {(p.target, p.person) for p in certificate.pairs}
    for seat in seats:
        if (seat.target, seat.number) in listed:
            assert all(p in people or (seat.target, p) in pairs for p in seat.candidates)
    assert all(p.places == places[p.person] for p in certificate.people)
    assert certificate.supply == sum(places[p] for p in people) + len(pairs)
    assert certificate.short == len(listed) - certificate.supply > 0


MATCHER = read("openreview_matcher_cases.json") if VECTORS.is_dir() else []


@pytest.mark.parametrize("number", range(len(MATCHER)), ids=lambda n: MATCHER[n]["test"])
def test_openreview_matrix_is_completable_exactly_when_known_to_be(number):
    """And the team is that of DRAW as written, with flows from scratch."""
    case = MATCHER[number]
    able = [[name(r) for r, mark in enumerate(row) if mark != -1] for row in case["constraint"]]
    places = {name(r): maximum for r, maximum in enumerate(case["maximums"])}
    for key in ("first", "second"):
        seats = seats_of(case["demands"], able, key)
        found = assign(seats, places, Apart(), {})
        assert (found.outcome == "COMPLETE") == case["completable_ignoring_scores_and_minimums"]
        plain = [(seat.target, seat.number, seat.candidates) for seat in seats]
        outcome, people, _ = naive_draw.naive(plain, places, set(), {})
        assert (found.outcome, found.people) == (outcome, people)
        if found.outcome == "COMPLETE":
            check_complete(seats, places, Apart(), found.people)
            continue
        check_shortage(seats, places, found.certificate)
        papers = {f"t{paper:03d}" for paper in case["certificate_papers"]}
        assert {s.target for s in found.certificate.seats} == papers
        assert [p.person for p in found.certificate.people] == [name(r) for r in case["certificate_reviewers"]]


def test_openreview_cases_are_of_both_kinds():
    assert Counter(case["completable_ignoring_scores_and_minimums"] for case in MATCHER) == {True: 72, False: 3}


@pytest.mark.parametrize("bids", ["1", "2", "3"])
@pytest.mark.parametrize("reviewers", [2, 3, 4])
def test_preflib_bids_are_filled_from_the_known_capacity_on_and_not_below(bids, reviewers):
    instance = read(f"preflib_MD-00002-{bids}.json")
    tight = next(t["smallest_uniform_cap"] for t in instance["tight"] if t["reviewers_per_paper"] == reviewers)
    able = [
        [name(r) for r, conflicts in enumerate(instance["conflicts"]) if paper not in conflicts]
        for paper in range(instance["papers"])
    ]
    seats = seats_of([reviewers] * instance["papers"], able, f"bids {bids}")
    for capacity in (tight, tight + 1):
        places = {name(r): capacity for r in range(instance["reviewers"])}
        found = assign(seats, places, Apart(), {})
        assert found.outcome == "COMPLETE"
        check_complete(seats, places, Apart(), found.people)
    places = {name(r): tight - 1 for r in range(instance["reviewers"])}
    found = assign(seats, places, Apart(), {})
    assert found.outcome == "IMPOSSIBLE"
    check_shortage(seats, places, found.certificate)


class Tournament:
    """22 rooms of four teams, three adjudicators each, kept from teams and institutions of their own and from each other."""

    def __init__(self, adjudicators: int, same_institution: bool = False) -> None:
        data = read("tabbycat_bp88team.json")
        judges = data["adjudicators"][:adjudicators]
        away: dict[int, set[int]] = {}
        for a, institution in [*data["adj_institution"], *((a, j["institution"]) for a, j in enumerate(judges))]:
            away.setdefault(a, set()).update(t for t, of in enumerate(data["teams"]) if of == institution)
        for a, team in data["adj_team"]:
            away.setdefault(a, set()).add(team)
        self.rooms = [set(range(at, at + 4)) for at in range(0, len(data["teams"]), 4)]
        self.able = [[name(a) for a in range(adjudicators) if not room & away[a]] for room in self.rooms]
        self.places = {name(a): 1 for a in range(adjudicators)}
        pairs = [(name(a), name(b)) for a, b in data["adj_adj"] if max(a, b) < adjudicators]
        if same_institution:
            pairs += [
                (name(a), name(b))
                for a in range(adjudicators)
                for b in range(a)
                if judges[a]["institution"] == judges[b]["institution"]
            ]
        self.staff = Apart(pairs)

    def seats(self, key: str) -> list[OpenSeat]:
        return seats_of([3] * len(self.rooms), self.able, key)

    def greedy_ends(self, key: str) -> bool:
        """Whether taking the first who may, without looking ahead, fills every seat."""
        left, teams = dict(self.places), {}
        for seat in self.seats(key):
            team = teams.setdefault(seat.target, set())
            free = (p for p in seat.candidates if left[p] and p not in team and not self.staff.clashes(p, team))
            if (person := next(free, None)) is None:
                return False
            team.add(person)
            left[person] -= 1
        return True


@pytest.mark.parametrize(("adjudicators", "same_institution"), [(66, False), (68, False), (80, False), (68, True), (80, True)])
def test_tabbycat_panels_are_always_filled_and_no_pair_meets(adjudicators, same_institution):
    """Where greedy gets stuck in up to every second draw (`assignment.md` 4.1), looking ahead never does."""
    tournament, stuck = Tournament(adjudicators, same_institution), 0
    for number in range(20):
        seats = tournament.seats(f"room {number}")
        found = assign(seats, tournament.places, tournament.staff, {})
        assert found.outcome == "COMPLETE"
        check_complete(seats, tournament.places, tournament.staff, found.people)
        stuck += not tournament.greedy_ends(f"room {number}")
    assert (stuck > 2) == (adjudicators == 66)


def test_tabbycat_one_adjudicator_too_few_is_a_true_shortage():
    tournament = Tournament(65)
    seats = tournament.seats("short")
    found = assign(seats, tournament.places, tournament.staff, {})
    assert found.outcome == "IMPOSSIBLE"
    check_shortage(seats, tournament.places, found.certificate)


def test_tabbycat_pair_that_alone_remains_is_told_apart_from_a_shortage():
    """The two of a declared conflict are the only ones for two seats of one room: enough people, and yet impossible."""
    tournament = Tournament(80)
    a, b = read("tabbycat_bp88team.json")["adj_adj"][0]
    seats = tournament.seats("pair")
    only = [OpenSeat(s.target, s.number, (name(a), name(b))) if s.target == "t021" and s.number > 1 else s for s in seats]
    found = assign(only, tournament.places, tournament.staff, {})
    # Who else is tried first does not matter: the search gives up after LIMIT choices at the latest.
    assert found.outcome in ("IMPOSSIBLE_PAIRS", "SEARCH_LIMIT")
    assert found.certificate is None
    alone = [s for s in only if s.target == "t021"]
    assert assign(alone, tournament.places, tournament.staff, {}).outcome == "IMPOSSIBLE_PAIRS"


def test_lowest_numbers_of_prnsamplr_are_what_shards_send():
    """With permanent random numbers for tickets, the k smallest of each stratum are the sets that R's package draws."""
    data, r = read("prnsamplr_expected.json"), random.Random("shards")
    strata: dict[str, list] = {}
    for row in data["frame"]:
        strata.setdefault(row["stratum"], []).append(row)
    drawn = []
    for rows in strata.values():
        tickets = [(struct.pack(">d", row["rands"]), str(row["id"])) for row in rows]
        parts = [[], [], []]
        for one in tickets:
            r.choice(parts).append(one)
        k = rows[0]["nsample"]
        drawn += [int(id) for _, id in merge_shards((sorted(part)[:k] for part in parts), k)]
    assert sorted(drawn) == sorted(data["srs_lowest_prn"])
