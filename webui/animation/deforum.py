"""One generated frame after the other as the Deforum extension makes them, 8 bits all the way.

The order of operations is that of its `render_animation` (commit 3224268), as recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from webui.animation.stage import Array, Frame, Stage
from webui.animation.state import State
from webui.motion.color import deforum_matched, space_of
from webui.motion.depth import Depth
from webui.motion.flow import estimated, moved_by
from webui.motion.moves import moved
from webui.motion.noise import deforum_noised
from webui.motion.pictures import to_levels
from webui.motion.sharpen import deforum_contrast, deforum_grey, deforum_sharpened
from webui.motion.tween import Fade, Held


def deforum_steps(stage: Stage, state: State) -> Iterator[tuple[State, list[Frame]]]:
    """The state after each generated frame, and the frames that can be written then.

    Args:
        state: where it stands; what comes is the same as if it had gone on.
    """
    plan = stage.plan
    for number in range(state.made, len(range(0, plan.frames, plan.cadence))):
        state, frames = _step(stage, state, number * plan.cadence)
        yield state, frames


def _step(stage: Stage, state: State, frame: int) -> tuple[State, list[Frame]]:
    frames: list[Frame] = []
    picture = state.picture
    if state.following is not None:
        state, frames, picture = _filled(stage, state, frame)
    drawn: Any = None
    if frame == 0:
        made, drawn = stage.draw(frame, stage.beginning())
    elif picture is None:
        made, drawn = stage.draw(frame, None)
    else:
        state, made, drawn = _redrawn(stage, state, picture, frame)
    state, made = _coloured(stage, state, made, frame)
    state = state.with_(made=state.made + 1, picture=made)
    if stage.plan.cadence == 1:
        return state, [Frame(frame, made, drawn)]
    return state.with_(previous=state.following, following=Held(made, frame)), frames


def _filled(stage: Stage, state: State, frame: int) -> tuple[State, list[Frame], Array]:
    """The frames up to a generated one, by Deforum's fading of two pictures moved on."""
    plan = stage.plan
    first = frame - plan.cadence
    previous, following = state.previous, state.following
    assert following is not None
    fade, made = Fade(previous, following, first, plan.cadence), following.picture
    method = plan.value("optical_flow_cadence")
    if method != "None" and previous is not None and stage.at("strength_schedule", first) > 0:
        flow = estimated(previous.picture, following.picture, _known(method)) / np.float32(2)
        fade = replace(
            fade,
            following=replace(following, picture=moved_by(following.picture, flow, -1)),
            flow=flow,
            factor=stage.at("cadence_flow_factor_schedule", frame),
        )

    frames: list[Frame] = []
    for between in range(first, frame):
        depth = stage.depth_of(fade.following.picture)  # one for both pictures and the flow

        def move(picture: Array, number: int, depth: Depth | None = depth) -> Array:
            return moved(picture, stage.motion(number), depth)

        fade, made = fade.step(between, move, move)
        frames.append(Frame(between, to_levels(made)))
    return state.with_(previous=fade.previous, following=fade.following), frames, made


def _redrawn(stage: Stage, state: State, picture: Array, frame: int) -> tuple[State, Array, Any]:
    plan = stage.plan
    picture = to_levels(moved(picture, stage.motion(frame), stage.depth_of(picture)))
    if space_of(plan.value("color_coherence")) and state.reference is None:
        state = state.with_(reference=picture)
    picture = _grey(stage, _matched(stage, state, picture))
    picture = deforum_contrast(picture, stage.at("contrast_schedule", frame))
    picture = deforum_sharpened(picture, stage.unsharp(frame))
    amount, seed = stage.at("noise_schedule", frame), plan.seeds[frame]
    picture = deforum_noised(picture[..., ::-1], amount, seed, stage.grain)[..., ::-1]
    made, drawn = stage.draw(frame, np.ascontiguousarray(picture))
    return state, made, drawn


def _coloured(stage: Stage, state: State, picture: Array, frame: int) -> tuple[State, Array]:
    legacy = stage.plan.value("legacy_colormatch")
    if frame and not legacy:
        picture = _matched(stage, state, picture)
    picture = _grey(stage, picture)
    begins = state.reference is None and not legacy
    if begins or (legacy and stage.at("strength_schedule", frame) == 0):
        state = state.with_(reference=picture)
    return state, picture


def _matched(stage: Stage, state: State, picture: Array) -> Array:
    """Deforum hands over BGR."""
    space = space_of(stage.plan.value("color_coherence"))
    if not space or state.reference is None:
        return picture
    swapped = deforum_matched(picture[..., ::-1], state.reference[..., ::-1], space)
    return np.ascontiguousarray(swapped[..., ::-1])


def _grey(stage: Stage, picture: Array) -> Array:
    return deforum_grey(picture) if stage.plan.value("color_force_grayscale") else picture


def _known(method: str) -> Any:
    """A flow of OpenCV's; RAFT needs weights that nobody has to have."""
    return "DIS Medium" if method == "RAFT" else method
