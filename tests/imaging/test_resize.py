"""Sizes and resizing against A1111's numbers, and every size and mode there is."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.golden import golden
from tests.imaging.goldens import arrays, cases, difference, picture
from webui.core.requests import ResizeMode
from webui.imaging.resize import hires_size, resized, size_by, upscaled_size

MODES: list[ResizeMode] = ["just_resize", "crop", "fill", "latent"]
sides = st.integers(1, 70)


def test_pictures_are_resized_as_a1111_does() -> None:
    for case in cases("resize"):
        mode = MODES[case["mode"]]
        result = resized(picture(case["image"]), case["width"], case["height"], mode)
        assert result.size == (case["width"], case["height"])
        if "error_type" in case:  # better than reference: a height of 0 is taken for 1
            continue
        expected = arrays()[f"resize_{case['id']}"]
        if case["id"] == "014":  # better than reference, which leaves the last row black
            assert not expected[-1].any() and np.asarray(result)[-1].any()
            result, expected = result.crop((0, 0, 33, 56)), expected[:-1]
        assert difference(result, expected) == 0, case
    assert len(cases("resize")) == 72


@settings(deadline=None, max_examples=150)
@given(sides, sides, sides, sides, st.sampled_from(MODES), st.sampled_from(["RGB", "L", "RGBA"]))
def test_any_picture_fills_any_size_in_its_own_mode(
    width: int, height: int, new_width: int, new_height: int, mode: ResizeMode, colors: str
) -> None:
    image = Image.new(colors, (width, height), "white")
    result = resized(image, new_width, new_height, mode)
    assert (result.size, result.mode) == ((new_width, new_height), colors)
    if mode != "crop":
        assert np.asarray(result).min() == 255  # nothing is left black


@settings(deadline=None, max_examples=150)
@given(sides, sides, sides, sides)
def test_a_cropped_picture_covers_all_but_a_rounded_line(
    width: int, height: int, new_width: int, new_height: int
) -> None:
    result = np.asarray(
        resized(Image.new("L", (width, height), 255), new_width, new_height, "crop")
    )
    assert (result == 0).all(axis=0).sum() <= 1 and (result == 0).all(axis=1).sum() <= 1


def test_an_upscaler_makes_what_grows_and_nothing_else() -> None:
    asked: list[tuple[int, int]] = []

    def enlarge(image: Image.Image, width: int, height: int) -> Image.Image:
        asked.append((width, height))
        return image.resize((width * 2, height * 2))

    image = Image.new("RGB", (40, 30))
    assert resized(image, 80, 90, "just_resize", enlarge).size == (80, 90)
    assert asked.pop() == (120, 90)
    assert resized(image, 80, 80, "crop", enlarge).size == (80, 80)
    assert asked.pop() == (106, 80)
    resized(image, 40, 30, "just_resize", enlarge)
    resized(image, 20, 10, "crop", enlarge)
    resized(Image.new("L", (40, 30)), 80, 90, "fill", enlarge)
    assert not asked


def test_hires_sizes_are_a1111s() -> None:
    known = json.loads(golden("a1111/misc.json").read_text(encoding="utf-8"))["hires_size"]
    for case in known:
        result = case["result"]
        scale = case["parameters"].get("hr_scale", 2.0)
        size = hires_size(*result["first_pass"], scale, *result["resize"])
        assert size == tuple(result["upscale_to"] + result["truncate"]), case
    assert len(known) == 30


@pytest.mark.parametrize(
    ("by", "step", "expected"),
    [(1.1, 1, (110, 55)), (1.05, 1, (105, 52)), (0.001, 1, (1, 1)), (1.1, 8, (104, 48))],
)
def test_a_size_by_a_factor_loses_its_fraction(
    by: float, step: int, expected: tuple[int, int]
) -> None:
    assert size_by(100, 50, by, step) == expected


@pytest.mark.parametrize(
    ("asked", "result", "whole"),
    [
        ((30, 20, 1.5), (45, 30), (45, 30)),
        ((100, 33, 1.15), (115, 38), (115, 38)),  # 1.15 * 100 is a little less in floats
        ((1, 1, 8), (8, 8), (8, 8)),
        ((30, 20, 4, 90), (90, 60), (90, 60)),
        ((30, 20, 4, 0, 10), (15, 10), (15, 10)),
        ((30, 20, 4, 60, 60), (60, 60), (90, 60)),
        ((7, 5, 4, 100, 100), (100, 100), (140, 100)),
        ((30, 20, 4, 60, 60, False), (60, 40), (60, 40)),
        ((900, 1, 4, 90, 90, False), (90, 1), (90, 1)),
    ],
)
def test_the_size_of_an_upscaling(asked, result, whole):
    assert upscaled_size(*asked) == (*result, *whole)
