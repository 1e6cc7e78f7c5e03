"""Pictures moved by a camera: Deforum's warps to the number, and ours.

Ours work on `Picture`s, with fractions from start to end, and leave a picture that is not moved as
it is to the bit. Deforum's mostly work on whole levels: in 2D they round, in 3D they cut fractions
off, so that its pictures darken. Pictures with fractions (those between two generated ones) keep
them there, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from webui.motion.camera import (
    Flip,
    Matrix,
    Move2D,
    Move3D,
    deforum_shift,
    flip_matrix,
    grid_2d,
    grid_3d,
    matrix_2d,
)
from webui.motion.pictures import Picture, to_levels
from webui.motion.sampling import Mode, Padding, sampled

_Number = TypeVar("_Number", np.uint8, np.float32)
Border = Literal["replicate", "wrap"]
Distance = float | npt.NDArray[np.float64]
"""(H, W) or one number; see `depth.distances`."""

OLD_LIGHT = 1 / 512 - 0.0001
"""What Deforum adds to the levels with its "(old)" depth algorithms, which do not darken then."""

_BORDERS: dict[Border, Padding] = {"replicate": "border", "wrap": "wrap"}


@dataclass(frozen=True)
class Lookup:
    """How a moved picture is read, under Deforum's names.

    Attributes:
        border: what a move in the plane and the perspective flip show from outside.
        padding_mode: what a move in 3D shows from outside.
        sampling_mode: how it is read between pixels; Deforum's 2D is bilinear whatever this says.
    """

    border: Border = "replicate"
    padding_mode: Padding = "border"
    sampling_mode: Mode = "bicubic"


def warp_2d(
    picture: Picture, move: Move2D, lookup: Lookup | None = None, back: bool = False
) -> Picture:
    """A picture moved in its plane.

    Args:
        back: undo the move instead.

    Raises:
        UserError: the move squeezes it to nothing.
    """
    lookup = lookup or Lookup()
    height, width = picture.shape[:2]
    matrix = matrix_2d(move, width, height)
    matrix = _undone(matrix) if back else matrix
    return _by_matrix(picture, matrix, lookup.sampling_mode, lookup.border)


def _undone(matrix: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(matrix), np.float64)


def _by_matrix(picture: Picture, matrix: Matrix, mode: Mode, border: Border) -> Picture:
    if np.array_equal(matrix, np.eye(3)):
        return picture.copy()
    height, width = picture.shape[:2]
    return sampled(picture, *grid_2d(matrix, width, height), mode, _BORDERS[border])


def warp_3d(
    picture: Picture,
    move: Move3D,
    distance: Distance,
    lookup: Lookup | None = None,
    back: bool = False,
) -> Picture:
    """A picture moved in space.

    Args:
        distance: of each pixel, (H, W), or of all.
        back: undo the move instead.

    Raises:
        UserError: the perspective flip squeezes it to nothing.
    """
    lookup = lookup or Lookup()
    height, width = picture.shape[:2]
    flip = np.eye(3) if move.flip is None else flip_matrix(move.flip, width, height)
    if not back:
        picture = _by_matrix(picture, flip, lookup.sampling_mode, lookup.border)
    made = picture
    if not move.is_still:
        places = grid_3d(move, distance, width, height, back)
        made = sampled(picture, *places, lookup.sampling_mode, lookup.padding_mode)
    if back:
        return _by_matrix(made, _undone(flip), lookup.sampling_mode, lookup.border)
    return made


def deforum_warp_2d(
    levels: npt.NDArray[_Number], move: Move2D, border: Border = "replicate"
) -> npt.NDArray[_Number]:
    """Deforum's 2D warp, bilinear and rounded: its own numbers but for OpenCV's coarser places.

    Raises:
        UserError: the move squeezes the picture to nothing.
    """
    height, width = levels.shape[:2]
    return _deforum_by_matrix(levels, matrix_2d(move, width, height, native=False), border)


def _deforum_by_matrix(
    levels: npt.NDArray[_Number], matrix: Matrix, border: Border
) -> npt.NDArray[_Number]:
    made = _by_matrix(levels.astype(np.float32, copy=False), matrix, "bilinear", border)
    return (to_levels(made) if levels.dtype == np.uint8 else made).astype(levels.dtype)


def deforum_flip(
    levels: npt.NDArray[_Number], flip: Flip, border: Border = "replicate"
) -> npt.NDArray[_Number]:
    """Deforum's perspective flip by itself, as it comes before its 3D warp."""
    height, width = levels.shape[:2]
    return _deforum_by_matrix(levels, flip_matrix(flip, width, height, native=False), border)


def deforum_grid(
    move: Move3D, distance: Distance, width: int, height: int
) -> npt.NDArray[np.float32]:
    """Deforum's sampling grid, (H, W, 2): x, y in -1…1 from edge to edge."""
    across, down = deforum_shift(move, distance, width, height)
    return np.stack([_centres(width) - across, _centres(height)[:, None] - down], axis=-1)


def _centres(size: int) -> npt.NDArray[np.float32]:
    """The pixels' middles in -1…1, rounded like those of PyTorch's `affine_grid`.

    Which places fall a little short of a whole pixel decides where cutting fractions off darkens.
    """
    step = float(np.float32(2) / np.float32(max(size - 1, 1)))
    far = (1 - step * np.arange((size + 1) // 2)).astype(np.float32)[::-1]
    edges = np.concatenate([-far[::-1][: size // 2], far])
    return edges * np.float32(size - 1) / np.float32(size)


def deforum_warp_3d(
    levels: npt.NDArray[_Number],
    move: Move3D,
    distance: Distance,
    lookup: Lookup | None = None,
    old: bool = False,
) -> npt.NDArray[_Number]:
    """Deforum's 3D warp: PyTorch's `grid_sample` in 32 bits, then fractions are cut off.

    Args:
        levels: (H, W, C).
        old: whether the depth algorithm is one of its "(old)" ones.
    """
    lookup = lookup or Lookup()
    height, width = levels.shape[:2]
    if move.flip is not None:
        levels = deforum_flip(levels, move.flip, lookup.border)
    grid = deforum_grid(move, distance, width, height)
    x, y = (_unscaled(grid[..., axis], size) for axis, size in enumerate((width, height)))
    light = np.float32(OLD_LIGHT if old else 0)
    picture = sampled(
        levels.astype(np.float32) + light, x, y, lookup.sampling_mode, lookup.padding_mode
    )
    return np.clip(picture, 0, 255).astype(levels.dtype)


def _unscaled(places: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """From -1…1 to pixels, in 32 bits as PyTorch does it."""
    return ((places + np.float32(1)) * np.float32(size) - np.float32(1)) / np.float32(2)
