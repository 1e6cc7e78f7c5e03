"""UniPC (Zhao et al., "A unified predictor-corrector framework", 2023).

Written for x that is not scaled down and t = -log sigma; `denoised` is what it extrapolates.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from webui.engine.levels import (
    Levels,
    Task,
    ddim_timesteps,
    image_steps,
    image_timesteps,
    preserved,
)
from webui.engine.noise import Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers.registry import sampler
from webui.engine.samplers.timestep import scaled_down
from webui.models.sigmas import SigmaTable

Known = list[tuple[float, Tensor]]
"""(t, denoised), the newest first."""

Weights = NDArray[np.floating[Any]]


def unipc_levels(task: Task) -> Levels:
    """Continuous timesteps down to the first one, one call for each of DDIM's."""
    last = len(task.table.sigmas) - 1
    if task.strength is None:
        steps = len(ddim_timesteps(task, task.steps))
        return preserved(_walk(task.table, last, steps, task.options))
    if not image_steps(task)[0]:
        return Levels(torch.zeros(1), 0.0)
    timesteps, noised = image_timesteps(task)
    steps = max(image_steps(task)[1], 1)
    sigmas = _walk(task.table, timesteps[-1], steps, task.options)
    return preserved(sigmas, float(task.table.sigmas[noised]))


def _walk(table: SigmaTable, start: int, steps: int, options: Options) -> Tensor:
    """steps + 1 levels from timestep `start` to 0, log a linear between timesteps."""
    count = len(table.sigmas)
    logs = torch.log1p(table.sigmas.double() ** 2).numpy()
    if options.unipc_skip == "logSNR":
        ends = table.sigmas[[start, 0]].double().log()
        return torch.linspace(float(ends[0]), float(ends[1]), steps + 1).exp()
    power = 2 if options.unipc_skip == "time_quadratic" else 1
    times = np.linspace(((start + 1) / count) ** (1 / power), (1 / count) ** (1 / power), steps + 1)
    between = np.interp(times**power * count - 1, np.arange(count), logs)
    return torch.from_numpy(np.sqrt(np.expm1(between))).float()


@sampler("UniPC", levels=unipc_levels)
def unipc(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    """The corrector of each step reuses the prediction at its end, the last step has none."""
    steps = len(sigmas) - 1
    times = [-math.log(float(sigma)) for sigma in sigmas]
    known: Known = [(times[0], denoise(x, sigmas[0]))]
    for step in range(1, steps + 1):
        now = min(options.unipc_order, step)
        if options.unipc_lower_order_final:
            now = min(now, steps + 1 - step)
        predict, correct = _weights(known[:now], times[step], options.unipc_variant)
        t, denoised = known[0]
        start = x * math.exp(t - times[step]) - math.expm1(t - times[step]) * denoised
        changes = [other - denoised for _, other in known[1:now]]
        x = start + _combined(predict, changes)
        if step < steps:
            ahead = denoise(x, sigmas[step])
            x = start + _combined(correct, [*changes, ahead - denoised])
            known = [(times[step], ahead), *known[: options.unipc_order - 1]]
    return scaled_down(x, sigmas[-1])


def _combined(weights: Weights, changes: list[Tensor]) -> Tensor | float:
    parts = (float(weight) * one for weight, one in zip(weights, changes, strict=True))
    return sum(parts, start=0.0)


def _weights(known: Known, t_next: float, variant: str) -> tuple[Weights, Weights]:
    """How much each known change of `denoised` counts: (predictor, corrector).

    The corrector's last weight is that of the change to the step's end.
    """
    h = t_next - known[0][0]
    places = np.array([(t - known[0][0]) / h for t, _ in known[1:]] + [1.0])
    phis = _phis(-h, len(places))
    if variant == "vary_coeff":
        predict, correct = _varying(places, phis)
    else:
        predict, correct = _fixed(places, phis, -h if variant == "bh1" else math.expm1(-h))
    return -predict / places[:-1], -correct / places


def _phis(h: float, count: int) -> list[float]:
    """phi_1(h) - 1, phi_2(h) - 1/2, … in the paper's scaling: each is the last / h - 1 / k!."""
    value, phis = math.expm1(h), list[float]()
    for index in range(1, count + 1):
        value = value / h - 1 / math.factorial(index)
        phis.append(value)
    return phis


def _fixed(places: Weights, phis: list[float], scale: float) -> tuple[Weights, Weights]:
    """B(h) versions: coefficients that meet the order conditions; 1/2 where one is left."""
    order = len(places)
    powers = np.vander(places, order, increasing=True).T
    wanted = np.array([phi * math.factorial(k + 1) / scale for k, phi in enumerate(phis)])
    half = np.array([0.5])
    predict = half if order == 2 else np.linalg.solve(powers[:-1, :-1], wanted[:-1])
    correct = half if order == 1 else np.linalg.solve(powers, wanted)
    return predict * scale, correct * scale


def _varying(places: Weights, phis: list[float]) -> tuple[Weights, Weights]:
    """Coefficients that vary with h; the corrector's last row as the authors' code has it."""
    order = len(places)
    factorials = np.array([math.factorial(k + 1) for k in range(order)])
    columns = np.vander(places, order, increasing=True) / factorials
    inverse = np.linalg.inv(columns)
    predict = np.array(phis[: order - 1]) @ np.linalg.inv(columns[:-1, :-1])
    correct = np.array(phis[: order - 1]) @ inverse[: order - 1]
    correct[-1] = phis[-1] * inverse[max(order - 2, 0), -1]
    return predict, correct
