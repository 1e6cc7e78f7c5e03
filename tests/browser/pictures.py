"""What can be told of a picture without knowing it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image


def decode(data: bytes) -> np.ndarray:
    """pixels: (height, width, 3), 0..255."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.float64)


def shows_something(pixels: np.ndarray) -> bool:
    """Neither one colour nor noise: large shapes differ, and neighbours are alike."""
    height, width, _ = pixels.shape
    blocks = pixels[: height // 8 * 8, : width // 8 * 8]
    blocks = blocks.reshape(8, height // 8, 8, width // 8, 3).mean(axis=(1, 3))
    shapes = blocks.std(axis=(0, 1)).max()
    neighbours = np.abs(np.diff(pixels, axis=1)).mean()
    return bool(shapes > 12 and neighbours < shapes / 2)


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference, 0..255."""
    return float(np.abs(a - b).mean())


def encode(picture: Image.Image, **how: Any) -> bytes:
    """A PNG file."""
    file = io.BytesIO()
    picture.save(file, "PNG", **how)
    return file.getvalue()


def scene(width: int = 96, height: int = 64, seed: int = 0) -> Image.Image:
    """A slope of colours with a little noise: no two pixels need be alike."""
    across, down = np.meshgrid(np.linspace(0, 200, width), np.linspace(30, 220, height))
    slopes = np.stack([across, down, 255 - down], axis=-1)
    noise = np.random.default_rng(seed).integers(0, 24, slopes.shape)
    return Image.fromarray((slopes + noise).astype(np.uint8))
