"""Animations are checked before they wait: each mistake with its parameter and place."""

from pathlib import Path
from typing import Any

import pytest

from tests.jobs.door import GONE, Door
from webui.core.animation import Animation
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

PLAIN = {"prompts": {"0": "a cat"}, "compat": "native", "max_frames": 12}


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_frames_seed_and_model_are_filled_in(door: Door) -> None:
    request: Animation = door.taken("animation", settings=PLAIN)
    assert (request.frames, request.images, request.model) == (12, 12, "easel-demo")
    assert request.settings["seed"] >= 0 and request.noise_source == "nv"
    again: Animation = door.taken("animation", settings={**PLAIN, "seed": 5}, frames=99)
    assert again.settings["seed"] == 5 and again.frames == 12


@pytest.mark.parametrize(
    ("settings", "written"),
    [
        ({"diffusion_cadence": 5}, 12),
        ({"compat": "deforum-3", "diffusion_cadence": 5}, 10),
        ({"compat": "deforum-3", "diffusion_cadence": 1}, 12),
        ({"compat": "deforum-3", "animation_mode": "Interpolation", "diffusion_cadence": 5}, 12),
    ],
)
def test_how_many_frames_come_out(door: Door, settings: dict[str, Any], written: int) -> None:
    given = {**PLAIN, **settings}
    assert door.taken("animation", settings=given).frames == written
    assert plan_of(settings_of(given)).written == written


@pytest.mark.parametrize(
    ("settings", "field", "code"),
    [
        ({"angle": "0:(sin(t)"}, "settings.angle", "formula_not_closed"),
        ({"max_frames": 0}, "settings.max_frames", None),
        ({"animation_mode": "Video Input"}, "settings.animation_mode", "animation_not_yet"),
        ({"hybrid_motion": "Affine"}, "settings.hybrid_motion", "animation_not_yet"),
        ({"color_coherence": "Image"}, "settings.color_coherence", "animation_not_yet"),
        ({"diffusion_redo": 2}, "settings.diffusion_redo", "animation_not_yet"),
        ({"reroll_blank_frames": "reroll"}, "settings.reroll_blank_frames", "animation_not_yet"),
        ({"use_looper": True, "init_images": {"0": "a.png"}}, "settings.use_looper", None),
        ({"use_init": True, "init_image": "a.png"}, "settings.init_image", "animation_no_file"),
    ],
)
def test_what_does_not_fit_is_said_with_its_parameter(
    door: Door, settings: dict[str, Any], field: str, code: str | None
) -> None:
    found = door.refused("animation", settings={**PLAIN, **settings})
    assert field in found
    assert code in (None, found[field])


def test_pictures_that_are_named_must_be_there(door: Door) -> None:
    begins = {**PLAIN, "use_init": True, "init_image": "a.png"}
    ref = door.put(64, 64)
    assert door.taken("animation", settings=begins, files={"init_image": ref}).files
    assert door.taken("animation", settings=begins, files={"a.png": ref}).files
    assert "files.init_image" in door.refused(
        "animation", settings=begins, files={"init_image": GONE}
    )


def test_an_unknown_model_is_one_problem_among_others(door: Door) -> None:
    found = door.refused("animation", settings=PLAIN, model="nowhere")
    assert list(found) == ["model"]
