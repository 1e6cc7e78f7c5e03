"""The canvas for outpainting: a picture with new borders that a diffusion continues it from."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from webui.imaging.masks import Box, flattened

WORKING_SIDE = 1024
"""Pixels of the longer side at which the new area is made; it is no sharper than that."""
SHARP = 16
"""Pixels from the picture over which its mirror image, as sharp as itself, fades out."""
BLUR_OF_DISTANCE = 0.25
"""Standard deviation of the blur, relative to the distance from the picture."""
NOISE_OF_PICTURE = 0.5
"""Strength of the noise far from the picture, relative to the picture's own contrast."""
NOISE_FROM = 64
"""Working pixels from the picture at which the noise has its full strength."""

Pixels = NDArray[np.float32]
"""(H, W, 3) in levels, 0..255."""


def extended(
    image: Image.Image, left: int, right: int, top: int, bottom: int, seed: int, seam: int = 8
) -> tuple[Image.Image, Image.Image]:
    """The picture on a larger canvas, and the mask of what is new.

    The new area holds what a strong diffusion (0.8 to 1) continues best: near the picture its
    mirror image, farther off ever more blurred, under noise with the picture's own spectrum. The
    old pixels are all there, those deeper than the seam under a mask of 0.

    Args:
        image: RGB or RGBA; the new area is opaque.
        left, right, top, bottom: pixels to add, also more than the picture has.
        seed: of the noise.
        seam: pixels by which the mask reaches into the picture, fading out.

    Returns:
        The canvas in the picture's mode, and the mask (L) of its size.
    """
    width, height = left + image.width + right, top + image.height + bottom
    box = (left, top, left + image.width, top + image.height)
    canvas = Image.fromarray(_continued(flattened(image), (width, height), box, seed))
    if image.mode == "RGBA":
        canvas = canvas.convert("RGBA")
    canvas.paste(image, box[:2])
    across = _seam(left, image.width, right, seam)
    down = _seam(top, image.height, bottom, seam)
    return canvas, Image.fromarray(np.maximum(across[None, :], down[:, None]))


def _seam(before: int, length: int, after: int, seam: int) -> NDArray[np.uint8]:
    """The mask along one axis: 255 outside the picture, falling to 0 inside on extended sides."""
    seam = min(seam, (length - 1) // 2)
    falling = np.rint(255 * np.arange(seam, 0, -1) / (seam + 1))
    mask = np.full(before + length + after, 255, np.uint8)
    mask[before : before + length] = 0
    if before:
        mask[before : before + seam] = falling
    if after:
        mask[before + length - seam : before + length] = falling[::-1]
    return mask


def _continued(image: Image.Image, size: tuple[int, int], box: Box, seed: int) -> NDArray[np.uint8]:
    """(H, W, 3): what goes on from the picture around its box; inside, nothing that counts."""
    scale = min(1.0, WORKING_SIDE / max(size))
    left, top = round(box[0] * scale), round(box[1] * scale)
    right, bottom = round((size[0] - box[2]) * scale), round((size[1] - box[3]) * scale)
    width, height = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    small = np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float32)
    made = np.pad(small, ((top, bottom), (left, right), (0, 0)), mode="symmetric")
    far = _distance(made.shape[:2], (left, top, left + width, top + height))
    made = _blurred_by(made, far * BLUR_OF_DISTANCE)
    noise = _noise_like(small, made.shape[:2], seed)
    made += noise * (NOISE_OF_PICTURE * np.clip(far / NOISE_FROM, 0, 1))[..., None]
    levels = np.clip(np.rint(made), 0, 255).astype(np.uint8)
    result = np.array(cv2.resize(levels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    _lay_mirror(result, np.asarray(image), box)
    return result


def _lay_mirror(canvas: NDArray[np.uint8], picture: NDArray[np.uint8], box: Box) -> None:
    """Fade from the picture's sharp mirror image to the canvas, in a frame around the box."""
    height, width = canvas.shape[:2]
    left, top = min(SHARP, box[0]), min(SHARP, box[1])
    right, bottom = min(SHARP, width - box[2]), min(SHARP, height - box[3])
    mirror = np.pad(picture, ((top, bottom), (left, right), (0, 0)), mode="symmetric")
    around = canvas[box[1] - top : box[3] + bottom, box[0] - left : box[2] + right]
    inner = (left, top, left + picture.shape[1], top + picture.shape[0])
    frame = (
        (slice(None, inner[1]), slice(None)),
        (slice(inner[3], None), slice(None)),
        (slice(None), slice(None, inner[0])),
        (slice(None), slice(inner[2], None)),
    )
    share = np.clip(1 - _distance(around.shape[:2], inner) / SHARP, 0, 1)[..., None]
    mixed = around.copy()
    for part in frame:
        mixed[part] = np.rint(mirror[part] * share[part] + around[part] * (1 - share[part]))
    around[:] = mixed


def _distance(shape: tuple[int, ...], box: Box) -> Pixels:
    """(H, W): pixels to the nearest one in the box, 0 inside."""
    y, x = np.arange(shape[0], dtype=np.float32), np.arange(shape[1], dtype=np.float32)
    across = np.maximum(np.maximum(box[0] - x, x - (box[2] - 1)), 0)
    down = np.maximum(np.maximum(box[1] - y, y - (box[3] - 1)), 0)
    return np.hypot(across[None, :], down[:, None])


def _blurred_by(pixels: Pixels, sigma: Pixels) -> Pixels:
    """The picture blurred everywhere by its own standard deviation (H, W), through a pyramid.

    Level k of the pyramid is a blur of about 2**k pixels; between levels is interpolated.
    """
    depth = np.log2(np.maximum(sigma, 0.5)) + 1
    result = np.zeros_like(pixels)
    level = pixels
    for index in range(int(np.ceil(depth.max())) + 1):
        share = np.clip(1 - np.abs(depth - index), 0, 1)
        size = pixels.shape[1], pixels.shape[0]
        result += (
            np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_LINEAR)) * (share[..., None])
        )
        level = np.asarray(cv2.pyrDown(level), np.float32)
    return result


def _noise_like(picture: Pixels, size: tuple[int, ...], seed: int) -> Pixels:
    """Noise (H, W, 3) around 0 with the picture's spectrum, contrast and mix of colours.

    White noise convolved with the picture less its mean, under a window that hides its borders:
    the asymptotic discrete spot noise of Galerne, Gousseau and Morel, "Random Phase Textures"
    (2011). One white noise for all channels keeps the colours' correlation.
    """
    height, width = picture.shape[:2]
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])[..., None]
    texton = (picture - picture.mean(axis=(0, 1))) * window / np.sqrt((window**2).sum())
    shape = cv2.getOptimalDFTSize(size[0]), cv2.getOptimalDFTSize(size[1])
    white = np.random.default_rng(seed).standard_normal(shape)
    product = np.fft.rfft2(texton, shape, axes=(0, 1)) * np.fft.rfft2(white)[..., None]
    return np.fft.irfft2(product, shape, axes=(0, 1)).astype(np.float32)[: size[0], : size[1]]
