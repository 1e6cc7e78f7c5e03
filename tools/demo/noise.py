"""Which noise levels training sees, and how much each counts."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

LEVELS = 1000
SNR_CAP = 5.0
SNR_FLOOR = 0.04


class NoiseLevels:
    """Stable Diffusion 1's levels (scaled linear betas 0.00085 to 0.012)."""

    def __init__(self) -> None:
        betas = np.linspace(0.00085**0.5, 0.012**0.5, LEVELS, dtype=np.float64) ** 2
        kept = np.cumprod(1 - betas)
        snr = kept / (1 - kept)
        # min-SNR weights (arXiv 2303.09556) at low noise; at high noise, where the words decide
        # what is drawn, as much as v-prediction would give
        wanted = np.minimum(snr + 1, SNR_CAP) / np.maximum(snr, SNR_FLOOR)
        drawn = _density()
        weights = wanted / (drawn * LEVELS)
        self.cumulative = np.cumsum(drawn)
        self.weights = torch.from_numpy(weights / (drawn * weights).sum()).float()
        self.kept = torch.from_numpy(kept).float()

    def draw(self, count: int, rng: np.random.Generator) -> Tensor:
        """`count` levels, spread evenly over the density, so that no batch is all noise."""
        even = (np.arange(count) + rng.random(count)) / count
        levels = np.searchsorted(self.cumulative, even * self.cumulative[-1])
        return torch.from_numpy(levels.clip(max=LEVELS - 1))

    def add_noise(self, latents: Tensor, noise: Tensor, levels: Tensor) -> Tensor:
        kept = self.kept.to(latents.device)[levels].view(-1, 1, 1, 1)
        return kept.sqrt() * latents + (1 - kept).sqrt() * noise


def _density() -> np.ndarray:
    """Mostly the middle and the noisy end, where the shapes are decided, but all levels some."""
    bell = np.exp(-0.5 * ((np.arange(LEVELS) - 600) / 200) ** 2)
    return 0.35 / LEVELS + 0.65 * bell / bell.sum()
