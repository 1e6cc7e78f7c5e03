"""Each thing that has a schedule reaches the generator at each frame, as in a picture alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.fakes import FakeModel
from webui.animation.render import render
from webui.core.animation import Animation
from webui.core.requests import Img2Img, Txt2Img
from webui.engine.recipes import RECIPES, Tools, batches
from webui.timeline.plan import plan_of
from webui.timeline.settings_file import settings_of

STILLS: dict[str, Any] = {
    "compat": "native", "animation_mode": "Interpolation", "max_frames": 3, "W": 64, "H": 64,
    "prompts": {"0": "a cat"}, "negative_prompts": "", "steps": 3, "sampler": "Euler a",
    "cfg_scale_schedule": "7", "seed": 11, "seed_behavior": "fixed",
    "enable_ancestral_eta_scheduling": False, "enable_ddim_eta_scheduling": False,
}  # fmt: skip
SAME = {
    "prompt": "a cat", "model": "m", "sampler": "Euler a", "schedule": "Automatic", "steps": 3,
    "cfg_scale": 7.0, "width": 64, "height": 64, "seed": 11, "variation_seed": 0, "clip_skip": 1,
    "noise_source": "cpu",
}  # fmt: skip
REF = f"sha256:{'0' * 64}"


class Heard:
    """Tools that write down which model and which networks are asked for."""

    def __init__(self) -> None:
        self.models: list[str | None] = []
        self.networks: list[list[tuple[str, str]]] = []

    def tools(self, **more: Any) -> Tools:
        model = FakeModel()

        def named(name: str | None) -> FakeModel:
            self.models.append(name)
            return model

        def join(model: Any, networks: Any, texts: Any, all_fit: bool) -> None:
            self.networks.append([(one.kind, ":".join(one.items)) for one in networks])

        return Tools(model=named, join=join, **more)


def rendered(settings: dict[str, Any], tools: Tools, folder: Any) -> list[Any]:
    asked = Animation(settings={**STILLS, **settings}, model="m", noise_source="cpu", frames=3)
    return list(render(asked, tools, folder))


def alone(request: Any, tools: Tools) -> np.ndarray:
    (batch,) = batches(request)
    (drawn,) = RECIPES[request.kind](request, batch, tools)
    return np.asarray(drawn.image.convert("RGB"))


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        ({"cfg_scale_schedule": "0:(2), 2:(12)"}, [{"cfg_scale": n} for n in (2, 7, 12)]),
        (
            {"steps_schedule": "2+2*t", "enable_steps_scheduling": True},
            [{"steps": n} for n in (2, 4, 6)],
        ),
        (
            {
                "sampler_schedule": '0:("Euler a"), 1:("DPM++ 2M Karras"), 2:("Heun")',
                "enable_sampler_scheduling": True,
            },
            [{}, {"sampler": "DPM++ 2M", "schedule": "Karras"}, {"sampler": "Heun"}],
        ),
        (
            {"seed_schedule": "s + 5*t", "seed_behavior": "schedule"},
            [{"seed": n} for n in (11, 16, 21)],
        ),
        (
            {
                "subseed_schedule": "40+t",
                "subseed_strength_schedule": "t/4",
                "enable_subseed_scheduling": True,
            },
            [{"variation_seed": 40 + n, "variation_strength": n / 4} for n in range(3)],
        ),
        (
            {"clipskip_schedule": "1+t", "enable_clipskip_scheduling": True},
            [{"clip_skip": n} for n in (1, 2, 3)],
        ),
        (
            {"prompts": {"0": "a cat", "1": "a dog"}, "prompt_blend": "step"},
            [{}, {"prompt": "a dog"}, {"prompt": "a dog"}],
        ),
    ],
    ids=["cfg", "steps", "sampler", "seed", "subseed", "clip skip", "prompt"],
)
def test_a_frame_is_the_picture_with_its_values(tmp_path, settings, values):
    frames = rendered(settings, Heard().tools(), tmp_path)
    pictures = [alone(Txt2Img.model_validate({**SAME, **one}), Heard().tools()) for one in values]
    for number, (frame, picture) in enumerate(zip(frames, pictures, strict=True)):
        assert np.array_equal(frame.levels, picture), number
    if "clip_skip" not in values[0]:  # to which the fake is deaf
        assert not np.array_equal(pictures[0], pictures[1])


def test_clip_skip_stands_in_the_parameters(tmp_path):
    settings = {"clipskip_schedule": "1+t", "enable_clipskip_scheduling": True}
    frames = rendered(settings, Heard().tools(), tmp_path)
    assert [one.drawn.parameters.values.get("Clip skip") for one in frames] == [None, 2, 3]


def test_checkpoints_change_where_their_schedule_says(tmp_path):
    heard = Heard()
    settings = {
        "checkpoint_schedule": '0:("one.safetensors"), 2:("two.safetensors")',
        "enable_checkpoint_scheduling": True,
    }
    rendered(settings, heard.tools(), tmp_path)
    assert list(dict.fromkeys(heard.models)) == ["one.safetensors", "two.safetensors"]
    assert heard.models.index("two.safetensors") == 2 * heard.models.count("one.safetensors") // 2


@pytest.mark.parametrize("compat", ["native", "deforum-3"])
def test_weights_of_loras_are_formulas(tmp_path, compat):
    heard = Heard()
    prompt = "a cat <lora:ink:0.25+0.25*t> `t`"
    settings = {"compat": compat, "animation_mode": "2D", "diffusion_cadence": 1}
    settings |= {"prompts": {"0": prompt}, "strength_schedule": "0:(0.5)"}
    settings |= {"cfg_scale_schedule": "0:(7)"}
    rendered(settings, heard.tools(), tmp_path)
    weights = [one[0][1].split(":")[1] for one in heard.networks if one]
    assert [float(weight) for weight in dict.fromkeys(weights)] == [0.25, 0.5, 0.75]


def test_strength_and_noise_of_the_sampler_by_frame(tmp_path):
    settings = {
        "animation_mode": "2D", "zoom": "1", "translation_z": "0", "noise_schedule": "0",
        "color_coherence": "None", "amount_schedule": "0", "diffusion_cadence": 1,
        "strength_schedule": "0:(0.5), 1:(0.75), 2:(0.25)", "legacy_colormatch": False,
        "enable_ancestral_eta_scheduling": True, "ancestral_eta_schedule": "0.5*t",
        "noise_multiplier_schedule": "1", "contrast_schedule": "1",
    }  # fmt: skip
    frames = rendered(settings, Heard().tools(), tmp_path)
    plan = plan_of(settings_of({**STILLS, **settings}))
    for number, strength in ((1, 0.25), (2, 0.75)):
        before = Image.fromarray(frames[number - 1].levels)
        tools = Heard().tools(picture=lambda ref, before=before: before)
        tools = replace(tools, options=replace(tools.options, eta=0.5 * number))
        request = Img2Img.model_validate(
            {**SAME, "image": REF, "strength": strength, "seed": plan.seeds[number]}
        )
        assert np.array_equal(frames[number].levels, alone(request, tools)), number
