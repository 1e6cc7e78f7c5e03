"""Colour: backdrops, and subjects in another colour."""

from __future__ import annotations

import numpy as np
from PIL import Image

from tools.demo.words import Colour

FULL_CIRCLE = 256
"""Pillow's hue runs over 0..255."""


def main_hue(sprite: Image.Image) -> int | None:
    """The hue (0..255) that most of a cut-out's vivid part has; None where there is none."""
    hue, saturation, value, alpha = hsv_alpha(sprite)
    vivid = (alpha > 128) & (saturation > 100) & (value > 75)
    if vivid.sum() < 0.25 * (alpha > 128).sum():
        return None
    counts = np.bincount(hue[vivid], minlength=FULL_CIRCLE).astype(float)
    window = sum(np.roll(counts, shift) for shift in range(-12, 13))
    return int(np.argmax(window))


def repaint(sprite: Image.Image, colour: Colour) -> Image.Image:
    """Turn the main hue, and what is near to it, to a colour; the shades stay."""
    old = main_hue(sprite)
    if old is None or colour.hue is None:
        raise ValueError("a subject or a colour without a hue cannot be repainted")
    hue, saturation, value, _ = hsv_alpha(sprite)
    apart = (hue.astype(int) - old + FULL_CIRCLE // 2) % FULL_CIRCLE - FULL_CIRCLE // 2
    near = (np.abs(apart) < 32) & (saturation > 25)
    target = colour.hue * FULL_CIRCLE // 360
    # the spread of hues narrows, so that a shaded red does not become a two-coloured green
    hue = np.where(near, (target + apart // 2) % FULL_CIRCLE, hue).astype(np.uint8)
    if max(colour.rgb) > 245:  # bright colours look brown when they are dark
        value = np.where(near, 255 - (255 - value.astype(int)) * 2 // 3, value).astype(np.uint8)
    bands = [Image.fromarray(band) for band in (hue, saturation, value)]
    painted = Image.merge("HSV", bands).convert("RGB").convert("RGBA")
    painted.putalpha(sprite.getchannel("A"))
    return painted


def hsv_alpha(sprite: Image.Image) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    bands = sprite.convert("RGB").convert("HSV").split()
    hue, saturation, value = (np.asarray(band) for band in bands)
    return hue, saturation, value, np.asarray(sprite.getchannel("A"))


def backdrop(colour: Colour, size: int, rng: np.random.Generator) -> Image.Image:
    """A plain or softly graded background in a colour, never quite the same."""
    rgb = np.array(colour.rgb, dtype=np.float32) + rng.normal(0, 6, 3)
    lighter = rgb + (255 - rgb) * rng.uniform(0.0, 0.35)
    way = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    pixels = np.broadcast_to(rgb * (1 - way) + lighter * way, (size, size, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
