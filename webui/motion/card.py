"""A picture to try a motion on, where there is none of one's own."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from webui.motion.pictures import Levels

_CELLS = 8


def moving_card(width: int, height: int) -> Levels:
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
