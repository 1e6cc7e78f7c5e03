"""Masks as AUTOMATIC1111 reads, blurs, crops and applies them, to the pixel.

A mask is a picture of mode L: 255 where the picture is made anew, 0 where it stays.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageFilter, ImageOps

Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are outside."""

FILL_BLURS = ((256, 1), (64, 1), (16, 2), (4, 4), (2, 2), (0, 1))
"""Radius in pixels and how often each blur is laid on: far colours first, near ones over them."""


def mask_of(image: Image.Image, round_alpha: bool = True) -> Image.Image:
    """The mask that a picture stands for: its alpha where it has any, else its luminance.

    Args:
        round_alpha: alpha above 128 becomes 255, the rest 0. Luminance is never rounded.
    """
    if image.mode in ("RGBA", "LA", "PA"):
        alpha = image.getchannel("A")
        if alpha.getextrema() != (255, 255):
            rounded = [255 if level > 128 else 0 for level in range(256)]
            return alpha.point(rounded) if round_alpha else alpha
    return image.convert("L")


def clear_parts(image: Image.Image) -> Image.Image:
    """The mask of where a picture is transparent: blank where it has no alpha."""
    if image.mode not in ("RGBA", "LA", "PA"):
        return Image.new("L", image.size)
    return ImageOps.invert(image.getchannel("A"))


def blurred(mask: Image.Image, x: float, y: float) -> Image.Image:
    """Gaussian blur of the mask, along the rows, then along the columns, each in 8 bit.

    Args:
        x, y: standard deviations in pixels; 0 for none. The kernel ends at 2.5 of them.
    """
    levels = np.asarray(mask)
    if x > 0:
        levels = cv2.GaussianBlur(levels, (_kernel_size(x), 1), x)
    if y > 0:
        levels = cv2.GaussianBlur(levels, (1, _kernel_size(y)), y)
    return Image.fromarray(levels)


def _kernel_size(sigma: float) -> int:
    return 2 * int(2.5 * sigma + 0.5) + 1


def inverted(mask: Image.Image) -> Image.Image:
    """The mask of what was outside."""
    return ImageOps.invert(mask)


def doubled(mask: Image.Image) -> Image.Image:
    """Twice as strong: the overlay's mask for the whole picture, whose blur then ends outside."""
    return mask.point([min(2 * level, 255) for level in range(256)])


def crop_region(mask: Image.Image, padding: int = 0) -> Box | None:
    """The box around all that is not 0, with padding where the picture has it; None if blank."""
    box = mask.getbbox()
    if box is None:
        return None
    left, top, right, bottom = box
    return (
        max(left - padding, 0),
        max(top - padding, 0),
        min(right + padding, mask.width),
        min(bottom + padding, mask.height),
    )


def expand_crop_region(box: Box, width: int, height: int, size: tuple[int, int]) -> Box:
    """The box grown to the ratio of `width` to `height`, as far as the picture goes.

    Args:
        box: at least one pixel wide and high.
        size: width and height of the picture.
    """
    left, top, right, bottom = box
    ratio = width / height
    if (right - left) / (bottom - top) > ratio:
        missing = int((right - left) / ratio - (bottom - top))
        top, bottom = grown(top, bottom, missing, size[1])
    else:
        missing = int((bottom - top) * ratio - (right - left))
        left, right = grown(left, right, missing, size[0])
    return left, top, right, bottom


def grown(start: int, end: int, by: int, limit: int) -> tuple[int, int]:
    """A span that is longer by so much, on both sides; moved into 0..limit, cut off if longer."""
    start, end = start - by // 2, end + by - by // 2
    if end > limit:
        start, end = start - (end - limit), limit
    if start < 0:
        start, end = 0, end - start
    return start, min(end, limit)


def latent_mask(
    mask: Image.Image, width: int, height: int, rounded: bool = True
) -> NDArray[np.float32]:
    """The mask for latents: (height, width) in 0..1, 1 where the picture is made anew.

    Args:
        width, height: in latent pixels.
        rounded: to 0 or 1.
    """
    small = mask.convert("L").resize((width, height), Image.Resampling.BICUBIC)
    levels = np.asarray(small, np.float32) / np.float32(255)
    return np.around(levels) if rounded else levels


def overlay(image: Image.Image, mask: Image.Image) -> Image.Image:
    """What stays of the picture, as RGBA to lay over a result: clear where the mask is 255.

    Goes through premultiplied 8-bit colours, as A1111 does.
    """
    return _kept(image, mask).convert("RGBA")


def _kept(image: Image.Image, mask: Image.Image) -> Image.Image:
    kept = Image.new("RGBa", image.size)
    kept.paste(image.convert("RGBA").convert("RGBa"), mask=ImageOps.invert(mask))
    return kept


def filled(image: Image.Image, mask: Image.Image) -> Image.Image:
    """The picture with the masked part painted over by blurs of what is around it, as RGB."""
    kept = _kept(image, mask)
    result = Image.new("RGBA", image.size)
    for radius, times in FILL_BLURS:
        blur = kept.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        for _ in range(times):
            result.alpha_composite(blur)
    return result.convert("RGB")


def flattened(image: Image.Image, background: str = "#ffffff") -> Image.Image:
    """The picture as RGB, laid on a colour where it is clear.

    Args:
        background: a colour as in CSS.
    """
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, ImageColor.getrgb(background))
        image = Image.alpha_composite(ground, image)
    return image.convert("RGB")
