"""Each rule of "A plan that is refused" (docs/spec/plan.md) refuses a plan that breaks it alone."""

import pytest
from bad_plans import BAD, BASES, CLASS, PLAN, POOLS, PUBLIC, SEAT, WITNESS, contributors, lists_of, without
from bureau import freeze
from msgspec import UNSET
from msgspec.structs import replace

from selection.errors import PlanError
from selection.plan import (
    Fixed,
    LargestRemainder,
    Named,
    NonceCommitment,
    StatedReason,
    format_plan,
    parse_plan,
)
from selection.plan_rules import list_faults, plan_faults, refusals
from selection.pool import Listed, Target


def faults(plan, pools=POOLS):
    return plan_faults(plan, pools)


def test_the_plan_itself_is_lawful():
    assert faults(PLAN) == []
    assert faults(contributors(WITNESS, replace(WITNESS, label="w-2"), PUBLIC)) == []
    assert isinstance(PLAN.contributors[0], NonceCommitment)


@pytest.mark.parametrize("base", BASES)
def test_plans_that_bad_ones_are_made_from_are_lawful(base):
    assert refusals(BASES[base].plan, *lists_of(BASES[base].blobs)) == []


@pytest.mark.parametrize("what", BAD)
def test_plan_that_breaks_one_rule_is_refused(what):
    """By the rule of that number, with a sentence that says what is wrong."""
    bad = BAD[what]
    found = refusals(bad.plan, *bad.lists())
    assert any(number == bad.refusal and bad.words in fault for number, fault in found), found
    assert plan_faults(bad.plan, *bad.lists()) == [fault for _, fault in found]
    assert format_plan(parse_plan(format_plan(bad.plan))) == format_plan(bad.plan)  # it is rule, not form


def test_every_number_of_the_page_is_broken_by_some_plan():
    assert {bad.refusal for bad in BAD.values()} == {*"12345678", *(f"9.{n}" for n in range(1, 7))}


def test_plans_of_before_are_judged_by_plan_and_pools_alone():
    """The two further arguments are for plans for teams alone; any other is judged the same with and without."""
    for seed in range(20):
        frozen = freeze(seed)
        assert plan_faults(frozen.plan, frozen.pools) == plan_faults(frozen.plan, frozen.pools, [Listed("x", "ended")], None) == []


@pytest.mark.parametrize("seed", range(60))
def test_every_kind_of_quota_and_pool_rules_are_lawful(seed):
    frozen = freeze(seed, kinds=True, narrow=seed % 4 == 0)
    assert plan_faults(frozen.plan, frozen.pools) == []
    assert frozen.plan.pool_rules is not UNSET
    for section in frozen.plan.sections:
        rules = [(q.rule, q.quota) for s in frozen.plan.strata for q in s.quotas if q.section == section.id]
        if isinstance(rules[0][0], LargestRemainder):
            assert sum(part for _, part in rules) == rules[0][0].total


def test_narrow_pool_needs_a_stated_reason_from_one_line_more_than_the_pool_on():
    for excluded, refused in ((len(POOLS.targets), False), (len(POOLS.targets) + 1, True)):
        counted = replace(PLAN.blobs, excluded=replace(PLAN.blobs.excluded, count=excluded))
        plan = replace(PLAN, blobs=counted)
        assert [number for number, _ in refusals(plan, POOLS)] == ["7"] * refused
        reason = StatedReason(rule="narrow-pool", subject="pool", reason="本年度多数企业已查过")
        assert faults(replace(plan, exceptions=(*plan.exceptions, reason))) == []


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


def test_optional_members_left_out_leave_no_trace():
    """A plan that says nothing about pool rules and teams has the bytes it had before there were such members."""
    plan = replace(PLAN, pool_rules=UNSET)
    data = format_plan(plan)
    assert b"pool_rules" not in data and b"teams_of" not in data
    assert parse_plan(data) == plan


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
        data.replace(b'"pool_rules":[', b'"pool_rules":[],"zzz":['),
        format_plan(replace(PLAN, pool_rules=())),
        format_plan(replace(PLAN, pool_rules=None)),
        format_plan(replace(PLAN, teams_of=None)),
    ):
        assert changed != data
        with pytest.raises(PlanError):
            parse_plan(changed)
    with pytest.raises(PlanError):
        parse_plan(format_plan(replace(PLAN, areas=(Named(id="区", name="区"),))))
