from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import Mixer, picture, plan, stage
from webui.motion.camera import Move2D
from webui.motion.sharpen import Unsharp

SIZE = {"W": 64, "H": 48}


def test_a_frame_s_numbers_are_its_plan_s():
    made = plan(
        max_frames=3, kernel_schedule="5", sigma_schedule="1+t", amount_schedule="0.1*t", **SIZE
    )
    there = stage(made, Mixer(picture()))
    assert there.unsharp(2) == Unsharp(5, 3.0, 0.2, 0.0)
    assert there.at("sigma_schedule", 1) == 2
    assert there.grain.noise_type == made.value("noise_type")


def test_motion_is_that_of_the_size_that_is_drawn():
    made = plan(max_frames=2, translation_x="10", zoom="1.1", **SIZE)
    whole, half = stage(made, Mixer(picture())), stage(made, Mixer(picture()), scale=0.5)
    assert isinstance(whole.motion(1).move, Move2D)
    assert (whole.motion(1).move.translation_x, half.motion(1).move.translation_x) == (10, 5)
    assert whole.motion(1).move.zoom == half.motion(1).move.zoom == 1.1


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"animation_mode": "2D"}, False),
        ({"animation_mode": "3D"}, True),
        ({"animation_mode": "3D", "use_depth_warping": False}, False),
    ],
)
def test_depth_is_asked_for_where_it_is_made_use_of(settings, asked):
    seen: list[tuple[int, ...]] = []
    depth = np.ones((48, 64))

    def network(image):
        seen.append(image.shape)
        return depth

    there = stage(plan(max_frames=2, **settings, **SIZE), Mixer(picture()), depth=network)
    found = there.depth_of(picture(), 0)
    assert (found is depth) == asked and bool(seen) == asked


def test_the_beginning_is_fitted_and_only_where_the_settings_say_so():
    given = Image.fromarray(picture(96, 128)).convert("RGBA")
    begins = plan(max_frames=2, use_init=True, init_image="a.png", **SIZE)
    first = stage(begins, Mixer(picture()), first=lambda: given).beginning()
    assert first is not None and first.shape == (48, 64, 3)
    assert (
        stage(plan(max_frames=2, **SIZE), Mixer(picture()), first=lambda: given).beginning() is None
    )
    assert stage(begins, Mixer(picture())).beginning() is None
