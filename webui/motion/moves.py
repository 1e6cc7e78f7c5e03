"""One frame's motion as an animation's plan has it, done to a picture: preview and render alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from webui.core.errors import UserError
from webui.motion.camera import Flip, Move2D, Move3D
from webui.motion.depth import Depth, distances, resized
from webui.motion.pictures import Picture, to_levels
from webui.motion.warp import (
    Lookup,
    deforum_warp_2d,
    deforum_warp_3d,
    warp_2d,
    warp_3d,
)
from webui.timeline.plan import Plan

METRIC = ("AdaBins", "Zoe", "Leres")
"""Deforum's depth algorithms whose larger values are farther; of the others they are nearer."""

_PLANE = ("angle", "zoom", "translation_x", "translation_y")
_CENTER = ("transform_center_x", "transform_center_y")
_SPACE = ("translation_x", "translation_y", "translation_z")
_TURNS = ("rotation_3d_x", "rotation_3d_y", "rotation_3d_z")
_FLIP = (
    "perspective_flip_theta",
    "perspective_flip_phi",
    "perspective_flip_gamma",
    "perspective_flip_fv",
)


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

    @property
    def wants_depth(self) -> bool:
        """Whether a depth makes a difference."""
        return isinstance(self.move, Move3D)

    def scaled(self, factor: float) -> Motion:
        """The same motion for pictures of `factor` times the animation's size."""
        return replace(self, move=self.move.scaled(factor))


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


def _numbers(plan: Plan, frame: int, names: tuple[str, ...]) -> dict[str, float]:
    return {name: float(plan.series[name][frame]) for name in names}


def moved(picture: Picture, motion: Motion, depth: Depth | None = None) -> Picture:
    """A picture after one frame's motion.

    Args:
        picture: (H, W, C); Deforum's way rounds it to whole levels first.
        depth: in 3D how far each pixel is, of any size; None for a plane. It is the depth network's
            own, or a picture of it (see `depth.depth_of_picture`).

    Raises:
        UserError: the motion squeezes the picture to nothing.
    """
    move = motion.move
    if isinstance(move, Move2D):
        if motion.native:
            return warp_2d(picture, move, motion.lookup)
        border = motion.lookup.border
        return deforum_warp_2d(to_levels(picture), move, border).astype(np.float32)
    height, width = picture.shape[:2]
    if depth is not None:
        depth = resized(depth, width, height)
    distance = distances(depth, "smaller" if motion.metric else "larger")
    if motion.native:
        return warp_3d(picture, move, distance, motion.lookup)
    if motion.old and depth is not None:
        distance = np.asarray(depth, np.float64)
    if motion.aspect_of_picture:
        move = replace(move, aspect_ratio=width / height)
    levels = deforum_warp_3d(to_levels(picture), move, distance, motion.lookup, motion.old)
    return levels.astype(np.float32)
