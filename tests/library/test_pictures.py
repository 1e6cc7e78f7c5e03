"""Picture files: parameters go in and come out, as A1111 reads and writes them, or one sentence."""

import ast
import base64
import io
import json
import random
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from tests.golden import golden
from webui.core.errors import UserError
from webui.core.request import ImageFormat
from webui.library.pictures import MEDIA_TYPES, encode, read_infotext

FORMATS: list[ImageFormat] = ["png", "jpeg", "webp", "avif"]
PICTURE = Image.fromarray(
    (np.mgrid[0:32, 0:48, 0:3].sum(axis=0) * [2, 3, 1] + [9, 80, 150]).astype(np.uint8), "RGB"
)
TEXT = "猫 🦊 é, a cat\nNegative prompt: dog\nSteps: 20, Sampler: Euler, Seed: 1"


def cases() -> dict[str, dict[str, Any]]:
    file = json.loads(golden("a1111/misc.json").read_text(encoding="utf-8"))
    return {case["name"]: case for case in file["image_files"]}


def data_of(case: dict[str, Any]) -> bytes:
    return base64.b64decode(case["file_base64"])


def as_text(item: str) -> str:
    """A golden item; bytes stand there as Python prints them."""
    return ast.literal_eval(item).decode() if item.startswith("b'") else item


def test_what_is_read_is_what_a1111_reads() -> None:
    for case in cases().values():
        infotext, other = read_infotext(data_of(case))
        assert infotext == case["text"], case["name"]
        expected = {key: as_text(item) for key, item in case["other_items"].items()}
        assert other == expected, case["name"]
    assert len(cases()) == 23


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("text", [TEXT, "Steps: 1", ""])
def test_what_is_written_is_read(format: ImageFormat, text: str) -> None:
    data = encode(PICTURE, format, 90, text)
    assert read_infotext(data) == (text or None, {})
    with Image.open(io.BytesIO(data)) as image:
        assert Image.MIME[image.format or ""] == MEDIA_TYPES[format]
        difference = np.abs(np.asarray(image.convert("RGB"), int) - np.asarray(PICTURE, int))
        assert difference.mean() < (0.01 if format == "png" else 5)


def test_png_keeps_every_pixel_and_uses_the_chunk_that_a1111_uses() -> None:
    data = encode(PICTURE, "png", 1, TEXT)
    assert b"iTXtparameters" in data
    assert b"tEXtparameters" in encode(PICTURE, "png", 1, "Steps: 1, é")
    with Image.open(io.BytesIO(data)) as image:
        assert image.tobytes() == PICTURE.tobytes()


def test_the_comment_has_the_bytes_that_a1111_writes() -> None:
    theirs = data_of(cases()["unicode.jpg"])
    comment = b"UNICODE\0" + cases()["unicode.jpg"]["text"].encode("utf-16-be")
    assert comment in theirs
    assert comment in encode(PICTURE, "jpeg", 80, cases()["unicode.jpg"]["text"])
    with Image.open(io.BytesIO(encode(PICTURE, "jpeg", 80, TEXT))) as image:
        assert image.getexif().get_ifd(0x8769)[0x9286][8:].decode("utf-16-be") == TEXT


def test_quality_counts() -> None:
    for format in FORMATS[1:]:
        assert len(encode(PICTURE, format, 20, "")) < len(encode(PICTURE, format, 95, ""))


def test_jpeg_takes_any_mode_and_any_length_of_text() -> None:
    transparent = PICTURE.convert("RGBA")
    assert read_infotext(encode(transparent, "jpeg", 80, TEXT)).infotext == TEXT
    polish = "zażółć " * 5_000 + "\nSteps: 1, Sampler: Euler, Seed: 1"
    assert read_infotext(encode(PICTURE, "jpeg", 80, polish)).infotext == polish
    chinese = "猫" * 40_000 + "\nSteps: 1, Sampler: Euler, Seed: 1"
    short = read_infotext(encode(PICTURE, "jpeg", 80, chinese)).infotext
    assert short == "Steps: 1, Sampler: Euler, Seed: 1"
    assert read_infotext(encode(PICTURE, "webp", 80, chinese)).infotext == chinese


def test_a_size_that_the_format_cannot_hold_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"20000x1 cannot be saved as webp .* choose PNG"):
        encode(Image.new("RGB", (20_000, 1)), "webp", 80, "")


def png_with(*chunks: tuple[bytes, bytes], size: tuple[int, int] = (1, 1)) -> bytes:
    """A PNG of one black pixel (or one that claims to be larger) with chunks behind its pixels."""
    header = struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0\0")), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def test_texts_behind_the_pixels_are_found() -> None:
    data = png_with((b"tEXt", b"parameters\0late"), (b"tEXt", b"prompt\0{}"))
    assert read_infotext(data) == ("late", {"prompt": "{}"})


def test_the_other_byte_order_is_read() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + TEXT.encode("utf-16-le")
    file = io.BytesIO()
    PICTURE.save(file, "JPEG", exif=exif)
    assert read_infotext(file.getvalue()).infotext == TEXT


@pytest.mark.parametrize("data", [b"", b"text", b"<svg></svg>", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_a_sentence(data: bytes) -> None:
    with pytest.raises(UserError, match="picture"):
        read_infotext(data)


@pytest.mark.parametrize("size", [(60_000, 60_000), (12_000, 12_000)])
def test_a_bomb_is_a_sentence(size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match="more than 100 million pixels"):
        read_infotext(png_with(size=size))


def test_a_text_that_unpacks_to_gigabytes_is_a_sentence() -> None:
    bomb = zlib.compress(bytes(64_000_000))
    with pytest.raises(UserError, match="broken"):
        read_infotext(png_with((b"zTXt", b"parameters\0\0" + bomb)))


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of what it can live with
def test_a_broken_file_is_a_sentence_or_read() -> None:
    dice = random.Random(0)
    files = [data_of(case) for case in cases().values()]
    files += [encode(PICTURE, format, 80, TEXT) for format in FORMATS]
    for data in files:
        for _ in range(60):
            broken = bytearray(data)
            for _ in range(dice.randint(1, 6)):
                broken[dice.randrange(len(broken))] = dice.randrange(256)
            read_or_refuse(bytes(broken))
            read_or_refuse(data[: dice.randrange(len(data))])


def read_or_refuse(data: bytes) -> None:
    try:
        read_infotext(data)
    except UserError as error:
        assert "picture" in str(error)


@settings(max_examples=30)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_survives_every_format(text: str) -> None:
    small = Image.new("RGB", (1, 1))
    for format in FORMATS:
        assert read_infotext(encode(small, format, 50, text)).infotext == (text or None)


def test_pillow_is_as_it_was() -> None:
    """Nothing here turns off Pillow's own limits."""
    assert PngImagePlugin.MAX_TEXT_CHUNK <= 2**20
    assert Image.MAX_IMAGE_PIXELS
