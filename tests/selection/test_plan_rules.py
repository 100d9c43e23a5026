"""Each rule of "A plan that is refused" (docs/spec/plan.md) refuses a plan that breaks it alone."""

import pytest
from bureau import freeze, public_text
from msgspec.structs import replace

from selection.errors import PlanError
from selection.plan import (
    AtLeast,
    Drand,
    Fixed,
    Named,
    NonceCommitment,
    Percent,
    PublicNumber,
    SealedUntil,
    StatedReason,
    Witness,
    format_plan,
    parse_plan,
)
from selection.plan_rules import list_faults, plan_faults
from selection.pool import Listed, Target

FROZEN = freeze(2, sections=2, last="dice", sealed=False, area_rule="any", places=8, people=60, apart=2)
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
LATER = "2026-11-24T02:00:01Z"

BROKEN = {
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
    "class items in another order": (used_class(items=CLASS.items[::-1]), "plan order"),
    "class items of no section": (
        used_class(items=(*CLASS.items, replace(CLASS.items[0], section="market"))),
        "market",
    ),
    "quotas in another order": (first("strata", quotas=PLAN.strata[0].quotas[::-1]), "plan order"),
    "quota twice": (first("strata", quotas=(PLAN.strata[0].quotas[0],) * 2), "plan order"),
    "frozen at T": (replace(PLAN, frozen_at=PLAN.instant), "frozen_at"),
    "names open before T": (replace(PLAN, names_open="2026-11-24T01:59:59Z"), "names_open"),
    "seal opens at T": (replace(PLAN, sealed=SealedUntil(opens=PLAN.instant)), "opens"),
    "visits end before they begin": (replace(PLAN, visits=replace(PLAN.visits, to="2026-11-30")), "visits"),
    "population": (first("strata", population=PLAN.strata[0].population + 1), "states"),
    "mandatory": (first("strata", mandatory=PLAN.strata[0].mandatory + 1), "states"),
    "base": (quota(base=PLAN.strata[0].quotas[0].base + 1), "the rule gives"),
    "quota": (quota(quota=PLAN.strata[0].quotas[0].quota + 1), "the rule gives"),
    "by_lot": (quota(by_lot=PLAN.strata[0].quotas[0].by_lot + 1), "the rule gives"),
    "chance": (quota(chance="1/1"), "the rule gives"),
    "k over base": (quota(rule=Fixed(10**6)), "exceeds"),
    "more than the whole": (quota(rule=Percent(denominator=1, numerator=2)), "not between 0 and 1"),
    "denominator 0": (quota(rule=AtLeast(denominator=0, numerator=0)), "not between 0 and 1"),
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
    "more optional items than there are": (
        used_class(items=(replace(CLASS.items[0], optional=6), *CLASS.items[1:])),
        "there are",
    ),
    "last is a nonce": (replace(PLAN, contributors=PLAN.contributors[:1]), "last contributor"),
    "last is a witness": (
        replace(PLAN, contributors=(PLAN.contributors[0], WITNESS, replace(WITNESS, label="w-2"))),
        "last contributor",
    ),
    "dice twice": (contributors(DICE), "more than one"),
    "one witness": (contributors(WITNESS), "exactly one witness"),
    "drand": (contributors(Drand(chain="0" * 64, round=1)), "drand"),
    "drand last": (contributors(last=Drand(chain="0" * 64, round=1)), "drand"),
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
}


def faults(plan, pools=POOLS):
    return plan_faults(plan, pools)


def test_the_plan_itself_is_lawful():
    assert faults(PLAN) == []
    assert faults(contributors(WITNESS, replace(WITNESS, label="w-2"), PUBLIC)) == []
    assert isinstance(PLAN.contributors[0], NonceCommitment)


@pytest.mark.parametrize("what", BROKEN)
def test_plan_that_breaks_one_rule_is_refused(what):
    plan, words = BROKEN[what]
    found = faults(plan)
    assert any(words in fault for fault in found), found


def without(rule):
    return replace(PLAN, exceptions=tuple(e for e in PLAN.exceptions if e.rule != rule))


def test_small_stratum_needs_a_stated_reason():
    """A stratum of 19 does, one of 20 does not."""
    for size, refused in ((19, True), (20, False)):
        pools = replace(
            POOLS,
            targets=[Target(f"t-{n}", PLAN.strata[0].id, CLASS.id, "4207") for n in range(size)],
            mandatory=frozenset(),
        )
        stratum = replace(PLAN.strata[0], population=size, mandatory=0, quotas=())
        found = plan_faults(replace(without("small-stratum"), strata=(stratum,)), pools)
        assert any("under 20" in fault for fault in found) == refused


def test_quota_without_chance_needs_a_stated_reason():
    stratum = PLAN.strata[0]
    free = stratum.population - stratum.mandatory
    none = replace(stratum.quotas[0], rule=Fixed(0), quota=0, by_lot=0, chance=f"0/{free}")
    plan = replace(without("no-chance"), strata=(replace(stratum, quotas=(none,)), *PLAN.strata[1:]))
    assert any("no firm of stratum" in fault for fault in faults(plan))
    reason = StatedReason(rule="no-chance", subject=f"{stratum.id}/{none.section}", reason="只查必查对象")
    others = [
        f
        for f in faults(replace(plan, exceptions=(*plan.exceptions, reason)))
        if f"stratum {stratum.id}" in f
    ]
    assert others == []


@pytest.mark.parametrize(("people", "refused"), [(2, True), (3, False)])
@pytest.mark.parametrize("rule", ["any", "same", "other"])
def test_thin_seat_needs_a_stated_reason(people, refused, rule):
    """Three people with places suffice, in the area where there are fewest."""
    areas = {"any": (), "same": ("4207",), "other": ("4211",)}[rule]
    staff = [
        replace(
            POOLS.people[0],
            id=f"p-{n:032x}",
            role="inspector",
            section="lead",
            codes=(),
            areas=areas,
            places=1,
        )
        for n in range(people)
    ]
    idle = [replace(staff[0], id=f"p-{n:032x}", places=0) for n in range(50, 55)]
    class_ = replace(CLASS, inspector_seats=(replace(SEAT, codes=(), section="lead"),), expert_seats=())
    plan = replace(PLAN, classes=(class_,), area_rule=rule, exceptions=())
    pools = replace(POOLS, people=staff + idle, targets=[Target("t", PLAN.strata[0].id, CLASS.id, "4207")])
    found = [fault for fault in plan_faults(plan, pools) if "possible people" in fault]
    assert bool(found) == refused
    if refused:
        reason = StatedReason(rule="thin-seat", subject=f"{CLASS.id}/inspectors/1", reason="编制所限")
        assert not [
            f for f in plan_faults(replace(plan, exceptions=(reason,)), pools) if "possible people" in f
        ]
    if rule != "any":
        elsewhere = [*pools.targets, Target("u", PLAN.strata[0].id, CLASS.id, "4211")]
        thin = [f for f in plan_faults(plan, replace(pools, targets=elsewhere)) if "possible people" in f]
        assert thin[0].startswith(f"seat {CLASS.id}/inspectors/1 has 0")


def test_class_without_targets_may_have_thin_seats():
    unused = replace(CLASS, id="unused", inspector_seats=(replace(SEAT, codes=("boiler", "chemistry")),))
    assert faults(replace(PLAN, classes=(*PLAN.classes, unused), items=PLAN.items)) == [
        fault for fault in faults(replace(PLAN, classes=(*PLAN.classes, unused))) if "optional items" in fault
    ]


LISTS = {
    "pool and excluded": (
        {"excluded": [Listed(POOLS.targets[0].id, "cap-reached")]},
        "both in pool and excluded",
    ),
    "mandatory not in pool": ({"mandatory": [Listed("elsewhere", "complaint")]}, "not in pool"),
    "reason not declared": ({"excluded": [Listed("elsewhere", "whim")]}, "not declared"),
    "conflicts not in pool": ({"pools": replace(POOLS, conflicts={"elsewhere": frozenset()})}, "not in pool"),
    "apart not in people": (
        {"pools": replace(POOLS, apart=frozenset([("p-" + "0" * 32, POOLS.people[0].id)]))},
        "not in people",
    ),
    "stratum": (
        {"pools": replace(POOLS, targets=[Target("t", "zzz", CLASS.id, "4207")], conflicts={})},
        "stratum zzz",
    ),
    "class": (
        {"pools": replace(POOLS, targets=[Target("t", "high", "zzz", "4207")], conflicts={})},
        "class zzz",
    ),
    "area": (
        {"pools": replace(POOLS, targets=[Target("t", "high", CLASS.id, "zzz")], conflicts={})},
        "area zzz",
    ),
    "area of a person": (
        {"pools": replace(POOLS, people=[replace(p, areas=("zzz",)) for p in POOLS.people])},
        "area zzz",
    ),
    "code of a person": (
        {"pools": replace(POOLS, people=[replace(p, codes=("zzz",)) for p in POOLS.people])},
        "code zzz",
    ),
    "section of a person": (
        {"pools": replace(POOLS, people=[replace(p, section="zzz") for p in POOLS.people])},
        "section zzz",
    ),
}


@pytest.mark.parametrize("what", LISTS)
def test_lists_say_only_what_the_plan_declares(what):
    changed, words = LISTS[what]
    given = {"pools": POOLS, "excluded": [], "mandatory": [], **changed}
    assert any(
        words in fault for fault in list_faults(PLAN, given["pools"], given["excluded"], given["mandatory"])
    )
    assert list_faults(PLAN, POOLS, [], []) == []


def test_plan_has_one_form():
    data = format_plan(PLAN)
    assert format_plan(parse_plan(data)) == data
    for changed in (
        data + b"\n",
        data.replace(b'"rehearsal":false,', b""),
        data.replace(b'"rehearsal":false', b'"rehearsal":0'),
        data.replace(b'"hash":"sha256"', b'"hash":"sha512"'),
        data.replace(b"{", b'{"further":1,', 1),
        data.replace(b'"year":2026', b'"year":1999'),
        data.replace(b'"attempt":1', b'"attempt":0'),
        data.replace(b'"from":"2026-12-01"', b'"from":"2026-02-30"'),
    ):
        assert changed != data
        with pytest.raises(PlanError):
            parse_plan(changed)
    with pytest.raises(PlanError):
        parse_plan(format_plan(replace(PLAN, areas=(Named(id="区", name="区"),))))
