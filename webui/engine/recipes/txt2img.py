"""Pictures from text, in one pass or, enlarged in between, in two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from webui.core.requests import Txt2Img
from webui.engine.flows import noise_levels
from webui.engine.latents import to_images
from webui.engine.plan import plan
from webui.engine.recipes import hires
from webui.engine.recipes.passes import Pass, leg, noise_of, walk
from webui.engine.recipes.referring import called, references
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.told import drawn, refined
from webui.engine.recipes.tools import Drawn, Tools
from webui.engine.recipes.whole import whole
from webui.models.family import Model
from webui.models.whole import WholePipeline
from webui.prompt.infotext import Value


def txt2img(request: Txt2Img, batch: Sequence[Shot], tools: Tools) -> Iterator[Drawn]:
    """The pictures of one batch, see `tools.Recipe`."""
    model = tools.model(request.model)
    if isinstance(model, WholePipeline):
        yield from whole(request, model, batch, tools)
        return
    batch = called(request, model, batch)
    if request.hires is None:
        pixels, values = _one_pass(model, request, batch, tools)
    else:
        first = first_pass(model, request, batch, tools)
        model, pixels, values = hires.both_passes(request, request.hires, batch, first, tools)
    for shot, image in zip(batch, to_images(pixels), strict=True):
        own = hires.own_words(request, shot)
        yield drawn(request, shot, image, model, tools, {**own, **values})


def first_pass(model: Model, request: Txt2Img, batch: Sequence[Shot], tools: Tools) -> Pass:
    """From noise alone."""
    assert request.sampler and request.schedule and request.steps
    assert request.width and request.height and request.cfg_scale is not None
    stride = model.latent.stride
    width, height = request.width // stride, request.height // stride
    levels = noise_levels(model, request.shift, height, width)
    return Pass(
        model=model,
        plan=plan(request.sampler, request.schedule, request.steps, levels, tools.options),
        words=[shot.words for shot in batch],
        noise=noise_of(request, model, batch, width, height),
        cfg_scale=request.cfg_scale,
        clip_skip=request.clip_skip or 1,
        refiner=request.refiner,
    )


def _one_pass(
    model: Model, request: Txt2Img, batch: Sequence[Shot], tools: Tools
) -> tuple[Tensor, Mapping[str, Value]]:
    only = first_pass(model, request, batch, tools)
    tools.legs([leg(only.plan, only.noise)])
    with model.running():
        only = replace(only, references=references(request, model, tools))
        latents, took_over = walk(only, tools)
        tools.phase("decoding")
        return model.decode(latents), refined(request, tools, took_over)
