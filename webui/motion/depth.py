"""How far away each pixel is: from a network's depth, from a picture of it, or a plane."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from webui.imaging.ingest import opened_picture

Depth = npt.NDArray[np.floating[Any]]
"""(H, W), in any unit."""

Nearer = Literal["larger", "smaller"]
"""Which values of a depth are nearer: MiDaS' larger ones, a metric depth's smaller ones."""

PLANE = 1.0
"""The distance of a scene without depth."""
_BINS = 1024
_ADABINS = (50, 19)


def distances(depth: Depth | None, nearer: Nearer = "larger") -> npt.NDArray[np.float64] | float:
    """Distances from 1 to 2 as Deforum makes them: the scene always fills this range evenly.

    Args:
        depth: of any unit and range; None for a plane.

    Returns:
        (H, W), or `PLANE` where there is nothing to tell near from far: no depth, the same one
        everywhere, or one with infinities or NaN.
    """
    even = None if depth is None else equalized(depth)
    if even is None:
        return PLANE
    return 2 - even if nearer == "larger" else 1 + even


def equalized(depth: Depth) -> npt.NDArray[np.float64] | None:
    """A depth from 0 to 1, its histogram of 1024 bins made even; None if it cannot be."""
    low, high = (float(depth.min()), float(depth.max())) if depth.size else (0.0, 0.0)
    if not np.isfinite([low, high]).all() or low == high:
        return None
    scaled = (np.asarray(depth, np.float64) - low) / (high - low)
    counts, edges = np.histogram(scaled, _BINS, (0, 1))
    fractions = np.cumsum(counts) / scaled.size
    return np.interp(scaled, edges[:-1], fractions)


def depth_picture(depth: Depth, nearer: Nearer = "larger") -> npt.NDArray[np.uint8] | None:
    """A depth as a grey picture, (H, W), white near and black far; None if nothing tells them
    apart."""
    low, high = (float(depth.min()), float(depth.max())) if depth.size else (0.0, 0.0)
    if not np.isfinite([low, high]).all() or low == high:
        return None
    near = (np.asarray(depth, np.float64) - low) / (high - low)
    near = near if nearer == "larger" else 1 - near
    return np.round(near * 255).astype(np.uint8)


def blended(relative: Depth, metric: Depth, weight: float) -> Depth:
    """MiDaS' depth and AdaBins' as one, in AdaBins' unit: Deforum's "(old)" algorithms.

    Args:
        relative: MiDaS', larger is nearer.
        metric: AdaBins', larger is farther.
        weight: of the first one, 0…1 (Deforum's `midas_weight`).
    """
    offset, scale = _ADABINS
    return weight * ((offset - relative) / scale) + (1 - weight) * metric


def depth_of_file(data: bytes) -> Depth:
    """A picture file as depth, (H, W): grey of 8 or 16 bit, or a colour picture's luminance.

    Raises:
        UserError: it is no picture, broken or too large.
    """
    with opened_picture(data) as image:
        image.load()
        return depth_of_picture(image)


def depth_of_picture(image: Image.Image) -> Depth:
    """A picture's levels as depth, (H, W), with all the bits it has."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return np.asarray(image, np.float32)
    return np.asarray(image.convert("L"), np.float32)


def resized(depth: Depth, width: int, height: int) -> Depth:
    """A depth at a picture's size, straight lines between its pixels."""
    if depth.shape == (height, width):
        return depth
    levels = np.asarray(depth, np.float32)
    made = cv2.resize(levels, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(made, np.float32)
