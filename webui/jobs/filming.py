"""Films of finished pictures: a job for the lane that needs no model."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.events import Job, Picture
from webui.core.files import save_atomically
from webui.core.film import Film, Interpolate
from webui.core.requests import Upscale
from webui.core.texts import choose_language
from webui.core.wire import Made
from webui.jobs.chores import Errand
from webui.jobs.soundtracks import Track, remark, track_of
from webui.library.store import Store
from webui.motion.between import retimed
from webui.prompt.infotext import parse_infotext
from webui.timeline.output import Wishes, wishes
from webui.timeline.settings_file import settings_of
from webui.video.encoding import SUBTITLES, Beside, Encoding
from webui.video.packing import as_files, pack
from webui.video.subtitles import srt
from webui.video.writing import Levels, join, write_film

USUAL_FPS = 15.0
_SHOWN = ("Steps", "CFG scale", "Denoising strength", "Sampler", "Model")
"""Parameters in a subtitle, beside the prompt and the seed."""


@dataclass(frozen=True)
class Pace:
    """How the pictures of a job go by.

    Attributes:
        fps: pictures a second of the film.
        wanted: how many it has.
        step: pictures of the job that go by from one of the film's to the next.
        smooth: those between are drawn by optical flow.
    """

    fps: float
    wanted: int
    step: float
    smooth: bool

    @property
    def seconds(self) -> float:
        return self.wanted / self.fps

    @property
    def as_it_is(self) -> bool:
        """Whether the film shows each picture once."""
        return self.step == 1


def filmer(find: Callable[[str], Job], store: Store) -> Callable[[Any, Errand], str]:
    """Makes films; `find` looks up a job by its id, `store` has the sounds that were sent."""

    def film(request: Film, errand: Errand) -> str:
        job = find(request.job)
        pictures = pictures_of(job)
        told = begun_from(job, find)
        pace = pace_of(request, told, len(pictures), times_of(job, find))
        track = track_of(request, told, store)
        language = request.language or choose_language(errand.settings.language, "")
        said = remark(track, pace.seconds, language)
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            file = _Work(request, pace, pictures, track, Path(folder), errand).done()
            errand.made(_made(request, pictures[0], errand, time.monotonic() - begun), file)
        if request.subtitles and request.format not in (*SUBTITLES, "zip"):
            _save_beside(find(errand.job), "".join(subtitles(pictures, pace)))
        return said

    return film


class _Work:
    """A film being made in a folder of its own."""

    def __init__(
        self,
        request: Film,
        pace: Pace,
        pictures: Sequence[Picture],
        track: Track | None,
        folder: Path,
        errand: Errand,
    ) -> None:
        self._request = request
        self._pace = pace
        self._pictures = pictures
        self._track = track
        self._folder = folder
        self._errand = errand

    def done(self) -> Path:
        """The file.

        Raises:
            UserError: it cannot be written, or a picture not be read.
        """
        request, pace = self._request, self._pace
        file = self._folder / f"film.{request.format}"
        if request.format == "zip":
            pack(self._files(), file, self._check)
            return file
        encoding = Encoding(request.format, pace.fps, request.crf, request.preset)
        write_film(self._paced(), file, encoding, self._check)
        texts = self._subtitles() if request.format in SUBTITLES else None
        if self._track is None and texts is None:
            return file
        track = self._track or Track(Path())
        sound = track.path if self._track else None
        whole = self._folder / f"whole.{request.format}"
        join(file, Beside(pace.seconds, sound, track.start, texts), request.format, whole)
        return whole

    def _paced(self) -> Iterator[Levels]:
        pace, pictures = self._pace, self._pictures
        return retimed(_levels(pictures), len(pictures), pace.wanted, pace.step, pace.smooth)

    def _files(self) -> Iterable[tuple[str, bytes]]:
        """The pictures as they are where none is added or left out, parameters inside."""
        as_they_are = ((Path(one.file or "").name, _bytes(one)) for one in self._pictures)
        files = as_they_are if self._pace.as_it_is else as_files(self._paced())
        text = "".join(subtitles(self._pictures, self._pace)).encode()
        return chain(files, [("subtitles.srt", text)] if self._request.subtitles else [])

    def _subtitles(self) -> Path | None:
        if not self._request.subtitles:
            return None
        path = self._folder / "film.srt"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(subtitles(self._pictures, self._pace))
        return path

    def _check(self, done: int) -> None:
        self._errand.check()
        self._errand.tell("encoding_film", done, max(self._pace.wanted, done))


def begun_from(job: Job, find: Callable[[str], Job]) -> Job:
    """The animation whose frames a job enlarged, or came between; of others the job itself."""
    while (source := _source(job, find)) is not None:
        job = source
    return job


def times_of(job: Job, find: Callable[[str], Job]) -> int:
    """So many times as many pictures a job has as the one that it was begun from."""
    times = 1
    while (source := _source(job, find)) is not None:
        times *= job.request.times if isinstance(job.request, Interpolate) else 1
        job = source
    return times


def _source(job: Job, find: Callable[[str], Job]) -> Job | None:
    """The job whose pictures a job worked on; None: it has its own, or that one is forgotten."""
    request = job.request
    if not isinstance(request, Upscale | Interpolate) or request.job is None:
        return None
    try:
        return find(request.job)
    except UserError:
        return None


def pictures_of(job: Job) -> Sequence[Picture]:
    """Those that are there as files, in their order.

    Raises:
        UserError: there are none.
    """
    there = [one for one in job.pictures if one.file and one.media_type.startswith("image/")]
    if not there:
        raise UserError("film_no_pictures")
    return sorted(there, key=lambda one: one.index)


def pace_of(request: Film, job: Job, count: int, between: int = 1) -> Pace:
    """How the pictures go by: as asked for, else as the animation's settings say.

    The film is as long as its pictures at their own pace, whatever lies between them.

    Args:
        job: that the pictures come from.
        count: how many there are.
        between: so many times as many as that job has; if nothing else is said, all are shown.
    """
    wish = wishes_of(job)
    given = fps_of(request, job)
    slow = request.slow or wish.slow
    times = request.interpolate or (wish.interpolate if between == 1 else between)
    # Deforum slows a film down by its pace; ours keeps it, and draws more between.
    fps = request.to_fps or given * times / (wish.slow if request.slow is None else 1.0)
    step = given * between / (slow * fps * request.repeat)
    step = 1.0 if abs(step - 1) < 1e-9 else step
    smooth = times > 1 or slow > 1 or (request.to_fps or 0) > given / request.repeat
    return Pace(fps, max(round((count + between - 1) / step), 1), step, smooth)


def fps_of(request: Film, job: Job) -> float:
    """Pictures a second of the job: as asked for, else as the animation's settings say."""
    return request.fps if request.fps is not None else wishes_of(job).fps


def subtitles(pictures: Sequence[Picture], pace: Pace) -> Iterator[str]:
    """The pieces of a file of subtitles: what each picture was made with."""
    return srt(map(_words, pictures), 1 / (pace.fps * pace.step))


def _words(picture: Picture) -> str:
    """The prompt in one line, the numbers in the next."""
    told = parse_infotext(picture.infotext).values
    numbers = [f"{name}: {told[name]}" for name in _SHOWN if name in told]
    prompt = " ".join(str(told.get("Prompt", "")).split())
    return f"{prompt}\n#{picture.index}, Seed: {picture.seed}, " + ", ".join(numbers)


def wishes_of(job: Job) -> Wishes:
    """What a job's settings say of its film."""
    if not isinstance(job.request, Animation):
        return Wishes(USUAL_FPS, "none", 1, 1.0, None)
    return wishes(settings_of(job.request.settings).values)


def _made(request: Film, first: Picture, errand: Errand, seconds: float) -> Made:
    return Made(
        token=errand.token,
        index=0,
        width=first.width,
        height=first.height,
        seed=first.seed,
        seconds=round(seconds, 3),
        infotext=first.infotext,
        format=request.format,
    )


def _save_beside(film: Job, text: str) -> None:
    """Subtitles of a format that has none, as a file of the film's name."""
    for one in film.pictures:
        if one.file:
            path = Path(one.file).with_suffix(".srt")
            save_atomically(path.parent, path.name, text.encode())


def _bytes(picture: Picture) -> bytes:
    path = Path(picture.file or "")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _levels(pictures: Sequence[Picture]) -> Iterator[Levels]:
    """One after the other from the disk."""
    for one in pictures:
        path = Path(one.file or "")
        try:
            with Image.open(path) as image:
                yield np.asarray(image.convert("RGB"))
        except OSError as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UserError:
    reason = error.strerror or str(error)
    return UserError("picture_unreadable", file=str(path), reason=reason)
