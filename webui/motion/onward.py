"""Where an animation goes on from: its own state, that of another job, or pictures alone."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np

from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.motion.pictures import Levels
from webui.motion.state import Kept, Mark, State
from webui.motion.tween import Held
from webui.timeline.plan import Plan

_ALONE = ("Interpolation", "Video Input")
"""Modes in which no frame is made from the one before."""
_OWN_COLOURS = ("Image", "Video Input")


def drawn_size(plan: Plan, draft: float) -> tuple[tuple[int, int], float]:
    """Width and height of what is drawn, and their scale relative to the plan's.

    Raises:
        UserError: a side is too large or too small to draw.
    """
    sides = tuple(max(64, round(side * draft / 8) * 8) for side in plan.size)
    if max(sides) > 2048:
        raise UserError("animation_size", "settings", side=2048)
    return (sides[0], sides[1]), sides[0] / plan.size[0]


def mark_of(request: Animation, plan: Plan) -> Mark:
    """What has to be the same for a kept state to be gone on from."""
    left_out = {"image_format", "file_name", "folder", "frames", "after"}
    told = request.model_dump(mode="json", exclude=left_out)
    whole = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    (width, height), _ = drawn_size(plan, request.draft)
    how = "native" if plan.settings.native else f"deforum {plan.cadence}"
    kind = plan.mode if plan.mode in _ALONE else "camera"
    return Mark(whole, f"{kind} {how} {width}x{height}")


def next_frame(plan: Plan, state: State) -> int:
    """The first frame that is written after a state."""
    if plan.mode in _ALONE:
        return state.made
    if state.frame is None:
        return 0
    lags = not plan.settings.native and plan.cadence > 1
    return state.frame if lags else state.frame + 1


def frames_needed(plan: Plan, first: int) -> tuple[int, ...]:
    """The frames whose pictures `state_of_pictures` asks for."""
    return () if plan.mode in _ALONE else tuple(sorted({0, first - 1}))


def resumed(kept: Sequence[Kept], mark: Mark, plan: Plan, done: Collection[int] | None) -> State:
    """The state in which a run goes on that was stopped: the newest one of the same animation all
    of whose frames arrived, or that at the beginning.

    Args:
        kept: of the animation, the newest first.
        done: the frames that arrived; None: all that were made.
    """
    for one in kept:
        if one.mark != mark:
            continue
        if done is None or all(frame in done for frame in range(next_frame(plan, one.state))):
            return one.state
    return State()


def taken_up(kept: Sequence[Kept], mark: Mark, plan: Plan, first: int) -> State | None:
    """The state in which an animation goes on as if it had always been so, if it is known.

    Args:
        kept: of the job before, the newest first.
        mark, plan: of the animation that goes on.
        first: the frame that it draws first.
    """
    if plan.mode in _ALONE:
        return State(made=first)
    for one in kept:
        if one.mark == mark and next_frame(plan, one.state) <= first:
            return one.state
    for one in kept:
        state = one.state
        exactly = state.frame is not None and next_frame(plan, state) == first
        if one.mark.form == mark.form and exactly:
            return replace(state, made=bisect_right(plan.generated, state.frame or 0))
    return None


def state_of_pictures(plan: Plan, first: int, picture: Callable[[int], Levels]) -> State:
    """The state before a frame as far as the pictures before it tell.

    Args:
        picture: a frame's number -> (H, W, 3) at the size that is drawn.
    """
    last, native = picture(first - 1), plan.settings.native
    own = plan.value("color_coherence") in _OWN_COLOURS
    reference = None if own else picture(0)
    made = bisect_right(plan.generated, first - 1)
    if native:
        floats = None if reference is None else reference.astype(np.float32)
        return State(made, last.astype(np.float32), floats, frame=first - 1)
    state = State(made, last, reference, frame=plan.generated[made - 1])
    if plan.cadence == 1:
        return state
    held = Held(last, first - 1)
    return replace(state, previous=held, following=held)
