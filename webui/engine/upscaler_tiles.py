"""A network over a picture of any size: tile by tile, as large as memory allows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from webui.core.errors import UserError
from webui.engine.latents import to_images, to_pixels
from webui.imaging.tiles import Tiling, blend_tiles, tiling
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
MOST_AT_ONCE = 64_000_000
"""Pixels of a picture that is enlarged further than asked for, and held whole."""
_CONTEXT = OVERLAP + 4
"""Rows beyond a band that are enlarged with it: for the network, and for Lanczos."""
_GRANULE = 32
"""Networks that look through windows need no padding then."""
_SHARE_OF_MEMORY = 0.5


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


def enlarged_to(
    network: UpscalerNetwork,
    image: Image.Image,
    width: int,
    height: int,
    check: Check,
    progress: Progress,
    most: int = MOST_AT_ONCE,
) -> Image.Image:
    """The RGB picture enlarged, then brought to a size by Lanczos, without holding it whole.

    Args:
        width, height: at least the picture's own, so that no more than some rows beyond a band
            count for it.
        most: pixels that are enlarged at a time, about.
    """
    bands = math.ceil(image.width * image.height * network.scale**2 / most)
    bands = min(bands, height, -(-image.height // SMALLEST_TILE))
    result = Image.new("RGB", (width, height))
    ratio = image.height / height
    for band in range(bands):
        top, bottom = (height * place // bands for place in (band, band + 1))
        first = max(int(top * ratio) - _CONTEXT, 0)
        last = min(math.ceil(bottom * ratio) + _CONTEXT, image.height)
        rows = enlarged(
            network,
            image.crop((0, first, image.width, last)),
            check,
            lambda done, total, before=band: progress(before * total + done, bands * total),
        )
        inside = [(place * ratio - first) * network.scale for place in (top, bottom)]
        box = (0, inside[0], rows.width, min(inside[1], rows.height))
        result.paste(rows.resize((width, bottom - top), Image.Resampling.LANCZOS, box), (0, top))
    return result


def tile_size(network: UpscalerNetwork) -> int:
    """Side in pixels of a tile that fits into a part of the memory that is free now."""
    pixels = free_memory(network.device) * _SHARE_OF_MEMORY / network.bytes_a_pixel
    side = int(math.sqrt(max(pixels, 0))) // _GRANULE * _GRANULE
    return max(min(side, LARGEST_TILES.get(network.device.type, LARGEST_TILE)), SMALLEST_TILE)


def _assembled(
    network: UpscalerNetwork, image: Image.Image, tile: int, check: Check, progress: Progress
) -> Image.Image:
    cut = tiling(*image.size, tile, tile, OVERLAP, margin=MARGIN)
    tiles = _tiles(network, image, cut, check, progress)
    return Image.fromarray(blend_tiles(cut.scaled(network.scale), tiles))


def _tiles(
    network: UpscalerNetwork, image: Image.Image, cut: Tiling, check: Check, progress: Progress
) -> Iterator[NDArray[np.uint8]]:
    """Each tile enlarged: (h, w, 3)."""
    boxes = cut.boxes()
    for number, box in enumerate(boxes):
        check()
        (result,) = to_images(network(to_pixels([image.crop(box)])))
        progress(number + 1, len(boxes))
        yield np.asarray(result)
