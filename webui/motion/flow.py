"""Optical flow: where the pixels of one picture are in another, and pictures moved by it.

A flow is (H, W, 2), x and y in pixels: how far each pixel of the first picture moves. RAFT, a
network, is in `webui.models`.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar, cast

import cv2
import numpy as np
import numpy.typing as npt

from webui.motion.pictures import to_levels
from webui.motion.sampling import Mode, Places, sampled

Flow = npt.NDArray[np.float32]
Method = Literal["DIS Medium", "DIS Fine", "Farneback"]
METHODS: tuple[Method, ...] = ("DIS Medium", "DIS Fine", "Farneback")

Consistency = npt.NDArray[np.float32]
"""(H, W, 3): -0.75 where a pixel is hidden in the other picture; 1; 0 where a motion ends. The
middle one is for pixels that leave the picture, which Deforum takes for reliable."""

HIDDEN = -0.75
_SMALLEST = 32
_Number = TypeVar("_Number", np.uint8, np.float32)


def estimated(first: npt.NDArray[Any], second: npt.NDArray[Any], method: Method) -> Flow:
    """The flow from one picture to another, by dense inverse search (Kroeger 2016) or Farnebäck's
    polynomials (2003), with Deforum's settings.

    Args:
        first, second: (H, W, 3) RGB, levels 0…255, of the same size.
    """
    height, width = first.shape[:2]
    grey = [_large_enough(grey_levels(picture)) for picture in (first, second)]
    if method == "Farneback":
        start = np.zeros((*grey[0].shape, 2), np.float32)
        flow = cv2.calcOpticalFlowFarneback(grey[0], grey[1], start, 0.5, 5, 21, 5, 7, 1.2, 0)
    else:
        flow = _inverse_search(method).calc(grey[0], grey[1], cast(Any, None))
    return np.ascontiguousarray(flow[:height, :width], np.float32)


def grey_levels(picture: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """(H, W) of an RGB picture in 8 bits."""
    levels = picture if picture.dtype == np.uint8 else to_levels(picture)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(levels), cv2.COLOR_RGB2GRAY), np.uint8)


def _large_enough(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """With its edge continued to a size that the methods' pyramids need."""
    missing = [(0, max(_SMALLEST - side, 0)) for side in grey.shape]
    return np.pad(grey, missing, mode="edge")


def _inverse_search(method: Method) -> cv2.DISOpticalFlow:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if method == "DIS Fine":
        search.setGradientDescentIterations(192)
        search.setFinestScale(0)
        search.setPatchSize(8)
        search.setPatchStride(4)
    return search


def moved_by(
    picture: npt.NDArray[_Number], flow: Flow, factor: float = 1, mode: Mode = "bilinear"
) -> npt.NDArray[_Number]:
    """A picture with each pixel taken from where the flow, times a factor, comes from.

    Args:
        picture: (H, W, C); whole levels are rounded again, others stay as they come out.
        factor: 0 for no motion, negative for the way back.
    """
    height, width = picture.shape[:2]
    way = factor * flow.astype(np.float64)
    x: Places = np.arange(width, dtype=np.float64) - way[..., 0]
    y: Places = np.arange(height, dtype=np.float64)[:, None] - way[..., 1]
    made = sampled(picture.astype(np.float32, copy=False), x, y, mode, "mirror")
    return (to_levels(made) if picture.dtype == np.uint8 else made).astype(picture.dtype)


def deforum_relative(flow: Flow) -> Flow:
    """Deforum's relative form: parts of the width and height, after the largest component was made
    1 pixel. The magnitude is lost."""
    largest = float(np.abs(flow).max(initial=0))
    return flow / np.float32(largest or 1) / _sides(flow)


def deforum_absolute(relative: Flow) -> Flow:
    """A relative flow in pixels again."""
    return relative * _sides(relative)


def _sides(flow: Flow) -> npt.NDArray[np.float32]:
    height, width = flow.shape[:2]
    return np.array([width, height], np.float32)


def consistency(forward: Flow, backward: Flow) -> Consistency:
    """How far a flow can be trusted: whether the way back leads back, and where it changes at once.

    The conditions are (5) and (6) of Sundaram, Brox and Keutzer 2010, as Ruder 2016 uses them.
    """
    height, width = forward.shape[:2]
    there = forward.astype(np.float64)
    x: Places = np.arange(width, dtype=np.float64) + there[..., 0]
    y: Places = np.arange(height, dtype=np.float64)[:, None] + there[..., 1]
    x, y = np.clip(x, 0, max(width - 2, 0)), np.clip(y, 0, max(height - 2, 0))
    back = sampled(backward, x, y, "bilinear", "border").astype(np.float64)
    miss = np.sum((there + back) ** 2, axis=-1)
    hidden = miss >= 0.01 * np.sum(there**2 + back**2, axis=-1) + 0.5
    change = sum(np.diff(there, axis=axis, append=0) ** 2 for axis in (0, 1))
    ends = np.sum(change, axis=-1) > 0.01 * np.sum(there**2, axis=-1) + 0.002
    made = np.ones((height, width, 3), np.float32)
    made[hidden, 0] = HIDDEN
    made[ends, 2] = 0
    return made


def blurred(reliable: Consistency, radius: int) -> Consistency:
    """A consistency spread by a Gauss of this many pixels; outside it is 0."""
    if radius <= 0:
        return reliable
    size = 2 * radius + 1
    border = cv2.BORDER_CONSTANT
    made = cv2.GaussianBlur(reliable, (size, size), radius, borderType=border)
    return np.asarray(made, np.float32).reshape(reliable.shape)


def deforum_filtered(flow: Flow, reliable: Consistency) -> Flow:
    """Deforum's flow where it is reliable: turned round where a pixel is hidden."""
    return flow * reliable[..., :1]


def filtered(flow: Flow, reliable: Consistency) -> Flow:
    """The flow where it is reliable, none where a pixel is hidden."""
    return flow * np.clip(reliable[..., :1], 0, 1)


def resized(flow: Flow, width: int, height: int) -> Flow:
    """A flow for pictures of another size, its lengths in proportion."""
    if flow.shape[:2] == (height, width):
        return flow
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    made = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(made, np.float32) * scale
