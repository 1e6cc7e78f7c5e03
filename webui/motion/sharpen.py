"""Against blur and fading between frames: an unsharp mask, contrast, grey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from webui.core.errors import UserError
from webui.motion.pictures import Field, Levels, Picture

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Rec. 601's shares of red, green and blue, as OpenCV and Pillow use them."""

_Number = TypeVar("_Number", np.uint8, np.float32)


@dataclass(frozen=True)
class Unsharp:
    """An unsharp mask, under the names of Deforum's schedules.

    Attributes:
        kernel: size of the Gauss in pixels, odd (an even one becomes one larger); 0 for what its
            sigma needs.
        sigma: standard deviation in pixels; 0 for what the kernel's size means.
        amount: how much; 0 for none.
        threshold: levels; what differs less from the blurred picture keeps its value.

    Raises:
        UserError: a value cannot be used; its field names the schedule.
    """

    kernel: int = 5
    sigma: float = 1
    amount: float = 0.1
    threshold: float = 0

    def __post_init__(self) -> None:
        for name, wanted, fits in (
            ("kernel", "0…999", 0 <= self.kernel < 1000),
            ("sigma", "0…999", 0 <= self.sigma < 1000),
            ("amount", "-1000…1000", abs(self.amount) <= 1000),
            ("threshold", "0…255", 0 <= self.threshold <= 255),
        ):
            if not fits:
                parameter, value = f"{name}_schedule", f"{getattr(self, name):.6g}"
                told = {"parameter": parameter, "value": value, "wanted": wanted}
                raise UserError("motion_bounds", parameter, **told)
        if not self.kernel and not self.sigma:
            raise UserError("unsharp_nothing", "kernel_schedule")


def deforum_sharpened(levels: Levels, unsharp: Unsharp, mask: Field | None = None) -> Levels:
    """Deforum's anti-blur on whole levels.

    Its threshold wraps round: only pixels a little brighter than the blurred picture keep their
    value, those a little darker do not. (It crashes at even kernels, which this does not.)

    Args:
        levels: (H, W, C).
        mask: (H, W) in 0…255; the picture is kept where it is 0.
    """
    if not unsharp.amount:
        return levels
    blurred = _blurred(levels, unsharp)
    sharp = (unsharp.amount + 1.0) * levels - unsharp.amount * blurred.astype(np.float64)
    made = np.rint(np.clip(sharp, 0, 255)).astype(np.uint8)
    if unsharp.threshold > 0:
        made = np.where(levels - blurred < unsharp.threshold, levels, made)
    return made if mask is None else _laid_through(levels, made, mask)


def _blurred(levels: npt.NDArray[_Number], unsharp: Unsharp) -> npt.NDArray[_Number]:
    size = unsharp.kernel + (unsharp.kernel > 0 and unsharp.kernel % 2 == 0)
    blurred = cv2.GaussianBlur(levels, (size, size), unsharp.sigma)
    return np.asarray(blurred, levels.dtype).reshape(levels.shape)


def _laid_through(levels: Levels, made: Levels, mask: Field) -> Levels:
    opaque = mask[..., None] / 255
    return (made * opaque + levels * (1 - opaque)).astype(np.uint8)


def sharpened(picture: Picture, unsharp: Unsharp, mask: Field | None = None) -> Picture:
    """Our anti-blur: fractions are kept, and the threshold is the same above and below.

    Args:
        picture: (H, W, C).
        mask: (H, W) in 0…1, how much of the result is taken.
    """
    if not unsharp.amount:
        return picture.copy()
    apart = picture - _blurred(picture, unsharp)
    change = np.float32(unsharp.amount) * apart
    if unsharp.threshold > 0:
        change = np.where(np.abs(apart) < unsharp.threshold, np.float32(0), change)
    if mask is not None:
        change = change * np.clip(np.asarray(mask, np.float32), 0, 1)[..., None]
    return np.clip(picture + change, 0, 255)


def deforum_contrast(levels: Levels, factor: float) -> Levels:
    """Deforum's contrast: levels times a factor, rounded; what is above 255 begins again at 0."""
    return (np.rint(levels * factor).astype(np.int64) & 0xFF).astype(np.uint8)


def contrast(picture: Picture, factor: float) -> Picture:
    """Levels times a factor, kept to their range."""
    return picture.copy() if factor == 1 else np.clip(picture * np.float32(factor), 0, 255)


def deforum_grey(levels: Levels) -> Levels:
    """Deforum's picture without colours, (H, W, 3) in 8 bits."""
    return np.asarray(Image.fromarray(np.ascontiguousarray(levels)).convert("L").convert("RGB"))


def grey(picture: Picture) -> Picture:
    """An RGB picture without its colours, (H, W, 3)."""
    return np.repeat((picture @ LUMA)[..., None], 3, axis=-1)
