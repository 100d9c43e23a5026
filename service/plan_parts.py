"""Classes, items and strata of a plan, from the names and rules of a draft. Pure."""

from collections.abc import Iterable, Mapping

from selection.errors import PlanError
from selection.plan import Class, Item, Quota, Seat, SectionItems, Stratum
from selection.pool import Pools
from selection.quota import Population, state_quota
from service.candidates import class_finder
from service.drafts import Draft, DraftSeat
from service.people import LEAD
from service.registry import records

__all__ = ["classes_of", "items_of", "strata_of"]


def classes_of(draft: Draft, section: str, codes: Mapping[str, str]) -> tuple[Class, ...]:
    """Return the classes with their seats; PlanError for a speciality that nobody in the registries has."""
    def seat(wish: DraftSeat) -> Seat:
        if unknown := [s for s in wish.specialities if s not in codes]:
            raise PlanError(
                f"a seat asks for the speciality {unknown[0]}, which nobody in the registries has"
            )
        asked = [codes[s] for s in wish.specialities] + [LEAD] * wish.lead
        return Seat(codes=tuple(sorted(set(asked))), name=wish.name, section=section)

    return tuple(
        Class(
            expert_seats=tuple(seat(wish) for wish in class_.experts),
            id=class_.id,
            inspector_seats=tuple(seat(wish) for wish in class_.inspectors),
            items=(SectionItems(optional=class_.optional_items, section=section),),
            name=class_.name,
        )
        for class_ in draft.classes
    )


def items_of(draft: Draft, items: Iterable[records.Item], section: str) -> tuple[Item, ...]:
    """Return the items of the registry with the classes whose sectors they apply to; items of no class are left out."""
    of_class = class_finder(draft)
    made = []
    for item in sorted(items, key=lambda item: item.id):
        classes = (
            {of_class(sector) for sector in item.classes} if item.classes else {c.id for c in draft.classes}
        )
        applies = tuple(sorted(c for c in classes if c is not None))
        if applies:
            made.append(
                Item(classes=applies, id=item.id, legal_basis=item.legal_basis or "未填依据", mandatory=item.mandatory,
                     name=item.name, section=section)
            )  # fmt: skip
    return tuple(made)


def strata_of(draft: Draft, pools: Pools, section: str) -> tuple[Stratum, ...]:
    """Return the strata with population and quota counted; PlanError if a quota exceeds its base."""
    made = []
    for number, wish in enumerate(draft.strata, 1):
        members = [t.id for t in pools.targets if t.stratum == f"s{number}"]
        population = Population(len(members), sum(id in pools.mandatory for id in members))
        quota: Quota = state_quota(section, wish.rule, population, draft.mandatory_counts)
        made.append(
            Stratum(id=f"s{number}", mandatory=population.mandatory, name=wish.name, population=population.all,
                    quotas=(quota,), rule=_rule_text(draft, number - 1))
        )  # fmt: skip
    return tuple(made)


_ATTRIBUTES = {"area": "所属区域", "sector": "行业领域", "risk_colour": "风险等级", "credit_class": "信用等级",
               "standardisation": "标准化等级", "entity_type": "企业类型"}  # fmt: skip


def _rule_text(draft: Draft, position: int) -> str:
    """Return in words which targets the stratum holds."""
    if draft.stratify_by is None:
        return "全部对象"
    attribute, values = _ATTRIBUTES[draft.stratify_by], draft.strata[position].values
    colours = records.RISK_COLOURS if draft.stratify_by == "risk_colour" else {}
    return (
        f"{attribute}为{'、'.join(colours.get(v, v) or '未填' for v in values)}"
        if values
        else f"{attribute}为其余各类"
    )
