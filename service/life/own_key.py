"""Contributions signed with the contributor's own key, which the plan names: no account is needed, the signature is it."""

from typing import Any

from disclosure.document import DOCUMENT_TYPE, Contribution, format_document, parse_document
from disclosure.envelope import Envelope, pae, parse_envelope, payload_bytes, verify
from disclosure.errors import DisclosureError
from disclosure.keys import encode_base64, key_id
from disclosure.signing_rules import check_actors, lead_key, required_keys
from selection.contribution import is_absent, label_of
from selection.plan import LastNumber, Plan
from service.database import Connection
from service.documents import begin_turn, read_document, store
from service.errors import Conflicting, Invalid, NotFound
from service.frozen import lock_draw, read_draw_row, read_frozen
from service.life.contribute import check_turn, finish_contributing, line_of, need_checkpoint
from service.log import publish_checkpoint
from service.office import Office, as_time

__all__ = ["contribute_signed", "to_sign"]


async def to_sign(
    office: Office, draw: str, label: str, digits: str, form: str | None = None
) -> dict[str, str]:
    """Return the document that `label` would sign now, in base64, and the exact bytes to sign (DSSE PAE)."""
    async with office.pool.acquire() as connection:
        plan, s = await _published_plan(connection, draw)
    document = Contribution(
        actors=(), form=form, given_at=as_time(office.now()), id=draw, label=label,
        line=line_of(plan, label, digits), plan=s,
    )  # fmt: skip
    payload = format_document(document)
    return {"payload": encode_base64(payload), "pae": encode_base64(pae(DOCUMENT_TYPE, payload)), "s": s}


async def contribute_signed(office: Office, draw: str, envelope: bytes) -> dict[str, Any]:
    """Log a contribution that its contributor signed; return its digest. The same envelope again changes nothing.

    Raises Invalid for anything but exactly the required signatures over the lawful line for this plan, Conflicting if it
    is not the time for it.
    """
    try:
        signed = parse_envelope(envelope)
        document = parse_document(payload_bytes(signed))
    except DisclosureError as error:
        raise Invalid("签名文书无法读取", str(error)) from error
    if not isinstance(document, Contribution):
        raise Invalid("不是数字登记文书", "the envelope does not hold a contribution")
    async with office.pool.acquire() as connection:
        # Anybody may send something here: nothing is locked, and no list is read, before the signature is known to be good.
        plan, s = await _published_plan(connection, draw)
        _check(plan, s, document, signed)
    async with office.pool.acquire() as connection, connection.transaction():
        frozen = await read_frozen(connection, await lock_draw(connection, draw))
        for stored in frozen.documents:
            if stored.envelope == signed:
                return {"document": stored.sha256, "label": document.label}
        check_turn(frozen, document.label, office.now(), is_absent(document.line))
        contributor = next(c for c in frozen.plan.contributors if label_of(c) == document.label)
        turn = await begin_turn(connection, office, frozen.documents[0].shard)
        late = isinstance(contributor, LastNumber)
        if document.given_at > as_time(turn.now) or (document.given_at < frozen.plan.instant) == late:
            raise Conflicting(
                "文书所称时间与现在不符，请重新签名", "the time it claims does not fit; sign anew"
            )
        if late:
            await need_checkpoint(connection, turn.head)
        stored = await store(connection, turn, document, signed, document.label)
        await finish_contributing(connection, frozen, document.label)
    await publish_checkpoint(office, stored.shard)
    return {"document": stored.sha256, "label": document.label}


async def _published_plan(connection: Connection, draw: str) -> tuple[Plan, str]:
    """Return the plan of `draw` and its S; NotFound for a draft too, which nobody outside knows of."""
    row = await read_draw_row(connection, draw)
    stored = None if row.plan is None else await read_document(connection, row.plan)
    if stored is None or not isinstance(stored.document, Plan):
        raise NotFound(f"没有批次 {draw}", f"there is no draw {draw}")
    return stored.document, stored.sha256


def _check(plan: Plan, s: str, document: Contribution, signed: Envelope) -> None:
    if document.plan != s or document.id != plan.id:
        raise Invalid("文书属于另一份计划", "the contribution is for another plan")
    try:
        required = {key_id(raw): raw for raw in required_keys(plan, document)}
        if key_id(lead_key(plan)) in required:
            raise Invalid(
                "此来源须由经办人登记纸质表", "this contribution is entered from paper by the operator"
            )
        if verify(signed, DOCUMENT_TYPE, required) != set(required):
            raise Invalid("签名不全", "not everyone who must has signed")
        check_actors(plan, document)
    except DisclosureError as error:
        raise Invalid(f"签名不合规定：{error}", str(error)) from error
    # What is signed here is logged as it stands, and a line the draw would refuse could never be mended.
    if line_of(plan, document.label, document.line.rpartition(":")[2]) != document.line:
        raise Invalid(
            f"{document.label} 的数字不合规定", f"{document.line[:80]!r} is not a line of {document.label}"
        )
