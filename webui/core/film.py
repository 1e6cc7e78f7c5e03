"""The request for a film: the pictures of a finished job, one after the other, as one file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from webui.core.request import Request

FilmFormat = Literal["mp4", "webm", "gif", "apng", "webp"]
JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Film(Request):
    """A film of a job's pictures.

    Attributes:
        job: whose pictures; those that there are.
        format: mp4 (H.264) plays everywhere.
        fps: pictures a second; None: what the animation's settings say, else 15.
        crf: quality of mp4 and webm, lower is better and larger.
        preset: how long the encoder may take for a smaller file (mp4).
        repeat: how often each picture is shown, for a slower film of the same fps.
    """

    kind: Literal["film"] = "film"
    job: JobId
    format: FilmFormat = "mp4"
    fps: float | None = Field(default=None, ge=0.1, le=240)
    crf: int = Field(default=17, ge=0, le=51)
    preset: Literal["ultrafast", "veryfast", "fast", "medium", "slow", "veryslow"] = "slow"
    repeat: int = Field(default=1, ge=1, le=10)
