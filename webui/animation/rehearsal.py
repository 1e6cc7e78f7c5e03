"""The motion of an animation without its drawing: a picture that moves as planned, in seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webui.animation.stage import ALONE, Array, Given
from webui.motion.card import moving_card
from webui.timeline.frames import FramePlan


class Mover:
    """Draws nothing: each frame is what the motion made of the one before."""

    def __init__(self, size: tuple[int, int], begun: Callable[[int], None]) -> None:
        """size: width and height. begun: told the number of each frame."""
        self._size = size
        self._begun = begun

    def __call__(
        self, frame: FramePlan, picture: Array | None, given: Given = ALONE, /
    ) -> tuple[Array, Any]:
        """See `stage.Paint`."""
        self._begun(frame.frame)
        return (moving_card(*self._size) if picture is None else picture), None
