"""What a request means: a few lines over the sampling loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from PIL import Image

from webui.core.participants import Participant
from webui.core.requests import LARGEST_SEED, Txt2Img
from webui.engine.conditioning import Words, conditioning
from webui.engine.guidance import Guider
from webui.engine.noise import NoiseSource
from webui.engine.plan import Plan, plan
from webui.models.family import Model
from webui.prompt.grammar import merge_negative, split_negatives, strip_comments

SEEDS = LARGEST_SEED + 1
Phase = Literal["encoding", "sampling", "decoding"]


@dataclass(frozen=True)
class Shot:
    """One picture to make.

    Attributes:
        index: place among the job's pictures.
        words: its prompts, inline negatives already moved.
        seed, variation_seed: of its noise.
    """

    index: int
    words: Words
    seed: int
    variation_seed: int


@dataclass(frozen=True)
class Tools:
    """What a recipe is given besides the model and the request.

    Attributes:
        participants: who takes part in every step.
        check: called before each model call; raises to stop.
        phase: told what is being done now.
    """

    participants: Sequence[Participant] = ()
    check: Callable[[], None] = field(default=lambda: None)
    phase: Callable[[Phase], None] = field(default=lambda phase: None)


def shots(request: Txt2Img) -> list[Shot]:
    """The pictures of a request, as A1111 counts seeds.

    Each picture's seed is one higher than the last one's; with a variation strength the seed
    stays and the variation seed counts.
    """
    moving = request.variation_strength == 0
    return [
        Shot(
            index,
            words(request, index),
            (request.seed + (index if moving else 0)) % SEEDS,
            (request.variation_seed + index) % SEEDS,
        )
        for index in range(request.images)
    ]


def words(request: Txt2Img, index: int) -> Words:
    """The prompts of one picture, comments gone, inline negatives in the negative prompt."""
    prompt = request.prompts[index] if request.prompts else request.prompt
    negative = request.negative_prompt
    if request.negative_prompts:
        negative = request.negative_prompts[index]
    positive, inline = split_negatives(strip_comments(prompt))
    return Words(positive, merge_negative(strip_comments(negative), inline))


def plan_of(model: Model, request: Txt2Img) -> Plan:
    """The noise levels of a request whose fields are complete."""
    assert request.sampler and request.schedule and request.steps
    return plan(request.sampler, request.schedule, request.steps, model.sigmas)


def txt2img(
    model: Model, request: Txt2Img, batch: Sequence[Shot], tools: Tools
) -> list[Image.Image]:
    """The pictures of one batch.

    Args:
        request: with every field that suits the model filled in.
        batch: pictures made together; each is the same when made alone.
    """
    assert request.width and request.height and request.cfg_scale is not None
    steps = plan_of(model, request)
    with model.running():
        tools.phase("encoding")
        conds = conditioning(
            model, [shot.words for shot in batch], steps.prompt_calls, request.clip_skip or 1
        )
        noise = _noise(model, request, batch)
        tools.phase("sampling")
        guider = Guider(
            model, conds, request.cfg_scale, steps.calls, tools.participants, tools.check
        )
        with guider.patched():
            latents = steps.run(guider, noise.initial().to(model.device), noise)
        tools.phase("decoding")
        pixels = model.decode(latents)
    return [_finished(picture, tools.participants) for picture in to_images(pixels)]


def to_images(pixels: torch.Tensor) -> list[Image.Image]:
    """Pixels (B, 3, H, W) in 0..1 to 8-bit pictures, rounded to the nearest level."""
    levels = pixels.mul(255).round().clamp(0, 255).to(torch.uint8)
    return [Image.fromarray(one.permute(1, 2, 0).cpu().numpy()) for one in levels]


def _noise(model: Model, request: Txt2Img, batch: Sequence[Shot]) -> NoiseSource:
    assert request.width and request.height and request.noise_source
    stride = model.latent.stride
    return NoiseSource(
        source=request.noise_source,
        shape=(model.latent.channels, request.height // stride, request.width // stride),
        seeds=[shot.seed for shot in batch],
        subseeds=[shot.variation_seed for shot in batch],
        subseed_strength=request.variation_strength,
        seed_resize_from=(request.seed_resize_height, request.seed_resize_width),
        eta_noise_seed_delta=request.eta_noise_seed_delta,
    )


def _finished(image: Image.Image, participants: Sequence[Participant]) -> Image.Image:
    for participant in sorted(participants, key=lambda one: one.order):
        image = participant.image(image)
    return image
