"""Whether anything in a year's loads and pairs stands out, in words."""

from fractions import Fraction

from msgspec import Struct

from service.language import gettext
from service.planning.explanation import hundredths
from service.planning.load import ALARM, LoadReport, PairLine, PersonLine

__all__ = ["Finding", "chance_words", "stands_out"]


class Finding(Struct, frozen=True):
    """One statement, in the language being spoken; `stands_out` where the lot alone would hardly give it."""

    zh: str
    stands_out: bool


def chance_words(bound: Fraction) -> str:
    """Return a bound of a chance in words a reader can picture."""
    if bound == 1:
        return gettext("没有限制")
    if bound >= ALARM:
        return f"{hundredths(bound * 100)}%"
    return gettext("无此可能") if bound == 0 else f"1/{bound.denominator // bound.numerator:,}"


def stands_out(report: LoadReport) -> tuple[Finding, ...]:
    """Return what the report says of people and of pairs; nothing for a year without teams."""
    if not report.teams:
        return ()
    return (_people(report), _pairs(report), *_full(report), *_replaced(report))


def _called(line: PersonLine) -> str:
    return gettext("{name}（{number}）").format(name=line.name or gettext("（姓名已隐去）"), number=line.number)


def _people(report: LoadReport) -> Finding:
    out = report.people_out
    if not out:
        most = report.people[0]
        return Finding(
            gettext("每人户数没有异常：最多的是{called}，{targets} 户，只凭抽签期望 {expected} 户。").format(called=_called(most), targets=most.targets, expected=hundredths(most.expected)), False
        )
    shown = gettext("、").join(gettext("{called} {targets} 户（期望 {expected} 户）").format(called=_called(p), targets=p.targets, expected=hundredths(p.expected)) for p in out[:5])
    return Finding(gettext("{count} 人的户数远多于只凭抽签的期望：{shown}。先看其资格是否稀缺，别的人是否大多要回避。").format(count=len(out), shown=shown), True)


def _pair(line: PairLine) -> str:
    return gettext("{first}和{second} {together} 次（期望 {expected} 次）").format(first=line.names[0] or line.numbers[0], second=line.names[1] or line.numbers[1], together=line.together, expected=hundredths(line.expected))


def _pairs(report: LoadReport) -> Finding:
    out = report.pairs_out
    if out:
        shown = gettext("、").join(map(_pair, out[:5]))
        return Finding(gettext("{count} 对搭档同组的次数，只凭抽签很难出现：{shown}。请核对人员名单、回避和不得同组的登记。").format(count=len(out), shown=shown), True)
    if not report.pairs:
        return Finding(gettext("还没有两个人同组。"), False)
    return Finding(gettext("搭档没有异常：同组最多的是{pair}，这样的重复只凭抽签也会有。").format(pair=_pair(report.pairs[0])), False)


def _full(report: LoadReport) -> tuple[Finding, ...]:
    full = [line for line in report.people if line.places and line.targets >= line.places]
    if not full:
        return ()
    return (Finding(gettext("{count} 人的限额已用满，限额最紧的席位最容易预知由谁担任；下次可增加名额。").format(count=len(full)), False),)


def _replaced(report: LoadReport) -> tuple[Finding, ...]:
    often = [line for line in report.people if line.left >= 3]
    if not often:
        return ()
    shown = gettext("、").join(gettext("{called} {left} 次").format(called=_called(line), left=line.left) for line in often[:5])
    return (Finding(gettext("抽中后三次以上退出的有 {count} 人：{shown}。请核对每次退出的证明材料。").format(count=len(often), shown=shown), True),)
