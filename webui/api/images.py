"""Pictures that requests begin with: sent once, then named in any number of requests."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from webui.api.bodies import FILE, Bytes, DescribedRoute
from webui.api.context import ServicesHere
from webui.api.errors import DISK, ID, may_answer
from webui.library.store import Stored

router = APIRouter(route_class=DescribedRoute, tags=["images"])

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_KEPT = "private, max-age=31536000, immutable"
"""Its name is the hash of what it is."""


@router.post(
    "/images",
    status_code=201,
    response_model_exclude_none=True,
    openapi_extra=FILE,
    responses=may_answer(413, *DISK),
)
def store_image(services: ServicesHere, data: Bytes) -> Stored:
    """Send a picture file (the body). Its `id` is what requests call it."""
    return services.jobs.store.put(data)


@router.get(
    "/images/{id}",
    response_class=FileResponse,
    responses={
        200: {"description": "The file", "content": {"image/*": _BINARY}},
        **may_answer(*ID),
    },
)
def image_file(services: ServicesHere, id: str) -> FileResponse:
    """A picture, film or sound that was sent, as it was sent; also a piece of it (`Range`)."""
    store = services.jobs.store
    headers = {"cache-control": _KEPT, "content-disposition": "inline"}
    return FileResponse(store.path(id), 200, headers, media_type=store.get(id).media_type)


@router.get("/images/{id}/info", response_model_exclude_none=True, responses=may_answer(*ID))
def image_info(services: ServicesHere, id: str) -> Stored:
    """Size and type of a picture, film or sound that was sent."""
    return services.jobs.store.get(id)
