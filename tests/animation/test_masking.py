from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import Mixer, picture, stage
from tests.motion.deforum_run import recorded
from webui.animation.clips import clip_steps
from webui.animation.deforum import deforum_steps
from webui.animation.masking import mask_at, noise_mask_at, overlaid
from webui.animation.material import Material
from webui.animation.native import native_steps
from webui.core.errors import UserError
from webui.motion.state import State
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

LEFT = np.zeros((48, 64, 3), np.uint8)
LEFT[:, :32] = 255
TOP = np.zeros((48, 64, 3), np.uint8)
TOP[:24] = 255
FILES = {"m": LEFT, "b.png": TOP}


def there(paint=None, masks=None, compat="native", **values):
    values = {"use_mask": True, "mask_file": "m", "W": 64, "H": 48, "max_frames": 3, **values}
    made = plan_of(settings_of({"prompts": {"0": "x"}, "seed": 3, "compat": compat, **values}))
    assert made.ok, made.errors
    material = Material(
        mask_clip=masks, picture=lambda parameter, name: Image.fromarray(FILES[name])
    )
    return stage(made, paint, material=material, first=lambda: Image.fromarray(picture()))


@pytest.mark.parametrize(("name", "mean"), [("c14_mask", 63.75), ("c15_mask_inverted", None)])
def test_deforum_s_masked_runs(name, mean):
    record, arrays = recorded(name)
    values = {"legacy_colormatch": False, **record["settings_changed_from_default"]}
    made = plan_of(settings_of({**values, "compat": "deforum-3"}))
    mask, init = (Image.fromarray(arrays[one]) for one in ("mask_image", "init_image"))
    mixer = Mixer(arrays["first_frame"])
    material = Material(picture=lambda parameter, name: mask)
    here = stage(made, mixer, material=material, first=lambda: init)
    frames = {one.number: one for _, found in deforum_steps(here, State()) for one in found}
    for given, call in zip(mixer.with_, record["calls"], strict=True):
        assert (given.mask is not None) == call["has_mask"]
        if given.mask is not None:
            assert np.asarray(given.mask).mean() == mean == call["mask_mean"]
    for number, one in frames.items():
        wanted = arrays.get(f"frame_{number:03}")
        if wanted is not None:
            off = np.abs(one.levels.astype(int) - wanted)
            assert off.mean() < 0.4 and off.max() <= 25, "its README allows 0.15 and 25"


def test_inverting_inverts_with_us():
    mask = mask_at(there(invert_mask=True), 0)
    assert np.array_equal(np.asarray(mask), 255 - LEFT[..., 0])
    assert mask_at(there(invert_mask=True, compat="deforum-3"), 0) is None
    assert mask_at(there(use_mask=False), 0) is None


def test_an_expression_of_masks():
    here = there(mask_schedule='0: ("{video_mask} & ![b.png]"), 2: ("{everywhere}")')
    wanted = (LEFT[..., 0] > 0) & ~(TOP[..., 0] > 0)
    assert np.array_equal(np.asarray(mask_at(here, 1)) > 127, wanted)
    assert np.asarray(mask_at(here, 2)).min() == 255


def test_a_black_mask_is_taken_as_none_by_deforum_and_as_black_by_us():
    nothing = {"mask_schedule": '0: ("{video_mask} & !{video_mask}")'}
    assert mask_at(there(**nothing), 0).getbbox() is None
    assert mask_at(there(**nothing, compat="deforum-3"), 0).getbbox() is not None


def test_a_clip_of_masks():
    here = there(use_mask_video=True, masks=[LEFT, TOP, LEFT].__getitem__)
    assert np.array_equal(np.asarray(mask_at(here, 1)), TOP[..., 0])


def test_alpha_of_the_first_picture():
    clear = Image.new("RGBA", (64, 48), (9, 9, 9, 255))
    clear.putpixel((0, 0), (9, 9, 9, 0))
    here = there(use_alpha_as_mask=True, init_image="i", use_init=True)
    object.__setattr__(here, "material", Material(picture=lambda parameter, name: clear))
    mask = np.asarray(mask_at(here, 0))
    assert mask[0, 0] == 255 and mask[5, 5] == 0


def test_where_noise_goes():
    assert noise_mask_at(there(), 0) is None
    found = noise_mask_at(there(use_noise_mask=True, noise_mask_schedule='0: ("[b.png]")'), 0)
    assert np.array_equal(found, TOP[..., 0] / 255)


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_outside_the_mask_no_frame_changes(compat):
    steps = native_steps if compat == "native" else deforum_steps
    values = {"use_init": True, "init_image": "i", "angle": "0:(5)", "diffusion_cadence": 1}
    values |= {"noise_type": "uniform", "H": 64}  # Deforum's noise comes in blocks of 64
    here = there(Mixer(picture()), compat=compat, **values)
    first = here.beginning()
    for _, frames in steps(here, State()):
        for one in frames:
            assert np.array_equal(one.levels[:, 32:], first[:, 32:]), one.number
            assert not np.array_equal(one.levels[:, :32], first[:, :32])


def test_in_video_input_what_lies_outside_is_the_clip_s():
    clip = [picture(seed=number) for number in range(3)]
    here = there(Mixer(clip[0]), animation_mode="Video Input")
    object.__setattr__(
        here, "material", Material(clip=clip.__getitem__, picture=here.material.picture)
    )
    for _, (one,) in clip_steps(here, State()):
        assert np.array_equal(one.levels[:, 32:], clip[one.number][:, 32:])


def test_no_overlay_where_none_is_wanted_or_nothing_lies_below():
    own = picture(seed=4)
    assert overlaid(there(overlay_mask=False), own, 0) is own
    assert overlaid(there(), own, 0) is own, "no first picture: use_init is off"


def test_words_need_a_network():
    with pytest.raises(UserError, match="cat"):
        mask_at(there(mask_schedule='0: ("<cat>")'), 0)


def test_words_are_looked_for_in_what_the_frame_begins_with():
    given = picture(64, 48, seed=6)
    asked: list[tuple[str, bool]] = []

    def seen(words, levels):
        asked.append((words, np.array_equal(levels, given)))
        return Image.fromarray(LEFT[..., 0])

    values = {"mask_schedule": '0: ("[b.png] & !<a cat>")', "use_noise_mask": True}
    here = replace(there(**values, noise_mask_schedule='0: ("<sky>")'), words=seen)
    mask = np.asarray(mask_at(here, 1, given))
    assert mask[0, 63] == 255 and mask[0, 0] == 0 and mask[47].max() == 0
    noise = noise_mask_at(here, 1, given)
    assert noise is not None and noise[0, 0] == 1 and noise[0, 63] == 0
    assert asked == [("a cat", True), ("sky", True)]
