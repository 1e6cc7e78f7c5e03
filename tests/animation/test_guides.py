import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import Mixer, picture, plan, stage
from tests.motion.deforum_run import recorded
from webui.animation.deforum import deforum_steps
from webui.animation.guides import guided, named_guide
from webui.animation.material import Material
from webui.animation.native import native_steps
from webui.motion.state import State
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

A, B = picture(seed=1), picture(seed=2)
BOTH = Material(picture=lambda parameter, name: Image.fromarray({"a": A, "b": B}[name]))


def test_deforum_s_guided_run_begins_each_frame_with_the_same_picture():
    record, arrays = recorded("c13_guided_images")
    values = record["settings_changed_from_default"]
    made = plan_of(settings_of({"legacy_colormatch": False, **values, "compat": "deforum-3"}))
    names = {"<dir>/guide_a.png": arrays["guide_a"], "<dir>/guide_b.png": arrays["guide_b"]}
    material = Material(picture=lambda parameter, name: Image.fromarray(names[name]))
    mixer = Mixer(arrays["first_frame"])
    first = Image.fromarray(arrays["guide_a"])
    list(deforum_steps(stage(made, mixer, material=material, first=lambda: first), State()))
    assert mixer.seeds == [call["seed"] for call in record["calls"]]
    for number, call in enumerate(record["calls"]):
        assert np.array_equal(mixer.given[number], arrays[f"init_{number:03}"]), number
        assert (mixer.with_[number].colours is not None) == call["has_color_correction"]


def native(**values):
    guides = {"0": "a", "8": "b"}
    return plan(
        W=64, H=48, max_frames=12, use_looper=True, init_images=guides, diffusion_cadence=1,
        noise_schedule="0", amount_schedule="0", color_coherence="None", angle="0", zoom="1",
        tweening_frames_schedule="4", blendFactorMax="0.5", strength=0.8, **values,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "share", "towards"),
    [(0, 1, A), (3, 0, B), (4, 0, B), (6, 0.25, B), (7, 0.375, B), (8, 1, B), (9, 0, B)],
)
def test_ours_nears_a_guide_and_is_it_at_its_key(frame, share, towards):
    here, own = stage(native(), None, material=BOTH), picture(seed=5).astype(np.float32)
    made, colours = guided(here, own, frame)
    assert np.allclose(made, own + share * (towards.astype(np.float32) - own), atol=1e-3)
    assert colours is not None and colours.dtype == np.uint8


def test_a_native_run_shows_the_guide_at_its_key():
    mixer = Mixer(A, identity=True)
    here = stage(native(), mixer, material=BOTH, first=lambda: Image.fromarray(A))
    frames = [one for _, found in native_steps(here, State()) for one in found]
    assert np.abs(frames[8].levels.astype(int) - B).max() <= 1
    assert np.abs(frames[2].levels.astype(int) - A).max() <= 1


def test_without_guides_nothing_is_drawn_near():
    here = stage(plan(W=64, H=48), None)
    own = picture()
    assert guided(here, own, 3) == (own, None)
    assert named_guide(native(), 1) == ("init_images.8", "b")
