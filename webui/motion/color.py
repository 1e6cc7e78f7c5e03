"""Colours kept over an animation: each channel's histogram made that of a reference picture."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from webui.imaging.color import histogram_matched
from webui.motion.pictures import Levels, Picture

Space = Literal["RGB", "HSV", "LAB"]
Coherence = Literal["None", "HSV", "LAB", "RGB", "Video Input", "Image"]
"""Deforum's `color_coherence`: a space and the first picture as reference, or another reference."""

_TO = {"HSV": cv2.COLOR_RGB2HSV, "LAB": cv2.COLOR_RGB2LAB}
_FROM = {"HSV": cv2.COLOR_HSV2RGB, "LAB": cv2.COLOR_LAB2RGB}


def space_of(coherence: Coherence) -> Space | None:
    """The space that colours are matched in; None for not at all. Of clips and images it is LAB."""
    if coherence == "None":
        return None
    return "LAB" if coherence in ("Video Input", "Image") else coherence


def deforum_matched(levels: Levels, reference: Levels, space: Space) -> Levels:
    """Deforum's colour match, 8 bits all the way.

    Args:
        levels: (H, W, 3) RGB. Deforum itself hands over BGR, so that its LAB and HSV are those of
            swapped channels; for its numbers hand over `[..., ::-1]` and swap the result back.
        reference: of any size, in the same order.
    """
    if space == "RGB":
        return _by_channel(levels, reference)
    own, wanted = (cv2.cvtColor(_whole(one), _TO[space]) for one in (levels, reference))
    matched = _by_channel(np.asarray(own, np.uint8), np.asarray(wanted, np.uint8))
    return np.asarray(cv2.cvtColor(matched, _FROM[space]), np.uint8)


def _whole(levels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(levels)


def _by_channel(levels: Levels, reference: Levels) -> Levels:
    channels = [histogram_matched(levels[..., i], reference[..., i]) for i in range(3)]
    return np.stack(channels, axis=-1)


def matched(picture: Picture, reference: Picture, space: Space) -> Picture:
    """Our colour match, with all fractions; a picture of the right colours stays to the bit.

    Args:
        picture: (H, W, 3) RGB.
        reference: of any size.
    """
    own, wanted = (_in_space(np.clip(one, 0, 255), space) for one in (picture, reference))
    made = np.stack([_follow(own[..., i], wanted[..., i]) for i in range(3)], axis=-1)
    if np.array_equal(made, own):
        return picture.copy()
    if space == "RGB":
        return made
    return np.clip(np.asarray(cv2.cvtColor(made, _FROM[space]), np.float32) * 255, 0, 255)


def _in_space(picture: Picture, space: Space) -> Picture:
    if space == "RGB":
        return picture
    scaled = _whole(picture.astype(np.float32) / np.float32(255))
    return np.asarray(cv2.cvtColor(scaled, _TO[space]), np.float32)


def _follow(values: Picture, wanted: Picture) -> Picture:
    """Values mapped so that as many lie below each as in what is wanted."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    targets, target_counts = np.unique(wanted, return_counts=True)
    below = (np.cumsum(counts) - counts / 2) / values.size
    target_below = (np.cumsum(target_counts) - target_counts / 2) / wanted.size
    table = np.interp(below, target_below, targets).astype(np.float32)
    return table[places].reshape(values.shape)
