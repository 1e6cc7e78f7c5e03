"""The sound of a film: which file, from when on, and what becomes of its length."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.events import Job
from webui.core.film import Film
from webui.core.texts import text
from webui.library.store import Store
from webui.timeline.footage import CLIP, chosen, file_of
from webui.timeline.output import SOUNDTRACK, wishes
from webui.timeline.settings_file import settings_of
from webui.video.encoding import SOUND
from webui.video.reading import film_info, sound_info

_NOTICED = 0.1
"""Seconds by which a sound may differ without a word."""


@dataclass(frozen=True)
class Track:
    """A sound.

    Attributes:
        path: a file with sound.
        start: seconds that are left out at its beginning.
    """

    path: Path
    start: float = 0.0


def track_of(request: Film, job: Job, store: Store) -> Track | None:
    """The sound of a film; None for none.

    Raises:
        UserError: there is none where one is wanted, or the format can have none.
    """
    kind, ref = _choice(request, job)
    if kind == "none":
        return None
    if request.format not in SOUND:
        if request.soundtrack == "auto" and request.sound is None:
            return None  # the settings' wish, which this format has nothing for
        raise UserError("film_silent", "format", format=request.format)
    if kind == "file":
        if ref is None:
            raise UserError("film_no_sound_file", "sound")
        return Track(store.path(ref), request.sound_start)
    return _of_clip(request, job, store)


def remark(track: Track | None, seconds: float, language: str) -> str:
    """What becomes of a sound that is longer or shorter than the film; empty if it is neither.

    Raises:
        UserError: the file has no sound that can be read.
    """
    whole = sound_info(track.path).seconds if track else 0.0
    if track is None or not whole:
        return ""
    left = max(whole - track.start, 0.0)
    if left > seconds + _NOTICED:
        return text("film.sound_cut", language, sound=f"{left:.1f}", film=f"{seconds:.1f}")
    if left < seconds - _NOTICED:
        return text("film.sound_short", language, sound=f"{left:.1f}", film=f"{seconds:.1f}")
    return ""


def _choice(request: Film, job: Job) -> tuple[str, str | None]:
    """Which kind of sound, and the sent file of the kind `file`."""
    if request.soundtrack != "auto":
        return request.soundtrack, request.sound
    if request.sound is not None:
        return "file", request.sound
    if not isinstance(job.request, Animation):
        return "none", None
    values = settings_of(job.request.settings).values
    wanted = wishes(values).soundtrack
    name = SOUNDTRACK if wanted == "file" else CLIP
    sent = file_of(job.request.files, name, str(values[name] or ""))
    return ("none", None) if sent is None else (wanted, sent)  # told with the plan


def _of_clip(request: Film, job: Job, store: Store) -> Track:
    """The sound of the clip that the animation was made after, from its first picture on."""
    sent = None
    if isinstance(job.request, Animation):
        values = settings_of(job.request.settings).values
        sent = file_of(job.request.files, CLIP, str(values[CLIP] or ""))
    if sent is None or not isinstance(job.request, Animation):
        raise UserError("film_no_clip", "soundtrack")
    path = store.path(sent)
    clip = film_info(path)
    taken = chosen(settings_of(job.request.settings).values, clip.frames)
    begin = taken.start / clip.fps if clip.fps else 0.0
    return Track(path, begin + request.sound_start)
