"""Why each excluded target is left out, with the figures of that very target: days, counts, caps (web.md S5). Pure.

The list that is frozen holds a code per target and nothing else; these words are for staff, while there is a draft.
"""

from collections.abc import Iterable, Mapping

from selection.pool import Listed
from service.candidates import Registries
from service.drafts import Closed, Draft, DraftRule, JustInspected, Punished, Suspended, YearlyCap
from service.language import gettext
from service.pool_rules import REASONS, History, cap_of, code_of, rules_of, years_of
from service.registry.records import TARGET_STATUSES, Target

__all__ = ["explain_exclusions"]


def explain_exclusions(draft: Draft, registries: Registries, excluded: Iterable[Listed]) -> Mapping[str, str]:
    """Return the words for every target of `excluded`, which the rules of `draft` gave."""
    codes = {row.target: row.reason for row in excluded}
    rules = {code_of(rule): rule for rule in rules_of(draft)}
    history = History.of(registries.inspections, registries.standing)
    return {
        record.id: _explain(draft, rules[codes[record.id]], history, record) if codes[record.id] in rules else REASONS.get(codes[record.id], codes[record.id])
        for record in registries.targets
        if record.id in codes
    }


def _explain(draft: Draft, rule: DraftRule, history: History, record: Target) -> str:
    match rule:
        case Closed() | Suspended():
            return gettext("经营状态：%(status)s") % {"status": TARGET_STATUSES.get(record.status, record.status)}
        case JustInspected():
            return gettext("%(day)s 检查过，首个检查日前不满 %(months)s 个月") % {
                "day": history.last(record, rule.exempt_origins), "months": rule.months
            }  # fmt: skip
        case Punished():
            days = [
                one.inspected_on for one in history.past.get(record.id, ())
                if one.punished and int(one.inspected_on[:4]) in years_of(draft)
            ]  # fmt: skip
            return gettext("%(day)s 的检查导致处罚") % {"day": max(days)}
        case YearlyCap():
            count, year = max((history.visits(record, year, rule.exempt_origins), -year) for year in years_of(draft))
            return gettext("%(year)s 年已查和已抽中待查 %(count)s 次，上限 %(most)s 次") % {
                "year": -year, "count": count, "most": cap_of(rule, record)
            }  # fmt: skip
