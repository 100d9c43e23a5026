"""Tasks outside the plan: registered with a reason, let in or refused by the approver, and called temporary wherever they are shown."""

from datetime import datetime

import msgspec
from msgspec import Struct

from service import access_log
from service.accounts import Staff
from service.annual_plan.editing import check_lead
from service.annual_plan.tasks import TemporaryTask
from service.database import Connection
from service.errors import Conflicting, Denied, Invalid, NotFound
from service.office import Office, as_day

__all__ = ["Registered", "decide_task", "list_temporary", "register_task"]


class Registered(Struct, frozen=True):
    """A temporary task and what became of it; `approved` is None until the approver decides. Names of people are theirs."""

    task: TemporaryTask
    year: int
    by_id: int
    by: str
    at: datetime
    approved: bool | None
    remark: str | None
    decided_by: str | None
    decided_at: datetime | None


_ROWS = (
    "SELECT t.content, t.year, t.by AS by_id, b.name AS by, t.at, v.approved, v.remark, d.name AS decided_by, v.at AS decided_at FROM temporary_task t"
    " JOIN staff b ON b.id = t.by LEFT JOIN temporary_task_verdict v ON v.task = t.id LEFT JOIN staff d ON d.id = v.by"
)


async def list_temporary(connection: Connection, year: int | None = None) -> list[Registered]:
    """Return the temporary tasks of a year, or of all, the newest first."""
    rows = await connection.fetch(f"{_ROWS} WHERE $1::int IS NULL OR t.year = $1 ORDER BY t.year DESC, t.number DESC", year)
    return [Registered(msgspec.json.decode(content, type=TemporaryTask), *rest) for content, *rest in rows]


async def register_task(office: Office, who: Staff, name: str, legal_basis: tuple[str, ...], reason: str) -> str:
    """Register a task of this year and return its id, the next one without a gap. It can be drawn once the approver let it in.

    Raises Denied, Invalid naming what is missing. The same task sent again within the day, and not yet decided, is found again.
    """
    if "operator" not in who.roles:
        raise Denied("只有经办人可以登记临时任务", "only an operator registers a temporary task")
    year = as_day(office.now()).year
    given = {"name": name.strip(), "legal_basis": tuple(line.strip() for line in legal_basis if line.strip()), "reason": reason.strip()}
    if missing := tuple(field for field, value in given.items() if not value):
        raise Invalid("任务名称、法律依据和原因都要填写", "name, legal basis and reason are all needed", missing)
    try:
        task = msgspec.convert({"id": f"{year}-t1"} | given, TemporaryTask)
    except msgspec.ValidationError as error:
        raise Invalid("文字里有换行或控制字符，或者太长", f"a text is too long or has control characters: {error}") from error
    async with office.pool.acquire() as connection, connection.transaction():
        await check_lead(connection, who)
        await connection.execute("LOCK TABLE temporary_task IN SHARE ROW EXCLUSIVE MODE")  # numbers without a gap
        for known in await list_temporary(connection, year):
            if known.by_id == who.id and known.approved is None and msgspec.structs.replace(known.task, id=task.id) == task:
                return known.task.id
        number = 1 + await connection.fetchval("SELECT coalesce(max(number), 0) FROM temporary_task WHERE year = $1", year)
        task = msgspec.structs.replace(task, id=f"{year}-t{number}")
        await connection.execute(
            "INSERT INTO temporary_task (id, year, number, content, by, at) VALUES ($1, $2, $3, $4, $5, $6)",
            task.id, year, number, msgspec.json.encode(task).decode(), who.id, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "register temporary task", task.id)
        return task.id


async def decide_task(office: Office, who: Staff, id: str, approved: bool, remark: str) -> None:
    """Let a temporary task in, or refuse it with a remark. The same verdict again changes nothing.

    Raises Denied for who is no approver or registered it, NotFound, Invalid for a refusal without a remark, Conflicting.
    """
    if "approver" not in who.roles:
        raise Denied("只有审批人可以批准临时任务", "only an approver lets a temporary task in")
    if not approved and not remark.strip():
        raise Invalid("不批准须写明理由", "say why it is refused", ("remark",))
    async with office.pool.acquire() as connection, connection.transaction():
        await check_lead(connection, who)
        by = await connection.fetchval("SELECT by FROM temporary_task WHERE id = $1 FOR UPDATE", id)
        if by is None:
            raise NotFound(f"没有临时任务 {id}", f"there is no temporary task {id}")
        if by == who.id:
            raise Denied("登记的人不能自己批准，须由另一人用自己的账户办理", "whoever registered a task does not decide on it; another person does")
        known = await connection.fetchval("SELECT approved FROM temporary_task_verdict WHERE task = $1", id)
        if known is not None:
            if known == approved:
                return
            raise Conflicting(f"临时任务 {id} 已经办理", f"temporary task {id} was decided on already")
        await connection.execute(
            "INSERT INTO temporary_task_verdict (task, approved, remark, by, at) VALUES ($1, $2, $3, $4, $5)",
            id, approved, remark.strip()[:2000], who.id, office.now(),
        )  # fmt: skip
        await access_log.note(connection, who.id, "approve temporary task" if approved else "refuse temporary task", id)
