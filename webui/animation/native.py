"""One generated frame after the other our way: fractions to the end, exactly as many frames as
asked for, and each generated one is seen as it was generated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from webui.animation.stage import Array, Frame, Stage
from webui.animation.state import State
from webui.motion.color import matched, space_of
from webui.motion.flow import Flow, estimated
from webui.motion.moves import native_moved
from webui.motion.noise import noised
from webui.motion.pictures import Picture, to_levels
from webui.motion.sharpen import contrast, grey, sharpened
from webui.motion.tween import tweens


def native_steps(stage: Stage, state: State) -> Iterator[tuple[State, list[Frame]]]:
    """The state after each generated frame, and the frames that can be written then.

    Args:
        state: where it stands; what comes is the same as if it had gone on.
    """
    generated = stage.plan.generated
    for number in range(state.made, len(generated)):
        before = generated[number - 1] if number else None
        state, frames = _step(stage, state, before, generated[number])
        yield state, frames


def _step(stage: Stage, state: State, before: int | None, frame: int) -> tuple[State, list[Frame]]:
    if before is None or state.picture is None:
        first = stage.beginning()
        made, drawn = stage.draw(frame, first)
        picture = _toned(stage, made.astype(np.float32))
        state = state.with_(made=state.made + 1, picture=picture, reference=picture)
        return state, [Frame(frame, to_levels(picture), drawn)]
    moved = state.picture
    for between in range(before + 1, frame + 1):
        moved = _moved(stage, moved, between)
    made, drawn = _redrawn(stage, state, moved, frame)
    filled = _filled(stage, state.picture, made, before, frame)
    frames = [Frame(before + 1 + place, to_levels(one)) for place, one in enumerate(filled)]
    frames.append(Frame(frame, to_levels(made), drawn))
    return state.with_(made=state.made + 1, picture=made), frames


def _moved(stage: Stage, picture: Array, frame: int, back: bool = False) -> Picture:
    depth = stage.depth_of(picture) if picture.shape[-1] == 3 else None  # a flow has two channels
    return native_moved(picture, stage.motion(frame), depth, back)


def _redrawn(stage: Stage, state: State, picture: Picture, frame: int) -> tuple[Picture, Any]:
    """The picture made anew as far as the strength says; of a strength of 1 it stays as it is."""
    plan = stage.plan
    if stage.at("strength_schedule", frame) >= 1:
        return picture, None
    picture = _matched(stage, state, picture)
    picture = contrast(picture, stage.at("contrast_schedule", frame))
    picture = sharpened(picture, stage.unsharp(frame))
    amount = stage.at("noise_schedule", frame)
    picture = noised(picture, amount, plan.seeds[frame], stage.grain)
    made, drawn = stage.draw(frame, picture)
    return _toned(stage, _matched(stage, state, made.astype(np.float32))), drawn


def _toned(stage: Stage, picture: Picture) -> Picture:
    return grey(picture) if stage.plan.value("color_force_grayscale") else picture


def _matched(stage: Stage, state: State, picture: Picture) -> Picture:
    space = space_of(stage.plan.value("color_coherence"))
    if not space or state.reference is None:
        return picture
    return matched(picture, state.reference, space)


def _filled(
    stage: Stage, before: Array, after: Picture, first: int, last: int
) -> Iterator[Picture]:
    method = stage.plan.value("optical_flow_cadence")

    def flow_of(older: Picture, newer: Picture) -> Flow:
        return estimated(older, newer, "DIS Medium" if method == "RAFT" else method)

    def onward(picture: Array, frame: int) -> Array:
        return _moved(stage, picture, frame)

    def back(picture: Array, frame: int) -> Array:
        return _moved(stage, picture, frame, back=True)

    factor = stage.at("cadence_flow_factor_schedule", last)
    flow = None if method == "None" else flow_of
    return tweens(before, after, first, last, onward, back, flow, factor)
