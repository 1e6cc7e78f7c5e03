"""One frame's motion as an animation's plan has it, done to a picture: preview and render alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from webui.core.errors import UserError
from webui.motion.camera import Flip, Move2D, Move3D
from webui.motion.depth import PLANE, Depth, distances, resized
from webui.motion.pictures import Picture, to_levels
from webui.motion.warp import (
    Distance,
    Lookup,
    deforum_warp_2d,
    deforum_warp_3d,
    warp_2d,
    warp_3d,
)
from webui.timeline.plan import Plan

_Number = TypeVar("_Number", np.uint8, np.float32)
METRIC = ("AdaBins", "Zoe", "Leres")
"""Deforum's depth algorithms whose larger values are farther; of the others they are nearer."""

_PLANE = ("angle", "zoom", "translation_x", "translation_y")
_CENTER = ("transform_center_x", "transform_center_y")
_SPACE = ("translation_x", "translation_y", "translation_z")
_TURNS = ("rotation_3d_x", "rotation_3d_y", "rotation_3d_z")
_VIEW = ("fov_schedule", "aspect_ratio_schedule")
_FLIP = (
    "perspective_flip_theta",
    "perspective_flip_phi",
    "perspective_flip_gamma",
    "perspective_flip_fv",
)

_DOUBTS = ("schedule_bounds", "formula_not_finite")
"""What a plan warns of where a motion may not be possible."""


@dataclass(frozen=True)
class Motion:
    """How one frame moves the picture before it.

    Attributes:
        move: in the plane or in space.
        lookup: how the moved picture is read.
        native: whether it is done our way, not Deforum's.
        metric: whether larger values of the depth are farther.
        old: whether Deforum's depth algorithm is an "(old)" one, which takes depths as they are.
        aspect_of_picture: Deforum's old formula for the aspect ratio, width by height.
    """

    move: Move2D | Move3D
    lookup: Lookup
    native: bool
    metric: bool = False
    old: bool = False
    aspect_of_picture: bool = False

    def scaled(self, factor: float) -> Motion:
        """The same motion for pictures of `factor` times the animation's size."""
        return replace(self, move=self.move.scaled(factor))

    def by_depth_picture(self) -> Motion:
        """The same motion for a depth that is a picture, white near, not the network's own."""
        return replace(self, metric=False, old=False)


def motion_of(plan: Plan, frame: int) -> Motion:
    """The motion of a frame of a plan without errors.

    Raises:
        UserError: the animation's mode moves nothing, or a value cannot be used; its field names
            the parameter.
    """
    values = plan.settings.values
    if plan.mode not in ("2D", "3D"):
        raise UserError("motion_mode", "animation_mode", mode=plan.mode)
    flip = None
    if values["enable_perspective_flip"]:
        flip = Flip(**_numbers(plan, frame, _FLIP))
    lookup = Lookup(values["border"], values["padding_mode"], values["sampling_mode"])
    native = plan.settings.native
    if plan.mode == "2D":
        numbers = _numbers(plan, frame, (*_PLANE, *_CENTER))
        return Motion(Move2D(**numbers, flip=flip), lookup, native)
    move = Move3D(
        **_numbers(plan, frame, (*_SPACE, *_TURNS)),
        fov=float(plan.series["fov_schedule"][frame]),
        aspect_ratio=float(plan.series["aspect_ratio_schedule"][frame]),
        flip=flip,
    )
    algorithm = values["depth_algorithm"]
    return Motion(
        move,
        lookup,
        native,
        algorithm in METRIC,
        algorithm.endswith("(old)"),
        values["aspect_ratio_use_old_formula"] and not native,
    )


def immovable(plan: Plan) -> UserError | None:
    """Why a frame cannot be moved as planned; None where all can. Deforum's mode plans such values.

    The first frame is not moved.
    """
    doubtful = {found.problem.code for found in plan.warnings} & set(_DOUBTS)
    if plan.mode not in ("2D", "3D") or not doubtful:
        return None
    for frame in range(1, plan.frames):
        try:
            motion_of(plan, frame)
        except UserError as error:
            return error
    return None


def parameters_of(plan: Plan) -> tuple[str, ...]:
    """The schedules that move the frames of an animation in its mode."""
    names = {"2D": (*_PLANE, *_CENTER), "3D": (*_SPACE, *_TURNS, *_VIEW)}.get(plan.mode, ())
    return (*names, *(_FLIP if names and plan.value("enable_perspective_flip") else ()))


def _numbers(plan: Plan, frame: int, names: tuple[str, ...]) -> dict[str, float]:
    return {name: float(plan.moving(name)[frame]) for name in names}


def moved(
    picture: npt.NDArray[_Number], motion: Motion, depth: Depth | None = None
) -> npt.NDArray[_Number]:
    """A picture after one frame's motion.

    Args:
        picture: (H, W, C); whole levels come out whole again, as Deforum has them.
        depth: in 3D how far each pixel is, of any size; None for a plane. It is what the depth
            network of the settings says (but see `Motion.by_depth_picture`).

    Raises:
        UserError: the motion squeezes the picture to nothing.
    """
    if not motion.native:
        return _deforum_moved(picture, motion, depth)
    made = native_moved(picture.astype(np.float32, copy=False), motion, depth)
    return (to_levels(made) if picture.dtype == np.uint8 else made).astype(picture.dtype)


def native_moved(
    picture: Picture, motion: Motion, depth: Depth | None = None, back: bool = False
) -> Picture:
    """A picture after one frame's motion, our way whatever the settings say; or before it.

    Args:
        back: undo the motion instead (in 3D exactly so for planes and for turns).
    """
    if isinstance(motion.move, Move2D):
        return warp_2d(picture, motion.move, motion.lookup, back)
    distance = _distance(picture, motion, depth)
    return warp_3d(picture, motion.move, distance, motion.lookup, back)


def _deforum_moved(
    picture: npt.NDArray[_Number], motion: Motion, depth: Depth | None
) -> npt.NDArray[_Number]:
    move, lookup = motion.move, motion.lookup
    if isinstance(move, Move2D):
        return deforum_warp_2d(picture, move, lookup.border)
    height, width = picture.shape[:2]
    if motion.aspect_of_picture:
        move = replace(move, aspect_ratio=width / height)
    distance = _distance(picture, motion, depth)
    return deforum_warp_3d(picture, move, distance, lookup, motion.old)


def _distance(picture: npt.NDArray[Any], motion: Motion, depth: Depth | None) -> Distance:
    if depth is None:
        return PLANE
    depth = resized(depth, picture.shape[1], picture.shape[0])
    if motion.old and not motion.native:
        return np.asarray(depth, np.float64)
    return distances(depth, "smaller" if motion.metric else "larger")
