"""`/staff/registries/<kind>/edit`: one row typed into a form, new, changed or ended; the check page of imports shows it before it is written."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from service.errors import NotFound
from service.pages.registry.form import entries_of
from service.pages.registry.question import known_kind, parse_key
from service.pages.registry.words import registry_label
from service.registry.editing import ENDS, Checked, check_typed, read_record, read_typed, texts_of
from service.registry.fields import FIELDS
from service.registry.records import KEYS, Kind
from service.web.session import StaffRequest, office_of, only, registries_of
from service.web.staff import page

__all__ = ["EDIT_ROUTES"]

REGISTRAR = only("registrar")


async def _form_page(
    request: StaffRequest, kind: Kind, key: str, ends: bool, texts: Mapping[str, str], checked: Checked | None = None, status: int = 200
) -> Response[str]:
    entries = await entries_of(registries_of(request), kind, texts, checked, fixed=bool(key), only=ENDS[kind] if ends else None)
    title = " ".join(filter(None, (texts.get("name"), *(texts.get(name) for name in KEYS[kind])))) if key else ""
    return await page(
        request, "staff/registry/edit.html", status, kind=kind, label=registry_label(kind), key=key, ends=ends, entries=entries, checked=checked,
        title=title, general=checked.findings.get("", ()) if checked else (),
        row=f"/staff/registries/{kind}/row?{urlencode({'key': key})}" if key else "",
    )  # fmt: skip


@get("/staff/registries/{kind:str}/edit", opt=REGISTRAR)
async def get_edit(
    request: StaffRequest, kind: FromPath[str], key: FromQuery[str] = "", ends: FromQuery[str] = "", typed: FromQuery[UUID | None] = None
) -> Response[str]:
    """The form: empty, of the row that `key` names, or as it was typed for an entry that waits (`typed`)."""
    known, office = known_kind(kind), office_of(request)
    if ends and known not in ENDS:
        raise NotFound("这份名录的行不能停用", "rows of this registry do not end")
    if typed is not None:
        of, texts = await read_typed(office, typed)
        if of != known:
            raise NotFound("没有这次登记", "there is no such entry")
        names = tuple(texts[name] for name in KEYS[known])
        try:
            await read_record(office, known, names)
            key = msgspec.json.encode(names).decode()
        except NotFound:
            key = ""
    else:
        texts = texts_of(known, await read_record(office, known, parse_key(known, key))) if key else {}
    return await _form_page(request, known, key, bool(ends), texts)


@post("/staff/registries/{kind:str}/edit", opt=REGISTRAR)
async def post_edit(request: StaffRequest, kind: FromPath[str]) -> Response[Any]:
    """Check what was typed. If it can be written: the check page, with the difference. Otherwise the form again, with the fault at its field."""
    known, form, office = known_kind(kind), await request.form(), office_of(request)
    key, ends = str(form.get("key", "")), bool(form.get("ends"))
    typed = {field.name: str(form[field.name])[:33_000].replace("\0", "") for field in FIELDS[known] if field.name in form}
    parts = parse_key(known, key) if key else None
    before = {} if parts is None else texts_of(known, await read_record(registries_of(request), known, parts))
    checked = await check_typed(office, request.user, known, parts, typed)
    if checked.waits is not None:
        return Redirect(f"/staff/imports/{checked.waits}", status_code=303)
    return await _form_page(request, known, key, ends, before | typed, checked, 200 if checked.verdict == "unchanged" else 422)


EDIT_ROUTES = (get_edit, post_edit)
