"""What a new version of a plan changes, line by line in the words of the plan. Pure."""

from collections.abc import Mapping

from msgspec import Struct

from service.annual_plan.content import AnnualPlan
from service.annual_plan.words import entry_lines, plan_lines
from service.language import gettext

__all__ = ["Change", "difference"]


class Change(Struct, frozen=True):
    """One line: of the plan itself (`task` is '') or of a task; `old` or `new` is '' where there was or is nothing."""

    task: str
    label: str
    old: str
    new: str


def difference(old: AnnualPlan, new: AnnualPlan, sections: Mapping[str, str]) -> list[Change]:
    """Return every line that is not the same in both, in the order of the plan; then whether tasks changed places."""
    before, after = _lines(old, sections), _lines(new, sections)
    keys = [*after, *(key for key in before if key not in after)]
    changes = [Change(*key, before.get(key, ""), after.get(key, "")) for key in keys if before.get(key, "") != after.get(key, "")]
    places = [entry.id for entry in old.entries], [entry.id for entry in new.entries]
    common = [[id for id in place if id in places[0] and id in places[1]] for place in places]
    if common[0] != common[1]:
        changes.append(Change("", gettext("任务次序"), "、".join(places[0]), "、".join(places[1])))
    return changes


def _lines(plan: AnnualPlan, sections: Mapping[str, str]) -> dict[tuple[str, str], str]:
    lines = {("", label): value for label, value in plan_lines(plan, sections)}
    for entry in plan.entries:
        lines |= {(entry.id, label): value for label, value in entry_lines(entry, plan, sections)}
    return lines
