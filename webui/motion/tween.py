"""The frames between two generated ones.

Deforum moves the last two generated pictures on, frame by frame, and fades from one to the other;
so what it writes lags behind what it has generated. Ours fades from the picture moved on to the
next one moved back, so that a generated frame is seen as it was generated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from webui.motion.flow import Flow, deforum_absolute, deforum_relative, moved_by
from webui.motion.pictures import Picture
from webui.motion.spool import Spool

Frame = npt.NDArray[Any]
"""(H, W, C): whole levels, or with fractions."""
Move = Callable[[Frame, int], Frame]
"""A picture and a frame's number -> the picture after that frame's motion."""


@dataclass(frozen=True)
class Held:
    """A picture and the frame whose motion it has had last."""

    picture: Frame
    frame: int

    def moved(self, move: Move, frame: int) -> Held:
        """After the motion of a later frame; as it is if it has had that already."""
        return Held(move(self.picture, frame), frame) if frame > self.frame else self


@dataclass(frozen=True)
class Fade:
    """Deforum's state between two generated frames.

    Attributes:
        previous: the older picture, None at the start.
        following: the newer one.
        first: number of the first frame that is faded here.
        cadence: how many.
        flow: from the older picture to the newer one, halved; None for no flow.
        factor: of the flow.
    """

    previous: Held | None
    following: Held
    first: int
    cadence: int
    flow: Flow | None = None
    factor: float = 1

    def step(self, frame: int, move: Move, move_flow: Move | None = None) -> tuple[Fade, Frame]:
        """The state after a frame, and that frame.

        Args:
            frame: the next one, from `first` on.
            move: all that moves a picture on to a frame, hybrid motion included.
            move_flow: moves the flow on to a frame, in 2D and 3D like a picture of two channels.
        """
        share = (frame - self.first + 1) / self.cadence
        flow, step = self.flow, None
        if flow is not None:
            flow = deforum_relative(flow)
            flow = flow if move_flow is None else move_flow(flow, frame).astype(np.float32)
            step = deforum_absolute(flow) * np.float32(share)
        held = [one and self._advanced(one, frame, move, step) for one in self._both]
        previous, following = held
        assert following is not None
        after = replace(self, previous=previous, following=following, flow=flow)
        return after, _faded(previous, following, share)

    @property
    def _both(self) -> tuple[Held | None, Held]:
        return self.previous, self.following

    def _advanced(self, held: Held, frame: int, move: Move, flow: Flow | None) -> Held:
        after = held.moved(move, frame)
        if flow is None or after is held:
            return after
        return Held(moved_by(after.picture, flow, self.factor), frame)


def _faded(previous: Held | None, following: Held, share: float) -> Frame:
    if previous is None or share >= 1:
        return following.picture
    return previous.picture * (1 - share) + following.picture * share


def tweens(
    before: Picture,
    after: Picture,
    first: int,
    last: int,
    onward: Move,
    back: Move,
    flow_of: Callable[[Picture, Picture], Flow] | None = None,
    factor: float = 1,
    folder: Path | None = None,
) -> Iterator[Picture]:
    """Our frames between two generated ones, in their order, without those two.

    However many there are, only some are held in memory.

    Args:
        before, after: the generated pictures, (H, W, C).
        first, last: their frames.
        onward: see `Move`.
        back: a picture and a frame -> the picture before that frame's motion.
        flow_of: the flow from the older picture, moved on to the newer one's frame, to the newer
            one. Both pictures are moved along it, by its true length; None for fading alone.
        factor: of the flow.
        folder: for files of those that are not held in memory.
    """
    if last - first < 2:
        return
    with Spool(folder) as ahead, Spool(folder) as behind, Spool(folder) as flows:
        picture = before
        for frame in range(first + 1, last if flow_of is None else last + 1):
            picture = onward(picture, frame)
            ahead.append(picture)
        flow = None if flow_of is None else flow_of(picture, after)
        picture = after
        for frame in range(last, first + 1, -1):
            picture = back(picture, frame)
            behind.append(picture)
            if flow is not None:
                flow = back(flow, frame)
                flows.append(flow)
        for number in range(1, last - first):
            share, place = number / (last - first), last - first - 1 - number
            older, newer = ahead[number - 1], behind[place]
            if flow is not None:
                there = flows[place]
                older = moved_by(older, there, factor * share, "bicubic")
                newer = moved_by(newer, there, -factor * (1 - share), "bicubic")
            yield np.asarray(older + np.float32(share) * (newer - older), np.float32)
