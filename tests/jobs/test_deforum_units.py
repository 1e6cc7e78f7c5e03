"""Deforum's units of ControlNet become the extension's, or are named as left out."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.door import Door
from webui.core.animation import Animation
from webui.jobs.deforum_units import Around, with_units
from webui.library.entries import Entry

PLAIN = {"prompts": {"0": "a cat"}, "compat": "deforum-3", "max_frames": 12, "seed": 1}
UNIT = {
    "cn_1_enabled": True, "cn_1_module": "Canny", "cn_1_model": "control_canny [d14c016b]",
    "cn_1_weight": "0:(0.5), 10:(1)", "cn_1_guidance_start": "0:(0.1)",
    "cn_1_guidance_end": "0:(0.9)", "cn_1_processor_res": 600, "cn_1_threshold_a": 90,
    "cn_1_threshold_b": 180, "cn_1_resize_mode": "Just Resize", "cn_1_low_vram": True,
    "cn_1_control_mode": "My prompt is more important", "cn_1_vid_path": "moves.mp4",
}  # fmt: skip
REF = f"sha256:{'a' * 64}"


class Shelf:
    """Knows one network."""

    def find(self, kind: str, name: str) -> Entry | None:
        known = kind == "controlnet" and name == "control_canny"
        made: Any = Found()
        return made if known else None


class Found:
    name = "control/canny.safetensors"
    problem = None


def around(on: Collection[str] = ("controlnet",), names: Collection[str] = ("canny",)) -> Around:
    shelf: Any = Shelf()
    return Around(shelf, on, names)


def request(**settings: Any) -> Animation:
    given = {**PLAIN, **UNIT, **settings}
    return Animation(settings=given, files={"cn_1_vid_path": REF})


def test_a_unit_is_taken_over_whole() -> None:
    made, problems = with_units(request(), around())
    assert problems == []
    (unit,) = made.extensions["controlnet"]["units"]
    assert unit == {
        "model": "control/canny.safetensors",
        "preprocessor": "canny",
        "options": {"low": 90, "high": 180},
        "weight": {"$schedule": "0:(0.5), 10:(1)", "$series": "cn_1_weight"},
        "start": {"$schedule": "0:(0.1)", "$series": "cn_1_guidance_start"},
        "end": {"$schedule": "0:(0.9)", "$series": "cn_1_guidance_end"},
        "resolution": 600,
        "resize_mode": "just_resize",
        "mode": "prompt",
        "low_memory": True,
        "image": REF,
    }


def test_loopback_is_led_by_the_frame_and_pixel_perfect_by_the_size() -> None:
    made, _ = with_units(request(cn_1_loopback_mode=True, cn_1_pixel_perfect=True), around())
    (unit,) = made.extensions["controlnet"]["units"]
    assert "image" not in unit and unit["resolution"] is None


@pytest.mark.parametrize(
    ("given", "settings", "problem"),
    [
        (around(), {"cn_1_model": "None"}, ("settings.cn_1_model", "unit_no_model")),
        (around(), {"cn_1_model": "other"}, ("settings.cn_1_model", "unit_no_model")),
        (around(), {"cn_1_module": "magic"}, ("settings.cn_1_module", "unit_no_preprocessor")),
        (around(on=()), {}, ("settings.cn_1_enabled", "unit_no_extension")),
    ],
)
def test_what_cannot_be_is_left_out_and_named(
    given: Around, settings: dict[str, Any], problem: tuple[str, str]
) -> None:
    made, problems = with_units(request(**settings), given)
    assert made.extensions == {}
    assert [(one.field, one.code) for one in problems] == [problem]


def test_the_extension_s_own_values_come_first() -> None:
    asked = request().with_(extensions={"controlnet": {"units": []}})
    assert with_units(asked, around()) == (asked, [])


def test_a_file_that_is_not_sent_is_asked_for(tmp_path: Path) -> None:
    door = Door(tmp_path)
    found = door.refused("animation", settings={**PLAIN, **UNIT})
    assert found == {"settings.cn_1_vid_path": "animation_no_file"}
