from typing import Any

import pytest

from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

PLAIN = {"prompts": {"0": "x"}, "compat": "native", "max_frames": 11, "seed": 1}


def warned(**settings: Any) -> dict[str, dict[str, Any]]:
    plan = plan_of(settings_of({**PLAIN, **settings}))
    assert plan.ok
    codes = ("schedule_clamped", "value_clamped")
    return {
        found.parameter: dict(found.problem.values)
        for found in plan.warnings
        if found.problem.code in codes
    }


@pytest.mark.parametrize(
    ("settings", "name", "frame", "value", "limit"),
    [
        ({"cfg_scale_schedule": "0:(7), 10:(47)"}, "cfg_scale_schedule", 6, "31", "30"),
        ({"cfg_scale_schedule": "0.5"}, "cfg_scale_schedule", 0, "0.5", "1"),
        ({"strength_schedule": "1.5 - t/2"}, "strength_schedule", 0, "1.5", "1"),
        (
            {"steps_schedule": "100+10*t", "enable_steps_scheduling": True},
            "steps_schedule", 6, "160", "150",
        ),
        (
            {"clipskip_schedule": "t-3", "enable_clipskip_scheduling": True},
            "clipskip_schedule", 0, "-3", "0",
        ),
        (
            {"noise_multiplier_schedule": "2", "enable_noise_multiplier_scheduling": True},
            "noise_multiplier_schedule", 0, "2", "1.5",
        ),
    ],
)  # fmt: skip
def test_the_first_frame_of_a_schedule_that_is_clamped_is_told(
    settings: dict[str, Any], name: str, frame: int, value: str, limit: str
) -> None:
    (found,) = warned(**settings).items()
    assert found[0] == name
    told = {one: found[1][one] for one in ("frame", "value", "limit")}
    assert told == {"frame": frame, "value": value, "limit": limit}


def test_steps_that_are_the_same_for_all_frames() -> None:
    assert warned(steps=200)["steps"]["limit"] == "150"


def test_deforums_steps_are_told_of_once() -> None:
    steps = {"enable_steps_scheduling": True, "steps_schedule": "0:(-4)", "diffusion_cadence": 1}
    plan = plan_of(settings_of({**PLAIN, "compat": "deforum-3", **steps}))
    assert [found.problem.code for found in plan.warnings] == ["schedule_clamped"]


def test_what_fits_or_is_not_used_is_not_told() -> None:
    assert warned() == {}
    unused = {"enable_noise_multiplier_scheduling": False, "noise_multiplier_schedule": "9"}
    assert warned(steps_schedule="400", **unused) == {}
