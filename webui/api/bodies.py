"""Bodies of requests: read here, checked where their meaning is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

from fastapi import Depends
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.requests import Request

from webui.core.errors import UserError


async def _json_object(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise UserError("not_json_type")
    try:
        value: object = from_json(await request.body())
    except ValueError as error:
        raise UserError("not_json", reason=str(error)[:200]) from error
    if not isinstance(value, dict):
        raise UserError("not_json", reason=type(value).__name__)
    return cast(dict[str, Any], value)


async def _bytes(request: Request) -> bytes:
    return await request.body()


class DescribedRoute(APIRoute):
    """A route whose summary is the first line of its function's docstring."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        summary, _, description = (endpoint.__doc__ or "").strip().partition("\n")
        options |= {"summary": summary.rstrip("."), "description": description.strip()}
        super().__init__(path, endpoint, **options)


JsonObject = Annotated[dict[str, Any], Depends(_json_object)]
"""An object of JSON; `NaN` and numbers of any length are left to who checks the values."""
Bytes = Annotated[bytes, Depends(_bytes)]


def described(schema: str, media_type: str = "application/json") -> dict[str, Any]:
    """`openapi_extra` for a route that reads its body itself: the name of its model."""
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": reference}}}}


def described_kinds(schemas: Mapping[str, str]) -> dict[str, Any]:
    """The same for one of several models, told apart by `kind` (its value -> name of the model)."""
    references = {kind: f"#/components/schemas/{name}" for kind, name in schemas.items()}
    schema = {
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "kind", "mapping": references},
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


FILE = {
    "requestBody": {
        "required": True,
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""`openapi_extra` for a route that takes a picture file."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
MEDIA = {"requestBody": {"required": True, "content": {"video/*": _BINARY, "audio/*": _BINARY}}}
"""`openapi_extra` for a route that takes a film or a sound."""
