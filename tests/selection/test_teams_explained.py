"""What is said about a shortage, a seat or a skipped person is what trying it out shows (docs/spec/draw.md 5)."""

import random
from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from naive_draw import brute, clash, flow_of, naive, shortage
from test_teams import SHAPES, Clashes, as_dict, instance

from selection.eligibility import OpenSeat
from selection.loads import Together, concentration_of
from selection.seat_report import report_seats
from selection.shortage import explain_shortage
from selection.skips import explain_skips
from selection.teams import assign


def opened(seats):
    return [OpenSeat(t, n, tuple(c)) for t, n, c in seats]


def explained(case, reasons=lambda seat, person: () if person in seat.candidates else ("code",)):
    seats, places, apart, mates = case
    return explain_shortage(opened(seats), places, Clashes(apart), mates, reasons)


def cases(shape, count, name):
    r = random.Random(f"{name} {shape}")
    return [instance(r, **SHAPES[shape]) for _ in range(count)]


def impossible(count=150):
    for shape in ("plain", "tight", "mates"):
        for case in cases(shape, count, "explained"):
            if naive(*case)[0] == "IMPOSSIBLE":
                yield case


def test_parts_make_up_the_certificate_and_each_is_a_shortage():
    met = Counter()
    for case in impossible():
        whole = naive(*case)[2]
        parts = [as_dict(part.certificate) for part in explained(case)]
        for key in ("seats", "people", "pairs"):
            assert sorted(row for part in parts for row in part[key]) == sorted(whole[key]), case
        assert sum(part["supply"] for part in parts) == whole["supply"]
        assert all(part["short"] > 0 for part in parts)
        assert sum(part["short"] for part in parts) == whole["short"]
        met[len(parts)] += 1
    assert met[1] > 50 and met[2] > 5


def test_parts_are_connected_and_share_nothing():
    """Within a part the seats hang together by people or pairs; between two parts nothing is shared."""
    for case in impossible(80):
        seats, _, apart, mates = case
        lists = {(t, k): {p for p in c if not clash(apart, p, mates.get(t, ()))} for t, k, c in seats}
        for part in explained(case):
            inside = {p.person for p in part.certificate.people}
            means = {
                (s.target, s.seat): {p if p in inside else (s.target, p) for p in lists[s.target, s.seat]}
                for s in part.certificate.seats
            }
            first, *rest = means
            grown, reach = True, set(means[first])
            while grown:
                joined = [seat for seat in rest if means[seat] & reach]
                grown = bool(joined)
                reach.update(*(means[seat] for seat in joined))
                rest = [seat for seat in rest if seat not in joined]
            assert not rest, case
            assert reach == inside | {(p.target, p.person) for p in part.certificate.pairs}


def test_one_more_place_helps_exactly_the_people_named():
    for case in impossible(80):
        seats, places, apart, mates = case
        named = {p.person for part in explained(case) for p in part.certificate.people}
        flow = flow_of(seats, places, apart, mates, [])[0]
        for p in places:
            more = flow_of(seats, {**places, p: places[p] + 1}, apart, mates, [])[0]
            assert more - flow == (p in named), case


def test_lifting_an_exclusion_helps_exactly_where_offered():
    """Every seat and every excluded person tried out; what only a mate forbids is listed as legal, never offered."""
    met = Counter()
    for case in impossible(80):
        seats, places, apart, mates = case
        parts = explained(case)
        offered = {(x.target, x.seat, x.person) for part in parts for x in part.offered}
        legal = {(x.target, x.seat, x.person) for part in parts for x in part.legal}
        flow = flow_of(seats, places, apart, mates, [])[0]
        for i, (t, k, c) in enumerate(seats):
            for p in places:
                if p in c:
                    if clash(apart, p, mates.get(t, ())):
                        # No more than a lifted pair apart is asked here, so the seat alone is freed of it.
                        assert (t, k, p) not in offered
                    continue
                if clash(apart, p, mates.get(t, ())):
                    continue
                wider = [*seats[:i], (t, k, [*c, p]), *seats[i + 1 :]]
                more = flow_of(wider, places, apart, mates, [])[0]
                assert more - flow == ((t, k, p) in offered), (case, t, k, p)
                met[more - flow] += 1
        assert all(reason == "apart" for part in parts for x in part.legal for reason in x.reasons)
        met["legal"] += len(legal)
    assert met[1] > 100 and met[0] > 100 and met["legal"] > 5


def test_exclusions_are_counted_by_their_first_reason_and_the_law_is_never_offered():
    case = ([("t", 1, ["a"]), ("t", 2, ["a"])], {"a": 1, "b": 1, "c": 1, "d": 1}, set(), {})
    why = {"b": ("code", "conflict"), "c": ("conflict",), "d": ("area",)}
    [part] = explained(case, lambda seat, person: why.get(person, ()))
    assert [(x.reason, x.people, x.pairs) for x in part.excluded] == [("code", 1, 2), ("conflict", 1, 2), ("area", 1, 2)]
    assert {(x.seat, x.person) for x in part.offered} == {(1, "d"), (2, "d")}
    assert {(x.seat, x.person) for x in part.legal} == {(1, "b"), (2, "b"), (1, "c"), (2, "c")}


def test_nothing_is_short_where_all_can_be_filled():
    for case in cases("loose", 60, "filled"):
        assert (explained(case) == ()) == (naive(*case)[0] != "IMPOSSIBLE")


def test_possible_are_exactly_those_of_some_complete_assignment():
    """Each candidate in turn is made the only one of the seat, and the flow asked again."""
    met = Counter()
    for shape in SHAPES:
        for seats, places, apart, mates in cases(shape, 120, "possible"):
            reports = report_seats(opened(seats), places, Clashes(apart), mates)
            full = flow_of(seats, places, apart, mates, [])[0] == len(seats)
            assert (reports is not None) == full
            for i, report in enumerate(reports or ()):
                t, k, c = seats[i]
                assert set(report.eligible) == {p for p in c if not clash(apart, p, mates.get(t, ()))}
                wanted = {
                    p
                    for p in report.eligible
                    if flow_of([*seats[:i], (t, k, [p]), *seats[i + 1 :]], places, apart, mates, [])[0] == len(seats)
                }
                assert set(report.possible) == wanted, (seats, places, i)
                assert report.forced == (next(iter(wanted)) if len(wanted) == 1 else None)
                met[len(wanted) < len(report.eligible)] += 1
    assert met[True] > 200 and met[False] > 200


def test_without_pairs_apart_possible_is_what_exhaustive_search_finds():
    for seats, places, apart, mates in cases("plain", 150, "exhaustive"):
        for i, report in enumerate(report_seats(opened(seats), places, Clashes(apart), mates) or ()):
            t, k, c = seats[i]
            found = {p for p in c if brute([*seats[:i], (t, k, [p]), *seats[i + 1 :]], places, apart, mates)}
            assert set(report.possible) == found


def test_every_skipped_person_has_the_reason_that_draw_met():
    """The tests of DRAW's inner loop made again from the text, every failed FILLABLE with its own flow from nothing."""
    met = Counter()
    for shape in SHAPES:
        for seats, places, apart, mates in cases(shape, 250, "skips"):
            chosen = assign(opened(seats), places, Clashes(apart), mates).people
            for target in {t for t, _, _ in seats} if chosen else ():
                skips = explain_skips(opened(seats), places, Clashes(apart), mates, chosen, target)
                given = [(s.seat, s.person) for s in skips]
                assert given == [
                    (k, p)
                    for (t, k, c), taken in zip(seats, chosen, strict=True)
                    if t == target
                    for p in c[: c.index(taken)]
                ]
                for skip in skips:
                    met[skip.reason] += 1
                    check(skip, seats, places, apart, mates, chosen, target)
    assert all(met[reason] > 5 for reason in ("no place left", "already in this team", "apart", "needed"))


def check(skip, seats, places, apart, mates, chosen, target):
    i = next(j for j, (t, k, _) in enumerate(seats) if (t, k) == (target, skip.seat))
    left = {p: places[p] - chosen[:i].count(p) for p in places}
    team = {p for p, (t, _, _) in zip(chosen[:i], seats, strict=False) if t == target}
    others = team | set(mates.get(target, ()))
    p = skip.person
    if left[p] == 0:
        assert skip.reason == "no place left"
    elif p in team:
        assert skip.reason == "already in this team"
    elif clash(apart, p, others):
        assert skip.reason == "apart" and clash(apart, p, [skip.apart_from]) and skip.apart_from in others
    else:
        left[p] -= 1
        value, reached = flow_of(seats, left, apart, mates, [*chosen[:i], p])
        if value == len(seats) - i - 1:
            assert skip.reason == "no team found" and apart
        else:
            assert skip.reason == "needed"
            assert as_dict(skip.certificate) == shortage(seats, left, reached)


TEAMS = st.lists(st.lists(st.sampled_from("abcdef"), max_size=4, unique=True), max_size=12)


@given(TEAMS)
def test_loads_and_pairs_are_counted_whole(teams):
    """Seats add up, pairs add up, and the order of teams and of people in them does not matter."""
    places = dict.fromkeys("abcdefg", 9)
    found = concentration_of(places, teams)
    assert sum(load.seats for load in found.loads) == sum(map(len, teams))
    assert [load.person for load in found.loads] == list("abcdefg")
    assert found.meetings == sum(len(t) * (len(t) - 1) // 2 for t in teams) == sum(p.times for p in found.pairs)
    assert found.distinct == len(found.pairs) and found.largest == max((p.times for p in found.pairs), default=0)
    assert found == concentration_of(places, [team[::-1] for team in reversed(teams)])


def test_two_who_always_sit_together_are_seen():
    found = concentration_of({"a": 3, "b": 3, "c": 1}, [("a", "b"), ("b", "a"), ("a", "b", "c")])
    assert found.pairs[0] == Together("a", "b", 3)
    assert Fraction(found.distinct, found.meetings) == Fraction(3, 5)
