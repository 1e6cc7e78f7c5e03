"""A denoiser that needs no network: the exact posterior mean of a mixture of two Gaussians.

The one that ../shared/golden/a1111/README.md describes, so that samplers can be compared with
A1111's; and noise that is a list of draws.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.golden import golden


class Mixture:
    """means (2, 4, 8, 8), variances (2,), weights (2,); float64 inside."""

    def __init__(self, means: Tensor, variances: Tensor, weights: Tensor) -> None:
        self._means = means.double()[:, None]
        self._variances = variances.double()[:, None]
        self._logs = weights.double().log()[:, None]

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        wide, spread = x.double(), self._variances + float(sigma) ** 2
        away = wide - self._means  # (2, B, C, h, w)
        distances = away.flatten(2).square().sum(-1)
        size = x[0].numel()
        likely = self._logs - distances / (2 * spread) - size / 2 * spread.log()
        shares = likely.softmax(0)[..., None, None, None]
        pull = (self._variances / spread)[..., None, None, None]
        return (shares * (self._means + pull * away)).sum(0).to(x.dtype)


class Guided:
    """Guidance by scale between two mixtures; counts its calls as a `Denoiser` would be asked."""

    def __init__(self, cond: Mixture, uncond: Mixture | None = None, scale: float = 1.0) -> None:
        self._cond, self._uncond, self._scale = cond, uncond, scale
        self.levels: list[float] = []
        self._last: Tensor | None = None
        self._wanted = False

    def __call__(self, x: Tensor, sigma: Tensor | float) -> Tensor:
        self.levels.append(float(sigma))
        cond = self._cond(x, sigma)
        if self._uncond is None:
            return cond
        self._last = self._uncond(x, sigma)
        return self._last + (cond - self._last) * self._scale

    def needs_uncond(self) -> None:
        self._wanted = True

    def uncond(self) -> Tensor:
        assert self._wanted and self._last is not None
        return self._last


class ListedNoise:
    """Draws from a list, over and over; Brownian noise too."""

    def __init__(self, draws: Tensor) -> None:
        self._draws = draws
        self.count = 0
        self.intervals: list[tuple[float, float]] = []

    def draw(self, x: Tensor) -> Tensor:
        self.count += 1
        return self._draws[(self.count - 1) % len(self._draws)][: len(x)].to(x)

    def brownian(self, x: Tensor, low: Tensor | float, high: Tensor | float):
        def between(sigma: Tensor | float, sigma_next: Tensor | float) -> Tensor:
            self.intervals.append((float(sigma), float(sigma_next)))
            return self.draw(x)

        return between


@dataclass(frozen=True)
class Reference:
    """A1111's samplers: cases and arrays of samplers.json and samplers.npz."""

    cases: list[dict[str, Any]]
    arrays: dict[str, Tensor]

    def denoiser(self, scale: float | None = None) -> Guided:
        """What the case's model was; scale None is a model without guidance."""
        cond, uncond = (
            Mixture(
                *(self.arrays[f"gmm_{part}{name}"] for name in ("means", "variances", "weights"))
            )
            for part in ("", "uncond_")
        )
        return Guided(cond) if scale is None else Guided(cond, uncond, scale)


def reference() -> Reference:
    """Skips the test where the golden numbers are not there."""
    cases = json.loads(golden("a1111/samplers.json").read_text(encoding="utf-8"))["cases"]
    with np.load(golden("a1111/samplers.npz"), allow_pickle=False) as stored:
        arrays = {
            name: torch.from_numpy(stored[name])
            for name in stored.files
            if stored[name].dtype.kind == "f"
        }
    return Reference(cases, arrays)


def made_up() -> Guided:
    """A guided pair of mixtures from a seed, for tests that need no golden numbers."""
    generator = torch.Generator().manual_seed(1)
    pair = [
        Mixture(
            0.3 * torch.randn(2, 4, 8, 8, generator=generator),
            torch.tensor([0.8, 1.0]),
            torch.tensor([0.3, 0.7]),
        )
        for _ in range(2)
    ]
    return Guided(pair[0], pair[1], 1.5)
