import numpy as np
import pytest

from webui.timeline.keyframes import Clock
from webui.timeline.parameters import DEFORUM
from webui.timeline.series import BOUNDS, WHOLE, evaluate_all
from webui.timeline.settings_file import settings_of


@pytest.mark.parametrize("compat", ["deforum-3", "native"])
def test_every_schedule_of_the_defaults_has_its_values(compat):
    made = evaluate_all(settings_of({"compat": compat}), Clock(120, 7))
    assert made.errors == made.warnings == []
    schedules = {name for name, row in DEFORUM.items() if row.kind == "schedule"}
    assert set(made.series) == schedules and {*BOUNDS, *WHOLE} <= schedules
    assert all(len(series) == 120 for series in made.series.values())
    assert made.series["zoom"][15] == pytest.approx(1.0025 + 0.002 * np.sin(1.25 * 3.14 / 2))
    assert made.texts["checkpoint_schedule"][99:101] == ("model1.ckpt", "model2.safetensors")


def test_masks_are_read_at_their_places():
    text = '0:("{video_mask}"), 5:("[b] & {nope}"), 9:("[c] &")'
    given = {"mask_schedule": text, "use_mask": True}
    made = evaluate_all(settings_of(given), Clock(20))
    assert [(found.parameter, found.position) for found in made.errors] == [("mask_schedule", 31)]
    assert text[31:].startswith("nope")
    made = evaluate_all(settings_of({**given, "compat": "native"}), Clock(20))
    assert [found.position for found in made.errors] == [31, text.index("[c] &") + 5]


def test_a_mask_that_is_not_used_may_be_broken():
    made = evaluate_all(settings_of({"mask_schedule": '0:("{a} & {b}")'}), Clock(3))
    assert made.errors == [] and made.texts["mask_schedule"] == ("{a} & {b}",) * 3
    assert [(found.parameter, found.position) for found in made.warnings] == [("mask_schedule", 5)]


def test_a_broken_schedule_leaves_the_others():
    made = evaluate_all(settings_of({"angle": "0:(", "zoom": "0:(2)"}), Clock(3))
    assert "angle" not in made.series and list(made.series["zoom"]) == [2, 2, 2]
