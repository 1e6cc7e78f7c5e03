"""Rectified flows, walked by samplers that were written for noise on top of the data.

x / (1 - sigma) of a flow is clean + noise at the level sigma / (1 - sigma), its ratio of noise to
signal: in it every sampler's formulas hold as they are, and their logarithm of the level is the
flow's half logarithm of the signal-to-noise ratio (negative).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from webui.engine.levels import Levels, Task, scheduled
from webui.engine.protocols import Denoiser, SamplerFunction
from webui.engine.samplers.registry import Sampler
from webui.engine.samplers.steps import noise_to_signal
from webui.models.family import Model
from webui.models.flow import FlowTable
from webui.models.sigmas import SigmaTable


class FlowDenoiser:
    """A flow's denoiser for x / (1 - sigma) and levels of the ratio of noise to signal."""

    def __init__(self, denoise: Denoiser) -> None:
        self._denoise = denoise
        self.needs_uncond = denoise.needs_uncond
        self.uncond = denoise.uncond

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """See `Denoiser`."""
        return self._denoise(x / (1 + sigma), sigma / (1 + sigma))


@dataclass(frozen=True)
class _ByRatio:
    """A sampler that walks a flow by its ratio of noise to signal."""

    walk: SamplerFunction

    def __call__(self, denoise: Denoiser, *rest: Any) -> Tensor:
        return self.walk(FlowDenoiser(denoise), *rest)


def noise_levels(model: Model, shift: float | None, height: int, width: int) -> SigmaTable:
    """The noise levels for a size in latent pixels.

    Args:
        shift: in place of the model's own; None, and of what is no flow, the model's.
    """
    table = model.noise_levels(height, width)
    return FlowTable.shifted(shift) if shift is not None and table.flow else table


def flow_levels(sampler: Sampler, task: Task) -> Levels:
    """The levels of a run over a rectified flow, with the walk that suits them."""
    if sampler.flow == "straight":
        return replace(scheduled(task), flow=True)
    if sampler.flow == "ratio":
        levels = scheduled(task)
        sigmas = noise_to_signal(levels.sigmas)
        levels = Levels(sigmas, float(sigmas[0]), highest=_ratio(levels.highest))
    else:
        assert isinstance(task.table, FlowTable)
        levels = sampler.levels(replace(task, table=task.table.exploding()))
    walk = _ByRatio(levels.walk or sampler.function)
    return replace(levels, walk=walk, preserved=False, flow=True)


def _ratio(sigma: float | None) -> float | None:
    return None if sigma is None else float(noise_to_signal(torch.tensor(sigma)))
