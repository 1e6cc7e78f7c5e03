"""What a request leaves open and what then stands there."""

from __future__ import annotations

import math
import secrets
from typing import Any, cast

from webui.core.errors import UserError
from webui.core.intents import INTENTS
from webui.core.offers import ModelCard, ModelInfo
from webui.core.request import SIZE_STEP
from webui.core.requests import (
    LARGEST_SIDE,
    Drawing,
    Img2Img,
    Inpaint,
    Intent,
    Outpaint,
    Request,
    Txt2Img,
    Upscale,
)
from webui.core.settings import Settings
from webui.imaging.ingest import MOST_PIXELS
from webui.imaging.resize import upscaled_size
from webui.jobs.given import Pictures
from webui.library.store import Stored

DRAWN_SEEDS = 2**32
"""As A1111 draws them: such a seed fits everywhere."""
SMALLEST, LARGEST = 64, 2048
"""Sides of what a model draws in one go."""


def suits(
    kind: type[Request], intent: Any, model: ModelInfo | None, settings: Settings
) -> dict[str, Any]:
    """What fields take that are left open, as far as it does not hang on the pictures."""
    values: dict[str, Any] = {"image_format": settings.image_format}
    if not issubclass(kind, Drawing):
        return values
    values["noise_source"] = settings.noise_source
    fields = "sampler schedule steps cfg_scale shift clip_skip vae".split()
    if kind is Txt2Img:
        fields += ["width", "height"]
    if model:
        values |= {field: getattr(model.card, field) for field in fields}
    if kind is Img2Img and model and model.variant == "edit":
        values["strength"] = 1.0  # it sees the picture beside the noise that it begins with
    if kind is Inpaint and isinstance(intent, str):
        values |= INTENTS.get(cast(Intent, intent), {})
    return values


def sized(request: Request, model: ModelInfo | None, pictures: Pictures) -> dict[str, int]:
    """Width and height that follow from the picture.

    Raises:
        UserError: the result would be too large.
    """
    if isinstance(request, Img2Img) and model:
        return _img2img_size(request, model.card, pictures.get(request.image))
    if isinstance(request, Outpaint):
        given = pictures.get(request.image)
        width = given.width + request.left + request.right
        _check_size(width, given.height + request.up + request.down)
    if isinstance(request, Upscale) and request.image:
        given, to = pictures.get(request.image), (request.width, request.height)
        size = upscaled_size(given.width, given.height, request.by, *to, request.crop)
        _check_size(size.whole_width, size.whole_height)
    return {}


def _img2img_size(request: Img2Img, card: ModelCard, given: Stored) -> dict[str, int]:
    if request.scale is not None:
        sides = (int(given.width * request.scale), int(given.height * request.scale))
        width, height = (max(SMALLEST, side // SIZE_STEP * SIZE_STEP) for side in sides)
    elif request.width and request.height:
        width, height = request.width, request.height
    elif request.width or request.height:
        share = (request.width or 0) / given.width or (request.height or 0) / given.height
        width = request.width or _near(given.width * share)
        height = request.height or _near(given.height * share)
    else:
        share = math.sqrt(card.width * card.height / (given.width * given.height))
        width, height = _near(given.width * share), _near(given.height * share)
    return {"width": width, "height": height}


def _near(side: float) -> int:
    return min(LARGEST, max(SMALLEST, round(side / SIZE_STEP) * SIZE_STEP))


def _check_size(width: int, height: int) -> None:
    if max(width, height) > LARGEST_SIDE or width * height > MOST_PIXELS:
        millions = MOST_PIXELS // 1_000_000
        raise UserError(
            "result_too_large", width=width, height=height, side=LARGEST_SIDE, millions=millions
        )


def drawn_seeds(request: Request) -> dict[str, Any]:
    """Seeds for those left open: a job that goes on after a crash makes the same pictures."""
    fields = ("seed", "variation_seed")
    drawn: dict[str, Any] = {
        name: secrets.randbelow(DRAWN_SEEDS)
        for name in fields
        if getattr(request, name, None) == -1
    }
    if isinstance(request, Upscale) and request.diffusion and request.diffusion.seed == -1:
        seed = secrets.randbelow(DRAWN_SEEDS)
        drawn["diffusion"] = {**request.diffusion.model_dump(), "seed": seed}
    return drawn
