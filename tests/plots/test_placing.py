"""Values in their places."""

from typing import Any

import pytest

from webui.core.errors import UserError
from webui.plots.axes import Axis, axes_of, find_axis
from webui.plots.placing import with_value

AXES = axes_of("txt2img", {})
UNIT = "extensions.controlnet.units.1.weight"
WEIGHT = Axis(UNIT, "number", {"en": "Weight"}, "Weight")


def put(values: dict[str, Any], axis: Axis | str, value: Any, first: Any = None) -> Any:
    found = find_axis(AXES, axis, "x") if isinstance(axis, str) else axis
    return with_value(values, found, value, first, "x")


def test_plain_fields_and_parts() -> None:
    base = {"prompt": "a", "hires": {"scale": 2}}
    assert put(base, "Steps", 4) == {**base, "steps": 4}
    assert put(base, "Hires steps", 4)["hires"] == {"scale": 2, "steps": 4}
    assert put(base, "Refiner checkpoint", "two")["refiner"] == {"model": "two"}
    assert put(base, "Size", "64x128") == {**base, "width": 64, "height": 128}
    assert base == {"prompt": "a", "hires": {"scale": 2}}


def test_extensions() -> None:
    units = [{"model": "canny"}, {"model": "depth"}]
    base = {"extensions": {"controlnet": {"units": units}}}
    changed = put(base, WEIGHT, 0.5)["extensions"]["controlnet"]["units"]
    assert changed == [{"model": "canny"}, {"model": "depth", "weight": 0.5}]
    assert units[1] == {"model": "depth"}
    share = Axis("extensions.cfg_rescale.share", "number", {"en": "Share"}, "Share")
    assert put({}, share, 0.7) == {"extensions": {"cfg_rescale": {"share": 0.7}}}


def test_search_and_replace() -> None:
    base = {"prompt": "a cat, a cat", "negative_prompt": "no cat"}
    changed = put(base, "Prompt S/R", "fox", "cat")
    assert (changed["prompt"], changed["negative_prompt"]) == ("a fox, a fox", "no fox")


def test_the_order_of_words() -> None:
    base = {"prompt": "1. red, 2. blue, end"}
    assert put(base, "Prompt order", ("blue", "red"))["prompt"] == "1. blue, 2. red, end"
    assert put(base, "Prompt order", ("red", "blue"))["prompt"] == base["prompt"]


@pytest.mark.parametrize(
    ("values", "axis", "value", "code"),
    [
        ({"prompt": "dog"}, "Prompt S/R", "fox", "axis_not_found"),
        ({"prompt": "dog"}, "Prompt order", ("dog", "cat"), "axis_not_found"),
        ({"prompt": "cats"}, "Prompt order", ("cats", "cat"), "axis_not_found"),
        ({"prompt": "dog"}, "Hires steps", 4, "axis_part_off"),
        ({"prompt": "dog", "hires": None}, "Denoising", 0.5, "axis_part_off"),
        ({"prompt": "dog"}, "Refiner switch at", 0.5, "axis_part_off"),
        ({"extensions": {"controlnet": {"units": [{}]}}}, WEIGHT, 0.5, "axis_no_entry"),
        ({}, WEIGHT, 0.5, "axis_no_entry"),
    ],
)
def test_what_is_not_there(values: dict[str, Any], axis: Axis | str, value: Any, code: str) -> None:
    with pytest.raises(UserError) as caught:
        put(values, axis, value, "cat")
    assert caught.value.problem.code == code
