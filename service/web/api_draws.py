"""`/api/v1/draws` and `/api/v1/steps`: a draw from draft to result, by program. Each handler calls one use case."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter
from msgspec import Struct

from service import access_log, step_views, steps
from service.bundles import read_bundle
from service.disclosures import Published, list_published
from service.drafting import create_draft, preview, revise_draft
from service.drafts import Draft
from service.errors import Invalid, NotFound
from service.life.open import open_draw
from service.life.own_key import contribute_signed, to_sign
from service.overview import DrawLine, list_draws, read_draw, step_ids
from service.web.session import ANY_STAFF, PUBLIC, StaffRequest, office_of, only

__all__ = ["ROUTES"]

DrawId = Annotated[str, PathParameter(pattern=r"^[a-z0-9-]{1,32}-[0-9]{4}-[0-9]{1,9}-[0-9]{1,9}$")]


class StepRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`kind` is the kind of document the step leads to, such as `draw-plan/v1`."""

    kind: str
    request: dict[str, Any]


class Typed(Struct, frozen=True, forbid_unknown_fields=True):
    """What was typed again by whoever agrees to a public number."""

    typed: str | None = None


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    cause: Literal["date", "last-visit"]


def _order(draw: str) -> tuple[int, int, int]:
    parts = draw.rsplit("-", 3)[1:]
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise Invalid(f"{draw} 不是批次编号", f"{draw} is not the id of a draw")
    return int(parts[0]), int(parts[1]), int(parts[2])


@get("/api/v1/draws", opt=ANY_STAFF)
async def get_draws(
    request: StaffRequest,
    before: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> list[DrawLine]:
    """Draws, newest first; `before` is the id of the last one seen."""
    return await list_draws(office_of(request), request.user, _order(before) if before else None, limit)


@post("/api/v1/draws", opt=only("operator"))
async def post_draw(request: StaffRequest, data: JSONBody[Draft]) -> Response[dict[str, str]]:
    """Prepare a draw."""
    draw = await create_draft(office_of(request), request.user, data)
    return Response({"id": draw}, headers={"Location": f"/api/v1/draws/{draw}"})


@get("/api/v1/draws/{draw:str}", opt=ANY_STAFF)
async def get_draw(request: StaffRequest, draw: DrawId) -> dict[str, Any]:
    """One draw: where it stands, its documents and steps."""
    return await read_draw(office_of(request), request.user, draw)


@put("/api/v1/draws/{draw:str}/draft", opt=only("operator"), status_code=204)
async def put_draft(request: StaffRequest, draw: DrawId, data: JSONBody[Draft]) -> None:
    """Replace the draft of a draw that is not frozen."""
    await revise_draft(office_of(request), request.user, draw, data)


@get("/api/v1/draws/{draw:str}/preview", opt=only("operator", "confirmer", "approver"))
async def get_preview(request: StaffRequest, draw: DrawId) -> dict[str, Any]:
    """What freezing the draft now would give, with every fault."""
    return await preview(office_of(request), request.user, draw)


@get("/api/v1/draws/{draw:str}/disclosures", opt=only("reviewer"))
async def get_disclosures(request: StaffRequest, draw: DrawId) -> list[Published]:
    """What is disclosed of a draw, each with the document and digest that a redaction names."""
    office = office_of(request)
    published = await list_published(office, draw)
    async with office.pool.acquire() as connection:
        await access_log.note(connection, request.user.id, "read disclosures", draw)
    return published


@post("/api/v1/draws/{draw:str}/steps", opt=ANY_STAFF)
async def post_step(
    request: StaffRequest, draw: DrawId, data: JSONBody[StepRequest]
) -> Response[step_views.StepView]:
    """Propose a step: 201 for a new one, 200 for the one that was there."""
    office = office_of(request)
    known = await step_ids(office, draw)
    view = await steps.propose(office, request.user, draw, data.kind, data.request)
    location = {"Location": f"/api/v1/steps/{view.id}"}
    return Response(view, status_code=200 if view.id in known else 201, headers=location)


@get("/api/v1/steps", opt=ANY_STAFF)
async def get_steps(request: StaffRequest) -> list[step_views.StepView]:
    """The steps that wait for a role of the person who asks."""
    return await step_views.open_steps(office_of(request), request.user)


@get("/api/v1/steps/{step:uuid}", opt=ANY_STAFF)
async def get_step(request: StaffRequest, step: FromPath[UUID]) -> step_views.StepView:
    """One step."""
    return await step_views.read_step(office_of(request), request.user, step)


@post("/api/v1/steps/{step:uuid}/agree", opt=ANY_STAFF, status_code=200)
async def post_agreement(request: StaffRequest, step: FromPath[UUID]) -> step_views.StepView:
    """Agree to a step; the last one to agree performs it. A public number is typed again: `{"typed": "90210"}`; else there is no body."""
    body = await request.body() if request.content_type[0] == "application/json" else b""
    try:
        given = msgspec.json.decode(body, type=Typed) if body else Typed()
    except msgspec.DecodeError as error:
        raise Invalid(f"请求内容有误：{error}", str(error)) from error
    return await steps.agree(office_of(request), request.user, step, given.typed)


@post("/api/v1/steps/{step:uuid}/withdraw", opt=ANY_STAFF, status_code=204)
async def post_withdrawal(request: StaffRequest, step: FromPath[UUID]) -> None:
    """Take back one's own step before it is done."""
    await steps.withdraw(office_of(request), request.user, step)


@get("/api/v1/draws/{draw:str}/contributions/{label:str}", opt=PUBLIC)
async def get_contribution_to_sign(
    request: StaffRequest,
    draw: DrawId,
    label: FromPath[str],
    digits: FromQuery[str],
    form: FromQuery[str | None] = None,
) -> dict[str, str]:
    """The bytes a witness with their own key would sign now."""
    return await to_sign(office_of(request), draw, label, digits, form)


@post("/api/v1/draws/{draw:str}/contributions", opt=PUBLIC)
async def post_contribution(request: StaffRequest, draw: DrawId) -> dict[str, Any]:
    """A contribution signed with the contributor's own key, as a DSSE envelope: the signature is the credential."""
    return await contribute_signed(office_of(request), draw, await request.body())


@post("/api/v1/draws/{draw:str}/opening", opt=only("operator"))
async def post_opening(request: StaffRequest, draw: DrawId, data: JSONBody[Opening]) -> dict[str, str]:
    """Ask for the opening of a sealed draw; at its date the service opens it by itself."""
    return {"document": await open_draw(office_of(request), request.user, draw, data.cause)}


@get("/draws/{draw:str}/{file:str}", opt=PUBLIC)
async def get_bundle(request: StaffRequest, draw: DrawId, file: FromPath[str]) -> Response[bytes]:
    """The bundle an auditor keeps, `<draw id>.bundle.json`."""
    if file != f"{draw}.bundle.json":
        raise NotFound(f"没有 {file}", f"there is no {file}")
    headers = {"Cache-Control": "public, max-age=60, must-revalidate", "Access-Control-Allow-Origin": "*"}
    return Response(
        await read_bundle(office_of(request), draw), media_type="application/json", headers=headers
    )


ROUTES = (
    get_draws, post_draw, get_draw, put_draft, get_preview, get_disclosures, post_step, get_steps, get_step, post_agreement, post_withdrawal,
    get_contribution_to_sign, post_contribution, post_opening, get_bundle,
)  # fmt: skip
