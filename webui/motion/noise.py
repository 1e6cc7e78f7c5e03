"""Noise mixed into a picture before it is drawn over: Deforum's to the number, and ours.

Deforum draws from PyTorch's generator on the CPU, which is the Mersenne twister (Matsumoto and
Nishimura 1998) with the method of Box and Muller for normal numbers, eight pairs at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from webui.core.errors import UserError
from webui.motion.pictures import Field, Levels, Picture

NoiseKind = Literal["uniform", "perlin"]
"""White noise, or white noise that Perlin's makes stronger here and weaker there."""

BLOCK = 64
"""Deforum draws noise at multiples of this."""
STRENGTHS: Mapping[NoiseKind, float] = {"uniform": 0.72, "perlin": 0.48}
"""The spread of Deforum's noise after it is cut to -1…1, measured."""
_PAIRS = 8
_SEEDS = 2**64
_STRONGEST = 7
_Single = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Grain:
    """How noise is spread, under Deforum's names.

    Attributes:
        noise_type: see `NoiseKind`.
        perlin_w: cells along the height (as built), 1 at least.
        perlin_h: cells along the width.
        perlin_octaves: how many layers, each of twice the cells.
        perlin_persistence: the share of a layer beside the one before.

    Raises:
        UserError: a value cannot be used; its field names the parameter.
    """

    noise_type: NoiseKind = "perlin"
    perlin_w: float = 8
    perlin_h: float = 8
    perlin_octaves: int = 4
    perlin_persistence: float = 0.5

    def __post_init__(self) -> None:
        for name, wanted, fits in (
            ("perlin_w", ">= 1", self.perlin_w >= 1),
            ("perlin_h", ">= 1", self.perlin_h >= 1),
            ("perlin_octaves", f"1…{_STRONGEST}", 1 <= self.perlin_octaves <= _STRONGEST),
            ("perlin_persistence", "0…1", 0 <= self.perlin_persistence <= 1),
        ):
            if not fits:
                value = f"{getattr(self, name):.6g}"
                raise UserError("motion_bounds", name, parameter=name, value=value, wanted=wanted)

    def cells(self, octave: int) -> tuple[int, int]:
        """Rows and columns of cells in an octave."""
        return int(self.perlin_w) << octave, int(self.perlin_h) << octave


def deforum_noised(
    levels: Levels, amount: float, seed: int, grain: Grain, mask: Field | None = None
) -> Levels:
    """Deforum's noise in a picture: `(1 - amount) * picture + amount * noise`, which greys it.

    Args:
        levels: (H, W, 3) RGB; the noise's first channel goes to the first of these.
        amount: 0…1.
        mask: (H, W) in 0…1; there is noise where it is 0.5 or more, grey elsewhere.

    Raises:
        UserError: the size is one that Deforum cannot make this noise for.
    """
    height, width = levels.shape[:2]
    noise = deforum_noise(height, width, seed, grain)
    if mask is not None:
        noise = noise * np.rint(mask).astype(np.float32)
    scaled = np.clip(noise * np.float32(0.5) + np.float32(0.5), 0, 1) * np.float32(255)
    grey = np.moveaxis(scaled, 0, -1).astype(np.uint8)
    mixed = cv2.addWeighted(levels, 1 - amount, grey, amount, 0)
    return np.asarray(mixed, np.uint8)


def deforum_noise(height: int, width: int, seed: int, grain: Grain) -> _Single:
    """The noise itself, (3, H, W), about 0.

    Raises:
        UserError: the size is one that Deforum cannot make this noise for.
    """
    rows, columns = height - height % BLOCK, width - width % BLOCK
    check_size(height, width, grain)
    numbers = _Twister(seed)
    noise = numbers.normal(3 * rows * columns).reshape(3, rows, columns)
    if grain.noise_type == "perlin":
        noise = noise * ((_deforum_perlin(rows, columns, grain, numbers) + 1) / np.float32(2))
    nearest = np.ix_(np.arange(3), _nearest(height, rows), _nearest(width, columns))
    return noise[nearest].astype(np.float32, copy=False)


def _nearest(size: int, source: int) -> npt.NDArray[np.int64]:
    return np.arange(size) * source // size


def check_size(height: int, width: int, grain: Grain) -> None:
    """Whether Deforum can make this noise, which stops with an error of its libraries else.

    Raises:
        UserError: it cannot at this size.
    """
    blocks = height >= BLOCK and width >= BLOCK
    if grain.noise_type == "uniform":
        fits = blocks and not height % BLOCK and not width % BLOCK
    else:
        down, across = grain.cells(grain.perlin_octaves - 1)
        sides = height - height % BLOCK, width - width % BLOCK
        fits = blocks and not sides[0] % down and not sides[1] % across
    if not fits:
        raise UserError("noise_size", "noise_type", width=width, height=height)


class _Twister:
    """PyTorch's stream of numbers on the CPU."""

    def __init__(self, seed: int) -> None:
        self._state = np.random.RandomState(seed % 2**32)

    def uniform(self, count: int) -> _Single:
        """Numbers from 0 to 1."""
        whole = self._state.randint(0, 2**32, count, dtype=np.uint32) & 0xFF_FFFF
        return whole.astype(np.float32) * np.float32(2**-24)

    def normal(self, count: int) -> _Single:
        """Normal numbers; the count is a multiple of 16."""
        pairs = self.uniform(count).reshape(-1, 2, _PAIRS)
        radius = np.sqrt(np.float32(-2) * np.log(np.float32(1) - pairs[:, 0]))
        angle = np.float32(2 * np.pi) * pairs[:, 1]
        both = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return both.ravel()


def _deforum_perlin(rows: int, columns: int, grain: Grain, numbers: _Twister) -> _Single:
    """The octaves added up, (rows, columns)."""
    made = np.zeros((rows, columns), np.float32)
    for octave in range(grain.perlin_octaves):
        down, across = grain.cells(octave)
        turns = numbers.uniform((down + 1) * (across + 1)).reshape(down + 1, across + 1)
        y = np.arange(rows, dtype=np.float32) * np.float32(down / rows)
        x = np.arange(columns, dtype=np.float32) * np.float32(across / columns)
        share = np.float32(grain.perlin_persistence**octave)
        made = made + share * gradient_noise(y, x, turns)
    return made


def gradient_noise(y: npt.NDArray[Any], x: npt.NDArray[Any], turns: npt.NDArray[Any]) -> Any:
    """Perlin's noise (2002) at places between the corners of cells, (rows, columns), -1 to 1.

    Args:
        y, x: (rows,) and (columns,), in cells.
        turns: (cells down + 1, cells across + 1): the directions of the corners' gradients, parts
            of a full turn.
    """
    angles = turns * turns.dtype.type(2 * np.pi)
    slopes = np.cos(angles), np.sin(angles)
    row, column = (np.floor(place).astype(np.int64) for place in (y, x))
    fy, fx = (y - row)[:, None], (x - column)[None, :]

    def corner(down: int, across: int) -> Any:
        at = np.ix_(row + down, column + across)
        return slopes[0][at] * (fy - down) + slopes[1][at] * (fx - across)

    ty, tx = _fade(fy), _fade(fx)
    left = _between(corner(0, 0), corner(1, 0), ty)
    right = _between(corner(0, 1), corner(1, 1), ty)
    return turns.dtype.type(np.sqrt(2)) * _between(left, right, tx)


def _fade(t: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return 6 * t**5 - 15 * t**4 + 10 * t**3


def _between(first: Any, second: Any, share: Any) -> Any:
    return first + share * (second - first)


def noised(
    picture: Picture, amount: float, seed: int, grain: Grain, mask: Field | None = None
) -> Picture:
    """Noise in a picture whose channels keep their means and variances: it neither greys nor fades.

    Noise of Deforum's strength is added, then both are drawn together about the mean until the
    variance is what it was. So a flat picture stays flat.

    Args:
        picture: (H, W, C) of any size.
        amount: 0…1.
        seed: any whole number; the same one gives the same noise.
        mask: (H, W) in 0…1, how much of the noise is taken; where it is 0 no pixel changes.
    """
    height, width, channels = picture.shape
    share = np.ones((height, width)) if mask is None else np.clip(mask, 0, 1, dtype=np.float64)
    if not amount or not share.any():
        return picture.copy()

    def mean(levels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.average(levels, axis=(0, 1), weights=share)

    apart = picture - mean(picture.astype(np.float64))
    strength = amount * STRENGTHS[grain.noise_type] * 127.5
    grown = apart + strength * native_noise(height, width, channels, seed, grain)
    grown -= mean(grown)
    before, after = mean(apart**2), mean(grown**2)
    factor = np.sqrt(np.divide(before, after, out=np.zeros_like(after), where=after > 0))
    return (picture + share[..., None] * (factor * grown - apart)).astype(np.float32)


def native_noise(
    height: int, width: int, channels: int, seed: int, grain: Grain
) -> npt.NDArray[np.float64]:
    """Noise of mean 0 and variance 1 at any size, (H, W, C)."""
    numbers = np.random.default_rng(seed % _SEEDS)
    noise = numbers.standard_normal((height, width, channels))
    if grain.noise_type == "uniform":
        return noise
    strong = np.zeros((height, width))
    for octave in range(grain.perlin_octaves):
        down, across = grain.cells(octave)
        turns = numbers.random((down + 1, across + 1))
        y = (np.arange(height) + 0.5) * down / height
        x = (np.arange(width) + 0.5) * across / width
        strong += grain.perlin_persistence**octave * gradient_noise(y, x, turns)
    strong = (strong + 1) / 2
    return noise * (strong / np.sqrt(np.mean(strong**2)))[..., None]
