"""What a mask does in a pass: what it holds at first, what stays, where the result goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from webui.core.requests import FromPicture, Inpaint, Outpaint, SoftInpaint
from webui.engine.features.inpaint import KeepOutside
from webui.engine.features.soft_inpaint import SoftlyKeepOutside, with_found_mask
from webui.engine.noise import NoiseSource
from webui.engine.plan import Plan
from webui.engine.recipes.passes import Start
from webui.imaging.inpainting import Prepared


@dataclass(frozen=True, eq=False)
class Masking:
    """The mask of a pass.

    Attributes:
        latents: (B, C, h, w) that the pass begins with.
        keeper: keeps what is not masked, on every step.
        ready: where each picture begins.
        soft: of soft inpainting, which finds out where the result goes.
    """

    latents: Tensor
    keeper: KeepOutside | SoftlyKeepOutside
    ready: Sequence[Prepared]
    soft: SoftInpaint | None

    def ended(self, latents: Tensor) -> Tensor:
        """The latents that are decoded."""
        return self.keeper.blended(latents) if isinstance(self.keeper, KeepOutside) else latents

    def found(self, latents: Tensor) -> Sequence[Prepared]:
        """Where the results go; soft inpainting tells by what has changed."""
        if self.soft is None:
            return self.ready
        return [
            with_found_mask(one, before, after, self.soft)
            for one, before, after in zip(self.ready, self.latents, latents, strict=True)
        ]


def masking(
    request: FromPicture, noise: NoiseSource, start: Start, ready: Sequence[Prepared], plan: Plan
) -> Masking | None:
    """The mask of a pass, None where the whole picture is drawn anew."""
    if ready[0].latent_mask is None:
        return None
    masks = [torch.from_numpy(one.latent_mask) for one in ready]
    mask = torch.stack(masks)[:, None].to(start.latents)
    latents = _held(ready[0], start.latents, mask, noise)
    flow = plan.levels.flow
    if isinstance(request, Outpaint):
        return Masking(latents, SoftlyKeepOutside(latents, mask, SoftInpaint(), flow), ready, None)
    soft = request.soft if isinstance(request, Inpaint) else None
    if soft:
        return Masking(latents, SoftlyKeepOutside(latents, mask, soft, flow), ready, soft)
    return Masking(latents, KeepOutside(latents, mask, plan.levels.preserved), ready, None)


def _held(one: Prepared, latents: Tensor, mask: Tensor, noise: NoiseSource) -> Tensor:
    """The latents with what the masked part holds at first (each picture's own noise)."""
    if one.content == "latent_noise":
        fresh = NoiseSource(noise.source, noise.shape, noise.seeds).initial().to(latents)
        return latents * (1 - mask) + fresh * mask
    return latents * (1 - mask) if one.content == "latent_nothing" else latents
