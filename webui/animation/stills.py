"""Interpolation mode: every frame from its prompt alone, none from the frame before."""

from __future__ import annotations

from collections.abc import Iterator

from webui.animation.drawing import draw
from webui.animation.stage import Frame, Stage
from webui.motion.pictures import to_levels
from webui.motion.state import State


def still_steps(stage: Stage, state: State) -> Iterator[tuple[State, list[Frame]]]:
    """The state after each frame, and that frame."""
    for frame in range(state.made, stage.plan.frames):
        made, drawn = draw(stage, frame, None)
        state = state.with_(made=frame + 1)
        yield state, [Frame(frame, to_levels(made), drawn)]
