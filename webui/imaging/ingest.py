"""The one way in which a user's picture file comes into the engine."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any, Literal, cast

import numpy as np
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from webui.core.errors import UserError
from webui.core.requests import LARGEST_SIDE
from webui.imaging.masks import mask_of

READ_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
"""Pillow's names of what may be given; its other readers are not let near strangers' files."""
MOST_PIXELS = 100_000_000
"""Of a picture that is opened; more is taken for an attack on the memory."""

# What Pillow raises for a file that is cut off or garbled, depending on where.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)
_UPRIGHT = (
    None,
    None,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.ROTATE_180,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
    Image.Transpose.ROTATE_90,
)
"""By EXIF's orientation, which counts from 1, what sets the picture upright."""
_LARGEST_16_BIT = 65_535


@contextmanager
def opened_picture(data: bytes) -> Generator[Image.Image]:
    """A picture file, its size checked before its pixels are read.

    Raises:
        UserError: it is no picture, broken or too large, also if that shows while it is used.
    """
    if not data:
        raise UserError("picture_empty")
    try:
        with Image.open(io.BytesIO(data), formats=READ_FORMATS) as image:
            if max(image.size) > LARGEST_SIDE:
                raise UserError("picture_too_long", side=LARGEST_SIDE)
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            yield image
    except UnidentifiedImageError as error:
        raise UserError("picture_unknown") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError("picture_too_large", millions=MOST_PIXELS // 1_000_000) from error
    except _BROKEN as error:
        cut_off = isinstance(error, EOFError) or "truncated" in str(error).lower()
        raise UserError("picture_cut_off" if cut_off else "picture_broken") from error


def opened(data: bytes) -> Image.Image:
    """The first frame of a picture file as RGB or RGBA in sRGB, upright.

    Raises:
        UserError: it is no picture, broken or too large.
    """
    with opened_picture(data) as image:
        image.load()
        return _upright(_in_srgb(image), _orientation(image))


def opened_mask(data: bytes, round_alpha: bool = True) -> Image.Image:
    """A picture file as a mask, upright; see `masks.mask_of`. Its levels are no colours.

    Raises:
        UserError: it is no picture, broken or too large.
    """
    with opened_picture(data) as image:
        image.load()
        return _upright(mask_of(as_rgb(image), round_alpha), _orientation(image))


def _orientation(image: Image.Image) -> int:
    """EXIF's, 1 (upright) where it is missing or nonsense."""
    with suppress(*_BROKEN):
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        if isinstance(orientation, int) and 1 <= orientation < len(_UPRIGHT):
            return orientation
    return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    transpose = _UPRIGHT[orientation]
    return image if transpose is None else image.transpose(transpose)


def as_rgb(image: Image.Image) -> Image.Image:
    """A picture of any of Pillow's modes as RGB, or RGBA where any of it may be clear.

    16-bit, integer and float levels are scaled, not clipped.
    """
    if image.mode == "LAB":
        return _transformed(image, _profile("LAB"))
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _scaled_levels(image)
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _scaled_levels(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bit as L: floats are 0..1 or 0..255, integers 16 bit, or what is larger.

    Negative levels and those that are no numbers are black.
    """
    levels = np.nan_to_num(np.asarray(image, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    levels = np.maximum(levels, 0)
    largest = float(levels.max(initial=0.0))
    if image.mode == "F":
        white = next((limit for limit in (1, 255, _LARGEST_16_BIT) if largest <= limit), largest)
    else:
        white = max(largest, _LARGEST_16_BIT)
    return Image.fromarray(np.rint(levels * (255 / white)).astype(np.uint8))


def _in_srgb(image: Image.Image) -> Image.Image:
    """RGB or RGBA with the colours that the file's profile says; a broken profile says nothing."""
    data = image.info.get("icc_profile")
    if not data or image.mode == "LAB":
        return as_rgb(image)
    with suppress(ImageCms.PyCMSError, *_BROKEN):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return as_rgb(image)
        space = str(cast(Any, profile).profile.xcolor_space).strip()
        if space == "RGB":
            return _transformed(as_rgb(image), profile)
        if space == "GRAY" and Image.getmodebase(image.mode) == "L":
            return _transformed_grey(as_rgb(image), profile)
        if space == image.mode:
            return _transformed(image, profile)
    return as_rgb(image)


def _transformed_grey(picture: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    color = _transformed(picture.convert("L"), profile)
    if picture.mode == "RGBA":
        color.putalpha(picture.getchannel("A"))
    return color


def _transformed(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """From a profile to sRGB; alpha stays as it is."""
    color = image.convert("RGB") if image.mode == "RGBA" else image
    result = ImageCms.profileToProfile(
        color,
        profile,
        _profile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert result is not None
    if image.mode == "RGBA":
        result.putalpha(image.getchannel("A"))
    return result


def _profile(space: Literal["LAB", "sRGB"]) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(cast(Any, ImageCms).createProfile(space))
