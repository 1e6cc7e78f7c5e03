"""News of a run: where it stands, how long it will take, what it looks like."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel

from webui.core.events import Progress
from webui.core.participants import Participant, Step
from webui.core.wire import News

LEAST_SECONDS = 0.1
"""Between two news of the same phase: a browser shows no more."""


class Reporter(Participant):
    """Counts model calls and sends news.

    Time left comes from the model calls alone: batches still to make times the mean time of a
    call, the first call of a run left out (it warms up).
    """

    order = 900

    def __init__(
        self,
        send: Callable[[BaseModel], None],
        token: int,
        job: str,
        images: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._token = token
        self._job = job
        self._images = images
        self._clock = clock
        self._image = 0
        self._batches_left = 0
        self._step = 0
        self._steps = 0
        self._calls: list[float] = []
        self._last = float("-inf")
        self._last_call: float | None = None
        self._eta: float | None = None

    def begin(self, image: int, steps: int, batches_left: int) -> None:
        """A batch begins: its first picture, its steps, how many batches come after it."""
        self._image, self._steps, self._batches_left = image, steps, batches_left
        self._step = 0
        self._last_call = None

    def loading(self, share: float) -> None:
        """The model is being loaded; share is 0..1."""
        self._tell("loading", step=round(share * 100), steps=100)

    def phase(self, phase: Literal["encoding", "sampling", "decoding"]) -> None:
        """What is being done now."""
        self._tell(phase, step=self._step, steps=self._steps, at_once=True)

    def preview(self, picture: str) -> None:
        """The picture so far as a data URI."""
        self._tell("sampling", self._step, self._steps, picture, at_once=True)

    def after(self, step: Step) -> None:
        """One call of the model is done."""
        now = self._clock()
        if self._last_call is not None:
            self._calls = [*self._calls[-49:], now - self._last_call]
        self._last_call = now
        self._step = min(self._steps, -(-(step.index + 1) * self._steps // step.total))
        left = step.total * self._batches_left + step.total - step.index - 1
        if self._calls:
            self._eta = round(left * sum(self._calls) / len(self._calls), 1)
        self._tell("sampling", self._step, self._steps)

    def _tell(
        self,
        phase: Literal["loading", "encoding", "sampling", "decoding"],
        step: int,
        steps: int,
        preview: str | None = None,
        at_once: bool = False,
    ) -> None:
        now = self._clock()
        if not at_once and now - self._last < LEAST_SECONDS and step < steps:
            return
        self._last = now
        progress = Progress(
            job=self._job,
            phase=phase,
            step=step,
            steps=steps,
            image=self._image,
            images=self._images,
            eta=self._eta,
            preview=preview,
        )
        self._send(News(token=self._token, progress=progress))
