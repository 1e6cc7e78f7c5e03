import numpy as np
import pytest
from PIL import Image

from tests.animation.painters import Mixer, picture, plan, stage
from tests.motion.deforum_run import recorded
from webui.animation.colours import matched_to_reference, with_reference
from webui.animation.deforum import deforum_steps
from webui.animation.material import Material
from webui.animation.native import native_steps
from webui.motion.state import State
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

RED = np.full((48, 64, 3), (250, 10, 10), np.uint8)


def pictures(image):
    return Material(picture=lambda parameter, name: Image.fromarray(image))


def test_deforum_matches_to_a_picture_from_the_first_frame_on():
    record, arrays = recorded("c16_image_coherence")
    values = {"legacy_colormatch": False, **record["settings_changed_from_default"]}
    made = plan_of(settings_of({**values, "compat": "deforum-3"}))
    here = stage(made, Mixer(arrays["first_frame"]), material=pictures(arrays["reference_image"]))
    frames = [one for _, found in deforum_steps(here, State()) for one in found]
    for number, call in enumerate(record["calls"]):
        if call["kind"] == "img2img":
            given = here.paint.given[number]
            assert np.allclose(given.mean(axis=(0, 1)), call["init_mean"], atol=0.5), number
    for one in frames:
        wanted = arrays.get(f"frame_{one.number:03}")
        if wanted is not None:
            off = np.abs(one.levels.astype(int) - wanted)
            assert off.mean() < 1.2, "the tolerance that its README gives"


def test_ours_brings_all_frames_to_the_picture():
    made = plan(W=64, H=48, max_frames=3, diffusion_cadence=1, color_coherence="Image")
    here = stage(made, Mixer(picture()), material=pictures(RED))
    for _, frames in native_steps(here, State()):
        *_, last = frames
        assert last.levels[..., 0].mean() > 240 and last.levels[..., 1].mean() < 20


def test_a_clip_as_reference_is_taken_anew_every_so_many_frames():
    clip = [np.full((48, 64, 3), 10 * number, np.uint8) for number in range(6)]
    made = plan(
        W=64, H=48, hybrid_composite="Normal", color_coherence="Video Input",
        color_coherence_video_every_N_frames=2,
    )  # fmt: skip
    here = stage(made, None, material=Material(clip=clip.__getitem__))
    state, seen = State(), []
    for frame in range(6):
        state = with_reference(here, state, frame)
        seen.append(int(state.reference[0, 0, 0]))
    assert seen == [0, 0, 20, 20, 40, 40]
    assert with_reference(here, State(), 5).reference[0, 0, 0] == 40, "taken up again"


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_frames_of_a_clip_in_the_colours_of_a_picture(compat):
    values = {"animation_mode": "Video Input", "color_coherence": "Image", "W": 64, "H": 48}
    made = plan_of(settings_of({"prompts": {"0": "x"}, "compat": compat, "seed": 1, **values}))
    here = stage(made, Mixer(RED), material=pictures(RED))
    assert matched_to_reference(here, picture(), 0)[..., 0].mean() > 240
    other = stage(plan(W=64, H=48), Mixer(RED))
    assert np.array_equal(matched_to_reference(other, picture(), 0), picture())
