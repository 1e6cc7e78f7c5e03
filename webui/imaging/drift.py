"""Broad colours of a picture that was drawn over, brought back to those it was drawn from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

REDUCED = 8
"""Broad colours are worked out on a picture so many times smaller."""
_ROWS = 512


def without_drift(image: Image.Image, source: Image.Image, radius: float = 32) -> Image.Image:
    """The RGB picture with its own fine detail over the source's broad colours.

    What is kept of each is told apart by a Gaussian blur, as StableSR's wavelet colour fix does
    (Wang et al., "Exploiting diffusion prior for real-world image super-resolution", 2023):
    image + blur(source - image).

    Args:
        source: RGB, of the same size.
        radius: standard deviation of the blur, in pixels.
    """
    bands = zip(image.split(), source.split(), strict=True)
    corrections = [_correction(own, wanted, radius / REDUCED) for own, wanted in bands]
    result = image.copy()
    for top in range(0, image.height, _ROWS):
        bottom = min(top + _ROWS, image.height)
        levels = np.asarray(image.crop((0, top, image.width, bottom)), np.float32)
        box = (0, top / REDUCED, image.width / REDUCED, bottom / REDUCED)
        size = (image.width, bottom - top)
        broad = [one.resize(size, Image.Resampling.BILINEAR, box) for one in corrections]
        levels = levels + np.stack([np.asarray(one) for one in broad], axis=-1)
        result.paste(Image.fromarray(levels.round().clip(0, 255).astype(np.uint8)), (0, top))
    return result


def _correction(own: Image.Image, wanted: Image.Image, radius: float) -> Image.Image:
    """What one channel lacks, broadly: mode F, reduced."""
    missing = _reduced(wanted) - _reduced(own)
    return Image.fromarray(np.asarray(cv2.GaussianBlur(missing, (0, 0), max(radius, 0.1))))


def _reduced(channel: Image.Image) -> NDArray[np.float32]:
    return np.asarray(channel.convert("F").reduce(REDUCED), np.float32)
