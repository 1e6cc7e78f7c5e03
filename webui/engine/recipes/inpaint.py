"""Part of a picture drawn anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from webui.core.requests import Inpaint
from webui.engine.recipes.over import draw_over, leg_of, plan_of, rounds
from webui.engine.recipes.shots import Shot
from webui.engine.recipes.told import drawn
from webui.engine.recipes.tools import Drawn, Tools
from webui.imaging.inpainting import InitSettings, prepared
from webui.imaging.masks import clear_parts
from webui.models.family import Model


def inpaint(request: Inpaint, batch: Sequence[Shot], tools: Tools) -> Iterator[Drawn]:
    """The pictures of one batch, see `tools.Recipe`.

    Without a size the result has the picture's own, whatever it is drawn at, and outside the mask
    every pixel of it.

    Raises:
        UserError: nothing is masked, or the mask has another shape than the picture.
    """
    model = tools.model(request.model)
    image = tools.picture(request.image)
    mask = tools.mask(request.mask) if request.mask else clear_parts(image)
    ready = prepared(image, mask, settings_of(request, model, tools))
    plan = plan_of(model, request, tools)
    tools.legs([leg_of(plan, ready, model)])
    images, values = draw_over(request, model, batch, [ready] * len(batch), plan, tools)
    values["Size"] = f"{ready.width}x{ready.height}"
    for shot, picture in zip(batch, images, strict=True):
        yield drawn(request, shot, picture, model, tools, values)


def settings_of(request: Inpaint, model: Model, tools: Tools) -> InitSettings:
    """How the picture and its mask are made ready."""
    card = model.info.card
    own_size = not (request.width and request.height)
    return InitSettings(
        width=card.width if own_size else request.width or 0,
        height=card.height if own_size else request.height or 0,
        resize_mode=request.resize_mode,
        mask_blur_x=request.mask_blur,
        mask_blur_y=request.mask_blur,
        invert=request.invert,
        round_mask=rounds(request, tools),
        content=request.content,
        area=request.area,
        padding=request.padding,
        color_correction=request.color_correction,
        keep_size=own_size,
        stride=model.latent.stride,
    )
