"""The motion of an animation at a glance: a small picture moved frame by frame, on one sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from webui.motion.depth import Depth
from webui.motion.moves import motion_of, moved
from webui.motion.pictures import Levels, to_levels
from webui.timeline.plan import Plan

Array = npt.NDArray[Any]

MOST_FRAMES = 1500
"""That are moved; so many take a few seconds."""
MOST_TILES = 240

DepthAt = Callable[[int], Depth | None]
"""How far each pixel is at a frame, as a depth picture says it; None for a plane."""


def no_depth(frame: int) -> Depth | None:
    """A plane."""
    return None


@dataclass(frozen=True)
class Sheet:
    """Small pictures side by side, row by row.

    Attributes:
        at: the frames that they show.
        columns: pictures in a row.
        width, height: of one picture.
        image: all of them.
    """

    at: tuple[int, ...]
    columns: int
    width: int
    height: int
    image: Image.Image


def motion_sheet(plan: Plan, first: Levels, depth: DepthAt = no_depth) -> Sheet:
    """The frames that the camera makes of a picture, evenly over the animation's beginning.

    Args:
        plan: without errors.
        first: (H, W, 3) of the animation's shape, of any size.
        depth: how far each pixel is at a frame.

    Raises:
        UserError: the animation's mode moves nothing, or a value cannot be used.
    """
    places = places_of(plan.frames)
    wanted = set(places)
    tiles = [levels for frame, levels in enumerate(_moving(plan, first, depth)) if frame in wanted]
    return laid_out(places, tiles)


def places_of(frames: int) -> list[int]:
    """The frames that a sheet shows."""
    last = min(frames, MOST_FRAMES) - 1
    return np.linspace(0, last, min(last + 1, MOST_TILES)).round().astype(int).tolist()


def _moving(plan: Plan, first: Levels, depth: DepthAt) -> Iterator[Levels]:
    """Each frame is the one before after its motion; ours keep their fractions to the end."""
    scale = first.shape[1] / plan.size[0]
    picture: Array = first.astype(np.float32) if plan.settings.native else first
    yield first
    for frame in range(1, min(plan.frames, MOST_FRAMES)):
        motion = motion_of(plan, frame).by_depth_picture().scaled(scale)
        picture = moved(picture, motion, depth(frame))
        yield to_levels(picture.astype(np.float32))


def laid_out(places: Sequence[int], tiles: Sequence[Levels]) -> Sheet:
    """Small pictures of one size on a sheet; `places` are their frames."""
    height, width = tiles[0].shape[:2]
    columns = math.ceil(math.sqrt(len(tiles)))
    rows = math.ceil(len(tiles) / columns)
    image = Image.new("RGB", (columns * width, rows * height))
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        image.paste(Image.fromarray(tile), (column * width, row * height))
    return Sheet(tuple(places), columns, width, height, image)
