"""Animations that go on from another job's frames: what is taken over, and what is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from webui.core.animation import After, Animation
from webui.core.errors import Problem, UserError
from webui.core.events import FINAL, Job, Picture
from webui.core.wire import Made
from webui.jobs.records import Reading
from webui.motion.onward import drawn_size, frames_needed, mark_of, taken_up
from webui.motion.state import forget_state, kept_states
from webui.timeline.plan import Plan

Find = Callable[[str], Job]
"""A job by its id. Raises UnknownId."""
_JOB, _FRAME = "after.job", "after.frame"
_OWN = ("kind", "after", "frames", "file_name", "folder")
"""Fields that never come from the job before."""


def nothing_found(job: str) -> Job:
    """Where there are no jobs to go on from."""
    raise UserError("unknown_job")


def continued(given: dict[str, Any], find: Find) -> dict[str, Any]:
    """An animation's values with those of the job that it goes on from where it says nothing.

    Raises:
        UserError: there is no such job, or it is no animation.
    """
    after = given.get("after")
    if given.get("kind") != "animation" or not isinstance(after, Mapping):
        return given
    told = cast(Mapping[str, Any], after)
    if not isinstance(job := told.get("job"), str):
        return given  # found with the other fields
    request = _animation(job, find)
    old = {name: value for name, value in request.model_dump().items() if name not in _OWN}
    new: dict[str, Any] = {**old, **given, "after": {**told, "pictures": {}}}
    if isinstance(new["settings"], Mapping):
        settings = dict(cast(Mapping[str, Any], new["settings"]))
        if settings.get("seed", -1) == -1:
            settings["seed"] = request.settings.get("seed", -1)
        new["settings"] = settings
    return new


def _animation(job: str, find: Find) -> Animation:
    try:
        found = find(job).request
    except UserError as error:
        raise UserError(error.problem.code, _JOB, **error.problem.values) from error
    if not isinstance(found, Animation):
        raise UserError("after_no_animation", _JOB)
    return found


def going_on(request: Animation, plan: Plan, find: Find) -> Animation:
    """The request with the frame that it goes on from, and the pictures that it is drawn from.

    One that goes on from a job without frames begins at the beginning.

    Raises:
        UserError: that job lacks frames, or they are of another size.
    """
    after = request.after
    if after is None:
        return request
    there = {one.index: one for one in find(after.job).pictures if _is_there(one)}
    missing = next(frame for frame in range(len(there) + 1) if frame not in there)
    first = missing if after.frame is None else after.frame
    if first >= plan.written:
        raise UserError("after_complete", _FRAME, frames=plan.written)
    if first > missing:
        raise UserError("after_missing", _FRAME, frame=missing)
    if first == 0:
        return request.with_(after=None)
    size, _ = drawn_size(plan, request.draft)
    if (there[0].width, there[0].height) != size:
        width, height = there[0].width, there[0].height
        raise UserError("after_size", _JOB, width=width, height=height)
    pictures = {str(frame): f"picture:{there[frame].id}" for frame in frames_needed(plan, first)}
    return request.with_(after=After(job=after.job, frame=first, pictures=pictures))


def _is_there(picture: Picture) -> bool:
    return picture.file is not None and Path(picture.file).is_file()


def from_picture_alone(request: Animation, plan: Plan, animations: Path) -> Problem | None:
    """Worth knowing: that the state before the frame is not known, only what it looks like."""
    after = request.after
    if after is None or after.frame is None:
        return None
    kept = kept_states(animations / after.job)
    if taken_up(kept, mark_of(request, plan), plan, after.frame) is not None:
        return None
    return UserError("after_picture", _JOB, frame=after.frame).problem


def taken_over(run_token: int, frame: int, picture: Picture) -> Made:
    """A frame of the job before, as this job's."""
    kinds = {"image/jpeg": "jpeg", "image/webp": "webp", "image/avif": "avif"}
    return Made(
        token=run_token,
        index=frame,
        width=picture.width,
        height=picture.height,
        seed=picture.seed,
        seconds=0,
        infotext=picture.infotext,
        format=cast(Any, kinds.get(picture.media_type, "png")),
    )


def forget_states(animations: Path, reading: Reading) -> None:
    """Delete what was kept of animations that are not known any more, or whose frames are gone."""
    try:
        folders = [one for one in animations.iterdir() if one.is_dir()]
    except OSError:
        return
    for folder in folders:
        if not _is_of_use(folder.name, reading):
            forget_state(folder)


def _is_of_use(id: str, reading: Reading) -> bool:
    try:
        job = reading.job(id)
    except UserError:
        return False
    return job.state not in FINAL or any(map(_is_there, job.pictures))
