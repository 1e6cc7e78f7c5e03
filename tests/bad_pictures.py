"""Picture files as users have them: odd, broken, huge or made to hurt."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image


def file_of(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def photo(width: int = 96, height: int = 64) -> Image.Image:
    """Something with edges and colours; no two corners are alike."""
    rows, columns = np.mgrid[0:height, 0:width]
    levels = np.stack([columns * 255 // width, rows * 255 // height, (rows + columns) % 256], -1)
    return Image.fromarray(levels.astype(np.uint8))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width: int, height: int, data: bytes = b"", *more: bytes) -> bytes:
    """A grey PNG of 1 bit a pixel that says it is that large, whatever its data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"".join([b"\x89PNG\r\n\x1a\n", head, *more, chunk(b"IDAT", data), chunk(b"IEND", b"")])


def black(width: int, height: int) -> bytes:
    """A true PNG, all black: a few kB whatever its size."""
    packer = zlib.compressobj(1)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png_of_size(width, height, data)


def turned(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return file_of(photo(), "JPEG", exif=exif, quality=95)


def animated() -> bytes:
    frames = [photo().rotate(angle) for angle in (0, 90, 180)]
    return file_of(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)


def sixteen_bit() -> bytes:
    levels = np.linspace(0, 65535, 96 * 64).reshape(64, 96).astype(np.uint16)
    return file_of(Image.fromarray(levels))


def clear_corner() -> bytes:
    image = photo().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 48, 32))
    return file_of(image)


def cut_off() -> bytes:
    whole = file_of(photo(400, 300), "JPEG", quality=95)
    return whole[: len(whole) // 2]


def text_bomb() -> bytes:
    """Some kB that unpack to 100 MB of text."""
    packed = zlib.compress(bytes(100_000_000), 1)
    text = chunk(b"zTXt", b"parameters\0\0" + packed)
    return png_of_size(8, 8, zlib.compress(bytes(2 * 8)), text)


def of_mode(mode: str, format: str = "PNG", **options: Any) -> bytes:
    return file_of(photo().convert(mode), format, **options)


Make = Callable[[], bytes]

ODD: dict[str, tuple[Make, tuple[int, int]]] = {
    "1x1": (lambda: file_of(photo(1, 1)), (1, 1)),
    "a line": (lambda: file_of(photo(600, 1)), (600, 1)),
    "odd size": (lambda: file_of(photo(97, 61)), (97, 61)),
    "cmyk": (lambda: of_mode("CMYK", "JPEG", quality=95), (96, 64)),
    "16 bit": (sixteen_bit, (96, 64)),
    "palette": (lambda: of_mode("P"), (96, 64)),
    "clear palette": (lambda: of_mode("P", transparency=0), (96, 64)),
    "1 bit": (lambda: of_mode("1"), (96, 64)),
    "grey and alpha": (lambda: of_mode("LA"), (96, 64)),
    "animated": (animated, (96, 64)),
    "turned": (turned, (64, 96)),
    "clear corner": (clear_corner, (96, 64)),
    "webp": (lambda: of_mode("RGB", "WEBP"), (96, 64)),
    "avif": (lambda: of_mode("RGB", "AVIF"), (96, 64)),
    "bmp": (lambda: of_mode("RGB", "BMP"), (96, 64)),
    "tiff": (lambda: of_mode("RGB", "TIFF"), (96, 64)),
}
"""Files that are pictures, and the size that a viewer shows."""

BROKEN: dict[str, tuple[Make, str]] = {
    "0 bytes": (lambda: b"", "picture_empty"),
    "a text": (lambda: b"hello", "picture_unknown"),
    "a page": (lambda: b"<html><script>alert(1)</script></html>", "picture_unknown"),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_unknown"),
    "postscript": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9", "picture_unknown"),
    "cut off": (cut_off, "picture_cut_off"),
    "head only": (lambda: file_of(photo())[:40], "picture_unknown"),
    "20000x20000": (lambda: black(20_000, 20_000), "picture_too_large"),
    "12000x12000": (lambda: black(12_000, 12_000), "picture_too_large"),
    "a long line": (lambda: black(30_000, 1), "picture_too_long"),
    "bomb": (lambda: png_of_size(2**31 - 1, 2**31 - 1), "picture_too_large"),
    "nothing in it": (lambda: png_of_size(64, 64), "picture_cut_off"),
    "text bomb": (text_bomb, "picture_broken"),
}
"""Files that cannot be used, and what the user is told."""
