"""The request for an animation: a settings file, and what makes a job of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from webui.core.film import JobId
from webui.core.pictures import PictureRef
from webui.core.request import Name, NoiseSource, Part, Request, Storage

MOST_FRAMES = 216_000
"""Two hours at 30 frames a second."""

Scale = Annotated[float, Field(ge=0.05, le=1)]
Path = Annotated[str, Field(max_length=1000)]


class After(Part):
    """Where an animation goes on: another job's frames before one are its own.

    Attributes:
        job: whose frames; also one that failed, or was cancelled.
        frame: the first frame that is drawn; None: the first one that the job lacks.
        pictures: by their numbers, the frames that the drawing goes on from; the job's frames say
            so, and what a client writes does not count.
    """

    job: JobId
    frame: int | None = Field(default=None, ge=1, le=MOST_FRAMES)
    pictures: Mapping[Annotated[str, Field(pattern=r"^\d{1,6}$")], PictureRef] = {}


class Animation(Request):
    """Frames as a settings file plans them; each is a picture of the job.

    Attributes:
        settings: the names of Deforum's settings file; `compat` says whose rules hold.
        files: what the settings name by a path, or by the parameter itself (`init_image`), as
            pictures, films and sounds that were sent before.
        draft: size of what is drawn, relative to the settings' `W` and `H`.
        motion_only: nothing is drawn: the first picture, or a test card, moves as planned.
        frames: how many there are; the settings say so, and what a client writes does not count.
        after: another animation that this one goes on from, with what is changed in it. Its frames
            before are copied. Of the settings, files, models and all else that is left out, that
            one's count; so does its seed if the settings have none.

    In `extensions` a schedule may stand wherever the extension takes a number, and a film wherever
    it takes a picture (see `webui.core.scheduled`).
    """

    picture_fields = ("files", "after.pictures")
    media_fields = ("files", "extensions")

    kind: Literal["animation"] = "animation"
    settings: Mapping[str, Any] = {}
    files: Mapping[Path, PictureRef] = {}
    model: Name | None = None
    vae: Name | None = None
    noise_source: NoiseSource | None = None
    storage: Storage | None = None
    draft: Scale = 1.0
    motion_only: bool = False
    frames: int = Field(default=0, ge=0, le=MOST_FRAMES)
    after: After | None = None

    @property
    def images(self) -> int:
        return self.frames
