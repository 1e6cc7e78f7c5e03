"""The picture that a pass begins with: as latents, and as what the model is shown of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from webui.core.requests import FromPicture, Inpaint
from webui.engine.latents import encodable, enlarged, to_pixels
from webui.engine.recipes.passes import Start, on
from webui.imaging.inpainting import Prepared
from webui.models.family import Model

_GRAY = 0.5


def begun(
    request: FromPicture, model: Model, prepared: Sequence[Prepared], rounded: bool = True
) -> Start:
    """The start of a pass over some pictures, all of one size.

    Args:
        prepared: one a picture of the batch; where all are the same one, it is encoded once.
        rounded: an inpainting model is shown a mask of 0 and 1.
    """
    mask_weight = request.mask_weight if isinstance(request, Inpaint) else 1.0
    alone = all(one is prepared[0] for one in prepared)
    different = prepared[:1] if alone else prepared
    latents = torch.cat([_latents(model, one) for one in different])
    shown = _shown(model, different, mask_weight, rounded)
    if alone:
        latents = latents.expand(len(prepared), -1, -1, -1)
        shown = None if shown is None else shown.expand(len(prepared), -1, -1, -1)
    return Start(
        latents=latents,
        concat=shown,
        pictures=_seen(model, prepared),
        extra_noise=request.extra_noise,
        noise_multiplier=request.noise_multiplier,
        image_scale=request.image_cfg_scale,
    )


def _seen(model: Model, prepared: Sequence[Prepared]) -> Sequence[Sequence[Image.Image]]:
    """What a model that takes references sees beside the words."""
    if model.image_conditioning != "reference" or any(one.mask is not None for one in prepared):
        return ()
    return [(one.pixels,) for one in prepared]


def _latents(model: Model, prepared: Prepared) -> Tensor:
    """(1, C, h, w); resize mode "latent" stretches them."""
    stride = model.latent.stride
    latents = on(model, model.encode(to_pixels([_encodable(model, prepared)])))
    size = prepared.width // stride, prepared.height // stride
    return latents if latents.shape[2:] == size[::-1] else enlarged(latents, *size)


def _encodable(model: Model, prepared: Prepared) -> Image.Image:
    if prepared.pixels.size == (prepared.width, prepared.height):
        return prepared.pixels
    return encodable(prepared.pixels, model.latent.stride)


def _shown(
    model: Model, prepared: Sequence[Prepared], mask_weight: float, rounded: bool
) -> Tensor | None:
    """(B, K, h, w) for `Model.predict_x0`; None for a model that is shown nothing."""
    if model.image_conditioning == "inpaint":
        return torch.cat([_around(model, one, mask_weight, rounded) for one in prepared])
    if model.image_conditioning == "edit":
        return torch.cat([_latents(model, one) for one in prepared]) / model.latent.scale
    if model.image_conditioning == "reference" and all(one.mask is None for one in prepared):
        return torch.cat([_latents(model, one) for one in prepared])
    return None


def _around(model: Model, prepared: Prepared, weight: float, rounded: bool) -> Tensor:
    """The mask, and the picture with what is masked made gray (all of it without a mask)."""
    size = prepared.width, prepared.height
    pixels = to_pixels([prepared.pixels.resize(size, Image.Resampling.LANCZOS)])
    mask = torch.ones(1, 1, *size[::-1])
    if prepared.mask is not None:
        levels = torch.from_numpy(np.asarray(prepared.mask, np.float32) / 255)[None, None]
        mask = levels.round() if rounded else levels
    pixels = torch.lerp(pixels, torch.full_like(pixels, _GRAY), mask * weight)
    latents = on(model, model.encode(pixels))
    small = torch.nn.functional.interpolate(mask, size=latents.shape[2:])
    return torch.cat([small.to(latents), latents], dim=1)
