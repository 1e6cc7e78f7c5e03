"""How a job gets by with the memory there is, and what its pictures say of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from webui.core.errors import UserError
from webui.core.memory import Measure, Rung, Stage, Work, lower
from webui.core.offers import ModelInfo
from webui.core.requests import Request
from webui.core.texts import text
from webui.engine.recipes import Shot
from webui.library.needs import Asked
from webui.models.adaptable import Adaptable
from webui.models.family import Model
from webui.models.manager import ModelManager, Wanted
from webui.models.memory.placement import Placeable
from webui.models.whole import WholePipeline
from webui.prompt.infotext import Parameters, Value

_AT_THE_END = ("Version", "User")
"""What an infotext ends with."""


class Thrift:
    """Of one job.

    Attributes:
        done: pictures that are sent, or left out by the user: they are not made again.
        measures: what is done about memory.
    """

    def __init__(
        self,
        request: Request,
        done: Sequence[int],
        models: ModelManager,
        budget: int,
        beside: int = 0,
    ) -> None:
        """Save nothing yet.

        Args:
            beside: bytes of what extensions have on the device with the model.
        """
        self.done = set(done)
        self.measures: tuple[Measure, ...] = ()
        self._asked = Asked.of(request)
        self._models = models
        self._budget = budget
        self._beside = beside
        self._rung: Rung | None = None
        self._work: Work | None = None
        self._last: Rung | None = None
        self._sliceable = True
        self._used: list[Model | WholePipeline] = []

    def wanted(self, info: ModelInfo) -> Wanted:
        """How a model of the job is wanted."""
        self._work = self._asked.of_model(info, self._beside)
        return Wanted(self._work, self._budget, self._rung)

    def uses(self, model: Model | WholePipeline) -> None:
        """A model was put in its place."""
        self._used.append(model)
        if isinstance(model, Placeable):
            self._last, self._sliceable = model.placement.rung, model.placement.sliceable
            self._tell(self._last)

    def lower(self, stage: Stage) -> None:
        """Go on with the next rung after memory ran out.

        Raises:
            UserError: there is none.
        """
        self._used = []
        memory = self._models.memory()
        rung = self._rung or self._last or Rung(place=memory.usual)
        work = self._work or Work(pixels=0)
        below = lower(rung, stage, work, memory, self._sliceable)
        if below is None:
            raise UserError("out_of_memory")
        self._rung = below
        self._tell(below)

    def parts(self, batch: Sequence[Shot]) -> Iterator[Sequence[Shot]]:
        """The pictures that are made together; each is the same when made alone."""
        if self._rung is None or not self._rung.apart or self._asked.loopback:
            yield batch
            return
        for shot in batch:
            yield [shot]

    def noted(self, parameters: Parameters) -> Parameters:
        """Parameters that say what was done about memory, and in which precision."""
        said: dict[str, Value] = {}
        if self.measures:
            said["Memory"] = ", ".join(text(f"memory.{one}") for one in self.measures)
        precise = [
            model.autoencoder.precise
            for model in self._used
            if isinstance(model, Adaptable) and model.autoencoder.precise
        ]
        if precise:
            said["VAE precision"] = precise[-1]
        if not said:
            return parameters
        values = dict(parameters.values)
        end = {name: values.pop(name) for name in _AT_THE_END if name in values}
        return replace(parameters, values={**values, **said, **end})

    def _tell(self, rung: Rung) -> None:
        found = rung.measures(self._models.memory().usual)
        self.measures = tuple(dict.fromkeys((*self.measures, *found)))
