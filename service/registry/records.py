"""What a registry holds: targets, items, inspectors, experts and conflicts, as plain values.

Every text field is "" where nothing is known, every date is "YYYY-MM-DD" or None (for an expiry: no end).
None can be part of a reference cycle, so the garbage collector need not watch a million of them.
Vocabularies are English words; the tables below give the Chinese label of each word.
"""

from typing import Final, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["targets", "items", "inspectors", "experts", "conflicts"]
KINDS: Final[tuple[Kind, ...]] = ("targets", "items", "inspectors", "experts", "conflicts")

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
CONFLICT_REASONS: Final = {
    "kinship": "近亲属",
    "former-employer": "曾任职",
    "shareholding": "持股投资",
    "service": "技术服务",
    "dealings": "经济往来",
    "other": "其他利害关系",
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


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An inspection item (抽查事项). `classes` are the sectors it applies to; empty means every sector."""

    id: str
    name: str
    department: str = ""
    legal_basis: str = ""
    mandatory: bool = False
    classes: tuple[str, ...] = ()
    method: str = ""


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


Record: TypeAlias = Target | Item | Inspector | Expert | Conflict

RECORD_TYPES: Final[dict[Kind, type[Record]]] = {
    "targets": Target,
    "items": Item,
    "inspectors": Inspector,
    "experts": Expert,
    "conflicts": Conflict,
}


def record_key(record: Record) -> str:
    """The text that names a record within its registry; for a conflict `person|target`."""
    if isinstance(record, Conflict):
        return conflict_key(record.person, record.target)
    if isinstance(record, Inspector | Expert):
        return record.number
    return record.id


def conflict_key(person: str, target: str) -> str:
    """The key of a conflict. `|` cannot occur in a code, so no two pairs share a key."""
    return f"{person}|{target}"


def conflicts_of(expert: Expert) -> list[Conflict]:
    """One conflict for each firm the expert serves, in the order listed.

    A serving expert may not take part in that firm's inspection (专家挂点服务企业应当回避).
    """
    return [Conflict(expert.number, code, "service", "专家登记的服务企业") for code in expert.serves]
