"""What freezing a draft now would give, in the words of the plan: strata with their shares, and what weakens the chance."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import UnsetType

from selection.plan import Plan, Quota, Stratum
from selection.plan_rules import SMALL_STRATUM
from selection.pool import Listed
from service.annual_plan.calendars import read_calendars
from service.calendar import missing_years
from service.database import Connection
from service.pages.words import chance_in_words, count_in_words, rule_in_words
from service.past import sealed_draws

__all__ = ["calendar_warnings", "pool_warnings", "rule_lines", "strata_lines", "uncounted_warnings"]


def strata_lines(plan: Plan) -> list[dict[str, Any]]:
    """Return for each stratum whom it holds and, per department, base, quota, share as a fraction and the rounding rule in words.

    The members of the first department's quota stand beside the list of all of them.
    """
    names = {section.id: section.name for section in plan.sections}
    lines = []
    for stratum in plan.strata:
        quotas = [{"section": names[quota.section], **_quota_line(stratum, quota)} for quota in stratum.quotas]
        first = {key: value for key, value in quotas[0].items() if key != "section"}
        lines.append({"name": stratum.name, "rule": stratum.rule, "population": stratum.population, "mandatory": stratum.mandatory,
                      **first, "quotas": quotas})  # fmt: skip
    return lines


def _quota_line(stratum: Stratum, quota: Quota) -> dict[str, Any]:
    free = stratum.population - stratum.mandatory
    return {
        "base": quota.base, "quota": quota.quota, "fraction": f"{quota.quota}/{quota.base}", "by_lot": quota.by_lot,
        "chance": quota.chance, "chance_words": chance_in_words(quota.by_lot, free), "rounding": rule_in_words(quota.rule),
        "sum": count_in_words(quota, stratum.mandatory),
    }  # fmt: skip


def rule_lines(plan: Plan, excluded: Iterable[Listed]) -> list[dict[str, Any]]:
    """Return the pool rules in the order in which they apply, each with the number of targets listed as excluded by it."""
    if isinstance(plan.pool_rules, UnsetType):
        return []
    counted = Counter(row.reason for row in excluded)
    return [{"id": rule.id, "text": rule.text, "version": rule.version, "excluded": counted[rule.id]} for rule in plan.pool_rules]


async def uncounted_warnings(connection: Connection, plan: Plan) -> list[str]:
    """Return a warning in Chinese if a yearly cap cannot count the visits of draws that are still sealed."""
    rules = plan.pool_rules
    if isinstance(rules, UnsetType) or all(rule.id != "yearly-cap" for rule in rules):
        return []
    sealed = await sealed_draws(connection)
    shown = "、".join(sealed[:5])
    return [f"批次 {shown} 等 {len(sealed)} 个尚在封存，其检查对象启封前不计入年度次数：计入会泄露封存的名单"] if sealed else []


async def calendar_warnings(connection: Connection, plan: Plan) -> list[str]:
    """Return a warning in Chinese if working days of the visits were counted without knowing the holidays."""
    days = [date.fromisoformat(day) for day in (plan.visits.from_, plan.visits.to)]
    missing = missing_years(await read_calendars(connection), *days)
    years = "、".join(map(str, missing))
    return [f"{years} 年的工作日历没有导入：检查日期里的工作日暂按周一至周五计算，不知道节假日和调休；请登记员导入"] if missing else []


def pool_warnings(plan: Plan) -> list[str]:
    """Return in Chinese what makes the draw less random than it looks: whole strata, small ones, a list that rules have emptied."""
    warnings = []
    for stratum in plan.strata:
        free = stratum.population - stratum.mandatory
        if free and any(quota.by_lot == free for quota in stratum.quotas):
            warnings.append(f"分层“{stratum.name}”可抽签的 {free} 户全部抽中：谁被抽中不是随机的，随机的只有次序")
        if stratum.population < SMALL_STRATUM:
            warnings.append(f"分层“{stratum.name}”只有 {stratum.population} 户，少于 {SMALL_STRATUM} 户，抽中谁容易预知；可与别层合并")
    left_out, left = plan.blobs.excluded.count, plan.blobs.pool.count
    if left_out > left:
        warnings.append(f"排除规则排除了 {left_out} 户，只剩 {left} 户：剩下的可能太少，不成其为随机；请放宽规则，或写明理由（narrow-pool）")
    return warnings
