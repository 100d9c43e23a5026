"""`/staff/registries/<kind>/changes` and `…/versions`: what a registry was and is, between any two of its versions."""

from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from service import access_log
from service.errors import Invalid
from service.pages.registry.changes import FATES, PAGE, Span, export_changes, read_changes, read_versions
from service.pages.registry.exporting import pieces
from service.pages.registry.question import known_kind
from service.pages.registry.words import registry_label
from service.pages.words import beijing
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["CHANGE_ROUTES"]

READERS = only("registrar", "auditor")
LARGEST = 2**62


def _parameters(request: StaffRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.query_params.items()}


def _address(span: Span, after: str = "") -> str:
    """Return the part of an address after `?` that asks for this span, from `after` on."""
    asked = {"since": str(span.since), "until": str(span.until), "only": span.only, "after": after}
    return urlencode({name: value for name, value in asked.items() if value})


@get("/staff/registries/{kind:str}/changes", opt=READERS)
async def get_changes(request: StaffRequest, kind: FromPath[str]) -> Response[str]:
    """A page of the rows that changed between two versions, and the steps that did it; who looked is noted."""
    known, office, asked = known_kind(kind), office_of(request), _parameters(request)
    status, problem = 200, None
    try:
        changes = await read_changes(office, known, asked)
    except Invalid as error:
        status, problem = 400, error
        changes = await read_changes(office, known, {})
    async with office.pool.acquire() as connection:
        await access_log.note(connection, request.user.id, f"read changes of {known}", _address(changes.span))
    return await page(
        request, "staff/registry/changes.html", status, kind=known, page=changes, asked=asked, problem=problem, fates=FATES, beijing=beijing,
        query=_address(changes.span), more=changes.more and _address(changes.span, changes.more),
    )  # fmt: skip


@get("/staff/registries/{kind:str}/changes.csv", opt=READERS)
async def get_changes_csv(request: StaffRequest, kind: FromPath[str]) -> Stream:
    """Every changed row of the span, one line for each field; who took it is noted."""
    known, office, asked = known_kind(kind), office_of(request), _parameters(request)
    file, number = await export_changes(office, known, asked)
    async with office.pool.acquire() as connection:
        asked_for: dict[str, str] = {name: asked[name][:40] for name in ("since", "until", "only") if name in asked}
        subject = f"csv, {number} rows, {urlencode(asked_for)}"
        await access_log.note(connection, request.user.id, f"export changes of {known}", subject)
    return Stream(pieces(file), media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{known}-changes.csv"'})


@get("/staff/registries/{kind:str}/versions", opt=READERS)
async def get_versions(request: StaffRequest, kind: FromPath[str], before: FromQuery[int | None] = None) -> Response[str]:
    """The versions of a registry with who made each, newest first."""
    known = known_kind(kind)
    steps, version = await read_versions(office_of(request), known, None if before is None else max(1, min(before, LARGEST)))
    more = steps[PAGE - 1].version if len(steps) > PAGE else None
    return await page(
        request, "staff/registry/versions.html", kind=known, label=registry_label(known), steps=steps[:PAGE], version=version, more=more,
        later=before is not None, beijing=beijing,
    )  # fmt: skip


CHANGE_ROUTES = (get_changes, get_changes_csv, get_versions)
