"""Pieces that samplers share."""

from __future__ import annotations

from torch import Tensor

from webui.engine.noise import Between, Noise
from webui.engine.options import Options

_ALMOST_NO_SIGNAL = 1 - 1e-6
"""Where a walk begins that cannot begin at 1, where the ratio is infinite."""


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


def lowered(
    sigma: Tensor, sigma_next: Tensor, options: Options
) -> tuple[Tensor, Tensor | float, Tensor]:
    """The same with the share of x that is kept: (level to go down to, share, noise to add).

    In a flow a level comes from scaling x down as much as from adding noise. The way down goes
    eta times as far beyond sigma_next as that is below sigma, and what is kept of the signal is
    what sigma_next has of it.
    """
    if not options.flow:
        down, up = ancestral(sigma, sigma_next, options.eta)
        return down, 1.0, up
    down = sigma_next * (1 + (sigma_next / sigma - 1) * options.eta)
    kept = (1 - sigma_next) / (1 - down)
    return down, kept, (sigma_next**2 - (down * kept) ** 2).clamp(min=0).sqrt()


def raised(x: Tensor, sigma: Tensor, higher: Tensor, extra: Tensor, options: Options) -> Tensor:
    """x with noise (`extra`, of variance 1) added, from its level to a higher one."""
    if not options.flow:
        return x + extra * (higher**2 - sigma**2) ** 0.5
    kept = (1 - higher) / (1 - sigma)
    return x * kept + extra * (higher**2 - (sigma * kept) ** 2) ** 0.5


def noise_to_signal(sigma: Tensor) -> Tensor:
    """sigma / (1 - sigma) of flow levels, finite also for 1."""
    held = sigma.double().clamp(max=_ALMOST_NO_SIGNAL)
    return (held / (1 - held)).float()


def churned(
    x: Tensor, sigma: Tensor, steps: int, noise: Noise, options: Options
) -> tuple[Tensor, Tensor]:
    """Noise added before a step: (x, its new level) (Karras et al. 2022, algorithm 2).

    The noise is drawn even where none is added, so that settings do not shift later draws.
    """
    within = options.s_tmin <= sigma <= options.s_tmax
    gamma = min(options.s_churn / steps, 2**0.5 - 1) if within else 0.0
    extra = noise.draw(x) * options.s_noise
    if gamma == 0 or (options.flow and sigma >= 1):
        return x, sigma
    higher = sigma * (gamma + 1)
    if options.flow:
        higher = higher.clamp(max=1)
    return raised(x, sigma, higher, extra, options), higher


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
