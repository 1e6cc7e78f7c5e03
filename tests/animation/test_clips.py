import numpy as np
import pytest

from tests.animation.painters import Mixer, picture, plan, stage
from webui.animation.clips import clip_steps
from webui.animation.material import Material
from webui.core.errors import UserError
from webui.motion.state import State

CLIP = [picture(seed=number) for number in range(4)]


def there(paint=None, footage=4, **values):
    made = plan(animation_mode="Video Input", W=64, H=48, max_frames=footage, **values)
    paint = paint or Mixer(CLIP[0])
    return stage(made, paint, material=Material(clip=CLIP.__getitem__)), paint


def frames(stage, state=None):
    return [one for _, made in clip_steps(stage, state or State()) for one in made]


def test_each_frame_is_made_from_its_own_of_the_clip():
    here, mixer = there(strength_schedule="0:(0.75)")
    made = frames(here)
    assert [one.number for one in made] == [0, 1, 2, 3]
    for number, given in enumerate(mixer.given):
        assert np.array_equal(given, CLIP[number])
        colour = np.array([37, 73, 109]) * mixer.seeds[number] % 256
        wanted = np.floor(CLIP[number] * 0.75 + colour * 0.25 + 0.5)
        assert np.array_equal(made[number].levels, wanted)


def test_neither_camera_nor_noise_nor_cadence_change_it():
    plain, _ = there(Mixer(CLIP[0], identity=True))
    moved, _ = there(
        Mixer(CLIP[0], identity=True), angle="5", noise_schedule="0.3", diffusion_cadence=3
    )
    for one, other, own in zip(frames(plain), frames(moved), CLIP, strict=True):
        assert np.array_equal(one.levels, own) and np.array_equal(other.levels, own)


def test_it_goes_on_where_it_was():
    here, _ = there()
    states = [state for state, _ in clip_steps(here, State())]
    again = frames(here, states[1])
    assert [one.number for one in again] == [2, 3]
    assert np.array_equal(again[0].levels, frames(here)[2].levels)


def test_grey():
    here, _ = there(color_force_grayscale=True)
    assert np.ptp(frames(here)[0].levels, axis=-1).max() == 0


def test_without_a_clip():
    made = plan(animation_mode="Video Input", W=64, H=48, max_frames=2)
    with pytest.raises(UserError, match="was not sent"):
        frames(stage(made, Mixer(CLIP[0])))
