"""What a draft may not say, judged against the registries before a plan is made of it. Pure.

`selection.plan_rules` judges the plan; here stands what a plan cannot show any more, because ids have replaced names: two strata
that claim the same targets, a code written in other letters than the registry has it, a name nobody has.
"""

import unicodedata
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator

from msgspec import Struct

from selection.plan import AtLeast, Percent, PercentOrOne, PerPeriod, QuotaRule
from service.candidates import Registries
from service.drafts import Draft, Where, YearlyCap
from service.fault_words import LONGEST, clip
from service.pool_rules import pool_rule_faults
from service.registry.records import RISK_COLOURS
from service.stratification import stratum_shape_faults

__all__ = ["DraftFault", "draft_faults"]


LONGEST_VISITS = 366  # days; longer is a mistyped year


class DraftFault(Struct, frozen=True):
    """One fault: field, value and mend in Chinese; what is wrong in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return clip(f"{self.zh}。（{self.en}）", LONGEST)


def draft_faults(draft: Draft, registries: Registries) -> list[DraftFault]:
    """Return every fault of the draft; empty if there is none."""
    return [*_strata(draft), *_classes(draft, registries), *_mandatory(draft, registries), *_apart(draft, registries), *_leave(draft, registries), *_days(draft), *_colours(draft)]


def _twice(values: Iterable[Hashable]) -> list[str]:
    return [str(value) for value, count in Counter(values).items() if count > 1]


def _strata(draft: Draft) -> Iterator[DraftFault]:
    for name in map(clip, _twice(stratum.name for stratum in draft.strata)):
        yield DraftFault(f"分层“{name}”出现不止一次；名称须各不相同，请改名或合并", f"two strata are named {name}")
    for value in _twice(value for stratum in draft.strata for value in set(stratum.values)):
        claimed = "、".join(f"“{clip(stratum.name, 20)}”" for stratum in draft.strata if value in stratum.values)
        yield DraftFault(
            f"取值“{clip(value)}”同时属于分层{clip(claimed, 120)}，同一对象会落入两层；请只留在一层",
            f"{clip(value)} belongs to two strata",
        )
    rest = [stratum.name for stratum in draft.strata if not stratum.values and stratum.where in (None, Where())]
    yield from (DraftFault(*fault) for fault in (*stratum_shape_faults(draft), *pool_rule_faults(draft)))
    if len(rest) > 1:
        listed = clip("、".join(f"“{clip(name, 20)}”" for name in rest), 120)
        yield DraftFault(
            f"分层{listed}都没有写取值，同一对象会落入两层；“其余各类”只能有一层，请写明取值或合并",
            "more than one stratum has no values: only one can hold all the rest",
        )
    for number, stratum in enumerate(draft.strata, 1):
        place = f"第 {number} 层“{clip(stratum.name)}”"
        for rule in stratum.rules:
            yield from _rule(rule, number, place)


def _rule(rule: QuotaRule, number: int, place: str) -> Iterator[DraftFault]:
    if isinstance(rule, Percent | PercentOrOne | AtLeast | PerPeriod) and not 0 <= rule.numerator <= rule.denominator > 0:
        share = f"{rule.numerator}/{rule.denominator}"
        yield DraftFault(
            f"{place}的比例 {share} 不在 0 与 1 之间；分母须不小于 1，分子不得大于分母",
            f"stratum {number}: share {share} is not between 0 and 1",
        )
    if isinstance(rule, PercentOrOne) and rule.numerator == 0:
        yield DraftFault(
            f"{place}的比例是 0，却写了至少抽一户；要抽的请写明比例，不抽的请改用固定 0 户并写明理由",
            f"stratum {number}: a share of 0 with at least one: it would draw one where nobody is meant to be drawn",
        )
    if isinstance(rule, PerPeriod) and not 1 <= rule.period <= rule.periods:
        yield DraftFault(
            f"{place}是第 {rule.period} 期，全年只有 {rule.periods} 期；请填 1 到 {rule.periods}",
            f"stratum {number}: period {rule.period} is not one of 1 to {rule.periods}",
        )


def _classes(draft: Draft, registries: Registries) -> Iterator[DraftFault]:
    for id in _twice(class_.id for class_ in draft.classes):
        yield DraftFault(f"类别编号 {id} 出现不止一次；请改名或合并", f"two classes have the id {id}")
    for sector in map(clip, _twice(sector for class_ in draft.classes for sector in set(class_.sectors))):
        yield DraftFault(f"行业领域“{sector}”同时属于两个类别；请只留在一个类别", f"sector {sector} belongs to two classes")
    if sum(not class_.sectors for class_ in draft.classes) > 1:
        yield DraftFault(
            "不止一个类别没有写行业领域；“其余行业”只能有一个类别，请写明行业或合并",
            "more than one class has no sectors: only one can hold all the rest",
        )
    held = {speciality for person in registries.people for speciality in person.specialities}
    asked = {(class_.name, s) for class_ in draft.classes for seat in (*class_.inspectors, *class_.experts) for s in seat.specialities}
    for name, speciality in sorted(asked):
        if speciality not in held:
            yield DraftFault(
                f"类别“{clip(name)}”的席位要求专业“{clip(speciality)}”，名录中无人具备{_alike(speciality, held)}；请核对写法，或先更新人员名录",
                f"a seat asks for the speciality {clip(speciality)}, which nobody in the registries has",
            )


def _mandatory(draft: Draft, registries: Registries) -> Iterator[DraftFault]:
    for target in _twice(row.target for row in draft.mandatory):
        yield DraftFault(f"必查对象 {target} 列了不止一次；请只留一行", f"mandatory target {target} is listed twice")
    wanted = {row.target for row in draft.mandatory}
    if not wanted:
        return
    folded = {_folded(target) for target in wanted}
    near = {record.id for record in registries.targets if record.id in wanted or _folded(record.id) in folded}
    for target in sorted(wanted - near):
        if (kept := registries.aliases.get(target)) is not None:
            yield DraftFault(f"必查对象 {target} 已并入 {kept}；请改写为 {kept}", f"mandatory target {target} was merged into {kept}")
            continue
        yield DraftFault(
            f"必查对象 {target} 不在检查对象名录中{_alike(target, near)}；请核对代码，或先导入名录",
            f"mandatory target {target} is not in the registry",
        )


def _apart(draft: Draft, registries: Registries) -> Iterator[DraftFault]:
    known = {record.number for record in registries.people}
    for row, (one, other) in enumerate(draft.apart, 1):
        if one == other:
            yield DraftFault(
                f"不得同组名单第 {row} 行两个编号相同：{clip(one)}；请改正其中一个，或删去该行", f"row {row} of apart names one person twice"
            )
    for number in sorted({number for pair in draft.apart for number in pair} - known):
        yield DraftFault(
            f"不得同组名单中的 {clip(number)} 不在检查人员和专家名录中{_alike(number, known)}；请核对编号，或先导入人员",
            f"apart names {clip(number)}, whom no registry knows",
        )


def _leave(draft: Draft, registries: Registries) -> Iterator[DraftFault]:
    known = {record.number for record in registries.people}
    for row, leave in enumerate(draft.leave, 1):
        if leave.person not in known:
            yield DraftFault(
                f"请假名单第 {row} 行的 {clip(leave.person)} 不在检查人员和专家名录中{_alike(leave.person, known)}；请核对编号",
                f"row {row} of leave names {clip(leave.person)}, whom no registry knows",
            )
        if leave.last < leave.first:
            yield DraftFault(
                f"请假名单第 {row} 行止于 {leave.last}，早于起日 {leave.first}；请改正日期", f"row {row} of leave ends before it begins"
            )


def _days(draft: Draft) -> Iterator[DraftFault]:
    if (draft.visits.last - draft.visits.first).days > LONGEST_VISITS:
        yield DraftFault(
            f"检查日期从 {draft.visits.first} 到 {draft.visits.last}，超过 {LONGEST_VISITS} 天；请核对年份，或分批",
            f"the visits last longer than {LONGEST_VISITS} days",
        )
    if draft.visits.last.isoformat() < draft.instant[:10]:
        yield DraftFault(
            f"检查截止日 {draft.visits.last} 早于开号时刻 T（{draft.instant}）；请改正检查日期或 T",
            f"the visits end on {draft.visits.last}, before T {draft.instant}",
        )


def _colours(draft: Draft) -> Iterator[DraftFault]:
    """A colour is asked for by its code; any other word would never apply and read as if it did."""
    caps = [rule for rule in draft.pool_rules if isinstance(rule, YearlyCap)]
    asked = {*draft.scope.risk_colours, *(c for cap in caps for class_ in cap.caps for c in class_.risk_colours)}
    asked |= {c for stratum in draft.strata if stratum.where is not None for c in stratum.where.risk_colour}
    if draft.stratify_by == "risk_colour":
        asked |= {value for stratum in draft.strata for value in stratum.values}
    for word in sorted(asked - {"", *RISK_COLOURS}):
        yield DraftFault(
            f"没有风险等级“{clip(word)}”；请写 {'、'.join(f'{code}（{name}）' for code, name in RISK_COLOURS.items())}",
            f"there is no risk colour {clip(word)}",
        )
    for cap in caps:
        for number, class_ in enumerate(cap.caps[:-1], 1):
            if not (class_.risk_colours or class_.standardisations or class_.sectors):
                yield DraftFault(
                    f"频次上限的第 {number} 类不设条件，其后各类永远用不到；请把它放在最后", f"class {number} of a yearly cap takes all, the later ones never apply"
                )


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _alike(text: str, known: Collection[str]) -> str:
    """Return a hint if one of `known` differs from `text` only by case, width or spaces around it."""
    folded = _folded(text)
    found = min((one for one in known if _folded(one) == folded), default=None)
    return "" if found is None else f"（名录中是“{clip(found)}”，只差大小写、全半角或空格）"
