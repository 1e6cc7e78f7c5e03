"""Colours of a result brought back to those of the picture it was made from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

LabHistogram = NDArray[np.uint8]
"""A picture in LAB (height, width, 3), 8 bit as OpenCV scales it."""

LUMA = np.array([0.299, 0.587, 0.114])


def color_target(image: Image.Image) -> LabHistogram:
    """What `color_corrected` brings results to: the RGB picture in LAB."""
    return np.asarray(cv2.cvtColor(np.asarray(image.convert("RGB")), cv2.COLOR_RGB2LAB), np.uint8)


def color_corrected(image: Image.Image, target: LabHistogram) -> Image.Image:
    """The RGB picture with the target's colours and its own luminosity, as A1111 does it.

    Each channel's histogram is matched in LAB, then the picture's own luma is put back by the blend
    mode "luminosity" of the W3C's Compositing and Blending, level 1.
    """
    own = color_target(image)
    channels = [histogram_matched(own[..., index], target[..., index]) for index in range(3)]
    matched = cv2.cvtColor(np.stack(channels, axis=-1), cv2.COLOR_LAB2RGB)
    blend = _with_luma_of(np.asarray(matched) / 255, np.asarray(image) / 255)
    return Image.fromarray((blend * 255).astype(np.uint8))


def histogram_matched(levels: NDArray[np.uint8], target: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Levels of one channel, mapped so that their cumulative histogram becomes the target's.

    Fractions of a level are cut off.
    """
    counts = np.bincount(levels.ravel(), minlength=256)
    target_counts = np.bincount(target.ravel(), minlength=256)
    there = np.flatnonzero(target_counts)
    table = np.interp(
        np.cumsum(counts) / levels.size, np.cumsum(target_counts[there]) / target.size, there
    )
    return table.astype(np.uint8)[levels]


def _with_luma_of(colors: NDArray[np.float64], source: NDArray[np.float64]) -> NDArray[np.float64]:
    """SetLum and ClipColor: colours (H, W, 3) in 0..1 moved to the luma of the source."""
    wanted = (source @ LUMA)[..., None]
    moved = colors + (wanted - (colors @ LUMA)[..., None])
    low, high = moved.min(axis=-1, keepdims=True), moved.max(axis=-1, keepdims=True)
    tiny = 1e-12
    moved = np.where(
        low < 0, wanted + (moved - wanted) * wanted / np.maximum(wanted - low, tiny), moved
    )
    moved = np.where(
        high > 1, wanted + (moved - wanted) * (1 - wanted) / np.maximum(high - wanted, tiny), moved
    )
    return np.clip(moved, 0, 1)
