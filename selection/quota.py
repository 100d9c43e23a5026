"""Quotas in exact integers (docs/spec/plan.md, "Quotas, in exact integers"). No fraction is ever a float."""

from msgspec import Struct

from selection.errors import PlanError
from selection.plan import AtLeast, Fixed, Percent, Quota, QuotaRule

__all__ = ["Population", "count_quota", "state_quota"]


class Population(Struct, frozen=True):
    """How many lines of `pool` a stratum has, and how many of them are mandatory."""

    all: int
    mandatory: int


def count_quota(rule: QuotaRule, base: int) -> int:
    """Return k, how many of `base` targets the rule asks for: fixed, half up, or at least (ceiling).

    Raises PlanError for a denominator of 0 or a share above the whole.
    """
    if isinstance(rule, Fixed):
        return rule.count
    if rule.denominator < 1 or rule.numerator > rule.denominator:
        raise PlanError(f"share {rule.numerator}/{rule.denominator} is not between 0 and 1")
    if isinstance(rule, Percent):
        return (2 * base * rule.numerator + rule.denominator) // (2 * rule.denominator)
    assert isinstance(rule, AtLeast)
    return -(-base * rule.numerator // rule.denominator)


def state_quota(section: str, rule: QuotaRule, population: Population, mandatory_counts: bool) -> Quota:
    """Return the quota as the plan states it: base, k, how many are drawn by lot, and each firm's chance.

    Raises PlanError if k exceeds the base: more would be drawn than there are.
    """
    free = population.all - population.mandatory
    base = population.all if mandatory_counts else free
    k = count_quota(rule, base)
    if k > base:
        raise PlanError(f"quota {k} of section {section} exceeds the {base} targets it is drawn from")
    by_lot = max(0, k - population.mandatory) if mandatory_counts else k
    return Quota(base=base, by_lot=by_lot, chance=f"{by_lot}/{free}", quota=k, rule=rule, section=section)
