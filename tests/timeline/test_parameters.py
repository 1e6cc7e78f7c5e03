import json
from typing import Any

import pytest

from tests.golden import golden
from webui.timeline.parameters import CONTROLNET_UNITS, DEFORUM, PARAMETERS

SAVED_AS = {
    "animation_prompts_positive": "positive_prompts",
    "animation_prompts_negative": "negative_prompts",
}


@pytest.fixture(scope="module")
def misc() -> dict[str, Any]:
    return json.loads(golden("deforum/misc.json").read_text(encoding="utf-8"))


def test_all_of_deforums_parameters_are_there_with_their_defaults_and_ranges(misc):
    assert len(misc["parameters"]) == 166
    for name, wanted in misc["parameters"].items():
        ours = DEFORUM[name]
        if str(wanted["default"]).startswith("<"):
            assert not ours.default, name
        elif name == "diffusion_redo":
            assert (ours.default, wanted["default"]) == (0, "0")
        else:
            assert ours.default == wanted["default"], name
            assert type(ours.default) is type(wanted["default"]), name
        if "choices" in wanted and name != "sampler":
            assert list(ours.choices) == wanted["choices"], name
        assert (ours.low, ours.high) == (wanted.get("minimum"), wanted.get("maximum")), name


def test_what_is_more_than_deforums_166_is_prompts_and_controlnet(misc):
    more = set(DEFORUM) - set(misc["parameters"])
    units = {name for name in more if name.startswith("cn_")}
    assert more - units == {"prompts", *SAVED_AS}
    names = [name.removeprefix("cn_<1..5>_") for name in misc["controlnet_parameters"]]
    assert units == {
        f"cn_{unit}_{name}" for unit in range(1, CONTROLNET_UNITS + 1) for name in names
    }


def test_the_order_is_that_of_deforums_files(misc):
    saved = [SAVED_AS.get(name, name) for name, row in DEFORUM.items() if row.saved]
    assert saved == misc["settings_file_keys_written_by_a_run"][: len(saved)]


def test_defaults_are_among_the_choices():
    for row in PARAMETERS.values():
        assert not row.choices or row.default in row.choices
        assert (row.kind == "choice") == bool(row.choices)
