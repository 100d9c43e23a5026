"""How many days are left for inspection (domain.md 2.2), exactly, with every share as it is rounded. Pure.

    inspection days = statutory days x officers - other enforcement days - non-enforcement days

A published plan of 2025 printed 21 %, 71 % and 8 % where the true shares were 52.2 %, 27.0 % and 20.9 %: nobody had divided.
"""

from fractions import Fraction

from msgspec import Struct

from service.annual_plan.content import TimeBudget
from service.language import gettext

__all__ = ["Part", "Result", "budget_faults", "compute", "key_warning"]


class Part(Struct, frozen=True):
    """One part of all days: `tenths` is its share in tenths of a per cent, rounded half up; `exact` the same as a fraction in lowest terms."""

    days: int
    tenths: int
    exact: str

    @property
    def percent(self) -> str:
        """The share with one decimal, which is there even if it is 0: three shares are compared."""
        return f"{self.tenths // 10}.{self.tenths % 10}%"


class Result(Struct, frozen=True):
    """The arithmetic of a year; `key` and `ordinary` are parts of the inspection days, None where nobody says how many are for key ones.

    `printed_sum` is what the three shares of all days add up to as printed, in tenths of a per cent: 1000, unless rounding shows.
    """

    total: int
    other_enforcement: Part
    non_enforcement: Part
    inspection: Part
    key: Part | None
    ordinary: Part | None

    @property
    def printed_sum(self) -> int:
        return self.other_enforcement.tenths + self.non_enforcement.tenths + self.inspection.tenths


def _part(days: int, of: int) -> Part:
    share = Fraction(days, of) if of else Fraction(0)
    return Part(days, int((share * 2000 + 1) // 2), f"{share.numerator}/{share.denominator}")


def compute(budget: TimeBudget) -> Result:
    """Return the arithmetic of a budget without faults (`budget_faults`)."""
    total = budget.statutory * budget.officers
    left = total - budget.other_enforcement - budget.non_enforcement
    key = None if budget.key is None else _part(budget.key, left)
    ordinary = None if budget.key is None else _part(left - budget.key, left)
    return Result(total, _part(budget.other_enforcement, total), _part(budget.non_enforcement, total), _part(left, total), key, ordinary)


def budget_faults(budget: TimeBudget, statutory: int | None = None) -> list[tuple[str, str]]:
    """Return (field, what is wrong in the language of the page). `statutory` is what the calendar of the year says, None if unknown."""
    faults = []
    total = budget.statutory * budget.officers
    spent = budget.other_enforcement + budget.non_enforcement
    if statutory is not None and budget.statutory != statutory:
        faults.append(("statutory", gettext("法定工作日写了 %(given)s 天，按已确认的工作日历是 %(known)s 天")
                       % {"given": budget.statutory, "known": statutory}))  # fmt: skip
    if budget.officers == 0:
        faults.append(("officers", gettext("执法人员数不能是 0")))
    if spent > total:
        faults.append(("other_enforcement", gettext("其他执法 %(other)s 天与非执法 %(non)s 天合计 %(spent)s 天，超过总工作日 %(total)s 天")
                       % {"other": budget.other_enforcement, "non": budget.non_enforcement, "spent": spent, "total": total}))  # fmt: skip
    elif budget.key is not None and budget.key > total - spent:
        faults.append(("key", gettext("重点检查 %(key)s 天，超过监督检查工作日 %(left)s 天") % {"key": budget.key, "left": total - spent}))
    return faults


def key_warning(budget: TimeBudget) -> str | None:
    """Return in words that key inspection gets less of the inspection days than the rule asks; None if it does not, or there is no rule.

    The rule of 60 per cent is reported of the measures of 2017 and was not confirmed: nobody is held to it who does not write it down.
    """
    left = budget.statutory * budget.officers - budget.other_enforcement - budget.non_enforcement
    if budget.least_key is None or budget.key is None or left <= 0 or 100 * budget.key >= budget.least_key * left:
        return None
    return gettext("重点检查 %(key)s 天，占监督检查工作日 %(left)s 天的 %(share)s，少于要求的 %(least)s%%；至少要 %(needed)s 天") % {
        "key": budget.key, "left": left, "share": _part(budget.key, left).percent, "least": budget.least_key,
        "needed": -(-budget.least_key * left // 100),
    }  # fmt: skip
