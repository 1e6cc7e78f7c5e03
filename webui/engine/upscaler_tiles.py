"""A network over a picture of any size: tile by tile, as large as memory allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from webui.core.errors import UserError
from webui.imaging.feather import Axis
from webui.models.devices import free_memory, out_of_memory, return_memory
from webui.models.upscalers import UpscalerNetwork

Check = Callable[[], None]
Progress = Callable[[int, int], None]
"""Told how many tiles are done, and how many there are."""

OVERLAP, MARGIN = 32, 8
"""Pixels that tiles share, and of these what is dropped at each tile's edge: the network sees
the edge of a tile as the edge of the picture."""
SMALLEST_TILE = 64
LARGEST_TILES = {"cpu": 256}
LARGEST_TILE = 512
"""Larger ones are not faster any more."""
_GRANULE = 32
"""Networks that look through windows need no padding then."""
_SHARE_OF_MEMORY = 0.5

Rows = NDArray[np.uint8]
"""(height, width, 3)."""


def enlarged(
    network: UpscalerNetwork,
    image: Image.Image,
    check: Check,
    progress: Progress,
    tile: int | None = None,
) -> Image.Image:
    """The RGB picture, `network.scale` times as large.

    Args:
        check: called before each tile; may raise to stop.
        tile: side in pixels to begin with; None: what fits into the free memory. It is halved
            each time that memory does not suffice.

    Raises:
        UserError: there is not memory enough for the smallest tile.
    """
    tile = tile or tile_size(network)
    while True:
        try:
            return _assembled(network, image, tile, check, progress)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            if min(tile, max(image.size)) <= SMALLEST_TILE:
                file = network.name
                raise UserError("upscaler_memory", "upscaler", file=file) from error
        return_memory(network.device)
        tile = max(min(tile, max(image.size)) // 2, SMALLEST_TILE)


def tile_size(network: UpscalerNetwork) -> int:
    """Side in pixels of a tile that fits into a part of the memory that is free now."""
    pixels = free_memory(network.device) * _SHARE_OF_MEMORY / network.bytes_a_pixel
    side = int(math.sqrt(max(pixels, 0))) // _GRANULE * _GRANULE
    return max(min(side, LARGEST_TILES.get(network.device.type, LARGEST_TILE)), SMALLEST_TILE)


def _assembled(
    network: UpscalerNetwork, image: Image.Image, tile: int, check: Check, progress: Progress
) -> Image.Image:
    scale = network.scale
    result = np.empty((image.height * scale, image.width * scale, 3), np.uint8)
    top = 0
    for rows in _bands(network, image, tile, check, progress):
        result[top : top + len(rows)] = rows
        top += len(rows)
    return Image.fromarray(result)


def _bands(
    network: UpscalerNetwork, image: Image.Image, tile: int, check: Check, progress: Progress
) -> Iterator[Rows]:
    """The rows of the result as they become final, from the top: one band a row of tiles.

    Only one row of tiles is held in full precision.
    """
    across = Axis.along(image.width, tile, OVERLAP, MARGIN)
    down = Axis.along(image.height, tile, OVERLAP, MARGIN)
    scale, done = network.scale, 0
    total = len(across.starts) * len(down.starts)
    unfinished = np.zeros((0, image.width * scale, 3), np.float32)
    for place, (top, share_down) in enumerate(zip(down.starts, down.shares, strict=True)):
        band = np.zeros((down.tile * scale, image.width * scale, 3), np.float32)
        band[: len(unfinished)] = unfinished
        for left, share_across in zip(across.starts, across.shares, strict=True):
            check()
            box = (left, top, left + across.tile, top + down.tile)
            pixels = _to_array(network(_to_tensor(image.crop(box))))
            shares = np.outer(share_down.repeat(scale), share_across.repeat(scale))
            columns = slice(left * scale, (left + across.tile) * scale)
            band[:, columns] += pixels * shares[..., None]
            done += 1
            progress(done, total)
        last = place + 1 == len(down.starts)
        final = len(band) if last else (down.starts[place + 1] - top) * scale
        yield (band[:final] * 255).round().clip(0, 255).astype(np.uint8)
        unfinished = band[final:]


def _to_tensor(image: Image.Image) -> Tensor:
    """An RGB picture as (1, 3, h, w) in 0..1."""
    pixels = torch.from_numpy(np.array(image)).float().div(255)
    return pixels.permute(2, 0, 1)[None]


def _to_array(pixels: Tensor) -> NDArray[np.float32]:
    """(1, 3, h, w) to (h, w, 3)."""
    return pixels[0].permute(1, 2, 0).numpy()
