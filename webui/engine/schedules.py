"""Schedules: which noise levels a run passes through, the same as AUTOMATIC1111 1.10.1.

A schedule is one function `(table, n, options) -> sigmas`: n levels descending and the 0 at the
end, float32 on the CPU. To add one, write it here under its decorator and name it in
`webui.core.sampling.SCHEDULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from webui.core.sampling import AUTOMATIC
from webui.engine.options import Options
from webui.models.sigmas import SigmaTable

_OLD_KARRAS_ENDS = (0.1, 10.0)
_ALIGNED = {
    "sd1": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
    "sdxl": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
}


class Schedule(Protocol):
    """See the module's docstring."""

    def __call__(self, table: SigmaTable, n: int, options: Options, /) -> Tensor: ...


SCHEDULES: dict[str, Schedule] = {}
"""By name; filled by `schedule`."""


def schedule(*names: str) -> Callable[[Schedule], Schedule]:
    """Register a schedule under its names."""

    def add(function: Schedule) -> Schedule:
        SCHEDULES.update(dict.fromkeys(names, function))
        return function

    return add


def ends(table: SigmaTable, options: Options) -> tuple[float, float]:
    """Lowest and highest level of the schedules that listen to the settings of the ends."""
    model = float(table.sigmas[0]), float(table.sigmas[-1])
    if table.flow:  # there is nothing beyond its ends
        return options.sigma_min or model[0], min(options.sigma_max or model[1], model[1])
    low, high = _OLD_KARRAS_ENDS if options.old_karras_sigmas else model
    return options.sigma_min or low, options.sigma_max or high


def karras(n: int, low: float, high: float, rho: float = 7.0) -> Tensor:
    """Karras et al., "Elucidating the design space of diffusion models", 2022, equation 5."""
    ramp = torch.linspace(0, 1, n)
    low_root, high_root = low ** (1 / rho), high ** (1 / rho)
    return _with_zero((high_root + ramp * (low_root - high_root)) ** rho)


def _with_zero(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas.float(), torch.zeros(1)])


@schedule(AUTOMATIC, "Uniform")
def _uniform(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Evenly spaced timesteps, from the model's last to its first."""
    last = float(table.sigma_to_t(table.sigmas[-1]))
    first = float(table.sigma_to_t(table.sigmas[0])) if table.quantized else 0.0
    return _with_zero(table.t_to_sigma(torch.linspace(last, first, n)))


@schedule("Karras")
def _karras(table: SigmaTable, n: int, options: Options) -> Tensor:
    return karras(n, *ends(table, options), options.rho or 7.0)


@schedule("Exponential")
def _exponential(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Evenly spaced logarithms."""
    low, high = np.log(ends(table, options))
    return _with_zero(torch.linspace(float(high), float(low), n).exp())


@schedule("Polyexponential")
def _polyexponential(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Logarithms along a power of the way; with rho 1 the same as Exponential."""
    low, high = (float(value) for value in np.log(ends(table, options)))
    ramp = torch.linspace(1, 0, n) ** (options.rho or 1.0)
    return _with_zero((ramp * (high - low) + low).exp())


@schedule("SGM Uniform")
def _sgm_uniform(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Evenly spaced timesteps without the lowest (Stability's generative-models)."""
    return _by_timestep(table, n + 1, options, n)


@schedule("Normal")
def _normal(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Evenly spaced timesteps between the ends."""
    return _by_timestep(table, n, options, n)


def _by_timestep(table: SigmaTable, points: int, options: Options, n: int) -> Tensor:
    low, high = (float(table.sigma_to_t(end)) for end in ends(table, options))
    return _with_zero(table.t_to_sigma(torch.linspace(high, low, points)[:n]))


@schedule("KL Optimal")
def _kl_optimal(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Evenly spaced arctangents (Sabour et al., "Align your steps", 2024, equation 9).

    It ends at the lowest level, not at 0.
    """
    low, high = torch.tensor(ends(table, options)).arctan()
    share = torch.arange(n + 1) / n
    return (share * low + (1.0 - share) * high).tan()


@schedule("Align Your Steps")
def _align_your_steps(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Levels optimised for 10 steps, between them linear in the logarithm (Sabour et al. 2024).

    A flow gets levels of the same ratio of noise to signal, from pure noise on.
    """
    levels = np.log(_ALIGNED[options.align_your_steps][::-1])
    places = np.linspace(0, 1, n)
    between = np.interp(places, np.linspace(0, 1, len(levels)), levels)
    sigmas = np.exp(between)[::-1].copy()
    if table.flow:
        sigmas = sigmas / (1 + sigmas)
        sigmas[0] = float(table.sigmas[-1])
    return _with_zero(torch.from_numpy(sigmas))


@schedule("Simple")
def _simple(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Every so manieth level of the table, from the top."""
    stride = len(table.sigmas) / n
    return _with_zero(table.sigmas[[-1 - int(index * stride) for index in range(n)]])


@schedule("DDIM")
def _ddim(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Every so manieth level of the table, from its second one; may be more than n."""
    return _with_zero(table.sigmas[1 :: max(len(table.sigmas) // n, 1)].flip(0))


@schedule("Beta")
def _beta(table: SigmaTable, n: int, options: Options) -> Tensor:
    """Quantiles of a beta distribution (Lee et al., "Beta sampling is all you need", 2024)."""
    low, high = ends(table, options)
    quantiles = betaincinv(options.beta_alpha, options.beta_beta, 1 - np.linspace(0, 1, n))
    return _with_zero(torch.from_numpy(low + quantiles * (high - low)))
