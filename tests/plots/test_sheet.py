"""Sheets: cells in their places, words beside them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from webui.plots.sheet import (
    FONT,
    LONGEST_SIDE,
    MOST_PIXELS,
    Gap,
    Held,
    Sheet,
    draw,
    side_by_side,
    tiled,
)

RED, GREEN = (255, 0, 0), (0, 255, 0)


def plain(color: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> Image.Image:
    return Image.new("RGB", size, color)


def shape(font: ImageFont.FreeTypeFont, letter: str) -> bytes:
    image = Image.new("L", (40, 40))
    ImageDraw.Draw(image).text((4, 4), letter, 255, font)
    return image.tobytes()


def darkest(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    return int(np.asarray(image.crop(box).convert("L")).min())


def test_without_a_legend_pictures_alone() -> None:
    cells = [[plain(RED), plain(GREEN)], [plain(GREEN), plain(RED)]]
    image = draw(Sheet(cells, ("a", "b"), ("c", "d"), "title", margin=10, legend=False))
    assert image.size == (64 * 2 + 10, 48 * 2 + 10)
    assert [image.getpixel(at) for at in ((0, 0), (74, 0), (0, 58), (137, 105))] == [
        *(RED, GREEN, GREEN, RED)
    ]
    assert image.getpixel((69, 20)) == (255, 255, 255)


def test_a_legend_stands_beside_them() -> None:
    image = draw(Sheet([[plain(RED, (128, 128))] * 2], ("Steps: 4", "Steps: 8"), ("CFG: 7",)))
    left, top = image.width - 256, image.height - 128
    assert left > 20 and top > 10
    assert image.getpixel((left, top)) == RED
    for box in (
        (left, 0, left + 128, top),
        (left + 128, 0, left + 256, top),
        (0, top, left, top + 128),
    ):
        assert darkest(image, box) < 128
    assert darkest(image, (0, 0, left, top)) == 255


def test_polish_letters_are_in_the_font() -> None:
    font = ImageFont.truetype(str(FONT), 24)
    missing = shape(font, "\U0010fffd")
    for letter in "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ–„”×éüñЖλ":
        assert shape(font, letter) != missing


def test_a_gap_says_why() -> None:
    image = draw(
        Sheet([[plain(RED, (256, 256)), Gap("Out of memory: choose a smaller size.")]], ("", ""))
    )
    assert image.size == (512, 256)
    assert darkest(image, (266, 10, 502, 246)) < 128
    alone = draw(Sheet([[Gap("word " * 500)]]))
    assert alone.size == (256, 256)


def test_pictures_of_other_sizes() -> None:
    image = draw(Sheet([[plain(RED, (64, 64)), plain(GREEN, (32, 16))]], ("", "")))
    assert image.size == (128, 64)
    assert image.getpixel((96, 32)) == GREEN
    assert image.getpixel((96, 8)) == (255, 255, 255)


@pytest.mark.parametrize("shape", [(40, 1), (1, 40), (9, 9)])
def test_a_sheet_is_never_huge(shape: tuple[int, int]) -> None:
    across, down = shape
    row = [plain(RED, (1024, 1024))] * across
    image = draw(Sheet([row] * down, ("x",) * across, ("y",) * down))
    assert max(image.size) <= LONGEST_SIDE
    assert image.width * image.height <= MOST_PIXELS


def test_several_sheets_as_one() -> None:
    sheets = [plain(RED, (100, 100)), plain(GREEN, (100, 100))]
    image = side_by_side(sheets, ("Seed: 1", "Seed: 2"), 6)
    assert image.width == 206
    assert image.height > 110
    assert side_by_side(sheets, ("", ""), 0).size == (200, 100)


def test_pictures_of_one_cell() -> None:
    assert tiled([plain(RED)]).size == (64, 48)
    three = tiled([plain(RED), plain(GREEN), plain(RED)])
    assert three.size == (128, 96)
    assert [three.getpixel(at) for at in ((0, 0), (64, 0), (0, 48), (64, 48))] == [
        *(RED, GREEN, RED, (255, 255, 255))
    ]


def test_pictures_are_read_when_their_turn_comes() -> None:
    held = Held((64, 48), lambda: plain(GREEN))
    image = draw(Sheet([[plain(RED), held]], ("", "")))
    assert image.getpixel((64, 0)) == GREEN
