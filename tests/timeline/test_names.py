import json
from typing import Any

import pytest

from tests.golden import golden
from webui.timeline.names import folder_name, frame_name


def misc() -> dict[str, Any]:
    return json.loads(golden("deforum/misc.json").read_text(encoding="utf-8"))


def test_folders_are_named_like_deforums():
    data = misc()["batch_name_placeholders"]
    assert len(data["cases"]) == 12
    for case in data["cases"]:
        made = folder_name(case["template"], data["values"], data["values"]["timestring"])
        assert made == case["result"], case["template"]


def test_frames_are_named_like_deforums():
    for case in misc()["frame_file_names"]:
        assert frame_name(case["timestring"], case["index"]) == case["frame"]
        assert frame_name(case["timestring"], case["index"], kind="depth") == case["depth"]


@pytest.mark.parametrize("name", ["", ".", "..", "{prompts}"])
def test_no_name_leads_out_of_the_outputs(name):
    assert folder_name(name, {"prompts": {"0": ".."}}, "x") == "_"
    assert folder_name("{prompts}", {"prompts": {}}, "x") == "_"
