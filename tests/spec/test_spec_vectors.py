"""The files of docs/spec/vectors/ are what the program gives, and what a second way gives."""

import hashlib
import json
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import make_vectors
import pytest
from lies import LIES

from disclosure.policy import parse_policy
from disclosure.verification import verify_bundle

FOLDER = make_vectors.SPEC / "vectors"
MADE = make_vectors.files()


def read(name: str):
    return json.loads((FOLDER / name).read_bytes())


EXPECTED = read("expected.json")


@pytest.mark.parametrize("name", MADE)
def test_file_is_what_the_program_makes(name):
    """Run `python tests/make_vectors.py` after a change that is meant."""
    assert (make_vectors.SPEC / name).read_bytes() == MADE[name]


def test_folder_holds_nothing_else_and_stays_small():
    found = {str(path.relative_to(make_vectors.SPEC)) for path in FOLDER.rglob("*") if path.is_file()}
    assert found == MADE.keys() - {"example.md"}
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.json")) < 600_000


@pytest.mark.parametrize("name", EXPECTED)
def test_bundle_has_the_expected_verdicts(name):
    data, policy = (FOLDER / name).read_bytes(), parse_policy((FOLDER / "policy.json").read_bytes())
    assert [str(step.verdict) for step in verify_bundle(data, policy).steps] == EXPECTED[name]["policy.json"]
    assert [str(step.verdict) for step in verify_bundle(data).steps] == EXPECTED[name]["without policy"]


def test_valid_ones_fail_nowhere_and_invalid_ones_where_their_name_says():
    for name, verdicts in EXPECTED.items():
        kind, _, rest = name.partition("/")
        with_policy = verdicts["policy.json"]
        if kind == "valid":
            assert "fail" not in with_policy + verdicts["without policy"]
        else:
            assert with_policy.index("fail") + 1 == LIES[rest.removesuffix(".bundle.json")].step
    failing = {
        verdicts["policy.json"].index("fail") + 1
        for name, verdicts in EXPECTED.items()
        if name.startswith("invalid")
    }
    assert failing == set(range(2, 22)) - {11}


def sha256(*lines: str) -> str:
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def test_hashes_are_those_of_the_specification():
    v = read("keys.json")
    first = "double-random/1"
    assert v["draw_key"]["draw_key"] == sha256(first, "key", v["draw_key"]["plan"], *v["draw_key"]["lines"])
    for stage, key in v["stage_keys"]["stages"].items():
        assert key == sha256(first, "stage", v["stage_keys"]["draw_key"], stage)
    for row in v["tickets"]:
        assert row["ticket"] == hashlib.sha256(f"{row['stage_key']}:{row['id']}".encode()).hexdigest()
    nonce = v["nonce"]
    assert nonce["commitment"] == sha256(
        first, "nonce", nonce["bureau"], str(nonce["number"]), str(nonce["attempt"]), nonce["nonce"]
    )
    assert v["conflicts"]["commitment"] == sha256(
        first, "conflicts", v["conflicts"]["salt"], *v["conflicts"]["people"]
    )
    content = hashlib.sha256(v["sealed"]["content"].encode()).hexdigest()
    assert v["sealed"]["commitment"] == sha256(first, "sealed", v["sealed"]["draw_key"], content)


def test_quotas_are_what_fractions_give():
    for case in read("quota.json"):
        rule, everyone, m = case["rule"], case["population"], case["mandatory"]
        base = everyone if case["mandatory_counts"] else everyone - m
        if rule["kind"] == "fixed":
            k = rule["count"]
        elif not 0 <= rule["numerator"] <= rule["denominator"] or rule["denominator"] == 0:
            assert case["quota"] is None
            continue
        else:
            share = Fraction(base * rule["numerator"], rule["denominator"])
            k = floor(share + Fraction(1, 2)) if rule["kind"] == "percent" else ceil(share)
        if k > base:
            assert case["quota"] is None
            continue
        by_lot = max(0, k - m) if case["mandatory_counts"] else k
        assert case["quota"] == {
            "base": base,
            "by_lot": by_lot,
            "chance": f"{by_lot}/{everyone - m}",
            "quota": k,
        }


def test_complete_teams_are_the_first_assignment_of_all():
    outcomes = set()
    for case in read("teams.json"):
        outcomes.add(case["outcome"])
        if case["outcome"] == "SEARCH_LIMIT":
            continue
        seats, places = case["seats"], case["places"]
        pairs = {frozenset(pair) for pair in case["apart"]}

        def fill(chosen, seats=seats, places=places, pairs=pairs, mates=case["mates"]):
            if len(chosen) == len(seats):
                return chosen
            seat = seats[len(chosen)]
            team = {p for p, s in zip(chosen, seats, strict=False) if s["target"] == seat["target"]}
            for person in seat["candidates"]:
                near = team | set(mates.get(seat["target"], ()))
                free = chosen.count(person) < places[person] and person not in team
                if not free or any(frozenset((person, other)) in pairs for other in near):
                    continue
                if (found := fill([*chosen, person])) is not None:
                    return found
            return None

        found = fill([])
        assert (found is not None) == (case["outcome"] == "COMPLETE")
        assert case["people"] == (found or [])
        assert (case["certificate"] is not None) == (case["outcome"] == "IMPOSSIBLE")
    assert outcomes == {"COMPLETE", "IMPOSSIBLE", "IMPOSSIBLE_PAIRS", "SEARCH_LIMIT"}


def test_script_writes_what_the_test_compares(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_vectors, "SPEC", tmp_path)
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / "old.json").write_text("{}")
    make_vectors.main()
    written = {
        str(path.relative_to(tmp_path)): path.read_bytes()
        for path in Path(tmp_path).rglob("*")
        if path.is_file()
    }
    assert written == MADE
    assert "30 files" in capsys.readouterr().out
