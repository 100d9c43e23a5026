"""`/staff/draws/<id>/rehearsals/<n>/bundle`: the bundle of a rehearsal, for training. Every verifier refuses it."""

from litestar import Response, get
from litestar.params import FromPath

from service.rehearsing import read_training_bundle
from service.web.draw_pages import DrawId
from service.web.session import StaffRequest, office_of, only

__all__ = ["REHEARSAL_FILE_ROUTES"]


@get("/staff/draws/{draw:str}/rehearsals/{number:int}/bundle", opt=only("operator", "confirmer", "approver", "auditor"))
async def get_training_bundle(request: StaffRequest, draw: DrawId, number: FromPath[int]) -> Response[bytes]:
    """The file, named so that nobody takes it for that of a draw."""
    data = await read_training_bundle(office_of(request), request.user, draw, number)
    headers = {"Content-Disposition": f'attachment; filename="REHEARSAL-{draw}-{number}.bundle.json"'}
    return Response(data, media_type="application/json", headers=headers)


REHEARSAL_FILE_ROUTES = (get_training_bundle,)
