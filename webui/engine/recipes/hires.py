"""The second pass of text to image at a larger size ("hires fix"), as A1111 makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image
from torch import Tensor

from webui.core.requests import Hires, Txt2Img
from webui.engine.conditioning import Words
from webui.engine.features.refiner import check_fits
from webui.engine.flows import noise_levels
from webui.engine.latents import LATENT_UPSCALERS, encodable, enlarged, to_images, to_pixels
from webui.engine.plan import Plan, plan
from webui.engine.recipes.passes import Pass, Start, leg, noise_of, on, walk
from webui.engine.recipes.shots import Shot, plain
from webui.engine.recipes.told import refined, titled
from webui.engine.recipes.tools import Leg, Tools
from webui.imaging.resize import HiresSize, hires_size
from webui.models.family import Model
from webui.prompt.infotext import Value


@dataclass(frozen=True, eq=False)
class _Job:
    """What both passes of a batch are made from.

    Attributes:
        first: its first pass.
        picture: takes the place of the first pass, if there is one.
        size: to reach.
    """

    request: Txt2Img
    hires: Hires
    batch: Sequence[Shot]
    first: Pass
    picture: Image.Image | None
    size: HiresSize
    tools: Tools


def both_passes(
    request: Txt2Img, hires: Hires, batch: Sequence[Shot], first: Pass, tools: Tools
) -> tuple[Model, Tensor, dict[str, Value]]:
    """The model of the second pass, pixels (B, 3, H, W), and what is to be said of the run."""
    job = _job(request, hires, batch, first, tools)
    tools.legs(_legs(job))
    values: dict[str, Value] = {}
    if hires.model:
        values["Hires checkpoint"] = titled(hires.model, tools)
    if job.picture is not None:
        values["Size"] = f"{job.picture.width}x{job.picture.height}"
    with first.model.running():
        latents, took_over = _lower(job)
        model = tools.model(hires.model) if hires.model else tools.model(request.model)
        tools.phase("upscaling")
        start = _upper(job, model, latents)
        second, also = walk(_second_pass(job, model, start), tools)
        tools.phase("decoding")
        pixels = model.decode(second)
    if took_over or also:
        in_pass = tools.options.refiner_pass
        values["Hires refiner"] = in_pass if in_pass != "second pass" else None
    values |= refined(request, tools, took_over or also)
    return first.model, pixels, values


def own_words(request: Txt2Img, shot: Shot) -> dict[str, Value]:
    """What the second pass is drawn from, where that is not the same."""
    if request.hires is None:
        return {}
    words = _words(request.hires, shot)
    return {
        "Hires prompt": words.prompt if words.prompt != shot.words.prompt else None,
        "Hires negative prompt": words.negative if words.negative != shot.words.negative else None,
    }


def _words(hires: Hires, shot: Shot) -> Words:
    return plain(hires.prompt or shot.words.prompt, hires.negative_prompt or shot.words.negative)


def _job(request: Txt2Img, hires: Hires, batch: Sequence[Shot], first: Pass, tools: Tools) -> _Job:
    assert request.width and request.height
    stride, picture = first.model.latent.stride, None
    width, height = request.width, request.height
    if hires.image:
        picture = encodable(tools.picture(hires.image), stride)
        width, height = picture.size
    size = hires_size(width, height, hires.scale, hires.width, hires.height, stride)
    if tools.options.refiner_pass == "second pass":
        first = replace(first, refiner=None)
    return _Job(request, hires, batch, first, picture, size, tools)


def _legs(job: _Job) -> list[Leg]:
    plan, first = _plan(job, job.first.model), leg(job.first.plan, job.first.noise)
    stride = job.first.model.latent.stride
    second = Leg(plan.steps, plan.calls, job.size.width * job.size.height / stride**2)
    return [second] if job.picture else [first, second]


def _lower(job: _Job) -> tuple[Tensor, bool]:
    """The latents of the first pass, and whether the refiner took over in it."""
    if job.picture is None:
        return walk(job.first, job.tools)
    model = job.first.model
    latents = model.encode(to_pixels([job.picture]))
    return on(model, latents).expand(len(job.batch), -1, -1, -1), False


def _upper(job: _Job, model: Model, latents: Tensor) -> Start:
    """The latents enlarged, as latents or as pictures, and cut to the size asked for."""
    name, size, stride = job.hires.upscaler, job.size, model.latent.stride
    if name in LATENT_UPSCALERS:
        check_fits(job.first.model, model, "hires.model")
        latents = enlarged(latents, size.width // stride, size.height // stride, name)
    else:
        pictures = [job.picture] * len(job.batch) if job.picture else _decoded(job, latents)
        larger = [job.tools.upscale(name, one, size.width, size.height) for one in pictures]
        latents = on(model, model.encode(to_pixels(larger)))
    rows, columns = latents.shape[2:]
    top, left = size.truncate_y // 2, size.truncate_x // 2
    bottom, right = rows - (size.truncate_y + 1) // 2, columns - (size.truncate_x + 1) // 2
    return Start(latents[:, :, top:bottom, left:right], extra_noise=job.tools.options.extra_noise)


def _decoded(job: _Job, latents: Tensor) -> list[Image.Image]:
    return to_images(job.first.model.decode(latents), cut=True)


def _second_pass(job: _Job, model: Model, start: Start) -> Pass:
    request, hires = job.request, job.hires
    height, width = start.latents.shape[2:]
    in_pass = job.tools.options.refiner_pass
    return Pass(
        model=model,
        plan=_plan(job, model),
        words=[_words(hires, shot) for shot in job.batch],
        noise=noise_of(request, model, job.batch, width, height),
        cfg_scale=job.first.cfg_scale if hires.cfg_scale is None else hires.cfg_scale,
        clip_skip=job.first.clip_skip,
        first_calls=job.first.plan.prompt_calls,
        start=start,
        refiner=request.refiner if in_pass != "first pass" else None,
        walk=1,
    )


def _plan(job: _Job, model: Model) -> Plan:
    """All the steps asked for are made, whatever the strength (A1111's rule for hires)."""
    request, hires = job.request, job.hires
    assert request.sampler and request.schedule and request.steps
    size, stride = job.size, model.latent.stride
    height, width = size.height // stride, size.width // stride
    return plan(
        hires.sampler or request.sampler,
        hires.schedule or request.schedule,
        hires.steps or request.steps,
        noise_levels(model, request.shift, height - size.truncate_y, width - size.truncate_x),
        replace(job.tools.options, fixed_steps=True),
        hires.strength,
    )
