"""Loads and pairs of a year: exact counts, the lot's expectation by hand, bounds that hold, and only for those who may see it."""

import random
from collections import Counter
from fractions import Fraction
from itertools import combinations

import pytest
import scene as scenes

from service.planning.load import ALARM, Kind, YearDraw, report_load
from service.planning.load_reading import read_year
from service.planning.load_words import chance_words, stands_out


def year_draw(teams, kinds, places, **more):
    return YearDraw(
        id="d", title="t", names={n: f"name {n}" for n in places}, places=places, teams=tuple(map(tuple, teams)), kinds=tuple(kinds),
        left=more.get("left", {}), joined=more.get("joined", {}),
    )  # fmt: skip


def test_two_seats_over_three_people_expect_what_a_hand_finds():
    """Seat 1 from {a, b}, seat 2 from {a, b, c}: six equally weighted ways worked out on paper."""
    report = report_load([year_draw([("a", "c")], [Kind(1, (("a", "b"), ("a", "b", "c")))], {"a": 3, "b": 3, "c": 3})])
    [pair] = report.pairs
    assert (pair.numbers, pair.together, pair.expected) == (("a", "c"), 1, Fraction(1, 4))  # a first: 1/2, then c of {b, c}: 1/2
    expected = {line.number: line.expected for line in report.people}
    assert expected == {"a": Fraction(5, 6), "b": Fraction(5, 6), "c": Fraction(1, 3)}
    assert sum(expected.values()) == 2  # seats
    assert (report.meetings, report.distinct, report.possible) == (1, 1, 3)


def test_expectations_are_those_of_the_lot_itself():
    """Teams drawn seat by seat among candidates: mean meetings equal the fraction, and the bounds hold."""
    r, seats = random.Random(1), (("a", "b", "c", "d"), ("b", "c", "d", "e"))
    kind, met, rounds = Kind(30, seats), Counter(), 3000
    reached = 0
    for _ in range(rounds):
        once = Counter()
        for _ in range(kind.teams):
            first = r.choice(seats[0])
            once[tuple(sorted((first, r.choice([p for p in seats[1] if p != first]))))] += 1
        met.update(once)
        reached += max(once.values()) >= 14
    draw = year_draw([(a, b) for a, b in combinations("abcde", 2)], [kind], dict.fromkeys("abcde", 9))
    report = report_load([draw])
    for pair in report.pairs:
        assert met[pair.numbers] / rounds == pytest.approx(float(pair.expected), rel=0.1, abs=0.05)
    highest = max(pair.expected for pair in report.pairs)
    assert reached / rounds <= 10 * float(highest) ** 14 / 87178291200 + 0.01


def test_a_pair_that_always_goes_together_stands_out_and_an_ordinary_year_does_not():
    people = [f"n{n:02d}" for n in range(30)]
    kind, r = Kind(60, (tuple(people), tuple(people))), random.Random(2)
    honest = report_load([year_draw([r.sample(people, 2) for _ in range(60)], [kind], dict.fromkeys(people, 9))])
    assert not honest.pairs_out and not honest.people_out
    assert not any(finding.stands_out for finding in stands_out(honest))
    fixed = [r.sample(people, 2) for _ in range(52)] + [("n03", "n07")] * 8
    tampered = report_load([year_draw(fixed, [kind], dict.fromkeys(people, 9))])
    assert [pair.numbers for pair in tampered.pairs_out] == [("n03", "n07")] and tampered.pairs_out[0].bound < ALARM
    said = stands_out(tampered)[1]
    assert said.stands_out and "name n03和name n07 8 次" in said.zh


def test_chances_are_written_so_that_nobody_has_to_read_an_exponent():
    assert chance_words(Fraction(1)) == "没有限制" and chance_words(Fraction(1, 8)) == "12.50%"
    assert chance_words(Fraction(3, 100_000)) == "1/33,333" and chance_words(Fraction(0)) == "无此可能"


def test_a_year_without_draws_says_nothing():
    report = report_load([])
    assert stands_out(report) == () and report.people == () and report.pairs == ()


async def test_counts_are_those_of_the_standing_teams_with_replacements(office, clock) -> None:
    scene = await scenes.open_scene(office, clock)
    await scenes.sealed_scene(office, clock)  # not counted, by nobody
    [draw] = await read_year(office, 2026)
    transcript = await scene.transcript()
    assert draw.id == scene.draw and len(draw.teams) == len(transcript.targets)
    assert sum(draw.left.values()) == sum(draw.joined.values()) == 1
    assert sum(kind.teams for kind in draw.kinds) == len(draw.teams)
    report = report_load([draw])
    assert sum(line.targets for line in report.people) == sum(map(len, draw.teams))
    assert sum(line.expected for line in report.people) == sum(map(len, draw.teams))
    assert not report.pairs_out, "the lot itself never stands out here"
    names = {r["number"]: r["name"] for r in await office.pool.fetch("SELECT number, name FROM inspector")}
    assert all(line.name == names[line.number] for line in report.people if line.number in names)
    assert await read_year(office, 2025) == []


@pytest.mark.parametrize("role", ["auditor", "approver", "operator", "confirmer"])
async def test_those_who_answer_for_the_draw_may_read_the_page(client, office, clock, enter, role) -> None:
    await scenes.open_scene(office, clock)
    head = await enter("reader-9", role)
    page = (await client.get("/staff/planning/load", headers=head)).text
    assert "没有异常" in page and "同组最多的搭档" in page and "42190000" in page
    assert await office.pool.fetchval("SELECT count(*) FROM access_log WHERE action = 'read load'") == 1
    assert "还没有已公布结果的批次" in (await client.get("/staff/planning/load?year=2020", headers=head)).text


@pytest.mark.parametrize("role", ["inspector", "registrar", "publisher", "reviewer", "administrator"])
async def test_nobody_else_may(client, enter, role) -> None:
    head = await enter("reader-9", role)
    assert (await client.get("/staff/planning/load", headers=head)).status_code == 403


async def test_and_nobody_from_outside(client) -> None:
    assert (await client.get("/staff/planning/load")).status_code in (303, 401)
