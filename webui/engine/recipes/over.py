"""A pass that draws over pictures, as image to image and inpainting have it in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from webui.core.participants import Over
from webui.core.requests import FromPicture, Inpaint
from webui.engine.flows import noise_levels
from webui.engine.latents import to_images
from webui.engine.plan import Plan, plan
from webui.engine.recipes.beginning import begun
from webui.engine.recipes.masking import masking
from webui.engine.recipes.passes import Pass, noise_of, walk
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.told import refined
from webui.engine.recipes.tools import Leg, Tools
from webui.imaging.inpainting import Prepared, finished
from webui.imaging.masks import flattened
from webui.imaging.resize import resized
from webui.models.family import Model
from webui.prompt.infotext import Value


def plan_of(model: Model, request: FromPicture, tools: Tools) -> Plan:
    """The noise levels of a request whose fields are complete."""
    assert request.sampler and request.schedule and request.steps
    exact = request.exact_steps or tools.options.fixed_steps
    options = replace(tools.options, fixed_steps=exact)
    card, stride = model.info.card, model.latent.stride
    height, width = request.height or card.height, request.width or card.width
    table = noise_levels(model, request.shift, height // stride, width // stride)
    return plan(request.sampler, request.schedule, request.steps, table, options, request.strength)


def leg_of(plan: Plan, ready: Prepared, model: Model) -> Leg:
    """A pass as the news tell of it."""
    area = ready.width * ready.height / model.latent.stride**2
    return Leg(max(plan.steps, 1), max(plan.calls, 1), area)


def draw_over(
    request: FromPicture,
    model: Model,
    batch: Sequence[Shot],
    ready: Sequence[Prepared],
    plan: Plan,
    tools: Tools,
) -> tuple[list[Image.Image], dict[str, Value]]:
    """What the model makes of pictures, put back in their places.

    Args:
        ready: where each picture of the batch begins; all of one size, all masked or none.

    Returns:
        A picture of each, and what is to be said of the run.
    """
    assert request.cfg_scale is not None
    stride, first = model.latent.stride, ready[0]
    noise = noise_of(request, model, batch, first.width // stride, first.height // stride)
    with model.running():
        tools.phase("encoding")
        start = begun(request, model, ready, rounds(request, tools))
        mask = masking(request, noise, start, ready, plan)
        if mask:
            start = replace(start, latents=mask.latents)
        one = Pass(
            model=model,
            plan=plan,
            words=[shot.words for shot in batch],
            noise=noise,
            cfg_scale=request.cfg_scale,
            clip_skip=request.clip_skip or 1,
            start=start,
            refiner=request.refiner,
            participants=[mask.keeper] if mask else [],
            over=drawn_over(first),
        )
        latents, took_over = walk(one, tools)
        if mask:
            latents, ready = mask.ended(latents), mask.found(latents)
        tools.phase("decoding")
        images = to_images(model.decode(latents))
    pictures = [finished(image, place) for image, place in zip(images, ready, strict=True)]
    return pictures, {**_conditioned(request, model), **refined(request, tools, took_over)}


def drawn_over(ready: Prepared) -> Over:
    """What participants are told of it: as it was before what is masked was filled."""
    fit = "just_resize" if ready.stretched else "fill"
    part = resized(flattened(ready.base.crop(ready.box)), ready.width, ready.height, fit)
    return Over(part, ready.mask, ready.base.size, ready.box, fit)


def rounds(request: FromPicture, tools: Tools) -> bool:
    """Whether the mask of the latents is 0 or 1 everywhere."""
    return tools.options.round_masks and not (isinstance(request, Inpaint) and request.soft)


def _conditioned(request: FromPicture, model: Model) -> dict[str, Value]:
    """What is said of models that are shown a picture."""
    if model.image_conditioning == "inpaint":
        weight = request.mask_weight if isinstance(request, Inpaint) else 1.0
        return {"Conditional mask weight": weight}
    if model.image_conditioning == "edit" and not model.info.card.distilled:
        return {"Image CFG scale": request.image_cfg_scale}
    return {}
