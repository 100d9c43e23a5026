"""What the strata and quotas of a plan may not say (docs/spec/plan.md, refusal 3): every number is recounted from the lists."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from selection.errors import PlanError
from selection.plan import LargestRemainder, Plan
from selection.pool import Pools
from selection.quota import Population, base_of, officers_of, split_total, state_quota

__all__ = ["quota_faults"]


def quota_faults(plan: Plan, pools: Pools) -> Iterator[str]:
    """Yield a sentence for each stated population, base, quota, number by lot or chance that the lists do not give."""
    true = _populations(plan, pools)
    splits, faults = _splits(plan, true)
    yield from faults
    yield from _population_faults(plan, true)
    officers = officers_of(pools.people)
    for h, stratum in enumerate(plan.strata):
        if (stratum.population, stratum.mandatory) != (true[h].all, true[h].mandatory):
            continue  # said once; every number of its quotas would follow
        for stated in stratum.quotas:
            section = stated.section
            if isinstance(stated.rule, LargestRemainder) and (h, section) not in splits:
                continue  # said once for all strata of the split
            try:
                lawful = state_quota(
                    section, stated.rule, true[h], plan.mandatory_counts, officers.get(section, 0), splits.get((h, section), 0)
                )
            except PlanError as error:
                yield f"stratum {stratum.id}: {error}"
                continue
            if stated != lawful:
                yield (
                    f"stratum {stratum.id}, section {section}: the rule gives base {lawful.base}, quota"
                    f" {lawful.quota}, by lot {lawful.by_lot}, chance {lawful.chance}; stated {stated.base},"
                    f" {stated.quota}, {stated.by_lot}, {stated.chance}"
                )


def _populations(plan: Plan, pools: Pools) -> list[Population]:
    everyone = Counter(target.stratum for target in pools.targets)
    obliged = Counter(target.stratum for target in pools.targets if target.id in pools.mandatory)
    return [Population(everyone[stratum.id], obliged[stratum.id]) for stratum in plan.strata]


def _population_faults(plan: Plan, true: Sequence[Population]) -> Iterator[str]:
    for stratum, population in zip(plan.strata, true, strict=True):
        if (stratum.population, stratum.mandatory) != (population.all, population.mandatory):
            yield (
                f"stratum {stratum.id} states {stratum.population} targets, {stratum.mandatory} mandatory;"
                f" the lists hold {population.all} and {population.mandatory}"
            )


def _splits(plan: Plan, true: Sequence[Population]) -> tuple[Mapping[tuple[int, str], int], list[str]]:
    """Return each (stratum's position, section)'s part of the total that the section splits, and the faults of the totals."""
    totals: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for h, stratum in enumerate(plan.strata):
        for quota in stratum.quotas:
            if isinstance(quota.rule, LargestRemainder):
                totals[quota.section].append((h, quota.rule.total))
    parts: dict[tuple[int, str], int] = {}
    faults = []
    for section, named in totals.items():
        if len(different := sorted({total for _, total in named})) > 1:
            faults.append(
                f"section {section} splits one total by largest remainder, and its strata name"
                f" {' and '.join(map(str, different))}: all name the same"
            )
            continue
        bases = [base_of(true[h], plan.mandatory_counts) for h, _ in named]
        try:
            split = split_total(different[0], bases)
        except PlanError as error:
            faults.append(f"section {section}: {error}")
            continue
        parts.update(((h, section), part) for (h, _), part in zip(named, split, strict=True))
    return parts, faults
