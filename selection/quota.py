"""Quotas in exact integers (docs/spec/plan.md, "Quotas, in exact integers"). No fraction is ever a float."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from selection.errors import PlanError
from selection.plan import (
    AtLeast,
    Fixed,
    LargestRemainder,
    Percent,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
    Quota,
    QuotaRule,
)
from selection.pool import Person

__all__ = ["Population", "base_of", "count_quota", "officers_of", "split_total", "state_quota"]


class Population(Struct, frozen=True):
    """How many lines of `pool` a stratum has, and how many of them are mandatory."""

    all: int
    mandatory: int


def base_of(population: Population, mandatory_counts: bool) -> int:
    """Return of how many targets a quota is counted: of all, or of those that are not mandatory."""
    return population.all if mandatory_counts else population.all - population.mandatory


def officers_of(people: Iterable[Person]) -> Mapping[str, int]:
    """Return, by section, how many inspectors have places: the officers of a *per-officer* quota."""
    return Counter(person.section for person in people if person.role == "inspector" and person.places >= 1)


def _share(rule: Percent | PercentOrOne | AtLeast | PerPeriod) -> tuple[int, int]:
    if rule.denominator < 1 or rule.numerator > rule.denominator:
        raise PlanError(f"share {rule.numerator}/{rule.denominator} is not between 0 and 1")
    return rule.numerator, rule.denominator


def _half_up(base: int, numerator: int, denominator: int) -> int:
    return (2 * base * numerator + denominator) // (2 * denominator)


def count_quota(rule: QuotaRule, base: int, officers: int = 0, split: int = 0) -> int:
    """Return k, how many of `base` targets the rule asks for.

    `officers` are the section's inspectors with places (for *per-officer*); `split` this stratum's part by `split_total`
    (for *largest-remainder*). Raises PlanError for a denominator of 0, a share above the whole, or a period out of range.
    """
    match rule:
        case Fixed():
            return rule.count
        case LargestRemainder():
            return split
        case PerOfficer():
            return min(base, rule.targets * officers)
        case AtLeast():
            numerator, denominator = _share(rule)
            return -(-base * numerator // denominator)
        case Percent():
            return _half_up(base, *_share(rule))
        case PercentOrOne():
            return max(_half_up(base, *_share(rule)), min(base, 1))
        case PerPeriod():
            if not 1 <= rule.period <= rule.periods:
                raise PlanError(f"period {rule.period} is not one of 1 to {rule.periods}")
            year = _half_up(base, *_share(rule))
            return year * rule.period // rule.periods - year * (rule.period - 1) // rule.periods


def split_total(total: int, bases: Sequence[int]) -> list[int]:
    """Return the parts of `total` for strata with these bases, by largest remainder; they add up to `total`.

    Raises PlanError for more than there is, or for a stratum whose share is under one target: whoever is in it could be left
    without a chance by the rounding (docs/spec/plan.md, refusal 3).
    """
    everyone = sum(bases)
    if total > everyone:
        raise PlanError(f"total {total} exceeds the {everyone} targets of its strata")
    if small := [base for base in bases if total * base < everyone or everyone == 0]:
        raise PlanError(
            f"a stratum of {small[0]} targets would get less than one of {total} over {everyone}: it is too small to be split over"
        )
    parts = [total * base // everyone for base in bases]
    # Of equal remainders the larger base, then the earlier stratum: `sorted` keeps the order of equals.
    by_remainder = sorted(range(len(bases)), key=lambda h: (-(total * bases[h] % everyone), -bases[h]))
    for h in by_remainder[: total - sum(parts)]:
        parts[h] += 1
    return parts


def state_quota(
    section: str, rule: QuotaRule, population: Population, mandatory_counts: bool, officers: int = 0, split: int = 0
) -> Quota:
    """Return the quota as the plan states it: base, k, how many are drawn by lot, and each firm's chance.

    `officers` and `split` are those of `count_quota`. Raises PlanError if k exceeds the base: more would be drawn than there are.
    """
    base = base_of(population, mandatory_counts)
    k = count_quota(rule, base, officers, split)
    if k > base:
        raise PlanError(f"quota {k} of section {section} exceeds the {base} targets it is drawn from")
    by_lot = max(0, k - population.mandatory) if mandatory_counts else k
    free = population.all - population.mandatory
    return Quota(base=base, by_lot=by_lot, chance=f"{by_lot}/{free}", quota=k, rule=rule, section=section)
