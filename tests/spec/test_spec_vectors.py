"""The files of docs/spec/vectors/ are what the program gives, and what a second way gives."""

import hashlib
import json
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import make_vectors
import pytest
from bad_plans import lists_of
from lies import LIES

from disclosure.blob import refer
from disclosure.bundle import parse_bundle
from disclosure.policy import parse_policy
from disclosure.verification import verify_bundle
from selection.canonical import format_canonical
from selection.errors import PlanError
from selection.plan import parse_plan
from selection.plan_rules import refusals
from selection.pool import parse_listed, parse_pool
from selection.transcript import parse_transcript

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
    assert found == MADE.keys() - {"document-bundle.md", "example.md"}
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.json")) < 1_100_000


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
    assert failing == set(range(2, 22))


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


def quota_of(case, k):
    """What a quota of `k` states, or None where that is more than there is."""
    n, m = case["population"], case["mandatory"]
    base = n if case["mandatory_counts"] else n - m
    if k > base:
        return None
    by_lot = max(0, k - m) if case["mandatory_counts"] else k
    return {"base": base, "by_lot": by_lot, "chance": f"{by_lot}/{n - m}", "quota": k}


def test_further_kinds_of_quotas_are_what_fractions_give():
    kinds = set()
    for case in read("quota-kinds.json")["cases"]:
        rule, n, m = case["rule"], case["population"], case["mandatory"]
        base = n if case["mandatory_counts"] else n - m
        kinds.add((rule["kind"], case["quota"] is None))
        assert (case["quota"] is None) == ("refused" in case)
        if rule["kind"] == "per-officer":
            assert case["quota"] == quota_of(case, min(base, rule["targets"] * case["officers"]))
            continue
        lawful = 0 <= rule["numerator"] <= rule["denominator"] > 0
        if rule["kind"] == "per-period":
            lawful = lawful and 1 <= rule["period"] <= rule["periods"]
        if not lawful:
            assert case["quota"] is None
            continue
        year = floor(Fraction(base * rule["numerator"], rule["denominator"]) + Fraction(1, 2))
        if rule["kind"] == "percent-or-one":
            k = year or min(base, 1)
        else:
            done = [floor(Fraction(year * period, rule["periods"])) for period in (rule["period"] - 1, rule["period"])]
            k = done[1] - done[0]
        assert case["quota"] == quota_of(case, k)
    assert kinds == {("percent-or-one", True), ("percent-or-one", False), ("per-period", True), ("per-period", False), ("per-officer", False)}


def test_totals_are_split_by_largest_remainder():
    """Handed out one by one: to the largest remainder, then the larger base, then the earlier stratum."""
    refused = 0
    for case in read("quota-kinds.json")["splits"]:
        strata = [{**stratum, "mandatory_counts": case["mandatory_counts"]} for stratum in case["strata"]]
        bases = [s["population"] - (0 if case["mandatory_counts"] else s["mandatory"]) for s in strata]
        total, everyone = case["total"], sum(bases)
        if total > everyone or everyone == 0 or any(total * base < everyone for base in bases):
            assert case["quotas"] is None and case["refused"]
            refused += 1
            continue
        parts = [total * base // everyone for base in bases]
        waiting = sorted(range(len(bases)), key=lambda h: (-(Fraction(total * bases[h], everyone) % 1), -bases[h], h))
        for h in waiting[: total - sum(parts)]:
            parts[h] += 1
        assert case["quotas"] == [quota_of(stratum, part) for stratum, part in zip(strata, parts, strict=True)]
    assert refused >= 5


PLANS = read("plans.json")


def plan_case(base: str, case: dict | None = None) -> tuple[bytes, dict[str, bytes]]:
    """Return the bytes of a plan and its lists, as the file says them."""
    case = case or {"plan": {}, "blobs": {}}
    plan = {**PLANS["bases"][base]["plan"], **case["plan"]}
    blobs = {**PLANS["bases"][base]["blobs"], **case["blobs"]}
    return format_canonical(plan), {name: text.encode() for name, text in blobs.items()}


@pytest.mark.parametrize("base", PLANS["bases"])
def test_base_plans_are_lawful(base):
    data, blobs = plan_case(base)
    assert refusals(parse_plan(data), *lists_of(blobs)) == []


@pytest.mark.parametrize("case", PLANS["cases"], ids=lambda case: case["name"])
def test_bad_plan_is_refused_by_the_rules_named(case):
    data, blobs = plan_case(case["base"], case)
    if case["refused"] == ["form"]:
        with pytest.raises(PlanError):
            parse_plan(data)
    else:
        plan = parse_plan(data)
        assert sorted({number for number, _ in refusals(plan, *lists_of(blobs))}) == case["refused"] != []
        for name, text in blobs.items():
            if name != "former":
                assert getattr(plan.blobs, name) == refer(text), name


def test_every_refusal_of_the_page_has_a_bad_plan():
    alone = {case["refused"][0] for case in PLANS["cases"] if len(case["refused"]) == 1}
    assert alone == {"form", *"12345678", *(f"9.{n}" for n in range(1, 7))}


@pytest.mark.parametrize("case", read("stages.json")["cases"], ids=lambda case: case["bundle"])
def test_stages_lead_from_the_draw_key_to_the_result(case):
    """By hashlib alone: keys, tickets, orders; and the bundle's result follows from them."""
    for stage in case["stages"]:
        assert stage["key"] == sha256("double-random/1", "stage", case["draw_key"], stage["stage"])
        tickets = [[hashlib.sha256(f"{stage['key']}:{id}".encode()).hexdigest(), id] for _, id in stage["order"]]
        assert stage["order"] == sorted(tickets)
    orders = {stage["stage"]: [id for _, id in stage["order"]] for stage in case["stages"]}
    ticket_of = {id: ticket for ticket, id in case["stages"][0]["order"]}
    bundle = parse_bundle((FOLDER / case["bundle"]).read_bytes())
    pool = {t.id: t.stratum for t in parse_pool(bundle.blobs[bundle.plan.blobs.pool.sha256])}
    mandatory = {row.target for row in parse_listed("mandatory", bundle.blobs[bundle.plan.blobs.mandatory.sha256])}
    result = parse_transcript(bundle.blobs[bundle.shown.result.sha256])
    drawn = set(mandatory)
    for stratum, stated in zip(bundle.plan.strata, case["result"], strict=True):
        by_rank = [id for id in orders["targets"] if pool[id] == stratum.id and id not in mandatory]
        depth = max(quota.by_lot for quota in stratum.quotas)
        assert stated["order"] == by_rank[:depth]
        assert stated["next"] == (by_rank[depth] if len(by_rank) > depth else None)
        for quota, cut in zip(stratum.quotas, stated["quotas"], strict=True):
            assert cut["cut"] == (ticket_of[by_rank[quota.by_lot - 1]] if quota.by_lot else None)
        drawn.update(by_rank[:depth])
    assert [t.id for t in result.targets] == [id for id in orders["targets"] if id in drawn]
    first = result.targets[0]
    for role, people in (("inspectors", first.inspectors), ("experts", first.experts)):
        assert set(people) <= set(orders[f"{role}/{first.id}"])
    optional = [id for id in first.items if not id.startswith("must-")]
    assert optional == [id for id in orders[f"items/{first.id}"] if id in optional]


def test_nested_samples_of_the_campaign_are_contained_in_each_other():
    bundle = parse_bundle((FOLDER / "valid/campaign.bundle.json").read_bytes())
    result = parse_transcript(bundle.blobs[bundle.shown.result.sha256])
    met = set()
    for stratum in bundle.plan.strata:
        samples = [{t.id for t in result.targets if t.stratum == stratum.id and t.rank and q.section in t.sections} for q in stratum.quotas]
        assert [len(sample) for sample in samples] == [quota.by_lot for quota in stratum.quotas]
        for small in samples:
            assert all(small <= large or large <= small for large in samples)
        met.add(len({len(sample) for sample in samples}))
    assert max(met) >= 2 and len(bundle.plan.sections) == 3


def test_former_bundle_of_the_teams_alone_holds_the_result_they_are_drawn_for():
    again = parse_bundle((FOLDER / "valid/teams-alone.bundle.json").read_bytes()).plan.teams_of
    former = parse_bundle((FOLDER / "valid/teams-alone-former.bundle.json").read_bytes())
    assert (again.draw, again.result) == (former.id, former.shown.result.sha256)
    assert parse_transcript(former.blobs[again.result]).inspectors.outcome == "IMPOSSIBLE"


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
    assert f"{len(MADE)} files" in capsys.readouterr().out
