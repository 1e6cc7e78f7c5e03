"""What part of a picture is generated for a mask, and at what size: near the model's own."""

from __future__ import annotations

import math
from typing import NamedTuple

from webui.imaging.masks import Box, grown

Size = tuple[int, int]
"""Width and height in pixels."""

LIMIT = 2048
"""Pixels a side that a generation has at most."""
SMALLEST = 64
"""Pixels a side that a generation has at least."""
LEAST_CONTEXT = 2
"""The context has at least this part of the native size: what is shown is enlarged twice at most,
or the model sees nothing but a few blurred pixels around a tiny mask."""
MARGIN = 8
"""The context around a mask is at least its longer side divided by this."""
LONGEST = 2
"""The context's longer side is this many times its shorter one at most, where the picture is large
enough: models are not made for strips, as a line drawn through a picture would ask for."""
LEAST_AREA, MOST_AREA = 0.75, 1.5
"""Areas, relative to the native one, that are generated as they are, without resampling."""


class Region(NamedTuple):
    """Attributes:
    box: what is generated and pasted back, in the picture's own pixels.
    width, height: what it is generated at.
    """

    box: Box
    width: int
    height: int


def fitted_size(width: int, height: int, native: Size, limit: int = LIMIT, step: int = 8) -> Size:
    """The size to generate such a picture at: its ratio, the native area, multiples of `step`.

    No side is longer than `limit` nor shorter than 64: a picture of extreme ratio is squeezed.
    """
    area = native[0] * native[1]
    divides = width % step == 0 and height % step == 0
    fits = SMALLEST <= min(width, height) and max(width, height) <= limit
    if divides and fits and LEAST_AREA <= width * height / area <= MOST_AREA:
        return width, height
    scale = math.sqrt(area / (width * height))
    return _side(width * scale, limit, step), _side(height * scale, limit, step)


def _side(length: float, limit: int, step: int) -> int:
    return min(max(round(length / step) * step, SMALLEST), limit // step * step)


def whole(picture: Size, native: Size, limit: int = LIMIT, step: int = 8) -> Region:
    """The region that is the whole picture."""
    return Region((0, 0, *picture), *fitted_size(*picture, native, limit, step))


def around(
    mask_box: Box,
    picture: Size,
    native: Size,
    padding: int = 32,
    limit: int = LIMIT,
    step: int = 8,
) -> Region:
    """The region for a mask: what it covers with some context, inside the picture.

    Args:
        mask_box: what the mask covers, at least one pixel.
        picture: size of the picture.
        native: size that the model is made for.
        padding: pixels of context on each side at least, where the picture has them.
    """
    longer = max(mask_box[2] - mask_box[0], mask_box[3] - mask_box[1])
    padding = max(padding, longer // MARGIN)
    left, right = _padded(mask_box[0], mask_box[2], padding, picture[0])
    top, bottom = _padded(mask_box[1], mask_box[3], padding, picture[1])
    wanted_width = max((bottom - top) // LONGEST, native[0] // LEAST_CONTEXT)
    wanted_height = max((right - left) // LONGEST, native[1] // LEAST_CONTEXT)
    left, right = grown(left, right, max(wanted_width - (right - left), 0), picture[0])
    top, bottom = grown(top, bottom, max(wanted_height - (bottom - top), 0), picture[1])
    size = fitted_size(right - left, bottom - top, native, limit, step)
    return Region((left, top, right, bottom), *size)


def _padded(start: int, end: int, padding: int, limit: int) -> tuple[int, int]:
    return max(start - padding, 0), min(end + padding, limit)
