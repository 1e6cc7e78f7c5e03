"""The noise levels that a discrete model was trained at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import torch
from torch import Tensor

LCM_LEVELS = 50
_ALMOST_NO_SIGNAL = 4.8973451890853435e-08
"""alpha of the last level with zero terminal SNR, as A1111 sets it so that sigma is finite."""


@dataclass(frozen=True, eq=False)
class SigmaTable:
    """Noise levels by timestep.

    sigma is the noise's standard deviation where the data is not scaled down ("variance
    exploding"); a = 1 / (1 + sigma^2) is the cumulative product of alphas.

    Attributes:
        sigmas: (T,) ascending, float32 (see `half` for the exception).
        stride: timesteps from one level to the next; the first level is timestep stride - 1.
        quantized: timesteps are rounded to the nearest level's.
    """

    sigmas: Tensor
    stride: int = 1
    quantized: bool = False
    flow: ClassVar[bool] = False
    """It is a rectified flow's, see `webui.models.flow`."""

    @classmethod
    def from_alphas(cls, alphas_cumprod: Tensor) -> Self:
        """From the cumulative products of alphas, (T,) descending, in their own precision."""
        squares = (1 - alphas_cumprod) / alphas_cumprod
        # torch's float32 root is not the same number on every CPU, the float64 one is enough
        return cls(squares.double().sqrt().to(squares.dtype))

    @classmethod
    def from_betas(cls, betas: Tensor) -> Self:
        """From the variances added at each step, (T,), float64 for all their digits."""
        return cls.from_alphas((1 - betas.double()).cumprod(0).float())

    @classmethod
    def scaled_linear(cls, start: float = 0.00085, end: float = 0.012, levels: int = 1000) -> Self:
        """Square roots of betas evenly spaced: Stable Diffusion 1, 2 and XL."""
        ends = start**0.5, end**0.5
        return cls.from_betas(torch.linspace(*ends, levels, dtype=torch.float64) ** 2)

    @classmethod
    def linear(cls, start: float = 0.0001, end: float = 0.02, levels: int = 1000) -> Self:
        """Betas evenly spaced (Ho et al., "Denoising diffusion probabilistic models", 2020)."""
        return cls.from_betas(torch.linspace(start, end, levels, dtype=torch.float64))

    @cached_property
    def log_sigmas(self) -> Tensor:
        """(T,)."""
        return self.sigmas.log()

    @cached_property
    def alphas_cumprod(self) -> Tensor:
        """(T,) descending."""
        return 1 / (1 + self.sigmas**2)

    def zero_terminal_snr(self) -> Self:
        """The table shifted and stretched so that the last level is (almost) noise alone.

        Lin et al., "Common diffusion noise schedules and sample steps are flawed", 2023.
        """
        roots = self.alphas_cumprod.sqrt()
        alphas = ((roots - roots[-1]) * (roots[0] / (roots[0] - roots[-1]))) ** 2
        alphas[-1] = _ALMOST_NO_SIGNAL
        return self.from_alphas(alphas)

    def for_steps(self, steps: int) -> SigmaTable:
        """The table for a walk of so many steps; of most models it does not depend on that."""
        return self

    def half(self) -> Self:
        """The table of a model held in float16, as A1111 before 1.7 took it for every model."""
        return self.from_alphas(self.alphas_cumprod.half())

    def coarse(self, levels: int = LCM_LEVELS) -> SigmaTable:
        """Every so manieth level, as latent consistency models were distilled on."""
        stride = len(self.sigmas) // levels
        return SigmaTable(self.sigmas[stride - 1 :: stride], stride, quantized=True)

    def sigma_to_t(self, sigma: Tensor | float) -> Tensor:
        """Timesteps of noise levels: linear in the logarithm, held at the ends."""
        logs = self.log_sigmas
        wanted = torch.as_tensor(sigma, dtype=torch.float32).log()
        if self.quantized:
            nearest = (wanted[..., None] - logs).abs().argmin(-1)
            return (nearest * self.stride + self.stride - 1).float()
        low = (torch.searchsorted(logs, wanted, right=True) - 1).clamp(0, len(logs) - 2)
        share = ((logs[low] - wanted) / (logs[low] - logs[low + 1])).clamp(0, 1)
        return ((1 - share) * low + share * (low + 1)) * self.stride + self.stride - 1

    def t_to_sigma(self, t: Tensor | float) -> Tensor:
        """Noise levels of timesteps, which need not be whole."""
        place = (torch.as_tensor(t, dtype=torch.float32) - (self.stride - 1)) / self.stride
        place = place.clamp(0, len(self.sigmas) - 1)
        low, high, share = place.floor().long(), place.ceil().long(), place.frac()
        return ((1 - share) * self.log_sigmas[low] + share * self.log_sigmas[high]).exp()
