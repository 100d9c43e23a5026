"""How a preparation begins: blank, from a task of the annual plan, as a copy, again after a void, or for teams that could not be drawn.

What a bureau of work safety mostly says is filled in already, so that a plain draw needs few answers; everything can be changed.
"""

from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct, structs

from service.accounts import Staff
from service.annual_plan.calendars import read_calendars
from service.annual_plan.tasks import Task, list_tasks, read_task
from service.calendar import Calendar, add_working_days
from service.database import Connection
from service.drafting import read_draft
from service.drafts import DEFAULT_REASONS
from service.errors import Conflicting, Invalid, NotFound
from service.office import BEIJING, Office, as_day
from service.preparing.answers import (
    Answers,
    BasisPage,
    ClassesPage,
    ClassRow,
    ExceptionsPage,
    GiverRow,
    MandatoryPage,
    NumbersPage,
    QuotaAnswer,
    ReasonRow,
    ReasonsPage,
    RulesPage,
    ScopePage,
    SeatRow,
    SectionsPage,
    StrataPage,
    StratumRow,
    TimesPage,
)
from service.preparing.choices import read_choices
from service.preparing.store import begin
from service.preparing.writing import answers_of, rule_row, scope_page, stratum_row

__all__ = ["Beginnings", "DrawLine", "default_times", "plain_answers", "read_beginnings", "start"]

LEGAL_BASIS: Final = "《中华人民共和国安全生产法》第六十五条"
TASKS_OF: Final = 2  # years whose tasks are offered: this one and the next


class DrawLine(Struct, frozen=True):
    id: str
    title: str


class Beginnings(Struct, frozen=True):
    """What can be begun: approved tasks, draws to copy, voided ones to do again, drawn ones whose teams are missing."""

    tasks: list[Task]
    copies: list[DrawLine]
    voided: list[DrawLine]
    teams: list[DrawLine]


async def read_beginnings(office: Office) -> Beginnings:
    """Return what a preparation can begin from."""
    year = as_day(office.now()).year
    async with office.pool.acquire() as connection:
        tasks = [task for y in range(year, year + TASKS_OF) for task in await list_tasks(connection, y) if task.drawn]
        copies = await connection.fetch(
            "SELECT id, title FROM draw WHERE draft ->> 'teams_of' IS NULL ORDER BY year DESC, number DESC, attempt DESC LIMIT 50"
        )
        voided = await connection.fetch(
            "SELECT id, title FROM draw d WHERE state = 'voided' AND NOT EXISTS (SELECT FROM draw n WHERE n.year = d.year AND n.number = d.number"
            " AND n.attempt > d.attempt) ORDER BY year DESC, number DESC LIMIT 50"
        )
        teams = await connection.fetch(
            "SELECT d.id, d.title FROM draw d JOIN draw_result r ON r.draw = d.id WHERE d.state IN ('drawn', 'opened') AND r.teams_missing"
            " AND NOT EXISTS (SELECT FROM draw b WHERE b.draft ->> 'teams_of' = d.id AND b.state <> 'voided')"
            " ORDER BY d.year DESC, d.number DESC LIMIT 50"
        )
    return Beginnings(tasks, *([DrawLine(**dict(row)) for row in rows] for rows in (copies, voided, teams)))


async def start(office: Office, who: Staff, way: str, of: str = "", batch: int = 0) -> UUID:
    """Begin a preparation and return its id. `way` is blank, task, copy, retry or teams, `of` the task or draw, `batch` which of the task's.

    Raises NotFound, Invalid, Denied; Conflicting for a task that is not drawn or not approved.
    """
    async with office.pool.acquire() as connection, connection.transaction():
        answers = await _answers(connection, office, way, of, batch)
        return await begin(connection, office, who, answers)


async def _answers(connection: Connection, office: Office, way: str, of: str, batch: int) -> Answers:
    now, calendar = office.now(), await read_calendars(connection)
    if way == "blank":
        return plain_answers(now, calendar, (await read_choices(connection)).optional_items)
    if way == "task":
        task = await read_task(connection, of)
        if not task.drawn or not task.approved:
            raise Conflicting(
                f"任务 {of} 不能抽取：重点检查不抽取，临时任务须先经批准", f"task {of} is not drawn, or a temporary one that was not approved"
            )
        return _of_task(task, plain_answers(now, calendar, (await read_choices(connection)).optional_items), batch)
    if way not in ("copy", "retry", "teams"):
        raise Invalid("请选择从哪里开始", "choose what to begin from", ("way",))
    if not of or await connection.fetchval("SELECT 1 FROM draw WHERE id = $1", of) is None:
        raise NotFound("请选择一个批次", "choose a draw")
    former = answers_of(await read_draft(connection, of))
    times = default_times(now, calendar, sealed=bool(former.times.sealed_until))
    if way == "teams":
        return _for_teams(of, former, default_times(now, calendar, sealed=False))
    basis = former.basis
    if way == "copy":  # of another task, or the same once that draw is over
        basis = structs.replace(basis, retries="", title=f"{basis.title}（副本）")
    else:
        basis = structs.replace(basis, retries=of)
    return structs.replace(former, basis=basis, times=times, numbers=_without_issue(former.numbers), exceptions=ExceptionsPage(),
                           people=structs.replace(former.people, leave=()))  # fmt: skip


def _without_issue(page: NumbersPage) -> NumbersPage:
    """The issue of a lottery is over; everything else about the sources stays."""
    return NumbersPage(givers=tuple(structs.replace(row, issue="") for row in page.givers))


def _of_task(task: Task, plain: Answers, batch: int) -> Answers:
    times = plain.times
    if 0 <= batch < len(task.batches):
        first, last = task.batches[batch].first, task.batches[batch].last
        times = structs.replace(times, first=first.isoformat(), last=last.isoformat(), sealed_until=_at(last + timedelta(days=1), time(9)),
                                names_open=_at(last + timedelta(days=1), time(9)))  # fmt: skip
    number = f"第 {batch + 1} 批" if len(task.batches) > 1 else ""
    year = "" if task.title.startswith(str(task.year)) else f"{task.year} 年"
    return structs.replace(
        plain,
        basis=BasisPage(title=f"{year}{task.title}{number}", task=task.id, task_name=task.title, origin=task.origin,
                        legal_basis="\n".join(task.legal_basis)),
        sections=SectionsPage(sections=task.sections), scope=scope_page(task.scope), rules=RulesPage(rules=tuple(map(rule_row, task.pool_rules))),
        strata=StrataPage(attributes=(task.stratify_by,) if task.stratify_by else (), strata=tuple(map(stratum_row, task.strata))) if task.strata
        else plain.strata,
        times=times,
    )  # fmt: skip


def _for_teams(of: str, former: Answers, times: TimesPage) -> Answers:
    """Only teams are drawn: targets, items and departments are those of the former draw, so nothing is said of them."""
    classes = tuple(structs.replace(row, optional="0", section_items=()) for row in former.classes.classes)
    return structs.replace(
        former, basis=structs.replace(former.basis, teams_of=of, retries="", title=f"{former.basis.title}（补抽检查组）"), scope=ScopePage(),
        rules=RulesPage(), strata=StrataPage(), classes=ClassesPage(classes=classes), mandatory=MandatoryPage(counts=former.mandatory.counts),
        numbers=_without_issue(former.numbers), times=times, exceptions=ExceptionsPage(), people=structs.replace(former.people, leave=()),
    )  # fmt: skip


def plain_answers(now: datetime, calendar: Calendar, optional_items: int) -> Answers:
    """Return the answers of a plain draw of work safety, with the places left empty that only the bureau can fill in."""
    optional = min(2, optional_items)
    witness = tuple(GiverRow(kind="witness", label=f"witness-{number}") for number in (1, 2, 3))
    return Answers(
        basis=BasisPage(legal_basis=LEGAL_BASIS),
        strata=StrataPage(strata=(StratumRow(name="全部对象", rule=QuotaAnswer(kind="percent")),)),
        classes=ClassesPage(
            classes=(ClassRow(id="c1", name="全部行业", inspectors=(SeatRow(name="组长", lead=True), SeatRow(name="检查员")), optional=str(optional)),)
        ),
        numbers=NumbersPage(givers=(GiverRow(kind="nonce", label="bureau"), *witness, LOTTERY)),
        times=default_times(now, calendar, sealed=True),
        reasons=ReasonsPage(reasons=tuple(ReasonRow(applies=one.applies, id=one.id, name=one.name) for one in DEFAULT_REASONS)),
    )  # fmt: skip


# Drawn on Tuesday, Thursday and Sunday evenings, before cameras and a notary: six red numbers of 33 and a blue one of 16.
LOTTERY: Final = GiverRow(
    kind="public", label="lottery", source="中国福利彩票双色球开奖号码", digits="14", order="红球六个由小到大，再蓝球，各写两位", example="01020304050607"
)
_LOTTERY_DAYS: Final = (1, 3, 6)
_LOTTERY_AT: Final = time(21, 15)


def default_times(now: datetime, calendar: Calendar, sealed: bool) -> TimesPage:
    """Return when a draw prepared now could take place: three days ahead, so that the list is public before; visits from the next
    working day but two, for a month; names, and a sealed draw, are opened the day after the last visit."""
    day = as_day(now) + timedelta(days=3)
    while day.weekday() not in _LOTTERY_DAYS:
        day += timedelta(days=1)
    first, last = _working(calendar, day, 3), _working(calendar, day, 22)
    after = _at(last + timedelta(days=1), time(9))
    return TimesPage(instant=_at(day, _LOTTERY_AT), first=first.isoformat(), last=last.isoformat(),
                     names_open=after if sealed else _at(first, time(9)), sealed_until=after if sealed else "")  # fmt: skip


def _working(calendar: Calendar, day: date, count: int) -> date:
    try:
        return add_working_days(calendar, day, count)
    except Conflicting:  # the year is not loaded: a proposal may go by weekdays, the page says what it knows of the day
        while count:
            day += timedelta(days=1)
            count -= day.weekday() < 5
        return day


def _at(day: date, clock: time) -> str:
    return datetime.combine(day, clock, BEIJING).strftime("%Y-%m-%d %H:%M")
