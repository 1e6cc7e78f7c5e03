"""What samplers see, and what a sampler is."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from webui.engine.noise import Noise
from webui.engine.options import Options


class Denoiser(Protocol):
    """All that a sampler sees of the model; any call may raise to end the run."""

    def __call__(self, x: Tensor, sigma: Tensor | float, /) -> Tensor:
        """Predict the clean latents, guidance included.

        Args:
            x: (B, C, h, w) latents with noise of standard deviation sigma.
            sigma: one level for the whole batch.

        Returns:
            (B, C, h, w) in the dtype of x.
        """
        ...

    def needs_uncond(self) -> None:
        """From now on compute the unconditional part too, whatever the guidance scale."""
        ...

    def uncond(self) -> Tensor:
        """The unconditional part of the last call's prediction; after `needs_uncond` only."""
        ...


class SamplerFunction(Protocol):
    """A sampler: from x at sigmas[0] to the latents at sigmas[-1]."""

    def __call__(
        self, denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options, /
    ) -> Tensor: ...
