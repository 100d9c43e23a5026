"""`/staff/draws/<id>/stage` for the room, `/staff/draws/<id>/ceremony` for those who type and confirm."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, PathParameter
from litestar.response import Redirect

from service.ceremony import words
from service.ceremony.entering import confirm, draw_once, enter, record_absent, withdraw
from service.ceremony.scans import MOST_BYTES, check_kept, keep_scan, read_scan
from service.ceremony.state import Ceremony, groups, read_ceremony
from service.errors import Invalid, NotFound, Refused
from service.language import gettext
from service.pages.record import read_transcript
from service.pages.words import VOID_REASONS, beijing
from service.web.registry_imports import FORM_OVERHEAD
from service.web.session import ANY_STAFF, StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["CEREMONY_ROUTES", "DrawId", "Label", "counts_of"]

DrawId = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,32}-[0-9]{4}-[0-9]{1,9}-[0-9]{1,9}$")]
Label = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,32}$")]
READERS = only("operator", "confirmer", "approver", "auditor")


async def counts_of(request: StaffRequest, ceremony: Ceremony) -> list[tuple[str, int]]:
    """Return how many targets were drawn in each stratum; nothing before the draw, and nothing while it is sealed."""
    if ceremony.record is None or ceremony.record.shown is None:
        return []
    async with office_of(request).pool.acquire() as connection:
        transcript = await read_transcript(connection, ceremony.record)
    assert transcript is not None
    drawn = [target.stratum for target in transcript.targets]
    return [(stratum.name, drawn.count(stratum.id)) for stratum in ceremony.plan.strata]


async def _stage(request: StaffRequest, draw: str, status: int = 200, problem: Refused | None = None) -> Response[str]:
    ceremony = await read_ceremony(office_of(request), draw)
    address = f"{request.app.state.config.public_url}/draws/{draw}/"
    return await page(
        request, "staff/ceremony/stage.html", status, ceremony=ceremony, words=words, groups=groups, beijing=beijing, problem=problem,
        counts=await counts_of(request, ceremony), address=address,
    )  # fmt: skip


@get("/staff/draws/{draw:str}/stage", opt=ANY_STAFF)
async def get_stage(request: StaffRequest, draw: DrawId) -> Response[str]:
    """What the projector shows: everything on it is public, or will be when the draw is frozen."""
    return await _stage(request, draw)


@post("/staff/draws/{draw:str}/stage", opt=only("operator", "confirmer"))
async def post_draw(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """Press 抽取: the operator asks, the confirmer agrees. It is drawn once, however often anybody presses."""
    form = await request.form()
    back = "ceremony" if form.get("back") == "ceremony" else "stage"
    try:
        await draw_once(office_of(request), request.user, draw)
    except Refused as error:
        if isinstance(error, NotFound):
            raise
        if back == "stage":
            return await _stage(request, draw, 409, error)
        return await _entry(request, draw, 409, error, "draw")
    return Redirect(f"/staff/draws/{draw}/{back}", status_code=303)


async def _entry(
    request: StaffRequest, draw: str, status: int = 200, problem: Refused | None = None, at: str = "", typed: str = "", form: str | None = None
) -> Response[str]:
    """The page of those who type; after a refusal with what was typed, at the giver `at`."""
    ceremony = await read_ceremony(office_of(request), draw)
    return await page(
        request, "staff/ceremony/entry.html", status, ceremony=ceremony, words=words, groups=groups, beijing=beijing, problem=problem, at=at,
        typed=typed, form=form, most=MOST_BYTES >> 20, void_reasons=VOID_REASONS,
    )  # fmt: skip


@get("/staff/draws/{draw:str}/ceremony", opt=READERS)
async def get_entry(request: StaffRequest, draw: DrawId) -> Response[str]:
    """Where numbers are typed and confirmed."""
    return await _entry(request, draw)


async def _uploaded(part: Any) -> bytes:
    return await part.read() if isinstance(part, UploadFile) and part.filename else b""


@post(
    "/staff/draws/{draw:str}/ceremony/{label:str}",
    opt=only("operator"),
    request_max_body_size=MOST_BYTES + FORM_OVERHEAD,
)
async def post_entry(request: StaffRequest, draw: DrawId, label: Label) -> Response[Any]:
    """Type what a giver gave, or ask for a witness to be recorded as absent."""
    office, data = office_of(request), await request.form()
    typed, form = str(data.get("digits", "")), str(data.get("form", "")) or None
    try:
        giver = (await read_ceremony(office, draw)).giver(label)
        if giver is None:
            raise NotFound(f"计划中没有 {label} 这一数字来源", f"the plan names no {label}")
        if data.get("absent"):
            await record_absent(office, request.user, draw, label)
        else:
            if scan := await _uploaded(data.get("scan")):
                form = await keep_scan(office, request.user, draw, label, scan)
            elif form is not None:
                await check_kept(office, draw, form)
            if not typed.strip() and (file := await _uploaded(data.get("file"))):
                typed = file.decode("utf-8", "replace")
            if not typed.strip():
                raise Invalid(gettext("请输入数字"), "type the digits")
            await enter(office, request.user, draw, giver, typed, form)
    except Refused as error:
        if isinstance(error, NotFound):
            raise
        return await _entry(request, draw, 422, error, label, typed, form)
    return Redirect(f"/staff/draws/{draw}/ceremony#giver-{label}", status_code=303)


@post("/staff/draws/{draw:str}/ceremony/{label:str}/confirm", opt=only("confirmer"))
async def post_confirmation(request: StaffRequest, draw: DrawId, label: Label) -> Response[Any]:
    """Confirm against the paper; a public number by typing it again."""
    form = await request.form()
    step, typed = (str(form.get(name, "")) for name in ("step", "typed"))
    try:
        await confirm(office_of(request), request.user, draw, label, step, typed)
    except Refused as error:
        if isinstance(error, NotFound):
            raise
        return await _entry(request, draw, 409, error, label, typed)
    return Redirect(f"/staff/draws/{draw}/ceremony#giver-{label}", status_code=303)


@post("/staff/draws/{draw:str}/ceremony/{label:str}/withdraw", opt=only("operator"))
async def post_withdrawal(request: StaffRequest, draw: DrawId, label: Label) -> Response[Any]:
    """Take back what was typed and not confirmed, to type it anew."""
    try:
        await withdraw(office_of(request), request.user, draw, label)
    except Refused as error:
        if isinstance(error, NotFound):
            raise
        return await _entry(request, draw, 409, error, label)
    return Redirect(f"/staff/draws/{draw}/ceremony#giver-{label}", status_code=303)


@get("/staff/draws/{draw:str}/scans/{sha256:str}", opt=only("auditor"))
async def get_scan(request: StaffRequest, draw: DrawId, sha256: FromPath[str]) -> Response[bytes]:
    """A scan of signed paper."""
    media_type, data = await read_scan(office_of(request), request.user, draw, sha256)
    ending = media_type.rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="{sha256[:16]}.{ending}"'}
    return Response(data, media_type=media_type, headers=headers)


CEREMONY_ROUTES = (get_stage, post_draw, get_entry, post_entry, post_confirmation, post_withdrawal, get_scan)
