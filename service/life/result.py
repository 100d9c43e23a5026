"""Results (检查结果): two inspectors enter, a reviewer passes, two publish; what is wrong is corrected (更正), nothing is edited."""

from typing import Any, Literal

import msgspec
from msgspec import UnsetType

from disclosure.document import Correction, Finding, InspectionResult, Replacement, ResultCode
from disclosure.keys import encode_base64url
from disclosure.person import digest, make_disclosure
from disclosure.result import RequestedBy
from selection.forms import Date, Id, Text
from selection.plan import ActorRole
from selection.replacement import Event, TargetEvent
from service.database import Connection
from service.disclosures import REDACTED
from service.documents import Stored
from service.errors import Conflicting, Invalid
from service.frozen import DrawRow, FrozenDraw, read_frozen, read_sealed_events
from service.life.revision import asked_of, check_public, lock_chain, log_revision, pin
from service.office import Office, as_day
from service.steps import Prepared, Rule, convert_request

__all__ = ["CORRECTION_RULE", "RULE"]


class ResultRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was found at one target; findings name items that were drawn for it."""

    target: Id
    inspected_on: Date
    result: ResultCode
    findings: tuple[Finding, ...]
    legal_basis: tuple[Text, ...] = ()


class CorrectionRequest(ResultRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reason: Text
    requested_by: RequestedBy
    status: Literal["in_force", "corrected"] = "corrected"


def _drawn(
    frozen: FrozenDraw, events: list[Event], target: str, replaced_too: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (items, sections) of a target; Invalid if it was not drawn or, unless `replaced_too`, was replaced."""
    found = {t.id: (t.items, t.sections) for t in frozen.transcript.targets}
    published = [d.document.event for d in frozen.documents if isinstance(d.document, Replacement)]
    replaced = set()
    for event in [*events, *published]:
        if isinstance(event, TargetEvent):
            replaced.add(event.target)
            if event.successor is not None:
                found[event.successor.id] = (event.successor.items, found[event.target][1])
    if target not in found or (target in replaced and not replaced_too):
        raise Invalid(f"{target} 不是本批次的检查对象", f"{target} is not a standing target of this draw")
    return found[target]


async def _check(
    connection: Connection, office: Office, row: DrawRow, asked: ResultRequest
) -> tuple[FrozenDraw, tuple[str, ...]]:
    # A result stays in force when its target is replaced later; it must be possible to correct or withdraw it.
    replaced_too = isinstance(asked, CorrectionRequest)
    if row.state not in ("drawn", "sealed", "opened"):
        raise Conflicting("尚未抽取，没有可登记的结果", f"a draw that is {row.state} has no results")
    frozen = await read_frozen(connection, row)
    if not isinstance(of := frozen.plan.teams_of, UnsetType):
        raise Conflicting(
            f"本批次只抽检查组，事项由批次 {of.draw} 抽定；检查结果请登记在该批次",
            f"{row.id} drew teams alone; results are entered for {of.draw}, whose items stand",
        )
    items, sections = _drawn(frozen, await read_sealed_events(connection, row.id), asked.target, replaced_too)
    faults = [f"事项 {f.item} 不在该对象抽中的事项之内" for f in asked.findings if f.item not in items]
    missing = sorted(set(items) - {f.item for f in asked.findings})
    if asked.result not in (
        "UNREACHABLE",
        "CLOSED_OR_LIQUIDATING",
        "DEREGISTERED",
        "REVOKED",
        "MOVED_OUT",
        "REFUSED",
    ):
        faults += [f"事项 {item} 没有登记结果" for item in missing]
    if len({f.item for f in asked.findings}) != len(asked.findings):
        faults.append("同一事项登记了两次")
    first, today = as_day(frozen.outcome().logged_at).isoformat(), as_day(office.now()).isoformat()
    if not first <= asked.inspected_on <= today:
        faults.append(f"检查日期 {asked.inspected_on} 不在抽取之日 {first} 与今日 {today} 之间")
    if faults:
        raise Invalid("检查结果不完整或有误", "the findings do not fit the drawn items", tuple(faults))
    return frozen, sections


async def _prepare(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    asked = convert_request(request, ResultRequest)
    _, sections = await _check(connection, office, row, asked)
    id = f"{row.id}.{asked.target}"
    if await connection.fetchval("SELECT 1 FROM result WHERE id = $1", id):
        raise Conflicting(
            "该对象已有结果，只能更正", f"{id} has a result; it can be corrected, not entered again"
        )
    return Prepared(id, request, {"target": asked.target, "result": asked.result}, sections)


async def _common(
    connection: Connection, office: Office, row: DrawRow, asked: ResultRequest, actors: tuple[ActorRole, ...]
) -> tuple[FrozenDraw, dict[str, Any], str | None]:
    """Return the draw, the members every result has, and the disclosure that opens the name of the firm: None if it was redacted."""
    check_public(row)
    frozen, sections = await _check(connection, office, row, asked)
    name = await connection.fetchval(
        "SELECT name FROM draw_target WHERE draw = $1 AND target = $2", row.id, asked.target
    )
    # A name that was taken down does not come back with the next correction.
    disclosure = (
        None if name == REDACTED
        else make_disclosure(office.fresh(16), "subject", {"name": name or asked.target})
    )  # fmt: skip
    return frozen, {
        "_sd": () if disclosure is None else (digest(disclosure),),
        "_sd_alg": "sha-256",
        "actors": actors,
        "draw": row.id,
        "findings": asked.findings,
        "id": f"{row.id}.{asked.target}",
        "inspected_on": asked.inspected_on,
        "legal_basis": asked.legal_basis or frozen.plan.legal_basis,
        "nonce": encode_base64url(office.fresh(16)),
        "plan": frozen.s,
        "result": asked.result,
        "sections": sections,
        "target": asked.target,
    }, disclosure  # fmt: skip


async def _perform(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    frozen, members, disclosure = await _common(
        connection, office, row, convert_request(request, ResultRequest), actors
    )
    return await log_revision(connection, office, frozen, disclosure, lambda now: InspectionResult(
        **members, issued_at=now, rev=1, status="in_force", supersedes=None
    ))  # fmt: skip


async def _prepare_correction(connection: Connection, office: Office, row: DrawRow, request: Any) -> Prepared:
    asked = convert_request(request, CorrectionRequest)
    _, sections = await _check(connection, office, row, asked)
    chain = await lock_chain(connection, row, asked.target)
    return Prepared(
        f"{chain.id}/{chain.rev + 1}", pin(request, chain),
        {"target": asked.target, "result": asked.result, "rev": chain.rev + 1}, sections,
    )  # fmt: skip


async def _perform_correction(
    connection: Connection, office: Office, row: DrawRow, request: Any, actors: tuple[ActorRole, ...]
) -> Stored:
    request, supersedes = asked_of(request)
    asked = convert_request(request, CorrectionRequest)
    frozen, members, disclosure = await _common(connection, office, row, asked, actors)
    chain = await lock_chain(connection, row, asked.target, supersedes)
    return await log_revision(connection, office, frozen, disclosure, lambda now: Correction(
        **members, issued_at=now, reason=asked.reason, requested_by=asked.requested_by, rev=chain.rev + 1,
        status=asked.status, supersedes=chain.document,
    ))  # fmt: skip


RULE = Rule(_prepare, _perform)
CORRECTION_RULE = Rule(_prepare_correction, _perform_correction)
