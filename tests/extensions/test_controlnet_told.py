"""Units in parameters: written, read again, and read from A1111's own lines."""

import importlib
from typing import Any

import pytest

from tests.extensions.control import ROOT, loaded, module
from webui.core.plugins import Extensions
from webui.prompt.infotext import Parameters, build_infotext, parse_infotext

A1111 = (
    "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512, "
    'ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 0.8, '
    "Resize Mode: Crop and Resize, Processor Res: 640, Threshold A: 90.0, Threshold B: 180.0, "
    "Guidance Start: 0.1, Guidance End: 0.9, Pixel Perfect: False, "
    'Control Mode: My prompt is more important", '
    'ControlNet 1: "Module: none, Model: None, Weight: 1.0, Resize Mode: Resize and Fill, '
    "Processor Res: -1, Pixel Perfect: True, Control Mode: Balanced, Hr Option: High res only, "
    'Save Detected Map: True", Version: v1.9.0'
)


@pytest.fixture(scope="module")
def told() -> Any:
    loaded()
    return importlib.import_module("easel_extensions.controlnet.told")


def parameters(text: str) -> dict[str, str]:
    return {name: str(value) for name, value in parse_infotext(text).values.items()}


def test_lines_of_a1111_are_read(told: Any):
    first, second = told.read(parameters(A1111))
    unit = module("units").Unit
    assert first == unit(
        preprocessor="canny",
        model="control_v11p_sd15_canny",
        weight=0.8,
        resolution=640,
        options={"low": 90.0, "high": 180.0},
        start=0.1,
        end=0.9,
        mode="prompt",
    )
    assert second == unit(resize_mode="fill", passes="second")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"preprocessor": "canny", "options": {"low": 3, "high": 9}, "resolution": 256},
        {"preprocessor": "depth_file", "options": {"invert": True}, "mode": "control"},
        {"weight": 0.35, "start": 0.25, "end": 0.5, "resize_mode": "just_resize"},
        {"made_by": "openpose_full"},
        {"passes": "first", "control_type": 3, "low_memory": True},
    ],
)
def test_what_is_written_is_read_again(told: Any, values: dict[str, Any]):
    unit = module("units").Unit(model="folder/my net", **values)
    said = {"Steps": 1, "Seed": 1, "ControlNet 0": told.told(unit, unit.model, "0123456789")}
    text = build_infotext(Parameters("a cat", "", {**said, "Version": "x"}))
    assert told.read(parameters(text)) == [unit]


def test_what_makes_no_sense_is_left_out(told: Any):
    said = ["", "no unit", "Weight: 7", "Module: canny, Weight: much", "Module: canny, Weight: 9"]
    assert told.read({f"ControlNet {i}": one for i, one in enumerate(said)}) == []
    assert told.read({"ControlNet": "Module: canny", "ControlNet 0x": "Module: canny"}) == []


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("None", "none"),
        ("invert (from white bg & black line)", "invert"),
        ("inpaint_only+lama", "inpaint"),
        ("inpaint_only", "inpaint"),
        ("depth_file", "depth_file"),
    ],
)
def test_names_of_preprocessors(told: Any, name: str, ours: str):
    (unit,) = told.read({"ControlNet 0": f"Module: {name}, Model: x"})
    assert unit.preprocessor == ours


@pytest.mark.parametrize(("name", "number"), [("Depth", 1), ("Inpaint", 7), ("Unknown", None)])
def test_kinds_of_a_union_as_a1111_calls_them(told: Any, name: str, number: int | None):
    (unit,) = told.read({"ControlNet 0": f"Module: none, Model: x, Union Control Type: {name}"})
    assert (unit.control_type, unit.options) == (number, {})


def test_a_reference_of_a1111_is_the_extension_of_that_name():
    unit = (
        "Module: reference_only, Model: None, Weight: 1, Resize Mode: Crop and Resize, "
        "Threshold A: 0.7, Guidance Start: 0.2, Guidance End: 1.0, Pixel Perfect: True"
    )
    read = Extensions([ROOT / "extensions"], "server").read_parameters
    assert read({"ControlNet 1": unit}) == {
        "reference": {"enabled": True, "fidelity": 0.7, "start": 0.2, "end": 1.0}
    }
    hidden = read({"ControlNet 0": "Module: reference_adain, Model: None, Threshold A: -1"})
    assert hidden == {"reference": {"enabled": True}}


def test_the_server_tells_the_page(told: Any):
    server = Extensions([ROOT / "extensions"], "server")
    found = server.read_parameters(parameters(A1111))
    assert [unit["model"] for unit in found["controlnet"]["units"]] == [
        "control_v11p_sd15_canny",
        None,
    ]
    assert server.read_parameters({"Steps": "20"}) == {}
