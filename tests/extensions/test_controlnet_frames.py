"""ControlNets whose values change over an animation: each frame as the picture made alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from tests.extensions.control import COMPLETE, MAP_REF, drawn, loaded, picture, services
from tests.extensions.test_controlnet import controls  # noqa: F401  a fixture
from tests.models.families.drawing import load
from webui.animation.render import render
from webui.core.animation import Animation
from webui.core.requests import Txt2Img
from webui.core.scheduled import marker
from webui.engine.recipes import Tools
from webui.models.families.sd1 import SD1
from webui.video.encoding import Encoding
from webui.video.writing import write_film

SETTINGS: dict[str, Any] = {
    "compat": "native", "animation_mode": "Interpolation", "max_frames": 3, "W": 64, "H": 64,
    "prompts": {"0": f"{COMPLETE['prompt']} --neg {COMPLETE['negative_prompt']}"},
    "negative_prompts": "", "steps": COMPLETE["steps"], "sampler": "Euler",
    "cfg_scale_schedule": str(COMPLETE["cfg_scale"]),
    "seed": COMPLETE["seed"], "seed_behavior": "fixed",
}  # fmt: skip
UNIT = {"model": "one", "image": MAP_REF}


def rendered(model: Any, files: Any, unit: dict[str, Any], folder: Any, film: Any = None) -> list:
    extensions, pictures = loaded(), {MAP_REF: picture()}
    given = services(files, pictures)

    def extended(request, picture, mask):
        own = replace(given, picture=picture, mask=mask)
        return extensions.participants("job", request, own, request.extensions.__contains__)

    still = folder / "still.png"
    pictures[MAP_REF].save(still)
    tools = Tools(
        model=lambda name: model,
        picture=pictures.__getitem__,
        film=lambda ref: film or still,
        extended=extended,
    )
    request = Animation(
        settings=SETTINGS, model="m", noise_source="cpu", frames=3,
        extensions={"controlnet": {"units": [{**UNIT, **unit}]}},
    )  # fmt: skip
    return [one.levels for one in render(request, tools, folder)]


def alone(model: Any, files: Any, shown: Image.Image, **unit: Any) -> np.ndarray:
    values = {"controlnet": {"units": [{**UNIT, **unit}]}}
    request = Txt2Img.model_validate({**COMPLETE, "extensions": values})
    _, result = drawn(model, request, files, {MAP_REF: shown})
    return np.asarray(result.image.convert("RGB"))


@torch.inference_mode()
def test_weight_and_steps_by_schedules(tiny, controls, tmp_path):  # noqa: F811
    model = load(SD1(), tiny.folder_info)
    unit = {"weight": marker("0:(0), 2:(2)"), "start": marker("0.5*(t == 2)")}
    frames = rendered(model, controls, unit, tmp_path)
    for number, values in enumerate(({"weight": 0}, {"weight": 1}, {"weight": 2, "start": 0.5})):
        wanted = alone(model, controls, picture(), **values)
        assert np.array_equal(frames[number], wanted), number
    assert not np.array_equal(frames[0], frames[1])


@torch.inference_mode()
def test_a_film_leads_frame_for_frame(tiny, controls, tmp_path):  # noqa: F811
    model = load(SD1(), tiny.folder_info)
    shown = [np.asarray(picture(seed)) for seed in (3, 4, 5)]
    write_film(shown, tmp_path / "film.gif", Encoding("gif"))
    frames = rendered(model, controls, {}, tmp_path, tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        for number, frame in enumerate(frames):
            film.seek(number)
            assert np.array_equal(frame, alone(model, controls, film.convert("RGB"))), number
