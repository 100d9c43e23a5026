"""`/api/v1/imports`: a file is checked, looked at, and confirmed."""

from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery

from service import access_log
from service.errors import Invalid
from service.registry.importing import ImportView, check_import, confirm_import, read_import, read_rejected
from service.registry.table import MAXIMUM_BYTES
from service.web.session import StaffRequest, office_of, only

__all__ = ["ROUTES"]

FORM_OVERHEAD = 1 << 16  # bytes a multipart form adds to its file


@post(
    "/api/v1/imports/{kind:str}", opt=only("registrar"), request_max_body_size=MAXIMUM_BYTES + FORM_OVERHEAD
)
async def post_import(
    request: StaffRequest, kind: FromPath[str], filename: FromQuery[str] = ""
) -> Response[ImportView]:
    """Check a file, sent as the body itself or as the part `file` of a form. Nothing is imported yet."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        part = (await request.form()).get("file")
        if not isinstance(part, UploadFile):
            raise Invalid("表单中没有文件", "the form has no part `file`")
        content, filename = await part.read(), filename or part.filename
    else:
        content = await request.body()
    view = await check_import(office_of(request), request.user, kind, filename or kind, content)
    return Response(view, headers={"Location": f"/api/v1/imports/{view.id}"})


@get("/api/v1/imports/{batch:uuid}", opt=only("registrar", "auditor"))
async def get_import(request: StaffRequest, batch: FromPath[UUID]) -> ImportView:
    """What the check found, and whether the file was confirmed."""
    return await read_import(office_of(request), batch)


@get("/api/v1/imports/{batch:uuid}/rejected.csv", opt=only("registrar", "auditor"))
async def get_rejected(request: StaffRequest, batch: FromPath[UUID]) -> Response[bytes]:
    """The refused rows with reasons, to be mended and sent again."""
    office = office_of(request)
    rejected = await read_rejected(office, batch)
    async with office.pool.acquire() as connection:
        await access_log.note(connection, request.user.id, "read rejected rows", str(batch))
    return Response(
        rejected, media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="rejected-{batch}.csv"'},
    )  # fmt: skip


@post("/api/v1/imports/{batch:uuid}/confirm", opt=only("registrar"), status_code=200)
async def post_confirmation(request: StaffRequest, batch: FromPath[UUID]) -> ImportView:
    """Write the file into its registry: all of it or nothing."""
    return await confirm_import(office_of(request), request.user, batch)


ROUTES = (post_import, get_import, get_rejected, post_confirmation)
