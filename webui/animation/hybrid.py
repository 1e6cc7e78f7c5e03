"""Pictures that move as a clip does, and are mixed with its frames, at their places in a frame's
work: before the motion, after it, or after the drawing."""

from __future__ import annotations

from typing import cast

import numpy as np

from webui.animation.material import fitted
from webui.animation.stage import Array, Stage
from webui.core.errors import UserError
from webui.motion.camera import Matrix
from webui.motion.depth import equalized
from webui.motion.flow import (
    Flow,
    Method,
    blurred,
    consistency,
    deforum_filtered,
    estimated,
    filtered,
    moved_by,
)
from webui.motion.hybrid import (
    composite_mask,
    composited,
    deforum_composited,
    motion_matrix,
    moved_by_matrix,
)
from webui.motion.judging import composite_mask_of
from webui.motion.pictures import Levels, to_levels
from webui.timeline.footage import INIT, is_hybrid

_FACTOR = "hybrid_flow_factor_schedule"


def hybrid_moved(stage: Stage, picture: Array, frame: int, before: Array | None = None) -> Array:
    """A picture moved as the clip moves from the frame before to this one.

    Args:
        picture: (H, W, 3).
        before: the picture that the motion is estimated from, if not from the clip's frame.
    """
    plan, clip = stage.plan, stage.material.clip
    kind = plan.value("hybrid_motion")
    if kind == "None" or clip is None or not is_hybrid(plan.settings.values) or frame == 0:
        return picture
    from_picture = plan.value("hybrid_motion_use_prev_img") and before is not None
    older: Array = to_levels(np.asarray(before, np.float32)) if from_picture else clip(frame - 1)
    if kind in ("Perspective", "Affine"):
        return moved_by_matrix(picture, motion_matrix(older, clip(frame), kind))
    return moved_by(picture, _flow(stage, older, clip(frame)), stage.at(_FACTOR, frame))


def hybrid_moved_back(stage: Stage, picture: Array, frame: int) -> Array:
    """A picture before it was moved as the clip moves from the frame before to this one.

    picture: (H, W, C).
    """
    plan, clip = stage.plan, stage.material.clip
    kind = plan.value("hybrid_motion")
    if kind == "None" or clip is None or not is_hybrid(plan.settings.values) or frame == 0:
        return picture
    older, newer = clip(frame - 1), clip(frame)
    if kind in ("Perspective", "Affine"):
        return moved_by_matrix(picture, _inverse(motion_matrix(older, newer, kind)))
    return moved_by(picture, _flow(stage, newer, older), stage.at(_FACTOR, frame))


def mixed(stage: Stage, picture: Array, frame: int, place: str) -> Array:
    """A picture with the clip's frame in it, if the settings want that at this place.

    place: `Before Motion`, `Normal` or `After Generation`.
    """
    plan, clip = stage.plan, stage.material.clip
    if plan.value("hybrid_composite") != place or not is_hybrid(plan.settings.values):
        return picture
    if plan.value("hybrid_use_init_image"):
        image = stage.material.picture(INIT, str(plan.value(INIT) or ""))
        other = fitted(image, stage.size)
    elif clip is None:
        return picture
    else:
        other = clip(frame)
    levels = to_levels(np.asarray(picture, np.float32))
    how = composite_mask_of(stage.plan, frame)
    mask = composite_mask(levels, other, how, _depth_picture(stage, levels, other, how.type))
    alpha = stage.at("hybrid_comp_alpha_schedule", frame)
    if plan.settings.native:
        return composited(np.asarray(picture, np.float32), other.astype(np.float32), mask, alpha)
    return deforum_composited(levels, other, mask, alpha)


def _inverse(matrix: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(matrix), np.float64)


def _flow(stage: Stage, older: Levels, newer: Levels) -> Flow:
    value, native = stage.plan.value, stage.plan.settings.native
    method = value("hybrid_flow_method")
    flow = flow_between(stage, older, newer, method)
    if value("hybrid_flow_consistency"):
        reliable = consistency(flow, flow_between(stage, newer, older, method))
        reliable = blurred(reliable, value("hybrid_consistency_blur"))
        flow = filtered(flow, reliable) if native else deforum_filtered(flow, reliable)
    return flow


def flow_between(stage: Stage, first: Array, second: Array, method: str) -> Flow:
    """The flow from one picture to another, (H, W, 3) each, as the settings call the method.

    RAFT needs weights that nobody has to have: without them it is dense inverse search.
    """
    if method != "RAFT":
        return estimated(first, second, cast(Method, method))
    levels = [to_levels(np.asarray(one, np.float32)) for one in (first, second)]
    found = stage.flow(*levels)
    return estimated(first, second, "DIS Medium") if found is None else found


def _depth_picture(stage: Stage, picture: Levels, other: Levels, kind: str) -> Levels | None:
    """White near; None where the mask is not made of depth."""
    if kind not in ("Depth", "Video Depth"):
        return None
    depth = stage.depth(picture if kind == "Depth" else other)
    even = None if depth is None else equalized(depth)
    if even is None:
        raise UserError("hybrid_depth", "hybrid_comp_mask_type")
    return to_levels((even * 255).astype(np.float32))
