"""Classes, items and strata of a plan, from the names and rules of a draft. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from selection.errors import PlanError
from selection.plan import Class, Item, LargestRemainder, Quota, Seat, SectionItems, Stratum
from selection.pool import Pools
from selection.quota import Population, base_of, split_total, state_quota
from service.candidates import class_finder
from service.drafts import Draft, DraftClass, DraftSeat
from service.people import LEAD
from service.registry import records
from service.stratification import rule_text

__all__ = ["classes_of", "items_of", "strata_of"]


def classes_of(draft: Draft, sections: Sequence[str], codes: Mapping[str, str]) -> tuple[Class, ...]:
    """Return the classes with their seats and items, the first of `sections` leading; PlanError for a speciality that nobody in
    the registries has."""
    lead = sections[0]

    def seat(wish: DraftSeat) -> Seat:
        if unknown := [s for s in wish.specialities if s not in codes]:
            raise PlanError(
                f"a seat asks for the speciality {unknown[0]}, which nobody in the registries has"
            )
        asked = [codes[s] for s in wish.specialities] + [LEAD] * wish.lead
        return Seat(codes=tuple(sorted(set(asked))), name=wish.name, section=wish.section or lead)

    return tuple(
        Class(
            expert_seats=tuple(seat(wish) for wish in class_.experts),
            id=class_.id,
            inspector_seats=tuple(seat(wish) for wish in class_.inspectors),
            items=_items_of_class(class_, sections),
            name=class_.name,
        )
        for class_ in draft.classes
    )


def _items_of_class(class_: DraftClass, sections: Sequence[str]) -> tuple[SectionItems, ...]:
    """Return an entry for every department that could visit a target of the class, in plan order."""
    counts = {sections[0]: class_.optional_items}
    counts |= {seat.section: 0 for seat in (*class_.inspectors, *class_.experts) if seat.section is not None} | counts
    counts |= {asked.section: asked.optional_items for asked in class_.section_items}
    return tuple(SectionItems(optional=counts[section], section=section) for section in sections if section in counts)


def items_of(
    draft: Draft, items: Iterable[records.Item], section_of: Callable[[str], str | None]
) -> tuple[Item, ...]:
    """Return the items of the registry with the classes whose sectors they apply to; items of no class are left out.

    `section_of` tells whose an item is, by its department; None: it takes no part.
    """
    of_class = class_finder(draft)
    made = []
    for item in sorted(items, key=lambda item: item.id):
        classes = (
            {of_class(sector) for sector in item.classes} if item.classes else {c.id for c in draft.classes}
        )
        applies = tuple(sorted(c for c in classes if c is not None))
        section = section_of(item.department)
        if applies and section is not None:
            made.append(
                Item(classes=applies, id=item.id, legal_basis=item.legal_basis or "未填依据", mandatory=item.mandatory,
                     name=item.name, section=section)
            )  # fmt: skip
    return tuple(made)


def strata_of(draft: Draft, pools: Pools, sections: Sequence[str]) -> tuple[Stratum, ...]:
    """Return the strata with population and quotas counted, of every department that draws there, the first of `sections` leading.

    Raises PlanError if a quota exceeds its base or the departments' totals cannot be split over their strata.
    """
    everyone = Counter(target.stratum for target in pools.targets)
    obliged = Counter(target.stratum for target in pools.targets if target.id in pools.mandatory)
    populations = [Population(everyone[f"s{n}"], obliged[f"s{n}"]) for n in range(1, len(draft.strata) + 1)]
    officers = Counter(p.section for p in pools.people if p.role == "inspector" and p.places >= 1)
    splits = {section: _split(draft, populations, section, sections[0]) for section in sections}
    made = []
    for number, (wish, population) in enumerate(zip(draft.strata, populations, strict=True), 1):
        quotas: list[Quota] = []
        for section in sections:
            rule = wish.rule_of(section, lead=sections[0])
            if rule is None:
                continue
            split = splits[section].get(number, 0)
            try:
                quotas.append(
                    state_quota(section, rule, population, draft.mandatory_counts, officers[section], split)
                )
            except PlanError as error:
                raise PlanError(f"stratum {wish.name}: {error}") from error
        made.append(
            Stratum(id=f"s{number}", mandatory=population.mandatory, name=wish.name, population=population.all,
                    quotas=tuple(quotas), rule=rule_text(draft, number))
        )  # fmt: skip
    return tuple(made)


def _split(draft: Draft, populations: Sequence[Population], section: str, lead: str) -> dict[int, int]:
    """Return how much of the department's one total each stratum gets, by the stratum's number."""
    rules = {number: wish.rule_of(section, lead=lead) for number, wish in enumerate(draft.strata, 1)}
    totals = {number: rule.total for number, rule in rules.items() if isinstance(rule, LargestRemainder)}
    if not totals:
        return {}
    if len(set(totals.values())) > 1:
        named = ", ".join(str(total) for total in sorted(set(totals.values())))
        raise PlanError(
            f"section {section} splits one total by largest remainder, and its strata name {named}: all name the same"
        )
    bases = [base_of(populations[number - 1], draft.mandatory_counts) for number in totals]
    try:
        parts = split_total(next(iter(totals.values())), bases)
    except PlanError as error:
        raise PlanError(f"section {section}: {error}") from error
    return dict(zip(totals, parts, strict=True))
