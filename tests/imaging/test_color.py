"""Colour correction against A1111's numbers."""

import numpy as np
import pytest
from PIL import Image

from tests.imaging.goldens import arrays, cases, difference, picture
from webui.imaging.color import color_corrected, color_target


def test_colours_are_corrected_as_a1111_does() -> None:
    for case in cases("color_correction"):
        target = color_target(picture(case["reference"]))
        if f"cc_target_{case['id']}" in arrays():
            assert difference(target, arrays()[f"cc_target_{case['id']}"]) == 0
        result = color_corrected(picture(case["image"]), target)
        assert difference(result, arrays()[f"cc_out_{case['id']}"]) <= 1, case
    assert len(cases("color_correction")) == 4


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (40, 30)])
def test_a_picture_of_the_right_colours_stays(size: tuple[int, int]) -> None:
    levels = np.random.default_rng(1).integers(0, 256, (*size[::-1], 3)).astype(np.uint8)
    image = Image.fromarray(levels)
    result = color_corrected(image, color_target(image))
    # LAB in 8 bit loses a few levels of strong colours
    assert np.abs(np.asarray(result, int) - levels).mean() < 2.5


@pytest.mark.parametrize("color", ["black", "white", "red", "lime", "blue", "#7f8081"])
@pytest.mark.parametrize("target", ["black", "white", "red", "blue", "#123456"])
def test_plain_pictures_keep_their_light(color: str, target: str) -> None:
    image, wanted = Image.new("RGB", (4, 4), color), Image.new("RGB", (9, 2), target)
    result = color_corrected(image, color_target(wanted))
    light = [one.convert("L").getpixel((0, 0)) for one in (image, result)]
    assert abs(light[0] - light[1]) <= 2


def test_the_colours_become_those_of_the_target() -> None:
    grey = Image.linear_gradient("L").convert("RGB")
    orange = Image.fromarray((np.asarray(grey) * [0.96, 0.8, 0.56]).astype(np.uint8))
    result = np.asarray(color_corrected(grey, color_target(orange)), float)
    red, green, blue = result[100:150].mean(axis=(0, 1))
    assert red > green + 10 > blue + 30
