"""What the pages of the annual plan share: who reads them, the form as it was posted, and the choices it offers."""

from collections.abc import Mapping
from typing import Annotated

from litestar.params import PathParameter
from msgspec import Struct

from service.annual_plan.forms import SCOPE_FIELDS
from service.database import Connection
from service.errors import Refused
from service.registry.records import RISK_COLOURS
from service.web.session import StaffRequest, only

__all__ = ["APPROVER", "OPERATOR", "PUBLISHER", "READERS", "Choices", "FormError", "Year", "posted", "read_choices"]

READERS = only("operator", "confirmer", "approver", "publisher", "registrar", "auditor")
OPERATOR, APPROVER, PUBLISHER = only("operator"), only("approver"), only("publisher")
Year = Annotated[int, PathParameter(ge=2000, le=9999)]
_OFFERED = 40  # values of one attribute as boxes to tick; more are typed


class FormError(Struct, frozen=True):
    """What is shown above a form: why nothing was saved, and the faults by field."""

    problem: Refused | None
    faults: Mapping[str, str]


class Choices(Struct, frozen=True):
    """What a task is made of: items by id with names, departments by label, and by field of the scope the values to tick, None if too many."""

    items: Mapping[str, str]
    sections: Mapping[str, str]
    scope: Mapping[str, tuple[str, ...] | None]


async def posted(request: StaffRequest) -> dict[str, list[str]]:
    """Return the form, field -> values."""
    form: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        form.setdefault(name, []).append(str(value).replace("\0", "")[:20_000])
    return form


async def read_choices(connection: Connection, items: Mapping[str, str], sections: Mapping[str, str]) -> Choices:
    """Return what a task can be made of by the registries as they are."""
    rows = await connection.fetch("SELECT field, value FROM registry_value WHERE kind = 'targets' AND value <> '' ORDER BY field, value")
    known: dict[str, list[str]] = {}
    for row in rows:
        known.setdefault(row["field"], []).append(row["value"])
    scope: dict[str, tuple[str, ...] | None] = {}
    for field, attribute in SCOPE_FIELDS.items():
        values = [*RISK_COLOURS.values()] if attribute == "risk_colour" else known.get(attribute, [])
        scope[field] = tuple(values) if len(values) <= _OFFERED else None
    return Choices(items, sections, scope)
