"""`/staff/access-log`: who did what, for those who watch over it, and as CSV."""

import csv
import io
from datetime import date
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery

from service.access_log import ACTIONS, COMMAND_LINE, Line, Question, describe, export_lines, read_lines
from service.errors import Invalid
from service.language import SOURCE, speaking
from service.pages.words import beijing
from service.registry.export import BYTE_ORDER_MARK, inert
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["ROUTES"]

WATCHERS = only("administrator", "auditor")
LARGEST = 2**63 - 1


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError as error:
        raise Invalid(f"{text[:20]} 不是日期，应如 2026-11-02", f"{text[:20]} is no day, such as 2026-11-02") from error


def _question(request: StaffRequest, person: str, action: str, first: str, last: str, subject: str) -> Question:
    return Question(person.strip()[:100], action[:100], _day(first), _day(last), subject.strip()[:200], request.user.department)


@get("/staff/access-log", opt=WATCHERS)
async def get_access_log(
    request: StaffRequest,
    person: FromQuery[str] = "",
    action: FromQuery[str] = "",
    first: FromQuery[str] = "",
    last: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    before: FromQuery[int | None] = None,
) -> Response[str]:
    """A hundred lines, newest first, that fit."""
    asked = {"person": person, "action": action, "first": first, "last": last, "subject": subject}
    lines, more, problem = list[Line](), None, None
    try:
        lines, more = await read_lines(office_of(request), _question(request, **asked), before and max(0, min(before, LARGEST)))
    except Invalid as error:
        problem = error
    wanted = {name: value for name, value in asked.items() if value}
    return await page(
        request, "staff/access_log.html", 200 if problem is None else 400, asked=asked, lines=lines, problem=problem, actions=ACTIONS,
        describe=describe, beijing=beijing, command_line=COMMAND_LINE, query=urlencode(wanted),
        more=more and urlencode(wanted | {"before": more}),
    )  # fmt: skip


@get("/staff/access-log.csv", opt=WATCHERS)
async def get_access_csv(
    request: StaffRequest,
    person: FromQuery[str] = "",
    action: FromQuery[str] = "",
    first: FromQuery[str] = "",
    last: FromQuery[str] = "",
    subject: FromQuery[str] = "",
) -> Response[bytes]:
    """All lines that fit, for a spreadsheet; that they were taken is noted."""
    question = _question(request, person, action, first, last, subject)
    lines = await export_lines(office_of(request), request.user.id, question)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["编号", "时间（北京）", "登录名", "姓名", "操作", "对象", "action"])
    with speaking(SOURCE):  # files are in Chinese whoever takes them
        for line in lines:
            who = (line.login or COMMAND_LINE, line.name or "")
            row = [str(line.id), beijing(line.at), *who, describe(line.action), line.subject, line.action]
            writer.writerow([inert(cell) for cell in row])
    return Response(
        (BYTE_ORDER_MARK + buffer.getvalue()).encode(), media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="access-log.csv"'},
    )  # fmt: skip


ROUTES = (get_access_log, get_access_csv)
