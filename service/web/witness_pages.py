"""`/w/<token>`: the page behind a witness's card; and the event streams of all live pages."""

from typing import Any

import uvicorn
from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import Struct

from disclosure.keys import decode_base64, key_id
from service.ceremony import words
from service.ceremony.cards import holders, offer_key, read_card
from service.ceremony.state import groups, read_ceremony
from service.ceremony.streams import Streams, TooManyStreams
from service.drafting import read_draft
from service.frozen import read_draw_row
from service.pages.keys import fingerprint_groups
from service.pages.words import beijing
from service.web.assets import render
from service.web.ceremony_pages import DrawId
from service.web.session import ANY_STAFF, PUBLIC, StaffRequest, check_origin, office_of, token_of
from service.web.staff import read_bureau

__all__ = ["WITNESS_ROUTES", "StreamingServer"]


class KeyOffer(Struct, frozen=True, forbid_unknown_fields=True):
    """A raw Ed25519 public key in base64."""

    key: str


class StreamingServer(uvicorn.Server):
    """uvicorn, but event streams end when it stops; it would wait for them otherwise."""

    async def shutdown(self, sockets: Any = None) -> None:
        """Stop."""
        streams_of(self.config.app).end_all()
        await super().shutdown(sockets)


def streams_of(app: Any) -> Streams:
    """Return the streams of an application, made when first asked for."""
    if "streams" not in app.state:
        app.state.streams = Streams(app.state.office)
    streams: Streams = app.state.streams
    return streams


@get("/w/{token:str}", opt=PUBLIC)
async def get_card(request: StaffRequest, token: FromPath[str]) -> Response[str]:
    """What the holder of a card is to do now, and S to compare."""
    office = office_of(request)
    card = await read_card(office, token)
    ceremony = await read_ceremony(office, card.draw)
    async with office.pool.acquire() as connection:
        draft = await read_draft(connection, card.draw)
    holder = next(holder for holder in holders(draft) if holder.label == card.label)
    giver = ceremony.giver(card.label)
    if ceremony.record is None:
        mode = "make" if holder.kind == "witness" else "view"
        key = card.key
    else:
        key = giver.own_key if giver is not None else None
        mode = "sign" if key and giver and not giver.done and ceremony.phase in ("early", "near") else "view"
    fingerprint = "" if key is None else key_id(decode_base64(key))
    body = render(
        "witness/card.html", bureau=await read_bureau(request), card=card, ceremony=ceremony, holder=holder, giver=giver, mode=mode, key=key,
        fingerprint=fingerprint, fingerprint_groups=fingerprint_groups, groups=groups, words=words, beijing=beijing, token=token,
        taken=holder.key is not None and holder.key == card.key, instant=draft.instant,
    )  # fmt: skip
    return Response(body, media_type="text/html")


@post("/w/{token:str}/key", opt=PUBLIC, status_code=200)
async def post_offer(request: StaffRequest, token: FromPath[str], data: JSONBody[KeyOffer]) -> dict[str, str]:
    """Keep the public key a phone made; return its fingerprint."""
    check_origin(request)
    offered = await offer_key(office_of(request), token, data.key)
    return {"fingerprint": offered.fingerprint}


def _stream(request: StaffRequest, draw: str, kind: Any, token: str) -> Response[Any]:
    try:
        body = streams_of(request.app).begin(draw, kind, token)
    except TooManyStreams as error:
        return Response(error.zh, status_code=503, media_type="text/plain", headers={"Retry-After": "30"})
    # The last header is for nginx, which would keep small pieces back.
    return Stream(body, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@get("/w/{token:str}/events", opt=PUBLIC)
async def get_card_events(request: StaffRequest, token: FromPath[str]) -> Response[Any]:
    """That something changed, for the holder of a card."""
    card = await read_card(office_of(request), token)
    return _stream(request, card.draw, "card", token)


@get("/staff/draws/{draw:str}/events", opt=ANY_STAFF)
async def get_events(request: StaffRequest, draw: DrawId) -> Response[Any]:
    """That something changed, for a page of staff."""
    async with office_of(request).pool.acquire() as connection:
        await read_draw_row(connection, draw)
    return _stream(request, draw, "session", token_of(request) or "")


WITNESS_ROUTES = (get_card, post_offer, get_card_events, get_events)
