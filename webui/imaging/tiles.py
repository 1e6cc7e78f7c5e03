"""Pictures cut into overlapping tiles and put together again."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from webui.imaging.masks import Box


@dataclass(frozen=True)
class Grid:
    """Tiles of one picture, row by row, as A1111's SD upscale cuts it.

    Attributes:
        overlap: pixels that neighbours share at least.
        rows: of each row its top, and of each tile of it the left side and the tile.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    overlap: int
    rows: tuple[tuple[int, tuple[tuple[int, Image.Image], ...]], ...]

    def with_tiles(self, tiles: Iterable[Image.Image]) -> Grid:
        """The same grid with other tiles, in reading order."""
        following = iter(tiles)
        rows = tuple(
            (top, tuple((left, next(following)) for left, _ in row)) for top, row in self.rows
        )
        return Grid(self.width, self.height, self.tile_width, self.tile_height, self.overlap, rows)


def split_grid(image: Image.Image, tile_width: int, tile_height: int, overlap: int) -> Grid:
    """The picture cut into tiles of one size, as A1111 cuts it.

    A picture smaller than a tile gets a black border above and on the left.

    Args:
        overlap: pixels, less than the tile's sides.
    """
    lefts = _starts(image.width, tile_width, overlap)
    tops = _starts(image.height, tile_height, overlap)
    rows = tuple(
        (
            top,
            tuple(
                (left, image.crop((left, top, left + tile_width, top + tile_height)))
                for left in lefts
            ),
        )
        for top in tops
    )
    return Grid(image.width, image.height, tile_width, tile_height, overlap, rows)


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    count = max(math.ceil((length - overlap) / (tile - overlap)), 1)
    if count == 1:
        return [min(length - tile, 0)]
    step = (length - tile) / (count - 1)
    return [min(int(index * step), length - tile) for index in range(count)]


def combine_grid(grid: Grid) -> Image.Image:
    """The tiles put together as RGB, cross-faded over the overlap, as A1111 does it."""
    fade = np.arange(grid.overlap, dtype=np.float32) * 255 / max(grid.overlap, 1)
    across = Image.fromarray(np.tile(fade.astype(np.uint8), (grid.tile_height, 1)))
    down = Image.fromarray(np.tile(fade.astype(np.uint8)[:, None], (1, grid.width)))
    combined = Image.new("RGB", (grid.width, grid.height))
    for top, row in grid.rows:
        strip = Image.new("RGB", (grid.width, grid.tile_height))
        for left, tile in row:
            if left <= 0:
                strip.paste(tile, (left, 0))
            else:
                _fade_in(strip, tile, across, (left, 0), (grid.overlap, 0))
        if top <= 0:
            combined.paste(strip, (0, top))
        else:
            _fade_in(combined, strip, down, (0, top), (0, grid.overlap))
    return combined


def _fade_in(
    onto: Image.Image,
    image: Image.Image,
    mask: Image.Image,
    place: tuple[int, int],
    overlap: tuple[int, int],
) -> None:
    """Paste with the first `overlap` columns or rows mixed by the mask."""
    width, height = image.size
    if any(overlap):
        edge = image.crop((0, 0, overlap[0] or width, overlap[1] or height))
        onto.paste(edge, place, mask)
    rest = image.crop((*overlap, width, height))
    onto.paste(rest, (place[0] + overlap[0], place[1] + overlap[1]))


Level = TypeVar("Level", np.uint8, np.float32)

Span = tuple[int, int]
"""Start and end (outside) along one axis."""


@dataclass(frozen=True)
class Tiling:
    """Overlapping tiles that cover an array of any size; tiles are in reading order.

    Attributes:
        columns, rows: the spans of the tiles along each axis.
        margin: how much of a tile's inner edge counts for nothing (less than half of what it
            shares there): networks take it for the edge of the picture.
    """

    columns: tuple[Span, ...]
    rows: tuple[Span, ...]
    margin: int = 0

    @property
    def width(self) -> int:
        return self.columns[-1][1]

    @property
    def height(self) -> int:
        return self.rows[-1][1]

    def boxes(self) -> list[Box]:
        """left, top, right, bottom of each tile."""
        return [
            (left, top, right, bottom) for top, bottom in self.rows for left, right in self.columns
        ]

    def weights(self) -> list[NDArray[np.float32]]:
        """The feathered weight (h, w) of each tile; at every place all of them add up to 1."""
        across, down = self.feathers()
        return [row[:, None] * column for row in down for column in across]

    def feathers(self) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """The weights along each axis, of every column and of every row."""
        return _feathers(self.columns, self.margin), _feathers(self.rows, self.margin)

    def scaled(self, factor: int) -> Tiling:
        """The same tiles of an array enlarged so many times."""
        return Tiling(
            tuple((start * factor, end * factor) for start, end in self.columns),
            tuple((start * factor, end * factor) for start, end in self.rows),
            self.margin * factor,
        )


def tiling(
    width: int,
    height: int,
    tile_width: int,
    tile_height: int,
    overlap: int,
    step: int = 1,
    margin: int = 0,
) -> Tiling:
    """Tiles of one size; only what is smaller than a tile gets a smaller one.

    Args:
        overlap: what neighbours share at least; cut to half a tile.
        step: all tiles but the last of an axis start at its multiples, where tiles are that large.
    """
    return Tiling(
        _spans(width, tile_width, overlap, step),
        _spans(height, tile_height, overlap, step),
        margin,
    )


def _spans(length: int, tile: int, overlap: int, step: int) -> tuple[Span, ...]:
    if length <= tile:
        return ((0, length),)
    most = tile - min(overlap, tile // 2)
    step = step if step <= most else 1
    count = math.ceil((length - tile) / (most // step * step)) + 1
    evenly = range(0, (length - tile) * (count - 1), length - tile)
    starts = [min(-(-start // ((count - 1) * step)) * step, length - tile) for start in evenly]
    return tuple((start, start + tile) for start in (*starts, length - tile))


def _feathers(spans: tuple[Span, ...], margin: int) -> list[NDArray[np.float32]]:
    """Weights along one axis: ramps over what a span shares with its neighbours, summing to 1."""
    total = np.zeros(spans[-1][1])
    ramps: list[NDArray[np.float64]] = []
    for index, (start, end) in enumerate(spans):
        ramp = np.ones(end - start)
        if index:
            shared = spans[index - 1][1] - start
            ramp[:shared] = _ramp(shared, margin)
        if index + 1 < len(spans):
            shared = end - spans[index + 1][0]
            ramp[len(ramp) - shared :] *= _ramp(shared, margin)[::-1]
        total[start:end] += ramp
        ramps.append(ramp)
    return [
        (ramp / total[start:end]).astype(np.float32)
        for ramp, (start, end) in zip(ramps, spans, strict=True)
    ]


def _ramp(length: int, margin: int) -> NDArray[np.float64]:
    margin = max(min(margin, (length - 1) // 2), 0)
    return np.clip((np.arange(length) + 0.5 - margin) / max(length - 2 * margin, 1), 0, 1)


def blend_tiles(tiling: Tiling, tiles: Iterable[NDArray[Level]]) -> NDArray[Level]:
    """One array (H, W, C) of the tiles (h, w, C), which are taken one by one, in reading order.

    Levels (8 bit) are rounded. Besides the result only one row of tiles is held as float32.
    """
    following = iter(tiles)
    across, down = tiling.feathers()
    result: NDArray[Level] | None = None
    strip = np.zeros((0, 0, 0), np.float32)
    for index, (top, bottom) in enumerate(tiling.rows):
        for (left, right), column in zip(tiling.columns, across, strict=True):
            tile = next(following)
            if result is None:
                result = np.zeros((tiling.height, tiling.width, tile.shape[2]), tile.dtype)
            if len(strip) < bottom - top:
                strip = _longer(strip, bottom - top, result.shape[1:])
            strip[:, left:right] += tile * (down[index][:, None] * column)[..., None]
        assert result is not None
        ready = tiling.rows[index + 1][0] if index + 1 < len(tiling.rows) else bottom
        done = strip[: ready - top]
        whole = np.issubdtype(result.dtype, np.integer)
        result[top:ready] = np.rint(done) if whole else done
        strip = strip[ready - top :]
    assert result is not None
    return result


def _longer(strip: NDArray[np.float32], length: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    longer = np.zeros((length, *shape), np.float32)
    if len(strip):
        longer[: len(strip)] = strip
    return longer
