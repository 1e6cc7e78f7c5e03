"""What a render is given besides its plan, and the steps that both modes share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from webui.animation.material import Material
from webui.motion.depth import Depth
from webui.motion.flow import Flow
from webui.motion.judging import grain_of, unsharp_of
from webui.motion.moves import Motion, motion_of
from webui.motion.noise import Grain
from webui.motion.pictures import Levels
from webui.motion.sharpen import Unsharp
from webui.timeline.frames import FramePlan, begins_with_picture
from webui.timeline.plan import Plan

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Frame:
    """A finished frame.

    Attributes:
        number: from 0.
        levels: (H, W, 3) RGB.
        drawn: what the recipe told of it; None for a frame that is filled in.
    """

    number: int
    levels: Levels
    drawn: Any = None


@dataclass(frozen=True)
class Given:
    """What a frame is drawn with besides the picture that it begins with.

    Attributes:
        mask: mode L at the picture's size, white where it may change; None for everywhere.
        colours: (H, W, 3) the picture whose colours the drawing is brought to; None for its own.
    """

    mask: Image.Image | None = None
    colours: Levels | None = None


ALONE = Given()
"""Nothing else."""


class Paint(Protocol):
    """Draws one frame."""

    def __call__(
        self, frame: FramePlan, picture: Array | None, given: Given = ALONE, /
    ) -> tuple[Array, Any]:
        """The picture drawn, and what is told of it.

        Args:
            picture: (H, W, 3) what it begins with; None for the prompt alone.

        Returns:
            (H, W, 3) whole levels; data for the frame's parameters.
        """
        ...


def _no_words(words: str, levels: Levels) -> None:
    return None


def _no_flow(first: Levels, second: Levels) -> None:
    return None


def _unseen(frame: int, depth: Depth) -> None:
    return None


def _no_depth(picture: Array) -> Depth | None:
    return None


@dataclass(frozen=True)
class Stage:
    """What a render is given.

    Attributes:
        plan: without errors.
        paint: draws.
        size: width and height of what is drawn.
        scale: that size relative to the plan's.
        depth: how far each pixel of a picture is; None for a plane.
        first: the picture that the animation begins with, where the settings say that it does.
        material: the pictures and clips that it is made after.
        words: (words, levels of a picture) -> where they are seen, mode L; None if nobody can.
        flow: two pictures' levels -> the flow from one to the other by a network; None if there is
            none.
        seen: told how far each pixel of a frame is, once it is known.
        folder: for files of frames that wait; None: where the system has its temporary files.
    """

    plan: Plan
    paint: Paint
    size: tuple[int, int]
    scale: float = 1.0
    depth: Callable[[Array], Depth | None] = _no_depth
    first: Callable[[], Image.Image] | None = None
    material: Material = Material()
    words: Callable[[str, Levels], Image.Image | None] = _no_words
    flow: Callable[[Levels, Levels], Flow | None] = _no_flow
    seen: Callable[[int, Depth], None] = _unseen
    folder: Path | None = None

    def at(self, schedule: str, frame: int) -> float:
        """A schedule's number at a frame."""
        return float(self.plan.series[schedule][frame])

    def motion(self, frame: int) -> Motion:
        """The motion of a frame at the size that is drawn."""
        motion = motion_of(self.plan, frame)
        return motion if self.scale == 1 else motion.scaled(self.scale)

    def depth_of(self, picture: Array, frame: int) -> Depth | None:
        """How far each pixel of a frame is, where the animation makes use of it: as was sent for
        that frame, or as a network sees the picture."""
        if self.plan.mode != "3D" or not self.plan.value("use_depth_warping"):
            return None
        sent = self.material.depth
        found = self.depth(picture) if sent is None else sent(frame)
        if found is not None:
            self.seen(frame, found)
        return found

    def beginning(self) -> Array | None:
        """The first picture, (H, W, 3) levels at the size that is drawn; None for none."""
        if self.first is None or not begins_with_picture(self.plan):
            return None
        picture = self.first().convert("RGB").resize(self.size, Image.Resampling.LANCZOS)
        return np.asarray(picture)

    def unsharp(self, frame: int) -> Unsharp:
        """The anti-blur of a frame."""
        return unsharp_of(self.plan, frame)

    @property
    def grain(self) -> Grain:
        """How noise is spread."""
        return grain_of(self.plan)
