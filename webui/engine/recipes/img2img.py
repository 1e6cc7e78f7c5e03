"""Pictures from a picture, once or in loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image

from webui.core.requests import Curve, Img2Img
from webui.engine.plan import Plan
from webui.engine.recipes.over import draw_over, leg_of, plan_of
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.told import drawn
from webui.engine.recipes.tools import Drawn, Tools
from webui.imaging.inpainting import InitSettings, Prepared, prepared
from webui.models.family import Model
from webui.prompt.infotext import Value


def img2img(request: Img2Img, batch: Sequence[Shot], tools: Tools) -> Iterator[Drawn]:
    """The pictures of one batch, see `tools.Recipe`; of a loopback, one loop after the other."""
    model = tools.model(request.model)
    size = request.batch_size if request.loopback else len(batch)
    groups = [batch[start : start + size] for start in range(0, len(batch), size)]
    loops = list(_loops(request))[: len(groups)]
    plans = [plan_of(model, one, tools) for one in loops]
    first = _ready(request, model, tools.picture(request.image), tools)
    tools.legs([leg_of(plan, first, model) for plan in plans])
    begin = [first] * len(groups[0])
    for one, group, plan in zip(loops, groups, plans, strict=True):
        done = _loop(one, model, group, begin[: len(group)], plan, tools)
        yield from done
        ready = [_ready(request, model, picture.image, tools) for picture in done]
        begin = [replace(one, color_target=first.color_target) for one in ready]


def _loops(request: Img2Img) -> Iterator[Img2Img]:
    """The request of each loop: they differ in the strength."""
    loopback = request.loopback
    if loopback is None:
        yield request
        return
    change = loopback.final_strength - request.strength
    for loop in range(loopback.loops):
        share = _CURVES[loopback.curve](loop / (loopback.loops - 1))
        yield request.with_(strength=request.strength + change * share)


_CURVES = {
    "linear": lambda progress: progress,
    "aggressive": lambda progress: math.sin(progress * math.pi / 2),
    "lazy": lambda progress: 1 - math.cos(progress * math.pi / 2),
}
"""A1111's: how far the strength is on its way, by how many of the loops are over."""


def _ready(request: Img2Img, model: Model, image: Image.Image, tools: Tools) -> Prepared:
    assert request.width and request.height
    settings = InitSettings(
        request.width,
        request.height,
        resize_mode=request.resize_mode,
        color_correction=request.color_correction,
        stride=model.latent.stride,
    )
    name = request.upscaler
    if name is None:
        return prepared(image, None, settings)
    return prepared(image, None, settings, lambda *wanted: tools.upscale(name, *wanted))


def _loop(
    request: Img2Img,
    model: Model,
    batch: Sequence[Shot],
    begin: Sequence[Prepared],
    plan: Plan,
    tools: Tools,
) -> list[Drawn]:
    images, values = draw_over(request, model, batch, begin, plan, tools)
    if request.loopback:
        values = {**_looped(request.loopback.final_strength, request.loopback.curve), **values}
    return [
        drawn(request, shot, image, model, tools, values)
        for shot, image in zip(batch, images, strict=True)
    ]


def _looped(final: float, curve: Curve) -> dict[str, Value]:
    return {"Final denoising strength": final, "Denoising curve": curve.capitalize()}
