"""The line between server and worker: frames of one JSON line and, after it, raw bytes.

Commands go down, reports come up. A run is named by its fencing token: the server drops what a
worker sends for a token that no longer holds the lease.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from webui.core.errors import Problem
from webui.core.events import Progress
from webui.core.memory import Memory
from webui.core.offers import Offers
from webui.core.requests import AnyRequest
from webui.core.settings import Settings

LONGEST_LINE = 32 * 2**20
"""Bytes; a request with a text for each of its pictures has some."""
MOST_BYTES = 2**30
"""Of a picture."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Run(_Message):
    """Make the pictures of a job that are not in `done` (indices from 0).

    results: where pictures of the job that the request is about lie, by their names.
    said: what pictures say of extensions' options: extension -> key -> text.
    """

    kind: Literal["run"] = "run"
    job: str
    token: int
    request: AnyRequest
    done: tuple[int, ...] = ()
    settings: Settings = Settings()
    results: Mapping[str, str] = {}
    said: Mapping[str, Mapping[str, str]] = {}


class Cancel(_Message):
    kind: Literal["cancel"] = "cancel"
    token: int


class Skip(_Message):
    """Leave the batch in work, go on with the next."""

    kind: Literal["skip"] = "skip"
    token: int


class Beat(_Message):
    """Sign of life, once a second, from a thread of its own.

    Attributes:
        memory: what there is of it, as measured when the worker last had nothing to do.
    """

    kind: Literal["beat"] = "beat"
    token: int | None = None
    model: str | None = None
    memory: Memory | None = None


class Ready(_Message):
    """The worker has loaded its libraries."""

    kind: Literal["ready"] = "ready"
    offers: Offers


class Broken(_Message):
    """Extensions that do not load beside the model: all of them, by their names."""

    kind: Literal["broken"] = "broken"
    problems: Mapping[str, Problem]


class News(_Message):
    """Progress of the run."""

    kind: Literal["news"] = "news"
    token: int
    progress: Progress


class Made(_Message):
    """One picture; the frame's bytes are the finished file (parameters inside)."""

    kind: Literal["made"] = "made"
    token: int
    index: int
    width: int
    height: int
    seed: int
    seconds: float
    infotext: str
    format: Literal["png", "jpeg", "webp", "avif", "mp4", "webm", "gif", "apng", "zip"] = "png"


class Beside(_Message):
    """A PNG to lie beside a frame of an animation, which is no result.

    Attributes:
        index: of the frame.
        name: what it is, `depth`.
    """

    kind: Literal["beside"] = "beside"
    token: int
    index: int
    name: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]


class Ended(_Message):
    """The run is over; `problem` says why it failed, `text` is its result if that is a text."""

    kind: Literal["ended"] = "ended"
    token: int
    outcome: Literal["finished", "cancelled", "failed"]
    problem: Problem | None = None
    text: str | None = None


Command = Annotated[Run | Cancel | Skip, Field(discriminator="kind")]
Report = Annotated[
    Beat | Broken | Ready | News | Made | Beside | Ended, Field(discriminator="kind")
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
REPORT: TypeAdapter[Report] = TypeAdapter(Report)


def write_frame(stream: BinaryIO, message: BaseModel, data: bytes = b"") -> None:
    """Write one frame and flush. The caller holds the stream's lock."""
    head = {"bytes": len(data), "message": message.model_dump(mode="json")}
    stream.write(json.dumps(head).encode() + b"\n" + data)
    stream.flush()


class BrokenFrame(Exception):
    """What came is no frame: the other side is not what it should be."""


def read_frame(stream: BinaryIO) -> tuple[object, bytes] | None:
    """Read one frame: the message as plain data and its bytes; None at the end of the stream.

    Raises:
        BrokenFrame: what came is no frame, or a huge one.
    """
    line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        if len(line) == LONGEST_LINE:
            raise BrokenFrame("a line without end")
        return None
    try:
        head = json.loads(line)
        message, size = head["message"], int(head["bytes"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BrokenFrame(str(error)) from error
    if not 0 <= size <= MOST_BYTES:
        raise BrokenFrame(f"{size} bytes")
    data = stream.read(size)
    return (message, data) if len(data) == size else None
