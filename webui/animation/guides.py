"""Pictures that guide an animation: what it begins with is drawn towards them, frame by frame."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from webui.animation.material import fitted
from webui.animation.stage import Array, Stage
from webui.motion.pictures import Levels, to_levels
from webui.timeline.footage import GUIDES
from webui.timeline.plan import Plan

ELSEWHERE = 0.07
"""How much of a guide is in a frame that is far from its key."""
_OPEN = 25
"""The distance to a key that does not come, in frames."""


def guide(stage: Stage, frame: int) -> Levels | None:
    """The picture that guides a frame, (H, W, 3); None for none."""
    found = _around(stage, frame)
    return None if found is None else _picture(stage, found[0])


def guided(stage: Stage, picture: Array, frame: int) -> tuple[Array, Levels | None]:
    """What a frame begins with, drawn towards its guide; and what its colours are kept to.

    By Deforum's formula in its mode: the share swings with the frame's number while that is near a
    key. In ours the picture nears the next guide over `tweening_frames` frames, and at the guide's
    own key it is that guide.

    picture: (H, W, 3).
    """
    found = _around(stage, frame)
    if found is None:
        return picture, None
    place, next_key = found
    if not stage.plan.settings.native:
        return _deforum(stage, picture, frame, place)
    key = stage.plan.guides[place][0]
    if key == frame:
        share, towards = 1.0, place
    else:
        span = max(stage.at("tweening_frames_schedule", frame), 1.0)
        near = 0.0 if next_key is None else max(0.0, 1 - (next_key - frame) / span)
        share = near * min(max(stage.at("blendFactorMax", frame), 0.0), 1.0)
        towards = place if next_key is None else place + 1
    other = _picture(stage, towards).astype(np.float32)
    own = np.asarray(picture, np.float32)
    colour = np.float32(min(max(stage.at("color_correction_factor", frame), 0.0), 1.0))
    colours = (own + colour * (other - own)).astype(np.float32)
    return own + np.float32(share) * (other - own), to_levels(colours)


def _deforum(stage: Stage, picture: Array, frame: int, place: int) -> tuple[Array, Levels | None]:
    keys = [key for key, _ in stage.plan.guides]
    gap = keys[place + 1] - keys[place] if place + 1 < len(keys) else _OPEN
    span = int(stage.at("tweening_frames_schedule", frame))
    share = ELSEWHERE
    if frame % gap <= span and span > 0:
        swing = math.cos((frame % span) / (span / 2))
        share = stage.at("blendFactorMax", frame) - stage.at("blendFactorSlope", frame) * swing
    own = Image.fromarray(to_levels(picture.astype(np.float32)))
    other = Image.fromarray(_picture(stage, place))
    colour = stage.at("color_correction_factor", frame)
    return np.asarray(Image.blend(own, other, share)), np.asarray(Image.blend(own, other, colour))


def _around(stage: Stage, frame: int) -> tuple[int, int | None] | None:
    """The place of the last guide whose key has come, and the key of the next one."""
    guides = stage.plan.guides
    if not guides:
        return None
    place = max((at for at, (key, _) in enumerate(guides) if key <= frame), default=0)
    return place, guides[place + 1][0] if place + 1 < len(guides) else None


def named_guide(plan: Plan, place: int) -> tuple[str, str]:
    """The setting that names a guide, `init_images.30`, and what it says."""
    _, name = plan.guides[place]
    keys = (key for key, said in plan.value(GUIDES).items() if str(said) == name)
    return f"{GUIDES}.{next(keys)}", name


def _picture(stage: Stage, place: int) -> Levels:
    return fitted(stage.material.picture(*named_guide(stage.plan, place)), stage.size)
