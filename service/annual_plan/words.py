"""A plan in words: what pages, files and differences say of a task, the same everywhere."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from service.annual_plan.content import AnnualPlan, Batch, Entry
from service.drafts import CapClass, Scope
from service.language import gettext, marked
from service.pages.words import rule_in_words
from service.registry.records import RISK_COLOURS

__all__ = ["ATTRIBUTES", "ENTRY_ORIGINS", "ORIGIN_WORDS", "batch_words", "cap_words", "entry_lines", "plan_lines", "scope_words", "strata_words"]

ATTRIBUTES: Final = {
    "area": marked("区域"), "sector": marked("行业领域"), "risk_colour": marked("风险等级"), "credit_class": marked("信用等级"),
    "standardisation": marked("标准化等级"), "entity_type": marked("主体类型"),
}  # fmt: skip
ENTRY_ORIGINS: Final = {"plan-random": marked("双随机抽查"), "plan-key": marked("重点检查")}
# As the registry calls them (service/registry/records.py), marked for the catalogues.
ORIGIN_WORDS: Final = {
    "plan-random": marked("双随机抽查"), "plan-key": marked("计划内重点检查"), "special": marked("专项检查"), "complaint": marked("投诉举报"),
    "referral": marked("上级交办或转办移送"), "joint": marked("上级联合检查"), "audit": marked("检验机构监督"), "monitoring": marked("监测预警线索"),
    "media": marked("媒体曝光"), "recheck": marked("整改复查"), "enterprise-request": marked("企业申请"), "licence": marked("许可核查"),
    "urgent": marked("其他紧急情况"), "other": marked("其他"),
}  # fmt: skip
_SCOPE: Final = {
    "areas": "area", "sectors": "sector", "risk_colours": "risk_colour", "credit_classes": "credit_class",
    "standardisations": "standardisation", "entity_types": "entity_type",
}  # fmt: skip


def _values(attribute: str, values: Sequence[str]) -> str:
    return "、".join(RISK_COLOURS.get(value, value) if attribute == "risk_colour" else value for value in values)


def scope_words(scope: Scope) -> str:
    """Return which targets a directed task is about; '' for all."""
    parts = [
        f"{gettext(ATTRIBUTES[attribute])}：{_values(attribute, getattr(scope, field))}"
        for field, attribute in _SCOPE.items() if getattr(scope, field)
    ]  # fmt: skip
    return "；".join(parts)


def strata_words(entry: Entry) -> str:
    """Return how many are drawn, stratum by stratum."""
    parts = []
    for stratum in entry.strata:
        rule = "" if stratum.rule is None else rule_in_words(stratum.rule)
        values = _values(entry.stratify_by or "", stratum.values)
        parts.append(f"{stratum.name}{f'（{values}）' if values and values != stratum.name else ''}：{rule}")
    return "；".join(parts)


def batch_words(batches: Sequence[Batch]) -> str:
    """Return when the batches are, and how many visits each expects."""
    return "；".join(gettext("%(first)s 至 %(last)s，%(visits)s 户") % {"first": b.first, "last": b.last, "visits": b.visits} for b in batches)


def cap_words(cap: CapClass) -> str:
    """Return one class of the yearly caps: whom it is about, and how often they may be visited."""
    groups = [
        gettext("风险等级%(colours)s") % {"colours": _values("risk_colour", cap.risk_colours)} if cap.risk_colours else "",
        gettext("标准化%(grades)s") % {"grades": "、".join(cap.standardisations)} if cap.standardisations else "",
        "、".join(cap.sectors),
    ]  # fmt: skip
    return gettext("%(who)s：每年不超过 %(most)s 次") % {"who": "，".join(filter(None, groups)) or gettext("其余各类"), "most": cap.most}


def entry_lines(entry: Entry, plan: AnnualPlan, sections: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (label, value) for everything a plan says of a task; empty values are left out."""
    key = entry.origin == "plan-key"
    lines = [
        (gettext("名称"), entry.name),
        (gettext("方式"), gettext(ENTRY_ORIGINS[entry.origin])),
        (gettext("定向或不定向"), "" if key else (gettext("定向") if entry.directed else gettext("不定向"))),
        (gettext("抽查范围"), scope_words(entry.scope)),
        (gettext("按什么分层"), gettext(ATTRIBUTES[entry.stratify_by]) if entry.stratify_by else ""),
        (gettext("比例或户数"), strata_words(entry)),
        (gettext("点名的企业"), "；".join(f"{one.name}（{one.target}，{one.reason}）" for one in entry.key_targets)),
        (gettext("检查事项"), "；".join(f"{item.name}（{item.id}）" for item in entry.items)),
        (gettext("参加部门"), "、".join(sections.get(label, label) for label in entry.sections or plan.sections)),
        (gettext("分批安排"), batch_words(entry.batches)),
        (gettext("法律依据"), "；".join(entry.legal_basis or plan.legal_basis)),
    ]
    return [(label, value) for label, value in lines if value]


def plan_lines(plan: AnnualPlan, sections: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (label, value) for what a plan says of itself, without its tasks; empty values are left out."""
    time = plan.time
    lines = [
        (gettext("标题"), plan.title), (gettext("文号"), plan.document), (gettext("法律依据"), "；".join(plan.legal_basis)),
        (gettext("参加部门"), "、".join(sections.get(label, label) for label in plan.sections)),
        (gettext("实施期间"), _span(plan.first, plan.last)),
        (gettext("年度检查频次上限"), "；".join(map(cap_words, plan.caps))), (gettext("频次上限说明"), plan.caps_note),
        (gettext("监督检查工作日测算"), "" if time is None else
         f"{time.statutory} × {time.officers} − {time.other_enforcement} − {time.non_enforcement} = "
         f"{time.statutory * time.officers - time.other_enforcement - time.non_enforcement}"),
        (gettext("其中重点检查"), "" if time is None or time.key is None else gettext("%(days)s 天") % {"days": time.key}),
        (gettext("重点检查至少占"), "" if time is None or time.least_key is None else f"{time.least_key}%"),
    ]  # fmt: skip
    return [(label, value) for label, value in lines if value]


def _span(first: date, last: date) -> str:
    return gettext("%(first)s 至 %(last)s") % {"first": first, "last": last}
