"""Soft inpainting: the strength of the mask says how much changes, and edges find their place.

The formulas are those of A1111's extension of that name, after Levin and Fried, "Differential
diffusion: giving each pixel its strength" (2023). Differences: with samplers of timesteps the
noise level counts (A1111 hands in the timestep, which keeps nearly everything), and the last mask
is never wider than the user's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter
from torch import Tensor

from webui.core.participants import Participant, Step
from webui.core.requests import SoftInpaint
from webui.imaging.inpainting import Prepared
from webui.imaging.resize import resized

_TINY = 1e-5
_HIGHEST = 14.6146
"""The noise level at which Stable Diffusion 1 begins, whose users the defaults suit."""
_RADIUS, _DEVIATION = 2, 1.5
_BLUR = 4
"""Pixels, of the last mask: hides the grid of the latents."""


class SoftlyKeepOutside(Participant):
    """Blends the picture's latents into the prediction: much where noise is high, ever less."""

    order = -100

    def __init__(
        self, latents: Tensor, mask: Tensor, settings: SoftInpaint, flow: bool = False
    ) -> None:
        """Keep nothing yet.

        Args:
            latents: (B, C, h, w) of the picture.
            mask: (B, 1, h, w) in 0..1, 1 where it is drawn anew.
            flow: the model is a rectified flow; its ratio of noise to signal is what counts.
        """
        self._flow = flow
        self._latents = latents
        self._mask = mask.to(latents)
        self._settings = settings

    def after(self, step: Step) -> None:
        """Blend, by the noise level."""
        settings, denoised = self._settings, step.denoised
        assert denoised is not None
        level = step.sigma
        if self._flow:
            level = min(level / max(1 - level, _TINY), _HIGHEST)
        power = level**settings.schedule_bias * settings.preservation_strength
        share = self._mask**power
        boost = settings.transition_contrast_boost
        step.denoised = mixed(self._latents, denoised, share, boost)


def mixed(first: Tensor, second: Tensor, share: Tensor, boost: float) -> Tensor:
    """Latents (B, C, h, w) from the first (share 0) to the second (share 1).

    The direction of each place's vector is mixed linearly, its length as a power mean of the
    exponent `boost`: detail outweighs the lack of it.
    """
    linear = first * (1 - share) + second * share
    length = linear.norm(dim=1, keepdim=True).double() + _TINY
    wanted = (
        first.norm(dim=1, keepdim=True).double() ** boost * (1 - share)
        + second.norm(dim=1, keepdim=True).double() ** boost * share
    ) ** (1 / boost)
    return linear * (wanted / length).to(linear.dtype)


def with_found_mask(
    prepared: Prepared, before: Tensor, after: Tensor, settings: SoftInpaint
) -> Prepared:
    """Where the result is laid into the picture: by how much its latents have changed.

    Args:
        before, after: (C, h, w) latents of the picture and of the result.
    """
    assert prepared.overlay_mask is not None and prepared.latent_mask is not None
    changed = (after - before).norm(dim=0).float().cpu().numpy()
    levels = found_mask(changed, prepared.latent_mask, settings)
    small = Image.fromarray(np.rint(255 * levels).astype(np.uint8))
    mask = resized(small, prepared.width, prepared.height, "fill")
    mask = mask.filter(ImageFilter.GaussianBlur(_BLUR))
    left, top, right, bottom = prepared.box
    mask = resized(mask, right - left, bottom - top, "crop")
    whole = Image.new("L", prepared.base.size)
    whole.paste(mask, (left, top))
    allowed = prepared.overlay_mask.point([0] + [255] * 255)
    return replace(prepared, overlay_mask=ImageChops.multiply(whole, allowed))


def found_mask(
    changed: NDArray[np.float32], mask: NDArray[np.float32], settings: SoftInpaint
) -> NDArray[np.float64]:
    """(h, w) in 0..1 from the lengths of the latents' changes (h, w) and the mask (h, w)."""
    half = settings.preservation_strength / 2
    influence = settings.mask_influence
    scalar = 0.5 * (1 - influence) + (1 - mask.clip(0, 1).astype(np.float64) ** half) * influence
    scalar = scalar / (1 + _TINY - scalar)
    spread = windowed_mean(windowed_mean(changed, 0.9, 1.0), 0.25, 0.75)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.nan_to_num(spread / (settings.difference_threshold * scalar), posinf=1e9)
    kept = 1 / (1 + distance**settings.difference_contrast)
    return 1 - kept * kept * kept * (kept * (kept * 6 - 15) + 10)


def windowed_mean(
    values: NDArray[np.floating[Any]], low: float, high: float
) -> NDArray[np.float64]:
    """The mean of what lies between two shares of each place's sorted neighbours (h, w).

    Neighbours count by a Gaussian that ends at `_RADIUS`; the window is 1 wide at least, as much
    as the place itself counts.
    """
    kernel = _kernel()
    height, width = values.shape
    padded = np.pad(values.astype(np.float64), _RADIUS, constant_values=0)
    inside = np.pad(np.ones_like(values, np.float64), _RADIUS)
    shifts = [(y, x) for y in range(kernel.shape[0]) for x in range(kernel.shape[1])]
    around = np.stack([padded[y : y + height, x : x + width] for y, x in shifts])
    weights = np.stack([inside[y : y + height, x : x + width] * kernel[y, x] for y, x in shifts])
    order = around.argsort(axis=0, kind="stable")
    around, weights = np.take_along_axis(around, order, 0), np.take_along_axis(weights, order, 0)
    ends = weights.cumsum(axis=0)
    total = ends[-1]
    start, end = _window(total, total * low, total * high)
    share = (np.minimum(end, ends) - np.maximum(start, ends - weights)).clip(0)
    return (around * share).sum(axis=0) / share.sum(axis=0)


def _window(
    total: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A window of at least 1, moved back into 0..total."""
    centre = (start + end) / 2
    narrow = end - start < 1
    start, end = np.where(narrow, centre - 0.5, start), np.where(narrow, centre + 0.5, end)
    over = narrow & (end > total)
    start, end = np.where(over, total - 1, start), np.where(over, total, end)
    under = narrow & (start < 0)
    return np.where(under, 0, start), np.where(under, 1, end)


def _kernel() -> NDArray[np.float64]:
    """A Gaussian, lowered so that it ends one place beyond the radius, 1 in the middle."""
    place = np.arange(-_RADIUS, _RADIUS + 1)
    squares = place[:, None] ** 2 + place[None, :] ** 2
    end = np.exp(-((_RADIUS + 1) ** 2) / _DEVIATION**2)
    return ((np.exp(-squares / _DEVIATION**2) - end) / (1 - end)).clip(0)
