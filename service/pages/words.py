"""The words of the public pages: what the codes of the record mean, in plain Chinese."""

from datetime import UTC, datetime
from fractions import Fraction

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

    word: str
    tone: str
    sentence: str


STATES = {
    "frozen": Status("名单已锁定，等待开号", "warn", "名单已锁定并公布，号码还没有产生。"),
    "contributed": Status("号码已齐，等待抽取", "warn", "名单已锁定，号码已全部公布，正待按规则计算结果。"),
    "drawn": Status("已抽取并公布", "good", "已抽取，结果已公布，任何人都可以重算。"),
    "sealed": Status(
        "已抽取，结果封存", "warn", "已抽取一次，结果封存；现在只公布承诺，启封时公布全部内容。"
    ),
    "opened": Status("已启封并公布", "good", "结果曾经封存，现已启封公布，任何人都可以重算。"),
    "voided": Status("已作废", "bad", "本批次在产生任何结果之前作废，没有抽取。"),
}
VOID_REASONS = {
    "list-error": "名单有误", "plan-error": "计划有误", "witness-shortage": "到场见证人不足两名", "superior-order": "上级决定",
}  # fmt: skip
ORIGINS = {"annual-plan": "年度检查计划", "special-campaign": "专项行动", "temporary-task": "临时任务"}
EXCEPTIONS = {
    "small-stratum": "本层不足 20 户", "no-chance": "本层没有人靠抽签抽中", "thin-seat": "某些区域可选的人不足三名",
    "wide-exclusion": "须回避的企业超过五分之一", "narrow-pool": "排除的比留在名单中的多",
}  # fmt: skip
CAUSES = {"date": "已到计划写明的启封时间", "last-visit": "全部对象检查完毕"}
REQUESTERS = {
    "subject": "被检查单位申请",
    "authority": "机关自行发现",
    "court": "法院裁判",
    "audit": "审计或监督要求",
}
REDACTION_REASONS = {
    "retention-ended": "保存期限届满", "subject-request": "本人或单位申请", "court-order": "法院裁判",
    "authority-order": "主管机关要求", "published-in-error": "误公布",
}  # fmt: skip
STATUSES = {
    "in_force": Status("现行有效", "good", ""),
    "contested": Status("有异议，正在复核", "warn", "被检查单位对这一结果有异议，复核期间请谨慎引用。"),
    "corrected": Status("更正后有效", "good", ""),
    "withdrawn": Status("已撤回", "bad", "这一结果已撤回，不再有效。"),
}


class Code(Struct, frozen=True):
    """A result code: its official wording and one plain sentence."""

    word: str
    tone: str
    sentence: str


CODES: dict[ResultCode, Code] = {
    "NO_PROBLEM": Code("未发现问题", "good", "抽中的事项都查过，没有发现违法违规。"),
    "NOT_DISCLOSED": Code("未按规定公示应当公示的信息", "warn", "该单位没有按规定公示应当公示的信息。"),
    "FALSE_DISCLOSURE": Code("公示信息隐瞒真实情况、弄虚作假", "bad", "该单位公示的信息与事实不符。"),
    "UNREACHABLE": Code("通过登记的住所（经营场所）无法联系", "warn", "按登记的地址找不到该单位。"),
    "FIXED_ON_ORDER": Code("发现问题，经责令已改正", "good", "查出了问题，责令改正后已经改好。"),
    "NO_SUCH_ACTIVITY": Code("未发现开展本次抽查涉及的经营活动", "plain", "该单位没有从事这次要查的活动。"),
    "CLOSED_OR_LIQUIDATING": Code("已关闭停业或正在组织清算", "plain", "该单位已停业或正在清算。"),
    "NON_COOPERATION_SERIOUS": Code("不配合检查，情节严重", "bad", "该单位不配合检查，情节严重。"),
    "PROBLEM_FOLLOW_UP": Code("发现问题，待后续处理", "warn", "查出了问题，还在处理。"),
    "DEREGISTERED": Code("已注销", "plain", "检查时该单位已经注销。"),
    "REVOKED": Code("已被吊销", "plain", "检查时该单位的执照或许可已被吊销。"),
    "RESCINDED": Code("已被撤销", "plain", "检查时该单位的登记已被撤销。"),
    "MOVED_OUT": Code("已迁出", "plain", "检查时该单位已迁出本机关管辖范围。"),
    "HAZARD_GENERAL": Code("发现一般事故隐患，责令限期整改", "warn", "查出一般隐患，责令整改。"),
    "HAZARD_MAJOR": Code("发现重大事故隐患", "bad", "查出重大隐患，须停产停业或者撤出人员后整改。"),
    "CASE_OPENED": Code("立案调查", "bad", "涉嫌违法，已经立案。"),
    "TRANSFERRED": Code("移送其他部门处理", "warn", "发现的问题归其他部门管，已经移送。"),
    "REFUSED": Code("拒绝检查", "bad", "该单位拒绝接受检查。"),
}


WITHDRAWN = Code("已撤回", "plain", "曾经公布的结果已撤回，不再有效。")  # in the place of a result: what was found is said no longer


def standing_code(code: ResultCode, status: str) -> Code:
    """Return a result in words as it stands: contested, or withdrawn and therefore said no longer."""
    if status == "withdrawn":
        return WITHDRAWN
    found = CODES[code]
    return Code(f"{found.word}（有异议）", found.tone, found.sentence) if status == "contested" else found


def rule_in_words(rule: QuotaRule) -> str:
    """Return how many a quota asks for, and how it is rounded."""
    match rule:
        case Fixed():
            return f"固定 {rule.count} 户"
        case PerOfficer():
            return f"每名检查员 {rule.targets} 户，至多全部"
        case LargestRemainder():
            return f"各层合计 {rule.total} 户，按户数比例分配，余数大的先补足"
    share = percent(Fraction(rule.numerator, rule.denominator)) if rule.denominator else "0%"
    match rule:
        case AtLeast():
            return f"不少于 {share}，不足一户的进一"
        case PercentOrOne():
            return f"{share}，四舍五入，至少 1 户"
        case PerPeriod():
            return f"全年 {share}，四舍五入，分 {rule.periods} 期，本期为第 {rule.period} 期"
    return "全部检查，次序随机" if share == "100%" else f"{share}，四舍五入"


def count_in_words(quota: Quota, mandatory: int) -> str:
    """Return the sum that leads from the rule to how many are drawn by lot."""
    rule, steps = quota.rule, ""
    if isinstance(rule, PerOfficer):
        steps = f"检查员每名 {rule.targets} 户，取 {quota.quota}"
    elif isinstance(rule, LargestRemainder):
        steps = f"合计 {rule.total} 户，本层分得 {quota.quota} 户"
    elif isinstance(rule, PerPeriod):
        steps = f"{quota.base} 户的 {percent(Fraction(rule.numerator, rule.denominator))}，第 {rule.period}/{rule.periods} 期取 {quota.quota}"
    elif not isinstance(rule, Fixed):
        exact = Fraction(quota.base * rule.numerator, rule.denominator)
        hundredths = (exact * 200 + 1) // 2
        number = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
        steps = f"{quota.base} × {percent(Fraction(rule.numerator, rule.denominator))} = {number}，取 {quota.quota}"
    if quota.by_lot != quota.quota:
        steps += f"{'；' if steps else ''}其中必查 {mandatory} 户，抽签 {quota.by_lot} 户"
    return steps or f"抽签 {quota.by_lot} 户"


def percent(share: Fraction) -> str:
    """Return a share as a percentage, with one decimal where it needs one."""
    tenths = (share * 2000 + 1) // 2  # half up, in tenths of a per cent
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}%"


def chance_in_words(by_lot: int, among: int) -> str:
    """Return the chance of each firm that is not mandatory, in words a reader can picture."""
    if among == 0:
        return "没有参加抽签的对象"
    if by_lot == 0:
        return "本层不抽签"
    if by_lot == among:
        return "全部抽中"
    share = Fraction(by_lot, among)
    every = 1 / share
    if every.denominator == 1:
        return f"每 {every.numerator} 户抽 1 户"
    tenths = (every * 20 + 1) // 2
    shown = f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
    return f"约每 {shown} 户抽 1 户"


def planned_drawn(plan: Plan) -> int:
    """Return how many targets the plan draws, mandatory ones included: known from the freeze on, whatever the numbers."""
    return sum(stratum.mandatory + max(quota.by_lot for quota in stratum.quotas) for stratum in plan.strata)
