import pytest

from webui.timeline.footage import needed
from webui.timeline.plan import plan_of
from webui.timeline.rehearsal import moving_only
from webui.timeline.settings_file import settings_of

DRAWS = {
    "prompts": {"0": "x"}, "max_frames": 4, "strength_schedule": "0:(0.2)", "angle": "0:(3)",
    "noise_schedule": "0:(0.5)", "use_mask": True, "mask_file": "m.png", "seed": 1,
    "use_looper": True, "init_images": {"0": "a.png"}, "diffusion_redo": 3,
}  # fmt: skip


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_nothing_that_draws_is_left_and_the_motion_is(compat):
    plan = plan_of(settings_of(moving_only({**DRAWS, "compat": compat})))
    assert plan.ok, plan.errors
    assert needed(plan.settings.values, plan.texts) == []
    assert set(plan.series["strength_schedule"]) == {1.0}
    assert set(plan.series["noise_schedule"]) == {0.0}
    assert set(plan.series["angle"]) == {3.0}
    assert plan.value("diffusion_redo") == 0 and plan.guides == ()
