import json

import pytest

from webui.timeline.parameters import DEFORUM
from webui.timeline.parseq import FIELDS, Manifest, read_manifest
from webui.timeline.problems import FormulaError

TEXT = json.dumps(
    {
        "options": {"output_fps": "24", "cadence": 3},
        "rendered_frames": [
            {"frame": 0, "zoom": 1, "zoom_delta": 1.5, "scale": 7, "deforum_prompt": "a"},
            {"frame": 2, "zoom": 2, "zoom_delta": 1.5, "scale": 9},
            {"frame": 3, "zoom": 3, "zoom_delta": 1.5, "scale": 11, "deforum_prompt": "b"},
        ],
    }
)


def test_a_manifest():
    manifest = read_manifest(TEXT)
    assert (manifest.frames, manifest.fps, manifest.cadence) == (4, 24, 3)
    assert manifest.numbers("zoom", False, 6) == pytest.approx([1, 1.5, 2, 3, 3, 3])
    assert manifest.numbers("zoom", True, 2) == pytest.approx([1.5, 1.5])
    assert manifest.numbers("cfg_scale_schedule", True, 3) == pytest.approx([7, 8, 9])
    assert manifest.numbers("angle", False, 3) is None
    assert manifest.numbers("angle", True, 3) is None
    assert manifest.numbers("steps_schedule", True, 3) is None
    assert manifest.texts("deforum_prompt", 5) == ["a", "a", "a", "b", "b"]
    assert manifest.manages("zoom") and not manifest.manages("seed")


def test_the_fields_are_of_schedules():
    assert {DEFORUM[name].kind for name in FIELDS} == {"schedule"}


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("https://example.com/x.json", "parseq_address", 0),
        ('{"a": }', "parseq_json", 6),
        ("", "parseq_json", 0),
        ("[" * 99999, "parseq_json", 0),
        ("[]", "parseq_frames", 0),
        ("{}", "parseq_frames", 0),
        ('{"rendered_frames": []}', "parseq_frames", 0),
        ('{"rendered_frames": [{"zoom": 1}]}', "parseq_frames", 0),
        ('{"rendered_frames": [{"frame": -1}]}', "parseq_frames", 0),
        ('{"rendered_frames": [{"frame": 1e9}]}', "parseq_frames", 0),
    ],
)
def test_what_is_none(text, code, position):
    with pytest.raises(FormulaError) as error:
        read_manifest(text)
    assert (error.value.code, error.value.position) == (code, position)


def test_a_value_that_is_no_number_is_told_with_its_frame():
    with pytest.raises(FormulaError) as error:
        Manifest({0: {"zoom": 1}, 4: {"zoom": "x"}}).numbers("zoom", False, 9)
    assert error.value.values == {"field": "zoom", "frame": 4}


def test_options_that_are_none_are_left_out():
    frames = [{"frame": 0}]
    for options in (None, [], {"output_fps": 0, "cadence": "x"}, {"output_fps": None}):
        manifest = read_manifest(json.dumps({"options": options, "rendered_frames": frames}))
        assert (manifest.fps, manifest.cadence) == (None, None)
