"""Writing an annual plan: a draft per year, saved part by part, never over what somebody else saved meanwhile."""

from datetime import date, datetime

import msgspec
from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.annual_plan.calendars import read_calendars
from service.annual_plan.content import AnnualPlan, Entry, format_content, parse_content
from service.annual_plan.faults import Known
from service.annual_plan.tasks import plan_of_year
from service.calendar import days_of_year
from service.database import Connection
from service.errors import Conflicting, Denied, NotFound
from service.office import Office
from service.sections import read_departments

__all__ = ["PlanDraft", "check_lead", "check_operator", "put_entry", "read_known", "read_plan_draft", "remove_entry", "save_plan", "start_plan"]

LEGAL_BASIS = ("《中华人民共和国安全生产法》第六十二条",)


class PlanDraft(Struct, frozen=True):
    """What is being written; `changed_by` is a name."""

    plan: AnnualPlan
    revision: int
    changed_by: str
    changed_at: datetime


def check_operator(who: Staff) -> None:
    """Raise Denied for anybody but an operator."""
    if "operator" not in who.roles:
        raise Denied("只有经办人可以编写年度计划", "only an operator writes the annual plan")


async def check_lead(connection: Connection, who: Staff) -> None:
    """Raise Denied for an account of another department than the leading one: the plan is the bureau's (ADR 27)."""
    if who.department is not None and who.department != await connection.fetchval("SELECT section FROM bureau"):
        raise Denied("年度计划由本机关（牵头部门）办理", "the annual plan is a matter of the bureau, its leading department")


async def start_plan(office: Office, who: Staff, year: int) -> None:
    """Begin the plan of a year, with basis and tasks of the year before if that was published; nothing if it was begun already."""
    check_operator(who)
    async with office.pool.acquire() as connection, connection.transaction():
        await check_lead(connection, who)
        before = await plan_of_year(connection, year - 1)
        plan = AnnualPlan(
            year=year, title=f"{year} 年度安全生产监督检查计划", first=date(year, 1, 1), last=date(year, 12, 31),
            legal_basis=LEGAL_BASIS if before is None else before.legal_basis, sections=() if before is None else before.sections,
            caps=() if before is None else before.caps, caps_note="" if before is None else before.caps_note,
        )  # fmt: skip
        done = await connection.execute(
            "INSERT INTO annual_plan_draft (year, content, changed_by, changed_at) VALUES ($1, $2, $3, $4) ON CONFLICT (year) DO NOTHING",
            year, format_content(plan), who.id, office.now(),
        )  # fmt: skip
        if done == "INSERT 0 1":
            await access_log.note(connection, who.id, "write annual plan", str(year))


async def read_plan_draft(connection: Connection, year: int) -> PlanDraft:
    """Return the draft of a year; NotFound if none was begun."""
    row = await connection.fetchrow(
        "SELECT content, revision, name, changed_at FROM annual_plan_draft JOIN staff ON staff.id = changed_by WHERE year = $1", year
    )
    if row is None:
        raise NotFound(f"{year} 年度计划还没有开始编写", f"nobody has begun the plan of {year}")
    return PlanDraft(parse_content(row["content"]), row["revision"], row["name"], row["changed_at"])


async def save_plan(office: Office, who: Staff, revision: int, plan: AnnualPlan) -> None:
    """Replace the draft that the writer saw as `revision`. Conflicting if somebody saved since: nothing is written over.

    A plan that is not complete is kept as well; `submit_plan` asks for more.
    """
    check_operator(who)
    async with office.pool.acquire() as connection, connection.transaction():
        await check_lead(connection, who)
        row = await connection.fetchrow(
            "SELECT content, revision, name FROM annual_plan_draft JOIN staff ON staff.id = changed_by WHERE year = $1 FOR UPDATE OF annual_plan_draft",
            plan.year,
        )
        if row is None:
            raise NotFound(f"{plan.year} 年度计划还没有开始编写", f"nobody has begun the plan of {plan.year}")
        content = format_content(plan)
        if row["content"] == content:
            return  # a form sent twice
        if row["revision"] != revision:
            raise Conflicting(
                f"{row['name']} 在您填写时保存过这份计划，您的内容没有保存；请另开一页看现在的计划，再把您的修改填入",
                f"{row['name']} saved this plan meanwhile and yours was not saved; look at it as it is now and enter your changes again",
            )
        await connection.execute(
            "UPDATE annual_plan_draft SET content = $2, revision = revision + 1, changed_by = $3, changed_at = $4 WHERE year = $1",
            plan.year, content, who.id, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "write annual plan", f"{plan.year} {revision + 1}")


def put_entry(plan: AnnualPlan, entry: Entry, place: str | None) -> AnnualPlan:
    """Return the plan with `entry` in the place of the task `place`, or at the end. Conflicting if another task has its id."""
    if any(one.id == entry.id for one in plan.entries if one.id != place):
        raise Conflicting(f"已有任务 {entry.id}，请换一个编号", f"there is a task {entry.id} already; take another id")
    entries = [entry if one.id == place else one for one in plan.entries]
    return msgspec.structs.replace(plan, entries=tuple(entries if place is not None else [*entries, entry]))


def remove_entry(plan: AnnualPlan, id: str) -> AnnualPlan:
    """Return the plan without a task."""
    return msgspec.structs.replace(plan, entries=tuple(one for one in plan.entries if one.id != id))


async def read_known(connection: Connection, office: Office, year: int) -> Known:
    """Return what a plan of `year` is judged by."""
    items = await connection.fetch("SELECT id, name FROM item WHERE status = 'active' ORDER BY id")
    departments = await read_departments(connection, office)
    calendar = await read_calendars(connection)
    return Known(
        {row["id"]: row["name"] for row in items},
        {one.label: one.name for one in departments.all if one.active},
        days_of_year(calendar, year) if year in calendar.years else None,
    )
