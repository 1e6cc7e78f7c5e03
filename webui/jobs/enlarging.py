"""Pictures of a whole job enlarged: how many they are, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping

from webui.core.errors import Problem, UserError
from webui.core.requests import Request, Upscale
from webui.jobs.continuing import Find
from webui.jobs.records import Reading


def with_frames(request: Upscale, find: Find) -> tuple[Upscale, list[Problem]]:
    """The request with the number of pictures that it makes; and what is wrong with it.

    find: looks up the job whose pictures are enlarged.
    """
    if (request.image is None) == (request.job is None):
        return request, [UserError("upscale_what", "image").problem]
    if request.job is None:
        return request.with_(frames=0), []
    try:
        found = find(request.job).request
    except UserError as error:
        return request, [error.problem.model_copy(update={"field": "job"})]
    if not found.images:
        return request, [UserError("upscale_no_pictures", "job").problem]
    return request.with_(frames=found.images), []


def files_of(request: Request, reading: Reading) -> Mapping[str, str]:
    """The files of the pictures that a request enlarges, by the pictures' names."""
    if not isinstance(request, Upscale) or request.job is None:
        return {}
    return {
        f"picture:{one.id}": one.file
        for one in reading.job(request.job).pictures
        if one.file and one.media_type.startswith("image/")
    }
