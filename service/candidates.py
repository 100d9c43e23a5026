"""Which targets of the registry a draft draws from, and into which stratum and class each falls. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from selection.pool import Listed, Target
from service.calendar import UNKNOWN, Calendar
from service.drafts import Draft
from service.past import StandingVisit
from service.pool_rules import REASONS, History, Rules, in_scope
from service.registry import records
from service.stratification import ATTRIBUTES, Facts, attributes_of, facts_of, stratum_finder

__all__ = ["Registries", "Sorted", "class_finder", "sort_candidates"]

_NAMED = 3  # firms that a fault names; the first by id, whatever the order of the registry


class Registries(Struct, frozen=True):
    """The living lists; a target that was merged into another is not among them, and what named it names the other.

    `inspections` are those of the past, this installation's own among them; `standing` visits still to come."""

    targets: Sequence[records.Target]
    items: Sequence[records.Item]
    inspectors: Sequence[records.Inspector]
    experts: Sequence[records.Expert]
    conflicts: Sequence[records.Conflict]
    inspections: Sequence[records.Inspection] = ()
    standing: Sequence[StandingVisit] = ()
    services: Sequence[records.Service] = ()
    calendar: Calendar = UNKNOWN
    aliases: Mapping[str, str] = {}  # -> what it was merged into
    alias_names: Mapping[str, str] = {}

    @property
    def people(self) -> list[records.Inspector | records.Expert]:
        """Inspectors and experts, by number."""
        everyone: list[records.Inspector | records.Expert] = [*self.inspectors, *self.experts]
        return sorted(everyone, key=lambda record: record.number)


class Sorted(Struct, frozen=True):
    """The candidates of a draft, and those excluded with the reason; `unplaced` fall into no stratum or class, or into several.

    `faults` say in Chinese who that is, and which must-inspect firms are not among the candidates.
    """

    targets: Sequence[Target]
    excluded: Sequence[Listed]
    unplaced: Sequence[str]
    areas: Mapping[str, str]  # name -> id
    names: Mapping[str, str]  # target -> name
    faults: tuple[str, ...] = ()


def sort_candidates(draft: Draft, registries: Registries) -> Sorted:
    """Return which targets of the registry the draft draws from: every target in scope is a candidate, excluded or unplaced, and
    only one of these. Depends on nothing but its arguments, and not on their order."""
    used = {t.area for t in registries.targets} | {a for p in registries.people for a in p.areas}
    areas = {name: f"a{number}" for number, name in enumerate(sorted(used - {""}), 1)} | {"": "a0"}
    attributes, strata_of, class_of = attributes_of(draft), stratum_finder(draft), class_finder(draft)
    history = History.of(registries.inspections, registries.standing)
    rules = Rules(draft, history)
    recency = "recency" in attributes
    mandatory = {row.target for row in draft.mandatory}
    targets, excluded, names = list[Target](), list[Listed](), dict[str, str]()
    misfits: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for record in registries.targets:
        if not in_scope(draft, record):
            continue
        names[record.id] = record.name
        reason = rules.exclusion(record, record.id in mandatory)
        if reason is not None:
            excluded.append(Listed(record.id, reason))
            continue
        facts = facts_of(attributes, record, history.last(record) if recency else None, draft.visits.first)
        strata, class_ = strata_of(facts), class_of(record.sector)
        if class_ is None:
            misfits["class", record.sector].append(record.id)
        elif len(strata) != 1:
            misfits[_claim(draft, strata), _in_words(attributes, facts)].append(record.id)
        else:
            targets.append(Target(record.id, f"s{strata[0]}", class_, areas[record.area]))
    faults = (*_misplaced(misfits, names), *_absent(draft, {t.id for t in targets}, excluded, names))
    unplaced = [id for ids in misfits.values() for id in ids]
    return Sorted(targets, excluded, unplaced, areas, names, faults)


def class_finder(draft: Draft) -> Callable[[str], str | None]:
    """Return which class a sector belongs to; None where the draft has none for it."""
    by_sector = {sector: class_.id for class_ in draft.classes for sector in class_.sectors}
    rest = next((class_.id for class_ in draft.classes if not class_.sectors), None)
    return lambda sector: by_sector.get(sector, rest)


def _claim(draft: Draft, strata: Sequence[int]) -> str:
    return "、".join(f"“{draft.strata[number - 1].name[:40]}”" for number in strata[:4])


def _in_words(attributes: Sequence[str], facts: Facts) -> str:
    named = zip(attributes, facts, strict=True)
    return "，".join(f"{ATTRIBUTES[name]}：{_value(name, value)}" for name, value in named)


def _value(attribute: str, value: str | int | None) -> str:
    if value is None:
        return "从未检查" if attribute == "recency" else "未填"
    if attribute == "recency":
        return f"{value} 个月"
    return (records.RISK_COLOURS.get(str(value), str(value)) if attribute == "risk_colour" else str(value)) or "未填"


def _misplaced(misfits: Mapping[tuple[str, str], Sequence[str]], names: Mapping[str, str]) -> list[str]:
    """Return a fault for each way of falling between the strata or classes, or into several; the largest groups first."""
    faults = []
    for (claim, facts), ids in sorted(misfits.items(), key=lambda row: (-len(row[1]), row[0]))[:_NAMED]:
        firms = _firms(ids, names)
        if claim == "class":
            faults.append(f"{len(ids)} 户在抽查范围内，却不属于任何一类（行业领域：{facts or '未填'}），如 {firms}；请补一个类别，或缩小范围")
        elif claim:
            faults.append(f"{len(ids)} 户同时属于分层{claim}（{facts}），如 {firms}；每户只能属于一层，请改正取值或区间")
        else:
            faults.append(f"{len(ids)} 户在抽查范围内，却不属于任何一层（{facts}），如 {firms}；请补一个分层，或缩小范围")
    if len(misfits) > _NAMED:
        faults.append(f"还有 {len(misfits) - _NAMED} 种这样的情形，请先改正以上各条")
    return faults


def _firms(ids: Sequence[str], names: Mapping[str, str]) -> str:
    return "、".join(f"{names[id][:24]}（{id}）" for id in sorted(ids)[:_NAMED])


def _absent(
    draft: Draft, there: set[str], excluded: Sequence[Listed], names: Mapping[str, str]
) -> list[str]:
    """Return a fault for every must-inspect firm that a rule keeps out of the list. An exclusion goes before the must-inspect list."""
    codes = {row.target: row.reason for row in excluded}
    faults = []
    for row in sorted(draft.mandatory, key=lambda row: row.target):
        if row.target in there or (row.target in names and row.target not in codes):
            continue
        if (code := codes.get(row.target)) is None:
            faults.append(
                f"必查对象 {row.target}（{REASONS[row.reason]}）不在抽查范围内；请从必查名单中删去，或扩大范围"
            )
            continue
        spare = "" if code == "closed" else f"，或在规则 {code} 中写明不排除必查对象（spares_mandatory）"
        faults.append(
            f"必查对象 {names[row.target][:40]}（{row.target}，{REASONS[row.reason]}）已按规则“{REASONS[code]}”（{code}）排除，"
            f"排除先于必查；请从必查名单中删去{spare}"
        )
    return faults
