"""Pictures by their ids, small ones of them, and the parameters inside."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from PIL import Image
from pydantic import ValidationError

from webui.api.bodies import FILE, Bytes, DescribedRoute
from webui.api.context import Guest, Owner, ServicesHere
from webui.api.errors import ID, may_answer
from webui.api.models import PictureParameters
from webui.core.errors import UnknownId, UserError
from webui.core.events import Picture
from webui.core.files import write_atomically
from webui.core.requests import Drawing
from webui.imaging.ingest import opened_picture
from webui.jobs.services import Services
from webui.library.pictures import read_infotext
from webui.plots.told import read_told
from webui.prompt.infotext import parse_infotext
from webui.prompt.pasting import to_request_fields
from webui.video.packing import first_file
from webui.video.reading import still

router = APIRouter(route_class=DescribedRoute, tags=["pictures"])

KEPT = "private, max-age=31536000, immutable"
"""A picture never changes under its id."""
FILMS = ("video/mp4", "video/webm")
PACKED = "application/zip"
_BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/pictures/{id}",
    response_class=Response,
    responses={
        200: {"description": "The file", "content": {"image/*": _BINARY}},
        **may_answer(*ID),
    },
)
def picture_file(
    services: ServicesHere,
    id: str,
    download: Annotated[bool, Query(description="Save it instead of showing it")] = False,
) -> Response:
    """A picture's file, parameters inside."""
    picture = services.jobs.picture(id)
    how = "attachment" if download else "inline"
    headers = {
        "cache-control": KEPT,
        "content-disposition": f"{how}; filename*=UTF-8''{quote(_file_name(picture))}",
    }
    large = picture.media_type in (*FILMS, PACKED)
    if picture.file and large and Path(picture.file).is_file():
        return FileResponse(picture.file, 200, headers, picture.media_type)  # takes ranges
    return Response(services.jobs.picture_data(id), 200, headers, picture.media_type)


def _file_name(picture: Picture) -> str:
    if picture.file is not None:
        return Path(picture.file).name
    return f"{picture.id}.{picture.media_type.partition('/')[2]}"


@router.get(
    "/pictures/{id}/thumbnail",
    response_class=Response,
    responses={
        200: {"description": "WebP", "content": {"image/webp": _BINARY}},
        **may_answer(*ID),
    },
)
def thumbnail(
    services: ServicesHere,
    id: str,
    size: Annotated[int, Query(ge=16, le=1024, description="Of the longer side, pixels")] = 256,
) -> Response:
    """A picture made small."""
    picture = services.jobs.picture(id)
    kept = services.paths.thumbnails / f"{picture.id}-{size}.webp"
    try:
        data = kept.read_bytes()
    except OSError:
        data = make_thumbnail(_still(services, picture), size)
        keep(kept, data)
    return Response(data, 200, {"cache-control": KEPT}, "image/webp")


def _still(services: ServicesHere, picture: Picture) -> bytes:
    """A picture file of it: of a film, its first picture."""
    if picture.file is not None and picture.media_type == PACKED:
        return first_file(Path(picture.file))
    if picture.file is None or picture.media_type not in FILMS:
        return services.jobs.picture_data(picture.id)
    file = io.BytesIO()
    still(Path(picture.file)).save(file, "PNG")
    return file.getvalue()


def make_thumbnail(data: bytes, size: int) -> bytes:
    """A picture file as WebP with sides of at most `size` pixels.

    Raises:
        UserError: it is no picture, or broken.
    """
    with opened_picture(data) as image:
        image.draft("RGB", (size, size))
        small = image.convert("RGBA" if image.has_transparency_data else "RGB")
        small.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
        file = io.BytesIO()
        small.save(file, "WEBP", quality=80)
    return file.getvalue()


def keep(path: Path, data: bytes) -> None:
    """Save work for the next time; where there is no room, there is none."""
    try:
        write_atomically(path, data)
    except UserError:
        return


@router.get("/pictures/{id}/info", responses=may_answer(*ID))
def picture_info(services: ServicesHere, id: str) -> Picture:
    """What is known of a picture: size, seed, parameters, file."""
    return services.jobs.picture(id)


@router.post("/infotext", openapi_extra=FILE, responses=may_answer(413))
def infotext(
    services: ServicesHere,
    owner: Owner,
    guest: Guest,
    data: Bytes,
    picture: Annotated[
        str | None,
        Query(
            description="Id, where the file is a result: what extensions were asked for then comes "
            "from its job, which knows more than fits into a file, such as their pictures",
            max_length=100,
        ),
    ] = None,
) -> PictureParameters:
    """Read the parameters in a picture file (the body), ours or another program's."""
    read = read_infotext(data)
    parameters = parse_infotext(read.infotext or "")

    def find_model(name: str) -> str | None:
        try:
            return services.catalog.get(name).id
        except UserError:
            return None

    fields = to_request_fields(parameters, find_model) if read.infotext else {}
    told = {name: str(value) for name, value in parameters.values.items()}
    extensions = services.extensions.read_parameters(told)
    if picture is not None:
        extensions |= _asked(services, picture, owner if guest else None)
    if extensions:
        fields["extensions"] = extensions
    if plot := read_told(parameters.values):
        fields["plot"] = plot
    return PictureParameters(
        infotext=read.infotext,
        parameters=dict(parameters.values),
        fields=fields,
        other=read.other,
    )


def _asked(services: Services, picture: str, owner: str | None) -> dict[str, Any]:
    """Extension -> its values in the job of a result; none where there is no such any more.

    Args:
        owner: whose job it must be; None: anybody's.
    """
    try:
        job = services.jobs.get(services.jobs.picture(picture).job)
    except UnknownId:
        return {}
    if owner not in (None, job.owner) or not isinstance(job.request, Drawing):
        return {}
    panels = dict(services.extensions.panels())
    told: dict[str, Any] = {}
    for name, values in job.request.extensions.items():
        with suppress(KeyError, ValidationError):  # an extension that is off or other since then
            told[name] = panels[name].options.model_validate(dict(values)).model_dump(mode="json")
    return told
