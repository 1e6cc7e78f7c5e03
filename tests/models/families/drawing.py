"""A picture drawn with the shortest loop there is, and the same by a pipeline of diffusers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import EulerDiscreteScheduler

from webui.core.offers import ModelInfo
from webui.models.families.unet import UNetModel
from webui.models.sigmas import SigmaTable

STEPS = 10
LINSPACE = torch.linspace(999, 0, STEPS)  # whole as in diffusers: 999 / 9
TRAILING = torch.arange(999, 0, -1000 // STEPS)
EULER = {"timestep_spacing": "linspace"}
DDIM = {"timestep_spacing": "trailing", "clip_sample": False, "set_alpha_to_one": True}
SCALE = 5.0
PROMPT, NEGATIVE = "a red apple on a table", "blue"


def load(family: Any, info: ModelInfo) -> Any:
    return family.load(info, torch.device("cpu"), lambda done, total: None)


def noise(count: int = 1, size: int = 8) -> torch.Tensor:
    return torch.randn(count, 4, size, size, generator=torch.Generator().manual_seed(3))


def relative(made: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((made - wanted).norm() / wanted.norm())


def euler(
    model: UNetModel,
    x: torch.Tensor | None = None,
    prompt: str = PROMPT,
    negative: str = NEGATIVE,
    scale: float = SCALE,
    concat: torch.Tensor | None = None,
    timesteps: torch.Tensor = LINSPACE,
    start: float | None = None,
) -> torch.Tensor:
    """The latents of Euler's method with guidance, which is DDIM too.

    Args:
        concat: a row for the prompt and one for the negative prompt.
        start: what the noise is multiplied by, the first noise level if not given.
    """
    levels = SigmaTable(model.sigmas).t_to_sigma(timesteps).tolist()
    words = model.encode_texts([prompt]) + model.encode_texts([negative], negative=True)
    x = (noise() if x is None else x) * (start or levels[0])
    for sigma, following in itertools.pairwise([*levels, 0.0]):
        both = model.predict_x0(x.repeat(2, 1, 1, 1), sigma, words, concat=concat)
        cond, uncond = both.chunk(2)
        denoised = uncond + scale * (cond - uncond)
        x = denoised + (x - denoised) * (following / sigma)
    return x


def drawn_by_diffusers(
    kind: Any,
    folder: Path,
    scheduler: Any = EulerDiscreteScheduler,
    config: Mapping[str, Any] = EULER,
    **more: Any,
) -> torch.Tensor:
    """The latents of a pipeline; `more` are arguments of its call."""
    pipe = kind.from_pretrained(folder, local_files_only=True)
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **config)
    pipe.set_progress_bar_config(disable=True)
    arguments = {
        "negative_prompt": NEGATIVE,
        "num_inference_steps": STEPS,
        "guidance_scale": SCALE,
        "latents": noise(),
        "output_type": "latent",
    }
    return torch.as_tensor(pipe(PROMPT, **{**arguments, **more}).images)


def same(one: UNetModel, other: UNetModel) -> None:
    """Two loads of the same weights compute the same, to the bit."""
    for sigma in (12.0, 0.5):
        made, wanted = (
            model.predict_x0(noise(), sigma, model.encode_texts([PROMPT])) for model in (one, other)
        )
        assert torch.equal(made, wanted)
    assert torch.equal(one.decode(noise()), other.decode(noise()))
    pixels = torch.rand(1, 3, 64, 64)
    assert torch.equal(one.encode(pixels), other.encode(pixels))
    assert torch.equal(one.sigmas, other.sigmas)
