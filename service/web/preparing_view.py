"""One page of a preparation as it is shown: choices with counts, faults at their fields, and what the other person wrote."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from litestar import Response
from msgspec import Struct
from msgspec.structs import replace

from service.annual_plan.calendars import read_calendars
from service.calendar import Calendar, is_working_day
from service.errors import Conflicting, Refused
from service.language import gettext, marked
from service.office import as_day
from service.pages.words import ORIGINS as TASK_ORIGINS
from service.preparing.answers import PAGES, Answers, ExceptionsPage, StatementRow
from service.preparing.assembling import faults_of_page
from service.preparing.choices import Choices, name_targets, read_choices
from service.preparing.fields import differences
from service.preparing.looking import Look, look, rule_words
from service.preparing.standing import lines_of, pages_of
from service.preparing.store import ChangedMeanwhile, Preparation, may_prepare
from service.preparing.texts import parse_day, parse_moment
from service.registry.records import ORIGINS, RISK_COLOURS
from service.stratification import ATTRIBUTES
from service.web.session import StaffRequest, office_of
from service.web.staff import page

__all__ = ["render_page"]

QUOTAS: Final = {
    "": marked("不抽"), "percent": marked("比例，四舍五入"), "percent-or-one": marked("比例，四舍五入，至少 1 户"), "at-least": marked("不少于比例，不足一户的进一"),
    "fixed": marked("固定户数"), "per-officer": marked("每名检查员几户"), "per-period": marked("全年比例分期，本期一份"), "largest-remainder": marked("各层合计几户，按户数分配"),
}  # fmt: skip
RULES: Final = {
    "just-inspected": marked("近期检查过的不抽"), "yearly-cap": marked("年度检查次数到上限的不抽"), "punished": marked("本年度受过处罚的不抽"),
    "suspended": marked("停产停业的不抽"), "closed": marked("已关闭、注销、吊销、迁出的不抽（总是适用）"),
}  # fmt: skip
GIVERS: Final = {
    "nonce": marked("本机关随机数（封存一份）"), "witness": marked("见证人"), "dice": marked("掷骰子"), "public": marked("公共号码"), "drand": marked("drand 信标"),
}  # fmt: skip
AREA_RULES: Final = {"any": marked("不限区域"), "same": marked("只派负责该区域的人"), "other": marked("只派不负责该区域的人（交叉检查）")}
MANDATORY: Final = {"complaint": marked("投诉举报"), "key-supervision": marked("重点监管"), "follow-up": marked("复查")}
_COUNTING: Final = ("scope", "rules", "strata", "exceptions")  # pages that show what the registries give
_WEEKDAYS: Final = (marked("星期一"), marked("星期二"), marked("星期三"), marked("星期四"), marked("星期五"), marked("星期六"), marked("星期日"))
_WORDS: Final = {
    "title": marked("批次名称"), "task": marked("任务编号"), "task_name": marked("任务名称"), "origin": marked("任务来源"), "legal_basis": marked("检查依据"),
    "name": marked("名称"), "number": marked("数"), "kind": marked("种类"), "values": marked("取值"), "target": marked("对象"), "reason": marked("理由"),
    "instant": marked("开号时刻"), "first": marked("首日"), "last": marked("末日"), "names_open": marked("姓名公开时刻"), "sealed_until": marked("启封时刻"),
    "months": marked("月数"), "most": marked("上限"), "body": marked("单位"), "label": marked("代号"), "issue": marked("期号"), "digits": marked("位数"),
}  # fmt: skip


async def render_page(
    request: StaffRequest, found: Preparation, slug: str, answers: Any, status: int = 200, problem: Refused | None = None, q: str = "",
    hits: Sequence[tuple[str, str]] | None = None,
) -> Response[str]:  # fmt: skip
    """Return page `slug` with `answers` in it, which may be other than what is kept; faults show once somebody has saved the page."""
    office = office_of(request)
    seen = await look(office, found, waits=slug in _COUNTING)
    if isinstance(answers, ExceptionsPage):
        answers = _with_needed(answers, seen)
    async with office.pool.acquire() as connection:
        choices, calendar = await read_choices(connection), await read_calendars(connection)
        edits = found.open and await may_prepare(connection, request.user)
        names = await name_targets(connection, {row.target for row in found.answers.mandatory.targets} if slug == "mandatory" else ())
    kept = getattr(found.answers, slug)
    touched = slug in found.saved or found.draw is not None or problem is not None
    faults = [fault for fault in faults_of_page(replace(found.answers, **{slug: answers}), slug) if not _is_blank_row(fault.field, answers)]
    errors: dict[str, list[str]] = {}
    for fault in faults if touched else ():
        errors.setdefault(fault.field, []).append(fault.words)
    theirs = differences(answers, kept) if isinstance(problem, ChangedMeanwhile) else []
    return await page(
        request, f"staff/preparing/{slug}.html", status, found=found, slug=slug, title=gettext(PAGES[slug].title), a=answers, errors=errors,
        general=seen.of_page(slug) if slug != "exceptions" else [], problem=problem, look=seen, choices=choices, names=names, q=q, hits=hits,
        owed=[line for line in lines_of(found, pages_of(found.answers, len(choices.departments) > 1), seen) if line.state in ("missing", "fault")],
        summary=[(field, _where(field) + each) for field, words in errors.items() for each in words],
        theirs=[(_in_words(field), mine, other) for field, mine, other in theirs], quotas=_said(QUOTAS), rule_kinds=_said(RULES), giver_kinds=_said(GIVERS),
        area_rules=_said(AREA_RULES), mandatory_reasons=_said(MANDATORY), task_origins=_said(TASK_ORIGINS), origins=_said(ORIGINS | {"": marked("来源未填")}),
        attributes=_said(ATTRIBUTES), options=_Options(choices), day_words=_DayWords(calendar), rule_words=rule_words,
        departments=choices.departments, further=_further(found.answers, choices), edits=edits,
    )  # fmt: skip


def _said(words: Mapping[str, str]) -> dict[str, str]:
    return {key: gettext(text) for key, text in words.items()}


def _is_blank_row(field: str, answers: Any) -> bool:
    """Whether a fault is of the empty row that was just added: nobody has typed anything there yet."""
    at: Any = answers
    for part in field.split("-")[:-1]:
        at = at[int(part)] if part.isdecimal() and isinstance(at, tuple) and int(part) < len(at) else getattr(at, part, None)
    return isinstance(at, Struct) and "-" in field and at == type(at)()


def _with_needed(answers: ExceptionsPage, seen: Look) -> ExceptionsPage:
    """The page with a row for everything that asks for a reason and has none."""
    there = {(row.rule, row.subject) for row in answers.exceptions}
    more = (StatementRow(rule=need.rule, subject=need.subject) for need in seen.needed if (need.rule, need.subject) not in there)
    return replace(answers, exceptions=(*answers.exceptions, *more))


def _further(answers: Answers, choices: Choices) -> list[Any]:
    """Return the departments beside the leading one that take part."""
    lead = choices.departments[0].label if choices.departments else ""
    return [one for one in choices.departments if one.label in answers.sections.sections and one.label != lead]


def _rows(field: str) -> str:
    return " ".join(gettext("第 %(number)s 行") % {"number": int(part) + 1} for part in field.split("-") if part.isdecimal())


def _where(field: str) -> str:
    """Return in which row a field stands, before what is wrong with it."""
    return f"{rows}{gettext('：')}" if (rows := _rows(field)) else ""


def _in_words(field: str) -> str:
    last = field.rpartition("-")[2]
    return " ".join(filter(None, (_rows(field), gettext(_WORDS.get(last, last)))))


class _Options:
    """Boxes to tick for an attribute: what is chosen first, in its order, then what else the registry holds; (value, words, count)."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def __call__(self, attribute: str, chosen: Sequence[str]) -> list[tuple[str, str, int | None]]:
        held = self._choices.specialities if attribute == "speciality" else self._choices.values.get(attribute, [])  # a page is kept however wrong it is
        if attribute == "risk_colour":
            counted = dict(held)
            held = [(colour, counted.get(colour, 0)) for colour in (*RISK_COLOURS, *(value for value in counted if value not in RISK_COLOURS))]
        counts = dict(held)
        values = [*chosen, *(value for value, _ in held if value not in chosen)]
        words = RISK_COLOURS if attribute == "risk_colour" else {}
        return [(value, gettext(words[value]) if value in words else value or gettext("（未填）"), counts.get(value)) for value in values]


class _DayWords:
    """What kind of day a text names: its weekday, and whether offices work."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def __call__(self, text: str) -> str:
        moment = parse_moment(text)
        day = parse_day(text)
        if moment is not None:
            day = as_day(datetime.fromisoformat(moment))
        if day is None:
            return ""
        try:
            kind = gettext("工作日") if is_working_day(self._calendar, day) else gettext("休息日")
        except Conflicting:
            kind = gettext("该年工作日历未导入")
        return f"{day.isoformat()}，{gettext(_WEEKDAYS[day.weekday()])}，{kind}"
