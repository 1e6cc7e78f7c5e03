"""Whole text-to-image runs equal to A1111's processing loop with a stub network.

The stub is the one that ../shared/golden/a1111/README.md describes.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.engine.stub import StubModel
from tests.golden import golden
from webui.core.requests import Txt2Img
from webui.engine.recipes import Tools, shots, txt2img

KNOWN_SETTINGS = {"randn_source", "eta_noise_seed_delta"}
OF_LATER_ISSUES = ("enable_hr", "refiner_checkpoint", "eta")


def cases() -> list[dict[str, Any]]:
    path = golden("a1111/pipeline.json")
    return [
        case
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
        if case["kind"] == "txt2img"
        and case["settings"].keys() <= KNOWN_SETTINGS
        and not any(name in case["parameters"] for name in OF_LATER_ISSUES)
    ]


def request_of(case: dict[str, Any]) -> Txt2Img:
    given = case["parameters"]
    sampler, schedule = given["sampler_name"], given.get("scheduler", "Automatic")
    if sampler.endswith(" Karras"):
        sampler, schedule = sampler.removesuffix(" Karras"), "Karras"
    values = {
        "prompt": given["prompt"],
        "negative_prompt": given["negative_prompt"],
        "sampler": sampler,
        "schedule": schedule,
        "steps": given["steps"],
        "width": given["width"],
        "height": given["height"],
        "seed": given["seed"],
        "variation_seed": given["subseed"],
        "variation_strength": given.get("subseed_strength", 0.0),
        "seed_resize_width": given.get("seed_resize_from_w", 0),
        "seed_resize_height": given.get("seed_resize_from_h", 0),
        "batch_count": given.get("n_iter", 1),
        "batch_size": given.get("batch_size", 1),
        "noise_source": case["settings"].get("randn_source", "CPU").lower(),
        "eta_noise_seed_delta": case["settings"].get("eta_noise_seed_delta", 0),
    }
    # the reference takes a scale of 0, ours starts at 1: the loop itself is what is compared
    return Txt2Img.model_validate(values).model_copy(update={"cfg_scale": given["cfg_scale"]})


def tolerance(case: dict[str, Any]) -> float:
    sampler = case["parameters"]["sampler_name"]
    least = {"UniPC": 1e-4, "DPM adaptive": 1e-3}.get(sampler, 2e-5)
    return max(least, 4 * (case["max_difference_32_64"] or 0.0))


def case_ids() -> list[Any]:
    try:
        return [pytest.param(case, id=f"{case['id']} {case['name']}") for case in cases()]
    except pytest.skip.Exception as reason:
        return [pytest.param(None, marks=pytest.mark.skip(reason=str(reason)))]


@pytest.fixture(scope="session")
def expected():
    with np.load(golden("a1111/pipeline.npz"), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files if name.startswith("latent_")}


@pytest.mark.parametrize("case", case_ids())
def test_equals_the_reference(case, expected):
    model, request = StubModel(), request_of(case)
    pictures = shots(request)
    assert [shot.seed for shot in pictures] == case["all_seeds"]
    assert [shot.variation_seed for shot in pictures] == case["all_subseeds"]
    latents = []
    for start in range(0, len(pictures), request.batch_size):
        images = txt2img(model, request, pictures[start : start + request.batch_size], Tools())
        assert [image.size for image in images] == [(request.width, request.height)] * len(images)
        latents.append(model.decoded)
    difference = np.abs(torch.cat(latents).numpy() - expected[f"latent_{case['id']}"]).max()
    assert difference <= tolerance(case)


def test_there_are_enough_cases():
    assert len(cases()) >= 55


def test_sigma_of_the_first_call_is_the_models_largest():
    model = StubModel()
    request = Txt2Img(
        prompt="x", sampler="Euler", schedule="Automatic", steps=2, cfg_scale=1, width=64,
        height=64, seed=1, variation_seed=1, noise_source="cpu",
    )  # fmt: skip
    txt2img(model, request, shots(request), Tools())
    assert math.isclose(model.calls[0][0], 14.6146, rel_tol=1e-4)
    assert [len(row) for _, row in model.calls] == [1, 1], "scale 1 needs no negative prompt"
