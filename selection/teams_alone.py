"""What a plan for teams alone may not say (docs/spec/plan.md, "Teams alone"): its targets are those of a former draw.

One rule, one function, in the order of the page. Whether the former result truly is that of its draw only the bundle of
that draw shows.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from selection.keys import digest_of
from selection.plan import Fixed, Former, Plan
from selection.pool import Listed, Pools
from selection.transcript import Transcript, format_transcript

__all__ = ["teams_alone_faults"]


def teams_alone_faults(
    plan: Plan, pools: Pools, of: Former, excluded: Sequence[Listed], former: Transcript | None
) -> Iterator[tuple[int, Iterable[str]]]:
    """Yield (number on the page, sentences) for the rules of "Teams alone", of which `plan`, whose `teams_of` is `of`, may break some.

    `former` is the result that `of` names; without it the plan cannot be judged, which is a fault too. That every class has
    inspector seats where the former inspectors do not stand is asked by `plan_rules`, as of any plan.
    """
    if former is None:
        yield 1, [f"the plan draws teams for {of.draw}, and the result of that draw is not at hand: give result {of.result}"]
    else:
        yield 1, _former(plan, of, former)
        yield 2, _same_targets(pools, of, excluded, former)
        yield 3, _same_sections(plan, pools, of, former)
        yield 6, _missing_teams(plan, pools, of, former)
    yield 3, _nothing_by_lot(plan, pools)
    yield 4, _no_items(plan)
    yield 5, _not_sealed(plan)


def _former(plan: Plan, of: Former, former: Transcript) -> Iterator[str]:
    """1: the blob is the one that the plan names, and a result of the plan that it names."""
    found = digest_of(format_transcript(former))
    if found != of.result:
        yield f"teams_of names result {of.result}; the result at hand is {found}"
    if former.plan != of.plan:
        yield f"teams_of names plan {of.plan}; the result it names is of plan {former.plan}"
    if of.draw == plan.id:
        yield f"teams_of names {of.draw}, this very draw"
    for id, times in Counter(target.id for target in former.targets).items():
        if times > 1:
            yield f"the result of {of.draw} lists {id} {times} times"


def _same_targets(pools: Pools, of: Former, excluded: Sequence[Listed], former: Transcript) -> Iterator[str]:
    """2: nobody is added, and nobody left out in silence."""
    drawn = {target.id for target in former.targets}
    lists = (("pool", [target.id for target in pools.targets]), ("excluded", [row.target for row in excluded]))
    for name, ids in lists:
        yield from (f"{id} stands in {name}, and {of.draw} did not draw it: teams alone are drawn for the drawn targets"
                    for id in ids if id not in drawn)  # fmt: skip
    missing = sorted(drawn.difference(*(ids for _, ids in lists)))
    yield from (f"{id} was drawn by {of.draw} and stands neither in pool nor in excluded" for id in missing)


def _nothing_by_lot(plan: Plan, pools: Pools) -> Iterator[str]:
    """3, first part."""
    yield from (f"target {target.id} is not mandatory: where teams alone are drawn, every target of the pool is"
                for target in pools.targets if target.id not in pools.mandatory)  # fmt: skip
    if plan.mandatory_counts:
        yield "mandatory_counts is true: where teams alone are drawn it is false"
    for stratum in plan.strata:
        for quota in stratum.quotas:
            if quota.rule != Fixed(count=0):
                yield (
                    f"the quota of stratum {stratum.id}, section {quota.section}, is not fixed 0: where teams alone"
                    " are drawn, no target is drawn by lot"
                )


def _same_sections(plan: Plan, pools: Pools, of: Former, former: Transcript) -> Iterator[str]:
    """3, second part: each target is visited by the sections that drew it."""
    drew = {target.id: set(target.sections) for target in former.targets}
    visit = {stratum.id: {quota.section for quota in stratum.quotas} for stratum in plan.strata}
    for target in pools.targets:
        now, then = visit.get(target.stratum), drew.get(target.id)
        if now is not None and then is not None and now != then:
            yield (
                f"target {target.id} stands in stratum {target.stratum} of sections {', '.join(sorted(now))};"
                f" {of.draw} drew it for {', '.join(sorted(then))}"
            )


def _no_items(plan: Plan) -> Iterator[str]:
    """4."""
    yield from (
        f"item {item.id} is listed: where teams alone are drawn, the items of the former draw stand"
        for item in plan.items
    )
    for class_ in plan.classes:
        yield from (f"class {class_.id} asks {rule.optional} optional items of {rule.section}: where teams alone are drawn it asks 0"
                    for rule in class_.items if rule.optional)  # fmt: skip


def _not_sealed(plan: Plan) -> Iterator[str]:
    """5."""
    if plan.sealed is not None:
        yield f"the plan is sealed until {plan.sealed.opens}: who is inspected is already known, so teams alone are drawn openly"


def _missing_teams(plan: Plan, pools: Pools, of: Former, former: Transcript) -> Iterator[str]:
    """6: only teams that the former draw did not give."""
    if former.inspectors.outcome != "COMPLETE":
        return
    if former.experts.outcome == "COMPLETE":
        yield f"all teams of {of.draw} are complete: none is left to draw"
    here = {target.class_ for target in pools.targets}
    if not any(class_.expert_seats for class_ in plan.classes if class_.id in here):
        yield f"no class of the targets has an expert seat: the experts of {of.draw} are what is left to draw"
    yield from (f"class {class_.id} has inspector seats, and the inspectors of {of.draw} are complete: only its experts are drawn"
                for class_ in plan.classes if class_.inspector_seats)  # fmt: skip
