"""One parser per form of cell: text in, value and remarks out; a remark is a code of `findings.WORDINGS`."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from . import credit_code
from .fields import Form
from .normalise import (
    CODE_PATTERN,
    code_list,
    is_scientific,
    normalise_code,
    normalise_date,
    normalise_list,
    normalise_name,
    normalise_text,
)
from .records import (
    CONFLICT_REASONS,
    ITEM_STATUSES,
    ORIGINS,
    PERSON_STATUSES,
    PROVIDERS,
    RISK_COLOURS,
    TARGET_STATUSES,
)
from .table import CellNote

Value: TypeAlias = str | bool | int | tuple[str, ...] | None


class Remark(NamedTuple):
    """A finding without its place."""

    code: str
    detail: str = ""


class Parsed(NamedTuple):
    """The value of a cell, None also for one that failed, and what to say about it."""

    value: Value
    remarks: tuple[Remark, ...] = ()


def _aliases(labels: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    table = {word: word for word in labels} | {label: word for word, label in labels.items()}
    for word, texts in more.items():
        table |= dict.fromkeys(texts.split(), word)
    return table


_COLOURS: Final = _aliases(
    RISK_COLOURS,
    {
        "red": "红色 红色风险 重大风险 重大 重大安全风险",
        "orange": "橙色 橙色风险 较大风险 较大 较大安全风险",
        "yellow": "黄色 黄色风险 一般风险 一般 一般安全风险",
        "blue": "蓝色 蓝色风险 低风险 低 低安全风险",
    },
)
_TARGET_STATUSES: Final = _aliases(
    TARGET_STATUSES,
    {
        "active": "存续 在业 在营 在册 开业 营业 正常营业 生产 在产 正常生产 登记成立 "
        "存续(在营、开业、在册) 在营(开业)",
        "suspended": "停产 停业 歇业 停业歇业 长期停产 停建 季节性停产",
        "closed": "已关闭 清算 正在清算 倒闭",
        "deregistered": "已注销 注销登记",
        "revoked": "被吊销 已吊销 吊销未注销 吊销,未注销 撤销",
        "moved": "已迁出 迁移 外迁",
    },
)
_PERSON_STATUSES: Final = _aliases(
    PERSON_STATUSES,
    {
        "active": "在岗 在职 正常 启用 在聘 聘任中 是",
        "suspended": "停用 休假 请假 病假 产假 借调 离岗 暂停执法",
        "inactive": "离职 退休 调离 注销 过期 解聘 吊销 无效 否",
    },
)
_ITEM_STATUSES: Final = _aliases(ITEM_STATUSES, {"active": "正常 启用 现行 是", "inactive": "无效 废止 取消 停用 作废 否"})
_PROVIDERS: Final = _aliases(
    PROVIDERS,
    {"expert": "技术专家 个人 专家个人", "organisation": "机构 第三方 服务机构 技术服务机构 中介机构 单位 企业 公司"},
)
_REASONS: Final = _aliases(
    CONFLICT_REASONS,
    {
        "kinship": "亲属 近亲属关系 亲属关系 夫妻 配偶 父母 子女 兄弟姐妹 姻亲",
        "former-employer": "原任职 曾任职单位 原工作单位 原单位 曾在该企业任职",
        "shareholding": "持股 投资 股东 入股 持有股份",
        "service": "服务 挂点服务 服务企业 受聘服务 顾问 专家服务",
        "dealings": "借贷 债权债务 租赁 业务往来 经济利益",
        "other": "其他 其它 其他关系",
    },
)
_ORIGINS: Final = _aliases(
    ORIGINS,
    {
        "plan-random": "双随机 “双随机” 随机抽查 双随机检查 双随机一公开 计划抽查 不定向抽查 定向抽查",
        "plan-key": "重点检查 重点监管 重点监督检查 计划检查 年度计划 日常检查 日常监管 日常巡查 巡查 例行检查",
        "special": "专项 专项行动 专项整治 专项抽查 集中整治",
        "complaint": "投诉 举报 投诉举报核查 举报核查 信访 信访投诉",
        "referral": "上级交办 交办 交办转办 转办 移送 转办移送 移交 案件移送 上级部署",
        "joint": "上级联合 联合上级检查 配合上级检查",
        "audit": "检验机构监督检查 机构监督",
        "monitoring": "监测预警 数据监测 风险监测 非现场监管 监测线索 预警线索 线索核查",
        "media": "舆情 媒体报道 舆情线索",
        "recheck": "复查 整改复查检查 复查验收 回头看 整改确认",
        "enterprise-request": "企业主动申请 企业申请检查 依申请 企业要求",
        "licence": "许可 许可现场核查 许可审查 证后检查 发证核查",
        "urgent": "紧急 应急检查 突发事件",
        "other": "其它 其他检查",
    },
)
_FLAGS: Final = {
    **dict.fromkeys(
        ("是", "有", "可", "能", "必查", "必检", "√", "✓", "✔", "Y", "YES", "TRUE", "T", "1"), True
    ),
    **dict.fromkeys(("否", "不可", "不能", "非必查", "选查", "×", "✗", "N", "NO", "FALSE", "F", "0"), False),
}
_GRADES: Final = {
    **dict.fromkeys(("一级", "1级", "国家一级", "1", "I级", "I", "一级达标", "一级企业"), "一级"),
    **dict.fromkeys(("二级", "2级", "2", "II级", "II", "二级达标", "二级企业"), "二级"),
    **dict.fromkeys(("三级", "3级", "3", "III级", "III", "三级达标", "三级企业"), "三级"),
    **dict.fromkeys(("小微", "小微企业", "小微达标"), "小微"),
    **dict.fromkeys(("未达标", "未评定", "未创建", "未定级", "未评级", "无等级"), ""),
}
_CREDIT: Final = re.compile(r"([A-DM])(?:级|类|等)?")


def parse_code(text: str, note: CellNote | None) -> Parsed:
    """A code; a number that lost digits and a code that became a date are refused."""
    if not text.strip():
        return Parsed(None, (Remark("code-missing"),))
    if note == "date":
        return Parsed(None, (Remark("code-date"),))
    if note in ("lossy", "fraction") or is_scientific(text):
        return Parsed(None, (Remark("code-lossy"),))
    value, changes = normalise_code(text)
    remarks: list[Remark] = [Remark("code-number")] if note == "integer" else []
    if not value:
        return Parsed(None, (Remark("code-missing"),))
    if CODE_PATTERN.fullmatch(value) is None:
        return Parsed(None, (Remark("code-form"),))
    if changes:
        remarks.append(Remark("code-normalised", value))
    return Parsed(value, tuple(remarks))


def credit_remarks(code: str) -> tuple[Remark, ...]:
    """What the checks of a target's code have to say; always warnings."""
    described = credit_code.describe(code)
    hint = f"（{described.suggestion}？）" if described.suggestion else ""
    return tuple(
        Remark(problem, hint if problem == "credit-letters" else "") for problem in described.problems
    )


def _text(text: str) -> Parsed:
    value = normalise_text(text)
    if "\ufffd" in value:
        return Parsed(value, (Remark("text-damaged"),))
    if value[:1] in ("=", "+", "-", "@"):
        return Parsed(value, (Remark("formula-text"),))
    return Parsed(value)


def _name(text: str) -> Parsed:
    value = normalise_name(text)
    if not value:
        return Parsed(None, (Remark("value-missing"),))
    remarks = _text(value).remarks
    if value != text.strip() and text.strip().removeprefix("'") != value:
        remarks += (Remark("name-spaces", value),)
    return Parsed(value, remarks)


def _codes(text: str) -> Parsed:
    remarks: list[Remark] = []
    values: list[str] = []
    for part in code_list(text):
        if not normalise_text(part):
            continue
        parsed = parse_code(part, None)
        remarks += parsed.remarks
        if isinstance(parsed.value, str):
            values.append(parsed.value)
            remarks += credit_remarks(parsed.value)
    return Parsed(tuple(dict.fromkeys(values)), tuple(remarks))


def _date(text: str) -> Parsed:
    date = normalise_date(text)
    if not date.understood:
        return Parsed(None, (Remark("date-unknown"),))
    if date.serial:
        return Parsed(date.value, (Remark("date-serial", date.value or ""),))
    if date.ranged:
        return Parsed(date.value, (Remark("date-range", date.value or "长期"),))
    return Parsed(date.value)


def _word(text: str, words: dict[str, str], code: str, labels: dict[str, str], default: str) -> Parsed:
    value = _half_width(text)
    if not value:
        return Parsed(default)
    if found := words.get(value) or words.get(value.lower()):
        return Parsed(found)
    return Parsed(None, (Remark(code, "、".join(labels.values())),))


def _half_width(text: str) -> str:
    return normalise_text(text).replace("（", "(").replace("）", ")").replace("，", ",")


def _colour(text: str) -> Parsed:
    return _word(text, _COLOURS, "colour-unknown", RISK_COLOURS, "")


def _target_status(text: str) -> Parsed:
    return _word(text, _TARGET_STATUSES, "status-unknown", TARGET_STATUSES, "active")


def _person_status(text: str) -> Parsed:
    return _word(text, _PERSON_STATUSES, "status-unknown", PERSON_STATUSES, "active")


def _item_status(text: str) -> Parsed:
    return _word(text, _ITEM_STATUSES, "status-unknown", ITEM_STATUSES, "active")


def _provider(text: str) -> Parsed:
    if not normalise_text(text):
        return Parsed(None, (Remark("value-missing"),))
    return _word(text, _PROVIDERS, "provider-unknown", PROVIDERS, "")


def _grade(text: str) -> Parsed:
    value = normalise_text(text).replace("Ⅲ", "III").replace("Ⅱ", "II").replace("Ⅰ", "I")
    known = value if value in _GRADES.values() else _GRADES.get(value)
    if known is None:
        return Parsed(value, (Remark("grade-unknown", "一级、二级、三级、小微"),))
    return Parsed(known)


def _credit(text: str) -> Parsed:
    value = normalise_code(normalise_text(text)).value
    if not value:
        return Parsed("")
    if match := _CREDIT.fullmatch(value):
        return Parsed(match[1])
    return Parsed(normalise_text(text), (Remark("grade-unknown", "A、B、C、D"),))


def _flag(text: str) -> Parsed:
    value = normalise_code(normalise_text(text)).value
    if not value:
        return Parsed(False)
    found = _FLAGS.get(value)
    return Parsed(None, (Remark("flag-unknown"),)) if found is None else Parsed(found)


def _count(text: str) -> Parsed:
    value = normalise_code(normalise_text(text)).value
    if not value:
        return Parsed(0)
    if re.fullmatch(r"[1-9][0-9]{0,3}", value):
        return Parsed(int(value))
    return Parsed(None, (Remark("count-unknown"),))


def _headcount(text: str) -> Parsed:
    value = normalise_code(normalise_text(text)).value.removesuffix("人").replace(",", "")
    if not value:
        return Parsed(None)
    if re.fullmatch(r"0|[1-9][0-9]{0,6}", value):
        return Parsed(int(value))
    return Parsed(None, (Remark("headcount-unknown"),))


def _origin(text: str) -> Parsed:
    return _word(text, _ORIGINS, "origin-unknown", ORIGINS, "")


def _reason(text: str) -> Parsed:
    value = normalise_text(text)
    if not value:
        return Parsed(None, (Remark("value-missing"),))
    found = _REASONS.get(value) or _REASONS.get(value.lower())
    return Parsed(found) if found else Parsed("other", (Remark("reason-unknown"),))


def _list(text: str) -> Parsed:
    return Parsed(normalise_list(text))


_PARSERS: Final[dict[Form, Callable[[str], Parsed]]] = {
    "text": _text,
    "list": _list,
    "date": _date,
    "colour": _colour,
    "grade": _grade,
    "credit": _credit,
    "flag": _flag,
    "count": _count,
    "target-status": _target_status,
    "person-status": _person_status,
    "item-status": _item_status,
    "provider": _provider,
    "reason": _reason,
    "origin": _origin,
    "headcount": _headcount,
}
# Most cells of a column repeat; names, addresses and codes do not, and would only fill the memory.
CELL_PARSERS: Final[dict[Form, Callable[[str], Parsed]]] = {
    "name": _name,
    "codes": _codes,
    **{form: lru_cache(maxsize=16_384)(parser) for form, parser in _PARSERS.items()},
}
