"""Films of finished pictures: a job for the lane that needs no model."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.core.events import Job, Picture
from webui.core.film import Film
from webui.core.wire import Made
from webui.jobs.chores import Errand
from webui.video.encoding import Encoding
from webui.video.writing import Levels, write_film

USUAL_FPS = 15.0


def filmer(find: Callable[[str], Job]) -> Callable[[Any, Errand], str]:
    """Makes films; `find` looks up a job by its id."""

    def film(request: Film, errand: Errand) -> str:
        job = find(request.job)
        pictures = pictures_of(job)
        total = len(pictures) * request.repeat
        begun = time.monotonic()

        def check(done: int) -> None:
            errand.check()
            errand.tell("encoding_film", done, total)

        encoding = Encoding(request.format, fps_of(request, job), request.crf, request.preset)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"film.{request.format}"
            write_film(_frames(pictures, request.repeat), file, encoding, check)
            data = file.read_bytes()
        first = pictures[0]
        made = Made(
            token=errand.token,
            index=0,
            width=first.width,
            height=first.height,
            seed=first.seed,
            seconds=round(time.monotonic() - begun, 3),
            infotext=first.infotext,
            format=request.format,
        )
        errand.made(made, data)
        return ""

    return film


def pictures_of(job: Job) -> Sequence[Picture]:
    """Those that are there as files, in their order.

    Raises:
        UserError: there are none.
    """
    there = [one for one in job.pictures if one.file and one.media_type.startswith("image/")]
    if not there:
        raise UserError("film_no_pictures")
    return sorted(there, key=lambda one: one.index)


def fps_of(request: Film, job: Job) -> float:
    """Pictures a second: as asked for, else as the animation's settings say."""
    if request.fps is not None:
        return request.fps
    told: Any = job.request.settings.get("fps") if isinstance(job.request, Animation) else None
    return float(told) if isinstance(told, int | float) and told > 0 else USUAL_FPS


def _frames(pictures: Sequence[Picture], repeat: int) -> Iterator[Levels]:
    """One after the other from the disk."""
    for one in pictures:
        path = Path(one.file or "")
        try:
            with Image.open(path) as image:
                levels = np.asarray(image.convert("RGB"))
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError("picture_unreadable", file=str(path), reason=reason) from error
        for _ in range(repeat):
            yield levels
