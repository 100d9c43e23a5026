"""Strata of several attributes and bands, overlaps and gaps, and every kind of quota over them."""


from datetime import date

import journey
import msgspec
import pytest

from selection.errors import PlanError
from selection.plan import (
    AtLeast,
    Fixed,
    LargestRemainder,
    Percent,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
)
from selection.pool import Person, Pools
from selection.quota import split_total
from service.candidates import Registries, sort_candidates
from service.draft_rules import draft_faults
from service.drafts import (
    Band,
    CapClass,
    Draft,
    DraftStratum,
    JustInspected,
    Scope,
    VisitDays,
    Where,
    YearlyCap,
)
from service.plan_parts import strata_of
from service.registry.records import Target
from service.stratification import rule_text

BASE = journey.draft("rules", "2026-11-10T02:00:00Z", None)  # visits from 2026-12-20 to 2026-12-30
ONE = (DraftStratum(name="全部", rule=Fixed(count=1)),)
FIRM = Target("914200000000000001", "云州一厂", "东湖区", "机械", "red", standardisation="一级", status="active")


def draft(**changes) -> Draft:
    return msgspec.structs.replace(BASE, **({"stratify_by": None, "strata": ONE} | changes))


def registries(*targets: Target, inspections=(), standing=()) -> Registries:
    return Registries(list(targets), [], [], [], [], inspections, standing)


CAP = YearlyCap(
    caps=(
        CapClass(most=2, risk_colours=("red",), standardisations=("一级",)),
        CapClass(most=4, sectors=("机械", "化工")),
        CapClass(most=0, risk_colours=("blue",)),
    )
)


CUBE = draft(
    stratify_by=("risk_colour", "size", "recency"),
    strata=(
        DraftStratum(name="红大", where=Where(risk_colour=("red",), size=(Band(from_=300),)), rule=Fixed(count=1)),
        DraftStratum(
            name="红小久", rule=Fixed(count=1),
            where=Where(risk_colour=("red",), size=(Band(to=299, unknown=True),), recency=(Band(from_=24, unknown=True),)),
        ),
        DraftStratum(name="红小近", where=Where(risk_colour=("red",), size=(Band(to=299, unknown=True),), recency=(Band(to=23),)),
                     rule=Fixed(count=1)),
        DraftStratum(name="其余", rule=Fixed(count=1)),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("headcount", "last", "colour", "stratum"),
    [
        (300, None, "red", "s1"), (299, None, "red", "s2"), (None, "2024-12-20", "red", "s2"), (0, "2024-12-21", "red", "s3"),
        (None, "2026-12-25", "red", "s3"), (5000, "2026-01-01", "blue", "s4"), (1, None, "", "s4"),
    ],
)  # fmt: skip
def test_strata_of_several_attributes_and_bands(headcount, last, colour, stratum):
    firm = msgspec.structs.replace(FIRM, headcount=headcount, last_inspected=last, risk_colour=colour)
    assert [t.stratum for t in sort_candidates(CUBE, registries(firm)).targets] == [stratum]


def test_the_rule_of_a_stratum_stands_in_the_plan_in_words():
    assert [rule_text(CUBE, n) for n in range(1, 5)] == [
        "风险等级为红，且从业人数300 人以上（含）",
        "风险等级为红，且从业人数299 人以下（含）或人数未填，且距上次检查24 个月以上（含）或从未检查",
        "风险等级为红，且从业人数299 人以下（含）或人数未填，且距上次检查23 个月以下（含）",
        "风险等级、从业人数、距上次检查为其余各类",
    ]
    assert rule_text(BASE, 1) == "所属区域为东湖区"
    blank = draft(stratify_by="risk_colour", strata=(DraftStratum(name="a", values=("", "blue"), rule=Fixed(count=1)),))
    assert rule_text(blank, 1) == "风险等级为未填、蓝"


def test_overlaps_and_gaps_are_faults_that_name_a_firm():
    wide = draft(
        stratify_by=("risk_colour", "size"),
        strata=(
            DraftStratum(name="红", where=Where(risk_colour=("red",)), rule=Fixed(count=1)),
            DraftStratum(name="大", where=Where(size=(Band(from_=100),)), rule=Fixed(count=1)),
        ),
    )
    firms = [msgspec.structs.replace(FIRM, id=f"F{n}", headcount=size, risk_colour=colour)
             for n, (size, colour) in enumerate([(200, "red"), (None, "blue"), (99, "red")])]  # fmt: skip
    found = sort_candidates(wide, registries(*firms))
    assert [(t.id, t.stratum) for t in found.targets] == [("F2", "s1")]
    assert sorted(found.unplaced) == ["F0", "F1"]
    faults = "\n".join(found.faults)
    assert "同时属于分层“红”、“大”（风险等级：红，从业人数：200），如 云州一厂（F0）" in faults
    assert "不属于任何一层（风险等级：蓝，从业人数：未填），如 云州一厂（F1）" in faults


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stratify_by": ("area", "area")}, "twice"),
        ({"stratify_by": ("area", "size")}, "several attributes"),
        ({"stratify_by": "size"}, "asks for bands"),
        ({"strata": (DraftStratum(name="x", where=Where(sector=("机械",)), rule=Fixed(count=1)),)}, "does not name"),
        ({"strata": (DraftStratum(name="x", values=("a",), where=Where(), rule=Fixed(count=1)),)}, "both values and where"),
        ({"stratify_by": "size", "strata": (DraftStratum(name="x", where=Where(size=(Band(),)), rule=Fixed(count=1)),)}, "neither end"),
        ({"stratify_by": "size", "strata": (DraftStratum(name="x", where=Where(size=(Band(from_=9, to=8),)), rule=Fixed(count=1)),)}, "9 to 8"),
        ({"pool_rules": (CAP, CAP)}, "stands 2 times"),
        ({"pool_rules": (JustInspected(months=3),), "scope": Scope(not_inspected_within_months=3)}, "stands 2 times"),
        ({"scope": Scope(sizes=(Band(),))}, "scope"),
        ({"pool_rules": (CAP,), "visits": VisitDays(first=date(2026, 12, 1), last=date(2028, 1, 1))}, "3 calendar years"),
    ],
)  # fmt: skip
def test_what_is_badly_written_is_a_fault(changes, said):
    faults = draft_faults(msgspec.structs.replace(BASE, **changes), registries(FIRM))
    assert any(said in fault.en for fault in faults), faults


RULES = (Fixed(count=7), Percent(numerator=10, denominator=100), PercentOrOne(numerator=1, denominator=1000), AtLeast(numerator=1, denominator=3),
         PerOfficer(targets=5), PerPeriod(numerator=1, denominator=2, period=2, periods=4), LargestRemainder(total=60))  # fmt: skip


def pools(made: Draft, officers: int, sizes: list[int]) -> Pools:
    targets = [msgspec.structs.replace(FIRM, id=f"{n}-{i}", area=f"区{n}") for n, size in enumerate(sizes) for i in range(size)]
    found = sort_candidates(made, registries(*targets)).targets
    people = [Person(f"p-{n:032x}", "lead", role, (), (), places, "A" * 43)
              for n, (role, places) in enumerate([("inspector", 1)] * officers + [("inspector", 0), ("expert", 9)])]  # fmt: skip
    return Pools(found, frozenset(), people, frozenset(), {})


def test_every_kind_of_quota_is_counted_with_the_sections_officers_and_the_split_of_one_total():
    sizes = [40, 40, 40, 40, 40, 40, 31, 90, 30]
    made = draft(
        stratify_by="area",
        strata=tuple(DraftStratum(name=f"{n}", values=(f"区{n}",), rule=rule) for n, rule in enumerate((*RULES, RULES[-1], RULES[-1]))),
    )
    strata = strata_of(made, pools(made, 6, sizes), ["lead"])
    assert [s.quotas[0].quota for s in strata] == [7, 4, 1, 14, 30, 5, *split_total(60, [31, 90, 30])]
    assert sum(s.quotas[0].quota for s in strata[6:]) == 60
    assert [s.population for s in strata] == sizes
    few = strata_of(made, pools(made, 0, sizes), ["lead"])
    assert few[4].quotas[0].quota == 0
    many = strata_of(made, pools(made, 99, sizes), ["lead"])
    assert (many[4].quotas[0].quota, many[4].quotas[0].chance) == (40, "40/40")


def test_totals_that_differ_or_cannot_be_split_are_refused():
    for total, other, sizes in ((60, 61, [50, 50]), (10, 10, [100, 5]), (101, 101, [50, 50])):
        made = draft(stratify_by="area", strata=tuple(
            DraftStratum(name=f"{n}", values=(f"区{n}",), rule=LargestRemainder(total=each)) for n, each in enumerate((total, other))
        ))  # fmt: skip
        with pytest.raises(PlanError):
            strata_of(made, pools(made, 3, sizes), ["lead"])
