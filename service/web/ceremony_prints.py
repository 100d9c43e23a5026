"""`/staff/draws/<id>/print/…`: forms for the ceremony, and the record of the draw to be signed."""

from litestar import Response, get
from litestar.params import FromPath

from service.ceremony import words
from service.ceremony.cards import holders
from service.ceremony.state import groups, read_ceremony
from service.drafting import read_draft
from service.errors import Conflicting, NotFound
from service.pages.words import beijing
from service.web.account import draw_qr
from service.web.ceremony_pages import READERS, DrawId, counts_of
from service.web.session import StaffRequest, office_of
from service.web.staff import page

__all__ = ["PRINT_ROUTES"]

FORMS = ("dice", "witness", "record")


@get("/staff/draws/{draw:str}/print/{form:str}", opt=READERS)
async def get_print(request: StaffRequest, draw: DrawId, form: FromPath[str]) -> Response[str]:
    """The dice form, the witnesses' forms, or the record. NotFound for another; Conflicting before the freeze, the record before the draw."""
    if form not in FORMS:
        raise NotFound("没有这种表", "there is no such form")
    office = office_of(request)
    ceremony = await read_ceremony(office, draw)
    if ceremony.record is None:
        raise Conflicting("锁定名单之后才有 S，才能打印", "there is no S to print before the freeze")
    if form == "record" and ceremony.record.outcome is None:
        raise Conflicting("抽取之后才有抽取记录", "the record is printed after the draw")
    dice = next((giver for giver in ceremony.givers if giver.kind == "dice"), None)
    if form == "dice" and dice is None:
        raise NotFound("本计划不用骰子", "the plan has no dice")
    async with office.pool.acquire() as connection:
        names = {holder.label: holder.name for holder in holders(await read_draft(connection, draw))}
    address = f"{request.app.state.config.public_url}/draws/{draw}/"
    return await page(
        request, f"staff/ceremony/print_{form}.html", ceremony=ceremony, dice=dice, names=names, words=words, groups=groups, beijing=beijing,
        qr=draw_qr(ceremony.s), address=address, address_qr=draw_qr(address), counts=await counts_of(request, ceremony),
        shown=ceremony.record.shown, outcome=ceremony.record.outcome,
    )  # fmt: skip


PRINT_ROUTES = (get_print,)
