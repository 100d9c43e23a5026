"""The draft that answers make, or everything that is missing or wrong in them, by page and field. Pure."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from selection import plan
from selection.forms import Id, Label, Text, Time
from selection.plan import QuotaRule, ReplacementReason, Task
from service.drafts import (
    Band,
    Draft,
    Leave,
    Mandatory,
    Scope,
    Statement,
    VisitDays,
    Word,
)
from service.fault_words import clip
from service.field_words import in_chinese
from service.language import gettext
from service.preparing.answers import Answers, QuotaAnswer
from service.preparing.texts import (
    parse_bands,
    parse_day,
    parse_moment,
    parse_number,
    parse_period,
    parse_share,
)

__all__ = ["Fault", "Reader", "read_basis", "read_exceptions", "read_mandatory", "read_people", "read_reasons", "read_scope", "read_sections", "read_times",
           "type_of"]  # fmt: skip

T = TypeVar("T")
SHARES: Final[dict[str, type]] = {"percent": plan.Percent, "percent-or-one": plan.PercentOrOne, "at-least": plan.AtLeast}


class Fault(Struct, frozen=True):
    """What keeps a page from being complete: `missing` is something not filled in, everything else is wrong as it stands."""

    page: str
    field: str
    words: str
    missing: bool = False


class Reader:
    """Takes the texts of one page apart. Whatever it cannot take is noted with its field, and its place is taken by None."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.faults: list[Fault] = []

    def miss(self, field: str, words: str) -> None:
        self.faults.append(Fault(self.page, field, words, missing=True))

    def refuse(self, field: str, words: str) -> None:
        self.faults.append(Fault(self.page, field, words))

    def of_type(self, field: str, value: Any, kind: Any, label: str) -> Any:
        """Return `value` if it is of `kind` (an annotated type); what is wrong is said by the wording of requests."""
        try:
            return msgspec.convert(value, type=kind)
        except msgspec.ValidationError as error:
            self.refuse(field, gettext("%(label)s“%(value)s”：%(fault)s") % {"label": label, "value": clip(str(value)), "fault": in_chinese(str(error))})
            return None

    def text(self, field: str, value: str, label: str, kind: Any = Text) -> Any:
        """Return a text that has to be filled in."""
        if not value:
            self.miss(field, gettext("请填写%(label)s") % {"label": label})
            return None
        return self.of_type(field, value, kind, label)

    def choice(self, field: str, value: str, label: str, kind: Any) -> Any:
        """Return one of a few words; nothing chosen is missing."""
        if not value:
            self.miss(field, gettext("请选择%(label)s") % {"label": label})
            return None
        return self.of_type(field, value, kind, label)

    def words(self, field: str, values: tuple[str, ...], label: str, kind: Any = Word) -> Any:
        """Return words of a registry."""
        return self.of_type(field, values, tuple[kind, ...], label)

    def number(self, field: str, value: str, label: str, least: int, most: int, blank: int | None = None) -> int | None:
        """Return a whole number; `blank` is what nothing filled in means, None: it has to be filled in."""
        if not value:
            if blank is None:
                self.miss(field, gettext("请填写%(label)s") % {"label": label})
            return blank
        found = parse_number(value)
        if found is None or not least <= found <= most:
            self.refuse(field, gettext("%(label)s“%(value)s”应为 %(least)s 到 %(most)s 的整数")
                        % {"label": label, "value": clip(value), "least": least, "most": most})  # fmt: skip
            return None
        return found

    def parsed(self, field: str, value: str, label: str, parse: Callable[[str], T | None], example: str) -> T | None:
        """Return what `parse` makes of a text that has to be filled in."""
        if not value:
            self.miss(field, gettext("请填写%(label)s") % {"label": label})
            return None
        found = parse(value)
        if found is None:
            self.refuse(field, gettext("%(label)s“%(value)s”看不懂；请写作 %(example)s") % {"label": label, "value": clip(value), "example": example})
        return found

    def bands(self, field: str, value: str, label: str) -> tuple[Band, ...]:
        return (self.parsed(field, value, label, parse_bands, "20-299 300- ?") or ()) if value else ()

    def day(self, field: str, value: str, label: str) -> date | None:
        return self.parsed(field, value, label, parse_day, "2026-11-24")

    def moment(self, field: str, value: str, label: str) -> Any:
        found = self.parsed(field, value, label, parse_moment, "2026-11-24 10:00")
        return None if found is None else self.of_type(field, found, Time, label)

    def quota(self, field: str, rule: QuotaAnswer) -> QuotaRule | None:
        """Return the rule by which a department draws; None if it draws nothing, or for what is noted."""
        number, most = f"{field}-number", 2**53 - 1
        if rule.kind == "":
            return None
        if rule.kind == "fixed":
            count = self.number(number, rule.number, gettext("抽取户数"), 0, most)
            return None if count is None else plan.Fixed(count=count)
        if rule.kind == "per-officer":
            count = self.number(number, rule.number, gettext("每名检查员的户数"), 0, most)
            return None if count is None else plan.PerOfficer(targets=count)
        if rule.kind == "largest-remainder":
            count = self.number(number, rule.number, gettext("各层合计的户数"), 0, most)
            return None if count is None else plan.LargestRemainder(total=count)
        if rule.kind not in (*SHARES, "per-period"):
            self.refuse(f"{field}-kind", gettext("没有“%(value)s”这种抽取办法；请重新选择") % {"value": clip(rule.kind)})
            return None
        share = self.parsed(number, rule.number, gettext("抽取比例"), parse_share, gettext("5%、2.5% 或 1/20"))
        if rule.kind != "per-period":
            return None if share is None else SHARES[rule.kind](denominator=share[1], numerator=share[0])
        period = self.parsed(f"{field}-period", rule.period, gettext("期数"), parse_period, gettext("1/4（全年四期的第一期）"))
        if share is None or period is None:
            return None
        return plan.PerPeriod(denominator=share[1], numerator=share[0], period=period[0], periods=period[1])


def read_basis(reader: Reader, answers: Answers) -> dict[str, Any]:
    page = answers.basis
    basis = tuple(line for line in page.legal_basis.split("\n") if line)
    if not basis:
        reader.miss("legal_basis", gettext("请填写检查依据，一行一条"))
    task, name = reader.text("task", page.task, gettext("任务编号"), Id), reader.text("task_name", page.task_name, gettext("任务名称"))
    return {
        "title": reader.text("title", page.title, gettext("批次名称")),
        "task": None if task is None or name is None else Task(id=task, name=name),
        "origin": reader.choice("origin", page.origin, gettext("任务来源"), type_of(Draft, "origin")),
        "legal_basis": tuple(reader.text("legal_basis", line, gettext("检查依据")) for line in basis),
        "retries": reader.of_type("retries", page.retries, Id, gettext("重新办理的批次")) if page.retries else None,
        "teams_of": reader.of_type("teams_of", page.teams_of, Id, gettext("补抽检查组的批次")) if page.teams_of else None,
        "rehearsal": page.rehearsal,
    }


def type_of(kind: type[Struct], name: str) -> Any:
    return next(field.type for field in msgspec.structs.fields(kind) if field.name == name)


def read_sections(reader: Reader, answers: Answers) -> dict[str, Any]:
    return {"sections": reader.words("sections", answers.sections.sections, gettext("部门"), Label)}


def read_scope(reader: Reader, answers: Answers) -> dict[str, Any]:
    page = answers.scope
    words = {name: reader.words(name, getattr(page, name), label) for name, label in _scope_labels().items()}
    sizes = reader.bands("sizes", page.sizes, gettext("从业人数"))
    months = reader.number("months", page.months, gettext("月数"), 0, 120, 0)
    version = reader.text("version", page.version, gettext("版本"))
    if reader.faults:
        return {}
    return {"scope": Scope(**words, sizes=sizes, version=version, not_inspected_within_months=months or 0)}


def _scope_labels() -> dict[str, str]:
    return {
        "areas": gettext("所属区域"), "sectors": gettext("行业领域"), "risk_colours": gettext("风险等级"), "credit_classes": gettext("信用等级"),
        "standardisations": gettext("标准化等级"), "entity_types": gettext("企业类型"),
    }  # fmt: skip


def read_mandatory(reader: Reader, answers: Answers) -> dict[str, Any]:
    page = answers.mandatory
    rows = []
    for number, row in enumerate(page.targets):
        target = reader.text(f"targets-{number}-target", row.target, gettext("对象代码"), Id)
        reason = reader.choice(f"targets-{number}-reason", row.reason, gettext("必查理由"), type_of(Mandatory, "reason"))
        if target is not None and reason is not None:
            rows.append(Mandatory(target=target, reason=reason))
    return {"mandatory": tuple(rows), "mandatory_counts": page.counts}


def read_people(reader: Reader, answers: Answers) -> dict[str, Any]:
    page = answers.people
    leave, apart = [], []
    for number, row in enumerate(page.leave):
        at = f"leave-{number}"
        person = reader.of_type(f"{at}-person", row.person, Word, gettext("人员编号"))
        first, last = reader.day(f"{at}-first", row.first, gettext("请假首日")), reader.day(f"{at}-last", row.last, gettext("请假末日"))
        if person is not None and first is not None and last is not None:
            leave.append(Leave(person=person, first=first, last=last))
    for number, pair in enumerate(page.apart):
        one = reader.of_type(f"apart-{number}-one", pair.one, Word, gettext("人员编号"))
        other = reader.of_type(f"apart-{number}-other", pair.other, Word, gettext("人员编号"))
        if one is not None and other is not None:
            apart.append((one, other))
    return {
        "area_rule": reader.choice("area_rule", page.area_rule, gettext("区域规则"), type_of(Draft, "area_rule")),
        "default_places": reader.number("places", page.places, gettext("每人最多户数"), 1, 9999),
        "most_per_day": reader.number("most_per_day", page.most_per_day, gettext("每天最多户数"), 1, 100) if page.most_per_day else None,
        "leave": tuple(leave), "apart": tuple(apart),
    }  # fmt: skip


def read_times(reader: Reader, answers: Answers) -> dict[str, Any]:
    page = answers.times
    first, last = reader.day("first", page.first, gettext("检查首日")), reader.day("last", page.last, gettext("检查末日"))
    return {
        "instant": reader.moment("instant", page.instant, gettext("开号时刻")),
        "visits": None if first is None or last is None else VisitDays(first=first, last=last),
        "names_open": reader.moment("names_open", page.names_open, gettext("人员姓名公开时刻")),
        "sealed_until": reader.moment("sealed_until", page.sealed_until, gettext("启封时刻")) if page.sealed_until else None,
    }


def read_reasons(reader: Reader, answers: Answers) -> dict[str, Any]:
    rows = []
    for number, row in enumerate(answers.reasons.reasons):
        at = f"reasons-{number}"
        applies = reader.choice(f"{at}-applies", row.applies, gettext("适用于"), type_of(ReplacementReason, "applies"))
        id = reader.text(f"{at}-id", row.id, gettext("代号"), Label)
        name = reader.text(f"{at}-name", row.name, gettext("递补理由"))
        if None not in (applies, id, name):
            rows.append(ReplacementReason(applies=applies, id=id, name=name))
    return {"replacement_reasons": tuple(rows)}


def read_exceptions(reader: Reader, answers: Answers) -> dict[str, Any]:
    rows = []
    for number, row in enumerate(answers.exceptions.exceptions):
        at = f"exceptions-{number}"
        if not row.reason:  # a thing that asked for a reason, and got none yet: `looking` says whether it still asks
            continue
        rule = reader.choice(f"{at}-rule", row.rule, gettext("规则"), type_of(Statement, "rule"))
        subject = reader.text(f"{at}-subject", row.subject, gettext("对象"))
        reason = reader.text(f"{at}-reason", row.reason, gettext("理由"))
        if None not in (rule, subject, reason):
            rows.append(Statement(rule=rule, subject=subject, reason=reason))
    return {"exceptions": tuple(rows)}

