"""The sheets of a plot: a job for the lane that needs no model, when all cells are over."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PIL import Image

from webui.core.errors import UserError, worded
from webui.core.events import Job, JobState, Picture
from webui.core.plot import Plot
from webui.core.request import ImageFormat
from webui.core.texts import choose_language, text
from webui.core.wire import Made
from webui.imaging.ingest import opened_picture
from webui.jobs.chores import Errand
from webui.library.pictures import encode
from webui.plots.sheet import Gap, Held, Sheet, draw, side_by_side, tiled
from webui.plots.told import told, with_told

Read = Callable[[str], bytes]
"""A result's file by its id; raises UserError."""


def sheet_maker(find: Callable[[str], Job], read: Read) -> Callable[[Any, Errand], str]:
    """Draws sheets; `find` looks up a job by its id."""
    return lambda request, errand: _Work(
        request, [find(id) for id in request.jobs], read, errand
    ).do()


class _Work:
    """The sheets of one plot being drawn."""

    def __init__(self, plot: Plot, cells: Sequence[Job], read: Read, errand: Errand) -> None:
        self._plot = plot
        self._cells = cells
        self._read = read
        self._errand = errand
        self._language = plot.language or choose_language(errand.settings.language, "")
        self._done = 0

    def do(self) -> str:
        """Draw and save all of them; returns a sentence where cells have no picture.

        Raises:
            UserError: no cell has one, or they cannot be read or written.
        """
        plot = self._plot
        first = next((picture for job in self._cells for picture in pictures_of(job)), None)
        if first is None:
            raise UserError("plot_no_pictures")
        sheets = [self._sheet(number) for number in range(len(plot.layers))]
        whole = plot.images > len(sheets)
        drawn: list[Held] = []
        for number, sheet in enumerate(sheets):
            image = draw(sheet)
            drawn.append(Held(image.size, partial(draw, sheet)))
            alone = len(sheets) == 1
            self._save(image, number + whole, self._first_of(number) or first, alone)
        if whole:
            titles = plot.layers if plot.legend else ("",) * len(plot.layers)
            self._save(side_by_side(drawn, titles, plot.margin), 0, first, True)
        gaps = sum(not pictures_of(job) for job in self._cells)
        values = {"n": gaps, "all": len(self._cells)}
        return text("plot.gaps", self._language, **values) if gaps else ""

    def _of_layer(self, number: int) -> Sequence[Job]:
        size = len(self._plot.columns) * len(self._plot.rows)
        return self._cells[number * size : (number + 1) * size]

    def _first_of(self, number: int) -> Picture | None:
        jobs = self._of_layer(number)
        return next((picture for job in jobs for picture in pictures_of(job)), None)

    def _sheet(self, number: int) -> Sheet:
        plot, jobs = self._plot, self._of_layer(number)
        across = len(plot.columns)
        rows = [jobs[at : at + across] for at in range(0, len(jobs), across)]
        # On the sheet of all of them the third axis stands above each.
        title = "" if plot.images > 1 and plot.together else plot.layers[number]
        return Sheet(
            [[self._cell(job) for job in row] for row in rows],
            *(plot.columns, plot.rows, title, plot.margin, plot.legend),
        )

    def _cell(self, job: Job) -> Held | Gap:
        pictures = pictures_of(job)
        if not pictures:
            return Gap(self._why(job))
        across = next(number for number in range(1, 1000) if number**2 >= len(pictures))
        down = -(-len(pictures) // across)
        size = (pictures[0].width * across, pictures[0].height * down)
        return Held(size, partial(self._opened, pictures))

    def _opened(self, pictures: Sequence[Picture]) -> Image.Image | Gap:
        self._errand.check()
        self._done += 1
        self._errand.tell("drawing_sheet", min(self._done, len(self._cells)), len(self._cells))
        try:
            return tiled([_picture(self._read(one.id)) for one in pictures])
        except UserError as error:
            return Gap(worded(error.problem, self._language))

    def _why(self, job: Job) -> str:
        if job.problem is not None:
            return worded(job.problem, self._language)
        cancelled = job.state is JobState.CANCELLED
        return text("plot.gap.cancelled" if cancelled else "plot.gap.empty", self._language)

    def _save(self, image: Image.Image, index: int, first: Picture, whole: bool) -> None:
        settings, plot = self._errand.settings, self._plot
        begun = time.monotonic()
        format: ImageFormat = plot.image_format or settings.image_format
        infotext = with_told(first.infotext, told(plot, whole))
        data = encode(image, format, settings.image_quality, infotext)
        made = Made(
            token=self._errand.token,
            index=index,
            width=image.width,
            height=image.height,
            seed=first.seed,
            seconds=round(time.monotonic() - begun, 3),
            infotext=infotext,
            format=format,
        )
        self._errand.made(made, data)


def pictures_of(job: Job) -> Sequence[Picture]:
    """A cell's pictures in their order; not the films that extensions make."""
    found = (one for one in job.pictures if one.media_type.startswith("image/"))
    return sorted(found, key=lambda one: one.index)


def _picture(data: bytes) -> Image.Image:
    """A file's pixels.

    Raises:
        UserError: it is no picture, or broken.
    """
    with opened_picture(data) as image:
        return image.convert("RGB")
