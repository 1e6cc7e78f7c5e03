"""DPM-Solver (Lu et al., 2022), orders 1 to 3, with fixed and with adaptive steps.

Of `sigmas` they use the ends and the number of steps only; they end at the lowest level, not at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from webui.engine.levels import between_ends
from webui.engine.noise import Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers.registry import sampler
from webui.engine.samplers.steps import ancestral, slope

_RELATIVE, _ABSOLUTE = 0.05, 0.0078
_FIRST_STEP = 0.05
_ACCEPTED = 0.81
_NO_STEP = 1e-5

Step = Callable[[Denoiser, Tensor, Tensor, Tensor, Tensor], Tensor]
"""(denoise, x, t, t_next, predicted noise at t) -> x at t_next, where t = -log sigma."""


@sampler("DPM fast", levels=between_ends)
def dpm_fast(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    """As many third-order steps as the number of calls allows, then lower orders."""
    start, end = -sigmas[0].log(), -sigmas[-1].log()
    if start >= end:
        return denoise(x, sigmas[0])
    orders = fast_orders(len(sigmas) - 1)
    times = torch.linspace(float(start), float(end), len(orders) + 1)
    for order, t, t_next in zip(orders, times, times[1:], strict=False):
        down, up = _split(t, t_next, end, options.eta)
        x = _STEPS[order](denoise, x, t, down, _noise(denoise, x, t))
        x = x + noise.draw(x) * options.s_noise * up
    return x


def fast_orders(calls: int) -> list[int]:
    """Orders of steps that make so many calls."""
    third, left = divmod(calls, 3)
    return [3] * third + [left] if left else [3] * (third - 1) + [2, 1]


@sampler("DPM adaptive", levels=between_ends)
def dpm_adaptive(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    """Steps as long as second and third order agree, over the whole batch."""
    t, end = -sigmas[0].log(), -sigmas[-1].log()
    if t >= end:
        return denoise(x, sigmas[0])
    length, before = _FIRST_STEP, x
    while t < end - _NO_STEP:
        t_next = end.minimum(t + length)
        down, up = _split(t, t_next, end, options.eta)
        low, high = _second_and_third(denoise, x, t, down, _noise(denoise, x, t))
        allowed = (_RELATIVE * low.abs().maximum(before.abs())).clamp(min=_ABSOLUTE)
        error = float(((low - high) / allowed).square().mean().sqrt())
        if math.isnan(error):  # no step would ever be short enough
            return high
        factor = 1 + math.atan((1 / (error + 1e-8)) ** (1 / (1.5 if options.eta else 3)) - 1)
        length *= factor
        if factor >= _ACCEPTED:
            x, before = high + noise.draw(x) * options.s_noise * up, low
            t = t_next
    return x


def _split(t: Tensor, t_next: Tensor, end: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """A step's way down (as a time, not beyond the end) and the noise to add."""
    if not eta:
        return t_next, torch.zeros_like(t)
    sigma_next = (-t_next).exp()
    down = end.minimum(-ancestral((-t).exp(), sigma_next, eta)[0].log())
    # rounding can leave less than 0 where there is no way further down
    return down, (sigma_next**2 - (-down).exp() ** 2).clamp(min=0).sqrt()


def _first(denoise: Denoiser, x: Tensor, t: Tensor, t_next: Tensor, predicted: Tensor) -> Tensor:
    return _along(x, t_next, t_next - t, predicted)


def _second(denoise: Denoiser, x: Tensor, t: Tensor, t_next: Tensor, predicted: Tensor) -> Tensor:
    h = t_next - t
    ahead = _along(x, t + 0.5 * h, 0.5 * h, predicted)
    return _bent(x, t_next, h, predicted, _noise(denoise, ahead, t + 0.5 * h), 0.5)


def _third(denoise: Denoiser, x: Tensor, t: Tensor, t_next: Tensor, predicted: Tensor) -> Tensor:
    return _second_and_third(denoise, x, t, t_next, predicted)[1]


def _second_and_third(
    denoise: Denoiser, x: Tensor, t: Tensor, t_next: Tensor, predicted: Tensor
) -> tuple[Tensor, Tensor]:
    """Results of both orders from two calls more, at 1/3 and 2/3 of the step."""
    h, third, two_thirds = t_next - t, 1 / 3, 2 / 3
    one, two = t + third * h, t + two_thirds * h
    first = _noise(denoise, _along(x, one, third * h, predicted), one)
    ahead = _along(x, two, two_thirds * h, predicted)
    ahead = ahead - _bend(two, two_thirds * h) * 2 * (first - predicted)
    second = _noise(denoise, ahead, two)
    high = _along(x, t_next, h, predicted) - _bend(t_next, h) / two_thirds * (second - predicted)
    return _bent(x, t_next, h, predicted, first, third), high


def _noise(denoise: Denoiser, x: Tensor, t: Tensor) -> Tensor:
    """The predicted noise of x at t."""
    return slope(x, (-t).exp(), denoise(x, (-t).exp()))


def _along(x: Tensor, t_next: Tensor, h: Tensor, predicted: Tensor) -> Tensor:
    """A first-order step of length h, to t_next."""
    return x - (-t_next).exp() * h.expm1() * predicted


def _bent(
    x: Tensor, t_next: Tensor, h: Tensor, predicted: Tensor, ahead: Tensor, share: float
) -> Tensor:
    """A second-order step from the predicted noise at a share of the step."""
    growth = (-t_next).exp() / (2 * share) * h.expm1()
    return _along(x, t_next, h, predicted) - growth * (ahead - predicted)


def _bend(t_next: Tensor, h: Tensor) -> Tensor:
    return (-t_next).exp() * (h.expm1() / h - 1)


_STEPS: dict[int, Step] = {1: _first, 2: _second, 3: _third}
