"""Which noise levels a sampler walks in a run, and how much noise the run starts with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from webui.engine.options import Options
from webui.engine.protocols import SamplerFunction
from webui.engine.schedules import SCHEDULES
from webui.models.sigmas import SigmaTable

_MOST_STRENGTH = 0.999


@dataclass(frozen=True)
class Task:
    """What a run is asked to do.

    Attributes:
        table: the model's noise levels.
        schedule: name of the schedule, not "Automatic" where the sampler means another.
        steps: as asked for.
        options: all settings.
        strength: 0..1 of image to image; None is text to image.
        discard: drop the last level above 0.
    """

    table: SigmaTable
    schedule: str
    steps: int
    options: Options
    strength: float | None = None
    discard: bool = False


@dataclass(frozen=True)
class Levels:
    """Noise levels, and what the first x is: image_scale * latents + noise_scale * noise.

    Attributes:
        sigmas: (n + 1,) float32 descending, for n steps.
        walk: the sampler's function, where it has to know the model's table.
        highest: level of the whole schedule, of which image to image leaves out the first ones:
            Brownian noise belongs to it.
        preserved: the sampler is written for x that is scaled down (variance preserving).
        flow: of a model that is a rectified flow.
    """

    sigmas: Tensor
    noise_scale: float
    image_scale: float = 1.0
    walk: SamplerFunction | None = None
    highest: float | None = None
    preserved: bool = False
    flow: bool = False


MakeLevels = Callable[[Task], Levels]


def image_steps(task: Task) -> tuple[int, int]:
    """How many steps the schedule of an image to image run has, and how many of them are run - 1.

    `fixed_steps` stretches the schedule so that the steps asked for remain.
    """
    strength = min(task.strength or 0.0, _MOST_STRENGTH)
    if not task.options.fixed_steps:
        return task.steps, int(strength * task.steps)
    return (int(task.steps / strength) if strength > 0 else 0), task.steps - 1


def scheduled(task: Task) -> Levels:
    """The levels of the schedule; image to image leaves out the first ones."""
    if task.strength is None:
        sigmas = _schedule(task, task.steps)
        first = float(sigmas[0])
        multiplied = task.options.sgm_noise_multiplier and not task.table.flow
        return Levels(sigmas, (1 + first**2) ** 0.5 if multiplied else first)
    total, kept = image_steps(task)
    whole = _schedule(task, total) if total else torch.zeros(1)
    sigmas = whole[max(total - kept - 1, 0) :]
    first = float(sigmas[0])
    share = 1 - first if task.table.flow else 1.0
    return Levels(sigmas, first, share, highest=float(whole[0]))


def _schedule(task: Task, steps: int) -> Tensor:
    sigmas = SCHEDULES[task.schedule](task.table, steps + task.discard, task.options)
    return torch.cat([sigmas[:-2], sigmas[-1:]]) if task.discard else sigmas


def between_ends(task: Task) -> Levels:
    """Only the ends and the number of steps count: from the highest level to the lowest, no 0.

    The points between are evenly spaced in the logarithm.
    """
    if task.strength is None:
        low, high = float(task.table.sigmas[0]), float(task.table.sigmas[-1])
        steps = task.steps
    else:
        sigmas = scheduled(task).sigmas
        high, steps = float(sigmas[0]), len(sigmas) - 1
        low = min(float(sigmas[-2]) if steps > 1 else float(task.table.sigmas[0]), high)
    sigmas = torch.linspace(math.log(high), math.log(low), steps + 1).exp()
    sigmas[0], sigmas[-1] = high, low
    return Levels(sigmas, high)


def ddim_timesteps(task: Task, steps: int) -> list[int]:
    """1, 1 + k, 1 + 2k, … with k = T // steps (so that there may be more than `steps`)."""
    count = len(task.table.sigmas)
    stride = max(count // (steps + task.discard), 1)
    return [min(t + 1, count - 1) for t in range(0, count, stride)]


def image_timesteps(task: Task) -> tuple[list[int], int]:
    """Ascending timesteps to walk down, and the one whose noise an image gets.

    The image gets one timestep more of noise than the walk begins at, as in A1111; but where that
    leaves no step to make, the walk begins at the image's noise.
    """
    total, kept = image_steps(task)
    timesteps = ddim_timesteps(task, total)
    noised = timesteps[kept]
    walk = timesteps[:kept]
    return (walk if len(walk) > 1 else [timesteps[0] if kept else 0, noised]), noised


def timesteps(task: Task) -> Levels:
    """Levels of the model's timesteps, for samplers that scale x down (variance preserving)."""
    sigmas = task.table.sigmas
    if task.strength is None:
        if task.steps == 1:  # A1111 makes no step then and decodes the noise
            return preserved(torch.tensor([float(sigmas[-1]), 0.0]))
        return preserved(sigmas[ddim_timesteps(task, task.steps)[::-1]])
    if not image_steps(task)[0]:
        return Levels(torch.zeros(1), 0.0)
    walk, noised = image_timesteps(task)
    return preserved(sigmas[walk[::-1]], float(sigmas[noised]))


def preserved(sigmas: Tensor, image_sigma: float | None = None) -> Levels:
    """The start of a variance preserving run, in x that is not scaled down.

    Its noise alone, or its noised image, is taken as having the variance of the first level;
    image_sigma: the level that the image is noised to.
    """
    first = (1 + float(sigmas[0]) ** 2) ** 0.5
    if image_sigma is None:
        return Levels(sigmas, first, preserved=True)
    scale = first / (1 + image_sigma**2) ** 0.5
    return Levels(sigmas, scale * image_sigma, scale, preserved=True)
