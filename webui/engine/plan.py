"""The plan of a run: its noise levels, its first x, and how often it will call the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from webui.core.sampling import AUTOMATIC
from webui.engine.flows import flow_levels
from webui.engine.levels import Levels, Task, image_steps
from webui.engine.noise import Between, Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers import SAMPLERS, Sampler
from webui.models.sigmas import SigmaTable


@dataclass(frozen=True, eq=False)
class Plan:
    """A run that can be made with any model, prompt and noise.

    Attributes:
        sampler: what walks.
        levels: what is walked, and the scales of the first x.
        options: settings.
        prompt_calls: what prompt schedules count: the steps asked for, doubled for samplers of
            second order.
        counted: calls that shares of the run are taken of, as A1111 counts them.
    """

    sampler: Sampler
    levels: Levels
    options: Options
    prompt_calls: int
    counted: int

    @property
    def sigmas(self) -> Tensor:
        """(n + 1,) float32 descending."""
        return self.levels.sigmas

    @property
    def steps(self) -> int:
        """How many are made; image to image makes a part of those asked for."""
        return len(self.sigmas) - 1

    @cached_property
    def calls(self) -> int:
        """How often the sampler will call the model, found by a run on a single number.

        An estimate for DPM adaptive only, whose steps depend on the picture.
        """
        counter = _Counter()
        one = torch.ones(1, 1, 1, 1)
        self.run(counter, one, counter, one)
        return counter.calls

    def start(self, noise: Tensor, latents: Tensor | None = None, extra: float = 0.0) -> Tensor:
        """The first x: noise of the first level, with the image's latents in it if there are any.

        Args:
            noise: (B, C, h, w) of variance 1.
            latents: (B, C, h, w) of image to image.
            extra: this much more noise than the level has, for image to image.
        """
        x = noise * self.levels.noise_scale
        if latents is None:
            return x
        x = x + latents * self.levels.image_scale
        return x + noise * (extra * self.levels.image_scale) if extra else x

    def run(
        self,
        denoise: Denoiser,
        initial: Tensor,
        noise: Noise,
        latents: Tensor | None = None,
        extra: float = 0.0,
    ) -> Tensor:
        """The run itself.

        Args:
            denoise: the model with its guidance.
            initial: (B, C, h, w) noise of variance 1.
            noise: where the sampler's noise comes from.
            latents: (B, C, h, w) of image to image.
            extra: noise more than the first level has.

        Returns:
            (B, C, h, w) latents.
        """
        x = self.start(initial, latents, extra)
        if len(self.sigmas) < 2:
            return x
        walk = self.levels.walk or self.sampler.function
        if self.levels.highest is not None:
            noise = _From(noise, self.levels.highest)
        return walk(denoise, x, self.sigmas, noise, self.options)


def plan(
    sampler: str,
    schedule: str,
    steps: int,
    table: SigmaTable | Tensor,
    options: Options | None = None,
    strength: float | None = None,
) -> Plan:
    """Lay out a run.

    Args:
        sampler, schedule: their names; "Automatic" is the sampler's own schedule.
        steps: as asked for.
        table: the model's noise levels, (T,) ascending if a tensor.
        options: settings; A1111's defaults.
        strength: 0..1 of image to image; None is text to image.
    """
    chosen, options = SAMPLERS[sampler], options or Options()
    table = SigmaTable(table) if isinstance(table, Tensor) else table.for_steps(steps)
    task = Task(
        table,
        chosen.info.automatic if schedule == AUTOMATIC else schedule,
        steps,
        options,
        strength,
        chosen.info.discards_penultimate or options.discard_penultimate,
    )
    order = 2 if chosen.info.second_order else 1
    return Plan(
        sampler=chosen,
        levels=flow_levels(chosen, task) if table.flow else chosen.levels(task),
        options=replace(options, flow=True)
        if table.flow and chosen.flow == "straight"
        else options,
        prompt_calls=steps * order,
        counted=(steps if strength is None else image_steps(task)[1] + 1) * order,
    )


class _From:
    """Noise whose Brownian paths begin at a higher level than the walk does."""

    def __init__(self, noise: Noise, highest: float) -> None:
        self._highest = highest
        self._brownian = noise.brownian
        self.draw = noise.draw

    def brownian(self, x: Tensor, low: Tensor | float, high: Tensor | float) -> Between:
        return self._brownian(x, low, max(float(high), self._highest))


class _Counter:
    """A model of data of variance 1, and a noise source that is silent; counts its calls."""

    def __init__(self) -> None:
        self.calls = 0
        self._last = torch.zeros(())

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        self.calls += 1
        self._last = x / (1 + sigma**2)
        return self._last

    def needs_uncond(self) -> None:
        pass

    def uncond(self) -> Tensor:
        return self._last

    def draw(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)

    def brownian(self, x: Tensor, low: Tensor | float, high: Tensor | float) -> Between:
        return lambda sigma, sigma_next: torch.zeros_like(x)
