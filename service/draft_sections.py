"""What a draft may not say of the departments that take part. Pure."""

from collections import Counter
from collections.abc import Iterator

from service.draft_rules import DraftFault
from service.drafts import Draft
from service.fault_words import clip
from service.sections import Departments

__all__ = ["section_faults"]


def section_faults(draft: Draft, departments: Departments) -> Iterator[DraftFault]:
    """Yield a fault for each department that cannot take part, or that a seat, rule or number of items names wrongly."""
    yield from _named(draft, departments)
    taking_part = set(departments.labels_of(draft.sections))
    if draft.teams_of is None:
        for number, (place, section) in enumerate(_uses(draft)):
            if section not in taking_part:
                yield DraftFault(
                    f"{place}属于部门 {section}，草案的部门（sections）中没有它；请补上或改正", f"use {number + 1}: section {section} takes no part"
                )
        yield from _rules(draft, departments)


def _named(draft: Draft, departments: Departments) -> Iterator[DraftFault]:
    lead = departments.lead
    for label, count in Counter(draft.sections).items():
        found = departments.find(label)
        if count > 1:
            yield DraftFault(f"部门 {label} 列了 {count} 次；请只留一个", f"section {label} is named {count} times")
        elif found is None:
            known = "、".join(f"{one.label}（{one.name}）" for one in departments.all if one.active)
            yield DraftFault(
                f"没有登记部门 {label}；已登记的有 {clip(known, 200)}，请改正，或先用 section 命令登记", f"section {label} is not registered"
            )
        elif not found.active:
            yield DraftFault(f"部门“{found.name}”（{label}）已停用；请从部门中删去", f"section {label} is retired")
    if lead.label in draft.sections and draft.sections[0] != lead.label:
        yield DraftFault(
            f"牵头部门须是本机关“{lead.name}”（{lead.label}）；请把它列在第一个，或不列", f"the first section is {lead.label}, which leads"
        )


def _uses(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield (where, section) for everything that names a section."""
    for class_ in draft.classes:
        for seat in (*class_.inspectors, *class_.experts):
            if seat.section is not None:
                yield f"类别“{clip(class_.name)}”的席位“{clip(seat.name)}”", seat.section
        for asked in class_.section_items:
            yield f"类别“{clip(class_.name)}”的选查事项数量", asked.section
    for stratum in draft.strata:
        for rule in stratum.section_rules:
            yield f"分层“{clip(stratum.name)}”的抽取数量", rule.section


def _rules(draft: Draft, departments: Departments) -> Iterator[DraftFault]:
    lead = departments.lead.label
    for stratum in draft.strata:
        named = [lead] * (stratum.rule is not None) + [rule.section for rule in stratum.section_rules]
        if not named:
            yield DraftFault(f"分层“{clip(stratum.name)}”没有写抽取数量；请填写 rule", f"stratum {clip(stratum.name)} has no rule")
        for section, count in Counter(named).items():
            if count > 1:
                yield DraftFault(
                    f"分层“{clip(stratum.name)}”为部门 {section} 写了 {count} 个抽取数量；请只留一个"
                    + ("（牵头部门用 rule）" if section == lead else ""),
                    f"stratum {clip(stratum.name)} has {count} rules of section {section}",
                )
    for class_ in draft.classes:
        for section, count in Counter([lead, *(asked.section for asked in class_.section_items)]).items():
            if count > 1:
                yield DraftFault(
                    f"类别“{clip(class_.name)}”为部门 {section} 写了 {count} 个选查事项数量；请只留一个"
                    + ("（牵头部门用 optional_items）" if section == lead else ""),
                    f"class {class_.id} counts optional items of section {section} {count} times",
                )
