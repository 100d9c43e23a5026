"""Inspectors, experts and declared conflicts of the sample."""

import datetime
from typing import Final

from service.registry import Conflict, Expert, Inspector

from .city import CITY_CODE, DEPARTMENT, DISTRICTS
from .names import person_name
from .sectors import SECTOR_NAMES
from .stream import Shares, Stream
from .targets import make_target

INSPECTORS: Final = 80
EXPERTS: Final = 40
CONFLICTS: Final = 30

_UNITS: Final = {
    "危险化学品监督管理科": ("危险化学品", "烟花爆竹"),
    "非煤矿山监督管理科": ("非煤矿山", "建材"),
    "工贸安全监督管理科": ("金属冶炼", "机械", "粉尘涉爆", "轻工"),
    "综合执法大队一中队": ("危险化学品", "轻工", "商贸"),
    "综合执法大队二中队": ("机械", "建材", "纺织"),
    "综合执法大队三中队": ("粉尘涉爆", "轻工", "商贸"),
    "综合执法大队四中队": ("非煤矿山", "金属冶炼", "烟花爆竹"),
}
_EMPLOYERS: Final = (
    "云州理工学院", "云州市化工研究院", "云州市安全生产协会", "云州职业技术学院",
    "云州市矿山设计院", "云州市机械工程学会", "云州市冶金设计院", "云州市纺织工业协会",
    "云州市建筑材料研究所", "退休（原云州化肥厂）",
)  # fmt: skip
_RELATIONS: Final = Shares(
    {"kinship": 10, "former-employer": 8, "shareholding": 6, "dealings": 4, "other": 2}
)
_EVIDENCE: Final = {
    "kinship": "本人申报，配偶或近亲属在该企业任职",
    "former-employer": "干部人事档案，三年内曾在该企业工作",
    "shareholding": "个人有关事项报告，本人或近亲属持有股份",
    "dealings": "本人申报，存在房屋租赁关系",
    "other": "本人申请回避，已经负责人批准",
}


def make_inspector(seed: str, number: int, as_of: datetime.date) -> Inspector:
    """Inspector `number`; about one certificate in twelve has expired and as many expire within 60 days."""
    stream = Stream(seed, f"inspector {number}")
    unit = tuple(_UNITS)[number % len(_UNITS)]
    home = _UNITS[unit]
    others = tuple(name for name in SECTOR_NAMES if name not in home)
    districts = stream.several(DISTRICTS, 1, 3)
    remaining = (-20 - stream.below(200), 5 + stream.below(55))[number % 2] if stream.below(6) == 0 else 0
    expires = as_of + datetime.timedelta(days=remaining or 90 + stream.below(3000))
    return Inspector(
        number=f"{CITY_CODE[:4]}{2000001 + number * 7 + stream.below(7):07d}",
        name=person_name(stream),
        unit=unit,
        department=DEPARTMENT,
        areas=tuple(township for district in districts for township in district.townships),
        specialities=home + tuple(stream.several(others, 1, 3)),
        certificate_expires=expires.isoformat(),
        capacity=(6, 8, 8, 10, 12)[stream.below(5)],
        lead=number % 3 == 0,
        status=("suspended" if stream.below(2) else "inactive") if stream.below(20) == 0 else "active",
    )


def make_expert(seed: str, number: int, targets: int, as_of: datetime.date) -> Expert:
    """Expert `number`, who may serve up to five of the first `targets` firms."""
    stream = Stream(seed, f"expert {number}")
    districts = stream.several(DISTRICTS, 2, 4)
    main = SECTOR_NAMES[number % len(SECTOR_NAMES)]
    second = stream.several(tuple(name for name in SECTOR_NAMES if name != main), 1, 2)
    served = sorted({stream.below(targets) for _ in range(stream.below(6))}) if targets else []
    return Expert(
        number=f"{CITY_CODE[:4]}-E{number + 1:03d}",
        name=person_name(stream),
        employer=stream.pick(_EMPLOYERS),
        department=DEPARTMENT,
        areas=tuple(township for district in districts for township in district.townships),
        specialities=(main, *second),
        term_ends=(as_of + datetime.timedelta(days=stream.below(3000) - 60)).isoformat(),
        capacity=(4, 5, 6, 8)[stream.below(4)],
        serves=tuple(make_target(seed, firm, as_of).id for firm in served),
        status="inactive" if stream.below(25) == 0 else "active",
    )


def make_conflicts(seed: str, targets: int, as_of: datetime.date) -> list[Conflict]:
    """CONFLICTS declared conflicts, most of them of inspectors, no pair twice; none if there is no firm."""
    found: dict[tuple[str, str], Conflict] = {}
    number = 0
    while targets and len(found) < CONFLICTS:
        stream = Stream(seed, f"conflict {number}")
        number += 1
        if stream.below(5):
            person = make_inspector(seed, stream.below(INSPECTORS), as_of).number
        else:
            person = make_expert(seed, stream.below(EXPERTS), targets, as_of).number
        firm = make_target(seed, stream.below(targets), as_of).id
        reason = _RELATIONS.pick(stream)
        found.setdefault((person, firm), Conflict(person, firm, reason, _EVIDENCE[reason]))
    return list(found.values())
