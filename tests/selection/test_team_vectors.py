"""The team cases of docs/spec/vectors/ are what a second way gives, seat by seat and certificate by certificate."""

import json
from pathlib import Path

import pytest
from naive_draw import brute, naive

CASES = json.loads((Path(__file__).resolve().parents[2] / "docs" / "spec" / "vectors" / "team-cases.json").read_bytes())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_teams_are_what_the_page_gives_without_cleverness(case):
    """DRAW with every flow from scratch, and all assignments tried in order; the certificate counted from its own lists."""
    seats = [(seat["target"], seat["number"], seat["candidates"]) for seat in case["seats"]]
    apart, places = {tuple(pair) for pair in case["apart"]}, case["places"]
    outcome, people, certificate = naive(seats, places, apart, case["mates"])
    assert (case["outcome"], case["people"]) == (outcome, list(people))
    assert (brute(seats, places, apart, case["mates"]) is not None) == (outcome == "COMPLETE")
    found = case["certificate"]
    assert (found is None) == (outcome != "IMPOSSIBLE")
    if found is not None:
        assert found["supply"] == sum(p["places"] for p in found["people"]) + len(found["pairs"]) == certificate["supply"]
        assert found["short"] == len(found["seats"]) - found["supply"] == certificate["short"] > 0
        # Who could take a short seat is counted in: as a person with all places, or as a pair with the one target.
        counted, pairs = {p["person"] for p in found["people"]}, {(p["target"], p["person"]) for p in found["pairs"]}
        for short in found["seats"]:
            able = next(c for t, n, c in seats if (t, n) == (short["target"], short["seat"]))
            near = case["mates"].get(short["target"], ())
            for person in able:
                if not any(tuple(sorted((person, mate))) in apart for mate in near):
                    assert person in counted or (short["target"], person) in pairs


def test_team_cases_reach_every_outcome_but_the_limit():
    assert {case["outcome"] for case in CASES} == {"COMPLETE", "IMPOSSIBLE", "IMPOSSIBLE_PAIRS"}
