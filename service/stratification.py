"""Into which strata of a draft a target falls, and the same in words. Pure.

A stratum names values of one attribute (`values`) or of several (`where`); one stratum at most takes all the rest. Which targets fall
into none or into several is for the caller to say: nobody is left out in silence.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from service.drafts import Attribute, Band, Draft, DraftStratum, Where
from service.registry import records

__all__ = ["ATTRIBUTES", "Facts", "attributes_of", "band_faults", "band_words", "bands_hold", "facts_of", "months_between", "rule_text", "stratum_finder",
           "stratum_shape_faults", "value_words"]  # fmt: skip

ATTRIBUTES: Final[dict[str, str]] = {
    "area": "所属区域", "sector": "行业领域", "risk_colour": "风险等级", "credit_class": "信用等级", "standardisation": "标准化等级",
    "entity_type": "企业类型", "size": "从业人数", "recency": "距上次检查",
}  # fmt: skip
_UNITS: Final = {"size": "人", "recency": "个月"}
_UNKNOWN: Final = {"size": "人数未填", "recency": "从未检查"}

# The values of a target in the attributes that a draft stratifies by, in that order; None where a number is not known.
Facts = tuple[str | int | None, ...]


def attributes_of(draft: Draft) -> tuple[Attribute, ...]:
    """Return by which attributes the draft stratifies; none: everything is one stratum."""
    asked = draft.stratify_by
    if asked is None:
        return ()
    return (asked,) if isinstance(asked, str) else asked


@lru_cache(maxsize=65_536)  # a registry names few different days
def months_between(day: str, later: date) -> int:
    """Return the whole months from `day` (YYYY-MM-DD) to `later`; 0 if it is not earlier."""
    past = date.fromisoformat(day)
    months = (later.year - past.year) * 12 + later.month - past.month - (later.day < past.day)
    return max(0, months)


def facts_of(attributes: Sequence[Attribute], record: records.Target, last: str | None, first_visit: date) -> Facts:
    """Return the target's values in `attributes`; `last` is the day of its last inspection, None for never."""
    return tuple(
        record.headcount if name == "size"
        else (None if last is None else months_between(last, first_visit)) if name == "recency"
        else getattr(record, name)
        for name in attributes
    )  # fmt: skip


def bands_hold(bands: Sequence[Band], value: int | None) -> bool:
    """Return whether one of the bands holds the number, or what has none; no band at all holds everything."""
    return not bands or any(_band_holds(band, value) for band in bands)


def _band_holds(band: Band, value: int | None) -> bool:
    if value is None:
        return band.unknown
    if band.from_ is None and band.to is None:
        return False
    return (band.from_ is None or value >= band.from_) and (band.to is None or value <= band.to)


def _is_rest(stratum: DraftStratum) -> bool:
    return not stratum.values and (stratum.where is None or stratum.where == Where())


def stratum_finder(draft: Draft) -> Callable[[Facts], tuple[int, ...]]:
    """Return a function from facts to the numbers, from 1, of the strata that hold them: one where the draft is sound."""
    attributes = attributes_of(draft)
    named = [(n, stratum) for n, stratum in enumerate(draft.strata, 1) if not _is_rest(stratum)]
    rest = tuple(n for n, stratum in enumerate(draft.strata, 1) if _is_rest(stratum))
    known: dict[Facts, tuple[int, ...]] = {}

    def find(facts: Facts) -> tuple[int, ...]:
        if facts not in known:  # a registry has few different combinations
            found = tuple(n for n, stratum in named if _holds(stratum, attributes, facts))
            known[facts] = found or rest
        return known[facts]

    return find


def _holds(stratum: DraftStratum, attributes: Sequence[Attribute], facts: Facts) -> bool:
    if stratum.values:
        return len(facts) == 1 and facts[0] in stratum.values
    where = stratum.where
    assert where is not None
    for name, value in zip(attributes, facts, strict=True):
        if name == "size" or name == "recency":
            assert not isinstance(value, str)
            if not bands_hold(getattr(where, name), value):
                return False
        elif (asked := getattr(where, name)) and value not in asked:
            return False
    return True


def stratum_shape_faults(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with how the strata are written, whatever the registry holds, in Chinese and English."""
    attributes = attributes_of(draft)
    if len(set(attributes)) < len(attributes):
        yield "分层依据中有重复的属性；请各只留一个", "stratify_by names an attribute twice"
    for number, stratum in enumerate(draft.strata, 1):
        place, en = f"第 {number} 层“{stratum.name[:60]}”", f"stratum {number}"
        if stratum.values and stratum.where is not None:
            yield f"{place}同时写了 values 和 where；请只留其一", f"{en} has both values and where"
        if stratum.values and len(attributes) > 1:
            yield f"{place}按多个属性分层，须用 where 逐个属性写明取值", f"{en} has values, but several attributes are asked"
        if stratum.values and attributes in (("size",), ("recency",)):
            yield f"{place}按数量分层，须在 where 中写明区间（from、to）", f"{en} has values, but {attributes[0]} asks for bands"
        if stratum.where is None:
            continue
        for name in ATTRIBUTES:
            if getattr(stratum.where, name) and name not in attributes:
                yield (
                    f"{place}写了{ATTRIBUTES[name]}，分层依据中却没有；请把 {name} 加入 stratify_by，或从该层删去",
                    f"{en} asks {name}, which stratify_by does not name",
                )
        for counted in _UNITS:
            yield from (
                (f"{place}的{ATTRIBUTES[counted]}区间{wrong[0]}", f"{en}: a band of {counted} {wrong[1]}")
                for wrong in band_faults(getattr(stratum.where, counted))
            )


def band_faults(bands: Sequence[Band]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with bands in themselves, in Chinese and English."""
    for band in bands:
        if band.from_ is None and band.to is None and not band.unknown:
            yield "没有起止；请填 from 或 to，只取没有数字的对象则填 unknown", "has neither end nor unknown"
        if band.from_ is not None and band.to is not None and band.from_ > band.to:
            yield f"从 {band.from_} 到 {band.to}，起大于止；请改正", f"runs from {band.from_} to {band.to}"


def rule_text(draft: Draft, number: int) -> str:
    """Return in words which targets stratum `number`, from 1, holds."""
    stratum, attributes = draft.strata[number - 1], attributes_of(draft)
    if _is_rest(stratum):
        if not attributes:
            return "全部对象"
        return f"{'、'.join(ATTRIBUTES[name] for name in attributes)}为其余各类"
    if stratum.values and attributes:
        return f"{ATTRIBUTES[attributes[0]]}为{value_words(attributes[0], stratum.values)}"
    where = stratum.where or Where()
    asked = [(name, getattr(where, name)) for name in attributes if getattr(where, name)]
    return "，且".join(
        f"{ATTRIBUTES[name]}{band_words(name, held)}" if name in _UNITS else f"{ATTRIBUTES[name]}为{value_words(name, held)}"
        for name, held in asked
    )


def value_words(attribute: str, values: Sequence[str]) -> str:
    """Return the values as people write them: `红、橙`; `未填` for the empty one."""
    colours = records.RISK_COLOURS if attribute == "risk_colour" else {}
    return "、".join(colours.get(value, value) or "未填" for value in values)


def band_words(attribute: str, bands: Sequence[Band]) -> str:
    """Return bands in words: `20 至 299 人`, `24 个月以上或从未检查`."""
    unit, unknown = _UNITS[attribute], _UNKNOWN[attribute]
    words: list[str] = []
    for band in bands:
        if band.from_ is not None and band.to is not None:
            words.append(f"{band.from_} 至 {band.to} {unit}" if band.from_ < band.to else f"{band.from_} {unit}")
        elif band.from_ is not None:
            words.append(f"{band.from_} {unit}以上（含）")
        elif band.to is not None:
            words.append(f"{band.to} {unit}以下（含）")
        if band.unknown:
            words.append(unknown)
    return "或".join(dict.fromkeys(words))
