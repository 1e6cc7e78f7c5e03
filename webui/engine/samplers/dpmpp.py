"""DPM-Solver++ (Lu et al., 2022) and its stochastic relatives, as in k-diffusion.

They solve for the predicted clean latents in t = -log sigma: with h = t_next - t, a first-order
step is x * exp(-h) - expm1(-h) * denoised.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from webui.engine.noise import Between, Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers.registry import sampler
from webui.engine.samplers.steps import ancestral, brownian, lowered, noise_to_signal, through_log

Curvature = Callable[[Tensor], Tensor]
"""Weight of the change of `denoised` in a second-order step of length h."""


def toward(x: Tensor, sigma: Tensor, sigma_next: Tensor, denoised: Tensor) -> Tensor:
    """A first-order step; to sigma 0 it gives `denoised`."""
    return sigma_next / sigma * x - (sigma_next / sigma - 1) * denoised


@sampler("DPM++ 2M")
def dpmpp_2m(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    previous: tuple[Tensor, Tensor] | None = None  # denoised, h
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        denoised = denoise(x, sigma)
        h = (sigma / sigma_next).log()
        ahead = denoised
        if previous and sigma_next > 0:
            ahead = denoised + (denoised - previous[0]) * (h / (2 * previous[1]))
        x = toward(x, sigma, sigma_next, ahead)
        previous = denoised, h
    return x


@sampler("DPM++ 2S a", flow="straight")
def dpmpp_2s_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        down, kept, up = lowered(sigma, sigma_next, options)
        denoised = denoise(x, sigma)
        if down > 0:
            middle = _half_way(sigma, down, options.flow)
            denoised = denoise(toward(x, sigma, middle, denoised), middle)
        x = toward(x, sigma, down, denoised)
        if sigma_next > 0:
            x = x * kept + noise.draw(x) * options.s_noise * up
    return x


def _half_way(sigma: Tensor, sigma_next: Tensor, flow: bool) -> Tensor:
    """In the logarithm of the ratio of noise to signal."""
    if not flow:
        return (sigma * sigma_next).sqrt()
    ratio = (noise_to_signal(sigma) * noise_to_signal(sigma_next)).sqrt()
    return ratio / (1 + ratio)


@sampler("DPM++ SDE")
def dpmpp_sde(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    between = brownian(x, sigmas, noise)
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        denoised = denoise(x, sigma)
        if sigma_next == 0:
            x = denoised
            continue
        at, half_way, at_next = through_log(sigma, sigma_next)
        middle = (sigma * sigma_next).sqrt()
        down, up = ancestral(sigma, middle, options.eta)
        ahead = toward(x, sigma, down, denoised)
        ahead = ahead + between(at, half_way) * options.s_noise * up
        down, up = ancestral(sigma, sigma_next, options.eta)
        x = toward(x, sigma, down, denoise(ahead, middle))
        x = x + between(at, at_next) * options.s_noise * up
    return x


@sampler("DPM++ 2M SDE")
def dpmpp_2m_sde(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    return _two_step_sde(denoise, x, sigmas, noise, options, lambda h: -0.5 * (-h).expm1())


@sampler("DPM++ 2M SDE Heun")
def dpmpp_2m_sde_heun(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    return _two_step_sde(denoise, x, sigmas, noise, options, lambda h: (-h).expm1() / h + 1)


def _two_step_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: Noise,
    options: Options,
    curvature: Curvature,
) -> Tensor:
    between = brownian(x, sigmas, noise)
    previous: tuple[Tensor, Tensor] | None = None  # denoised, h
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        denoised = denoise(x, sigma)
        if sigma_next == 0:
            return denoised
        h = (sigma / sigma_next).log()
        x = _sde_drift(x, denoised, h, options.eta)
        if previous:
            x = x + curvature(h * (1 + options.eta)) * (denoised - previous[0]) * (h / previous[1])
        x = x + _sde_noise(between, sigma, sigma_next, h, options)
        previous = denoised, h
    return x


@sampler("DPM++ 3M SDE")
def dpmpp_3m_sde(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    between = brownian(x, sigmas, noise)
    known: list[tuple[Tensor, Tensor]] = []  # denoised, h; the newest first
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        denoised = denoise(x, sigma)
        if sigma_next == 0:
            return denoised
        h = (sigma / sigma_next).log()
        x = _sde_drift(x, denoised, h, options.eta)
        x = x + _third_order(denoised, h, known, options.eta)
        x = x + _sde_noise(between, sigma, sigma_next, h, options)
        known = [(denoised, h), *known[:1]]
    return x


def _third_order(
    denoised: Tensor, h: Tensor, known: list[tuple[Tensor, Tensor]], eta: float
) -> Tensor | float:
    """What the last two predictions add to a step: slope and curvature of `denoised` in t."""
    if not known:
        return 0.0
    length = h * (1 + eta)
    second = (-length).expm1() / length + 1
    before, h_before = known[0]
    change = (denoised - before) / (h_before / h)
    if len(known) == 1:
        return second * change
    earlier, h_earlier = known[1]
    near, far = h_before / h, h_earlier / h
    bend = (change - (before - earlier) / far) / (near + far)
    return second * (change + bend * near) - (second / length - 0.5) * bend


def _sde_drift(x: Tensor, denoised: Tensor, h: Tensor, eta: float) -> Tensor:
    length = h * (1 + eta)
    return (-length).exp() * x - (-length).expm1() * denoised


def _sde_noise(
    between: Between, sigma: Tensor, sigma_next: Tensor, h: Tensor, options: Options
) -> Tensor | float:
    if not options.eta:
        return 0.0
    spread = sigma_next * (-(-2 * options.eta * h).expm1()).sqrt() * options.s_noise
    return between(sigma, sigma_next) * spread
