"""What a registry holds: targets, items, inspectors, experts, conflicts, services and past inspections, as plain values.

Every text field is "" where nothing is known, every date is "YYYY-MM-DD" or None (for an expiry: no end).
None can be part of a reference cycle, so the garbage collector need not watch a million of them.
Vocabularies are English words; the tables below give the Chinese label of each word.
"""

import re
from typing import Final, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["targets", "items", "inspectors", "experts", "conflicts", "services", "inspections"]
KINDS: Final[tuple[Kind, ...]] = ("targets", "items", "inspectors", "experts", "conflicts", "services", "inspections")

RISK_COLOURS: Final = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}
TARGET_STATUSES: Final = {
    "active": "正常",
    "suspended": "停产停业",
    "closed": "关闭",
    "deregistered": "注销",
    "revoked": "吊销",
    "moved": "迁出",
}
PERSON_STATUSES: Final = {"active": "有效", "suspended": "暂停", "inactive": "失效"}
ITEM_STATUSES: Final = {"active": "有效", "inactive": "失效"}
PROVIDERS: Final = {"expert": "专家", "organisation": "第三方机构"}
CONFLICT_REASONS: Final = {
    "kinship": "近亲属",
    "former-employer": "曾任职",
    "shareholding": "持股投资",
    "service": "技术服务",
    "dealings": "经济往来",
    "other": "其他利害关系",
}

# Whence an inspection came. Yearly caps do not count those from `complaint` to `urgent`, unless a rule says otherwise.
ORIGINS: Final = {
    "plan-random": "双随机抽查",
    "plan-key": "计划内重点检查",
    "special": "专项检查",
    "complaint": "投诉举报",
    "referral": "上级交办或转办移送",
    "joint": "上级联合检查",
    "audit": "检验机构监督",
    "monitoring": "监测预警线索",
    "media": "媒体曝光",
    "recheck": "整改复查",
    "enterprise-request": "企业申请",
    "licence": "许可核查",
    "urgent": "其他紧急情况",
    "other": "其他",
}


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An inspection target (检查对象). `id` is its credit code where it has one."""

    id: str
    name: str
    area: str = ""
    sector: str = ""
    risk_colour: str = ""
    credit_class: str = ""
    standardisation: str = ""
    entity_type: str = ""
    address: str = ""
    established: str | None = None
    status: str = "active"
    last_inspected: str | None = None
    headcount: int | None = None


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An inspection item (抽查事项). `classes` are the sectors it applies to; empty means every sector."""

    id: str
    name: str
    department: str = ""
    legal_basis: str = ""
    mandatory: bool = False
    classes: tuple[str, ...] = ()
    method: str = ""
    status: str = "active"


class Inspector(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A certified inspector (执法检查人员). `capacity` counts targets per draw; 0 means no own limit."""

    number: str
    name: str
    unit: str = ""
    department: str = ""
    areas: tuple[str, ...] = ()
    specialities: tuple[str, ...] = ()
    certificate_expires: str | None = None
    capacity: int = 0
    lead: bool = False
    status: str = "active"


class Expert(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A technical expert (专家). `serves` are codes of firms served, each of which is a conflict."""

    number: str
    name: str
    employer: str = ""
    department: str = ""
    areas: tuple[str, ...] = ()
    specialities: tuple[str, ...] = ()
    term_ends: str | None = None
    capacity: int = 0
    serves: tuple[str, ...] = ()
    status: str = "active"


class Conflict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One person may not inspect one target (回避). `reason` is a word of CONFLICT_REASONS."""

    person: str
    target: str
    reason: str
    evidence: str = ""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An expert or a hired organisation served a target (服务关系) from `since` to `until`; None: still does.

    `provider` is an expert's number, or an organisation's name or credit code; `provider_kind` a word of PROVIDERS says which.
    """

    provider: str
    provider_kind: str
    target: str
    since: str
    until: str | None = None
    what: str = ""
    evidence: str = ""


class Inspection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One visit of the past by one department (检查记录). `origin` is a word of ORIGINS; "" where nothing was said, and then it counts."""

    target: str
    inspected_on: str
    department: str = ""
    number: str = ""
    origin: str = ""
    outcome: str = ""
    punished: bool = False


Record: TypeAlias = Target | Item | Inspector | Expert | Conflict | Service | Inspection

RECORD_TYPES: Final[dict[Kind, type[Record]]] = {
    "targets": Target,
    "items": Item,
    "inspectors": Inspector,
    "experts": Expert,
    "conflicts": Conflict,
    "services": Service,
    "inspections": Inspection,
}

# The fields that name a record within its registry, the first of which a file must have.
KEYS: Final[dict[Kind, tuple[str, ...]]] = {
    "targets": ("id",),
    "items": ("id",),
    "inspectors": ("number",),
    "experts": ("number",),
    "conflicts": ("person", "target"),
    "services": ("provider", "target", "since"),
    "inspections": ("target", "inspected_on", "department", "number"),
}


def record_key(record: Record) -> str:
    """The text that names a record within its registry; for a conflict `person|target`, likewise of others that several parts name."""
    if isinstance(record, Conflict):
        return joint_key(record.person, record.target)
    if isinstance(record, Service):
        return joint_key(record.provider, record.target, record.since)
    if isinstance(record, Inspection):
        return joint_key(record.target, record.inspected_on, record.department, record.number)
    if isinstance(record, Inspector | Expert):
        return record.number
    return record.id


def joint_key(*parts: str) -> str:
    r"""The key of a record that several parts name. `|` in a part (departments are named freely) becomes `\|`: no two keys are alike."""
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def split_key(kind: Kind, key: str) -> tuple[str, ...]:
    """The parts that `joint_key` joined; the key itself where one part names the record."""
    if len(KEYS[kind]) == 1:
        return (key,)
    return tuple(re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"(?:^|\|)((?:[^|\\]|\\.)*)", key, re.DOTALL))


def conflicts_of(expert: Expert) -> list[Conflict]:
    """One conflict for each firm the expert serves, in the order listed.

    A serving expert may not take part in that firm's inspection (专家挂点服务企业应当回避).
    """
    return [Conflict(expert.number, code, "service", "专家登记的服务企业") for code in expert.serves]
