"""Euler, Heun and midpoint steps, with and without fresh noise; Restart.

Karras et al., "Elucidating the design space of diffusion models", 2022, as in k-diffusion.
"""

from __future__ import annotations

from torch import Tensor

from webui.engine.noise import Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers.registry import sampler
from webui.engine.samplers.steps import churned, lowered, raised, slope
from webui.engine.schedules import karras


@sampler("Euler", flow="straight")
def euler(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        x, sigma = churned(x, sigma, len(sigmas) - 1, noise, options)
        x = x + slope(x, sigma, denoise(x, sigma)) * (sigma_next - sigma)
    return x


@sampler("Euler a", flow="straight")
def euler_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        down, kept, up = lowered(sigma, sigma_next, options)
        x = x + slope(x, sigma, denoise(x, sigma)) * (down - sigma)
        if sigma_next > 0:
            x = x * kept + noise.draw(x) * options.s_noise * up
    return x


@sampler("Heun", flow="straight")
def heun(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        x, sigma = churned(x, sigma, len(sigmas) - 1, noise, options)
        x = heun_step(denoise, x, sigma, sigma_next)
    return x


def heun_step(denoise: Denoiser, x: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """One step along the mean slope of its two ends; the last one along the first alone."""
    first = slope(x, sigma, denoise(x, sigma))
    ahead = x + first * (sigma_next - sigma)
    if sigma_next == 0:
        return ahead
    second = slope(ahead, sigma_next, denoise(ahead, sigma_next))
    return x + (first + second) / 2 * (sigma_next - sigma)


@sampler("DPM2", flow="straight")
def dpm_2(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        x, sigma = churned(x, sigma, len(sigmas) - 1, noise, options)
        x = midpoint_step(denoise, x, sigma, sigma_next)
    return x


@sampler("DPM2 a", flow="straight")
def dpm_2_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        down, kept, up = lowered(sigma, sigma_next, options)
        x = midpoint_step(denoise, x, sigma, down)
        if sigma_next > 0:
            x = x * kept + noise.draw(x) * options.s_noise * up
    return x


def midpoint_step(denoise: Denoiser, x: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """One step along the slope half way in log sigma (DPM-Solver-2); the last one by Euler."""
    first = slope(x, sigma, denoise(x, sigma))
    if sigma_next == 0:
        return x + first * (sigma_next - sigma)
    middle = sigma.log().lerp(sigma_next.log(), 0.5).exp()
    ahead = x + first * (middle - sigma)
    return x + slope(ahead, middle, denoise(ahead, middle)) * (sigma_next - sigma)


@sampler("Restart", flow="straight")
def restart(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    """Heun steps that go back up and down again (Xu et al., "Restart sampling", 2023)."""
    last = sigmas[0]
    for sigma, sigma_next in restart_steps(sigmas, options.flow):
        if sigma > last:
            x = raised(x, last, sigma, noise.draw(x) * options.s_noise, options)
        x = heun_step(denoise, x, sigma, sigma_next)
        last = sigma_next
    return x


def restart_steps(sigmas: Tensor, flow: bool = False) -> list[tuple[Tensor, Tensor]]:
    """The steps of Restart as A1111 lays them out: from 20 on, some are spent going back to 2.

    Those runs have a Karras schedule between the same ends, whatever the schedule was. A flow goes
    back to where there is as much noise to the signal as at those levels.
    """
    steps = len(sigmas) - 1
    if steps < 20:
        return list(zip(sigmas, sigmas[1:], strict=False))
    again, times = (steps // 4, 2) if steps >= 36 else (9, 1)
    low, high = float(sigmas[-2]), float(sigmas[0])
    sigmas = karras(steps - again * times, low, high)
    turns = [level / (1 + level) if flow else level for level in (0.1, 2.0)]
    low_place, high_place = (int((sigmas - level).abs().argmin()) for level in turns)
    walk = list(zip(sigmas, sigmas[1:], strict=False))
    if high_place >= low_place:
        return walk
    back = karras(again + 1, float(sigmas[low_place]), float(sigmas[high_place]))[:-1]
    loop = list(zip(back, back[1:], strict=False))
    return walk[:low_place] + loop * times + walk[low_place:]
