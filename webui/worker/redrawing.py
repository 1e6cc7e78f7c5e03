"""Part of a picture drawn anew for an extension, in the midst of its job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PIL import Image
from pydantic import ValidationError

from webui.core.errors import UserError
from webui.core.requests import Drawing, Inpaint, Request
from webui.engine.recipes import RECIPES, Tools, shots
from webui.models.whole import WholePipeline

_PICTURE, _MASK = f"sha256:{'0' * 64}", f"sha256:{'1' * 64}"
"""How the request names what is given; nothing of it is stored."""
_SAME = (
    *("model", "sampler", "schedule", "steps", "cfg_scale", "clip_skip", "shift"),
    *("noise_source", "eta_noise_seed_delta", "vae"),
)
"""Fields that are as in the job, where nothing else is said."""


def redrawn(
    request: Request,
    tools: Callable[[], Tools],
    picture: Image.Image,
    mask: Image.Image,
    values: Mapping[str, Any],
) -> Image.Image:
    """The picture, drawn anew where the mask is white, of the same size.

    Args:
        tools: makes those of a job in which nobody takes part.
        picture: RGB.
        mask: of mode L.
        values: of an inpainting request; what they leave out is as in the job: the model, how it
            samples, and the words and the seed of the picture with the number `number` (0). By
            default the mask's surroundings are drawn at the model's own size.

    Raises:
        UserError: the values do not fit, nothing is masked, or the model draws from texts alone.
    """
    if not isinstance(request, Drawing):
        raise UserError("redraw_kind")
    given = dict(values)
    shot = shots(request)[given.pop("number", 0)]
    asked: dict[str, Any] = {name: getattr(request, name) for name in _SAME}
    asked |= {"prompt": shot.words.prompt, "negative_prompt": shot.words.negative}
    asked |= {"seed": shot.seed, "variation_seed": shot.variation_seed, "area": "masked"}
    try:
        inner = Inpaint.model_validate({**asked, **given, "image": _PICTURE, "mask": _MASK})
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise UserError("unexpected", reason=reason) from error
    theirs = tools()
    model = theirs.model(inner.model)
    if isinstance(model, WholePipeline):
        raise UserError("model_text_only", "model", file=model.info.id)
    own = replace(theirs, picture=lambda ref: picture, mask=lambda ref: mask)
    (drawn,) = RECIPES["inpaint"](inner, shots(inner)[:1], own)
    return drawn.image
