"""The forms of a plan: what was typed to a plan, with every fault at its field, and a plan back to what the form shows. Pure.

A form is field -> values, as it was posted; what was typed is shown again whatever is wrong with it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final, TypeVar

import msgspec

from selection.plan import (
    AtLeast,
    Fixed,
    LargestRemainder,
    Percent,
    PercentOrOne,
    PerOfficer,
    PerPeriod,
    QuotaRule,
)
from service.annual_plan.content import AnnualPlan, Batch, Entry, KeyTarget, PlannedItem, TimeBudget
from service.drafts import DraftStratum
from service.language import gettext, marked
from service.registry.normalise import normalise_date
from service.registry.records import RISK_COLOURS

__all__ = ["RULES", "SCOPE_FIELDS", "Faults", "Form", "basis_form", "codes_of", "entry_form", "read_basis", "read_entry", "read_time",
           "time_form"]  # fmt: skip

Form = Mapping[str, Sequence[str]]
Faults = dict[str, str]
T = TypeVar("T")

RULES: Final = {
    "fixed": marked("固定户数"), "percent": marked("百分比，四舍五入"), "percent-or-one": marked("百分比，四舍五入，至少 1 户"),
    "at-least": marked("不少于百分比，不足一户进一"), "per-officer": marked("每名检查员的户数"), "largest-remainder": marked("各层合计户数，按比例分"),
    "per-period": marked("全年百分比，分期抽"),
}  # fmt: skip
SCOPE_FIELDS: Final = {
    "areas": "area", "sectors": "sector", "risk_colours": "risk_colour", "credit_classes": "credit_class",
    "standardisations": "standardisation", "entity_types": "entity_type",
}  # fmt: skip
_SHARES: Final[dict[str, type[Percent | PercentOrOne | AtLeast]]] = {"percent": Percent, "percent-or-one": PercentOrOne, "at-least": AtLeast}
_COLOUR_CODES: Final = {word: code for code, word in RISK_COLOURS.items()}
_percent = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,4}))?%?|([0-9]{1,9})/([0-9]{1,9})").fullmatch


def _one(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "").strip()


def _rows(form: Form, *names: str) -> list[tuple[int, tuple[str, ...]]]:
    """Return the rows of fields that repeat, numbered from 1, without those in which nothing was typed in any but selects."""
    columns = [list(form.get(name, ())) for name in names]
    count = max(map(len, columns), default=0)
    rows = [tuple((column[n].strip() if n < len(column) else "") for column in columns) for n in range(count)]
    return list(enumerate(rows, 1))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _list(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[、，,;；\n]", text) if part.strip()))


def _colours(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(_COLOUR_CODES.get(word, _COLOUR_CODES.get(word.removesuffix("色"), word)) for word in words)


def _number(text: str, field: str, faults: Faults) -> int:
    if not re.fullmatch("[0-9]{1,7}", text, re.ASCII):
        faults[field] = gettext("“%(text)s”不是整数") % {"text": text[:20]} if text else gettext("没有填写")
        return 0
    return int(text)


def _date(text: str, field: str, faults: Faults) -> date:
    found = normalise_date(text)
    if found.value is None or found.ranged or not found.understood:
        faults[field] = gettext("“%(text)s”不是一个日期；写成 2026-03-01 这样") % {"text": text[:20]} if text else gettext("没有填写日期")
        return date(2000, 1, 1)
    return date.fromisoformat(found.value)


def _share(text: str) -> tuple[int, int] | None:
    found = _percent(text.replace("％", "%").replace("／", "/"))
    if found is None:
        return None
    whole, part, numerator, denominator = found.groups()
    if numerator is not None:
        return (int(numerator), int(denominator)) if int(numerator) <= int(denominator) > 0 else None
    share = Fraction(int(whole + (part or "")), 100 * 10 ** len(part or ""))
    return (int(share * 100), 100) if share <= 1 and (share * 100).denominator == 1 else (share.numerator, share.denominator) if share <= 1 else None


def _share_text(numerator: int, denominator: int) -> str:
    hundredths = Fraction(numerator * 10_000, denominator) if denominator else Fraction(0)
    return f"{hundredths.numerator / 100:g}" if hundredths.denominator == 1 else f"{numerator}/{denominator}"


def _made(make: Callable[[], T], field: str, faults: Faults) -> T | None:
    """Return what `make` makes of the fields, or None with a fault if a text has a form that no plan may have."""
    try:
        return make()
    except msgspec.ValidationError as error:
        faults.setdefault(field, gettext("文字太长，或含有换行、控制字符（%(where)s）") % {"where": str(error).rpartition("$.")[2].rstrip("`") or "?"})
        return None


# ---------------------------------------------------------------- the plan itself


def basis_form(plan: AnnualPlan) -> dict[str, list[str]]:
    """Return the form of a plan's basis, with three empty rows for caps."""
    caps = [*plan.caps, *[None] * 3]
    return {
        "title": [plan.title], "document": [plan.document], "legal_basis": ["\n".join(plan.legal_basis)], "sections": list(plan.sections),
        "first": [plan.first.isoformat()], "last": [plan.last.isoformat()], "caps_note": [plan.caps_note],
        "cap_most": ["" if cap is None else str(cap.most) for cap in caps],
        "cap_colours": ["" if cap is None else "、".join(RISK_COLOURS.get(c, c) for c in cap.risk_colours) for cap in caps],
        "cap_grades": ["" if cap is None else "、".join(cap.standardisations) for cap in caps],
        "cap_sectors": ["" if cap is None else "、".join(cap.sectors) for cap in caps],
    }  # fmt: skip


def read_basis(plan: AnnualPlan, form: Form) -> tuple[AnnualPlan | None, Faults]:
    """Return the plan with the basis typed, or None with the faults by field."""
    faults: Faults = {}
    if not _one(form, "title"):
        faults["title"] = gettext("没有填写标题")
    if not _lines(_one(form, "legal_basis")):
        faults["legal_basis"] = gettext("没有填写法律依据")
    first, last = (_date(_one(form, name), name, faults) for name in ("first", "last"))
    caps = []
    for number, (most, colours, grades, sectors) in _rows(form, "cap_most", "cap_colours", "cap_grades", "cap_sectors"):
        if most or colours or grades or sectors:
            asked = {"most": _number(most, f"cap_most_{number}", faults), "risk_colours": _colours(_list(colours)),
                     "standardisations": _list(grades), "sectors": _list(sectors)}  # fmt: skip
            caps.append(asked)
            if unknown := [colour for colour in asked["risk_colours"] if colour not in RISK_COLOURS]:  # type: ignore[attr-defined]
                faults[f"cap_colours_{number}"] = gettext("没有风险等级“%(colour)s”；有红、橙、黄、蓝") % {"colour": unknown[0][:20]}
    if faults:
        return None, faults
    changed = {
        "title": _one(form, "title"), "document": _one(form, "document"), "legal_basis": _lines(_one(form, "legal_basis")),
        "sections": tuple(form.get("sections", ())), "first": first, "last": last, "caps": caps, "caps_note": " ".join(_lines(_one(form, "caps_note"))),
    }  # fmt: skip
    return _made(lambda: msgspec.convert(msgspec.to_builtins(plan) | msgspec.to_builtins(changed), AnnualPlan), "title", faults), faults


def time_form(plan: AnnualPlan, statutory: int | None) -> dict[str, list[str]]:
    """Return the form of the calculator; the statutory days are filled in from the calendar of the year."""
    budget = plan.time
    if budget is None:
        return {"statutory": ["" if statutory is None else str(statutory)]}
    values = {name: getattr(budget, name) for name in TimeBudget.__struct_fields__}
    return {name: ["" if value is None else str(value)] for name, value in values.items()}


def read_time(form: Form) -> tuple[TimeBudget | None, Faults]:
    """Return the budget typed; None with the faults, or without any if all fields are empty: then the plan has none."""
    faults: Faults = {}
    needed = ("statutory", "officers", "other_enforcement", "non_enforcement")
    if not any(_one(form, name) for name in TimeBudget.__struct_fields__ if name != "statutory"):
        return None, faults
    values = {name: _number(_one(form, name), name, faults) for name in needed}
    optional = {name: _number(_one(form, name), name, faults) for name in ("key", "least_key") if _one(form, name)}
    if optional.get("least_key", 0) > 100:
        faults["least_key"] = gettext("比例不能超过 100%%") % {}
    return (None, faults) if faults else (TimeBudget(**values, **optional), faults)


# ---------------------------------------------------------------- a task


def entry_form(entry: Entry) -> dict[str, list[str]]:
    """Return the form of a task, with empty rows for two more batches and three more strata."""
    form: dict[str, list[str]] = {
        "id": [entry.id], "name": [entry.name], "origin": [entry.origin], "legal_basis": ["\n".join(entry.legal_basis)],
        "sections": list(entry.sections), "items": [item.id for item in entry.items], "directed": ["yes" if entry.directed else "no"],
        "stratify_by": [entry.stratify_by or ""],
        "batch_first": [*(b.first.isoformat() for b in entry.batches), "", ""], "batch_last": [*(b.last.isoformat() for b in entry.batches), "", ""],
        "batch_visits": [*(str(b.visits) for b in entry.batches), "", ""],
        "key_targets": ["\n".join(f"{one.target} {one.reason}" for one in entry.key_targets)],
    }  # fmt: skip
    form |= {f"scope_{field}": [RISK_COLOURS.get(v, v) if field == "risk_colours" else v for v in getattr(entry.scope, field)] for field in SCOPE_FIELDS}
    rows = [_stratum_row(entry, stratum) for stratum in entry.strata] + [("", "", "percent", "", "", "")] * 3
    names = ("stratum_name", "stratum_values", "stratum_kind", "stratum_number", "stratum_period", "stratum_periods")
    return form | {name: [row[n] for row in rows] for n, name in enumerate(names)}


def _stratum_row(entry: Entry, stratum: DraftStratum) -> tuple[str, ...]:
    rule, period, periods = stratum.rule, "", ""
    match rule:
        case Fixed():
            number = str(rule.count)
        case LargestRemainder():
            number = str(rule.total)
        case PerOfficer():
            number = str(rule.targets)
        case None:
            number = ""
        case _:
            number = _share_text(rule.numerator, rule.denominator)
    if isinstance(rule, PerPeriod):
        period, periods = str(rule.period), str(rule.periods)
    values = [RISK_COLOURS.get(v, v) if entry.stratify_by == "risk_colour" else v for v in stratum.values]
    return stratum.name, "、".join(values), "percent" if rule is None else str(rule.__struct_config__.tag), number, period, periods


def codes_of(form: Form) -> list[str]:
    """Return the codes of the enterprises that a form names, to look up their names."""
    return [line.split(maxsplit=1)[0].rstrip(",，") for line in map(_spaced, _lines(_one(form, "key_targets"))) if line]


def _spaced(line: str) -> str:
    return re.sub(r"[\t,，|]+", " ", line, count=1).strip()


def read_entry(form: Form, items: Mapping[str, str], names: Mapping[str, str], old: Entry | None) -> tuple[Entry | None, Faults]:
    """Return the task typed, or None with the faults by field. `items` are those of the registry by id, `names` of the enterprises named.

    An item that ended since keeps the name that `old` has for it.
    """
    faults: Faults = {}
    for field, words in (("id", gettext("没有填写编号")), ("name", gettext("没有填写名称"))):
        if not _one(form, field):
            faults[field] = words
    if _one(form, "id") and not re.fullmatch("[0-9A-Za-z._-]{1,64}", _one(form, "id"), re.ASCII):
        faults["id"] = gettext("编号只用字母、数字和 . _ -，至多 64 个")
    known = {item.id: item.name for item in (() if old is None else old.items)} | dict(items)
    key = _one(form, "origin") == "plan-key"
    batches = [
        Batch(first=_date(first, f"batch_first_{n}", faults), last=_date(last, f"batch_last_{n}", faults), visits=_number(visits, f"batch_visits_{n}", faults))
        for n, (first, last, visits) in _rows(form, "batch_first", "batch_last", "batch_visits") if first or last or visits
    ]  # fmt: skip
    strata = [] if key else _strata(form, faults)
    directed = _one(form, "directed") == "yes" and not key
    scope: dict[str, Any] = {} if not directed else {field: _scope_values(form, field) for field in SCOPE_FIELDS}
    targets = _key_targets(form, names, faults) if key else []
    if faults:
        return None, faults
    asked: dict[str, Any] = {
        "id": _one(form, "id"), "name": _one(form, "name"), "origin": "plan-key" if key else "plan-random",
        "legal_basis": _lines(_one(form, "legal_basis")), "sections": tuple(form.get("sections", ())),
        "items": [PlannedItem(id=id, name=known.get(id, id)) for id in form.get("items", ())], "directed": directed, "scope": scope,
        "stratify_by": _one(form, "stratify_by") or None if not key else None, "strata": strata, "batches": batches, "key_targets": targets,
    }  # fmt: skip
    return _made(lambda: msgspec.convert(msgspec.to_builtins(asked), Entry), "name", faults), faults


def _scope_values(form: Form, field: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys([*form.get(f"scope_{field}", ()), *_list(_one(form, f"scope_{field}_text"))]))
    return _colours(values) if field == "risk_colours" else values


def _strata(form: Form, faults: Faults) -> list[DraftStratum]:
    strata = []
    fields = ("stratum_name", "stratum_values", "stratum_kind", "stratum_number", "stratum_period", "stratum_periods")
    for number, (name, values, kind, amount, period, periods) in _rows(form, *fields):
        if not (name or values or amount):
            continue
        listed = _list(values)
        if _one(form, "stratify_by") == "risk_colour":
            listed = _colours(listed)
        rule = _rule(kind, amount, period, periods, number, faults)
        strata.append({"name": name or values or gettext("全部"), "values": listed, "rule": rule})
    return [made for row in strata if (made := _made(lambda row=row: msgspec.convert(msgspec.to_builtins(row), DraftStratum), "strata", faults))]  # type: ignore[misc]


def _rule(kind: str, amount: str, period: str, periods: str, row: int, faults: Faults) -> QuotaRule | None:
    field = f"stratum_number_{row}"
    if kind in ("fixed", "largest-remainder", "per-officer"):
        count = _number(amount, field, faults)
        return Fixed(count) if kind == "fixed" else LargestRemainder(count) if kind == "largest-remainder" else PerOfficer(count)
    share = _share(amount)
    if share is None:
        faults[field] = gettext("“%(text)s”不是 0 到 100 之间的百分比；写 5、2.5 或 1/3") % {"text": amount[:20]} if amount else gettext("没有填写百分比")
        return None
    if kind == "per-period":
        now, all_ = (_number(text, f"stratum_period_{row}", faults) for text in (period, periods))
        return PerPeriod(denominator=share[1], numerator=share[0], period=now, periods=all_)
    shared: type[Percent | PercentOrOne | AtLeast] = _SHARES.get(kind, Percent)
    return shared(denominator=share[1], numerator=share[0])


def _key_targets(form: Form, names: Mapping[str, str], faults: Faults) -> list[KeyTarget]:
    found = []
    for number, line in enumerate(_lines(_one(form, "key_targets")), 1):
        code, _, reason = _spaced(line).partition(" ")
        if code not in names:
            faults.setdefault("key_targets", gettext("第 %(line)s 行：名录里没有企业 %(code)s") % {"line": number, "code": code[:64]})
        elif not reason.strip():
            faults.setdefault("key_targets", gettext("第 %(line)s 行：%(code)s 后面没有写理由") % {"line": number, "code": code})
        else:
            found.append(KeyTarget(target=code, name=names[code], reason=reason.strip()))
    return found
