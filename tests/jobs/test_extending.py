"""Schedules in the places of an extension's numbers, checked before an animation waits."""

from pathlib import Path
from typing import Any

import pytest

from tests.jobs.door import Door
from webui.core.animation import Animation
from webui.core.plugins import Extensions
from webui.jobs.checks import Refused
from webui.jobs.extending import without_schedules

ROOT = Path(__file__).parents[2]
PLAIN = {"prompts": {"0": "a cat"}, "compat": "native", "max_frames": 12, "seed": 1}


@pytest.fixture
def door(tmp_path: Path) -> Door:
    door = Door(tmp_path)
    door.extensions = Extensions([ROOT / "extensions"], "server")
    return door


def units(*given: dict[str, Any]) -> dict[str, Any]:
    return {"controlnet": {"units": [{"model": "some", **one} for one in given]}}


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_texts_in_the_places_of_numbers_are_schedules(door: Door, compat: str) -> None:
    given = units({"weight": "0:(0.25), 11:(1)", "resolution": "0:(512)", "end": 0.5})
    request: Animation = door.taken(
        "animation", settings={**PLAIN, "compat": compat}, extensions=given
    )
    (unit,) = request.extensions["controlnet"]["units"]
    assert unit == {
        "model": "some",
        "weight": {"$schedule": "0:(0.25), 11:(1)", "$first": 0.25},
        "resolution": {"$schedule": "0:(512)", "$whole": True, "$first": 512},
        "end": 0.5,
    }


def test_sides_of_a_rectangle_are_numbers_like_others(door: Door) -> None:
    percent = {"$schedule": "t*5", "$of": 100}
    area = {"prompt": "a cat", "box": ["0:(0), 11:(0.5)", percent, "0.6+t/100", 0.9]}
    request: Animation = door.taken(
        "animation", settings=PLAIN, extensions={"regional": {"areas": [area]}}
    )
    box = request.extensions["regional"]["areas"][0]["box"]
    assert [one.get("$first") for one in box[:3]] == [0, 0, 0.6] and box[3] == 0.9
    assert box[2]["$schedule"] == "0.6+t/100"
    area["box"][1] = {"$schedule": "t*10", "$of": 100}
    with pytest.raises(Refused, match="frame 9"):  # nothing is left of it
        door.taken("animation", settings=PLAIN, extensions={"regional": {"areas": [area]}})


def test_where_anything_may_stand_only_what_looks_like_a_schedule_is_one(door: Door) -> None:
    options = {"low": "0:(100), 5:(200)", "word": "0.5"}
    given = units({"preprocessor": "canny", "options": options})
    request: Animation = door.taken("animation", settings=PLAIN, extensions=given)
    (unit,) = request.extensions["controlnet"]["units"]
    assert unit["options"]["low"]["$schedule"] == options["low"]
    assert unit["options"]["word"] == "0.5" and unit["preprocessor"] == "canny"


@pytest.mark.parametrize(
    ("unit", "field", "code"),
    [
        ({"weight": "0:(sin(t)"}, "extensions.controlnet.units.0.weight", "formula_not_closed"),
        ({"weight": "0:(t/4)"}, "extensions.controlnet.units.0.weight", "extension_value"),
        ({"start": "t/11", "end": 0.5}, "extensions.controlnet.units.0", "extension_value"),
        ({"strength": 1}, "extensions.controlnet.units.0.strength", "extension_value"),
    ],
)
def test_what_does_not_fit_is_said_by_its_name(
    door: Door, unit: dict[str, Any], field: str, code: str
) -> None:
    assert door.refused("animation", settings=PLAIN, extensions=units(unit)) == {field: code}


def test_the_sentence_has_the_place_and_the_frame(door: Door) -> None:
    def sentence(weight: str) -> str:
        with pytest.raises(Refused) as caught:
            door.taken("animation", settings=PLAIN, extensions=units({"weight": weight}))
        return caught.value.problem.message

    assert "extensions.controlnet.units.0.weight, character 3" in sentence("0:(sin(t)")
    assert "frame 9" in sentence("0:(t/4)")


def test_an_extension_that_is_not_there(door: Door) -> None:
    found = door.refused("animation", settings=PLAIN, extensions={"nothing": {"a": "0:(1)"}})
    assert found == {"extensions.nothing": "no_extension"}


def test_what_is_left_without_schedules(door: Door) -> None:
    given = units({"weight": "0:(0.25)", "end": 0.5}, {"low_memory": True, "start": "t/9"})
    left = without_schedules(given, door.extensions)
    assert left == units({"end": 0.5}, {"low_memory": True})
