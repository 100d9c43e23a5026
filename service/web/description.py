"""The API's own description (OpenAPI 3.1), corrected to what the service really answers.

Litestar describes errors in a form it would use itself, leaves out most of them, and does not say that unknown fields are
refused. Only `/api/v1/` is described: the rest are pages and files.
"""

from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from service.web.errors import TITLES, Problem

__all__ = ["ApiDescription"]

PREFIX = "/api/v1/"
_ERRORS = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)
_METHODS = ("get", "put", "post", "delete")


class ApiDescription(JsonRenderPlugin):
    """Serves the description as JSON; pages that show it would load scripts from elsewhere."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Return the corrected description."""
        return msgspec.json.encode(
            correct(msgspec.to_builtins(openapi_schema, enc_hook=str), _strict_names(request))
        )


def correct(schema: dict[str, Any], strict: frozenset[str]) -> dict[str, Any]:
    """Return the description of `/api/v1/` alone, errors as RFC 9457, the `strict` objects closed."""
    definitions = msgspec.json.schema(Problem)["$defs"]["Problem"]
    components = dict(schema.get("components", {}).get("schemas", {}))
    for name in strict & components.keys():
        components[name] = components[name] | {"additionalProperties": False}
    components["Problem"] = definitions
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    errors = {str(status): {"description": TITLES[status][1], "content": problem} for status in _ERRORS}
    paths = {}
    for path, item in schema["paths"].items():
        if path.startswith(PREFIX) and path not in (f"{PREFIX}openapi.json", PREFIX + "{path}"):
            paths[path] = {
                method: operation | {"responses": operation["responses"] | errors}
                if method in _METHODS
                else operation
                for method, operation in item.items()
            }
    security = {"bearer": {"type": "http", "scheme": "bearer"}}
    return schema | {
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": security},
        "security": [{"bearer": []}],
    }


def _strict_names(request: Request[Any, Any, Any]) -> frozenset[str]:
    """Return the names of the structs that forbid unknown fields and that some handler reads."""
    found: set[str] = set()

    def visit(type: Any) -> None:
        match type:
            case msgspec.inspect.StructType():
                if type.cls.__name__ in found:
                    return
                if type.forbid_unknown_fields:
                    found.add(type.cls.__name__)
                for field in type.fields:
                    visit(field.type)
            case msgspec.inspect.UnionType():
                for part in type.types:
                    visit(part)
            case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
                visit(type.item_type)
            case _:
                pass

    for route in request.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            data = handler.parsed_fn_signature.parameters.get("data")
            if data is not None:
                visit(msgspec.inspect.type_info(data.annotation))
    return frozenset(found)
