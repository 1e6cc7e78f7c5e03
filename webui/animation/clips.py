"""Video Input mode: each frame is made from its frame of a clip, none from the frame before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from webui.animation.colours import matched_to_reference
from webui.animation.drawing import draw
from webui.animation.masking import overlaid
from webui.animation.stage import Frame, Stage
from webui.core.errors import UserError
from webui.motion.pictures import to_levels
from webui.motion.sharpen import deforum_grey
from webui.motion.state import State
from webui.timeline.footage import CLIP


def clip_steps(stage: Stage, state: State) -> Iterator[tuple[State, list[Frame]]]:
    """The state after each frame, and that frame."""
    clip = stage.material.clip
    if clip is None:
        raise UserError("animation_no_file", f"settings.{CLIP}", parameter=CLIP, name="–")
    for frame in range(state.made, stage.plan.frames):
        given = clip(frame)
        made, drawn = draw(stage, frame, given)
        levels = matched_to_reference(stage, to_levels(np.asarray(made, np.float32)), frame)
        if stage.plan.value("color_force_grayscale"):
            levels = deforum_grey(levels)
        levels = overlaid(stage, levels, frame)
        state = state.with_(made=frame + 1)
        yield state, [Frame(frame, to_levels(np.asarray(levels, np.float32)), drawn)]
