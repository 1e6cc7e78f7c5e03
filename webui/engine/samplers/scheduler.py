"""Any scheduler of diffusers as a sampler.

A scheduler is told the predicted clean latents (`prediction_type="sample"`), so that it works with
every model, guidance and participant. It keeps its own timesteps: the choice of a schedule does
not reach it. To add one, name it in `webui.core.sampling.SAMPLERS` and below.
"""

from __future__ import annotations

import inspect
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from diffusers.schedulers.scheduling_tcd import TCDScheduler
from torch import Tensor

from webui.core.sampling import SamplerInfo
from webui.engine.levels import Levels, Task, image_steps, preserved
from webui.engine.noise import Noise
from webui.engine.options import Options
from webui.engine.protocols import Denoiser
from webui.engine.samplers.registry import sampler
from webui.engine.samplers.timestep import scaled_down
from webui.models.sigmas import SigmaTable


def scheduler_sampler(named: str | SamplerInfo, scheduler: type[Any], **config: Any) -> None:
    """Register a scheduler of diffusers as a sampler.

    Args:
        named: as for `sampler`.
        scheduler: a class of diffusers that takes `prediction_type="sample"`.
        config: arguments of its constructor; the model's noise levels and the kind of prediction
            are filled in.
    """
    sampler(named, levels=partial(_levels, scheduler, config))(_made_with_levels)


def _made_with_levels(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: Noise, options: Options
) -> Tensor:
    raise TypeError("the walk of a scheduler is made with its levels: use Plan.run")


def _levels(kind: type[Any], config: dict[str, Any], task: Task) -> Levels:
    scheduler = kind(
        trained_betas=_betas(task.table).tolist(),
        num_train_timesteps=len(task.table.sigmas),
        prediction_type="sample",
        **config,
    )
    total, kept = (task.steps, task.steps - 1) if task.strength is None else image_steps(task)
    total = min(total, scheduler.config.get("original_inference_steps", len(task.table.sigmas)))
    if not total:
        return Levels(torch.zeros(1), 0.0)
    scheduler.set_timesteps(total)
    skipped = max(total - kept - 1, 0) * scheduler.order
    sigmas = _sigmas(scheduler, task.table)[skipped:]
    levels = Levels(sigmas, float(scheduler.init_noise_sigma))
    if task.strength is not None:
        levels = Levels(sigmas, float(sigmas[0]))
    elif _preserves_variance(scheduler):
        levels = preserved(sigmas)
    return replace(levels, walk=partial(_walk, scheduler, scheduler.timesteps[skipped:]))


def _preserves_variance(scheduler: Any) -> bool:
    """Whether it works on x that is scaled down."""
    return float(scheduler.init_noise_sigma) == 1


def _betas(table: SigmaTable) -> Tensor:
    alphas = 1 / (1 + table.sigmas.double() ** 2)
    return 1 - alphas / torch.cat([torch.ones(1), alphas[:-1]])


def _sigmas(scheduler: Any, table: SigmaTable) -> Tensor:
    """Level of x at each of the scheduler's timesteps, and 0."""
    if hasattr(scheduler, "sigmas") and len(scheduler.sigmas) == len(scheduler.timesteps) + 1:
        return scheduler.sigmas.float()
    return torch.cat([table.t_to_sigma(scheduler.timesteps.float()), torch.zeros(1)])


def _walk(
    scheduler: Any,
    timesteps: Tensor,
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: Noise,
    options: Options,
) -> Tensor:
    """The scheduler's steps, in x as the scheduler scales it."""
    scheduler = deepcopy(scheduler)  # it remembers where it is
    preserving = _preserves_variance(scheduler)
    arguments: dict[str, Any] = {"return_dict": False}
    if "generator" in inspect.signature(scheduler.step).parameters:
        arguments["generator"] = _generators(noise.draw(x))
    if preserving:
        x = scaled_down(x, sigmas[0])
    for t, sigma in zip(timesteps, sigmas, strict=False):
        scheduler.scale_model_input(x, t)  # some count their steps there
        full = x * (1 + sigma**2).sqrt() if preserving else x
        x = scheduler.step(denoise(full, sigma), t, x, **arguments)[0]
    return x


def _generators(draw: Tensor) -> list[torch.Generator]:
    """A generator a picture, seeded by its noise, so that it does not depend on the batch."""
    seeds = draw.flatten(1)[:, 0].double().cpu().view(torch.int64)
    return [torch.Generator("cpu").manual_seed(int(seed)) for seed in seeds]


# Zheng et al., "Trajectory consistency distillation", 2024
scheduler_sampler("TCD", TCDScheduler)
