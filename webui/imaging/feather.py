"""Overlapping tiles whose shares fade into each other, and add up to 1 everywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Axis:
    """Tiles along one side of a picture, evenly spread.

    Attributes:
        length: of the side.
        tile: of each tile; no longer than the side.
        overlap: what neighbours share at least; less than the tile.
        margin: how much of a tile's inner edge counts for nothing (networks are wrong there); less
            than half of the overlap. The shares fade over what is left of it.
    """

    length: int
    tile: int
    overlap: int
    margin: int = 0

    @classmethod
    def along(cls, length: int, tile: int, overlap: int, margin: int = 0) -> Axis:
        """The axis with what does not fit made smaller, as far as it must be."""
        tile = min(tile, length)
        overlap = max(min(overlap, tile - 1), 0)
        return cls(length, tile, overlap, max(min(margin, (overlap - 1) // 2), 0))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where the tiles begin."""
        room = self.length - self.tile
        steps = math.ceil(room / (self.tile - self.overlap))
        return tuple(room * index // max(steps, 1) for index in range(steps + 1))

    @cached_property
    def shares(self) -> tuple[NDArray[np.float32], ...]:
        """Of each tile (tile,): how much each of its places counts, 0..1."""
        raw = [self._fading(start) for start in self.starts]
        total = np.zeros(self.length, np.float32)
        for start, share in zip(self.starts, raw, strict=True):
            total[start : start + self.tile] += share
        return tuple(
            share / total[start : start + self.tile]
            for start, share in zip(self.starts, raw, strict=True)
        )

    def _fading(self, start: int) -> NDArray[np.float32]:
        """1 inside, down to 0 at each end that is not the picture's own."""
        if not self.overlap:
            return np.ones(self.tile, np.float32)
        place = np.arange(self.tile, dtype=np.float32) + 0.5
        rising = np.clip((place - self.margin) / (self.overlap - 2 * self.margin), 0, 1)
        share = np.ones(self.tile, np.float32)
        if start > 0:
            share *= rising
        if start + self.tile < self.length:
            share *= rising[::-1]
        return share
