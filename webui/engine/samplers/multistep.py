"""Linear multistep (Adams and Bashforth's method, with k-diffusion's uneven steps)."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.polynomial import polyfromroots, polyint, polyval
from torch import Tensor

from webui.engine.noise import Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers.registry import sampler
from webui.engine.samplers.steps import slope

_ORDER = 4


@sampler("LMS", flow="straight")
def lms(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options) -> Tensor:
    levels = [float(sigma) for sigma in sigmas]
    slopes: list[Tensor] = []
    for index in range(len(sigmas) - 1):
        slopes.insert(0, slope(x, sigmas[index], denoise(x, sigmas[index])))
        del slopes[_ORDER:]
        known = levels[index::-1][: len(slopes)]
        weights = lagrange_integrals(known, levels[index], levels[index + 1])
        x = x + sum(weight * one for weight, one in zip(weights, slopes, strict=True))
    return x


def lagrange_integrals(points: list[float], start: float, end: float) -> list[float]:
    """Integral from start to end of each polynomial that is 1 at one point and 0 at the others."""
    integrals: list[float] = []
    for index, point in enumerate(points):
        others = points[:index] + points[index + 1 :]
        scale = float(np.prod([point - other for other in others]))
        whole = polyint(polyfromroots(others))
        integrals.append(float(polyval(end, whole) - polyval(start, whole)) / scale)
    return integrals
