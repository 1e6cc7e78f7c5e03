from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import picture
from tests.fakes import FakeModel
from webui.animation.render import mark_of, planned, render, steps_of
from webui.animation.state import load_state
from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.engine.recipes import Tools

SETTINGS = {
    "compat": "native", "prompts": {"0": "a cat"}, "max_frames": 4, "W": 64, "H": 64, "seed": 3,
    "steps": 2, "angle": "0:(4)", "strength_schedule": "0:(0.5)", "diffusion_cadence": 1,
}  # fmt: skip
REF = f"sha256:{'a' * 64}"


def request(**fields) -> Animation:
    settings = {**SETTINGS, **fields.pop("settings", {})}
    return Animation(settings=settings, model="fake", noise_source="cpu", frames=4, **fields)


def tools(**more) -> Tools:
    return Tools(model=lambda name: FakeModel(), **more)


def test_frames_come_in_order_and_a_state_after_each(tmp_path):
    begun: list[int] = []
    for frame in render(request(), tools(), tmp_path, begun.append):
        assert begun == list(range(frame.number + 1))
        made = load_state(tmp_path, mark_of(request())).made
        assert made == frame.number, "what is sent is not yet behind us"
    assert load_state(tmp_path, mark_of(request())).made == 4


def test_it_goes_on_from_the_state_of_the_same_request_only(tmp_path):
    frames = render(request(), tools(), tmp_path)
    for _ in range(3):
        next(frames)
    frames.close()
    assert [one.number for one in render(request(), tools(), tmp_path)] == [2, 3]
    other = request(settings={"angle": "5"})
    assert [one.number for one in render(other, tools(), tmp_path)] == [0, 1, 2, 3]
    assert mark_of(request(image_format="jpeg")) == mark_of(request())


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "native_steps"),
        ({"compat": "deforum-3"}, "deforum_steps"),
        ({"animation_mode": "Interpolation"}, "still_steps"),
        ({"compat": "deforum-3", "animation_mode": "Interpolation"}, "still_steps"),
    ],
)
def test_each_mode_has_its_steps(settings, name):
    assert steps_of(planned(request(settings=settings), tools())).__name__ == name


def test_it_begins_with_the_picture_that_was_sent(tmp_path):
    first = Image.fromarray(picture(64, 64))
    settings = {"use_init": True, "init_image": "a.png", "strength": 1.0, "strength_schedule": "1"}
    settings |= {"angle": "0", "zoom": "1"}
    for name in ("init_image", "a.png"):
        asked = request(settings=settings, files={name: REF})
        frames = list(render(asked, tools(picture=lambda ref: first), tmp_path / name))
        apart = np.abs(frames[0].levels.astype(int) - np.asarray(first))
        assert apart.mean() < 30, "as near as the decoder comes"


def test_a_broken_schedule_is_named_with_its_place():
    with pytest.raises(UserError, match="angle, character 3") as caught:
        planned(request(settings={"angle": "0:(sin(t)"}), tools())
    assert caught.value.problem.field == "settings.angle"
