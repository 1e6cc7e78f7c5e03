"""Animations are checked before they wait: each mistake with its parameter and place."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.jobs.door import GONE, Door
from webui.core.animation import Animation
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of
from webui.video.encoding import Encoding
from webui.video.writing import write_film

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
        ({"zoom": "0:(1), 5:(-1)"}, "settings.zoom", "schedule_bounds"),
        ({"angle": "0/0"}, "settings.angle", "formula_not_finite"),
        ({"angle": float("nan")}, "settings.angle", "formula_name"),
        ({"fps": 0}, "settings.fps", "settings_least"),
        ({"zoom": "0:(-1)"}, "settings.zoom", "schedule_bounds"),
        ({"zoom": "0:(-1)", "compat": "deforum-3"}, "settings.zoom", "schedule_bounds"),
        ({"angle": "0:(1/(t-1))", "compat": "deforum-3"}, "settings.angle", "motion_finite"),
        ({"kernel_schedule": "-3"}, "settings.kernel_schedule", "schedule_bounds"),
        ({"W": 4096}, "settings.W", "animation_size"),
        (
            {"enable_checkpoint_scheduling": True, "checkpoint_schedule": '0:("a"), 5:("b")'},
            "settings.checkpoint_schedule",
            "unknown_model",
        ),
        ({"W": 0}, "settings.W", "settings_least"),
        ({"labels": {"t": 5}}, "settings.labels.t", "name_taken"),
        ({"series": {"x": {"sound": "a.wav"}}}, "settings.series.x", "series_sound"),
        ({"shake": {"speed": 0}}, "settings.shake", "series_source"),
        ({"animation_mode": "Video Input"}, "settings.video_init_path", "animation_no_file"),
        ({"hybrid_motion": "Affine"}, "settings.video_init_path", "animation_no_file"),
        ({"color_coherence": "Image"}, "settings.color_coherence_image_path", "animation_no_file"),
        ({"use_mask": True}, "settings.mask_file", "animation_no_file"),
        (
            {"use_noise_mask": True, "noise_mask_schedule": '0:("<a cat>")'},
            "settings.noise_mask_schedule",
            "mask_words",
        ),
        (
            {"use_looper": True, "init_images": {"0": "a.png"}},
            "settings.init_images.0",
            "animation_no_file",
        ),
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


def put_film(door: Door, folder: Path, frames: int = 6, format: str = "mp4") -> str:
    path = folder / f"film.{format}"
    pictures = [np.full((16, 16, 3), 40 * number, np.uint8) for number in range(frames)]
    write_film(pictures, path, Encoding(format, preset="ultrafast"))
    if format == "gif":  # which is a picture as well
        return door.store.put(path.read_bytes()).id
    return door.store.put_media(path, hashlib.sha256(path.read_bytes()).hexdigest()).id


@pytest.mark.parametrize("format", ["mp4", "gif"])
def test_a_clip_says_how_many_frames_there_are(door: Door, tmp_path: Path, format: str) -> None:
    clip = {"video_init_path": put_film(door, tmp_path, format=format)}
    follows = {**PLAIN, "animation_mode": "Video Input", "extract_nth_frame": 2}
    assert door.taken("animation", settings=follows, files=clip).frames == 3
    mixes = {**PLAIN, "hybrid_composite": "Normal", "diffusion_cadence": 4}
    assert door.taken("animation", settings=mixes, files=clip).frames == 6
    none = {**follows, "extract_from_frame": 6}
    found = door.refused("animation", settings=none, files=clip)
    assert found == {"settings.video_init_path": "animation_no_frames"}


def test_a_picture_is_no_clip(door: Door) -> None:
    follows = {**PLAIN, "animation_mode": "Video Input"}
    found = door.refused("animation", settings=follows, files={"video_init_path": door.put(8, 8)})
    assert found == {"settings.video_init_path": "animation_no_film"}


def test_an_unknown_model_is_one_problem_among_others(door: Door) -> None:
    found = door.refused("animation", settings=PLAIN, model="nowhere")
    assert list(found) == ["model"]


def test_what_prompts_name_must_be_there_where_something_is_drawn(door: Door) -> None:
    settings = {**PLAIN, "prompts": {"0": "a cat", "6": "a dog <lora:absent:0.5>"}}
    assert door.refused("animation", settings=settings) == {"settings.prompts": "missing_lora"}
    assert door.refused("animation", settings=PLAIN, vae="absent") == {"vae": "missing_vae"}
    assert door.taken("animation", settings=settings, motion_only=True).motion_only
