"""The words of the public pages: what the codes of the record mean, in plain Chinese."""

from datetime import UTC, datetime
from fractions import Fraction

import msgspec
from msgspec import Struct

from disclosure.document import ResultCode
from selection.plan import (
    AtLeast,
    Fixed,
    LargestRemainder,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
    Plan,
    Quota,
    QuotaRule,
)
from service.language import Table, gettext, marked
from service.office import BEIJING

__all__ = ["CAUSES", "CODES", "EXCEPTIONS", "ORIGINS", "REDACTION_REASONS", "REQUESTERS", "STATES", "STATUSES", "VOID_REASONS", "WITHDRAWN", "Code", "Status", "beijing",
           "chance_in_words", "count_in_words", "percent", "planned_drawn", "rule_in_words",
           "standing_code"]  # fmt: skip


def beijing(instant: datetime | str) -> str:
    """Return an instant as the clock shows it in Beijing: `2026-11-10 09:00`, with seconds where there are any."""
    if isinstance(instant, str):
        instant = datetime.fromisoformat(instant)
    local = instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(BEIJING)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


class Status(Struct, frozen=True):
    """A state in words; `tone` colours it: good, warn, bad or plain."""

    said: str
    tone: str
    explained: str

    @property
    def word(self) -> str:
        """The state, in the language being spoken."""
        return gettext(self.said)

    @property
    def sentence(self) -> str:
        """What it means, in the language being spoken; may be empty."""
        return self.explained and gettext(self.explained)


STATES = {
    "frozen": Status(marked("名单已锁定，等待开号"), "warn", marked("名单已锁定并公布，号码还没有产生。")),
    "contributed": Status(marked("号码已齐，等待抽取"), "warn", marked("名单已锁定，号码已全部公布，正待按规则计算结果。")),
    "drawn": Status(marked("已抽取并公布"), "good", marked("已抽取，结果已公布，任何人都可以重算。")),
    "sealed": Status(
        marked("已抽取，结果封存"), "warn", marked("已抽取一次，结果封存；现在只公布承诺，启封时公布全部内容。")
    ),
    "opened": Status(marked("已启封并公布"), "good", marked("结果曾经封存，现已启封公布，任何人都可以重算。")),
    "voided": Status(marked("已作废"), "bad", marked("本批次在产生任何结果之前作废，没有抽取。")),
}
VOID_REASONS = Table({
    "list-error": marked("名单有误"), "plan-error": marked("计划有误"), "witness-shortage": marked("到场见证人不足两名"), "superior-order": marked("上级决定"),
})  # fmt: skip
ORIGINS = Table({"annual-plan": marked("年度检查计划"), "special-campaign": marked("专项行动"), "temporary-task": marked("临时任务")})
EXCEPTIONS = Table({
    "small-stratum": marked("本层不足 20 户"), "no-chance": marked("本层没有人靠抽签抽中"), "thin-seat": marked("某些区域可选的人不足三名"),
    "wide-exclusion": marked("须回避的企业超过五分之一"), "narrow-pool": marked("排除的比留在名单中的多"),
})  # fmt: skip
CAUSES = Table({"date": marked("已到计划写明的启封时间"), "last-visit": marked("全部对象检查完毕")})
REQUESTERS = Table({
    "subject": marked("被检查单位申请"),
    "authority": marked("机关自行发现"),
    "court": marked("法院裁判"),
    "audit": marked("审计或监督要求"),
})
REDACTION_REASONS = Table({
    "retention-ended": marked("保存期限届满"), "subject-request": marked("本人或单位申请"), "court-order": marked("法院裁判"),
    "authority-order": marked("主管机关要求"), "published-in-error": marked("误公布"),
})  # fmt: skip
STATUSES = {
    "in_force": Status(marked("现行有效"), "good", ""),
    "contested": Status(marked("有异议，正在复核"), "warn", marked("被检查单位对这一结果有异议，复核期间请谨慎引用。")),
    "corrected": Status(marked("更正后有效"), "good", ""),
    "withdrawn": Status(marked("已撤回"), "bad", marked("这一结果已撤回，不再有效。")),
}


class Code(Struct, frozen=True):
    """A result code: its official wording and one plain sentence."""

    official: str
    tone: str
    explained: str
    remark: str = ""

    @property
    def word(self) -> str:
        """The official wording, which is Chinese, with a remark; in another language with what it means in brackets."""
        gloss = gettext(self.official)
        term = self.official if gloss == self.official else f"{self.official} ({gloss})"
        return term + (self.remark and gettext(self.remark))

    @property
    def sentence(self) -> str:
        """What it means, in the language being spoken."""
        return gettext(self.explained)


CODES: dict[ResultCode, Code] = {
    "NO_PROBLEM": Code(marked("未发现问题"), "good", marked("抽中的事项都查过，没有发现违法违规。")),
    "NOT_DISCLOSED": Code(marked("未按规定公示应当公示的信息"), "warn", marked("该单位没有按规定公示应当公示的信息。")),
    "FALSE_DISCLOSURE": Code(marked("公示信息隐瞒真实情况、弄虚作假"), "bad", marked("该单位公示的信息与事实不符。")),
    "UNREACHABLE": Code(marked("通过登记的住所（经营场所）无法联系"), "warn", marked("按登记的地址找不到该单位。")),
    "FIXED_ON_ORDER": Code(marked("发现问题，经责令已改正"), "good", marked("查出了问题，责令改正后已经改好。")),
    "NO_SUCH_ACTIVITY": Code(marked("未发现开展本次抽查涉及的经营活动"), "plain", marked("该单位没有从事这次要查的活动。")),
    "CLOSED_OR_LIQUIDATING": Code(marked("已关闭停业或正在组织清算"), "plain", marked("该单位已停业或正在清算。")),
    "NON_COOPERATION_SERIOUS": Code(marked("不配合检查，情节严重"), "bad", marked("该单位不配合检查，情节严重。")),
    "PROBLEM_FOLLOW_UP": Code(marked("发现问题，待后续处理"), "warn", marked("查出了问题，还在处理。")),
    "DEREGISTERED": Code(marked("已注销"), "plain", marked("检查时该单位已经注销。")),
    "REVOKED": Code(marked("已被吊销"), "plain", marked("检查时该单位的执照或许可已被吊销。")),
    "RESCINDED": Code(marked("已被撤销"), "plain", marked("检查时该单位的登记已被撤销。")),
    "MOVED_OUT": Code(marked("已迁出"), "plain", marked("检查时该单位已迁出本机关管辖范围。")),
    "HAZARD_GENERAL": Code(marked("发现一般事故隐患，责令限期整改"), "warn", marked("查出一般隐患，责令整改。")),
    "HAZARD_MAJOR": Code(marked("发现重大事故隐患"), "bad", marked("查出重大隐患，须停产停业或者撤出人员后整改。")),
    "CASE_OPENED": Code(marked("立案调查"), "bad", marked("涉嫌违法，已经立案。")),
    "TRANSFERRED": Code(marked("移送其他部门处理"), "warn", marked("发现的问题归其他部门管，已经移送。")),
    "REFUSED": Code(marked("拒绝检查"), "bad", marked("该单位拒绝接受检查。")),
}


WITHDRAWN = Code(marked("已撤回"), "plain", marked("曾经公布的结果已撤回，不再有效。"))  # in the place of a result: what was found is said no longer


def standing_code(code: ResultCode, status: str) -> Code:
    """Return a result in words as it stands: contested, or withdrawn and therefore said no longer."""
    if status == "withdrawn":
        return WITHDRAWN
    found = CODES[code]
    return msgspec.structs.replace(found, remark=marked("（有异议）")) if status == "contested" else found


def rule_in_words(rule: QuotaRule) -> str:
    """Return how many a quota asks for, and how it is rounded."""
    match rule:
        case Fixed():
            return gettext("固定 {count} 户").format(count=rule.count)
        case PerOfficer():
            return gettext("每名检查员 {targets} 户，至多全部").format(targets=rule.targets)
        case LargestRemainder():
            return gettext("各层合计 {total} 户，按户数比例分配，余数大的先补足").format(total=rule.total)
    share = percent(Fraction(rule.numerator, rule.denominator)) if rule.denominator else "0%"
    match rule:
        case AtLeast():
            return gettext("不少于 {share}，不足一户的进一").format(share=share)
        case PercentOrOne():
            return gettext("{share}，四舍五入，至少 1 户").format(share=share)
        case PerPeriod():
            return gettext("全年 {share}，四舍五入，分 {periods} 期，本期为第 {period} 期").format(share=share, periods=rule.periods, period=rule.period)
    return gettext("全部检查，次序随机") if share == "100%" else gettext("{share}，四舍五入").format(share=share)


def count_in_words(quota: Quota, mandatory: int) -> str:
    """Return the sum that leads from the rule to how many are drawn by lot."""
    rule, steps = quota.rule, ""
    if isinstance(rule, PerOfficer):
        steps = gettext("检查员每名 {targets} 户，取 {quota}").format(targets=rule.targets, quota=quota.quota)
    elif isinstance(rule, LargestRemainder):
        steps = gettext("合计 {total} 户，本层分得 {quota} 户").format(total=rule.total, quota=quota.quota)
    elif isinstance(rule, PerPeriod):
        steps = gettext("{base} 户的 {share}，第 {period}/{periods} 期取 {quota}").format(base=quota.base, share=percent(Fraction(rule.numerator, rule.denominator)), period=rule.period, periods=rule.periods, quota=quota.quota)
    elif not isinstance(rule, Fixed):
        exact = Fraction(quota.base * rule.numerator, rule.denominator)
        hundredths = (exact * 200 + 1) // 2
        number = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
        steps = gettext("{base} × {share} = {number}，取 {quota}").format(base=quota.base, share=percent(Fraction(rule.numerator, rule.denominator)), number=number, quota=quota.quota)
    if quota.by_lot != quota.quota:
        steps += gettext("{before}其中必查 {mandatory} 户，抽签 {by_lot} 户").format(before=gettext("；") if steps else "", mandatory=mandatory, by_lot=quota.by_lot)
    return steps or gettext("抽签 {by_lot} 户").format(by_lot=quota.by_lot)


def percent(share: Fraction) -> str:
    """Return a share as a percentage, with one decimal where it needs one."""
    tenths = (share * 2000 + 1) // 2  # half up, in tenths of a per cent
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}%"


def chance_in_words(by_lot: int, among: int) -> str:
    """Return the chance of each firm that is not mandatory, in words a reader can picture."""
    if among == 0:
        return gettext("没有参加抽签的对象")
    if by_lot == 0:
        return gettext("本层不抽签")
    if by_lot == among:
        return gettext("全部抽中")
    share = Fraction(by_lot, among)
    every = 1 / share
    if every.denominator == 1:
        return gettext("每 {every} 户抽 1 户").format(every=every.numerator)
    tenths = (every * 20 + 1) // 2
    shown = f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
    return gettext("约每 {every} 户抽 1 户").format(every=shown)


def planned_drawn(plan: Plan) -> int:
    """Return how many targets the plan draws, mandatory ones included: known from the freeze on, whatever the numbers."""
    return sum(stratum.mandatory + max(quota.by_lot for quota in stratum.quotas) for stratum in plan.strata)
