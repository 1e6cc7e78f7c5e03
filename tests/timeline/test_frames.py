import json
from typing import Any

import pytest

from webui.timeline.frames import begins_with_picture, frame_data, frame_plan, plan_data
from webui.timeline.parameters import DEFORUM
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of


def planned(**values: Any):
    return plan_of(settings_of({"prompts": {"0": "a"}, "seed": 5, "max_frames": 4, **values}))


def test_a_frame_has_every_scheduled_value_under_deforums_name():
    data = frame_data(planned(), 2)
    scheduled = {name for name, row in DEFORUM.items() if row.kind in ("schedule", "texts")}
    assert {name for name in scheduled if not name.startswith("cn_")} <= data.keys()
    assert not any(name.startswith("cn_") for name in data)
    assert data["frame"] == 2 and data["generated"] is True
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_units_of_controlnet_are_there_where_they_are_used():
    data = frame_data(planned(cn_1_enabled=True, cn_2_weight="0:(0.5)"), 0)
    assert (data["cn_1_weight"], data["cn_1_guidance_end"], data["cn_2_weight"]) == (1, 1, 0.5)
    assert "cn_2_guidance_end" not in data and "cn_3_weight" not in data


def test_what_is_not_scheduled_is_that_of_the_settings():
    made = frame_plan(planned(steps=12, sampler="Heun"), 1)
    assert (made.steps, made.sampler, made.checkpoint, made.clip_skip) == (12, "Heun", None, None)
    assert (made.eta_ddim, made.noise_multiplier, made.subseed) == (None, 1.05, -1)
    made = frame_plan(
        planned(
            enable_steps_scheduling=True,
            steps_schedule="0:(9.9)",
            enable_sampler_scheduling=True,
            enable_checkpoint_scheduling=True,
            enable_clipskip_scheduling=True,
            enable_noise_multiplier_scheduling=False,
            enable_ddim_eta_scheduling=True,
        ),
        1,
    )
    assert (made.steps, made.sampler, made.checkpoint) == (9, "Euler a", "model1.ckpt")
    assert (made.clip_skip, made.noise_multiplier, made.eta_ddim) == (2, None, 0)


@pytest.mark.parametrize(
    ("values", "first", "second"),
    [
        ({}, None, 0.35),
        ({"use_init": True}, 0.2, 0.35),
        ({"strength_schedule": "0:(2)"}, None, 0.0),
        ({"strength_schedule": "0:(-2)"}, None, 1.0),
        ({"animation_mode": "Video Input"}, 0.35, 0.35),
        ({"animation_mode": "Interpolation", "use_init": True}, None, None),
        ({"hybrid_generate_inputframes": True}, 0.2, 0.35),
        ({"hybrid_generate_inputframes": True, "animation_mode": "Video Input"}, 0.35, 0.35),
    ],
)
def test_how_much_is_made_anew(values, first, second):
    plan = planned(**values)
    made = [frame_plan(plan, frame).denoising_strength for frame in (0, 1)]
    assert made == [
        wanted if wanted is None else pytest.approx(wanted) for wanted in (first, second)
    ]


def test_what_begins_with_a_picture():
    assert not begins_with_picture(planned())
    assert begins_with_picture(planned(use_init=True))
    assert begins_with_picture(planned(hybrid_generate_inputframes=True))
    assert not begins_with_picture(
        planned(hybrid_generate_inputframes=True, hybrid_use_first_frame_as_init_image=False)
    )


def test_what_is_wrong_as_data():
    data = plan_data(planned(angle="0:(x)"), "pl")
    assert data["ok"] is False and data["warnings"][0]["parameter"] == "diffusion_cadence"
    assert data["errors"][0]["parameter"] == "angle" and data["errors"][0]["position"] == 3
    assert data["errors"][0]["message"].startswith("angle, znak 4: ")
