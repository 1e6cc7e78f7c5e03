"""Frames drawn by recipes on a model that is a formula."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.animation.painters import picture, plan
from tests.fakes import FakeModel
from webui.animation.painting import Painter
from webui.core.animation import Animation
from webui.engine.recipes import Tools
from webui.timeline.frames import frame_plan

SIZE = (64, 64)


def painter(made: Any, **tools: Any) -> tuple[Painter, list[str | None]]:
    asked: list[str | None] = []
    model = FakeModel()
    given = Tools(model=lambda name: asked.append(name) or model, **tools)
    request = Animation(settings={}, model="fake", noise_source="cpu", frames=made.frames)
    return Painter(request, made, SIZE, given), asked


def test_a_first_frame_is_drawn_from_its_prompt():
    made = plan(max_frames=2, W=64, H=64, steps=3)
    paint, asked = painter(made)
    levels, drawn = paint(frame_plan(made, 0), None)
    assert levels.shape == (64, 64, 3) and levels.dtype == np.uint8
    assert drawn.seed == 3 and drawn.parameters.prompt == "a cat"
    assert (
        drawn.parameters.values["Steps"] == 3
        and "Denoising strength" not in drawn.parameters.values
    )
    assert asked == ["fake"]


def test_later_ones_are_drawn_over_what_is_given():
    made = plan(max_frames=2, W=64, H=64, steps=4, strength_schedule="0.75", sampler="Euler")
    paint, _ = painter(made)
    flat = np.full((64, 64, 3), 128.0, np.float32)
    one, drawn = paint(frame_plan(made, 1), flat)
    other, _ = paint(frame_plan(made, 1), picture(64, 64).astype(np.float32))
    assert not np.array_equal(one, other)
    assert drawn.parameters.values["Denoising strength"] == 0.25
    again, _ = paint(frame_plan(made, 1), flat)
    assert np.array_equal(one, again)


def test_a_frame_has_its_own_sampler_checkpoint_and_variation():
    made = plan(
        max_frames=2,
        W=64,
        H=64,
        steps=2,
        enable_sampler_scheduling=True,
        sampler_schedule='0:("Euler a"), 1:("DPM++ 2M Karras")',
        enable_checkpoint_scheduling=True,
        checkpoint_schedule='0:("one"), 1:("two")',
        enable_subseed_scheduling=True,
        subseed_schedule="5",
        subseed_strength_schedule="0.5",
    )
    paint, asked = painter(made)
    _, first = paint(frame_plan(made, 0), None)
    _, second = paint(frame_plan(made, 1), picture(64, 64))
    assert asked == ["one", "two"]
    assert [one.parameters.values["Sampler"] for one in (first, second)] == ["Euler a", "DPM++ 2M"]
    assert first.parameters.values["Variation seed"] == 5


def test_noise_made_at_another_size():
    sizes = {"seed_resize_from_w": 128, "seed_resize_from_h": 4000}
    paint, _ = painter(made := plan(max_frames=1, W=64, H=64, steps=1, **sizes))
    values = paint(frame_plan(made, 0), None)[1].parameters.values
    assert values["Seed resize from"] == "128x2048"


def test_a_seed_left_to_chance_comes_again():
    clip_skip = {"enable_clipskip_scheduling": True, "clipskip_schedule": "-3"}  # taken as 1
    made = plan(max_frames=2, W=64, H=64, steps=1, seed=40, **clip_skip)
    paint, _ = painter(made)
    from dataclasses import replace

    frame = replace(frame_plan(made, 1), seed=-1)
    assert paint(frame, None)[1].seed == 41
