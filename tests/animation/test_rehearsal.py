import numpy as np
import pytest

from tests.animation.painters import stage
from webui.animation.deforum import deforum_steps
from webui.animation.native import native_steps
from webui.animation.rehearsal import Mover, moving_card
from webui.animation.render import render
from webui.core.animation import Animation
from webui.engine.recipes import Tools
from webui.motion.moves import motion_of, native_moved
from webui.motion.pictures import to_levels
from webui.motion.state import State
from webui.timeline.plan import plan_of
from webui.timeline.rehearsal import moving_only
from webui.timeline.settings_file import settings_of

SETTINGS = {
    "prompts": {"0": "a cat"}, "max_frames": 6, "W": 64, "H": 64, "seed": 3, "angle": "0:(4)",
    "zoom": "0:(1.02)", "noise_schedule": "0:(0.3)", "diffusion_cadence": 2, "use_mask": True,
    "mask_file": "m.png", "use_looper": False, "color_coherence": "HSV",
}  # fmt: skip


def test_the_card_shows_where_up_and_left_are():
    card = moving_card(96, 64)
    assert card.shape == (64, 96, 3) and card.dtype == np.uint8
    corners = {tuple(card[y, x]) for y in (1, 62) for x in (1, 94)}
    assert len(corners) == 4


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_nothing_but_the_motion_changes_the_picture(compat):
    steps = native_steps if compat == "native" else deforum_steps
    still = {**SETTINGS, "compat": compat, "angle": "0:(0)", "zoom": "0:(1)"}
    plan = plan_of(settings_of(moving_only(still)))
    assert plan.ok, plan.errors
    begun: list[int] = []
    here = stage(plan, Mover(plan.size, begun.append))
    frames = [one for _, found in steps(here, State()) for one in found]
    for one in frames:
        assert np.array_equal(one.levels, moving_card(64, 64)), one.number
    assert begun and begun[0] == 0


def test_a_preview_moves_as_the_render_does_and_needs_no_model(tmp_path):
    settings = {**SETTINGS, "compat": "native", "diffusion_cadence": 1}
    request = Animation(settings=settings, frames=6, motion_only=True)

    def no_model(name):
        raise AssertionError("nothing is drawn")

    frames = list(render(request, Tools(model=no_model), tmp_path))
    assert [one.number for one in frames] == list(range(6))
    plan = plan_of(settings_of(moving_only(settings)))
    picture = moving_card(64, 64).astype(np.float32)
    for frame in range(1, 6):
        picture = native_moved(picture, motion_of(plan, frame))
        assert np.array_equal(frames[frame].levels, to_levels(picture))
