"""What one frame's motion does to places: the formulas of Deforum's 2D and 3D moves, and ours.

Deforum's signs differ between its modes. Ours have one rule: a positive value moves what is seen
to the right, down or nearer, or turns it counter-clockwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.core.errors import UserError
from webui.motion.sampling import Places
from webui.timeline.series import BOUNDS

Matrix = npt.NDArray[np.float64]
"""(3, 3): source to destination, in pixels x, y, 1."""

Grid = tuple[Places, Places]
"""x and y, (H, W) each: the place in the source that a pixel is taken from, in pixels."""

UNIT = 1 / 200
"""Of a 3D translation, in sizes of the scene."""
NEAREST = 0.01
"""Ours: what comes nearer than this stays so far from the camera."""
_FARTHEST = 1e15
"""Of a translation in scenes: beyond all pictures, and still a number when squared in 32 bits."""

_PARAMETERS = {"fov": "fov_schedule", "aspect_ratio": "aspect_ratio_schedule"}


def _check(move: Flip | Move2D | Move3D) -> None:
    for field in fields(move):
        value = getattr(move, field.name)
        if not isinstance(value, int | float):
            continue
        name = _PARAMETERS.get(field.name, field.name)
        if not math.isfinite(value):
            raise UserError("motion_finite", name, parameter=name, value=str(value))
        if name in BOUNDS:
            wanted, fits = BOUNDS[name]
            if not fits(np.array([value])).all():
                shown = f"{value:.6g}"
                raise UserError("motion_bounds", name, parameter=name, value=shown, wanted=wanted)


@dataclass(frozen=True)
class Flip:
    """Deforum's perspective flip: the picture as a card that is turned in front of a camera.

    Attributes:
        perspective_flip_theta, perspective_flip_phi, perspective_flip_gamma: roll, tilt and pan,
            degrees.
        perspective_flip_fv: field of view, degrees, 0 to 180.

    Raises:
        UserError: a value is no number or out of range; its field names the parameter.
    """

    perspective_flip_theta: float = 0
    perspective_flip_phi: float = 0
    perspective_flip_gamma: float = 0
    perspective_flip_fv: float = 53

    def __post_init__(self) -> None:
        _check(self)

    @property
    def is_still(self) -> bool:
        """Whether the card is not turned."""
        turns = (self.perspective_flip_theta, self.perspective_flip_phi)
        return not any((*turns, self.perspective_flip_gamma))


@dataclass(frozen=True)
class Move2D:
    """A move within the picture's plane, under Deforum's names.

    Attributes:
        angle: degrees, positive is counter-clockwise.
        zoom: factor, above 0.
        translation_x, translation_y: pixels, positive is right, down.
        transform_center_x, transform_center_y: what is turned and zoomed about, fractions of the
            width and height.
        flip: the perspective flip, if it is on.

    Raises:
        UserError: a value is no number or out of range; its field names the parameter.
    """

    angle: float = 0
    zoom: float = 1
    translation_x: float = 0
    translation_y: float = 0
    transform_center_x: float = 0.5
    transform_center_y: float = 0.5
    flip: Flip | None = None

    def __post_init__(self) -> None:
        _check(self)

    def scaled(self, factor: float) -> Move2D:
        """The same move for the picture at `factor` times its size, as for a small preview."""
        x, y = self.translation_x * factor, self.translation_y * factor
        return replace(self, translation_x=x, translation_y=y)


@dataclass(frozen=True)
class Move3D:
    """A move through the picture's depth, under Deforum's names.

    Attributes:
        translation_x, translation_y, translation_z: 1/200 of the scene.
        rotation_3d_x, rotation_3d_y, rotation_3d_z: degrees.
        fov: field of view, degrees, -180 to 180 but 0; below 0 sideways motion is mirrored.
        aspect_ratio: divides the motion in x; above 0.
        flip: the perspective flip, if it is on; it comes before the camera's move.

    Raises:
        UserError: a value is no number or out of range; its field names the parameter.
    """

    translation_x: float = 0
    translation_y: float = 0
    translation_z: float = 0
    rotation_3d_x: float = 0
    rotation_3d_y: float = 0
    rotation_3d_z: float = 0
    fov: float = 70
    aspect_ratio: float = 1
    flip: Flip | None = None

    def __post_init__(self) -> None:
        _check(self)

    @property
    def is_still(self) -> bool:
        """Whether the camera does not move."""
        ways = (self.translation_x, self.translation_y, self.translation_z)
        return not any((*ways, self.rotation_3d_x, self.rotation_3d_y, self.rotation_3d_z))

    def scaled(self, factor: float) -> Move3D:
        """The same move for the picture at another size: itself, as it is measured in scenes."""
        return self


def matrix_2d(move: Move2D, width: int, height: int, native: bool = True) -> Matrix:
    """A move in the plane as one matrix: shifted, then turned and zoomed, then flipped.

    As built, Deforum loses the shift where the perspective flip is on, and its centre is half a
    pixel right of and below what is meant, so that a zoom drifts; native does neither.
    """
    angle = math.radians(move.angle)
    along, aside = move.zoom * math.cos(angle), move.zoom * math.sin(angle)
    half = 0.5 if native else 0  # pixels are counted from the middle of the first one
    x, y = width * move.transform_center_x - half, height * move.transform_center_y - half
    turned = np.array(
        [
            [along, aside, (1 - along) * x - aside * y],
            [-aside, along, aside * x + (1 - along) * y],
            [0, 0, 1],
        ]
    )
    shifted = _shift(move.translation_x, move.translation_y)
    if move.flip is None:
        return turned @ shifted
    flipped = flip_matrix(move.flip, width, height, native)
    return flipped @ turned @ shifted if native else flipped @ turned


def flip_matrix(flip: Flip, width: int, height: int, native: bool = True) -> Matrix:
    """The perspective flip as a matrix.

    The picture's plane is turned, moved back until its diagonal fits the field of view, projected
    and scaled to pixels. Deforum has a 1 where the projection has a 0, so that its card is a little
    smaller than the picture, and puts it into the middle before the projection and not after;
    native has an unturned card be the picture itself, and the middle of a turned one stay there.
    """
    if native and flip.is_still:
        return np.eye(3)
    half = math.radians(flip.perspective_flip_fv) / 2
    diagonal = math.hypot(width, height)
    side, back = diagonal / math.cos(half), diagonal / (2 * math.sin(half))
    turned = (
        _about_x(flip.perspective_flip_phi)
        @ _about_y(flip.perspective_flip_gamma)
        @ _about_z(flip.perspective_flip_theta)
    )
    plane = turned[:, :2]
    slope = side / 2 / math.tan(half)
    projected = np.zeros((3, 3))
    projected[:2, :2] = slope * plane[:2]
    projected[2] = [-plane[2, 0], -plane[2, 1], back if native else back + 1]
    if native:
        x, y = (width - 1) / 2, (height - 1) / 2
        return _shift(x, y) @ projected @ _shift(-x, -y)
    matrix = _shift(side / 2, side / 2) @ projected @ _shift(-width / 2, -height / 2)
    return matrix @ _shift((width - side) / 2, (height - side) / 2)


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def grid_2d(matrix: Matrix, width: int, height: int) -> Grid:
    """Where each pixel of the result is taken from, the matrix going from source to result.

    Raises:
        UserError: the matrix squeezes the picture to nothing.
    """
    try:
        back = np.linalg.inv(matrix)
    except np.linalg.LinAlgError as error:
        raise UserError("motion_nothing") from error
    y, x = np.mgrid[:height, :width].astype(np.float64)
    with np.errstate(all="ignore"):
        below = back[2, 0] * x + back[2, 1] * y + back[2, 2]
        return (
            (back[0, 0] * x + back[0, 1] * y + back[0, 2]) / below,
            (back[1, 0] * x + back[1, 1] * y + back[1, 2]) / below,
        )


def _about_x(degrees: float) -> Matrix:
    c, s = _turn(degrees)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _about_y(degrees: float) -> Matrix:
    c, s = _turn(degrees)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _about_z(degrees: float) -> Matrix:
    c, s = _turn(degrees)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _turn(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


def deforum_shift(
    move: Move3D, distance: float | npt.NDArray[Any], width: int, height: int
) -> Grid:
    """How far Deforum's camera carries each pixel, in halves of the width and height.

    A pixel at x, y in -1…1 and its distance is moved in space and projected again; the difference
    of the projections is its way, right and down. It reckons in 32 bits. As x and y are not spread
    with the distance, turns are stronger than their degrees say and bend wide pictures.

    Args:
        distance: (H, W) or one number for a plane; see `depth.distances`.
    """
    number = np.float32
    turn = _about_x(move.rotation_3d_x) @ _about_y(move.rotation_3d_y)
    turn = (turn @ _about_z(move.rotation_3d_z)).astype(number)
    shift = _shift_3d(-move.translation_x, move.translation_y, -move.translation_z).astype(number)
    x, y = _edge_to_edge(width)[None, :], _edge_to_edge(height)[:, None]
    z = np.broadcast_to(np.asarray(distance, number), (height, width))
    slope = 1 / math.tan(math.radians(move.fov) / 2)
    wide, high = number(slope / move.aspect_ratio), number(slope)
    with np.errstate(all="ignore"):
        new = [turn[0, i] * x + turn[1, i] * y + turn[2, i] * z + shift[i] for i in range(3)]
        return wide * new[0] / new[2] - wide * x / z, high * new[1] / new[2] - high * y / z


def _edge_to_edge(size: int) -> npt.NDArray[np.float32]:
    return (np.linspace(-1, 1, size) if size > 1 else np.zeros(1)).astype(np.float32)


def _shift_3d(x: float, y: float, z: float) -> Matrix:
    return np.clip(np.array([x, y, z], np.float64) * UNIT, -_FARTHEST, _FARTHEST)


def grid_3d(
    move: Move3D,
    distance: float | npt.NDArray[Any],
    width: int,
    height: int,
    back: bool = False,
) -> Grid:
    """Where each pixel of our result is taken from: a pinhole camera, by its horizontal view.

    What is seen in a pixel lies on its ray at its distance, and is turned, then shifted. As only
    the distances before the move are known, a pixel of the result is taken to show what has been
    at its own place's distance before; this is exact for planes and for all turns.

    Args:
        distance: before the move, (H, W), or one number for a plane; see `depth.distances`.
        back: undo the move instead.
    """
    turn = (
        _about_z(-move.rotation_3d_z) @ _about_y(move.rotation_3d_y) @ _about_x(-move.rotation_3d_x)
    )
    shift = _shift_3d(move.translation_x, move.translation_y, -move.translation_z)
    slope = 1 / math.tan(math.radians(move.fov) / 2)
    wide, high, half = slope / move.aspect_ratio, slope, width / 2
    x = (np.arange(width)[None, :] - (width - 1) / 2) / half / wide
    y = (np.arange(height)[:, None] - (height - 1) / 2) / half / high
    z = np.broadcast_to(np.asarray(distance, np.float64), (height, width))
    if not back:
        z = np.maximum(z + shift[2], NEAREST)
        turn, shift = turn.T, -turn.T @ shift
    seen = [x * z, y * z, z]
    new = [sum(turn[i, j] * seen[j] for j in range(3)) + shift[i] for i in range(3)]
    far = np.maximum(new[2], NEAREST)
    return (
        wide * new[0] / far * half + (width - 1) / 2,
        high * new[1] / far * half + (height - 1) / 2,
    )
