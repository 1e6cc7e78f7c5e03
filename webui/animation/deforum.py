"""One generated frame after the other as the Deforum extension makes them, 8 bits all the way.

The order of operations is that of its `render_animation` (commit 3224268), as recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from webui.animation.colours import has_own_reference, matched_to, with_reference
from webui.animation.drawing import draw
from webui.animation.hybrid import flow_between, hybrid_moved, mixed
from webui.animation.masking import is_masked, mask_at, noise_mask_at, overlaid
from webui.animation.stage import Array, Frame, Stage
from webui.motion.color import space_of
from webui.motion.depth import Depth
from webui.motion.flow import moved_by
from webui.motion.moves import moved
from webui.motion.noise import deforum_noised
from webui.motion.pictures import to_levels
from webui.motion.sharpen import deforum_contrast, deforum_grey, deforum_sharpened
from webui.motion.state import State
from webui.motion.tween import Fade, Held
from webui.timeline.frames import begins_with_picture


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
    state = with_reference(stage, state, frame)
    if frame == 0:
        made, drawn = draw(stage, frame, stage.beginning())
    elif picture is None:
        made, drawn = draw(stage, frame, None)
    else:
        state, made, drawn = _redrawn(stage, state, picture, frame)
    made = made if frame == 0 else mixed(stage, made, frame, "After Generation")
    state, made = _coloured(stage, state, made, frame)
    state = state.with_(made=state.made + 1, picture=made, frame=frame)
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
        flow = flow_between(stage, previous.picture, following.picture, method) / np.float32(2)
        fade = replace(
            fade,
            following=replace(following, picture=moved_by(following.picture, flow, -1)),
            flow=flow,
            factor=stage.at("cadence_flow_factor_schedule", frame),
        )

    frames: list[Frame] = []
    for between in range(first, frame):
        newer = fade.following.picture
        depth = stage.depth_of(newer, between)  # one for both pictures and the flow

        def move_flow(picture: Array, number: int, depth: Depth | None = depth) -> Array:
            return moved(picture, stage.motion(number), depth)

        def move(picture: Array, number: int, depth: Depth | None = depth) -> Array:
            return hybrid_moved(stage, moved(picture, stage.motion(number), depth), number)

        fade, made = fade.step(between, move, move_flow)
        made = overlaid(stage, _grey(stage, to_levels(made)), between)
        frames.append(Frame(between, made))
    return state.with_(previous=fade.previous, following=fade.following), frames, made


def _redrawn(stage: Stage, state: State, picture: Array, frame: int) -> tuple[State, Array, Any]:
    plan = stage.plan
    before = picture
    picture = to_levels(moved(picture, stage.motion(frame), stage.depth_of(picture, frame)))
    picture = mixed(stage, picture, frame, "Before Motion")
    picture = hybrid_moved(stage, picture, frame, before)
    picture = mixed(stage, picture, frame, "Normal")
    if space_of(plan.value("color_coherence")) and state.reference is None:
        state = state.with_(reference=picture)
    picture = moved_on = _grey(stage, matched_to(stage, picture, state.reference))
    picture = deforum_contrast(picture, stage.at("contrast_schedule", frame))
    picture = deforum_sharpened(picture, stage.unsharp(frame), _opaque(stage, frame, picture))
    amount, seed = stage.at("noise_schedule", frame), plan.seeds[frame]
    where = noise_mask_at(stage, frame, picture)
    picture = deforum_noised(picture[..., ::-1], amount, seed, stage.grain, where)[..., ::-1]
    made, drawn = draw(stage, frame, np.ascontiguousarray(picture), moved_on)
    return state, made, drawn


def _coloured(stage: Stage, state: State, picture: Array, frame: int) -> tuple[State, Array]:
    legacy, own = stage.plan.value("legacy_colormatch"), has_own_reference(stage)
    if (frame or own) and not legacy:
        picture = matched_to(stage, picture, state.reference)
    picture = overlaid(stage, _grey(stage, picture), frame)
    begins = state.reference is None and not legacy and not begins_with_picture(stage.plan)
    if not own and (begins or (legacy and stage.at("strength_schedule", frame) == 0)):
        state = state.with_(reference=picture)
    return state, picture


def _opaque(stage: Stage, frame: int, picture: Array) -> Array | None:
    mask = mask_at(stage, frame, picture) if is_masked(stage) else None
    return None if mask is None else np.asarray(mask, np.float64)


def _grey(stage: Stage, picture: Array) -> Array:
    return deforum_grey(picture) if stage.plan.value("color_force_grayscale") else picture
