"""What a plan may do only with a stated reason in `exceptions` (docs/spec/plan.md, refusal 7)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import UNSET

from selection.eligibility import area_allows
from selection.plan import Plan, Seat
from selection.pool import Person, Pools, Target

__all__ = ["EXCEPTION_RULES", "FEW_PEOPLE", "SMALL_STRATUM", "thin_seats", "unknown_subjects", "unstated_faults"]

SMALL_STRATUM = 20  # targets (protocol: under this a stratum needs a stated reason)
FEW_PEOPLE = 3  # people who could take a seat
EXCEPTION_RULES = ("small-stratum", "no-chance", "narrow-pool", "thin-seat", "wide-exclusion")


def unstated_faults(plan: Plan, pools: Pools) -> Iterator[str]:
    """Yield a sentence for each thing that asks for a reason and has none, and for each reason of an unknown rule."""
    stated = {(reason.rule, reason.subject) for reason in plan.exceptions}
    yield from (
        f"no rule {rule} knows an exception" for rule, _ in sorted(stated) if rule not in EXCEPTION_RULES
    )
    for rule, subject, what in _asking(plan, pools):
        if (rule, subject) not in stated:
            yield f"{what}, and no reason is stated"


def unknown_subjects(plan: Plan) -> list[tuple[str, str]]:
    """Return (rule, subject) of each reason stated for a stratum, quota or seat that the plan does not have.

    The specification lets a plan state it, for it excuses nothing; who wrote it meant something else, so the service asks. Of
    `wide-exclusion` only the bureau knows who is meant.
    """
    known = {
        "small-stratum": {stratum.id for stratum in plan.strata},
        "no-chance": {f"{stratum.id}/{quota.section}" for stratum in plan.strata for quota in stratum.quotas},
        "narrow-pool": {"pool"},
        "thin-seat": {
            f"{class_.id}/{stage}/{number}"
            for class_ in plan.classes
            for stage, seats in (("inspectors", class_.inspector_seats), ("experts", class_.expert_seats))
            for number in range(1, len(seats) + 1)
        },
    }
    stated = [(reason.rule, reason.subject) for reason in plan.exceptions]
    return [(rule, subject) for rule, subject in stated if rule in known and subject not in known[rule]]


def _asking(plan: Plan, pools: Pools) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, subject, what it is) of everything that asks for a reason."""
    yield from _small_strata(plan)
    yield from _without_chance(plan)
    yield from _narrow_pool(plan)
    for subject, people in thin_seats(plan, pools.targets, pools.people):
        yield "thin-seat", subject, f"seat {subject} has {people} possible people, fewer than {FEW_PEOPLE}"


def _small_strata(plan: Plan) -> Iterator[tuple[str, str, str]]:
    for stratum in plan.strata if plan.teams_of is UNSET else ():
        if stratum.population < SMALL_STRATUM:
            yield (
                "small-stratum", stratum.id,
                f"stratum {stratum.id} has {stratum.population} targets, under {SMALL_STRATUM}",
            )  # fmt: skip


def _without_chance(plan: Plan) -> Iterator[tuple[str, str, str]]:
    for stratum in plan.strata:
        for quota in stratum.quotas:
            if quota.by_lot == 0 and stratum.population > stratum.mandatory:
                yield (
                    "no-chance", f"{stratum.id}/{quota.section}",
                    f"no firm of stratum {stratum.id} can be drawn by section {quota.section}",
                )  # fmt: skip


def _narrow_pool(plan: Plan) -> Iterator[tuple[str, str, str]]:
    excluded, left = plan.blobs.excluded.count, plan.blobs.pool.count
    if plan.teams_of is UNSET and excluded > left:
        yield (
            "narrow-pool", "pool",
            f"the pool holds {left} targets after {excluded} were excluded: more than are left to draw from",
        )  # fmt: skip


def thin_seats(plan: Plan, targets: Sequence[Target], people: Sequence[Person]) -> Iterator[tuple[str, int]]:
    """Yield (`<class>/inspectors/<number>` or `…/experts/…`, people) for each seat too few could take in some area."""
    areas = defaultdict(set)
    for target in targets:
        areas[target.class_].add(target.area if plan.area_rule != "any" else "")
    for class_ in plan.classes:
        if class_.id not in areas:
            continue
        for role, stage, seats in (
            ("inspector", "inspectors", class_.inspector_seats),
            ("expert", "experts", class_.expert_seats),
        ):
            for number, seat in enumerate(seats, 1):
                fewest = min(_able(plan, role, seat, area, people) for area in areas[class_.id])
                if fewest < FEW_PEOPLE:
                    yield f"{class_.id}/{stage}/{number}", fewest


def _able(plan: Plan, role: str, seat: Seat, area: str, people: Sequence[Person]) -> int:
    return sum(
        person.role == role
        and person.section == seat.section
        and person.places >= 1
        and set(seat.codes) <= set(person.codes)
        and area_allows(plan.area_rule, person, area)
        for person in people
    )
