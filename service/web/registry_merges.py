"""`/staff/duplicates` and `/staff/merges`: targets that may be one firm, two of them side by side, and who made them one."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from service import access_log
from service.errors import Refused
from service.pages.registry.twins import GROUNDS, read_pair, read_twins
from service.pages.registry.words import status_words
from service.pages.words import beijing
from service.registry.merging import confirm_merge, propose_merge, read_proposal, read_proposals, refuse_merge
from service.web.session import StaffRequest, office_of, only, registries_of
from service.web.staff import page

__all__ = ["MERGE_ROUTES"]

REGISTRAR, CONFIRMERS = only("registrar"), only("registrar", "operator")
READERS, WATCHERS = only("registrar", "auditor"), only("registrar", "operator", "auditor")


@get("/staff/duplicates", opt=READERS)
async def get_duplicates(request: StaffRequest, ground: FromQuery[str] = "core", after: FromQuery[str] = "") -> Response[str]:
    """Groups of targets that may be one firm."""
    twins = await read_twins(office_of(request), ground, after)
    return await page(request, "staff/registry/duplicates.html", twins=twins, grounds=GROUNDS, after=after, statuses=status_words())


async def _pair_page(request: StaffRequest, one: str, other: str, status: int = 200, problem: Any = None, **typed: str) -> Response[str]:
    office = registries_of(request)
    pair = await read_pair(office, one, other)
    async with office.pool.acquire() as connection:
        await access_log.note(connection, request.user.id, "read row of targets", f"{one} {other}")
    said = {"kept": "", "reason": ""} | typed
    return await page(request, "staff/registry/pair.html", status, pair=pair, problem=problem, typed=said)


@get("/staff/duplicates/pair", opt=READERS)
async def get_pair(request: StaffRequest, one: FromQuery[str] = "", other: FromQuery[str] = "") -> Response[str]:
    """Two targets side by side, and the form that proposes to make them one."""
    return await _pair_page(request, one.strip(), other.strip())


@get("/staff/merges", opt=WATCHERS)
async def get_merges(request: StaffRequest) -> Response[str]:
    """What waits for a second person, and what was merged and unmerged."""
    proposals = await read_proposals(office_of(request))
    return await page(request, "staff/registry/merges.html", proposals=proposals, beijing=beijing)


@post("/staff/merges", opt=REGISTRAR)
async def post_merge(request: StaffRequest) -> Response[Any]:
    """Propose that of two targets one is kept, or that a merge is undone; nothing is merged yet."""
    form = await request.form()
    one, other, kept, reason, undo = (str(form.get(name, "")).strip() for name in ("one", "other", "kept", "reason", "undo"))
    alias = undo or (other if kept == one else one)
    try:
        if not undo and kept not in (one, other):
            raise Refused("请选择保留哪一个", "choose which one is kept")
        id = await propose_merge(office_of(request), request.user, alias, None if undo else kept, reason)
    except Refused as error:
        if undo or not one or not other:
            raise
        return await _pair_page(request, one, other, 409, error, kept=kept, reason=reason)
    return Redirect(f"/staff/merges/{id}", status_code=303)


async def _merge_page(request: StaffRequest, id: UUID, status: int = 200, problem: Any = None) -> Response[str]:
    office = registries_of(request)
    proposal = await read_proposal(office, id)
    pair = await read_pair(office, proposal.kept, proposal.alias) if proposal.kept else None
    return await page(request, "staff/registry/merge.html", status, one=proposal, pair=pair, problem=problem, beijing=beijing)


@get("/staff/merges/{id:uuid}", opt=WATCHERS)
async def get_merge(request: StaffRequest, id: FromPath[UUID]) -> Response[str]:
    """One merge: who asks for it and why, both targets, and the button of the second person."""
    return await _merge_page(request, id)


@post("/staff/merges/{id:uuid}/confirm", opt=CONFIRMERS)
async def post_confirmed_merge(request: StaffRequest, id: FromPath[UUID]) -> Response[Any]:
    """Carry it out, as somebody else than who proposed it."""
    try:
        await confirm_merge(office_of(request), request.user, id)
    except Refused as error:
        return await _merge_page(request, id, 409, error)
    return Redirect(f"/staff/merges/{id}", status_code=303)


@post("/staff/merges/{id:uuid}/refuse", opt=CONFIRMERS)
async def post_refused_merge(request: StaffRequest, id: FromPath[UUID]) -> Response[Any]:
    """Put it aside; nothing is merged."""
    try:
        await refuse_merge(office_of(request), request.user, id)
    except Refused as error:
        return await _merge_page(request, id, 409, error)
    return Redirect(f"/staff/merges/{id}", status_code=303)


MERGE_ROUTES = (get_duplicates, get_pair, get_merges, post_merge, get_merge, post_confirmed_merge, post_refused_merge)
