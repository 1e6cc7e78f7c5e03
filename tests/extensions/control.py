"""Pictures drawn with the extension ControlNet, and the same by pipelines of diffusers."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from tests.models.families.drawing import NEGATIVE, PROMPT, SCALE, STEPS
from webui.cli.words import worded
from webui.core.errors import Problem
from webui.core.participants import JobView, ModelFile, Services
from webui.core.plugins import Extensions
from webui.core.requests import Request
from webui.engine.recipes import RECIPES, Tools, batches

ROOT = Path(__file__).parents[2]
SEED = 11
COMPLETE: Mapping[str, Any] = {
    "prompt": PROMPT, "negative_prompt": NEGATIVE, "sampler": "Euler", "schedule": "Automatic",
    "steps": STEPS, "cfg_scale": SCALE, "width": 64, "height": 64, "seed": SEED,
    "variation_seed": 0, "noise_source": "cpu",
}  # fmt: skip
MAP_REF, MASK_REF = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def loaded() -> Extensions:
    """The bundled extensions, as the worker has them."""
    return Extensions([ROOT / "extensions"], "worker")


def in_both_languages(problem: Problem) -> None:
    """One sentence a language, with the extension's name."""
    english, polish = worded(problem, "en"), worded(problem, "pl")
    assert english == problem.message and "controlnet" in english and "controlnet" in polish
    assert english.split(":")[-1] != polish.split(":")[-1], "the reason, too"


def module(name: str) -> Any:
    """A module of the extension."""
    loaded()
    return importlib.import_module(f"easel_extensions.controlnet.{name}")


def picture(seed: int = 3, size: int = 64) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((size, size))


def random_weights(network: Any, seed: int) -> Any:
    """The layers that are zero before training filled too, so that the network has a say."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.1)
    return network


def services(files: Mapping[str, ModelFile], pictures: Mapping[str, Image.Image]) -> Services:
    kept: dict[Any, Any] = {}
    extensions = loaded()

    def preprocess(name: str, image: Image.Image, options: Mapping[str, Any]) -> Image.Image:
        one = next(one for one in extensions.preprocessors() if one.name == name)
        return one.function(image, one.options(**options) if one.options else None)

    return Services(
        picture=lambda ref: pictures[ref],
        mask=lambda ref: pictures[ref].convert("L"),
        model=lambda kind, name: files[name],
        preprocess=preprocess,
        check=lambda: None,
        kept=lambda key, make: (
            kept.setdefault(key, None) or kept.update({key: make()}) or kept[key]
        ),
    )


def drawn(
    model: Any,
    request: Request,
    files: Mapping[str, ModelFile],
    pictures: Mapping[str, Image.Image],
    **tools: Any,
) -> tuple[torch.Tensor, Any]:
    """The latents of the last pass, and what the recipe yielded first."""
    decoded: list[torch.Tensor] = []
    decode = model.decode
    model.decode = lambda latents: decoded.append(latents) or decode(latents)
    extensions = loaded()
    participants = extensions.participants("job", request, services(files, pictures))
    given = Tools(
        model=lambda name: model,
        picture=lambda ref: pictures[ref],
        mask=lambda ref: pictures[ref].convert("L"),
        participants=participants,
        **tools,
    )
    try:
        (batch,) = batches(request)
        done = list(RECIPES[request.kind](request, batch, given))
    finally:
        model.decode = decode
    return decoded[-1], done[0]


def view(options: Mapping[str, Any], request: Request, given: Services) -> JobView:
    return JobView("job", request, options, given)
