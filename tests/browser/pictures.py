"""What can be told of a picture without knowing it."""

from __future__ import annotations

import io

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
