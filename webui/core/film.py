"""Requests for a film, the pictures of a finished job as one file, and for more pictures of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from webui.core.pictures import PictureRef
from webui.core.request import Name, Request

FilmFormat = Literal["mp4", "webm", "gif", "apng", "webp", "zip"]
Soundtrack = Literal["auto", "none", "file", "clip"]
JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]

MOST_TIMES = 100
"""As many pictures as a film can ask for: ten times as many, and ten times as slow."""


class Film(Request):
    """A film of a job's pictures.

    Attributes:
        job: whose pictures; those that there are.
        format: mp4 (H.264) plays everywhere; zip holds the pictures as files.
        fps: pictures a second of the job; None: what the animation's settings say, else 15.
        crf: quality of mp4 and webm, lower is better and larger.
        preset: how long the encoder may take for a smaller file (mp4).
        repeat: how often each picture is shown, for a slower film of the same fps.
        soundtrack: a sent file, that of the clip of Video Input, or none; auto: the file where one
            is sent, else what the animation's settings say. What is too long is cut, and behind
            the end of what is too short there is silence.
        sound: a sound, or a film with one.
        sound_start: seconds of the sound that are left out at its beginning.
        subtitles: what each picture was made with, as subtitles of mp4 and webm; beside the others
            as a file .srt.
        interpolate: so many times as many pictures a second; None: what the animation's settings
            say, else 1.
        interpolator: what draws those between, by its name in the menu; None: the one that the
            settings name if it is there, else optical flow. One of an extension draws them in a job
            of its own, which comes before the film.
        slow: so many times as long, likewise.
        to_fps: pictures a second of the film, in place of `interpolate`.
        language: of what is said of it when it is there; None: that of the settings.
    """

    picture_fields = ("sound",)
    media_fields = ("sound",)

    kind: Literal["film"] = "film"
    job: JobId
    format: FilmFormat = "mp4"
    fps: float | None = Field(default=None, ge=0.1, le=240)
    crf: int = Field(default=17, ge=0, le=51)
    preset: Literal["ultrafast", "veryfast", "fast", "medium", "slow", "veryslow"] = "slow"
    repeat: int = Field(default=1, ge=1, le=10)
    soundtrack: Soundtrack = "auto"
    sound: PictureRef | None = None
    sound_start: float = Field(default=0.0, ge=0, le=86_400)
    subtitles: bool = False
    interpolate: int | None = Field(default=None, ge=1, le=10)
    interpolator: Name | None = None
    slow: float | None = Field(default=None, ge=1, le=10)
    to_fps: float | None = Field(default=None, ge=0.1, le=240)
    language: Literal["en", "pl"] | None = None


class Interpolate(Request):
    """All pictures of a job, and between each two of them others, in their order.

    Attributes:
        job: whose pictures; those that are there when the job is over.
        interpolator: what draws those between, by its name in the menu.
        times: so many times as many pictures; picture n of the job is number n * times here.
        frames: how many there may be; the job says so, and what a client writes does not count.
        for_film: it was begun for a film, and is cancelled with it; likewise.
    """

    kind: Literal["interpolate"] = "interpolate"
    job: JobId
    interpolator: Name
    times: int = Field(default=2, ge=2, le=MOST_TIMES)
    frames: int = Field(default=0, ge=0)
    for_film: bool = False

    @property
    def images(self) -> int:
        return self.frames
