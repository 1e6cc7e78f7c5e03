"""Sizes and resizing as AUTOMATIC1111 does them, to the pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from webui.core.requests import ResizeMode

Enlarge = Callable[[Image.Image, int, int], Image.Image]
"""An upscaler: picture, wanted width and height to a picture of about that size."""


class HiresSize(NamedTuple):
    """Attributes:
    width, height: pixels that the second pass is made at.
    truncate_x, truncate_y: latent pixels to cut off that size, over both sides, in latent mode.
    """

    width: int
    height: int
    truncate_x: int
    truncate_y: int


def resized(
    image: Image.Image, width: int, height: int, mode: ResizeMode, enlarge: Enlarge | None = None
) -> Image.Image:
    """The picture at exactly that size, in its own mode (RGB, RGBA, L).

    Args:
        mode: how another shape is fitted: stretched, its sides cut off, or its edges continued
            ("latent", which is the engine's to do, is treated as "fill", as in A1111).
        width, height: pixels, each at least 1.
        enlarge: makes larger pictures; Lanczos without. Masks (L) are never given to it.
    """
    if mode == "just_resize":
        return _stretched(image, width, height, enlarge)
    # Integers where A1111 compares ratios in floats: the same answer, without their rounding.
    wider = width * image.height > image.width * height
    if wider == (mode == "crop"):
        inner_width, inner_height = width, image.height * width // image.width
    else:
        inner_width, inner_height = image.width * height // image.height, height
    inner = _stretched(image, max(inner_width, 1), max(inner_height, 1), enlarge)
    canvas = Image.new(image.mode, (width, height))
    left, top = width // 2 - inner.width // 2, height // 2 - inner.height // 2
    canvas.paste(inner, (left, top))
    if mode != "crop":
        _continue_edges(canvas, inner, left, top)
    return canvas


def _stretched(image: Image.Image, width: int, height: int, enlarge: Enlarge | None) -> Image.Image:
    if enlarge and image.mode != "L" and (width > image.width or height > image.height):
        scale = max(width / image.width, height / image.height)
        image = enlarge(image, int(image.width * scale), int(image.height * scale))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _continue_edges(canvas: Image.Image, inner: Image.Image, left: int, top: int) -> None:
    """Fill what the inner picture leaves free with its outermost rows or columns.

    A box of no height or width makes Pillow extrapolate the edge (bicubic at its outer border).
    """
    width, height = canvas.size
    right, bottom = left + inner.width, top + inner.height
    strips = (
        ((width, top), (0, 0, inner.width, 0), (0, 0)),
        ((width, height - bottom), (0, inner.height, inner.width, inner.height), (0, bottom)),
        ((left, height), (0, 0, 0, inner.height), (0, 0)),
        ((width - right, height), (inner.width, 0, inner.width, inner.height), (right, 0)),
    )
    for size, box, place in strips:
        if min(size) > 0:
            canvas.paste(inner.resize(size, Image.Resampling.BICUBIC, box=box), place)


def hires_size(
    width: int,
    height: int,
    scale: float = 2.0,
    resize_width: int = 0,
    resize_height: int = 0,
    stride: int = 8,
) -> HiresSize:
    """The size of the second pass of a hires run whose first pass has this size.

    Args:
        scale: used where neither side is given.
        resize_width, resize_height: pixels; 0 keeps the ratio. With both given the picture covers
            them, and the rest is truncated.
        stride: pixels a latent pixel.
    """
    if not resize_width and not resize_height:
        return HiresSize(int(width * scale), int(height * scale), 0, 0)
    by_width = not resize_height or (
        resize_width > 0 and width * resize_height < resize_width * height
    )
    if by_width:
        target = (resize_width, resize_width * height // width)
    else:
        target = (resize_height * width // height, resize_height)
    if not resize_width or not resize_height:
        return HiresSize(*target, 0, 0)
    spare_x, spare_y = target[0] - resize_width, target[1] - resize_height
    return HiresSize(*target, spare_x // stride, spare_y // stride)


def shorter_side(image: Image.Image, pixels: int) -> Image.Image:
    """The picture with its shorter side of that many pixels, in its own proportions."""
    scale = pixels / min(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def size_by(width: int, height: int, by: float, step: int = 1) -> tuple[int, int]:
    """The size "by" a factor: A1111 cuts the fraction off, here to multiples of `step`."""
    return max(int(width * by) // step * step, step), max(int(height * by) // step * step, step)


class UpscaledSize(NamedTuple):
    """Attributes:
    width, height: pixels of the result.
    whole_width, whole_height: of the enlarged picture that the result is the middle of.
    """

    width: int
    height: int
    whole_width: int
    whole_height: int


def upscaled_size(
    width: int, height: int, by: float, to_width: int = 0, to_height: int = 0, crop: bool = True
) -> UpscaledSize:
    """The size that an upscaling leads to.

    As A1111's Extras, but to the nearest pixel, where A1111 goes down to a multiple of 8 and may
    leave a black border; and without `crop` the result fits into the size asked for.

    Args:
        by: used where neither side is given.
        to_width, to_height: pixels; 0 keeps the ratio.
        crop: with both sides given, cover them and cut off what is too much.
    """
    shares = [to / side for to, side in ((to_width, width), (to_height, height)) if to]
    if len(shares) == 2 and crop:
        share = max(shares)
        whole = (max(round(width * share), to_width), max(round(height * share), to_height))
        return UpscaledSize(to_width, to_height, *whole)
    share = min(shares, default=by)
    size = (max(round(width * share), 1), max(round(height * share), 1))
    return UpscaledSize(*size, *size)
