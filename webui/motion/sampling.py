"""A picture looked up between its pixels: what every warp ends in.

The weights are those of OpenCV and PyTorch (cubic convolution with a = -0.75, Keys 1981), without
OpenCV's rounding of places to 1/32 pixel. At whole places the picture's own levels come out to the
bit.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from webui.motion.pictures import Picture

Mode = Literal["bicubic", "bilinear", "nearest"]
Padding = Literal["border", "reflection", "zeros", "wrap", "mirror"]
"""What lies outside: the edge's pixels, the picture mirrored with its edge pixels twice, black, the
opposite side, the picture mirrored at the middle of its edge pixels (OpenCV's REFLECT_101)."""

Places = npt.NDArray[Any]
"""(h, w) float: places in the source, 0 in the middle of its first pixel."""

_CUBIC = -0.75
_FAR = 1e9
_CHUNK = 65_536


def sampled(picture: Picture, x: Places, y: Places, mode: Mode, padding: Padding) -> Picture:
    """The picture's levels at any places.

    Args:
        picture: (H, W, C).
        x, y: (h, w), columns and rows in it. What is no number is far outside.

    Returns:
        (h, w, C); bicubic may go beyond the picture's own levels.
    """
    height, width, channels = picture.shape
    flat = np.ascontiguousarray(picture, np.float32).reshape(height * width, channels)
    made = np.empty((x.size, channels), np.float32)
    columns, rows = _within_reach(x), _within_reach(y)
    for start in range(0, x.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        across = _taps(columns[part], width, mode, padding)
        down = _taps(rows[part], height, mode, padding)
        made[part] = _joined(flat, width, across, down)
    return made.reshape(*x.shape, channels)


def _within_reach(places: Places) -> Places:
    return np.clip(np.nan_to_num(places.ravel(), nan=-_FAR), -_FAR, _FAR)


_Taps = list[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32] | None]]
"""Index and weight of each pixel that has a share, along one axis."""


def _taps(places: Places, size: int, mode: Mode, padding: Padding) -> _Taps:
    if mode == "nearest":
        index, inside = _padded(np.rint(places).astype(np.int64), size, padding)
        return [(index, None if inside is None else inside.astype(np.float32))]
    first = np.floor(places)
    share = places - first
    before = first.astype(np.int64)
    offsets, weights = ((0, 1), (1 - share, share)) if mode == "bilinear" else _cubic(share)
    taps: _Taps = []
    for offset, weight in zip(offsets, weights, strict=True):
        index, inside = _padded(before + offset, size, padding)
        weight = weight.astype(np.float32, copy=False)
        taps.append((index, weight if inside is None else weight * inside))
    return taps


def _cubic(share: Places) -> tuple[tuple[int, ...], tuple[Places, ...]]:
    def near(x: Places) -> Places:
        return ((_CUBIC + 2) * x - (_CUBIC + 3)) * x * x + 1

    def far(x: Places) -> Places:
        return ((_CUBIC * x - 5 * _CUBIC) * x + 8 * _CUBIC) * x - 4 * _CUBIC

    return (-1, 0, 1, 2), (far(share + 1), near(share), near(1 - share), far(2 - share))


def _padded(
    index: npt.NDArray[np.int64], size: int, padding: Padding
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_] | None]:
    """Indices brought into the picture; for `zeros` also which ones were inside."""
    if padding == "wrap":
        return np.mod(index, size), None
    if padding == "reflection":
        folded = np.mod(index, 2 * size)
        return np.minimum(folded, 2 * size - 1 - folded), None
    if padding == "mirror":
        folded = np.mod(index, max(2 * size - 2, 1))
        return np.minimum(folded, 2 * size - 2 - folded) if size > 1 else folded, None
    inside = (index >= 0) & (index < size) if padding == "zeros" else None
    return np.clip(index, 0, size - 1), inside


def _joined(flat: Picture, width: int, across: _Taps, down: _Taps) -> Picture:
    """The shares added up, along the rows first."""
    made: Any = None
    for row, row_weight in down:
        line: Any = None
        for column, weight in across:
            pixels = np.take(flat, row * width + column, axis=0)
            pixels = pixels if weight is None else pixels * weight[:, None]
            line = pixels if line is None else line + pixels
        line = line if row_weight is None else line * row_weight[:, None]
        made = line if made is None else made + line
    return made
