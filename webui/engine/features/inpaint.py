"""Inpainting with any model: on every step, what is not masked is put back as it was."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from webui.core.participants import Participant, Step


class KeepOutside(Participant):
    """Blends the picture's latents into the prediction, as A1111 does.

    With samplers that scale x down (DDIM and its kin) A1111 puts the clean latents into what the
    network is given instead, and leaves its prediction as it is.
    """

    order = -100

    def __init__(self, latents: Tensor, mask: Tensor, preserved: bool) -> None:
        """Keep nothing yet.

        Args:
            latents: (B, C, h, w) of the picture.
            mask: (B, 1, h, w) in 0..1, 1 where it is drawn anew.
            preserved: the sampler scales x down, see `Levels.preserved`.
        """
        self._latents = latents
        self._mask = mask.to(latents)
        self._preserved = preserved
        self._before: Any = None

    def before(self, step: Step) -> None:
        """Put the clean latents, scaled up as x is, where x is not to be changed."""
        if self._preserved:
            self._before = step.x
            step.x = torch.lerp(self._latents * (1 + step.sigma**2) ** 0.5, step.x, self._mask)

    def after(self, step: Step) -> None:
        """Blend; or let the noise of the network's x count for the sampler's own x."""
        denoised: Any = step.denoised
        if self._preserved:
            step.denoised = denoised + (self._before - step.x)
        else:
            step.denoised = self.blended(denoised)

    def blended(self, latents: Tensor) -> Tensor:
        """The latents (B, C, h, w) with the picture's where it is not masked."""
        return self._latents * (1 - self._mask) + latents * self._mask
