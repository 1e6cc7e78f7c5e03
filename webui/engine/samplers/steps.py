"""Pieces that samplers share."""

from __future__ import annotations

from torch import Tensor

from webui.engine.noise import Between, Noise
from webui.engine.options import Options


def slope(x: Tensor, sigma: Tensor, denoised: Tensor) -> Tensor:
    """dx/dsigma of the probability flow (Karras et al. 2022, equation 3): the predicted noise."""
    return (x - denoised) / sigma


def ancestral(sigma: Tensor, sigma_next: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """Split a step into a way down and fresh noise: (level to go down to, noise to add).

    Their squares sum to that of sigma_next; eta 0 adds nothing.
    """
    up = eta * (sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2) ** 0.5
    up = up.minimum(sigma_next)
    return (sigma_next**2 - up**2) ** 0.5, up


def churned(
    x: Tensor, sigma: Tensor, steps: int, noise: Noise, options: Options
) -> tuple[Tensor, Tensor]:
    """Noise added before a step: (x, its new level) (Karras et al. 2022, algorithm 2).

    The noise is drawn even where none is added, so that settings do not shift later draws.
    """
    within = options.s_tmin <= sigma <= options.s_tmax
    gamma = min(options.s_churn / steps, 2**0.5 - 1) if within else 0.0
    extra = noise.draw(x) * options.s_noise
    if gamma == 0:
        return x, sigma
    higher = sigma * (gamma + 1)
    return x + extra * (higher**2 - sigma**2) ** 0.5, higher


def brownian(x: Tensor, sigmas: Tensor, noise: Noise) -> Between:
    """Brownian noise for a run: between its lowest level above 0 and its highest."""
    return noise.brownian(x, sigmas[sigmas > 0].min(), sigmas.max())


def through_log(sigma: Tensor, sigma_next: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Two levels and the one half way in the logarithm, as float32 leaves them after log and exp.

    k-diffusion asks for Brownian noise at such levels, and Brownian noise tells the last digit
    apart. Logarithm and exponential are rounded once, from float64: so on every CPU alike.
    """
    t, t_next = (-level.double().log().float() for level in (sigma, sigma_next))
    times = t, t + (t_next - t) * 0.5, t_next
    start, middle, end = ((-time).double().exp().float() for time in times)
    return start, middle, end
