"""Preparation and paste against A1111's numbers; and outside the mask not one pixel changes."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps

from tests.imaging.goldens import arrays, cases, difference, mask, picture
from webui.core.errors import UserError
from webui.core.requests import Area, Content, ResizeMode
from webui.imaging import masks
from webui.imaging.ingest import opened
from webui.imaging.inpainting import BAND, InitSettings, finished, prepared

MODES: list[ResizeMode] = ["just_resize", "crop", "fill", "latent"]
CONTENTS: list[Content] = ["fill", "original", "latent_noise", "latent_nothing"]


def settings_of(case: dict[str, Any]) -> InitSettings:
    """An A1111 case's parameters and settings as ours."""
    given, options = case["parameters"], case["settings"]
    blur = given.get("mask_blur", 4)
    return InitSettings(
        width=case["width"],
        height=case["height"],
        resize_mode=MODES[given.get("resize_mode", 0)],
        mask_blur_x=given.get("mask_blur_x", blur),
        mask_blur_y=given.get("mask_blur_y", blur),
        invert=bool(given.get("inpainting_mask_invert")),
        round_mask=given.get("mask_round", True),
        content=CONTENTS[given.get("inpainting_fill", 0)],
        area="masked" if given.get("inpaint_full_res", True) else "whole",
        padding=given.get("inpaint_full_res_padding", 0),
        color_correction=options.get("img2img_color_correction", False),
        background=options.get("img2img_background_color", "#ffffff"),
        keep_alpha=False,
        allow_blank=True,
    )


@pytest.mark.parametrize("number", range(59))
def test_the_preparation_is_a1111s(number: int) -> None:
    case = cases("init")[number]
    given = case["mask"] and (picture("rgba") if case["mask"] == "rgba" else mask(case["mask"]))
    ready = prepared(picture(case["image"]), given or None, settings_of(case))
    names = [name for name in arrays() if name.startswith(f"init_{case['id']}_")]
    expected = {name.split("_", 2)[2]: arrays()[name] for name in names}
    assert difference(ready.pixels, expected["encoder_input"]) == 0
    assert ("mask" in expected) == (ready.latent_mask is not None)
    if ready.latent_mask is not None:
        assert (ready.latent_mask == expected["nmask"]).all()
        assert (1 - ready.latent_mask == expected["mask"]).all()
    if case["paste_to"]:
        left, top, width, height = case["paste_to"]
        assert ready.box == (left, top, left + width, top + height)
    if case["id"] == "51":  # better than reference, which lays a corner of the picture over
        return
    _compare_masks(ready, expected)
    if "final" in expected:
        plain = Image.new("RGB", (case["width"], case["height"]), (200, 60, 10))
        uncorrected = replace(ready, color_target=None)  # as the reference's paste is alone
        assert difference(finished(plain, uncorrected), expected["final"]) == 0


def _compare_masks(ready: Any, expected: dict[str, Any]) -> None:
    if "mask_for_overlay" in expected:
        assert difference(ready.overlay_mask, expected["mask_for_overlay"]) == 0
    if "overlay" in expected:
        assert difference(ready.overlay, expected["overlay"]) == 0
    if "overlay_alpha" in expected:
        alpha = np.asarray(ready.overlay.getchannel("A"))
        assert difference(alpha, expected["overlay_alpha"]) == 0
    if "color_correction" in expected:
        assert difference(ready.color_target, expected["color_correction"]) == 0


sides = st.integers(1, 70)


def noise(width: int, height: int, mode: str, seed: int) -> Image.Image:
    dice = np.random.default_rng(seed)
    levels = dice.integers(0, 256, (height, width, len(mode))).astype(np.uint8)
    if mode == "RGBA":
        levels[dice.random((height, width)) < 0.3, 3] = 0  # clear pixels have colours too
    return Image.fromarray(levels)


@st.composite
def drawn_masks(draw: st.DrawFn, width: int, height: int) -> Image.Image:
    """A few patches of any strength."""
    mask = Image.new("L", (width, height))
    for _ in range(draw(st.integers(1, 3))):
        left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        across, down = draw(st.integers(1, width)), draw(st.integers(1, height))
        mask.paste(draw(st.integers(1, 255)), (left, top, left + across, top + down))
    return mask


def same(first: Image.Image, second: Image.Image) -> np.ndarray[Any, Any]:
    """(H, W): which pixels of two pictures of the same size and mode are equal to the bit."""
    assert (first.mode, first.size) == (second.mode, second.size)
    return (np.asarray(first) == np.asarray(second)).all(axis=-1)


@settings(deadline=None, max_examples=120)
@given(st.data(), sides, sides, st.sampled_from(["RGB", "RGBA"]))
def test_outside_the_mask_not_one_pixel_changes(
    data: st.DataObject, width: int, height: int, mode: str
) -> None:
    image, mask = noise(width, height, mode, 1), data.draw(drawn_masks(width, height))
    blur_x, blur_y = data.draw(st.tuples(*[st.sampled_from([0, 0.6, 2, 5])] * 2))
    invert = data.draw(st.booleans()) and mask.getextrema()[0] < 255
    options = InitSettings(
        width=data.draw(st.sampled_from([64, 72, 128])),
        height=data.draw(st.sampled_from([64, 80])),
        resize_mode=data.draw(st.sampled_from(MODES)),
        mask_blur_x=blur_x,
        mask_blur_y=blur_y,
        invert=invert,
        content=data.draw(st.sampled_from(CONTENTS)),
        area=data.draw(st.sampled_from(["whole", "masked"])),
        padding=data.draw(st.integers(0, 40)),
        color_correction=data.draw(st.booleans()),
        keep_size=data.draw(st.booleans()),
        allow_blank=True,
    )
    if options.area == "whole" and min(width, height) < 8:
        options = replace(options, keep_size=True)
    if options.area == "whole" and not options.keep_size:
        options = replace(options, width=width, height=height, resize_mode="just_resize")
    blurred = masks.blurred(masks.inverted(mask) if invert else mask, blur_x, blur_y)
    if blurred.getbbox() is None:
        return
    ready = prepared(image, mask, options)
    assert ready.pixels.mode == "RGB"
    result = finished(noise(ready.width, ready.height, "RGB", 2), ready)
    untouched = np.asarray(blurred) == 0
    assert same(result, image)[untouched].all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_inside_the_mask_is_the_result(mode: str) -> None:
    image, mask = noise(64, 64, mode, 1), Image.new("L", (64, 64))
    mask.paste(255, (16, 16, 40, 48))
    options = InitSettings(64, 64, mask_blur_x=0, mask_blur_y=0)
    new = noise(64, 64, "RGB", 2)
    result = finished(new, prepared(image, mask, options))
    inside = np.asarray(mask) == 255
    assert same(result.convert("RGB"), new)[inside].all()
    assert same(result, image)[~inside].all()
    if mode == "RGBA":
        assert (np.asarray(result)[inside, 3] == 255).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_large_pictures_are_mixed_band_by_band(mode: str) -> None:
    image, new = noise(8, 2 * BAND + 70, mode, 1), noise(8, 2 * BAND + 70, "RGB", 2)
    mask = Image.new("L", image.size)
    mask.paste(255, (2, 10, 7, 2 * BAND + 40))
    result = finished(new, prepared(image, mask, InitSettings(*image.size, mask_blur_x=0)))
    touched = np.asarray(masks.blurred(mask, 0, 4)) > 0
    assert same(result, image)[~touched].all()
    assert same(result.convert("RGB"), new)[np.asarray(mask) == 255].all()


def test_half_a_mask_is_half_of_each_in_colours_and_alpha() -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    half = Image.new("L", (64, 64), 128)
    options = InitSettings(64, 64, mask_blur_x=0, mask_blur_y=0, area="masked", padding=0)
    result = finished(Image.new("RGB", (64, 64), (200, 100, 50)), prepared(clear, half, options))
    red, green, blue, alpha = np.asarray(result)[5, 5].astype(int)
    assert alpha == 128 and abs(np.array([red, green, blue]) - [200, 100, 50]).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_turned_picture_stays_as_it_looks(orientation: int, mode: str) -> None:
    image, exif, file = noise(40, 24, mode, 1), Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.Orientation] = orientation
    image.save(file, "PNG", exif=exif)
    upright = opened(file.getvalue())
    shown = ImageOps.exif_transpose(Image.open(file))
    mask = Image.new("L", upright.size)
    mask.paste(255, (4, 5, 12, 11))
    ready = prepared(upright, mask, InitSettings(64, 64, area="masked", keep_size=True))
    result = finished(Image.new("RGB", (ready.width, ready.height), "red"), ready)
    untouched = np.asarray(masks.blurred(mask, 4, 4)) == 0
    assert untouched.any() and same(result, shown)[untouched].all()
    assert not same(result, shown)[5:11, 4:12].any()


def test_the_size_is_kept_and_the_model_draws_near_its_own() -> None:
    image, mask = noise(1000, 600, "RGB", 1), Image.new("L", (1000, 600))
    mask.paste(255, (400, 300, 440, 340))
    around = prepared(image, mask, InitSettings(512, 512, area="masked", keep_size=True))
    assert (around.width, around.height, around.base.size) == (512, 512, (1000, 600))
    assert around.latent_mask is not None and around.latent_mask.shape == (64, 64)
    whole = prepared(image, mask, InitSettings(512, 512, keep_size=True))
    assert (whole.width, whole.height, whole.pixels.size) == (664, 400, (664, 400))
    plain = prepared(image, None, InitSettings(512, 512, keep_size=True))
    assert plain.latent_mask is plain.overlay is None
    assert finished(noise(664, 400, "RGB", 2), plain).size == (1000, 600)


@pytest.mark.parametrize("size", [(300, 200), (101, 67), (30, 20), (900, 40), (3000, 8), (7, 900)])
@pytest.mark.parametrize("area", ["whole", "masked"])
def test_what_the_model_sees_goes_back_to_where_it_came_from(
    size: tuple[int, int], area: Area
) -> None:
    down, across = np.mgrid[0 : size[1], 0 : size[0]]
    levels = np.stack([across * 255 / size[0], down * 255 / size[1], 0 * across + 99], axis=-1)
    image = Image.fromarray(levels.astype(np.uint8))
    mask = Image.new("L", size, 255)
    ready = prepared(image, mask, InitSettings(256, 256, area=area, keep_size=True))
    result = finished(ready.pixels, ready)
    difference = np.abs(np.asarray(result, int) - np.asarray(image))
    assert difference.mean() < 2 and np.percentile(difference, 95) <= 6


def test_latents_are_stretched_with_their_mask() -> None:
    image, mask = noise(96, 80, "RGB", 1), Image.new("L", (96, 80))
    mask.paste(255, (48, 0, 96, 80))
    options = InitSettings(64, 128, "latent", mask_blur_x=0, mask_blur_y=0, content="fill")
    ready = prepared(image, mask, options)
    assert ready.pixels.size == (96, 80) and ready.latent_mask is not None
    left = np.asarray(ready.pixels)[:, :48]
    assert abs(left.astype(int) - np.asarray(image)[:, :48]).max() <= 1  # filled on the right only
    assert ready.latent_mask.tolist() == [[0] * 4 + [1] * 4] * 16
    result = finished(Image.new("RGB", (64, 128), "red"), ready)
    assert result.size == (64, 128) and result.getpixel((50, 9)) == (255, 0, 0)
    assert same(result, image.resize((64, 128), Image.Resampling.LANCZOS))[:, :26].all()


def test_a_mask_of_another_size_is_scaled() -> None:
    image, small = noise(200, 100, "RGB", 1), Image.new("L", (51, 25))
    small.paste(255, (0, 0, 25, 25))
    ready = prepared(image, small, InitSettings(200, 100, mask_blur_x=0, mask_blur_y=0))
    assert ready.overlay_mask is not None
    levels = np.asarray(ready.overlay_mask)
    assert (levels[:, :94] == 255).all() and not levels[:, 104:].any()


@pytest.mark.parametrize("size", [(100, 200), (100, 100), (2, 2), (200, 110)])
def test_a_mask_of_another_shape_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UserError) as caught:
        prepared(noise(200, 100, "RGB", 1), Image.new("L", size, 255), InitSettings(64, 64))
    problem = caught.value.problem
    assert (problem.code, problem.field) == ("mask_shape", "mask")
    assert problem.values == {"mask": f"{size[0]}x{size[1]}", "picture": "200x100"}


@pytest.mark.parametrize("invert", [True, False])
def test_a_blank_mask_is_refused(invert: bool) -> None:
    mask = Image.new("L", (30, 20), 255 * invert)
    with pytest.raises(UserError) as caught:
        prepared(noise(30, 20, "RGB", 1), mask, InitSettings(64, 64, invert=invert))
    assert (caught.value.problem.code, caught.value.problem.field) == ("mask_blank", "mask")


def test_a_blank_mask_may_be_allowed_as_a1111_does() -> None:
    image, mask = noise(64, 64, "RGB", 1), Image.new("L", (64, 64))
    new = noise(64, 64, "RGB", 2)
    whole = prepared(image, mask, InitSettings(64, 64, allow_blank=True))
    assert finished(new, whole).tobytes() == image.tobytes()
    around = prepared(image, mask, InitSettings(64, 64, area="masked", allow_blank=True))
    assert around.latent_mask is None and finished(new, around).tobytes() == new.tobytes()


def test_colours_are_brought_back_before_the_paste() -> None:
    image, mask = Image.new("RGB", (64, 64), (40, 90, 60)), Image.new("L", (64, 64), 255)
    options = InitSettings(64, 64, color_correction=True)
    result = finished(noise(64, 64, "RGB", 2), prepared(image, mask, options))
    plain = finished(noise(64, 64, "RGB", 2), prepared(image, mask, InitSettings(64, 64)))
    drift = [np.asarray(one, float).mean(axis=(0, 1)) for one in (result, plain)]
    tint = [levels - levels.mean() for levels in (*drift, np.array([40.0, 90, 60]))]
    assert abs(tint[0] - tint[2]).max() < abs(tint[1] - tint[2]).max() / 2


def test_an_upscaler_serves_the_picture_and_the_result() -> None:
    asked: list[tuple[int, int]] = []

    def enlarge(image: Image.Image, width: int, height: int) -> Image.Image:
        asked.append((width, height))
        return image.resize((width, height))

    image, mask = noise(300, 200, "RGB", 1), Image.new("L", (300, 200))
    mask.paste(255, (100, 100, 120, 120))
    options = InitSettings(512, 512, area="masked", keep_size=True)
    ready = prepared(image, mask, options, enlarge)
    assert asked and asked.pop() >= (ready.width, ready.height)
    large = noise(2000, 1200, "RGB", 1)
    ready = prepared(large, mask.resize(large.size), InitSettings(512, 512, keep_size=True))
    finished(noise(ready.width, ready.height, "RGB", 2), ready, enlarge)
    assert asked and asked.pop() >= (1990, 1200)
