"""Extensions: which there are, on and off, what their buttons do, and their own addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from webui.api.bodies import Bytes, DescribedRoute
from webui.api.context import Guest, Owner, ServicesHere, SettingsOfHost
from webui.api.errors import BODY, DISK, ID, may_answer
from webui.api.models import ExtensionList
from webui.core.errors import UnknownId, UserError
from webui.core.events import Job
from webui.core.extension import ExtensionInfo
from webui.core.extension_calls import Asked, act, answer
from webui.core.guarding import ExtensionError
from webui.core.hookspecs import GalleryPicture
from webui.library.extension_installs import Installs

router = APIRouter(route_class=DescribedRoute)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Done(BaseModel):
    """What a button below a picture did."""

    text: str | None = Field(default=None, description="A sentence to show")
    job: Job | None = Field(default=None, description="What it asked for")


@router.get("/extensions", tags=["extensions"])
def list_extensions(services: ServicesHere) -> ExtensionList:
    """All extensions; broken ones with the reason."""
    installed = Installs.of(services.paths).names()
    return ExtensionList(extensions=services.extensions.infos(), installed=installed)


@router.post(
    "/extensions/{name}/enable",
    tags=["extensions"],
    dependencies=[SettingsOfHost],
    responses=may_answer(*ID, *DISK),
)
def enable_extension(services: ServicesHere, name: str) -> ExtensionInfo:
    """Switch an extension on. Its tabs are there from the next start of the server."""
    return _switch(services, name, on=True)


@router.post(
    "/extensions/{name}/disable",
    tags=["extensions"],
    dependencies=[SettingsOfHost],
    responses=may_answer(*ID, *DISK),
)
def disable_extension(services: ServicesHere, name: str) -> ExtensionInfo:
    """Switch an extension off."""
    return _switch(services, name, on=False)


@router.post(
    "/extensions/{name}/release",
    tags=["extensions"],
    dependencies=[SettingsOfHost],
    responses=may_answer(*ID, *DISK),
)
def release_extension(services: ServicesHere, name: str) -> ExtensionInfo:
    """Let an extension that failed again and again take part anew."""
    known = _info(services, name)
    services.extensions.release(known.name)
    return _info(services, name)


def _info(services: ServicesHere, name: str) -> ExtensionInfo:
    for info in services.extensions.infos():
        if info.name == name:
            return info
    raise UnknownId("unknown_extension", name=name[:100])


def _switch(services: ServicesHere, name: str, on: bool) -> ExtensionInfo:
    _info(services, name)
    others = set(services.settings.disabled_extensions) - {name}
    services.store.update(disabled_extensions=sorted(others if on else {*others, name}))
    return _info(services, name)


@router.post(
    "/extensions/{name}/actions/{id}", tags=["extensions"], responses=may_answer(*BODY, *ID, *DISK)
)
def act_on_picture(
    services: ServicesHere,
    owner: Owner,
    name: str,
    id: str,
    picture: Annotated[str, Body(embed=True, description="Id of the picture")],
) -> Done:
    """Press a button that an extension adds below pictures."""
    seen = services.jobs.picture(picture)
    if seen.file is None:
        raise UserError("not_saved", name=picture[:100])
    shown = GalleryPicture(f"picture:{seen.id}", Path(seen.file), seen.infotext)
    said = act(services.extensions, name, id, shown)
    if said is None or isinstance(said, str):
        return Done(text=said)
    try:
        return Done(job=services.jobs.submit(said, owner))
    except UserError as error:
        raise ExtensionError(name, id, error) from error


@router.api_route(
    "/extensions/{name}/{path:path}", methods=METHODS, tags=["extensions"], include_in_schema=False
)
def own_address(
    services: ServicesHere, guest: Guest, request: Request, name: str, path: str, body: Bytes
) -> Response:
    """An address of an extension's own."""
    query: dict[str, Any] = dict(request.query_params)
    asked = Asked(name, request.method, path, query, body, guest)
    said = answer(services.extensions, services.settings, asked)
    return Response(said.data, said.status, media_type=said.media_type)
