"""`/staff/draws/<id>/cards`: cards for those who give numbers, and the keys their phones offer."""

from typing import Any

from litestar import Response, get, post
from litestar.response import Redirect

from service.ceremony.cards import issue_card, offered_keys, read_cards, revoke_card, take_key
from service.ceremony.state import read_ceremony
from service.errors import NotFound, Refused
from service.pages.keys import fingerprint_groups
from service.pages.words import beijing
from service.web.account import draw_qr
from service.web.ceremony_pages import READERS, DrawId, Label
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["CARD_ROUTES"]

OPERATOR = only("operator")


async def _cards_page(request: StaffRequest, draw: str, status: int = 200, problem: Refused | None = None) -> Response[str]:
    office = office_of(request)
    holders, cards = await read_cards(office, draw)
    return await page(
        request, "staff/ceremony/cards.html", status, draw=draw, ceremony=await read_ceremony(office, draw), holders=holders, cards=cards,
        offered=await offered_keys(office, draw), fingerprint_groups=fingerprint_groups, beijing=beijing, problem=problem,
    )  # fmt: skip


@get("/staff/draws/{draw:str}/cards", opt=READERS)
async def get_cards(request: StaffRequest, draw: DrawId) -> Response[str]:
    """Who has a card, and whose key has arrived."""
    return await _cards_page(request, draw)


@post("/staff/draws/{draw:str}/cards", opt=OPERATOR)
async def post_cards(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """Issue the card of one person, or those of all who have none, and show them to be printed: their addresses are told this once."""
    office, wanted = office_of(request), str((await request.form()).get("label", ""))
    holders, cards = await read_cards(office, draw)
    chosen = [holder for holder in holders if (holder.label == wanted if wanted else holder.label not in cards)]
    try:
        if wanted and not chosen:
            raise NotFound(f"本批次没有 {wanted}", f"the draw names no {wanted}")
        tokens = [(holder, await issue_card(office, request.user, draw, holder.label)) for holder in chosen]
    except Refused as error:
        if isinstance(error, NotFound):
            raise
        return await _cards_page(request, draw, 409, error)
    if not tokens:
        return Redirect(f"/staff/draws/{draw}/cards", status_code=303)
    base = request.app.state.config.public_url
    made = [(holder, address := f"{base}/w/{token}", draw_qr(address)) for holder, token in tokens]
    return await page(
        request, "staff/ceremony/print_cards.html", draw=draw, ceremony=await read_ceremony(office, draw), made=made, beijing=beijing
    )


@post("/staff/draws/{draw:str}/cards/{label:str}/revoke", opt=OPERATOR)
async def post_revocation(request: StaffRequest, draw: DrawId, label: Label) -> Response[Any]:
    """End a card that was lost."""
    await revoke_card(office_of(request), request.user, draw, label)
    return Redirect(f"/staff/draws/{draw}/cards", status_code=303)


@post("/staff/draws/{draw:str}/cards/{label:str}/key", opt=OPERATOR)
async def post_key(request: StaffRequest, draw: DrawId, label: Label) -> Response[Any]:
    """Take the key whose fingerprint was compared into the draft, or take it out again."""
    fingerprint = str((await request.form()).get("fingerprint", "")) or None
    try:
        await take_key(office_of(request), request.user, draw, label, fingerprint)
    except Refused as error:
        if isinstance(error, NotFound):
            raise
        return await _cards_page(request, draw, 409, error)
    return Redirect(f"/staff/draws/{draw}/cards", status_code=303)


CARD_ROUTES = (get_cards, post_cards, post_revocation, post_key)
