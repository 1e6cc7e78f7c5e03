"""A1111's whole runs as our requests (../shared/golden/a1111/README.md, section "pipeline")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from PIL import Image

from tests.engine.stub import StubModel
from tests.golden import golden
from webui.core.requests import Img2Img, Inpaint, Txt2Img
from webui.core.sampling import sampler_and_schedule
from webui.engine.options import Options
from webui.engine.recipes import RECIPES, Drawn, Tools, batches
from webui.models.sigmas import SigmaTable

Case = dict[str, Any]

INIT, MASK = ("sha256:" + digit * 64 for digit in "01")
_OPTIONS = {
    "eta_ancestral": "eta",
    "eta_ddim": "eta_ddim",
    "s_churn": "s_churn",
    "s_tmin": "s_tmin",
    "s_tmax": "s_tmax",
    "s_noise": "s_noise",
    "sgm_noise_multiplier": "sgm_noise_multiplier",
    "always_discard_next_to_last_sigma": "discard_penultimate",
    "rho": "rho",
    "sigma_min": "sigma_min",
    "sigma_max": "sigma_max",
    "s_min_uncond": "negative_minimum_sigma",
    "s_min_uncond_all": "negative_minimum_always",
    "skip_early_cond": "skip_early",
    "use_old_scheduling": "old_schedules",
    "refiner_switch_by_sample_steps": "refiner_by_steps",
    "hires_fix_refiner_pass": "refiner_pass",
}
_TABLES = {
    "use_downcasted_alpha_bar": SigmaTable.half,
    "sd_noise_schedule": SigmaTable.zero_terminal_snr,
    "enable_quantization": lambda table: SigmaTable(table.sigmas, quantized=True),
}
_CONTENTS = ("fill", "original", "latent_noise", "latent_nothing")
_MODES = ("just_resize", "crop", "fill", "latent")


def cases() -> list[Case]:
    return json.loads(golden("a1111/pipeline.json").read_text(encoding="utf-8"))["cases"]


def arrays() -> dict[str, Any]:
    with np.load(golden("a1111/pipeline.npz"), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


class Model(StubModel):
    """The stub under A1111's name, with the table that the case's settings ask for."""

    def __init__(self, case: Case, name: str = "model-name") -> None:
        table = SigmaTable.scaled_linear()
        for setting, change in _TABLES.items():
            table = change(table) if setting in case["settings"] else table
        super().__init__(table, name)
        if "sd_noise_schedule" not in case["settings"]:
            self.network = SigmaTable.scaled_linear()
        self.latents: list[torch.Tensor] = []

    def decode(self, latents):
        self.latents.append(latents)
        return super().decode(latents)


def run(case: Case, inputs: Mapping[str, Any]) -> tuple[list[Drawn], dict[str, Model]]:
    """The pictures of a case, and the models by name (only those that were asked for)."""
    models: dict[str, Model] = {}

    def model(name):
        name = name or "model-name"
        found = models.setdefault(name, Model(case, name))
        found.calls = models["model-name"].calls  # those of all models in one list
        return found

    pictures = {INIT: Image.fromarray(inputs["init"]), MASK: Image.fromarray(inputs["mask"])}
    request = request_of(case)
    tools = Tools(
        model=model,  # pyright: ignore[reportArgumentType]
        picture=pictures.__getitem__,
        mask=pictures.__getitem__,
        upscale=lambda name, image, *size: image.resize(size, Image.Resampling.LANCZOS),
        model_hash=lambda name: "0123456789" if name == "model-name" else None,
        options=options_of(case),
    )
    drawn = [
        one for batch in batches(request) for one in RECIPES[request.kind](request, batch, tools)
    ]
    return drawn, models


def options_of(case: Case) -> Options:
    given = {_OPTIONS[key]: value for key, value in case["settings"].items() if key in _OPTIONS}
    if case["parameters"]["sampler_name"] == "Euler a":
        given.pop("s_noise", None)  # A1111 does not hand it to this one; we do
    given["round_masks"] = case["parameters"].get("mask_round", True)
    if "eta" in case["parameters"]:
        given["eta"] = case["parameters"]["eta"]
    for setting, way in (("pad_cond_uncond", "empty"), ("pad_cond_uncond_v0", "last")):
        if setting in case["settings"]:
            given["pad_texts"] = way
    return Options(**given)


def request_of(case: Case) -> Txt2Img | Img2Img | Inpaint:
    given, settings = case["parameters"], case["settings"]
    sampler, schedule = sampler_and_schedule(given["sampler_name"], given.get("scheduler"))
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
        "noise_source": settings.get("randn_source", "CPU").lower(),
        "eta_noise_seed_delta": settings.get("eta_noise_seed_delta", 0),
    }
    if "refiner_checkpoint" in given:
        refiner = {"model": given["refiner_checkpoint"], "switch_at": given["refiner_switch_at"]}
        values["refiner"] = refiner
    if case["kind"] == "txt2img":
        request = Txt2Img.model_validate({**values, "hires": _hires(given)})
    else:
        request = _from_picture(values, given, settings)
    # the reference takes a scale of 0, ours starts at 1: the loop itself is what is compared
    return request.model_copy(update={"cfg_scale": given["cfg_scale"]})


def _hires(given: Case) -> dict[str, Any] | None:
    if not given.get("enable_hr"):
        return None
    return {
        "upscaler": given["hr_upscaler"],
        "strength": given["denoising_strength"],
        "scale": given.get("hr_scale", 2.0),
        "width": given.get("hr_resize_x", 0),
        "height": given.get("hr_resize_y", 0),
        "steps": given.get("hr_second_pass_steps", 0),
        "sampler": given.get("hr_sampler_name"),
        "schedule": given.get("hr_scheduler"),
        "prompt": given.get("hr_prompt", ""),
        "negative_prompt": given.get("hr_negative_prompt", ""),
    }


def _from_picture(values: Case, given: Case, settings: Case) -> Img2Img | Inpaint:
    """A1111's defaults of the API where a case says nothing."""
    values = {
        **values,
        "image": INIT,
        "strength": given.get("denoising_strength", 0.75),
        "exact_steps": settings.get("img2img_fix_steps", False),
        "color_correction": settings.get("img2img_color_correction", False),
        "extra_noise": settings.get("img2img_extra_noise", 0.0),
        "noise_multiplier": given.get("initial_noise_multiplier", 1.0),
        "resize_mode": _MODES[given.get("resize_mode", 0)],
    }
    if "mask" not in given:
        return Img2Img.model_validate(values)
    masked = {
        "mask": MASK,
        "invert": bool(given.get("inpainting_mask_invert", 0)),
        "mask_blur": given.get("mask_blur", 4),
        "content": _CONTENTS[given.get("inpainting_fill", 0)],
        "area": "masked" if given.get("inpaint_full_res", True) else "whole",
        "padding": given.get("inpaint_full_res_padding", 0),
    }
    return Inpaint.model_validate({**values, **masked})
