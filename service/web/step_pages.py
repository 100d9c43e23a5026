"""`/staff/steps/<id>`: the page of whoever has to agree. Exactly what is asked, what changed since, and agreeing, sending back, withdrawing."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from service.ceremony.state import read_ceremony
from service.ceremony.words import missing
from service.errors import Refused
from service.freeze_changes import changes_since
from service.language import marked
from service.office import Office
from service.pages.words import VOID_REASONS
from service.seats import Seat, may_take
from service.step_views import StepView, may_agree, read_step
from service.steps import agree, send_back, withdraw
from service.web.session import ANY_STAFF, StaffRequest, office_of
from service.web.staff import KINDS, page

__all__ = ["STEP_ROUTES"]

# What stands in the summaries of steps, as it is called; of a freeze, `plan_summary.html` tells more.
NAMES: Final = {
    "reason": marked("理由"), "statement": marked("具体情形"), "line": marked("登记的内容"), "s": marked("计划指纹 S"), "lines": marked("已登记的数字（条）"),
    "target": marked("检查对象"), "result": marked("检查结果"), "rev": marked("版次"), "sequence": marked("次序"), "received_at": marked("收到时间"),
    "requested_by": marked("申请方"), "legal_basis": marked("依据"), "kind": marked("文书种类"),
}  # fmt: skip


async def _after(office: Office, step: StepView) -> list[str]:
    """Return what the draw still needs, once its list is frozen; nothing for other steps."""
    return missing(await read_ceremony(office, step.draw)) if step.kind == "draw-plan/v1" and step.document else []


async def _show(request: StaffRequest, step: StepView, status: int = 200, problem: Refused | None = None, note: str = "", at: str = "") -> Response[str]:
    office, who = office_of(request), request.user
    proposed = step.agreed[0] if step.agreed else None
    open_now = step.document is None and not step.withdrawn
    own = open_now and proposed is not None and (proposed.login == who.login or may_take(who, Seat(proposed.role), step.kind, step.sections))
    return await page(
        request, "staff/step.html", status, step=step, mine=may_agree(step, who), own=own, kinds=KINDS, names=NAMES, void_reasons=VOID_REASONS,
        problem=problem, note=note, at=at, changes=await changes_since(office, UUID(step.id)), missing=await _after(office, step),
    )  # fmt: skip


@get("/staff/steps/{step:uuid}", opt=ANY_STAFF)
async def get_step(request: StaffRequest, step: FromPath[UUID]) -> Response[str]:
    """One step: what is asked, who agreed, and the buttons for whoever is next."""
    return await _show(request, await read_step(office_of(request), request.user, step))


@post("/staff/steps/{step:uuid}/agree", opt=ANY_STAFF)
async def post_agreement(request: StaffRequest, step: FromPath[UUID]) -> Response[Any]:
    """Agree, and show the step again: with its document, or with the reason why not."""
    office = office_of(request)
    try:
        await agree(office, request.user, step)
    except Refused as error:
        return await _show(request, await read_step(office, request.user, step), 409, error)
    return Redirect(f"/staff/steps/{step}", status_code=303)


@post("/staff/steps/{step:uuid}/return", opt=ANY_STAFF)
async def post_return(request: StaffRequest, step: FromPath[UUID]) -> Response[Any]:
    """Send a step back to whoever proposed it, with a note."""
    office, note = office_of(request), str((await request.form()).get("note", ""))
    view = await read_step(office, request.user, step)
    try:
        await send_back(office, request.user, step, note)
    except Refused as error:
        return await _show(request, view, 409, error, note, "note")
    return Redirect(f"/staff/steps/{step}", status_code=303)


@post("/staff/steps/{step:uuid}/withdraw", opt=ANY_STAFF)
async def post_withdrawal(request: StaffRequest, step: FromPath[UUID]) -> Response[Any]:
    """Take back an own step that is not done."""
    office = office_of(request)
    view = await read_step(office, request.user, step)
    try:
        await withdraw(office, request.user, step)
    except Refused as error:
        return await _show(request, view, 409, error)
    return Redirect(f"/staff/draws/{view.draw}", status_code=303)


STEP_ROUTES = (get_step, post_agreement, post_return, post_withdrawal)
