"""Plans that break one rule each of "A plan that is refused" (docs/spec/plan.md), by the number of the rule, and what they are made from.

`BAD` holds them all. `test_plan_rules.py` asks that each is refused for what it says; `make_vectors.py` writes them down.
"""

from dataclasses import dataclass, field

from bureau import POOL_RULES, Frozen, freeze, hexed, public_text
from bureau_teams import freeze_teams
from msgspec.structs import replace

from disclosure.blob import refer
from selection.keys import digest_of
from selection.plan import (
    AtLeast,
    Drand,
    Fixed,
    Item,
    LargestRemainder,
    Percent,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
    Plan,
    PoolRule,
    PublicNumber,
    SealedUntil,
    StatedReason,
    Stratum,
    Witness,
)
from selection.pool import (
    Listed,
    Pools,
    format_listed,
    format_people,
    format_pool,
    parse_apart,
    parse_listed,
    parse_people,
    parse_pool,
)
from selection.quicknet import CHAIN, round_at
from selection.quota import Population, officers_of, split_total, state_quota
from selection.transcript import Transcript, format_transcript, parse_transcript

FROZEN = freeze(2, sections=2, last="dice", sealed=False, area_rule="any", places=8, people=60, apart=2)
FROZEN.plan = replace(FROZEN.plan, pool_rules=POOL_RULES)
PLAN, POOLS = FROZEN.plan, FROZEN.pools


def first(name, **changes):
    """The plan with the first element of one of its lists changed."""
    head, *rest = getattr(PLAN, name)
    return replace(PLAN, **{name: (replace(head, **changes), *rest)})


def used_class(**changes):
    return first("classes", **changes)


def quota(**changes):
    stratum = PLAN.strata[0]
    return first("strata", quotas=(replace(stratum.quotas[0], **changes), *stratum.quotas[1:]))


def contributors(*more, last=PLAN.contributors[-1]):
    return replace(PLAN, contributors=(PLAN.contributors[0], *more, last))


CLASS, DICE = PLAN.classes[0], PLAN.contributors[-1]
SEAT = CLASS.inspector_seats[0]
WITNESS = Witness(body="监察", key=None, label="w-1", person="A" * 43)
PUBLIC = PublicNumber(digits=5, example="01234", issue="1", label="lottery", order="顺序", source="体彩")
BEACON = Drand(chain=CHAIN, round=round_at(PLAN.instant))
LATER = "2026-11-24T02:00:01Z"

ALONE: dict[str, dict[str, tuple[Plan, str]]] = {
    "1": {
        "id": (replace(PLAN, id=PLAN.id + "0"), "is not"),
        "id with zeros": (replace(PLAN, id=PLAN.id.replace("-1", "-01")), "is not"),
        "section twice": (first("sections", id="fire"), "section fire stands 2 times"),
        "key twice": (first("sections", key=public_text("section-fire")), "stands 2 times"),
        "area twice": (replace(PLAN, areas=(*PLAN.areas, PLAN.areas[0])), "area"),
        "code twice": (replace(PLAN, codes=(*PLAN.codes, PLAN.codes[0])), "code"),
        "item twice": (replace(PLAN, items=(*PLAN.items, PLAN.items[0])), "item"),
        "reason twice": (replace(PLAN, reason_codes=(*PLAN.reason_codes, PLAN.reason_codes[0])), "reason code"),
        "replacement reason twice": (
            replace(PLAN, replacement_reasons=(*PLAN.replacement_reasons, PLAN.replacement_reasons[0])),
            "replacement reason",
        ),
        "label twice": (contributors(replace(WITNESS, label="bureau"), WITNESS), "contributor label"),
        "label of the beacon": (
            contributors(replace(WITNESS, label="drand"), WITNESS, last=BEACON),
            "contributor label",
        ),
        "label of a thrower twice": (
            contributors(replace(WITNESS, label="thrower-1"), WITNESS),
            "contributor label",
        ),
        "seat of no section": (
            used_class(inspector_seats=(*CLASS.inspector_seats, replace(SEAT, section="market"))),
            "market",
        ),
        "seat asks no code": (
            used_class(inspector_seats=(*CLASS.inspector_seats, replace(SEAT, codes=("zzz",)))),
            "zzz",
        ),
        "seat codes unsorted": (
            used_class(inspector_seats=(*CLASS.inspector_seats, replace(SEAT, codes=("chemistry", "boiler")))),
            "ascend",
        ),
        "item of no section": (first("items", section="market"), "market"),
        "item of no class": (first("items", classes=(*PLAN.items[0].classes, "zzz")), "zzz"),
        "item classes unsorted": (first("items", classes=(CLASS.id, CLASS.id)), "ascend"),
        "class items of no section": (
            used_class(items=(*CLASS.items, replace(CLASS.items[0], section="market"))),
            "market",
        ),
    },
    "2": {
        "frozen at T": (replace(PLAN, frozen_at=PLAN.instant), "frozen_at"),
        "names open before T": (replace(PLAN, names_open="2026-11-24T01:59:59Z"), "names_open"),
        "seal opens at T": (replace(PLAN, sealed=SealedUntil(opens=PLAN.instant)), "opens"),
        "visits end before they begin": (replace(PLAN, visits=replace(PLAN.visits, to="2026-11-30")), "visits"),
    },
    "3": {
        "class items in another order": (used_class(items=CLASS.items[::-1]), "plan order"),
        "quotas in another order": (first("strata", quotas=PLAN.strata[0].quotas[::-1]), "plan order"),
        "quota twice": (first("strata", quotas=(PLAN.strata[0].quotas[0],) * 2), "plan order"),
        "population": (first("strata", population=PLAN.strata[0].population + 1), "states"),
        "mandatory": (first("strata", mandatory=PLAN.strata[0].mandatory + 1), "states"),
        "base": (quota(base=PLAN.strata[0].quotas[0].base + 1), "the rule gives"),
        "quota": (quota(quota=PLAN.strata[0].quotas[0].quota + 1), "the rule gives"),
        "by_lot": (quota(by_lot=PLAN.strata[0].quotas[0].by_lot + 1), "the rule gives"),
        "chance": (quota(chance="1/1"), "the rule gives"),
        "k over base": (quota(rule=Fixed(10**6)), "exceeds"),
        "more than the whole": (quota(rule=Percent(denominator=1, numerator=2)), "not between 0 and 1"),
        "denominator 0": (quota(rule=AtLeast(denominator=0, numerator=0)), "not between 0 and 1"),
    },
    "4": {
        "class without a seat of a drawing section": (
            used_class(inspector_seats=tuple(s for s in CLASS.inspector_seats if s.section != "fire")),
            "no inspector seat",
        ),
        "class without items of a drawing section": (
            used_class(items=tuple(i for i in CLASS.items if i.section != "fire")),
            "no items entry",
        ),
        "class that gets no item": (
            replace(
                used_class(items=tuple(replace(i, optional=0) for i in CLASS.items)),
                items=tuple(i for i in PLAN.items if not (i.mandatory and i.section == "fire")),
            ),
            "gets no item",
        ),
    },
    "5": {
        "more optional items than there are": (
            used_class(items=(replace(CLASS.items[0], optional=6), *CLASS.items[1:])),
            "there are",
        ),
    },
    "6": {
        "last is a nonce": (replace(PLAN, contributors=PLAN.contributors[:1]), "last contributor"),
        "last is a witness": (
            replace(PLAN, contributors=(PLAN.contributors[0], WITNESS, replace(WITNESS, label="w-2"))),
            "last contributor",
        ),
        "dice twice": (contributors(DICE), "more than one"),
        "one witness": (contributors(WITNESS), "exactly one witness"),
        "drand not last": (contributors(BEACON), "not as the last"),
        "drand twice": (contributors(BEACON, last=BEACON), "not as the last"),
        "drand of another chain": (contributors(last=replace(BEACON, chain="0" * 64)), "not quicknet"),
        "drand round before T": (contributors(last=replace(BEACON, round=BEACON.round - 1)), "first at or after T"),
        "drand round after T": (contributors(last=replace(BEACON, round=BEACON.round + 1)), "first at or after T"),
        "sealed without a nonce": (
            replace(PLAN, sealed=SealedUntil(opens=LATER), contributors=(DICE,)),
            "needs a nonce",
        ),
        "throwers of one body": (
            contributors(last=replace(DICE, throwers=tuple(replace(t, body="甲") for t in DICE.throwers))),
            "body",
        ),
        "example too short": (contributors(last=replace(PUBLIC, example="0123")), "example"),
        "example with other digits": (contributors(last=replace(PUBLIC, example="０1234")), "example"),
    },
}


def ruled(rule_, officers=0, parts=(0, 0), base=PLAN, excused=False, **stated):
    """The plan whose first section follows `rule_` in every stratum; `stated` numbers in the first stratum, whatever the rule gives."""
    rules = rule_ if isinstance(rule_, tuple) else (rule_,) * len(base.strata)
    strata = []
    for h, (stratum, own) in enumerate(zip(base.strata, rules, strict=True)):
        population = Population(stratum.population, stratum.mandatory)
        made = state_quota("lead", own, population, False, officers, parts[h])
        made = replace(made, **(stated if h == 0 else {}))
        strata.append(replace(stratum, quotas=(made, *stratum.quotas[1:])))
    more = [StatedReason(reason="只查必查对象", rule="no-chance", subject=f"{s.id}/lead") for s in base.strata] if excused else []
    return replace(base, strata=tuple(strata), exceptions=(*base.exceptions, *more))


def without(rule):
    return replace(PLAN, exceptions=tuple(e for e in PLAN.exceptions if e.rule != rule))


HIGH, LOW = (stratum.population for stratum in PLAN.strata)
OFFICERS = officers_of(POOLS.people)["lead"]
PARTS = split_total(HIGH + LOW - 1, [HIGH, LOW])
PERIOD = PerPeriod(denominator=2, numerator=1, period=1, periods=7)
EMPTY = Stratum(id="none", mandatory=0, name="none", population=0, rule="按风险",
                quotas=(state_quota("lead", LargestRemainder(total=0), Population(0, 0), False),))  # fmt: skip
RULE = POOL_RULES[0]
NARROW = format_listed(Listed(f"excluded-{n:03d}", "cap-reached") for n in range(len(POOLS.targets) + 1))
FEW = [p for p in POOLS.people if p.section == "lead" and p.role == "inspector"][:2]
THIN = format_people([p for p in POOLS.people if p.section != "lead" or p.role != "inspector"] + FEW)

MORE = {
    "3": {
        "officers counted otherwise": (
            ruled(PerOfficer(targets=1), OFFICERS, quota=OFFICERS + 1, by_lot=OFFICERS + 1, chance=f"{OFFICERS + 1}/{HIGH}"),
            f"the rule gives base {HIGH}, quota {OFFICERS}",
        ),
        "part of a period counted otherwise": (
            ruled(PERIOD, quota=4, by_lot=4, chance=f"4/{HIGH}"), f"the rule gives base {HIGH}, quota 3"),
        "period 0": (ruled(Fixed(3), rule=replace(PERIOD, period=0)), "period 0 is not one of 1 to 7"),
        "period after the last": (ruled(Fixed(3), rule=replace(PERIOD, period=8)), "period 8 is not one of 1 to 7"),
        "share of a year above the whole": (ruled(Fixed(3), rule=replace(PERIOD, numerator=3)), "not between 0 and 1"),
        "one left out of percent-or-one": (
            ruled(PercentOrOne(denominator=1000, numerator=1), quota=0, by_lot=0, chance=f"0/{HIGH}", excused=True),
            f"the rule gives base {HIGH}, quota 1",
        ),
        "remainder given to another stratum": (
            ruled(LargestRemainder(total=HIGH + LOW - 1), parts=(PARTS[1] - LOW + HIGH, PARTS[0] - HIGH + LOW)), "the rule gives"),
        "totals of one split differ": (
            ruled((LargestRemainder(total=HIGH + LOW - 1), LargestRemainder(total=HIGH + LOW - 2)), parts=PARTS), "all name the same"),
        "total over everybody": (ruled(LargestRemainder(total=HIGH + LOW + 1), parts=(HIGH, LOW)), "exceeds"),
        "stratum too small to be split over": (ruled(LargestRemainder(total=2), parts=(1, 1)), "too small to be split over"),
        "nobody to split over": (
            replace(PLAN, strata=(*PLAN.strata, EMPTY),
                    exceptions=(*PLAN.exceptions, StatedReason(reason="暂无", rule="small-stratum", subject="none"))),
            "too small to be split over",
        ),
    },
    "4": {
        "class without any inspector seat": (
            replace(PLAN, classes=(*PLAN.classes, replace(CLASS, id="unused", inspector_seats=(), items=tuple(
                replace(rule, optional=0) for rule in CLASS.items)))), "no inspector seat at all"),
    },
    "7": {
        "nobody can be drawn": (replace(ruled(Fixed(0)), exceptions=without("no-chance").exceptions), "no firm of stratum"),
        "unknown exception": (
            replace(PLAN, exceptions=(*PLAN.exceptions, StatedReason(reason="因故", rule="whim", subject="high"))), "no rule whim"),
        "narrow pool": (PLAN, "after 91 were excluded", {"excluded": NARROW}),
        "thin seat": (without("thin-seat"), "possible people", {"people": THIN, "apart": b""}),
    },
    "8": {
        "pool rule twice": (replace(PLAN, pool_rules=(*POOL_RULES, replace(RULE, version="2"))), "stands 2 times"),
        "pool rule that is no reason": (
            replace(PLAN, pool_rules=(*POOL_RULES, PoolRule(id="whim", parameters=(), text="不查", version="1"))), "reason codes"),
        "parameters in another order": (replace(PLAN, pool_rules=(replace(RULE, parameters=RULE.parameters[::-1]),)), "ascend"),
        "parameter twice": (replace(PLAN, pool_rules=(replace(RULE, parameters=RULE.parameters[:1] * 2),)), "ascend"),
    },
}  # fmt: skip

TEAMS = freeze_teams(3, "inspector", {"sections": 2, "targets": 16}, people=24, places=8, ended=1)
EXPERTS = freeze_teams(4, "expert", {"sections": 1, "targets": 16}, people=15, places=8, ended=1)
BASES: dict[str, Frozen] = {"draw": FROZEN, "teams": TEAMS, "experts": EXPERTS}


def told(base: Frozen, of=None, **changes):
    """The plan with another former result, and that result."""
    data = format_transcript(replace(parse_transcript(base.blobs["former"]), **changes))
    return replace(base.plan, teams_of=replace(base.plan.teams_of, result=digest_of(data))), {"former": data}


def of_teams(number: str):
    plan, targets = TEAMS.plan, TEAMS.pools.targets
    stratum, section = plan.strata[0], plan.sections[0].id
    short, done = parse_transcript(TEAMS.blobs["former"]).inspectors, parse_transcript(EXPERTS.blobs["former"]).inspectors
    excused = (*plan.exceptions, *(StatedReason(reason="无", rule="no-chance", subject=f"{s.id}/{q.section}")
                                   for s in plan.strata for q in s.quotas))  # fmt: skip
    population = Population(stratum.population, stratum.mandatory)
    counted = tuple(
        replace(s, quotas=tuple(state_quota(q.section, q.rule, Population(s.population, s.mandatory), True) for q in s.quotas))
        for s in plan.strata
    )
    half = state_quota(stratum.quotas[0].section, Percent(denominator=2, numerator=1), population, False)
    fewer = tuple(
        replace(s, mandatory=s.mandatory - (s is stratum), quotas=tuple(
            state_quota(q.section, q.rule, Population(s.population, s.mandatory - (s is stratum)), False) for q in s.quotas))
        for s in plan.strata
    )  # fmt: skip
    one = next(t.id for t in targets if t.stratum == stratum.id)
    other = "fire" if stratum.quotas[0].section == "lead" else "lead"
    elsewhere = replace(stratum.quotas[0], section=other)
    item = Item(classes=(plan.classes[0].id,), id="item-more", legal_basis="《安全生产法》", mandatory=False, name="加查", section=section)
    full, bare = plan.classes[0], replace(plan.classes[0], inspector_seats=())
    asks = replace(full, items=(replace(full.items[0], optional=1), *full.items[1:]))
    return {
        "9.1": {
            "result of another plan": (replace(plan, teams_of=replace(plan.teams_of, plan=hexed("another"))), "the result it names is of plan", {}),
        },
        "9.2": {
            "former target left out": (plan, "neither in pool nor in excluded", {"excluded": b""}),
            "target added to the excluded": (plan, "did not draw it", {
                "excluded": format_listed([*parse_listed("excluded", TEAMS.blobs["excluded"]), Listed("elsewhere", "ended")])}),
            "target added to the pool": (
                replace(plan, strata=tuple(replace(s, population=s.population + (s is stratum), mandatory=s.mandatory + (s is stratum))
                                           for s in plan.strata)),
                "did not draw it",
                {"pool": format_pool([*targets, replace(next(t for t in targets if t.stratum == stratum.id), id="elsewhere")]),
                 "mandatory": format_listed(Listed(id, "complaint") for id in [*(t.id for t in targets), "elsewhere"])},
            ),
        },
        "9.3": {
            "target not mandatory": (replace(plan, strata=fewer, exceptions=excused), "is not mandatory", {
                "mandatory": format_listed(Listed(t.id, "complaint") for t in targets if t.id != one)}),
            "mandatory ones fill the quota": (replace(plan, mandatory_counts=True, strata=counted), "mandatory_counts is true", {}),
            "quota not fixed": (replace(plan, strata=(replace(stratum, quotas=(half, *stratum.quotas[1:])), *plan.strata[1:])), "is not fixed 0", {}),
            "sections other than those that drew": (
                replace(plan, strata=(replace(stratum, quotas=(elsewhere,)), *plan.strata[1:])) if len(stratum.quotas) == 1
                else replace(plan, strata=(replace(stratum, quotas=stratum.quotas[:1]), *plan.strata[1:])), "drew it for", {}),
        },
        "9.4": {
            "item": (replace(plan, items=(item,)), "the items of the former draw stand", {}),
            "optional item": (replace(plan, items=(item,), classes=(asks, *plan.classes[1:])), "it asks 0", {}),
        },
        "9.5": {"sealed": (replace(plan, sealed=SealedUntil(opens=LATER)), "is sealed until", {})},
        "9.6": {
            "teams that are there": (*_after("are complete: none is left", told(TEAMS, inspectors=done, experts=done)),),
            "inspectors that are there": (*_after("only its experts are drawn", told(TEAMS, inspectors=done, experts=short)),),
            "class without an inspector seat": (replace(plan, classes=(*plan.classes[1:], replace(bare, id=full.id))[::-1]), "no inspector seat at all", {}),
        },
    }[number]  # fmt: skip


def _after(words: str, plan_and_blobs):
    plan, blobs = plan_and_blobs
    return plan, words, blobs


@dataclass(frozen=True)
class Bad:
    """A plan that rule `refusal` refuses, with sentences that hold `words`; `blobs` are those that differ from the base's."""

    base: str
    plan: Plan
    refusal: str
    words: str
    blobs: dict[str, bytes] = field(default_factory=dict)

    def lists(self) -> tuple[Pools, list[Listed], Transcript | None]:
        """Return pools, excluded and former result as its blobs hold them."""
        return lists_of({**BASES[self.base].blobs, **self.blobs})


def lists_of(blobs: dict[str, bytes]) -> tuple[Pools, list[Listed], Transcript | None]:
    pools = Pools(
        parse_pool(blobs["pool"]), frozenset(row.target for row in parse_listed("mandatory", blobs["mandatory"])),
        parse_people(blobs["people"]), frozenset(parse_apart(blobs["apart"])), {},
    )  # fmt: skip
    former = parse_transcript(blobs["former"]) if "former" in blobs else None
    return pools, parse_listed("excluded", blobs["excluded"]), former


def _bad(base: str, refusal: str, plan: Plan, words: str, blobs: dict[str, bytes] | None = None) -> Bad:
    named = {name: refer(data) for name, data in (blobs or {}).items() if name != "former"}
    return Bad(base, replace(plan, blobs=replace(plan.blobs, **named)), refusal, words, blobs or {})


BAD: dict[str, Bad] = {
    name: _bad(base, number, *case)
    for base, cases in (
        *(("draw", {number: named}) for source in (ALONE, MORE) for number, named in source.items()),
        *(("teams", {number: of_teams(number)}) for number in ("9.1", "9.2", "9.3", "9.4", "9.5", "9.6")),
        ("experts", {"9.6": {
            "inspectors drawn though they stand": (
                replace(EXPERTS.plan, classes=tuple(replace(c, inspector_seats=c.expert_seats or (SEAT,)) for c in EXPERTS.plan.classes),
                        exceptions=(*EXPERTS.plan.exceptions, *(
                            StatedReason(reason="编制所限", rule="thin-seat", subject=f"{c.id}/inspectors/1") for c in EXPERTS.plan.classes))),
                "only its experts are drawn"),
        }}),
    )
    for number, named in cases.items()
    for name, case in named.items()
}  # fmt: skip
