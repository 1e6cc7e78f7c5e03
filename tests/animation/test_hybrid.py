from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import Mixer, picture, stage
from tests.motion.deforum_run import recorded
from webui.animation.clips import clip_steps
from webui.animation.deforum import deforum_steps
from webui.animation.hybrid import flow_between, hybrid_moved, hybrid_moved_back, mixed
from webui.animation.material import Material
from webui.animation.native import native_steps
from webui.core.errors import UserError
from webui.motion.state import State
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

BASE = picture(64, 64, seed=7)
CLIP = [np.roll(BASE, (2 * number, 3 * number), (0, 1)) for number in range(5)]


def there(paint=None, compat="native", depth=None, **values):
    settings = {
        "prompts": {"0": "x"}, "compat": compat, "seed": 1, "W": 64, "H": 64, "max_frames": 4,
        "zoom": "0:(1)", "angle": "0:(0)", "noise_schedule": "0:(0)", "amount_schedule": "0:(0)",
        "color_coherence": "None", "diffusion_cadence": 1, **values,
    }  # fmt: skip
    made = plan_of(settings_of(settings))
    assert made.ok, made.errors
    more = {"depth": depth} if depth else {}
    return stage(made, paint, material=Material(clip=CLIP.__getitem__), **more)


@pytest.mark.parametrize("kind", ["Optical Flow", "Affine", "Perspective"])
def test_a_picture_moves_as_the_clip_does(kind):
    here = there(hybrid_motion=kind)
    middle = (slice(16, 48), slice(16, 48))
    own = BASE.astype(np.float32)
    made = hybrid_moved(here, own, 1)
    before = np.abs(own - CLIP[1])[middle].mean()
    assert np.abs(made - CLIP[1])[middle].mean() < before / 4
    assert hybrid_moved(here, own, 0) is own


@pytest.mark.parametrize("kind", ["Optical Flow", "Affine", "Perspective"])
def test_a_picture_moves_back_as_it_came(kind):
    here, middle = there(hybrid_motion=kind), (slice(16, 48), slice(16, 48))
    own = BASE.astype(np.float32)
    again = hybrid_moved_back(here, hybrid_moved(here, own, 1), 1)
    away = np.abs(hybrid_moved(here, own, 1) - own)[middle].mean()
    assert np.abs(again - own)[middle].mean() < away / 4
    assert hybrid_moved_back(here, own, 0) is own


def test_frames_between_two_generated_ones_follow_the_clip():
    mixer = Mixer(BASE, identity=True)
    here = there(
        mixer, hybrid_motion="Affine", hybrid_generate_inputframes=True, diffusion_cadence=4,
        max_frames=5,
    )  # fmt: skip
    object.__setattr__(here, "first", lambda: Image.fromarray(CLIP[0]))
    frames = [one for _, found in native_steps(here, State()) for one in found]
    middle = (slice(20, 44), slice(20, 44))
    for one in frames:
        apart = np.abs(one.levels[middle].astype(int) - CLIP[one.number][middle])
        assert apart.mean() < 6, one.number


def test_the_motion_may_come_from_the_picture_before():
    here = there(hybrid_motion="Optical Flow", hybrid_motion_use_prev_img=True)
    own = BASE.astype(np.float32)
    made = hybrid_moved(here, own, 2, before=CLIP[2].astype(np.float32))
    assert np.abs(made - own).mean() < 1, "that picture is the clip's frame: nothing moves"
    assert np.abs(hybrid_moved(here, own, 2) - own).mean() > 5


def test_flow_by_its_factor_and_where_it_is_reliable():
    own = BASE.astype(np.float32)
    assert np.array_equal(
        hybrid_moved(there(hybrid_motion="Optical Flow", hybrid_flow_factor_schedule="0"), own, 1),
        own,
    )
    kept = there(hybrid_motion="Optical Flow", hybrid_flow_consistency=True)
    assert np.isfinite(hybrid_moved(kept, own, 1)).all()


def test_raft_is_asked_where_its_weights_are_there():
    first, second = picture(64, 64, seed=8), picture(64, 64, seed=9)
    found = np.full((64, 64, 2), 3, np.float32)
    with_it = replace(there(), flow=lambda one, other: found)
    assert flow_between(with_it, first, second, "RAFT") is found
    dense = flow_between(with_it, first, second, "DIS Medium")
    assert np.array_equal(flow_between(there(), first, second, "RAFT"), dense)
    assert not np.array_equal(flow_between(there(), first, second, "Farneback"), dense)


@pytest.mark.parametrize("place", ["Before Motion", "Normal", "After Generation"])
@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_a_clip_s_frame_is_mixed_in_at_its_place(place, compat):
    here = there(compat=compat, hybrid_composite=place, hybrid_comp_alpha_schedule="0:(0.25)")
    own = np.full((64, 64, 3), 100, np.uint8)
    made = mixed(here, own, 2, place)
    assert np.allclose(made, own * 0.75 + CLIP[2] * 0.25, atol=1)
    for other in {"Before Motion", "Normal", "After Generation"} - {place}:
        assert mixed(here, own, 2, other) is own


def test_a_mask_of_depth_needs_a_depth():
    own = BASE
    flat = there(hybrid_composite="Normal", hybrid_comp_mask_type="Depth")
    with pytest.raises(UserError):
        mixed(flat, own, 1, "Normal")
    ramp = np.tile(np.arange(64, dtype=np.float32), (64, 1))
    deep = there(
        hybrid_composite="Normal", hybrid_comp_mask_type="Depth", depth=lambda picture: ramp,
        hybrid_comp_alpha_schedule="1",
    )  # fmt: skip
    made = mixed(deep, own, 2, "Normal")
    assert np.abs(made[:, -1] - own[:, -1]).mean() < 5, "near: the picture stays"
    assert np.abs(made[:, 0] - CLIP[2][:, 0]).mean() < 5, "far: the clip"


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_whole_runs_follow_the_clip(compat):
    steps = native_steps if compat == "native" else deforum_steps
    mixer = Mixer(BASE, identity=True)
    here = there(mixer, compat, hybrid_motion="Optical Flow", hybrid_generate_inputframes=True)
    object.__setattr__(here, "first", lambda: Image.fromarray(CLIP[0]))
    frames = [one for _, found in steps(here, State()) for one in found]
    middle = (slice(20, 44), slice(20, 44))
    last = frames[-1].levels[middle].astype(int)
    assert (
        np.abs(last - CLIP[3][middle]).mean()
        < np.abs(CLIP[0][middle].astype(int) - CLIP[3][middle]).mean() / 3
    )


@pytest.mark.parametrize(
    "name", ["c27_hybrid_normal", "c27b_hybrid_flow", "c27e_hybrid_affine", "c26_video_input"]
)
def test_what_deforum_asked_the_generator_for(name):
    """The clip itself is only known by its first picture, and through JPEG: strengths and seeds."""
    record, arrays = recorded(name)
    first = arrays["video_first_frame"]
    clip = [np.roll(first, (2 * number, 3 * number), (0, 1)) for number in range(9)]
    values = {"legacy_colormatch": False, **record["settings_changed_from_default"]}
    places = range(0, 9, values.get("extract_nth_frame", 1))
    made = plan_of(settings_of({**values, "compat": "deforum-3"}), footage=len(places))
    mixer = Mixer(arrays["first_frame"])
    material = Material(clip=lambda number: clip[places[number]])
    here = stage(made, mixer, material=material, first=lambda: Image.fromarray(clip[0]))
    steps = clip_steps if made.mode == "Video Input" else deforum_steps
    list(steps(here, State()))
    assert mixer.seeds == [call["seed"] for call in record["calls"]]
    assert len(mixer.given) == len(record["calls"])
    off = [
        np.abs(given.mean(axis=(0, 1)) - call["init_mean"]).max()
        for given, call in zip(mixer.given, record["calls"], strict=True)
    ]
    assert max(off) < 3, off
