"""One generated frame after the other our way: fractions to the end, exactly as many frames as
asked for, and each generated one is seen as it was generated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from webui.animation.colours import matched_to, with_reference
from webui.animation.drawing import draw
from webui.animation.hybrid import flow_between, hybrid_moved, hybrid_moved_back, mixed
from webui.animation.masking import noise_mask_at, overlaid
from webui.animation.stage import Array, Frame, Stage
from webui.motion.flow import Flow
from webui.motion.moves import native_moved
from webui.motion.noise import noised
from webui.motion.pictures import Picture, to_levels
from webui.motion.sharpen import contrast, grey, sharpened
from webui.motion.state import State
from webui.motion.tween import tweens


def native_steps(stage: Stage, state: State) -> Iterator[tuple[State, Iterable[Frame]]]:
    """The state after each generated frame, and the frames that can be written then, which are
    made as they are asked for.

    Args:
        state: where it stands; what comes is the same as if it had gone on.
    """
    generated = stage.plan.generated
    for number in range(state.made, len(generated)):
        state, frames = _step(stage, state, state.frame, generated[number])
        yield state, frames


def _step(
    stage: Stage, state: State, before: int | None, frame: int
) -> tuple[State, Iterable[Frame]]:
    if before is None or state.picture is None:
        state = with_reference(stage, state, frame)
        made, drawn = draw(stage, frame, stage.beginning())
        picture = matched_to(stage, made.astype(np.float32), state.reference)
        picture = overlaid(stage, _toned(stage, picture), frame)
        reference = picture if state.reference is None else state.reference
        state = state.with_(made=state.made + 1, picture=picture, reference=reference, frame=frame)
        return state, [Frame(frame, to_levels(picture), drawn)]
    older = state.picture
    state = with_reference(stage, state, frame)
    moved = mixed(stage, older, frame, "Before Motion")
    for between in range(before + 1, frame + 1):
        moved = _onward(stage, moved, between, older)
    moved = mixed(stage, moved, frame, "Normal")
    made, drawn = _redrawn(stage, state, moved, frame)
    made = overlaid(stage, mixed(stage, made, frame, "After Generation"), frame)
    filled = _filled(stage, older, made, before, frame)
    frames = (_between(stage, before + 1 + place, one) for place, one in enumerate(filled))
    written = chain(frames, [Frame(frame, to_levels(made), drawn)])
    return state.with_(made=state.made + 1, picture=made, frame=frame), written


def _moved(stage: Stage, picture: Array, frame: int, back: bool = False) -> Picture:
    sees = picture.shape[-1] == 3  # a flow has two channels
    depth = stage.depth_of(picture, frame) if sees else None
    return native_moved(picture, stage.motion(frame), depth, back)


def _onward(stage: Stage, picture: Array, frame: int, before: Array) -> Picture:
    """After a frame's motion, the camera's and the clip's."""
    moved = _moved(stage, picture, frame)
    return np.asarray(hybrid_moved(stage, moved, frame, before), np.float32)


def _between(stage: Stage, frame: int, picture: Picture) -> Frame:
    return Frame(frame, to_levels(np.asarray(overlaid(stage, picture, frame), np.float32)))


def _redrawn(stage: Stage, state: State, picture: Picture, frame: int) -> tuple[Picture, Any]:
    """The picture made anew as far as the strength says; of a strength of 1 it stays as it is."""
    plan = stage.plan
    if stage.at("strength_schedule", frame) >= 1:
        return picture, None
    picture = moved = matched_to(stage, picture, state.reference)
    picture = contrast(picture, stage.at("contrast_schedule", frame))
    picture = sharpened(picture, stage.unsharp(frame))
    amount = stage.at("noise_schedule", frame)
    where = noise_mask_at(stage, frame, picture)
    picture = noised(picture, amount, plan.seeds[frame], stage.grain, where)
    made, drawn = draw(stage, frame, picture, moved)
    return _toned(stage, matched_to(stage, made.astype(np.float32), state.reference)), drawn


def _toned(stage: Stage, picture: Picture) -> Picture:
    return grey(picture) if stage.plan.value("color_force_grayscale") else picture


def _filled(
    stage: Stage, before: Array, after: Picture, first: int, last: int
) -> Iterator[Picture]:
    method = stage.plan.value("optical_flow_cadence")

    def flow_of(older: Picture, newer: Picture) -> Flow:
        return flow_between(stage, older, newer, method)

    def onward(picture: Array, frame: int) -> Array:
        return _onward(stage, picture, frame, before)

    def back(picture: Array, frame: int) -> Array:
        return _moved(stage, hybrid_moved_back(stage, picture, frame), frame, back=True)

    factor = stage.at("cadence_flow_factor_schedule", last)
    flow = None if method == "None" else flow_of
    return tweens(before, after, first, last, onward, back, flow, factor, stage.folder)
