"""Which targets of the registry a draft draws from, and into which stratum and class each falls. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from selection.pool import Listed, Target
from service.drafts import Draft
from service.registry import records

__all__ = ["Registries", "Sorted", "class_finder", "sort_candidates"]


class Registries(Struct, frozen=True):
    targets: Sequence[records.Target]
    items: Sequence[records.Item]
    inspectors: Sequence[records.Inspector]
    experts: Sequence[records.Expert]
    conflicts: Sequence[records.Conflict]

    @property
    def people(self) -> list[records.Inspector | records.Expert]:
        """Inspectors and experts, by number."""
        everyone: list[records.Inspector | records.Expert] = [*self.inspectors, *self.experts]
        return sorted(everyone, key=lambda record: record.number)


class Sorted(Struct, frozen=True):
    """The candidates of a draft, and those excluded with the reason; `unplaced` fall into no stratum or class."""

    targets: Sequence[Target]
    excluded: Sequence[Listed]
    unplaced: Sequence[str]
    areas: Mapping[str, str]  # name -> id
    names: Mapping[str, str]  # target -> name


def sort_candidates(draft: Draft, registries: Registries) -> Sorted:
    """Return which targets of the registry the draft draws from. Depends on nothing but its arguments."""
    used = {t.area for t in registries.targets} | {a for p in registries.people for a in p.areas}
    areas = {name: f"a{number}" for number, name in enumerate(sorted(used - {""}), 1)} | {"": "a0"}
    stratum_of, class_of = _stratum_finder(draft), class_finder(draft)
    targets, excluded, unplaced, names = [], [], [], {}
    for record in registries.targets:
        if not _in_scope(draft, record):
            continue
        names[record.id] = record.name
        reason = _exclusion(draft, record)
        stratum, class_ = stratum_of(record), class_of(record.sector)
        if reason is not None:
            excluded.append(Listed(record.id, reason))
        elif stratum is None or class_ is None:
            unplaced.append(record.id)
        else:
            targets.append(Target(record.id, stratum, class_, areas[record.area]))
    return Sorted(targets, excluded, unplaced, areas, names)


def _in_scope(draft: Draft, record: records.Target) -> bool:
    scope = draft.scope
    return (
        (not scope.areas or record.area in scope.areas)
        and (not scope.sectors or record.sector in scope.sectors)
        and (not scope.risk_colours or record.risk_colour in scope.risk_colours)
    )


def _exclusion(draft: Draft, record: records.Target) -> str | None:
    if record.status in ("closed", "deregistered", "revoked", "moved"):
        return "closed"
    months = draft.scope.not_inspected_within_months
    if months and record.last_inspected is not None:
        last = date.fromisoformat(record.last_inspected)
        since = (draft.visits.first.year - last.year) * 12 + draft.visits.first.month - last.month
        since -= draft.visits.first.day < last.day
        if since < months:
            return "just-inspected"
    return None


def _stratum_finder(draft: Draft) -> Callable[[records.Target], str | None]:
    by_value = {value: f"s{n}" for n, stratum in enumerate(draft.strata, 1) for value in stratum.values}
    rest = next((f"s{n}" for n, stratum in enumerate(draft.strata, 1) if not stratum.values), None)
    attribute = draft.stratify_by
    if attribute is None:
        return lambda record: rest
    return lambda record: by_value.get(getattr(record, attribute), rest)


def class_finder(draft: Draft) -> Callable[[str], str | None]:
    """Return which class a sector belongs to; None where the draft has none for it."""
    by_sector = {sector: class_.id for class_ in draft.classes for sector in class_.sectors}
    rest = next((class_.id for class_ in draft.classes if not class_.sectors), None)
    return lambda sector: by_sector.get(sector, rest)
