"""Pictures of a whole job enlarged, or with others between them: how many they are, and where they
lie."""

from __future__ import annotations

from collections.abc import Mapping

from webui.core.errors import Problem, UserError
from webui.core.film import Interpolate
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
    count, problems = _pictures(request.job, find)
    if not problems and not count:
        problems = [UserError("upscale_no_pictures", "job").problem]
    return (request if problems else request.with_(frames=count)), problems


def with_pictures_between(request: Interpolate, find: Find) -> tuple[Interpolate, list[Problem]]:
    """Likewise of one that draws others between them."""
    count, problems = _pictures(request.job, find)
    if not problems and count < 2:
        problems = [UserError("interpolate_one", "job").problem]
    frames = (count - 1) * request.times + 1
    return (request if problems else request.with_(frames=frames, for_film=False)), problems


def _pictures(job: str, find: Find) -> tuple[int, list[Problem]]:
    """How many pictures a job makes, and what is wrong with it."""
    try:
        found = find(job).request
    except UserError as error:
        return 0, [error.problem.model_copy(update={"field": "job"})]
    return found.images, []


def files_of(request: Request, reading: Reading) -> Mapping[str, str]:
    """The files of the pictures that a request is about, by the pictures' names."""
    if not isinstance(request, Upscale | Interpolate) or request.job is None:
        return {}
    return {
        f"picture:{one.id}": one.file
        for one in reading.job(request.job).pictures
        if one.file and one.media_type.startswith("image/")
    }
