"""Masks against A1111's numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.goldens import arrays, cases, difference, mask, picture
from webui.imaging import masks

PICTURE = Image.new("RGB", (96, 80), "red")


@pytest.mark.parametrize("rounded", [True, False])
def test_alpha_is_a_mask(rounded: bool) -> None:
    found = masks.mask_of(picture("rgba"), rounded)
    assert difference(found, arrays()[f"binary_rgba_{rounded}"]) == 0


def test_luminance_is_a_mask_where_nothing_is_clear() -> None:
    grey = Image.new("RGBA", (4, 3), (100, 100, 100, 255))
    assert masks.mask_of(grey).getextrema() == (100, 100)
    assert masks.mask_of(Image.new("1", (4, 3), 1)).getextrema() == (255, 255)
    assert masks.mask_of(Image.new("LA", (4, 3), (9, 200))).getextrema() == (255, 255)


def test_what_is_clear_is_a_mask_too() -> None:
    found = masks.clear_parts(Image.new("RGBA", (4, 3), (1, 2, 3, 55)))
    assert found.getextrema() == (200, 200)
    assert masks.clear_parts(PICTURE).getbbox() is None


def test_crop_regions_are_a1111s() -> None:
    for case in cases("crop_region"):
        found = masks.crop_region(mask(case["mask"]), case["pad"])
        assert found == (case["v2"] and tuple(case["v2"])), case
    assert len(cases("crop_region")) == 44


def test_crop_regions_grow_as_a1111s() -> None:
    known = [case for case in cases("expand_crop_region") if "result" in case]
    for case in known:
        (left, top, right, bottom), (width, height) = case["region"], case["image"]
        box = left, top, right, bottom
        found = masks.expand_crop_region(box, *case["processing"], (width, height))
        assert found == tuple(case["result"]), case
    assert len(known) == 58


@settings(max_examples=300)
@given(st.data())
def test_a_grown_region_keeps_what_it_had_and_stays_inside(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 500)), data.draw(st.integers(1, 500))
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    wanted = data.draw(st.tuples(st.integers(1, 3000), st.integers(1, 3000)))
    box = masks.expand_crop_region((left, top, right, bottom), *wanted, (width, height))
    assert 0 <= box[0] <= left and 0 <= box[1] <= top
    assert right <= box[2] <= width and bottom <= box[3] <= height


@pytest.mark.parametrize("name", ["ellipse", "corner", "edge", "full", "soft", "two", "wide"])
def test_the_fill_is_a1111s(name: str) -> None:
    assert difference(masks.filled(picture("smooth"), mask(name)), arrays()[f"fill_{name}"]) == 0


def test_clear_pictures_are_laid_on_a_colour() -> None:
    assert difference(masks.flattened(picture("rgba")), arrays()["flatten_rgba"]) == 0
    on_blue = masks.flattened(picture("rgba"), "#123456")
    assert difference(on_blue, arrays()["flatten_rgba_123456"]) == 0


def test_a_blur_spreads_along_its_axis_only_and_ends() -> None:
    dot = Image.new("L", (61, 61))
    dot.putpixel((30, 30), 255)
    across, down = masks.blurred(dot, 4, 0), masks.blurred(dot, 0, 4)
    box = across.getbbox()
    assert box and box[1::2] == (30, 31) and 20 <= box[0] < 30 < box[2] <= 41
    assert (np.asarray(across) == np.asarray(down).T).all()
    assert masks.blurred(dot, 0, 0).tobytes() == dot.tobytes()


def test_an_overlay_keeps_what_is_not_masked_to_the_bit() -> None:
    hole = Image.new("L", (96, 80))
    hole.paste(255, (10, 10, 30, 30))
    over = masks.overlay(picture("smooth"), hole)
    assert over.getpixel((20, 20)) == (0, 0, 0, 0)
    result = Image.alpha_composite(Image.new("RGBA", (96, 80), "red"), over).convert("RGB")
    result.paste(picture("smooth").crop((10, 10, 30, 30)), (10, 10))
    assert result.tobytes() == picture("smooth").tobytes()


def test_a_latent_mask_is_rounded_or_soft() -> None:
    half = Image.new("L", (16, 16), 100)
    assert masks.latent_mask(half, 2, 2).tolist() == [[0, 0], [0, 0]]
    assert masks.latent_mask(half, 2, 3, rounded=False) == pytest.approx(np.full((3, 2), 100 / 255))
