"""The vectors of quotas, teams, plans and stages beyond the first ones; `make_vectors.py` writes them.

Each function returns the bytes of one file. Everything is deterministic. A case with a `refused` holds what is wrong in words; the
number of the rule is that of docs/spec/plan.md, "A plan that is refused".
"""

import json
import random

from bad_plans import BAD, BASES
from bureau import QUORUM_TIME, Bureau, freeze
from lies import honest_teams
from msgspec import to_builtins

from selection.canonical import format_canonical
from selection.eligibility import STAGE_OF_ROLE, OpenSeat
from selection.errors import PlanError
from selection.keys import stage_key
from selection.order import in_order
from selection.plan import Fixed, LargestRemainder, Percent, PercentOrOne, PerOfficer, PerPeriod
from selection.plan_rules import refusals
from selection.quota import Population, base_of, split_total, state_quota
from selection.teams import assign

__all__ = ["campaign", "plan_vectors", "quota_kind_vectors", "stage_vectors", "team_case_vectors"]


def lines(cases, **others) -> bytes:
    """One case a line, so that a difference is seen."""
    rows = ",\n".join(_dump(case) for case in cases)
    head = "".join(f"{_dump(name)}: {_dump(value)},\n" for name, value in sorted(others.items()))
    return ("{\n" + head + '"cases": [\n' + rows + "\n]\n}\n").encode()


def _dump(value) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


# Quotas

POPULATIONS = ((0, 0), (7, 7), (10, 4), (3155, 17))


def quota_kind_vectors() -> bytes:
    """Every kind beyond share and fixed, over strata of many sizes; then totals split over several strata."""
    cases = []
    for rule in (
        PercentOrOne(100, 5), PercentOrOne(1000, 1), PercentOrOne(1, 0), PercentOrOne(0, 0), PercentOrOne(1, 2),
        *(PerPeriod(10, 3, period, 4) for period in range(6)), PerPeriod(2, 1, 1, 1), PerPeriod(1, 1, 0, 0), PerPeriod(1, 2, 1, 2),
        PerPeriod(2**53 - 1, 2**53 - 2, 2**53 - 1, 2**53 - 1),
    ):  # fmt: skip
        stated = [_stated(rule, n, m, counts) for n, m in POPULATIONS for counts in (False, True)]
        cases += stated if stated[0]["quota"] else stated[:1]  # refused for itself, whatever the stratum
    for rule in (PerOfficer(0), PerOfficer(1), PerOfficer(3), PerOfficer(2**53 - 1)):
        cases += [_stated(rule, n, m, counts, officers) for n, m in POPULATIONS[1:] for counts in (False, True) for officers in (0, 1, 12)]
    return lines(cases, splits=[_split(*case) for case in SPLITS])


def _stated(rule, population: int, mandatory: int, counts: bool, officers: int | None = None, split: int = 0) -> dict:
    case = {"mandatory": mandatory, "mandatory_counts": counts, "population": population, "rule": to_builtins(rule)}
    if officers is not None:
        case["officers"] = officers
    try:
        stated = to_builtins(state_quota("lead", rule, Population(population, mandatory), counts, officers or 0, split))
    except PlanError as error:
        return {**case, "quota": None, "refused": str(error)}
    return {**case, "quota": {name: stated[name] for name in ("base", "by_lot", "chance", "quota")}}


# (total, [(population, mandatory)], mandatory_counts)
SPLITS = (
    (10, [(50, 0), (30, 0), (20, 0)], False),
    (10, [(33, 0), (33, 0), (34, 0)], False),  # one odd target to the largest remainder
    (10, [(25, 0), (25, 0), (25, 0), (25, 0)], False),  # equal remainders, equal bases: the earlier
    (3, [(7, 0), (7, 0)], False),
    (7, [(10, 0), (20, 0), (30, 0)], False),
    (10, [(5, 0), (15, 0)], False),  # equal remainders: the larger base
    (100, [(60, 10), (50, 0)], False),  # everybody who is not mandatory
    (100, [(60, 10), (50, 0)], True),  # mandatory ones fill the quota
    (12, [(60, 10), (50, 0)], True),
    (51900, [(1000000, 0), (300000, 1000), (60000, 0)], False),
    (2**53 - 1, [(2**53 - 1, 0)], False),
    (1, [(1, 0)], False),
    (2, [(1, 0), (2, 0)], False),  # less than one for the first
    (0, [(5, 0)], False),
    (0, [(0, 0)], False),
    (0, [(5, 5)], False),  # base 0
    (6, [(2, 0), (3, 0)], False),  # more than there are
    (3, [(3, 0), (0, 0)], False),
)


def _split(total: int, strata, counts: bool) -> dict:
    case = {"mandatory_counts": counts, "strata": [{"mandatory": m, "population": n} for n, m in strata], "total": total}
    populations = [Population(n, m) for n, m in strata]
    try:
        parts = split_total(total, [base_of(population, counts) for population in populations])
    except PlanError as error:
        return {**case, "quotas": None, "refused": str(error)}
    rule, quotas = LargestRemainder(total), []
    for population, part in zip(populations, parts, strict=True):
        stated = to_builtins(state_quota("lead", rule, population, counts, split=part))
        quotas.append({name: stated[name] for name in ("base", "by_lot", "chance", "quota")})
    return {**case, "quotas": quotas}


# Teams


class _Apart:
    def __init__(self, pairs) -> None:
        self.apart: dict[str, set[str]] = {}
        for a, b in pairs:
            self.apart.setdefault(a, set()).add(b)
            self.apart.setdefault(b, set()).add(a)


# name: (seats as (target, number, candidates), places, apart, mates)
NAMED = {
    "no seat": ([], {}, [], {}),
    "nobody at all for one seat": ([("a", 1, ["p"]), ("b", 1, [])], {"p": 2}, [], {}),
    "two seats of one target, one person": ([("a", 1, ["p"]), ("a", 2, ["p"])], {"p": 9}, [], {}),
    "three targets, two places": ([(t, 1, ["p", "q"]) for t in "abc"], {"p": 1, "q": 1}, [], {}),
    "a place short in one corner while others are idle": (
        [("a", 1, ["p"]), ("a", 2, ["p", "q"]), ("b", 1, ["q"]), ("c", 1, ["r", "s"])], {"p": 1, "q": 1, "r": 4, "s": 4}, [], {}),
    "one person, enough places, one pair each": (
        [("a", 1, ["p"]), ("a", 2, ["p"]), ("b", 1, ["p", "q"])], {"p": 5, "q": 0}, [], {}),
    "nobody has places": ([("a", 1, ["p", "q"])], {"p": 0, "q": 0}, [], {}),
    "the first candidate gives way to one who can only be here": (
        [("a", 1, ["p", "q"]), ("b", 1, ["p"])], {"p": 1, "q": 1}, [], {}),
    "a chain of three gives way": (
        [("a", 1, ["p", "q"]), ("b", 1, ["q", "r"]), ("c", 1, ["p"])], {"p": 1, "q": 1, "r": 1}, [], {}),
    "kept apart, the second seat takes its next": ([("a", 1, ["p", "q"]), ("a", 2, ["q", "r"])], {"p": 1, "q": 1, "r": 1}, [["p", "q"]], {}),
    "kept apart, the first seat has to give way": ([("a", 1, ["p", "q"]), ("a", 2, ["r"])], {"p": 1, "q": 1, "r": 1}, [["p", "r"]], {}),
    "kept apart from a mate": ([("a", 1, ["p", "q"])], {"p": 1, "q": 1}, [["m", "p"]], {"a": ["m"]}),
    "everybody kept apart from a mate": ([("a", 1, ["p", "q"])], {"p": 1, "q": 1}, [["m", "p"], ["m", "q"]], {"a": ["m"]}),
    "two people for two seats, kept apart": ([("a", 1, ["p", "q"]), ("a", 2, ["p", "q"])], {"p": 1, "q": 1}, [["p", "q"]], {}),
    "three for three seats, two of them kept apart": (
        [("a", n, ["p", "q", "r"]) for n in (1, 2, 3)], {"p": 1, "q": 1, "r": 1}, [["q", "r"]], {}),
    "kept apart, several seats back": (
        [("a", 1, ["p", "q"]), ("b", 1, ["r", "s"]), ("c", 1, ["p", "q"]), ("c", 2, ["t"])],
        {"p": 1, "q": 1, "r": 1, "s": 1, "t": 1}, [["q", "t"]], {}),
}  # fmt: skip


def team_case_vectors() -> bytes:
    """Small cases by name, then tight ones at random, with and without `apart`, of which many are short."""
    cases = [(name, *case) for name, case in NAMED.items()]
    r, people = random.Random("team cases"), [f"p{n}" for n in range(8)]
    for number in range(12):
        seats = []
        for t in range(r.randint(3, 5)):
            able = r.sample(people, r.randint(2, 6))
            seats += [(f"t{t}", n, r.sample(able, len(able))) for n in range(1, r.randint(2, 3) + 1)]
        apart = [sorted(r.sample(people, 2)) for _ in range((number % 2) * r.randint(2, 6))]
        mates = {f"t{t}": [r.choice(people)] for t in range(5)} if number % 4 == 3 else {}
        places = {person: r.choice([0, 1, 2, 3] if number % 3 else [0, 1, 1]) for person in people}
        cases.append((f"random {number}", seats, places, apart, mates))
    written = []
    for name, seats, places, apart, mates in cases:
        found = assign([OpenSeat(t, n, tuple(c)) for t, n, c in seats], places, _Apart(apart), mates)
        written.append({
            "apart": apart, "certificate": to_builtins(found.certificate), "mates": mates, "name": name, "outcome": found.outcome,
            "people": found.people, "places": places, "seats": [{"candidates": c, "number": n, "target": t} for t, n, c in seats],
        })  # fmt: skip
    return lines(written)


# Plans

FORM = {
    "pool rules empty": {"pool_rules": []},
    "pool rules null": {"pool_rules": None},
    "teams of null": {"teams_of": None},
    "former draw without its result": {"teams_of": {"draw": "yunzhou-2026-1-1", "plan": "0" * 64}},
    "pool rule without a version": {"pool_rules": [{"id": "cap-reached", "parameters": [], "text": "不再抽"}]},
    "pool rule with an empty text": {"pool_rules": [{"id": "cap-reached", "parameters": [], "text": "", "version": "1"}]},
    "parameter that is a number": {
        "pool_rules": [{"id": "cap-reached", "parameters": [{"name": "visits", "value": 1}], "text": "不再抽", "version": "1"}]
    },
}
RULE_FORMS = {
    "kind of no rule": {"count": 1, "kind": "all"},
    "officers without targets": {"kind": "per-officer"},
    "period without periods": {"denominator": 2, "kind": "per-period", "numerator": 1, "period": 1},
    "total and share in one rule": {"denominator": 2, "kind": "largest-remainder", "numerator": 1, "total": 3},
    "total below none": {"kind": "largest-remainder", "total": -1},
    "count of a half": {"count": "1/2", "kind": "fixed"},
}


def plan_vectors() -> bytes:
    """Lawful plans with their lists, and for each bad one what is changed in which, and what refuses it.

    `plan` and `blobs` of a case hold the members and lists that differ from the base's. `refused` are the numbers of the rules that it
    breaks, or `form`: then it is no plan at all.
    """
    bases = {name: {"blobs": {k: v.decode() for k, v in sorted(f.blobs.items()) if k in LISTS}, "plan": _json(f.plan)} for name, f in BASES.items()}
    cases = []
    for name, bad in BAD.items():
        plan, base = _json(bad.plan), bases[bad.base]["plan"]
        assert base.keys() == plan.keys(), name
        cases.append({
            "base": bad.base, "blobs": {k: v.decode() for k, v in sorted(bad.blobs.items())}, "name": name,
            "plan": {member: value for member, value in plan.items() if value != base[member]},
            "refused": sorted({number for number, _ in refusals(bad.plan, *bad.lists())}),
        })  # fmt: skip
    strata, forms = bases["draw"]["plan"]["strata"], dict(FORM)
    for name, rule in RULE_FORMS.items():
        quota = {**strata[0]["quotas"][0], "rule": rule}
        forms[name] = {"strata": [{**strata[0], "quotas": [quota, *strata[0]["quotas"][1:]]}, *strata[1:]]}
    cases += [{"base": "draw", "blobs": {}, "name": name, "plan": plan, "refused": ["form"]} for name, plan in forms.items()]
    return lines(cases, bases=bases)


LISTS = ("apart", "excluded", "former", "mandatory", "people", "pool")


def _json(plan) -> dict:
    return json.loads(format_canonical(plan))


# A campaign of several departments, and the values between its numbers and its result


def campaign() -> Bureau:
    """Three departments with nested samples of every kind, mandatory targets among them, and six replacements."""
    for seed in range(2000):
        frozen = freeze(seed, kinds=True, sections=3, sealed=False, targets=24, people=33, area_rule="any", places=9, last="dice", apart=4)
        if len(frozen.plan.strata) < 2 or not frozen.pools.mandatory:
            continue
        bureau = Bureau(frozen, 6, quorum_time=QUORUM_TIME)
        drawn = bureau.transcript.targets
        kinds = {type(q.rule) for s in frozen.plan.strata for q in s.quotas}
        if (
            bureau.transcript.experts.outcome == "COMPLETE"
            and {len(t.sections) for t in drawn if t.rank} >= {1, 2}
            and {LargestRemainder, PerOfficer} <= kinds
            and not kinds & {Fixed, Percent}
            and len(bureau.decide()) == 6
            and len(drawn) <= 14
        ):
            return bureau
    raise AssertionError("no seed gives such a draw")


def stage_vectors() -> bytes:
    """Stage keys, orders and cuts of two bundles: every ticket of every stage, from the draw key to the candidates of each seat.

    `order` holds [ticket, id] in the order of the stage; of `inspectors/<target>` and `experts/<target>` all of the role are listed
    but those in conflict, whatever section, code and area a seat asks for.
    """
    written = [_stages(name, bureau) for name, bureau in (("valid/campaign", campaign()), ("valid/teams-alone", honest_teams(1, targets=16)))]
    return lines(written)


def _stages(name: str, bureau: Bureau) -> dict:
    frozen, transcript = bureau.frozen, bureau.transcript
    key = transcript.draw_key
    stages = {"targets": [t.id for t in frozen.pools.targets]}
    for target in transcript.targets[:1]:
        away = frozen.pools.conflicts.get(target.id, frozenset())
        class_ = next(t.class_ for t in frozen.pools.targets if t.id == target.id)
        stages[f"items/{target.id}"] = [i.id for i in frozen.plan.items if class_ in i.classes and not i.mandatory]
        for role, stage in STAGE_OF_ROLE.items():
            stages[f"{stage}/{target.id}"] = [p.id for p in frozen.pools.people if p.role == role and p.id not in away]
    return {
        "bundle": f"{name}.bundle.json", "draw_key": key, "plan": transcript.plan,
        "result": to_builtins(transcript.strata),
        "stages": [
            {"key": stage_key(key, stage), "stage": stage,
             "order": [[ticket.hex(), id] for ticket, id in in_order(stage_key(key, stage), ids)]}
            for stage, ids in stages.items()
        ],
    }  # fmt: skip
