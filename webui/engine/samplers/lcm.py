"""Latent consistency models (Luo et al., 2023)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from webui.engine.levels import Levels, Task, scheduled
from webui.engine.noise import Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers.registry import sampler
from webui.models.sigmas import SigmaTable

_DATA_VARIANCE = 0.25
_TIMESTEP_SCALE = 10


class ConsistencyDenoiser:
    """Predictions at the few levels that the model was distilled on.

    x is brought to the nearest of them for the call; at the lowest levels part of x is kept, so
    that the function is the identity at 0.
    """

    def __init__(self, denoise: Denoiser, table: SigmaTable) -> None:
        self._denoise = denoise
        self._table = table
        self.needs_uncond = denoise.needs_uncond
        self.uncond = denoise.uncond

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        """See `Denoiser`."""
        t = float(self._table.sigma_to_t(sigma))
        known = float(self._table.t_to_sigma(t))
        sigma = float(sigma)
        scaled = x * ((1 + known**2) / (1 + sigma**2)) ** 0.5
        denoised = x - (scaled - self._denoise(scaled, known)) * (sigma / known)
        squared = (_TIMESTEP_SCALE * t) ** 2
        kept = _DATA_VARIANCE / (squared + _DATA_VARIANCE)
        return kept * x + (1 - kept) ** 0.5 * denoised


def coarse(task: Task) -> Levels:
    """The schedule over the few levels that the model knows."""
    table = task.table.coarse()

    def walk(denoise: Denoiser, *rest: Any) -> Tensor:
        return lcm(ConsistencyDenoiser(denoise, table), *rest)

    return replace(scheduled(replace(task, table=table)), walk=walk)


@sampler("LCM", levels=coarse, flow="ratio")
def lcm(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        x = denoise(x, sigma)
        if sigma_next > 0:
            x = x + noise.draw(x) * sigma_next
    return x
