"""How many of each stratum are drawn, by which rule, with which chance; and the exceptions that needed a reason."""

from collections.abc import Mapping

from msgspec import Struct

from selection.plan import Plan, Stratum
from selection.plan_rules import FEW_PEOPLE, SMALL_STRATUM
from selection.transcript import Transcript
from service.language import gettext
from service.pages.words import EXCEPTIONS, chance_in_words, count_in_words, rule_in_words

__all__ = ["Exempted", "StratumLine", "exceptions_of", "strata_of"]


class StratumLine(Struct, frozen=True):
    id: str
    name: str
    holds: str
    population: int
    mandatory: int
    quota: int
    by_lot: int
    rule: str
    sum: str
    chance: str
    chance_words: str
    cut: str | None
    next: str | None


class Exempted(Struct, frozen=True):
    """A stated reason in words: which rule was not kept, for what, and why; and the real `figure`, which says if it was needed."""

    rule: str
    subject: str
    reason: str
    figure: str


def strata_of(plan: Plan, transcript: Transcript | None) -> tuple[StratumLine, ...]:
    outcomes = {} if transcript is None else {stratum.id: stratum for stratum in transcript.strata}
    lines = []
    for stratum in plan.strata:
        outcome, among = outcomes.get(stratum.id), stratum.population - stratum.mandatory
        cuts = {} if outcome is None else {cut.section: cut.cut for cut in outcome.quotas}
        sections = {section.id: section.name for section in plan.sections}
        for quota in stratum.quotas:
            name = (
                stratum.name if len(stratum.quotas) == 1 else gettext("{name}（{section}）").format(name=stratum.name, section=sections[quota.section])
            )
            lines.append(
                StratumLine(
                    id=stratum.id, name=name, holds=stratum.rule, population=stratum.population, mandatory=stratum.mandatory,
                    quota=quota.quota, by_lot=quota.by_lot, rule=rule_in_words(quota.rule),
                    sum=count_in_words(quota, stratum.mandatory), chance=quota.chance,
                    chance_words=chance_in_words(quota.by_lot, among), cut=cuts.get(quota.section),
                    next=None if outcome is None else outcome.next,
                )
            )  # fmt: skip
    return tuple(lines)


def exceptions_of(plan: Plan, thin: Mapping[str, int]) -> tuple[Exempted, ...]:
    """Return the stated reasons with names for ids: a stratum, a section of one, a seat of a class, a person.

    `thin` tells for every seat that too few people could take how many they are (selection.plan_rules.thin_seats).
    """
    strata, sections = {s.id: s.name for s in plan.strata}, {s.id: s.name for s in plan.sections}
    classes = {c.id: c for c in plan.classes}
    lines = []
    for stated in plan.exceptions:
        first, *rest = stated.subject.split("/")
        if first in classes and len(rest) == 2 and rest[1].isdecimal():
            seats = classes[first].inspector_seats if rest[0] == "inspectors" else classes[first].expert_seats
            seat = seats[int(rest[1]) - 1].name if 0 < int(rest[1]) <= len(seats) else rest[1]
            subject = gettext("{name}的{seat}席").format(name=classes[first].name, seat=seat)
        elif stated.rule == "wide-exclusion":
            subject = gettext("人员名单中编号 {first}… 的人").format(first=first[:10])
        else:
            subject = gettext("，").join([strata.get(first, first), *(sections.get(part, part) for part in rest)])
        figure = _figure(stated.rule, stated.subject, {s.id: s for s in plan.strata}, thin)
        lines.append(Exempted(EXCEPTIONS.get(stated.rule, stated.rule), subject, stated.reason, figure))
    return tuple(lines)


def _figure(rule: str, subject: str, strata: Mapping[str, Stratum], thin: Mapping[str, int]) -> str:
    unneeded = gettext("，此说明并非必需")
    stratum = strata.get(subject.split("/")[0])
    if rule == "small-stratum" and stratum is not None:
        return gettext("实际 {population} 户{remark}").format(population=stratum.population, remark="" if stratum.population < SMALL_STRATUM else unneeded)
    if rule == "no-chance" and stratum is not None:
        section = subject.partition("/")[2]
        by_lot = next((quota.by_lot for quota in stratum.quotas if quota.section == section), 0)
        free = stratum.population - stratum.mandatory
        return gettext("实际 {free} 户参加抽签，抽 {by_lot} 户{remark}").format(free=free, by_lot=by_lot, remark="" if by_lot == 0 and free > 0 else unneeded)
    if rule == "thin-seat":
        if subject in thin:
            return gettext("实际最少的区域可选 {count} 人").format(count=thin[subject])
        return gettext("实际每个区域都不少于 {few} 人{remark}").format(few=FEW_PEOPLE, remark=unneeded)
    return gettext("须回避哪些企业不公开，无法在此核对实数")
