"""A picture and its mask made ready for image to image, and its result put back into the picture.

The arithmetic is AUTOMATIC1111's. Beyond it, `InitSettings.keep_size` and `keep_alpha` leave all
that is outside the mask as it was, to the bit, at the picture's own size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from webui.core.errors import UserError
from webui.core.requests import Area, Content, ResizeMode
from webui.imaging import masks, regions
from webui.imaging.color import LabHistogram, color_corrected, color_target
from webui.imaging.masks import Box
from webui.imaging.resize import Enlarge, resized

BAND = 1024
"""Rows of a picture that are mixed at a time, so that large ones do not take gigabytes."""
SAME_SHAPE = 0.01
"""Ratios of mask and picture may differ by this much, relatively: sizes are rounded."""


@dataclass(frozen=True)
class InitSettings:
    """How a picture is made ready.

    Attributes:
        width, height: pixels to generate at; with `keep_size` the model's native size.
        resize_mode: how another shape is fitted; unused with `keep_size`.
        mask_blur_x, mask_blur_y: standard deviations in pixels of the picture.
        invert: make anew what is not masked.
        round_mask: an alpha mask and the latent mask are rounded to 0 or 1.
        content: what the masked part holds before sampling; the last two are for the engine.
        area: what is generated, the whole picture or what is around the mask.
        padding: pixels of the picture around the mask, for area "masked".
        color_correction: bring the result to the colours of the picture.
        background: what clear pixels are shown to the model as, a colour as in CSS.
        keep_size: the result has the picture's own size, whatever it is generated at.
        keep_alpha: the result is clear where the picture was, outside the mask; else RGB on
            `background`.
        allow_blank: a blank mask is no error. As in A1111, for area "masked" everything is then
            made anew, for "whole" nothing is.
        limit: pixels a side generated at most, with `keep_size`.
        stride: pixels a latent pixel.
    """

    width: int
    height: int
    resize_mode: ResizeMode = "just_resize"
    mask_blur_x: float = 4
    mask_blur_y: float = 4
    invert: bool = False
    round_mask: bool = True
    content: Content = "original"
    area: Area = "whole"
    padding: int = 32
    color_correction: bool = False
    background: str = "#ffffff"
    keep_size: bool = False
    keep_alpha: bool = True
    allow_blank: bool = False
    limit: int = regions.LIMIT
    stride: int = 8


@dataclass(frozen=True, eq=False)
class Prepared:
    """What is generated from, and what the result goes into.

    Attributes:
        pixels: RGB, what the encoder sees: (width, height), but of the picture's own size where
            the latents are to be stretched to (width, height): resize mode "latent", area "whole".
        width, height: pixels to generate at.
        latent_mask: (height / stride, width / stride) in 0..1, 1 where the picture is made anew;
            None without a mask.
        mask: L, (width, height), what the latent mask was made of; None without a mask.
        content: what the masked part holds before sampling; "fill" is done already.
        base: RGB or RGBA, what the result is laid into, of the final size.
        overlay_mask: L, of the base's size: 0 where the base stays; None without a mask.
        box: where the result goes in the base.
        stretched: what is in the box was stretched to (width, height), so the result is stretched
            back; else its edges were continued, and what lies beyond the box is cut off.
        color_target: see `color.color_corrected`; None for no correction.
    """

    pixels: Image.Image
    width: int
    height: int
    latent_mask: NDArray[np.float32] | None
    mask: Image.Image | None
    content: Content
    base: Image.Image
    overlay_mask: Image.Image | None
    box: Box
    stretched: bool
    color_target: LabHistogram | None

    @property
    def overlay(self) -> Image.Image | None:
        """RGBA, what is laid over the result: clear where it is made anew."""
        mask = self.overlay_mask
        return None if mask is None else masks.overlay(self.base, mask)


@dataclass(frozen=True)
class _Placed:
    """On the way: the base, its masks in its size, and what is generated of it, at what size.

    Attributes:
        fit: how what is in the box is brought to the size.
        source, source_mask: encoded in place of that, as they are: resize mode "latent".
    """

    base: Image.Image
    box: Box
    size: tuple[int, int]
    fit: ResizeMode
    mask: Image.Image | None
    overlay_mask: Image.Image | None
    source: Image.Image | None = None
    source_mask: Image.Image | None = None


def prepared(
    image: Image.Image,
    mask: Image.Image | None,
    settings: InitSettings,
    enlarge: Enlarge | None = None,
) -> Prepared:
    """The picture made ready.

    Args:
        image: RGB or RGBA, upright (see `ingest.opened`).
        mask: any picture of the same shape (see `masks.mask_of`); None makes everything anew.
        enlarge: an upscaler for a picture smaller than it is generated at.

    Raises:
        UserError: the mask has another shape than the picture, or nothing is masked.
    """
    if not settings.keep_alpha:
        image = masks.flattened(image, settings.background)
    whole_mask = None if mask is None else _final_mask(mask, image.size, settings)
    if whole_mask is not None and whole_mask.getbbox() is None:
        if not settings.allow_blank:
            raise UserError("mask_blank", field="mask")
        if settings.area == "masked":
            whole_mask = None
    if settings.keep_size:
        placed = _at_own_size(image, whole_mask, settings)
    elif whole_mask is not None and settings.area == "masked":
        placed = _around_mask(image, whole_mask, settings)
    else:
        placed = _whole(image, whole_mask, settings, enlarge)
    return _encoded(placed, settings, enlarge)


def _final_mask(mask: Image.Image, size: tuple[int, int], settings: InitSettings) -> Image.Image:
    """The mask in the picture's size, inverted and blurred as asked."""
    mask = masks.mask_of(mask, settings.round_mask)
    if mask.size != size:
        mask = _same_size(mask, size)
    if settings.invert:
        mask = masks.inverted(mask)
    return masks.blurred(mask, settings.mask_blur_x, settings.mask_blur_y)


def _same_size(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The mask scaled; its shape may differ by the rounding of the smaller one's sides."""
    across, down = mask.width * size[1], mask.height * size[0]
    rounding = max(sum(mask.size), sum(size)) / 2
    if abs(across - down) > max(SAME_SHAPE * max(across, down), rounding):
        sizes = {"mask": f"{mask.width}x{mask.height}", "picture": f"{size[0]}x{size[1]}"}
        raise UserError("mask_shape", field="mask", **sizes)
    return mask.resize(size, Image.Resampling.BILINEAR)


def _at_own_size(image: Image.Image, mask: Image.Image | None, settings: InitSettings) -> _Placed:
    native = settings.width, settings.height
    box = None if mask is None else mask.getbbox()
    if box is not None and settings.area == "masked":
        region = regions.around(box, image.size, native, settings.padding, settings.limit)
        return _Placed(image, region.box, region[1:], "just_resize", mask, mask)
    region = regions.whole(image.size, native, settings.limit)
    over = None if mask is None else masks.doubled(mask)
    return _Placed(image, region.box, region[1:], "just_resize", mask, over)


def _around_mask(image: Image.Image, mask: Image.Image, settings: InitSettings) -> _Placed:
    size = settings.width, settings.height
    box = masks.crop_region(mask, settings.padding)
    assert box is not None
    box = masks.expand_crop_region(box, *size, image.size)
    return _Placed(image, box, size, "fill", mask, mask)


def _whole(
    image: Image.Image,
    mask: Image.Image | None,
    settings: InitSettings,
    enlarge: Enlarge | None,
) -> _Placed:
    """The whole picture in the wanted size.

    Latents are stretched, so the mask is too (A1111 continues the edges of the mask instead, and
    lays the picture's upper left corner over the result).
    """
    latent = settings.resize_mode == "latent"
    size, mode = (settings.width, settings.height), settings.resize_mode
    if latent:
        mode = "just_resize"
    base = resized(image, *size, mode, enlarge)
    fitted = None if mask is None else resized(mask, *size, mode)
    over = None if fitted is None else masks.doubled(fitted)
    source = (image, mask) if latent else (None, None)
    return _Placed(base, (0, 0, *size), size, mode, fitted, over, *source)


def _encoded(placed: _Placed, settings: InitSettings, enlarge: Enlarge | None) -> Prepared:
    width, height = placed.size
    mask = placed.mask and resized(_cut(placed.mask, placed.box), width, height, placed.fit)
    if placed.source is not None:
        pixels = masks.flattened(placed.source, settings.background)
    else:
        pixels = masks.flattened(_cut(placed.base, placed.box), settings.background)
        pixels = resized(pixels, width, height, placed.fit, enlarge)
    fill_mask = placed.source_mask or mask
    if fill_mask is not None and settings.content != "original":
        pixels = masks.filled(pixels, fill_mask)
    latent = None
    if mask is not None:
        stride = settings.stride
        latent = masks.latent_mask(mask, width // stride, height // stride, settings.round_mask)
    return Prepared(
        pixels=pixels,
        width=width,
        height=height,
        latent_mask=latent,
        mask=mask,
        content=settings.content,
        base=placed.base,
        overlay_mask=placed.overlay_mask,
        box=placed.box,
        stretched=placed.fit == "just_resize",
        color_target=color_target(pixels) if settings.color_correction else None,
    )


def _cut(image: Image.Image, box: Box) -> Image.Image:
    return image if box == (0, 0, *image.size) else image.crop(box)


def finished(
    result: Image.Image, prepared: Prepared, enlarge: Enlarge | None = None
) -> Image.Image:
    """The result with its colours corrected, in its place in the base, under what stays of it.

    Args:
        result: RGB, as it was decoded.
        enlarge: an upscaler, for a result smaller than its place.
    """
    if prepared.color_target is not None:
        result = color_corrected(result, prepared.color_target)
    left, top, right, bottom = prepared.box
    fit = "just_resize" if prepared.stretched else "crop"
    result = resized(result, right - left, bottom - top, fit, enlarge)
    mask = prepared.overlay_mask
    if mask is None:
        return result
    final = prepared.base.copy()
    # Only where anything changes: elsewhere not one pixel is touched, and memory is saved.
    changed = mask.getbbox() or (0, 0, 0, 0)
    for row in range(changed[1], changed[3], BAND):
        part = changed[0], row, changed[2], min(row + BAND, changed[3])
        new = result.crop((part[0] - left, part[1] - top, part[2] - left, part[3] - top))
        _lay_over(final, new, mask.crop(part), part)
    return final


def _lay_over(final: Image.Image, new: Image.Image, mask: Image.Image, part: Box) -> None:
    """Mix the new picture into a part of the final one; where the mask is 0, nothing changes."""
    old = final.crop(part)
    if old.mode == "RGBA":
        mixed = Image.composite(new.convert("RGBa"), old.convert("RGBa"), mask).convert("RGBA")
        final.paste(mixed, part, mask.point([0] + [255] * 255))
    else:
        mixed = Image.alpha_composite(new.convert("RGBA"), masks.overlay(old, mask))
        final.paste(mixed.convert("RGB"), part)
