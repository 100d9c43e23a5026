"""`/staff/registries/`: the living lists, searched and filtered."""

from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath

from service import access_log
from service.errors import Invalid
from service.pages.registry.finding import FULL
from service.pages.registry.listing import read_listing, read_overview
from service.pages.registry.question import Question, known_kind, parse_question
from service.pages.words import beijing
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
    """The six registries with their size, version and last import."""
    return await page(request, "staff/registry/overview.html", registries=await read_overview(office_of(request)), beijing=beijing)


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


REGISTRY_ROUTES = (get_registries, get_registry)
