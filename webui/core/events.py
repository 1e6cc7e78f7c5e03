"""What comes back up: frozen values that serialise to JSON.

Durable events stand in the ledger and have an id; `Progress` and `WorkerState` are news of the
moment, have none, and the last of each is part of a snapshot.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from webui.core.errors import Problem
from webui.core.memory import Measure
from webui.core.requests import AnyRequest

Phase = Literal[
    "loading",
    "encoding",
    "sampling",
    "upscaling",
    "interpolating",
    "decoding",
    "downloading",
    "merging",
    "preprocessing",
    "encoding_film",
    "hashing",
    "drawing_sheet",
]
"""What a worker is doing."""


class JobState(StrEnum):
    """Where a job stands. The last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    INTERRUPTED = "interrupted"  # its worker died; it goes on with the next one
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"
    PARKED = "parked"  # gave up after too many attempts


FINAL = frozenset({JobState.FINISHED, JobState.CANCELLED, JobState.FAILED, JobState.PARKED})


class Picture(BaseModel):
    """A result. `id` is all a client ever names; `file` is shown, never taken back."""

    model_config = ConfigDict(frozen=True)

    id: str
    job: str
    index: int
    width: int
    height: int
    seed: int
    seconds: float
    infotext: str
    media_type: str = "image/png"
    file: str | None = None
    problem: Problem | None = None  # why there is no file


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True)


class _JobEvent(_Event):
    job: str


class Queued(_JobEvent):
    kind: Literal["queued"] = "queued"


class Started(_JobEvent):
    kind: Literal["started"] = "started"
    attempt: int
    images: int


class ImageDone(_JobEvent):
    kind: Literal["image_done"] = "image_done"
    picture: Picture


class Interrupted(_JobEvent):
    """The worker died or hung; the job is tried again."""

    kind: Literal["interrupted"] = "interrupted"
    attempt: int
    problem: Problem


class Finished(_JobEvent):
    kind: Literal["finished"] = "finished"
    seconds: float
    text: str | None = None  # what came of it, where that is a text


class Cancelled(_JobEvent):
    kind: Literal["cancelled"] = "cancelled"


class Failed(_JobEvent):
    kind: Literal["failed"] = "failed"
    problem: Problem


class Parked(_JobEvent):
    kind: Literal["parked"] = "parked"
    problem: Problem


class Progress(_JobEvent):
    """News of the moment: never stored.

    Attributes:
        phase: what is being done (`loading`, `encoding`, `sampling`, `upscaling`, `decoding`,
            `downloading`, `merging`, `preprocessing`).
        step, steps: of the batch in work; of a download or a model that is written, bytes
            (`steps` is 0 while nobody knows).
        image, images: first picture of the batch in work (from 0) and how many in all.
        eta: seconds to the end of the job, None while nobody knows.
        preview: the picture so far as a data URI (small WebP), or None for 'unchanged'.
        measures: what is done about memory (texts `memory.…`).
    """

    kind: Literal["progress"] = "progress"
    phase: Phase
    step: int = 0
    steps: int = 0
    image: int = 0
    images: int = 1
    eta: float | None = None
    preview: str | None = None
    measures: tuple[Measure, ...] = ()


class WorkerState(_Event):
    """News of the moment: how the worker is."""

    kind: Literal["worker"] = "worker"
    state: Literal["starting", "ready", "busy", "dead"]
    device: str = ""
    model: str | None = None
    problem: Problem | None = None


JobEvent = Annotated[
    Queued | Started | ImageDone | Interrupted | Finished | Cancelled | Failed | Parked,
    Field(discriminator="kind"),
]
Event = Annotated[
    Queued
    | Started
    | ImageDone
    | Interrupted
    | Finished
    | Cancelled
    | Failed
    | Parked
    | Progress
    | WorkerState,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class Job(BaseModel):
    """A job as the ledger tells it."""

    model_config = ConfigDict(frozen=True)

    id: str
    owner: str
    request: AnyRequest
    state: JobState
    priority: int = 0
    created: float
    started: float | None = None
    ended: float | None = None
    attempts: int = 0
    ahead: int | None = None  # jobs that run before it, while it waits
    problem: Problem | None = None
    text: str | None = None  # the result, where that is a text
    pictures: tuple[Picture, ...] = ()  # in lists of jobs no more than the last ones
    picture_count: int = 0  # how many there are
