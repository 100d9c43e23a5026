"""`/staff/registries/<kind>/import` and `/staff/imports/<id>`: upload, see what it would do, confirm or leave."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect

from service.errors import Conflicting, Invalid
from service.pages.registry.checked import VERDICTS, read_checked
from service.pages.registry.question import known_kind
from service.pages.registry.words import label_of, label_of_stored, registry_label
from service.pages.words import beijing
from service.registry.fields import FIELDS
from service.registry.importing import check_import, confirm_import, read_rejected
from service.registry.sheets import format_template
from service.registry.table import MAXIMUM_BYTES
from service.web.session import StaffRequest, office_of, only
from service.web.staff import page

__all__ = ["IMPORT_ROUTES", "XLSX", "download"]

FORM_OVERHEAD = 1 << 16  # bytes a multipart form adds to its file
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REGISTRAR, READERS = only("registrar"), only("registrar", "auditor")


def download(content: bytes, media_type: str, filename: str) -> Response[bytes]:
    """Return a file to keep."""
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{filename}"'})


async def _upload_page(request: StaffRequest, kind: str, status: int = 200, problem: Invalid | None = None) -> Response[str]:
    known = known_kind(kind)
    return await page(
        request, "staff/registry/import.html", status, kind=known, label=registry_label(known), fields=FIELDS[known], problem=problem,
        most=MAXIMUM_BYTES >> 20, label_of=label_of,
    )  # fmt: skip


@get("/staff/registries/{kind:str}/import", opt=REGISTRAR)
async def get_upload(request: StaffRequest, kind: FromPath[str]) -> Response[str]:
    """Where a file is chosen, and which columns it may have."""
    return await _upload_page(request, kind)


@post("/staff/registries/{kind:str}/import", opt=REGISTRAR, request_max_body_size=MAXIMUM_BYTES + FORM_OVERHEAD)
async def post_upload(request: StaffRequest, kind: FromPath[str]) -> Response[Any]:
    """Check the file and show what importing it would do; nothing is imported."""
    known, part = known_kind(kind), (await request.form()).get("file")
    try:
        if not isinstance(part, UploadFile) or not part.filename:
            raise Invalid("请选择一份文件", "choose a file")
        view = await check_import(office_of(request), request.user, known, part.filename, await part.read())
    except Invalid as error:
        return await _upload_page(request, kind, 422, error)
    return Redirect(f"/staff/imports/{view.id}", status_code=303)


@get("/staff/registries/{kind:str}/template.xlsx", opt=READERS)
async def get_template(request: StaffRequest, kind: FromPath[str]) -> Response[bytes]:
    """An empty workbook with the columns of the registry."""
    known = known_kind(kind)
    return download(format_template(known), XLSX, f"{known}-template.xlsx")


async def _checked_page(request: StaffRequest, id: UUID, status: int = 200, problem: Any = None) -> Response[str]:
    checked = await read_checked(office_of(request), id)
    return await page(request, "staff/registry/checked.html", status, checked=checked, verdicts=VERDICTS, problem=problem, beijing=beijing, label_of_stored=label_of_stored)


@get("/staff/imports/{batch:uuid}", opt=READERS)
async def get_checked(request: StaffRequest, batch: FromPath[UUID]) -> Response[str]:
    """What the check found, row by row, and the button that imports it."""
    return await _checked_page(request, batch)


@get("/staff/imports/{batch:uuid}/rejected.csv", opt=READERS)
async def get_rejected_rows(request: StaffRequest, batch: FromPath[UUID]) -> Response[bytes]:
    """The refused rows as found, with reasons and mends; the mended file can be uploaded as it is."""
    return download(await read_rejected(office_of(request), batch), "text/csv", f"rejected-{batch}.csv")


@post("/staff/imports/{batch:uuid}/confirm", opt=REGISTRAR)
async def post_confirmed(request: StaffRequest, batch: FromPath[UUID]) -> Response[Any]:
    """Write the file into its registry, and show the check again: imported, or why not."""
    try:
        await confirm_import(office_of(request), request.user, batch)
    except (Invalid, Conflicting) as error:
        return await _checked_page(request, batch, 409, error)
    return Redirect(f"/staff/imports/{batch}", status_code=303)


IMPORT_ROUTES = (get_upload, post_upload, get_template, get_checked, get_rejected_rows, post_confirmed)
