"""What everybody may read: draws, tickets, results, how to verify, keys. No session, no script, no form that changes anything."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import PathParameter, QueryParameter
from litestar.response import Redirect

from service.errors import NotFound
from service.language import gettext
from service.pages.commands import one_liners
from service.pages.draw import read_draw_page
from service.pages.draws import read_draws
from service.pages.keys import read_keys_page
from service.pages.loads import read_load_page
from service.pages.log_entries import page_of, read_log_page
from service.pages.reference import REFERENCE
from service.pages.result import read_result_page
from service.pages.ticket import find_tickets, has_every_ticket, read_ticket_page
from service.pages.verification import STEPS, steps_in_words, undecided_steps
from service.pages.why import read_why_page
from service.pages.words import ORIGINS, REDACTION_REASONS, VOID_REASONS, beijing
from service.web.assets import render
from service.web.session import PUBLIC, StaffRequest, office_of
from service.web.staff import read_bureau

__all__ = ["PUBLIC_ROUTES"]

CACHE = "public, max-age=60"
DrawId = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,32}-[0-9]{4}-[0-9]{1,9}-[0-9]{1,9}$")]
ResultId = Annotated[str, PathParameter(pattern=r"^[0-9A-Za-z._-]{1,160}$")]
TargetId = Annotated[str, PathParameter(pattern=r"^[0-9A-Za-z._-]{1,64}$")]
Words = Annotated[str, QueryParameter(max_length=100)]
Shard = Annotated[str, PathParameter(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
Number = Annotated[int, PathParameter(ge=1, le=2**40)]
Revision = Annotated[int, PathParameter(ge=1, le=1_000_000)]


async def _page(request: StaffRequest, template: str, **values: Any) -> Response[str]:
    body = render(
        f"public/{template}", bureau=await read_bureau(request), beijing=beijing, site=request.app.state.config.public_url,
        log_page=page_of, **values,
    )  # fmt: skip
    return Response(body, media_type="text/html", headers={"Cache-Control": CACHE})


@get("/", opt=PUBLIC)
async def get_start(request: StaffRequest) -> Response[str]:
    """What this is, and the newest draws."""
    return await _page(request, "start.html", current="draws", list=await read_draws(office_of(request)))


@get("/draws", opt=PUBLIC)
async def get_draws(request: StaffRequest) -> Response[str]:
    """The newest draws."""
    return await _draws(request, None)


@get("/draws/page/{number:int}", opt=PUBLIC)
async def get_draws_page(request: StaffRequest, number: Number) -> Response[str]:
    """A page of all draws; the first has the oldest."""
    return await _draws(request, number)


async def _draws(request: StaffRequest, number: int | None) -> Response[str]:
    found = await read_draws(office_of(request), number)
    return await _page(request, "draws.html", current="draws", list=found, number=number)


@get("/draws/{draw:str}", opt=PUBLIC)
async def get_draw(
    request: StaffRequest,
    draw: DrawId,
    q: Words = "",
    page: Annotated[int, QueryParameter(ge=1, le=100_000)] = 1,
) -> Response[str]:
    """One draw; `q` searches among the drawn."""
    return await _draw(request, draw, q, page)


@get("/draws/{draw:str}/page/{number:int}", opt=PUBLIC)
async def get_draw_page(request: StaffRequest, draw: DrawId, number: Number) -> Response[str]:
    """One draw, with a further page of the drawn."""
    return await _draw(request, draw, "", number)


async def _draw(request: StaffRequest, draw: str, q: str, page: int) -> Response[str]:
    found = await read_draw_page(office_of(request), draw, q.strip(), page)
    keys = await read_keys_page(office_of(request))
    undecided = undecided_steps(found.plan, keys.quorum, sealed=found.transcript is None)
    return await _page(
        request,
        "draw.html",
        current="draws",
        page=found,
        keys=keys,
        undecided=steps_in_words(undecided),
        origins=ORIGINS,
        void_reasons=VOID_REASONS,
        every_ticket=has_every_ticket(found.plan),
    )


@get("/draws/{draw:str}/tickets", opt=PUBLIC)
async def get_tickets(request: StaffRequest, draw: DrawId, q: Words = "") -> Response[Any]:
    """Find a firm; if only one fits, go to its ticket."""
    found = await find_tickets(office_of(request), draw, q.strip())
    if len(found.matches) == 1:
        return Redirect(f"/draws/{draw}/tickets/{found.matches[0].target}/", status_code=303)
    every = has_every_ticket(found.record.plan)
    return await _page(request, "tickets.html", current="draws", found=found, every_ticket=every)


@get("/draws/{draw:str}/tickets/{target:str}", opt=PUBLIC)
async def get_ticket(request: StaffRequest, draw: DrawId, target: TargetId) -> Response[str]:
    """Why one firm was drawn or not."""
    return await _page(
        request, "ticket.html", current="draws", page=await read_ticket_page(office_of(request), draw, target)
    )


@get("/draws/{draw:str}/tickets/{target:str}/team", opt=PUBLIC)
async def get_team(request: StaffRequest, draw: DrawId, target: TargetId) -> Response[str]:
    """Why these people inspect a drawn firm, and not others."""
    return await _page(
        request, "why.html", current="draws", page=await read_why_page(office_of(request), draw, target)
    )


@get("/draws/{draw:str}/people", opt=PUBLIC)
async def get_people(request: StaffRequest, draw: DrawId) -> Response[str]:
    """How many targets each person got, by id."""
    return await _people(request, draw, 1)


@get("/draws/{draw:str}/people/page/{number:int}", opt=PUBLIC)
async def get_people_page(request: StaffRequest, draw: DrawId, number: Number) -> Response[str]:
    """A further page of the people."""
    return await _people(request, draw, number)


async def _people(request: StaffRequest, draw: str, number: int) -> Response[str]:
    found = await read_load_page(office_of(request), draw, number)
    return await _page(request, "people.html", current="draws", page=found)


@get("/results/{id:str}", opt=PUBLIC)
async def get_result(request: StaffRequest, id: ResultId) -> Response[str]:
    """The newest revision of a result."""
    return await _result(request, id, None)


@get("/results/{id:str}/{rev:int}", opt=PUBLIC)
async def get_revision(request: StaffRequest, id: ResultId, rev: Revision) -> Response[str]:
    """One revision of a result, for ever at this address."""
    return await _result(request, id, rev)


async def _result(request: StaffRequest, id: str, rev: int | None) -> Response[str]:
    found = await read_result_page(office_of(request), id, rev)
    return await _page(request, "result.html", current="draws", page=found, redaction_reasons=REDACTION_REASONS)


@get("/verify", opt=PUBLIC)
async def get_verify(request: StaffRequest) -> Response[str]:
    """How to verify, without believing us."""
    keys = await read_keys_page(office_of(request))
    return await _page(
        request, "verify.html", current="verify", steps=STEPS, keys=keys, reference=REFERENCE,
        commands=one_liners(gettext("阶段密钥"), gettext("企业代码")), undecided=gettext("、").join(["22"] if keys.quorum else ["6", "8", "22"]),
    )  # fmt: skip


@get("/verify/verify.py", opt=PUBLIC, sync_to_thread=False)
def get_verifier() -> Response[bytes]:
    """The reference verifier, to be saved and run; NotFound where it was not installed."""
    if REFERENCE is None:
        raise NotFound("本站没有附带 verify.py", "this installation does not carry verify.py")
    headers = {
        "Cache-Control": "public, max-age=60, must-revalidate",
        "Content-Disposition": 'attachment; filename="verify.py"',
        "ETag": f'"{REFERENCE.sha256}"',
    }
    return Response(REFERENCE.data, media_type="text/x-python", headers=headers)


@get("/log/{shard:str}", opt=PUBLIC)
async def get_log(request: StaffRequest, shard: Shard) -> Response[str]:
    """The log to read, newest entries first."""
    return await _log(request, shard, None)


@get("/log/{shard:str}/page/{number:int}", opt=PUBLIC)
async def get_log_page(request: StaffRequest, shard: Shard, number: Number) -> Response[str]:
    """A page of the log; the first begins with its first entry."""
    return await _log(request, shard, number)


async def _log(request: StaffRequest, shard: str, number: int | None) -> Response[str]:
    found = await read_log_page(office_of(request), shard, number)
    return await _page(request, "log.html", current="draws", log=found, number=number)


@get("/keys", opt=PUBLIC)
async def get_keys(request: StaffRequest) -> Response[str]:
    """The fingerprints of our keys."""
    return await _page(request, "keys.html", current="keys", keys=await read_keys_page(office_of(request)))


PUBLIC_ROUTES = (
    get_start, get_draws, get_draws_page, get_draw, get_draw_page, get_tickets, get_ticket, get_team, get_people, get_people_page,
    get_result, get_revision, get_verify, get_verifier, get_keys, get_log, get_log_page,
)  # fmt: skip
