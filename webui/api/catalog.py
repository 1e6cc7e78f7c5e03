"""Models of every kind: listed page by page, looked at, hashed, and noted about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.api.bodies import DescribedRoute, JsonObject
from webui.api.context import Guest, HostOnly, ServicesHere
from webui.api.errors import BODY, DISK, ID, IN_USE, may_answer
from webui.api.pictures import KEPT, keep, make_thumbnail
from webui.core.errors import UnknownId, UserError
from webui.core.explain import explain
from webui.core.kinds import ModelKind, ModelOrder
from webui.jobs.checks import Refused
from webui.jobs.services import Services
from webui.jobs.uses import is_needed
from webui.library.entries import Entry, Page
from webui.library.layouts import FOLDERS
from webui.library.sidecars import LONGEST_TEXT
from webui.library.trash import Trashed

router = APIRouter(route_class=DescribedRoute, tags=["models"])

PATIENCE = 0.3
"""Seconds that a page of the list waits for files to be read; the rest comes with the next one."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}


class ModelNotes(BaseModel):
    """What the user writes down about a model; empty to delete it."""

    model_config = ConfigDict(extra="forbid")

    notes: str = Field(max_length=LONGEST_TEXT)


_JSON = {"application/json": {"schema": ModelNotes.model_json_schema()}}
_NOTES = {"requestBody": {"required": True, "content": _JSON}}


@router.get("/models")
def list_models(
    services: ServicesHere,
    guest: Guest,
    kind: Annotated[ModelKind | None, Query(description="All kinds without it")] = None,
    search: Annotated[str, Query(max_length=500, description="Words, all of which fit")] = "",
    family: Annotated[
        str | None, Query(max_length=100, description="Empty: those where it is not known")
    ] = None,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=0, le=1000)] = 100,
    sort: Annotated[ModelOrder, Query()] = "name",
    fresh: Annotated[bool, Query(description="Look at the folders again now")] = False,
) -> Page:
    """Models of every kind, page by page. While files are read, `whole` is false: ask again."""
    if fresh:
        services.catalog.expire()
    used = services.jobs.last_used() if sort == "used" else None
    page = services.catalog.entries(kind, search, family, offset, limit, sort, PATIENCE, used)
    if used is not None:
        entries = tuple(_with_time(entry, used) for entry in page.entries)
        page = page.model_copy(update={"entries": entries})
    if guest:
        entries = tuple(map(for_guests, page.entries))
        return page.model_copy(update={"entries": entries, "problems": ()})
    folders = {kind: str(services.paths.models / names[0]) for kind, names in FOLDERS.items()}
    return page.model_copy(update={"folders": folders})


@router.get("/models/{kind}/{id}", responses=may_answer(*ID))
def get_model(services: ServicesHere, guest: Guest, kind: str, id: str) -> Entry:
    """One model. For the id, its name does as well, its file's name or a hash."""
    entry = _with_time(_entry(services, kind, id), services.jobs.last_used())
    return for_guests(entry) if guest else entry


@router.patch(
    "/models/{kind}/{id}",
    openapi_extra=_NOTES,
    dependencies=[HostOnly],
    responses=may_answer(*ID, *BODY, *DISK),
)
def note_model(services: ServicesHere, kind: str, id: str, values: JsonObject) -> Entry:
    """Write down notes about a model; they lie in a card beside its file."""
    try:
        given = ModelNotes.model_validate(values)
    except ValidationError as error:
        raise Refused(explain(error, ModelNotes)) from error
    return services.catalog.set_notes(_entry(services, kind, id).id, given.notes)


@router.delete(
    "/models/{kind}/{id}",
    dependencies=[HostOnly],
    responses=may_answer(*ID, *IN_USE, *DISK),
)
def delete_model(services: ServicesHere, kind: str, id: str) -> Trashed:
    """Move a model to the trash, with what lies beside it; not one that a job needs."""
    entry = _entry(services, kind, id)
    active = (job.request for job in services.jobs.snapshot(None, final=0).jobs)
    if is_needed(entry, active, services.catalog):
        raise UserError("model_in_use", "id", name=entry.name)
    return services.catalog.remove(entry.id)


@router.post("/models/{kind}/{id}/hash", dependencies=[HostOnly], responses=may_answer(*ID))
def hash_model(services: ServicesHere, kind: str, id: str) -> Entry:
    """Read the whole file for its hashes, once; the answer comes when it is done."""
    return services.catalog.hashed(_entry(services, kind, id).id)


@router.get(
    "/models/{kind}/{id}/preview",
    response_class=Response,
    responses={
        200: {"description": "WebP", "content": {"image/webp": _BINARY}},
        **may_answer(*ID),
    },
)
def model_preview(
    services: ServicesHere,
    kind: str,
    id: str,
    size: Annotated[int, Query(ge=16, le=1024, description="Of the longer side, pixels")] = 384,
    mark: Annotated[
        str, Query(max_length=100, description="The model's `preview`; with it, browsers keep it")
    ] = "",
) -> Response:
    """The picture of a model, made small."""
    entry = _entry(services, kind, id)
    kept = services.paths.thumbnails / f"model-{entry.id}-{entry.preview}-{size}.webp"
    try:
        data = kept.read_bytes()
    except OSError:
        picture = services.catalog.picture(entry.id)
        if picture is None:
            raise UnknownId("no_preview", "id", name=entry.name) from None
        data = make_thumbnail(picture, size)
        keep(kept, data)
    how = KEPT if mark == entry.preview else "private, no-cache"
    return Response(data, 200, {"cache-control": how}, "image/webp")


def _with_time(entry: Entry, used: Mapping[str, float]) -> Entry:
    return entry.model_copy(update={"last_used": used.get(entry.id)})


def for_guests(entry: Entry) -> Entry:
    """Without where it lies on this machine."""
    return entry.model_copy(update={"path": "", "folder": ""})


def _entry(services: Services, kind: str, id: str) -> Entry:
    found = services.catalog.find(kind, id)
    if found is None:
        raise UnknownId("unknown_entry", "id", name=id[:100])
    return found
