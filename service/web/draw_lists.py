"""`/staff/draws/<id>/candidates`, `/excluded`, `/people`: what freezing a draft now would lock, or what is locked, row by row and as CSV."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Stream

from service import access_log
from service.draft_lists import Kind, Question, read_lists, select, whole
from service.errors import Invalid
from service.language import gettext, marked
from service.registry.export import BYTE_ORDER_MARK, inert
from service.web.draw_pages import DrawId
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["DRAW_LIST_ROUTES"]

READERS = only("operator", "confirmer", "approver", "auditor")
TITLES: Final[dict[Kind, str]] = {"candidates": marked("候选名单"), "excluded": marked("排除名单"), "people": marked("不参加的人员")}
HEADS: Final[dict[Kind, tuple[str, ...]]] = {
    "candidates": (marked("统一社会信用代码"), marked("名称"), marked("分层"), marked("类别"), marked("区域"), marked("必查")),
    "excluded": (marked("统一社会信用代码"), marked("名称"), marked("排除理由"), marked("依据的数据")),
    "people": (marked("编号"), marked("姓名"), marked("不参加的原因")),
}
_CHUNK: Final = 5_000


def _kind_of(request: StaffRequest) -> Kind:
    last = request.url.path.rpartition("/")[2].removesuffix(".csv")
    return next(kind for kind in TITLES if kind == last)


def _cells(row: Any) -> tuple[str, ...]:
    values = (getattr(row, name) for name in row.__struct_fields__)
    return tuple((gettext("是") if value else "") if isinstance(value, bool) else value for value in values)


@get(["/staff/draws/{draw:str}/candidates", "/staff/draws/{draw:str}/excluded", "/staff/draws/{draw:str}/people"], opt=READERS)
async def get_list(request: StaffRequest, draw: DrawId, q: FromQuery[str] = "", of: FromQuery[str] = "", after: FromQuery[str] = "") -> Response[Any]:
    """A page of one list."""
    kind = _kind_of(request)
    try:
        lists = await read_lists(office_of(request), request.user, draw)
    except Invalid as error:
        return await page(request, "staff/draws/no_lists.html", 409, draw=draw, title=TITLES[kind], problem=error)
    found = await select(lists, kind, Question(q, of, after))
    choices = {"candidates": [stratum["name"] for stratum in lists.strata], "excluded": [reason for reason, _ in lists.reasons], "people": []}[kind]
    asked = {"q": q, "of": of}
    query = {name: value for name, value in asked.items() if value}
    return await page(
        request, "staff/draws/lists.html", draw=draw, kind=kind, titles=TITLES, heads=HEADS[kind], rows=[_cells(row) for row in found.rows],
        found=found, lists=lists, choices=choices, asked=asked, first=not after,
        more=found.after and urlencode(query | {"after": found.after}),
    )  # fmt: skip


def _csv(heads: Sequence[str], rows: Sequence[Any]) -> Iterator[bytes]:
    for start in range(0, max(1, len(rows)), _CHUNK):
        text = StringIO()
        writer = csv.writer(text)
        if start == 0:
            text.write(BYTE_ORDER_MARK)
            writer.writerow(heads)
        writer.writerows([inert(cell) for cell in _cells(row)] for row in rows[start : start + _CHUNK])
        yield text.getvalue().encode()


@get(["/staff/draws/{draw:str}/candidates.csv", "/staff/draws/{draw:str}/excluded.csv", "/staff/draws/{draw:str}/people.csv"], opt=READERS)
async def get_csv(request: StaffRequest, draw: DrawId) -> Stream:
    """One list as a whole; who took it is noted."""
    kind, office = _kind_of(request), office_of(request)
    rows = whole(await read_lists(office, request.user, draw), kind)
    async with office.pool.acquire() as connection:
        await access_log.note(connection, request.user.id, f"export list of {kind}", f"{draw}, {len(rows)} rows")
    headers = {"Content-Disposition": f'attachment; filename="{draw}-{kind}.csv"'}
    return Stream(_csv([gettext(head) for head in HEADS[kind]], rows), media_type="text/csv; charset=utf-8", headers=headers)


DRAW_LIST_ROUTES = (get_list, get_csv)
