"""The motion of an animation without its drawing: a picture that moves as planned, in seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from webui.animation.stage import ALONE, Array, Given
from webui.timeline.frames import FramePlan

_CELLS = 8


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


def moving_card(width: int, height: int) -> Array:
    """A picture on which every motion shows: a board of fields, a cross and circles about the
    middle, and corners of four colours; (height, width, 3) whole levels."""
    image = Image.new("RGB", (width, height), (228, 224, 216))
    draw = ImageDraw.Draw(image)
    cell = max(min(width, height) // _CELLS, 4)
    for row, top in enumerate(range(0, height, cell)):
        for column, left in enumerate(range(0, width, cell)):
            if (row + column) % 2:
                draw.rectangle((left, top, left + cell - 1, top + cell - 1), (176, 182, 204))
    corner = cell * 3 // 2
    for x, y, colour in (
        (0, 0, (200, 62, 52)),
        (width - corner, 0, (52, 120, 70)),
        (0, height - corner, (58, 76, 184)),
        (width - corner, height - corner, (222, 160, 40)),
    ):
        draw.rectangle((x, y, x + corner - 1, y + corner - 1), colour)
    middle = width / 2, height / 2
    for radius in (cell, cell * 2, cell * 3):
        box = (*(at - radius for at in middle), *(at + radius for at in middle))
        draw.ellipse(box, outline=(40, 40, 48), width=max(cell // 10, 1))
    draw.line((middle[0], 0, middle[0], height), (40, 40, 48), max(cell // 12, 1))
    draw.line((0, middle[1], width, middle[1]), (40, 40, 48), max(cell // 12, 1))
    return np.asarray(image)
