"""The request for an animation: a settings file, and what makes a job of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from webui.core.pictures import PictureRef
from webui.core.request import Name, NoiseSource, Request

MOST_FRAMES = 216_000
"""Two hours at 30 frames a second."""

Scale = Annotated[float, Field(ge=0.05, le=1)]
Path = Annotated[str, Field(max_length=1000)]


class Animation(Request):
    """Frames as a settings file plans them; each is a picture of the job.

    Attributes:
        settings: the names of Deforum's settings file; `compat` says whose rules hold.
        files: what the settings name by a path, or by the parameter itself (`init_image`), as
            pictures, films and sounds that were sent before.
        draft: size of what is drawn, relative to the settings' `W` and `H`.
        motion_only: nothing is drawn: the first picture, or a test card, moves as planned.
        frames: how many there are; the settings say so, and what a client writes does not count.
    """

    picture_fields = ("files",)
    media_fields = ("files",)

    kind: Literal["animation"] = "animation"
    settings: Mapping[str, Any] = {}
    files: Mapping[Path, PictureRef] = {}
    model: Name | None = None
    vae: Name | None = None
    noise_source: NoiseSource | None = None
    draft: Scale = 1.0
    motion_only: bool = False
    frames: int = Field(default=0, ge=0, le=MOST_FRAMES)

    @property
    def images(self) -> int:
        return self.frames
