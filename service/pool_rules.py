"""Pool rules: who is left out of the list and why, as data, in words and as a decision. Pure.

The rules apply in the order in which the plan prints them: first whether a firm still exists, then those of the draft as declared. A
target is excluded by the first rule that applies, and listed under its code. A rule that `spares_mandatory` leaves must-inspect firms in; any
other exclusion of a must-inspect firm stands and is a fault, which the draft must mend before it can be frozen.

How often a firm was inspected is counted in calendar years of the visits: over all tasks and departments, one visit of a day once however
many departments came, without exempt origins, and with visits drawn and still to come. If the visits lie in two years, the fuller one counts.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from msgspec import Struct

from selection.plan import Parameter, PoolRule
from service.drafts import Closed, Draft, DraftRule, JustInspected, Origin, Punished, Suspended, YearlyCap
from service.past import StandingVisit
from service.registry import records
from service.stratification import (
    ATTRIBUTES,
    band_faults,
    band_words,
    bands_hold,
    months_between,
    value_words,
)

__all__ = ["REASONS", "History", "Rules", "code_of", "in_scope", "pool_rule_faults", "rules_in_words", "rules_of",
           "years_of"]

REASONS: Final = {
    "closed": "已关闭、注销或迁出",
    "just-inspected": "近期已检查",
    "yearly-cap": "本年度检查次数已到上限",
    "punished": "本年度已受处罚",
    "suspended": "停产停业",
    "scope": "抽查范围",
    "complaint": "投诉举报",
    "key-supervision": "重点监管",
    "follow-up": "复查",
}
_GONE: Final = ("closed", "deregistered", "moved", "revoked")


class History(Struct, frozen=True):
    """Past inspections and visits still to come, by target."""

    past: Mapping[str, Sequence[records.Inspection]]
    standing: Mapping[str, Sequence[StandingVisit]]

    @classmethod
    def of(cls, inspections: Iterable[records.Inspection], standing: Iterable[StandingVisit]) -> "History":
        past, coming = defaultdict(list), defaultdict(list)
        for inspection in inspections:
            past[inspection.target].append(inspection)
        for visit in standing:
            coming[visit.target].append(visit)
        return cls(past, coming)

    def last(self, record: records.Target, exempt: Collection[Origin] = ()) -> str | None:
        """Return the day of the newest inspection, the target's own column among them; None for never."""
        past = self.past.get(record.id)
        if past is None:
            return record.last_inspected
        days = [inspection.inspected_on for inspection in past if inspection.origin not in exempt]
        # The column does not say whence that inspection came: if it is one of the exempt ones, it stays exempt.
        if record.last_inspected is not None and all(i.inspected_on != record.last_inspected for i in past):
            days.append(record.last_inspected)
        return max(days, default=None)

    def visits(self, record: records.Target, year: int, exempt: Collection[Origin]) -> int:
        """Return how many visits of `year` count towards a cap; the target's own column is one, unless a row has its day."""
        past, standing, prefix = self.past.get(record.id), self.standing.get(record.id, ()), f"{year:04d}-"
        if past is None:
            if record.last_inspected is None and not standing:
                return 0
            days = {record.last_inspected} if record.last_inspected is not None else set()
        else:
            days = {inspection.inspected_on for inspection in past if inspection.origin not in exempt}
            if record.last_inspected is not None and all(i.inspected_on != record.last_inspected for i in past):
                days.add(record.last_inspected)  # known to the register of targets alone, as in `last`
        # A day that was imported may be one of the visits still to come, and of one only. A result of ours is none of them: its own
        # draw waits no more for that target.
        ours = {i.inspected_on for i in past or () if i.number.endswith(f".{record.id}")}
        unclaimed, waiting = sorted(days - ours), 0
        for visit in sorted(standing, key=lambda visit: visit.last):
            if not visit.first[:4] <= prefix[:4] <= visit.last[:4]:
                continue
            day = next((day for day in unclaimed if visit.first <= day <= visit.last), None)
            if day is None:
                waiting += 1
            else:
                unclaimed.remove(day)
        return sum(day.startswith(prefix) for day in days) + waiting

    def punished(self, record: records.Target, year: int) -> bool:
        """Return whether an inspection of `year` led to a punishment."""
        past = self.past.get(record.id)
        return past is not None and any(i.punished and i.inspected_on.startswith(f"{year:04d}-") for i in past)


def years_of(draft: Draft) -> tuple[int, ...]:
    """Return the calendar years in which visits may take place."""
    first, last = draft.visits.first.year, draft.visits.last.year
    return tuple(range(first, max(first, last) + 1))


def rules_of(draft: Draft) -> tuple[DraftRule, ...]:
    """Return the excluding rules in the order in which they apply."""
    closed = next((rule for rule in draft.pool_rules if isinstance(rule, Closed)), Closed())
    declared = tuple(rule for rule in draft.pool_rules if not isinstance(rule, Closed))
    months = draft.scope.not_inspected_within_months
    within = (JustInspected(months=months, version=draft.scope.version),) if months else ()
    return (closed, *within, *declared)


def in_scope(draft: Draft, record: records.Target) -> bool:
    """Return whether the directed filters let the target in."""
    scope = draft.scope
    return (
        (not scope.areas or record.area in scope.areas)
        and (not scope.sectors or record.sector in scope.sectors)
        and (not scope.risk_colours or record.risk_colour in scope.risk_colours)
        and (not scope.credit_classes or record.credit_class in scope.credit_classes)
        and (not scope.standardisations or record.standardisation in scope.standardisations)
        and (not scope.entity_types or record.entity_type in scope.entity_types)
        and bands_hold(scope.sizes, record.headcount)
    )


class Rules:
    """The rules of one draft over one history."""

    def __init__(self, draft: Draft, history: History) -> None:
        first, years = draft.visits.first, years_of(draft)
        self._tests = [
            (code_of(rule), not isinstance(rule, Closed) and rule.spares_mandatory, _test(rule, history, first, years))
            for rule in rules_of(draft)
        ]

    def exclusion(self, record: records.Target, mandatory: bool) -> str | None:
        """Return the code of the first rule that leaves the target out; None if it stays."""
        for code, spares, applies in self._tests:
            if applies(record) and not (mandatory and spares):
                return code
        return None


def _test(rule: DraftRule, history: History, first: date, years: Sequence[int]) -> Callable[[records.Target], bool]:
    """Return the question that the rule asks of a target: whether it is left out."""
    if isinstance(rule, Closed):
        return lambda record: record.status in _GONE
    if isinstance(rule, Suspended):
        return lambda record: record.status == "suspended"
    if isinstance(rule, JustInspected):
        months, exempt = rule.months, rule.exempt_origins

        def just_inspected(record: records.Target) -> bool:
            last = history.last(record, exempt)
            return last is not None and months_between(last, first) < months

        return just_inspected
    if isinstance(rule, Punished):
        return lambda record: any(history.punished(record, year) for year in years)
    cap = rule

    def at_cap(record: records.Target) -> bool:
        most = cap_of(cap, record)
        return most is not None and max(history.visits(record, year, cap.exempt_origins) for year in years) >= most

    return at_cap


def code_of(rule: DraftRule) -> str:
    """Return the reason code of a rule, which is also its kind."""
    return str(rule.__struct_config__.tag)


def cap_of(rule: YearlyCap, record: records.Target) -> int | None:
    """Return how often the target may be inspected in a year by the first class that fits; None for no cap."""
    for cap in rule.caps:
        if (
            (not cap.risk_colours or record.risk_colour in cap.risk_colours)
            and (not cap.standardisations or record.standardisation in cap.standardisations)
            and (not cap.sectors or record.sector in cap.sectors)
        ):
            return cap.most
    return None


def pool_rule_faults(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the rules as declared, in Chinese and English."""
    declared = [*map(code_of, draft.pool_rules), *(["just-inspected"] if draft.scope.not_inspected_within_months else [])]
    for code, count in Counter(declared).items():
        if count > 1:
            more = "（scope.not_inspected_within_months 也是其中一条）" if code == "just-inspected" else ""
            yield f"排除规则“{REASONS[code]}”（{code}）出现 {count} 次{more}；请只留一条", f"pool rule {code} stands {count} times"
    for code in sorted({code_of(rule) for rule in draft.pool_rules} & {row.reason for row in draft.mandatory}):
        yield f"{code} 既是排除规则又是必查理由；请改用另一理由", f"{code} is both an excluding rule and a reason to be mandatory"
    if (years := len(years_of(draft))) > 2 and any(isinstance(rule, YearlyCap | Punished) for rule in draft.pool_rules):
        yield f"检查日期跨 {years} 个年度，按年度计的排除规则无法适用；请缩短到两个年度以内", f"the visits lie in {years} calendar years"
    yield from ((f"抽查范围的从业人数区间{zh}", f"scope: a band of size {en}") for zh, en in band_faults(draft.scope.sizes))


_SCOPE: Final = (("areas", "area"), ("credit_classes", "credit_class"), ("entity_types", "entity_type"), ("risk_colours", "risk_colour"),
                 ("sectors", "sector"), ("standardisations", "standardisation"))  # fmt: skip


def rules_in_words(draft: Draft) -> tuple[PoolRule, ...]:
    """Return all rules as the plan prints them: the scope, the excluding ones in the order in which they apply, the must-inspect list."""
    years = years_of(draft)
    listed = Counter(row.reason for row in draft.mandatory)
    must = (
        _rule(code, f"{REASONS[code]}：列为必查的对象共 {count} 户；被排除规则排除的仍予排除，规则写明不排除必查对象的除外。", "1", {"listed": str(count)})
        for code, count in sorted(listed.items())
    )
    return (_scope_rule(draft), *(_in_words(draft, rule, years) for rule in rules_of(draft)), *must)


def _rule(code: str, text: str, version: str, values: Mapping[str, str]) -> PoolRule:
    parameters = tuple(Parameter(name=name, value=value) for name, value in sorted(values.items()))
    return PoolRule(id=code, parameters=parameters, text=text, version=version)


def _listed(values: Iterable[str]) -> str:
    """Return values as one parameter; a parameter is never empty, so nothing is `-` and what was not filled in is `~`."""
    return ",".join(value or "~" for value in values) or "-"


def _scope_rule(draft: Draft) -> PoolRule:
    scope = draft.scope
    words, values = [], {}
    for field, attribute in _SCOPE:
        if asked := getattr(scope, field):
            words.append(f"{ATTRIBUTES[attribute]}为{value_words(attribute, asked)}")
            values[field.replace("_", "-")] = _listed(asked)
    if scope.sizes:
        words.append(f"{ATTRIBUTES['size']}{band_words('size', scope.sizes)}")
        values["sizes"] = _listed(
            f"{'' if b.from_ is None else b.from_}-{'' if b.to is None else b.to}{'?' if b.unknown else ''}" for b in scope.sizes
        )
    values["directed"] = "true" if words else "false"
    held = f"定向抽查：只从{'，且'.join(words)}的对象中抽取，范围以外的对象不列入排除名单。" if words else "不定向抽查：从全部检查对象中抽取。"
    order = "以下排除规则按所列次序适用，每个对象只按第一条适用的规则列入排除名单。"
    return _rule("scope", held + order, scope.version, values)


def _in_words(draft: Draft, rule: DraftRule, years: Sequence[int]) -> PoolRule:
    code = code_of(rule)
    if isinstance(rule, Closed):
        named = "、".join(records.TARGET_STATUSES[status] for status in _GONE)
        return _rule(code, f"经营状态为{named}的对象不抽取，列为必查的也不例外。", rule.version, {"statuses": _listed(_GONE)})
    spared = "列为必查的对象不因本条排除。" if rule.spares_mandatory else ""
    values = {"spares-mandatory": "true" if rule.spares_mandatory else "false"}
    if isinstance(rule, JustInspected):
        values |= {"exempt-origins": _origins(rule.exempt_origins), "months": str(rule.months), "reference-day": draft.visits.first.isoformat()}
        text = f"首个检查日 {draft.visits.first} 前 {rule.months} 个月内检查过的对象不抽取{_exempt(rule.exempt_origins)}。{spared}"
        return _rule(code, text, rule.version, values)
    if isinstance(rule, Suspended):
        return _rule(code, f"经营状态为{records.TARGET_STATUSES['suspended']}的对象不抽取。{spared}", rule.version, values)
    values["years"] = _listed(map(str, years))
    named_years = "、".join(f"{year} 年" for year in years)
    if isinstance(rule, Punished):
        return _rule(code, f"{named_years}内因检查受到处罚（以导入的检查记录为准）的对象不抽取。{spared}", rule.version, values)
    values["exempt-origins"] = _origins(rule.exempt_origins)
    width = len(str(len(rule.caps)))
    words = []
    for number, cap in enumerate(rule.caps, 1):
        asked = (("risk_colour", cap.risk_colours), ("standardisation", cap.standardisations), ("sector", cap.sectors))
        who = "，且".join(f"{ATTRIBUTES[name]}为{value_words(name, held)}" for name, held in asked if held) or "其余对象"
        words.append(f"{who}每年至多 {cap.most} 次")
        parts = (f"{name}={_listed(held)}" for name, held in asked if held)
        values[f"cap-{number:0{width}d}"] = ";".join((f"most={cap.most}", *parts))
    text = (
        f"{named_years}（自然年）检查次数已到上限的对象不抽取。按次序适用第一个相符的类别：{'；'.join(words)}；不属于任何类别的不设上限。"
        f"全部任务和部门合计，同一天只计一次，已抽中而未检查的计入{_exempt(rule.exempt_origins)}。{spared}"
    )
    return _rule(code, text, rule.version, values)


def _origins(origins: Sequence[Origin]) -> str:
    return _listed(sorted(set(origins)))


def _exempt(origins: Sequence[Origin]) -> str:
    named = "、".join(records.ORIGINS.get(origin, "来源未填") for origin in records.ORIGINS | {"": ""} if origin in origins)
    return f"；以下来源的检查不计：{named}" if named else ""
