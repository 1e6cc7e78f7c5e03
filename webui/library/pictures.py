"""Picture files: results as bytes with their parameters inside, and those read back.

The places are AUTOMATIC1111's: the text chunk `parameters` of PNG, EXIF's UserComment of JPEG,
WebP and AVIF, the comment of GIF.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from PIL import Image, PngImagePlugin

from webui.core.errors import UserError
from webui.core.request import ImageFormat
from webui.core.sampling import SAMPLERS
from webui.imaging.ingest import opened_picture
from webui.imaging.masks import flattened

MEDIA_TYPES: Mapping[ImageFormat, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
}

_EXIF, _EXIF_IFD, _USER_COMMENT = b"Exif\0\0", 0x8769, 0x9286
_LONGEST_JPEG_EXIF = 65_000
_CODES = {b"ASCII\0\0\0": "ascii", b"JIS\0\0\0\0\0": "shift_jis", b"\0" * 8: "utf-8"}
_UNICODE = b"UNICODE\0"
_TECHNICAL = frozenset(
    "jfif jfif_version jfif_unit jfif_density dpi exif loop background timestamp duration "
    "progressive progression icc_profile chromaticity photoshop".split()
)


class PictureText(NamedTuple):
    """What a picture file says about itself.

    Attributes:
        infotext: its parameters as A1111 words them, None if there are none.
        other: all other texts in it.
    """

    infotext: str | None
    other: dict[str, str]


def encode(image: Image.Image, format: ImageFormat, quality: int, infotext: str) -> bytes:
    """The finished file.

    Args:
        quality: 1 to 100, of the formats that lose something.
        infotext: put inside; empty for none.

    Raises:
        UserError: the format cannot hold a picture of this size.
    """
    options: dict[str, Any] = {}
    if format != "png":
        options = {"quality": quality, "exif": _exif(infotext, format)}
    elif infotext:
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("parameters", infotext)
    if format == "jpeg" and image.mode not in ("L", "RGB"):
        image = flattened(image)
    file = io.BytesIO()
    try:
        image.save(file, format=format.upper(), **options)
    except (OSError, ValueError) as error:
        size = f"{image.width}x{image.height}"
        raise UserError("picture_format", format=format, size=size, reason=str(error)) from error
    return file.getvalue()


def _exif(infotext: str, format: ImageFormat) -> bytes:
    """EXIF with the text as UserComment.

    What is too long for JPEG is written as plain UTF-8, which A1111 reads too, and if that is too
    long, without the prompts.
    """
    if not infotext:
        return b""
    comments = (
        _UNICODE + infotext.encode("utf-16-be"),
        infotext.encode(),
        infotext.rpartition("\n")[2].encode()[:_LONGEST_JPEG_EXIF],
    )
    limit = _LONGEST_JPEG_EXIF if format == "jpeg" else len(comments[0])
    comment = next(comment for comment in comments if len(comment) <= limit)
    # TIFF, big-endian: a directory with a pointer to a directory with the comment (undefined: 7).
    head = struct.pack(">2sHI HHHIII", b"MM", 42, 8, 1, _EXIF_IFD, 4, 1, 26, 0)
    entry = struct.pack(">HHHIII", 1, _USER_COMMENT, 7, len(comment), 44, 0)
    return _EXIF + head + entry + comment


def read_infotext(data: bytes) -> PictureText:
    """The parameters in a picture file, and its other texts.

    Raises:
        UserError: it is no picture, broken or too large.
    """
    with opened_picture(data) as image:
        items = dict(image.info)
        if isinstance(image, PngImagePlugin.PngImageFile) and "parameters" not in items:
            items |= image.text  # reads the pixels to get at texts that stand behind them
        comment = _user_comment(image) if "exif" in items else ""
        texts = {
            str(key): _text(value)
            for key, value in items.items()
            if key not in _TECHNICAL and isinstance(value, str | bytes)
        }
        infotext = texts.pop("parameters", None)
        infotext = comment or (texts.get("comment") if "exif" not in items else None) or infotext
        if texts.get("Software") == "NovelAI":
            infotext = _novelai(texts, image) or infotext
        return PictureText(infotext, texts)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", errors="ignore")


def _user_comment(image: Image.Image) -> str:
    comment: object = image.getexif().get_ifd(_EXIF_IFD).get(_USER_COMMENT, b"")
    if not isinstance(comment, bytes):
        return str(comment)
    head, body = comment[:8], comment[8:]
    if head == _UNICODE:
        # Some programs write it in the other byte order; Latin letters show which by their zeros.
        swapped = body[1::2].count(0) > body[::2].count(0)
        return body.decode("utf-16-le" if swapped else "utf-16-be", errors="ignore")
    if head in _CODES:
        return body.decode(_CODES[head], errors="ignore").strip("\0")
    return _text(comment)


def _novelai(texts: Mapping[str, str], image: Image.Image) -> str | None:
    """NovelAI's own items as an infotext, with the settings that its pictures need."""
    try:
        comment = json.loads(texts["Comment"])
        aliases = {alias: info.name for info in SAMPLERS for alias in info.aliases}
        sampler = aliases.get(str(comment["sampler"]), "Euler a")
        return (
            f"{texts['Description']}\nNegative prompt: {comment['uc']}\n"
            f"Steps: {comment['steps']}, Sampler: {sampler}, CFG scale: {comment['scale']}, "
            f"Seed: {comment['seed']}, Size: {image.width}x{image.height}, "
            "Clip skip: 2, ENSD: 31337"
        )
    except (KeyError, TypeError, ValueError):
        return None
