"""What a render would stop at is said with the plan."""

from typing import Any

import pytest

from webui.motion.judging import judged
from webui.timeline.plan import Plan, plan_of
from webui.timeline.rehearsal import moving_only
from webui.timeline.settings_file import settings_of

HYBRID = {"hybrid_composite": "Normal", "hybrid_comp_mask_type": "Blend"}


def planned(**values: Any) -> Plan:
    given = {"prompts": {"0": "x"}, "max_frames": 5, "diffusion_cadence": 1, "W": 64, "H": 64}
    return plan_of(settings_of({**given, **values}))


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({}, None),
        ({"zoom": "0:(1), 3:(-1)"}, "zoom"),
        ({"zoom": "0:(0), 1:(1)"}, None),  # the first frame is not moved
        ({"zoom": "0:(-1)", "animation_mode": "3D"}, None),  # which has no zoom
        ({"fov_schedule": "0:(0)"}, None),
        ({"fov_schedule": "0:(0)", "animation_mode": "3D"}, "fov_schedule"),
        ({"perspective_flip_fv": "0:(0)"}, None),
        ({"perspective_flip_fv": "0:(0)", "enable_perspective_flip": True}, "perspective_flip_fv"),
        ({"zoom": "0:(-1)", "animation_mode": "Interpolation"}, None),
        ({"angle": "0:(1/(t-2))"}, None),  # what is infinite is planned
        ({"amount_schedule": "0:(1/(t-2))"}, "amount_schedule"),
    ],
)
def test_in_deforums_mode(values: dict[str, Any], parameter: str | None) -> None:
    plan = planned(**values)
    assert plan.ok, "Deforum plans it all the same"
    told = judged(plan)
    assert [one.parameter for one in told.errors] == [parameter] * bool(parameter)
    assert parameter not in [one.parameter for one in told.warnings], "it is said once"
    others = [one for one in plan.warnings if one.parameter != parameter]
    assert list(told.warnings) == others


@pytest.mark.parametrize(
    ("values", "parameter", "frame"),
    [
        ({"kernel_schedule": "0:(3), 4:(-1)"}, "kernel_schedule", 4),
        ({"sigma_schedule": "-t"}, "sigma_schedule", 1),
        ({"threshold_schedule": "0:(0), 2:(300)"}, "threshold_schedule", 2),
        ({"kernel_schedule": "0", "sigma_schedule": "0"}, "kernel_schedule", None),
        ({"perlin_octaves": 8}, "perlin_octaves", None),
        ({"perlin_persistence": 2}, "perlin_persistence", None),
        ({"W": 4096}, "W", None),
        ({"H": 4096}, "H", None),
        ({**HYBRID, "hybrid_comp_mask_contrast_schedule": "t*900"}, None, 2),
        ({"hybrid_comp_mask_contrast_schedule": "t*900"}, "", None),
        ({"kernel_schedule": "-1", "animation_mode": "Interpolation"}, "", None),
        ({"kernel_schedule": "-1", "diffusion_cadence": 4, "max_frames": 1}, "", None),
    ],
)
@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_in_either_mode(
    compat: str, values: dict[str, Any], parameter: str | None, frame: int | None
) -> None:
    if compat != "native":
        written = {
            name: f"0:({text})"
            for name, text in values.items()
            if isinstance(text, str) and "schedule" in name and ":" not in text
        }
        values = {**values, **written}
    parameter = "hybrid_comp_mask_contrast_schedule" if parameter is None else parameter
    errors = judged(planned(compat=compat, **values)).errors
    assert [one.parameter for one in errors] == [parameter] * bool(parameter)
    if frame is not None:
        assert errors[0].position == 0 and errors[0].problem.values["frame"] == frame


def test_only_frames_that_are_drawn_count() -> None:
    values = {"kernel_schedule": "0:(5), 1:(-1), 2:(5)", "diffusion_cadence": 2}
    assert judged(planned(**values)).ok
    assert not judged(planned(**{**values, "diffusion_cadence": 1})).ok


def test_a_size_that_deforum_has_no_noise_for() -> None:
    uniform = {"noise_type": "uniform", "W": 128, "H": 64}
    assert judged(planned(**uniform)).ok
    (error,) = judged(planned(**uniform), draft=0.6).errors
    assert (error.parameter, error.problem.code) == ("noise_type", "noise_size")
    assert judged(planned(**uniform, compat="native"), draft=0.6).ok
    assert judged(planned(W=4096), draft=0.5).ok


def test_where_only_the_motion_is_wanted_nothing_of_this_matters() -> None:
    wrong = {
        "kernel_schedule": "0:(-1)",
        "sigma_schedule": "0:(-1)",
        "threshold_schedule": "0:(-1)",
    }
    assert not judged(planned(**wrong)).ok
    assert judged(planned(**moving_only(wrong))).ok


def test_all_is_told_at_once() -> None:
    plan = judged(planned(fps=0, zoom="0:(-1)", animation_mode="2D"))
    assert [one.parameter for one in plan.errors] == ["fps", "zoom"]
