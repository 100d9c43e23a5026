"""Whether anything in a year's loads and pairs stands out, in words."""

from fractions import Fraction

from msgspec import Struct

from service.planning.explanation import hundredths
from service.planning.load import ALARM, LoadReport, PairLine, PersonLine

__all__ = ["Finding", "chance_words", "stands_out"]


class Finding(Struct, frozen=True):
    """One statement; `stands_out` where the lot alone would hardly give it."""

    zh: str
    stands_out: bool


def chance_words(bound: Fraction) -> str:
    """Return a bound of a chance in words a reader can picture."""
    if bound == 1:
        return "没有限制"
    if bound >= ALARM:
        return f"{hundredths(bound * 100)}%"
    return "无此可能" if bound == 0 else f"1/{bound.denominator // bound.numerator:,}"


def stands_out(report: LoadReport) -> tuple[Finding, ...]:
    """Return what the report says of people and of pairs; nothing for a year without teams."""
    if not report.teams:
        return ()
    return (_people(report), _pairs(report), *_full(report), *_replaced(report))


def _called(line: PersonLine) -> str:
    return f"{line.name or '（姓名已隐去）'}（{line.number}）"


def _people(report: LoadReport) -> Finding:
    out = report.people_out
    if not out:
        most = report.people[0]
        return Finding(
            f"每人户数没有异常：最多的是{_called(most)}，{most.targets} 户，只凭抽签期望 {hundredths(most.expected)} 户。", False
        )
    shown = "、".join(f"{_called(p)} {p.targets} 户（期望 {hundredths(p.expected)} 户）" for p in out[:5])
    return Finding(f"{len(out)} 人的户数远多于只凭抽签的期望：{shown}。先看其资格是否稀缺，别的人是否大多要回避。", True)


def _pair(line: PairLine) -> str:
    return f"{line.names[0] or line.numbers[0]}和{line.names[1] or line.numbers[1]} {line.together} 次（期望 {hundredths(line.expected)} 次）"


def _pairs(report: LoadReport) -> Finding:
    out = report.pairs_out
    if out:
        shown = "、".join(map(_pair, out[:5]))
        return Finding(f"{len(out)} 对搭档同组的次数，只凭抽签很难出现：{shown}。请核对人员名单、回避和不得同组的登记。", True)
    if not report.pairs:
        return Finding("还没有两个人同组。", False)
    return Finding(f"搭档没有异常：同组最多的是{_pair(report.pairs[0])}，这样的重复只凭抽签也会有。", False)


def _full(report: LoadReport) -> tuple[Finding, ...]:
    full = [line for line in report.people if line.places and line.targets >= line.places]
    if not full:
        return ()
    return (Finding(f"{len(full)} 人的限额已用满，限额最紧的席位最容易预知由谁担任；下次可增加名额。", False),)


def _replaced(report: LoadReport) -> tuple[Finding, ...]:
    often = [line for line in report.people if line.left >= 3]
    if not often:
        return ()
    shown = "、".join(f"{_called(line)} {line.left} 次" for line in often[:5])
    return (Finding(f"抽中后三次以上退出的有 {len(often)} 人：{shown}。请核对每次退出的证明材料。", True),)
