"""Guidance that keeps the length of what the prompt alone leads to."""

from __future__ import annotations

import torch
from torch import Tensor

from webui.core.participants import Participant, Step

PATCH = 2
"""Latents a side that make a token."""


class RenormedGuidance(Participant):
    """Qwen-Image's: after guidance each token's velocity is as long as the prompt's own."""

    order = -200  # before all that works with the prediction

    def after(self, step: Step) -> None:
        if step.denoised is None or step.prompted is None or step.scale == 1:
            return
        away = step.x - step.denoised
        wanted, length = _lengths(step.x - step.prompted), _lengths(away)
        step.denoised = step.x - away * (wanted / length.clamp(min=1e-12))


def _lengths(velocity: Tensor) -> Tensor:
    """(B, 1, h, w): of the token that each latent belongs to."""
    height, width = velocity.shape[2:]
    squares = velocity.square().sum(1, keepdim=True)
    more = (0, -width % PATCH, 0, -height % PATCH)
    whole = torch.nn.functional.pad(squares, more, mode="replicate")
    tokens = torch.nn.functional.avg_pool2d(whole, PATCH)
    large = tokens.repeat_interleave(PATCH, 2).repeat_interleave(PATCH, 3)
    return large[..., :height, :width].sqrt()
