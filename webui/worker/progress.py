"""News of a run: where it stands, how long it will take, what it looks like."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from pydantic import BaseModel

from webui.core.events import Phase, Progress
from webui.core.memory import Measure, Stage
from webui.core.participants import Participant, Step
from webui.core.wire import News
from webui.engine.recipes import Leg

LEAST_SECONDS = 0.1
"""Between two news of the same phase: a browser shows no more."""


class Reporter(Participant):
    """Counts model calls and sends news.

    Time left comes from the model calls alone, each weighted by the pixels it works on: what is
    still to make of the batch's legs and of the batches to come, by the mean so far. The first
    call of a leg is left out (what came before it is no call, or it warms up).

    Attributes:
        measures: what is done about memory.
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
        self._legs: Sequence[Leg] = ()
        self._leg = -1
        self._step = 0
        self._phase: Phase = "encoding"
        self._calls: list[float] = []
        self._last = float("-inf")
        self._last_call: float | None = None
        self._eta: float | None = None
        self.measures: tuple[Measure, ...] = ()

    @property
    def stage(self) -> Stage:
        """What is being done, as far as memory depends on it."""
        stages: dict[Phase, Stage] = {"upscaling": "decoding", "decoding": "decoding"}
        return "sampling" if self._phase == "sampling" else stages.get(self._phase, "encoding")

    def begin(self, image: int, batches_left: int) -> None:
        """A batch begins: its first picture, how many batches come after it."""
        self._image, self._batches_left = image, batches_left
        self.legs(())

    def legs(self, legs: Sequence[Leg]) -> None:
        """The parts of the batch's work."""
        self._legs, self._leg, self._step = legs, -1, 0

    def loading(self, done: int, total: int) -> None:
        """A model is being loaded: bytes, and how many there are."""
        self._tell("loading", step=done, steps=total)

    def phase(self, phase: Phase) -> None:
        """What is being done now; "sampling" begins the next leg."""
        if phase == "sampling":
            self._leg += 1
            self._last_call = None
        self._phase = phase
        self._tell(phase, self._step, self._steps, at_once=True)

    def part(self, done: int, total: int) -> None:
        """Parts of work that calls no model, as the tiles of an upscaler."""
        self._tell(self._phase, done, total)

    def preview(self, picture: str) -> None:
        """The picture so far as a data URI."""
        self._tell("sampling", self._step, self._steps, picture, at_once=True)

    def after(self, step: Step) -> None:
        """One call of the model is done."""
        now = self._clock()
        leg = self._legs[self._leg] if 0 <= self._leg < len(self._legs) else Leg(0, 1)
        if self._last_call is not None:
            self._calls = [*self._calls[-49:], (now - self._last_call) / leg.weight]
        self._last_call = now
        before = sum(one.steps for one in self._legs[: max(self._leg, 0)])
        self._step = before + min(leg.steps, -(-(step.index + 1) * leg.steps // step.total))
        if self._calls:
            left = (step.total - step.index - 1) * leg.weight + self._left()
            self._eta = round(left * sum(self._calls) / len(self._calls), 1)
        self._tell("sampling", self._step, self._steps)

    @property
    def _steps(self) -> int:
        return sum(leg.steps for leg in self._legs)

    def _left(self) -> float:
        """What comes after this leg, in calls times their weight."""
        costs = [leg.calls * leg.weight for leg in self._legs]
        return sum(costs[self._leg + 1 :]) + sum(costs) * self._batches_left

    def _tell(
        self,
        phase: Phase,
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
            measures=self.measures,
        )
        self._send(News(token=self._token, progress=progress))
