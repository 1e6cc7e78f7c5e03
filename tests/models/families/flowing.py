"""A picture of a rectified flow drawn with the engine, and the same by a pipeline of diffusers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusion3Pipeline

from webui.core.participants import Cond, Participant
from webui.engine.features.distilled import DistilledGuidance
from webui.engine.features.renormed import RenormedGuidance
from webui.engine.guidance import Given, Guider
from webui.engine.noise import NoiseSource
from webui.engine.plan import plan
from webui.models.family import Shown

STEPS = 8
SCALE = 5.0
PROMPT, NEGATIVE = "a red apple on a table", "blue"


def flow_noise(channels: int = 16, height: int = 8, width: int = 8) -> torch.Tensor:
    return torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(3))


def straight(
    model: Any,
    prompt: str = PROMPT,
    size: tuple[int, int] = (8, 8),
    scale: float = SCALE,
    concat: Shown | None = None,
    negative: str = NEGATIVE,
) -> torch.Tensor:
    """The latents of the engine's Euler on the schedule Simple."""
    distilled = model.info.card.distilled
    told: list[Participant] = [DistilledGuidance(scale)] if distilled else []
    told += [RenormedGuidance()] if model.info.card.renormed else []
    steps = plan("Euler", "Simple", STEPS, model.noise_levels(*size))
    with model.running():
        read = model.encode_texts([prompt]) + model.encode_texts([negative], negative=True)
        words = [
            Cond(role, 0, 1.0, ((STEPS, embedding),))
            for role, embedding in zip(("positive", "negative"), read, strict=True)
        ]
        scale = 1.0 if distilled else scale
        guider = Guider(Given(model, words, concat), scale, steps.calls, told)
        source = NoiseSource("cpu", (model.latent.channels, *size), [1])
        return steps.run(guider, flow_noise(model.latent.channels, *size), source)


def drawn_by_diffusers(kind: Any, folder: Path, prompt: str = PROMPT, **more: Any) -> torch.Tensor:
    """The latents of a pipeline on evenly spaced levels before the shift.

    Args:
        more: arguments of its call; None takes one away.
    """
    lacking = (part for part in ("text_encoder_3", "tokenizer_3") if not (folder / part).is_dir())
    absent = dict.fromkeys(lacking) if kind is StableDiffusion3Pipeline else {}
    pipe = kind.from_pretrained(folder, local_files_only=True, **absent)
    pipe.set_progress_bar_config(disable=True)
    arguments = {
        "prompt": prompt,
        "negative_prompt": NEGATIVE,
        "num_inference_steps": STEPS,
        "sigmas": [1 - step / STEPS for step in range(STEPS)],
        "guidance_scale": SCALE,
        "latents": flow_noise(),
        "height": 64,
        "width": 64,
        "output_type": "latent",
    }
    given = {key: value for key, value in {**arguments, **more}.items() if value is not None}
    return torch.as_tensor(pipe(**given).images)
