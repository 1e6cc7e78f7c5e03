"""Samplers of the original implementations, which walk the model's own timesteps.

They are written down for x that is scaled by sqrt(a) = 1 / sqrt(1 + sigma^2) ("variance
preserving"). In x that is not scaled down their formulas become short; the result is scaled back,
because they stop at the first timestep, a little above 0, and decode x as it is there.
"""

from __future__ import annotations

from torch import Tensor

from webui.engine.levels import timesteps
from webui.engine.noise import Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers.registry import sampler
from webui.engine.samplers.steps import ancestral, slope

_CFG_PLUS_PLUS = 1 / 12.5
"""What a guidance scale of ordinary size is multiplied by, as in A1111."""


def scaled_down(x: Tensor, sigma: Tensor) -> Tensor:
    """x / sqrt(1 + sigma^2)."""
    return x / (1 + sigma**2).sqrt()


@sampler("DDIM", levels=timesteps)
def ddim(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    """Song et al., "Denoising diffusion implicit models", 2020."""
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        down, up = ancestral(sigma, sigma_next, options.eta_ddim)
        denoised = denoise(x, sigma)
        x = denoised + slope(x, sigma, denoised) * down + noise.draw(x) * up
    return scaled_down(x, sigmas[-1])


@sampler("DDIM CFG++", levels=timesteps)
def ddim_cfg_plus_plus(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    """Chung et al., "CFG++: manifold-constrained classifier free guidance", 2024.

    Weaker guidance, and noise put back as the unconditional part predicts it.
    """
    denoise.needs_uncond()
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        down, up = ancestral(sigma, sigma_next, options.eta_ddim)
        guided = denoise(x, sigma)
        uncond = denoise.uncond()
        denoised = uncond + (guided - uncond) * _CFG_PLUS_PLUS
        x = denoised + slope(x, sigma, uncond) * down + noise.draw(x) * up
    return scaled_down(x, sigmas[-1])


@sampler("PLMS", levels=timesteps)
def plms(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    """Liu et al., "Pseudo numerical methods for diffusion models on manifolds", 2022."""
    known: list[Tensor] = []  # predicted noise, the newest first
    for sigma, sigma_next in zip(sigmas, sigmas[1:], strict=False):
        predicted = slope(x, sigma, denoise(x, sigma))
        known = [predicted, *known[:3]]
        mean = predicted
        if len(known) > 1:
            weights = _ADAMS_BASHFORTH[len(known)]
            mean = sum(weight * one for weight, one in zip(weights, known, strict=True))
        elif sigma_next > 0:
            ahead = x + predicted * (sigma_next - sigma)
            mean = (predicted + slope(ahead, sigma_next, denoise(ahead, sigma_next))) / 2
        x = x + mean * (sigma_next - sigma)
    return scaled_down(x, sigmas[-1])


_ADAMS_BASHFORTH = {
    2: (3 / 2, -1 / 2),
    3: (23 / 12, -16 / 12, 5 / 12),
    4: (55 / 24, -59 / 24, 37 / 24, -9 / 24),
}
