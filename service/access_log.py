"""The access log: what staff did, for ever. A database trigger refuses any change of it.

What reads personal data notes it too: name lists, what was disclosed of a draw, rejected rows, this log's own export.
"""

from datetime import date, datetime, time, timedelta

from msgspec import Struct

from service.database import Connection
from service.errors import Invalid
from service.language import gettext, marked
from service.office import BEIJING, Office

__all__ = ["ACTIONS", "COMMAND_LINE", "Line", "Question", "describe", "export_lines", "note", "read_lines"]

PAGE, MOST_EXPORTED = 100, 200_000
COMMAND_LINE = marked("命令行")
# What an action begins with, and its Chinese; the longest that fits counts. What follows is a kind of document or registry.
ACTIONS = {
    "log in": marked("登录"), "log out": marked("退出"), "wrong password": marked("口令错误"),
    "wrong code": marked("动态码错误"), "use recovery code": marked("使用恢复码"), "end sessions": marked("结束登录"),
    "change password": marked("更改口令"), "reset password": marked("重设口令"),
    "set up one-time codes": marked("设置动态码"), "reset one-time codes": marked("重设动态码"),
    "require one-time codes": marked("规定动态码"), "create account": marked("建立账户"),
    "change account": marked("更改账户"), "draft": marked("起草"), "revise draft": marked("修改草案"),
    "propose": marked("提出"), "agree": marked("同意"), "withdraw": marked("撤回步骤"), "send back": marked("退回步骤"), "rehearse": marked("演练"), "read rehearsal bundle": marked("下载演练文件"), "open": marked("启封"),
    "check import of": marked("检查导入"), "confirm import of": marked("确认导入"),
    "read rejected rows": marked("下载退回行"), "read registry of": marked("查看名录"),
    "read row of": marked("查看名录中的一行"), "export registry of": marked("导出名录"),
    "read changes of": marked("查看名录变化"), "export changes of": marked("导出名录变化"),
    "export list of": marked("下载批次名单"),
    "propose merge": marked("提出合并重复对象"), "confirm merge": marked("确认合并重复对象"),
    "refuse merge": marked("退回合并重复对象"), "issue card": marked("制发见证卡"), "revoke card": marked("作废见证卡"),
    "keep scan": marked("保存扫描件"), "read scan": marked("查看扫描件"), "read load": marked("查看工作量"),
    "read disclosures": marked("查看已公开内容"), "export access log": marked("导出操作日志"),
    "write annual plan": marked("编写年度计划"), "submit annual plan": marked("提请批准年度计划"), "approve annual plan": marked("批准年度计划"),
    "send back annual plan": marked("退回年度计划"), "publish annual plan": marked("公布年度计划"),
    "register temporary task": marked("登记临时任务"), "approve temporary task": marked("批准临时任务"), "refuse temporary task": marked("不批准临时任务"),
    "check calendar": marked("检查工作日历"), "confirm calendar": marked("确认工作日历"),
    "begin preparation": marked("开始准备抽取"), "save preparation": marked("保存准备内容"), "reload preparation": marked("按草案重新填写"),
    "discard preparation": marked("放弃准备"),
}  # fmt: skip


class Question(Struct, frozen=True):
    """Which lines are wanted; an empty one asks for all. Days are of Beijing, both included.

    `department` is whose accounts' lines the asker sees; None is all, those of the command line among them (ADR 27).
    """

    person: str = ""
    action: str = ""
    first: date | None = None
    last: date | None = None
    subject: str = ""
    department: str | None = None


class Line(Struct, frozen=True):
    """One line; `login` is None for the command line."""

    id: int
    at: datetime
    login: str | None
    name: str | None
    action: str
    subject: str


async def note(connection: Connection, staff_id: int | None, action: str, subject: str) -> None:
    """Record an action in the caller's transaction, so that it is noted exactly when it happened; None is the command line."""
    await connection.execute(
        "INSERT INTO access_log (staff, action, subject) VALUES ($1, $2, $3)", staff_id, action, subject
    )


def describe(action: str) -> str:
    """Return an action in words, with the kind of document or registry as it is called."""
    known = max((verb for verb in ACTIONS if action == verb or action.startswith(verb + " ")), key=len, default=None)
    return action if known is None else f"{gettext(ACTIONS[known])} {action[len(known):].strip()}".strip()


# Whoever enters a result names a firm of the list: while the draw is sealed, this log tells that somebody did, not for which firm.
_SUBJECT = (
    "CASE WHEN a.action ~ '^[a-z ]+ inspection-result/' AND EXISTS (SELECT FROM draw WHERE draw.id = split_part(a.subject, ' ', 1)"
    " AND draw.state = 'sealed') THEN split_part(a.subject, ' ', 1) || ' …' ELSE a.subject END"
)


async def _read(connection: Connection, question: Question, before: int | None, limit: int) -> list[Line]:
    if question.first is not None and question.last is not None and question.first > question.last:
        raise Invalid("开始日期晚于结束日期", "the first day is after the last")
    first = question.first and datetime.combine(question.first, time(), BEIJING)
    last = question.last and datetime.combine(question.last, time(), BEIJING) + timedelta(days=1)
    rows = await connection.fetch(
        f"SELECT a.id, a.at, s.login, s.name, a.action, {_SUBJECT} AS subject FROM access_log a LEFT JOIN staff s ON s.id = a.staff"  # noqa: S608
        " WHERE ($1::bigint IS NULL OR a.id < $1) AND ($2::timestamptz IS NULL OR a.at >= $2) AND ($3::timestamptz IS NULL OR a.at < $3)"
        f" AND ($4 = '' OR a.action = $4 OR starts_with(a.action, $4 || ' ')) AND ($5 = '' OR strpos({_SUBJECT}, $5) > 0)"
        " AND ($6 = '' OR ($6 = $7 AND a.staff IS NULL) OR a.staff IN (SELECT id FROM staff WHERE $6 IN (login, name)))"
        " AND ($9::text IS NULL OR s.department = $9)"
        " ORDER BY a.id DESC LIMIT $8",
        before, first, last, question.action, question.subject, question.person, COMMAND_LINE, limit, question.department,
    )  # fmt: skip
    return [Line(*row.values()) for row in rows]


async def read_lines(office: Office, question: Question, before: int | None = None) -> tuple[list[Line], int | None]:
    """Return 100 lines, newest first, and what to give as `before` for the next hundred; None if there are no more."""
    async with office.pool.acquire() as connection:
        lines = await _read(connection, question, before, PAGE + 1)
    return lines[:PAGE], lines[PAGE - 1].id if len(lines) > PAGE else None


async def export_lines(office: Office, staff_id: int, question: Question) -> list[Line]:
    """Return all lines wanted, newest first, and note that they were exported. Invalid for more than 200,000: never a part of them."""
    async with office.pool.acquire() as connection, connection.transaction():
        lines = await _read(connection, question, None, MOST_EXPORTED + 1)
        if len(lines) > MOST_EXPORTED:
            raise Invalid(
                f"超过 {MOST_EXPORTED} 条，请缩短日期范围分次导出", f"more than {MOST_EXPORTED} lines; ask for fewer days"
            )
        words = {"person": question.person, "action": question.action, "from": question.first, "to": question.last,
                 "subject": question.subject}  # fmt: skip
        asked = ", ".join(f"{name} {word}" for name, word in words.items() if word)
        await note(connection, staff_id, "export access log", f"{len(lines)} lines; {asked or 'all'}")
    return lines
