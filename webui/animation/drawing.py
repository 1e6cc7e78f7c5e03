"""One frame drawn: towards its guide, within its mask, and again where the settings want that."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np

from webui.animation.guides import guided
from webui.animation.hybrid import flow_between
from webui.animation.masking import mask_at
from webui.animation.stage import ALONE, Array, Given, Stage
from webui.core.errors import UserError
from webui.motion.flow import moved_by
from webui.motion.pictures import to_levels
from webui.timeline.frames import FramePlan, frame_plan

_SEEDS = 2**32 - 1


def draw(
    stage: Stage, frame: int, picture: Array | None, before: Array | None = None
) -> tuple[Array, Any]:
    """One frame drawn over what it begins with.

    Args:
        picture: (H, W, 3); None for the prompt alone.
        before: what the frame before has become by motion alone; the flow to a first drawing is
            taken from it (`optical_flow_redo_generation`).

    Returns:
        (H, W, 3), whole levels as they were drawn; what is told of it.

    Raises:
        UserError: it came out black, and the settings say to stop then.
    """
    plan, given = frame_plan(stage.plan, frame), ALONE
    if picture is None or plan.denoising_strength is None:
        return _not_blank(stage, plan, picture, given)
    if frame > 0:
        picture, colours = guided(stage, picture, frame)
        given = Given(colours=colours)
    mask = mask_at(stage, frame, picture)
    if mask is not None and mask.getbbox() is None:
        return to_levels(np.asarray(picture, np.float32)), None  # nothing may change
    given = replace(given, mask=mask)
    if frame > 0:
        picture = _redone(stage, plan, picture, given, before)
    return _not_blank(stage, plan, picture, given)


def _redone(
    stage: Stage, plan: FramePlan, picture: Array, given: Given, before: Array | None
) -> Array:
    """What a frame begins with after it has been drawn with other seeds, as often as wanted.

    The seeds come from the start seed and the frame, so that a run makes the same ones again.
    """
    value = stage.plan.value
    seeds = random.Random(f"{stage.plan.start_seed} {plan.frame}")
    method = value("optical_flow_redo_generation")
    moves = stage.at("strength_schedule", plan.frame) > 0
    if method != "None" and before is not None and moves:
        made, _ = stage.paint(replace(plan, seed=seeds.randint(0, _SEEDS)), picture, given)
        flow = flow_between(stage, to_levels(np.asarray(before, np.float32)), made, method)
        picture = moved_by(made, flow, stage.at("redo_flow_factor_schedule", plan.frame))
    for _ in range(int(value("diffusion_redo"))):
        picture, _ = stage.paint(replace(plan, seed=seeds.randint(0, _SEEDS)), picture, given)
    return picture


def _not_blank(
    stage: Stage, plan: FramePlan, picture: Array | None, given: Given
) -> tuple[Array, Any]:
    """A frame drawn; a black one is drawn again with the next seeds, or ends the animation."""
    what = stage.plan.value("reroll_blank_frames")
    made, told = stage.paint(plan, picture, given)
    patience = stage.plan.value("reroll_patience") if what == "reroll" else 0
    for more in range(1, patience + 1):
        if made.any():
            return made, told
        seed = plan.seed + more if plan.seed >= 0 else plan.seed
        made, told = stage.paint(replace(plan, seed=seed), picture, given)
    if what != "ignore" and not made.any():
        raise UserError("animation_blank", frame=plan.frame)
    return made, told
