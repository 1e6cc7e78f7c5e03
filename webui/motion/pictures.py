"""Pictures of an animation while it is worked on, and the way to and from files."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Picture = npt.NDArray[np.float32]
"""(H, W, channels): RGB levels 0…255 with all their fractions; a step may go a little beyond."""

Levels = npt.NDArray[np.uint8]
"""(H, W, channels) or (H, W): whole levels, as files and Deforum hold them."""

Field = npt.NDArray[np.floating]
"""(H, W): a number a pixel."""


def to_levels(picture: Picture) -> Levels:
    """Rounded to whole levels, once, at the end of all work."""
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)


def to_image(picture: Picture) -> Image.Image:
    """A working picture as an image of mode RGB, RGBA or L."""
    levels = to_levels(picture)
    return Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)
