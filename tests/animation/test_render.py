from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import picture
from tests.fakes import FakeModel
from webui.animation.render import planned, render, steps_of
from webui.core.animation import Animation
from webui.core.errors import UserError
from webui.engine.recipes import Tools
from webui.motion.onward import mark_of
from webui.motion.state import Mark, kept_states

SETTINGS = {
    "compat": "native", "prompts": {"0": "a cat"}, "max_frames": 4, "W": 64, "H": 64, "seed": 3,
    "steps": 2, "angle": "0:(4)", "strength_schedule": "0:(0.5)", "diffusion_cadence": 1,
}  # fmt: skip
REF = f"sha256:{'a' * 64}"


def request(**fields) -> Animation:
    settings = {**SETTINGS, **fields.pop("settings", {})}
    return Animation(settings=settings, model="fake", noise_source="cpu", frames=4, **fields)


def mark(**fields) -> Mark:
    asked = request(**fields)
    return mark_of(asked, planned(asked, tools()))


def tools(**more) -> Tools:
    return Tools(model=lambda name: FakeModel(), **more)


def test_frames_come_in_order_and_a_state_after_each(tmp_path):
    begun: list[int] = []

    def kept() -> int:
        states = kept_states(tmp_path)
        assert all(one.mark == mark() for one in states)
        return states[0].state.made if states else 0

    for frame in render(request(), tools(), tmp_path, begun.append):
        assert begun == list(range(frame.number + 1))
        assert kept() == frame.number, "what is sent is not yet behind us"
    assert kept() == 4


def test_it_goes_on_from_the_state_of_the_same_request_only(tmp_path):
    frames = render(request(), tools(), tmp_path)
    for _ in range(3):
        next(frames)
    frames.close()
    assert [one.number for one in render(request(), tools(), tmp_path)] == [2, 3]
    other = request(settings={"angle": "5"})
    assert [one.number for one in render(other, tools(), tmp_path)] == [0, 1, 2, 3]
    assert mark(image_format="jpeg") == mark()


JOB = "b" * 32
FOLLOWING = [
    {},
    {"diffusion_cadence": 3},
    {"compat": "deforum-3", "diffusion_cadence": 1},
    {"compat": "deforum-3", "diffusion_cadence": 3, "max_frames": 13},
    {"animation_mode": "Interpolation"},
]


def going_on(settings, folder, frame: int, **more):
    """The frames of a job that goes on from another one, whose last two are kept as pictures."""
    whole = {one.number: one.levels for one in render(request(settings=settings), tools(), folder)}
    refs = {f"sha256:{number:064d}": levels for number, levels in whole.items()}
    named = {str(number): f"sha256:{number:064d}" for number in {0, frame - 1}}
    after = {"job": JOB, "frame": frame, "pictures": named}
    asked = request(settings={**settings, **more}, after=after)
    opened = tools(picture=lambda ref: Image.fromarray(refs[ref]))
    made = {one.number: one.levels for one in render(asked, opened, folder.parent / "new")}
    return whole, {number: levels for number, levels in made.items() if number >= frame}


class Stopped(Exception):
    """As a cancel stops it: before a frame is drawn."""


def stopped(settings, folder, before: int) -> None:
    """An animation that is stopped before a frame is drawn."""

    def begun(frame: int) -> None:
        if frame >= before:
            raise Stopped

    with pytest.raises(Stopped):
        list(render(request(settings=settings), tools(), folder, begun))


@pytest.mark.parametrize("settings", FOLLOWING, ids=str)
def test_what_goes_on_from_a_state_is_as_if_it_had_never_stopped(tmp_path, settings):
    settings = {"max_frames": 10, **settings}
    whole = {
        one.number: one.levels
        for one in render(request(settings=settings), tools(), tmp_path / "a")
    }
    stopped(settings, tmp_path / JOB, 5)
    after = {"job": JOB, "frame": 5}
    asked = request(settings=settings, after=after)
    made = {one.number: one.levels for one in render(asked, tools(), tmp_path / "new")}
    assert sorted(made)[-1] == sorted(whole)[-1] and min(made) <= 5
    assert all(np.array_equal(made[number], whole[number]) for number in made)


@pytest.mark.parametrize("settings", FOLLOWING, ids=str)
def test_where_no_state_is_kept_the_picture_before_is_gone_on_from(tmp_path, settings):
    settings = {"max_frames": 10, "strength_schedule": "0:(1)", **settings}
    whole, made = going_on(settings, tmp_path / "whole", 5)
    assert sorted(made) == [number for number in sorted(whole) if number >= 5]
    if settings.get("animation_mode") == "Interpolation":
        assert all(np.array_equal(made[number], whole[number]) for number in made)
    else:  # the same picture moved on: nearly as it was
        apart = np.abs(made[5].astype(int) - whole[4].astype(int)).mean()
        assert apart < 12


def test_changed_settings_hold_from_the_frame_on_and_a_state_of_the_form_is_taken(tmp_path):
    settings = {"max_frames": 8}
    stopped(settings, tmp_path / JOB, 4)
    changed = {**settings, "angle": "0", "zoom": "1", "strength_schedule": "1"}
    asked = request(settings=changed, after={"job": JOB, "frame": 4})
    made = list(render(asked, tools(), tmp_path / "new"))
    assert [one.number for one in made] == [4, 5, 6, 7]
    assert all(np.array_equal(one.levels, made[0].levels) for one in made), "nothing moves now"


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_a_picture_of_depths_lies_beside_each_frame_that_moves(tmp_path, compat):
    near = np.linspace(0, 1, 64)[None].repeat(64, 0)
    settings = {"animation_mode": "3D", "compat": compat, "save_depth_maps": True}
    settings |= {"translation_z": "0:(2)", "rotation_3d_y": "0:(1)"}
    beside: list[tuple[int, str, Image.Image]] = []
    asked = request(settings=settings)
    given = tools(depth=lambda name, levels, metric: 1 - near if metric else near)
    list(render(asked, given, tmp_path, beside=lambda *told: beside.append(told)))
    assert [(frame, name) for frame, name, _ in beside] == [(n, "depth") for n in (1, 2, 3)]
    levels = np.asarray(beside[0][2])
    assert levels.shape == (64, 64) and (levels[0, 0], levels[0, -1]) == (0, 255), "white near"
    beside.clear()
    quiet = request(settings={**settings, "save_depth_maps": False})
    list(render(quiet, given, tmp_path, beside=lambda *told: beside.append(told)))
    assert beside == []


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
