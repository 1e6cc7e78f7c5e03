"""One walk down the noise levels for the pictures of a batch: what all recipes have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from PIL import Image
from torch import Tensor

from webui.core.errors import UserError
from webui.core.participants import Over, Participant
from webui.core.requests import Drawing
from webui.core.requests import Refiner as Named
from webui.engine.conditioning import Words, conditioning
from webui.engine.features.distilled import DistilledGuidance
from webui.engine.features.refiner import Refiner, check_fits
from webui.engine.features.renormed import RenormedGuidance
from webui.engine.guidance import Given, Guider
from webui.engine.noise import NoiseSource
from webui.engine.options import Options
from webui.engine.plan import Plan
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.tools import Leg, Tools
from webui.models.family import Model, Shown
from webui.prompt.grammar import read_prompts
from webui.prompt.networks import Network


@dataclass(frozen=True, eq=False)
class Start:
    """The picture that a pass begins with.

    Attributes:
        latents: (B, C, h, w).
        concat: (B, K, h, w) what the model is shown of it, see `Model.predict_x0`.
        pictures: what it sees beside the words, for each picture of the batch; none if empty.
        extra_noise, noise_multiplier: A1111's settings.
        image_scale: of an edit model's guidance by the picture.
    """

    latents: Tensor
    concat: Tensor | None = None
    pictures: Sequence[Sequence[Image.Image]] = ()
    extra_noise: float = 0.0
    noise_multiplier: float = 1.0
    image_scale: float | None = None


@dataclass(frozen=True, eq=False)
class References:
    """Pictures that a prompt refers to, the same for each picture that is drawn.

    Attributes:
        latents: of each (1, C, h, w), of any size.
    """

    pictures: Sequence[Image.Image]
    latents: Sequence[Tensor]


@dataclass(frozen=True, eq=False)
class Pass:
    """What one walk is made from.

    Attributes:
        words: of each picture.
        first_calls: what prompt schedules counted in the first pass, if this is the second.
        noise: of each picture.
        start: None for text to image.
        references: what the model is shown without beginning with it.
        refiner: takes over in mid-run.
        participants: of this pass alone.
        walk, over: see `Step`.
    """

    model: Model
    plan: Plan
    words: Sequence[Words]
    noise: NoiseSource
    cfg_scale: float
    clip_skip: int
    first_calls: int | None = None
    start: Start | None = None
    references: References | None = None
    refiner: Named | None = None
    participants: Sequence[Participant] = ()
    walk: int = 0
    over: Over | None = None


def noise_of(
    request: Drawing, model: Model, batch: Sequence[Shot], width: int, height: int
) -> NoiseSource:
    """The noise of a batch for a size in latent pixels."""
    assert request.noise_source
    return NoiseSource(
        source=request.noise_source,
        shape=(model.latent.channels, height, width),
        seeds=[shot.seed for shot in batch],
        subseeds=[shot.variation_seed for shot in batch],
        subseed_strength=request.variation_strength,
        seed_resize_from=(request.seed_resize_height, request.seed_resize_width),
        eta_noise_seed_delta=request.eta_noise_seed_delta,
    )


def leg(plan: Plan, noise: NoiseSource) -> Leg:
    """A pass as the news tell of it."""
    return Leg(max(plan.steps, 1), max(plan.calls, 1), noise.shape[1] * noise.shape[2])


def walk(one: Pass, tools: Tools) -> tuple[Tensor, bool]:
    """The latents (B, C, h, w) at the end of the walk, and whether the refiner took over."""
    tools.phase("encoding")
    tools.join(one.model, *named(one.words), True)
    given = _given(one.model, one, tools.options)
    refiner = _refiner(one, tools) if one.refiner else None
    start = one.start
    initial = one.noise.initial().to(one.model.device)
    tools.phase("sampling")
    distilled = one.model.info.card.distilled
    told: list[Participant] = [DistilledGuidance(one.cfg_scale)] if distilled else []
    told += [RenormedGuidance()] if one.model.info.card.renormed else []
    guider = Guider(
        given,
        1.0 if distilled else one.cfg_scale,
        one.plan.calls,
        [*tools.participants, *one.participants, *told],
        tools.check,
        image_scale=start.image_scale if start and not distilled else None,
        takeover=refiner,
        counted=one.plan.counted,
        options=tools.options,
        walk=one.walk,
        over=one.over,
    )
    with guider.patched():
        if start is None:
            latents = one.plan.run(guider, initial, one.noise)
        else:
            initial = initial * start.noise_multiplier
            latents = one.plan.run(guider, initial, one.noise, start.latents, start.extra_noise)
    for participant in sorted(tools.participants, key=lambda one: one.order):
        latents = participant.latents(latents)
    return latents, bool(refiner and refiner.taken_over)


def named(words: Sequence[Words]) -> tuple[tuple[Network, ...], list[str]]:
    """The networks that join the model for a batch, and the texts without their tags.

    `shots.batches` puts only pictures of the same networks together, but the loops of a loopback
    hang together.

    Raises:
        UserError: other networks are named for other pictures.
    """
    read = [read_prompts(one.prompt, one.negative) for one in words]
    if any(one.networks != read[0].networks for one in read):
        raise UserError("networks_apart", "batch_size")
    texts = dict.fromkeys(text for one in read for text in (one.positive, one.negative))
    return read[0].networks, list(texts)


def _given(model: Model, one: Pass, options: Options) -> Given:
    calls, hires_calls = one.plan.prompt_calls, None
    if one.first_calls is not None:
        calls, hires_calls = one.first_calls, calls
    pictures, concat = _shown(one)
    conds = conditioning(model, one.words, calls, one.clip_skip, hires_calls, options, pictures)
    return Given(model, conds, concat)


def _shown(one: Pass) -> tuple[Sequence[Sequence[Image.Image]], Shown | None]:
    """What the model sees beside the words, and beside what it draws."""
    if one.start is not None:
        return one.start.pictures, one.start.concat
    if one.references is None:
        return (), None
    count, shown = len(one.words), one.references
    return [shown.pictures] * count, tuple(
        latents.expand(count, -1, -1, -1) for latents in shown.latents
    )


def _refiner(one: Pass, tools: Tools) -> Refiner:
    assert one.refiner
    name = one.refiner.model

    def make() -> Given:
        model = tools.model(name)
        check_fits(one.model, model, "refiner.model")
        tools.join(model, *named(one.words), False)
        given = _given(model, one, tools.options)
        shown = model.image_conditioning == one.model.image_conditioning
        return given if shown else replace(given, concat=None)

    return Refiner(one.refiner.switch_at, one.plan, one.model.sigmas, make)


def on(model: Model, latents: Tensor) -> Tensor:
    """Latents where the model works, in full precision."""
    return latents.to(model.device, torch.float32)
