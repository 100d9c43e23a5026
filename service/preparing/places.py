"""On which page a fault of a draft or plan is mended: by how it begins in Chinese, or what its English half says. Pure."""

import re
from typing import Final

__all__ = ["page_of"]

_PLACES: Final[tuple[tuple[str, str], ...]] = (
    (r"no reason is stated|reason is stated for|reason stated for|被排除于 \d+ 个对象", "exceptions"),
    (r"^请假名单|^不得同组|\(?leave names|apart names", "people"),
    (r"^必查对象|既是排除规则又是必查理由|mandatory target|^(只抽检查人员时，)?必查", "mandatory"),
    (r"^排除规则|^频次上限|^检查日期跨|^名单规则|pool rule", "rules"),
    (r"^抽查范围|^没有风险等级", "scope"),
    (r"不属于任何一类|^类别|^席位|^不止一个类别|^行业领域|^事项|class |seat |item |speciality", "classes"),
    (r"^任务|^临时任务|^批次|teams_of|^草案的来源|^本计划只为|retries", "basis"),
    (r"^分层|^第 \d+ 层|^取值|^草案没有分层|不属于任何一层|^\d+ 户|^按多个|stratum|strata|quota|total \d+", "strata"),
    (r"contributor|nonce|dice|thrower|witness|drand|the example|digits|给号|掷骰|见证人", "numbers"),
    (r"frozen_at|names_open|opens at|visits|^检查截止日|^检查日期|instant|sealed", "times"),
    (r"^部门|^没有登记部门|^牵头部门|section ", "sections"),
    (r"replacement", "reasons"),
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(pattern), page) for pattern, page in _PLACES)


def page_of(fault: str) -> str:
    """Return the slug of the page on which a fault is mended; "" where no page knows it."""
    return next((page for pattern, page in _COMPILED if pattern.search(fault)), "")
