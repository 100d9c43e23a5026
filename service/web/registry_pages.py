"""`/staff/registries/`: the living lists, searched, filtered and taken away as files."""

from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from service import access_log
from service.errors import Invalid
from service.pages.registry.exporting import export_csv, export_workbook, pieces
from service.pages.registry.finding import FULL
from service.pages.registry.listing import read_listing, read_overview
from service.pages.registry.question import Question, known_kind, parse_key, parse_question
from service.pages.registry.row import read_row
from service.pages.words import beijing
from service.registry.editing import ENDS
from service.registry.merging import count_open_merges
from service.web.registry_changes import CHANGE_ROUTES
from service.web.registry_edit import EDIT_ROUTES
from service.web.registry_imports import XLSX, download
from service.web.registry_merges import MERGE_ROUTES
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["REGISTRY_ROUTES"]

READERS = only("registrar", "auditor")


def _address(question: Question, **more: str) -> str:
    """Return the part of an address after `?` that asks the same from the first page on."""
    return urlencode({name: value for name, value in ({"q": question.words} | question.filters | more).items() if value})


def _parameters(request: StaffRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.query_params.items()}


@get("/staff/registries", opt=READERS)
async def get_registries(request: StaffRequest) -> Response[str]:
    """The seven registries with their size, version and last import."""
    return await page(
        request, "staff/registry/overview.html", registries=await read_overview(office_of(request)), beijing=beijing,
        merges=await count_open_merges(office_of(request)),
    )


@get("/staff/registries/{kind:str}", opt=READERS)
async def get_registry(request: StaffRequest, kind: FromPath[str]) -> Response[str]:
    """A page of one registry that fits the words and filters in the address; who looked at people is noted."""
    known, office = known_kind(kind), office_of(request)
    question = parse_question(known, _parameters(request))
    status, listing, problem = 200, None, None
    try:
        listing = await read_listing(office, question)
    except Invalid as error:
        status, problem = 400, error
        plain = Question(known, "", {})
        listing = await read_listing(office, plain)
    async with office.pool.acquire() as connection:
        await access_log.note(connection, request.user.id, f"read registry of {known}", _address(question))
    return await page(
        request, "staff/registry/list.html", status, kind=known, question=question, listing=listing, problem=problem, full=FULL,
        query=_address(question), more=listing.more and _address(question, after=listing.more),
    )  # fmt: skip


@get("/staff/registries/{kind:str}/row", opt=READERS)
async def get_row(request: StaffRequest, kind: FromPath[str], key: FromQuery[str], at: FromQuery[int | None] = None) -> Response[str]:
    """One record, as it is or as it was at version `at`, with all that changed in it; who looked is noted."""
    known, office = known_kind(kind), office_of(request)
    row = await read_row(office, known, parse_key(known, key), at)
    async with office.pool.acquire() as connection:
        await access_log.note(connection, request.user.id, f"read row of {known}", row.code)
    return await page(request, "staff/registry/row.html", kind=known, row=row, key=key, ends=known in ENDS, beijing=beijing)


@get("/staff/registries/{kind:str}/export.csv", opt=READERS)
async def get_csv(request: StaffRequest, kind: FromPath[str]) -> Stream:
    """Every row that fits, as CSV; who took what is noted."""
    question = _whole(request, kind)
    file, number = await export_csv(office_of(request), question)
    await _note_export(request, question, "csv", number)
    return Stream(pieces(file), media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{question.kind}.csv"'})


@get("/staff/registries/{kind:str}/export.xlsx", opt=READERS)
async def get_workbook(request: StaffRequest, kind: FromPath[str]) -> Response[bytes]:
    """Every row that fits, as a workbook; who took what is noted."""
    question = _whole(request, kind)
    content, number = await export_workbook(office_of(request), question)
    await _note_export(request, question, "xlsx", number)
    return download(content, XLSX, f"{question.kind}.xlsx")


def _whole(request: StaffRequest, kind: str) -> Question:
    return msgspec.structs.replace(parse_question(known_kind(kind), _parameters(request)), after=None)


async def _note_export(request: StaffRequest, question: Question, form: str, number: int) -> None:
    async with office_of(request).pool.acquire() as connection:
        subject = f"{form}, {number} rows, {_address(question) or 'all'}"
        await access_log.note(connection, request.user.id, f"export registry of {question.kind}", subject)


REGISTRY_ROUTES = (get_registries, get_registry, get_row, get_csv, get_workbook, *CHANGE_ROUTES, *MERGE_ROUTES, *EDIT_ROUTES)
