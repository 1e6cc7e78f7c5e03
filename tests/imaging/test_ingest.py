"""Picture files of every kind come in as they look, or are refused in one sentence."""

import io
import random
import struct
import zlib
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from webui.core.errors import UserError
from webui.imaging.ingest import MOST_PIXELS, as_rgb, opened, opened_mask, opened_picture

RED, CLEAR_BLUE = (255, 0, 0), (0, 0, 255, 0)
PHOTO = Image.fromarray(
    (np.mgrid[0:40, 0:60, 0:3].sum(axis=0) * [3, 2, 1] + [9, 60, 120]).astype(np.uint8)
)


def file_of(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def png(width: int, height: int, depth: int, colors: int, rows: bytes = b"") -> bytes:
    """A PNG file by hand: what Pillow cannot write, or only its head."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, depth, colors, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows)) if rows else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def refusal(data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        opened(data)
    assert set(caught.value.problem.values) <= {"side", "millions"}  # nothing out of the file
    return caught.value.problem.code


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "MPO"])
def test_every_format_comes_in(format: str) -> None:
    result = opened(file_of(PHOTO, format))
    assert (result.mode, result.size) == ("RGB", PHOTO.size)
    assert abs(np.asarray(result, int) - np.asarray(PHOTO)).mean() < 8
    if format in ("PNG", "BMP", "TIFF"):
        assert result.tobytes() == PHOTO.tobytes()


@pytest.mark.parametrize(
    ("image", "format", "expected"),
    [
        (Image.new("1", (2, 2), 1), "PNG", (255, 255, 255)),
        (Image.new("L", (2, 2), 77), "PNG", (77, 77, 77)),
        (Image.new("LA", (2, 2), (77, 9)), "PNG", (77, 77, 77, 9)),
        (Image.new("RGBA", (2, 2), CLEAR_BLUE), "PNG", CLEAR_BLUE),
        (Image.new("CMYK", (2, 2), (0, 255, 255, 0)), "TIFF", RED),
        (Image.new("I", (2, 2), 65_535), "TIFF", (255, 255, 255)),
        (Image.new("I", (2, 2), 2**31 - 1), "TIFF", (255, 255, 255)),
        (Image.new("I", (2, 2), -5), "TIFF", (0, 0, 0)),
        (Image.new("F", (2, 2), 0.5), "TIFF", (128, 128, 128)),
        (Image.new("F", (2, 2), 128.0), "TIFF", (128, 128, 128)),
        (Image.new("F", (2, 2), 32896.0), "TIFF", (128, 128, 128)),
        (Image.new("F", (2, 2), 1e30), "TIFF", (255, 255, 255)),
        (Image.new("F", (2, 2), float("nan")), "TIFF", (0, 0, 0)),
        (Image.new("F", (2, 2), float("-inf")), "TIFF", (0, 0, 0)),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else str(value),
)
def test_every_mode_is_rgb_or_rgba(
    image: Image.Image, format: str, expected: tuple[int, ...]
) -> None:
    result = opened(file_of(image, format))
    assert result.mode == ("RGBA" if len(expected) == 4 else "RGB")
    assert result.getpixel((0, 0)) == expected


def test_every_mode_of_pillow_is_converted() -> None:
    modes = [*Image.MODES, "I;16L", "I;16B", "RGBa", "RGBX", "PA"]
    for mode in set(modes) - {"La"}:  # which is in no file
        assert as_rgb(Image.new(mode, (3, 2))).mode in ("RGB", "RGBA"), mode
    assert {"LAB", "HSV", "YCbCr", "CMYK", "F", "P"} <= set(modes)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    levels = np.array([[0, 257, 32_896, 65_535]], np.uint16)
    for format in ("PNG", "TIFF"):
        result = opened(file_of(Image.fromarray(levels), format))
        assert np.asarray(result).tolist() == [[[0] * 3, [1] * 3, [128] * 3, [255] * 3]]


def test_sixteen_bits_a_channel_are_scaled() -> None:
    row = b"\0" + struct.pack(">6H", 65_535, 32_896, 0, 257, 0, 514)
    assert np.asarray(opened(png(2, 1, 16, 2, row))).tolist() == [[[255, 128, 0], [1, 0, 2]]]
    row = b"\0" + struct.pack(">4H", 65_535, 0, 32_896, 257)
    assert opened(png(1, 1, 16, 6, row)).getpixel((0, 0)) == (255, 0, 128, 1)


def test_a_palette_keeps_its_colours_and_what_is_clear() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    assert opened(file_of(image)).getpixel((0, 0)) == RED
    result = opened(file_of(image, transparency=1))
    assert result.getpixel((0, 0)) == (*RED, 255) and result.getpixel((1, 0)) == CLEAR_BLUE


def test_a_clear_colour_without_alpha_is_clear() -> None:
    result = opened(file_of(Image.new("RGB", (1, 1), RED), transparency=RED))
    assert result.getpixel((0, 0)) == (*RED, 0)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_of_an_animation_the_first_frame_comes_in(format: str) -> None:
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue", "lime")]
    result = opened(file_of(frames[0], format, save_all=True, append_images=frames[1:]))
    assert result.mode == "RGB" and result.getpixel((8, 8))[0] > 240


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_set_upright(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = file_of(PHOTO, format, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image).convert("RGB")
    assert opened(data).tobytes() == expected.tobytes()
    assert opened(data).size == (PHOTO.size if orientation < 5 else PHOTO.size[::-1])
    assert opened_mask(data).tobytes() == expected.convert("L").tobytes()


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\xff\xff"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of what it can live with
def test_broken_exif_turns_nothing(exif: bytes) -> None:
    assert opened(file_of(PHOTO, exif=exif)).tobytes() == PHOTO.tobytes()
    nonsense = Image.Exif()
    nonsense[ExifTags.Base.Orientation] = 77
    assert opened(file_of(PHOTO, exif=nonsense)).tobytes() == PHOTO.tobytes()


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped() -> bytes:
    """sRGB's profile under another name, with red and green changed round."""
    profile = srgb().replace("sRGB".encode("utf-16-be"), "other".encode("utf-16-be")[:8])
    return profile.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")


def linear_grey() -> bytes:
    """A profile of grey whose levels are amounts of light."""
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    curve = struct.pack(">4s4xI", b"curv", 0)
    tags = struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 12)
    size = 128 + len(tags) + len(white) + len(curve)
    head = struct.pack(">I4xI4s4s4s12x4s", size, 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"acsp")
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + tags + white + curve


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_a_profile_is_followed(mode: str) -> None:
    image = Image.new("RGB", (4, 4), RED if mode != "L" else "white").convert(mode)
    if mode == "RGBA":
        image.putalpha(50)
    result = opened(file_of(image, icc_profile=swapped()))
    expected = (255, 255, 255) if mode == "L" else (0, 255, 0)
    found = np.array(result.getpixel((0, 0)))
    assert abs(found[:3] - expected).max() <= 2
    assert result.mode == ("RGBA" if mode == "RGBA" else "RGB")
    if mode == "RGBA":
        assert found[3] == 50


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_profile_of_grey_is_followed(mode: str) -> None:
    image = Image.new(mode, (4, 4), 55 if mode == "L" else (55, 9))
    found = opened(file_of(image, icc_profile=linear_grey())).getpixel((0, 0))
    assert found == (128, 128, 128) if mode == "L" else (128, 128, 128, 9)


def test_the_usual_profile_changes_nothing() -> None:
    assert opened(file_of(PHOTO, icc_profile=srgb())).tobytes() == PHOTO.tobytes()


@pytest.mark.parametrize("profile", [b"x", b"x" * 200, srgb()[:300], linear_grey()])
def test_a_profile_that_is_broken_or_of_other_colours_changes_nothing(profile: bytes) -> None:
    assert opened(file_of(PHOTO, icc_profile=profile)).tobytes() == PHOTO.tobytes()


def test_lab_is_shown_as_it_is() -> None:
    lab = ImageCms.profileToProfile(
        PHOTO, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    result = opened(file_of(lab, "TIFF"))
    assert abs(np.asarray(result, int) - np.asarray(PHOTO)).mean() < 1.5  # 8 bit of LAB are coarse


def test_a_mask_is_alpha_or_light_and_no_colour() -> None:
    alpha = Image.new("RGBA", (2, 2), (255, 255, 255, 100))
    assert opened_mask(file_of(alpha)).getextrema() == (0, 0)
    assert opened_mask(file_of(alpha), round_alpha=False).getextrema() == (100, 100)
    for image in (Image.new("1", (2, 2), 1), Image.new("RGBA", (2, 2), "white")):
        mask = opened_mask(file_of(image))
        assert (mask.mode, mask.getextrema()) == ("L", (255, 255))
    grey = Image.new("L", (2, 2), 55)
    assert opened_mask(file_of(grey, icc_profile=linear_grey())).getextrema() == (55, 55)
    sixteen = Image.fromarray(np.full((2, 2), 32_896, np.uint16))
    assert opened_mask(file_of(sixteen)).getextrema() == (128, 128)


def test_the_smallest_and_the_longest_come_in() -> None:
    assert opened(file_of(Image.new("L", (1, 1), 5))).getpixel((0, 0)) == (5, 5, 5)
    assert opened(file_of(Image.new("1", (16_384, 1)))).size == (16_384, 1)


@pytest.mark.parametrize(
    ("size", "code"),
    [
        ((16_385, 1), "picture_too_long"),
        ((1, 20_000), "picture_too_long"),
        ((20_000, 20_000), "picture_too_large"),
        ((60_000, 60_000), "picture_too_large"),
        ((10_001, 10_000), "picture_too_large"),
    ],
)
def test_what_is_too_large_is_refused_by_its_head(size: tuple[int, int], code: str) -> None:
    """The files hold no pixels at all: whoever tried to read them would call them broken."""
    assert refusal(png(*size, 1, 0)) == code
    assert MOST_PIXELS == 100_000_000


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_cut_off_file_is_refused(format: str, share: float) -> None:
    dice = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    data = file_of(Image.fromarray(dice), format)
    code = refusal(data[: int(len(data) * share)])
    clear = format in ("PNG", "JPEG", "GIF", "BMP")
    assert code == "picture_cut_off" or (
        not clear and code in ("picture_broken", "picture_unknown")
    )


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")
def test_a_garbled_file_is_a_picture_or_refused(format: str) -> None:
    dice = random.Random(format)
    data = file_of(PHOTO.crop((0, 0, 20, 20)), format)
    for _ in range(80):
        garbled = bytearray(data)
        for _ in range(dice.randint(1, 5)):
            place = dice.randrange(min(len(data), dice.choice([64, len(data)])))
            garbled[place] = dice.choice([0, 255, dice.randrange(256)])
        with suppress(UserError):
            assert opened(bytes(garbled)).mode in ("RGB", "RGBA")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture_empty"),
        (b"secret words", "picture_unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_unknown"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "picture_unknown"),
        (file_of(PHOTO).replace(b"IDAT", b"IDAT garbage instead", 1), "picture_broken"),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes, code: str) -> None:
    assert refusal(data) == code
    with pytest.raises(UserError):
        opened_mask(data)


def test_what_goes_wrong_while_it_is_used_is_told_too() -> None:
    data = file_of(PHOTO)
    with pytest.raises(UserError) as caught, opened_picture(data[: len(data) // 2]) as image:
        image.load()
    assert caught.value.problem.code == "picture_cut_off"
