from __future__ import annotations

import numpy as np
import pytest

from tests.animation.painters import Mixer, picture, plan, stage
from webui.animation.native import native_steps
from webui.animation.stage import Frame, Stage
from webui.motion.state import State

SIZE = {"W": 64, "H": 48}


def frames(there: Stage, state: State = State()) -> list[Frame]:  # noqa: B008  frozen
    return [frame for _, made in native_steps(there, state) for frame in made]


@pytest.mark.parametrize("cadence", [1, 2, 3, 7, 30])
def test_exactly_as_many_frames_as_asked_for_each_once_and_in_order(cadence):
    made = plan(max_frames=11, diffusion_cadence=cadence, zoom="1.05", **SIZE)
    mixer = Mixer(picture())
    there = frames(stage(made, mixer))
    assert [frame.number for frame in there] == list(range(11))
    assert mixer.frames == list(made.generated) and mixer.frames[-1] == 10


@pytest.mark.parametrize("mode", ["2D", "3D"])
@pytest.mark.parametrize("cadence", [1, 5])
def test_without_motion_and_drawing_the_picture_stays_for_a_hundred_frames(mode, cadence):
    still = {"zoom": "1", "angle": "0", "translation_z": "0", "strength_schedule": "1"}
    turns = {f"rotation_3d_{axis}": "0" for axis in "xyz"}
    made = plan(
        animation_mode=mode, max_frames=101, diffusion_cadence=cadence, **still, **turns, **SIZE
    )
    mixer = Mixer(picture())
    for frame in frames(stage(made, mixer)):
        assert np.array_equal(frame.levels, picture())
    assert mixer.frames == [0], "nothing is drawn where nothing may change"


def test_generated_frames_are_seen_as_they_were_generated():
    made = plan(max_frames=9, diffusion_cadence=4, angle="3", color_coherence="None", **SIZE)
    tail: list[np.ndarray] = []

    def paint(frame, begun, given):
        flat = np.full((48, 64, 3), 20 * frame.frame + 10, np.uint8)
        tail.append(flat)
        return flat, f"told of {frame.frame}"

    there = frames(stage(made, paint))
    for number, flat in zip((0, 4, 8), tail, strict=True):
        assert np.array_equal(there[number].levels, flat)
        assert there[number].drawn == f"told of {number}"
    between = [int(there[number].levels.mean()) for number in range(5)]
    assert between == [10, 30, 50, 70, 90], "they fade evenly"
    assert there[2].drawn is None


def test_it_begins_with_the_picture_given_and_draws_over_it():
    from PIL import Image

    made = plan(max_frames=2, use_init=True, init_image="a.png", strength=0.75, **SIZE)
    mixer = Mixer(picture(seed=1))
    first = Image.fromarray(picture(96, 128))
    frames(stage(made, mixer, first=lambda: first))
    assert mixer.given[0] is not None and mixer.given[0].shape == (48, 64, 3)
    assert np.abs(mixer.given[0].astype(int) - picture()).mean() < 8


@pytest.mark.parametrize("flow", ["None", "DIS Fine"])
def test_a_run_taken_up_again_anywhere_makes_the_same_frames(flow):
    made = plan(
        max_frames=13,
        diffusion_cadence=3,
        zoom="1.02",
        angle="2",
        optical_flow_cadence=flow,
        strength_schedule="0.6",
        animation_mode="2D",
        **SIZE,
    )
    there = stage(made, Mixer(picture()))
    whole = [(state, list(some)) for state, some in native_steps(there, State())]
    for place, (state, _) in enumerate(whole[:-1]):
        again = frames(there, state)
        wanted = [frame for _, some in whole[place + 1 :] for frame in some]
        assert [one.number for one in again] == [one.number for one in wanted]
        assert all(
            np.array_equal(one.levels, other.levels)
            for one, other in zip(again, wanted, strict=True)
        )


def test_half_the_size_moves_half_as_far():
    made = plan(max_frames=2, translation_x="16", strength_schedule="1", zoom="1", **SIZE)
    half = Stage(made, Mixer(picture(24, 32)), (32, 24), scale=0.5)
    moved = frames(half)[1].levels
    assert np.abs(moved[:, 8:].astype(int) - picture(24, 32)[:, :-8]).max() <= 1
