"""FreeU: Si et al., "FreeU: free lunch in diffusion U-Net", 2023.

Before each layer of the first two stages on the way up, the network puts together what comes from
its middle (the backbone) and what skipped it. Half of the backbone's channels are strengthened,
the lowest frequencies of what skipped are damped. Stages count as in diffusers.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from webui.ext import Participant, Step, UserError

from .options import Options

_STAGES = 2
_RADIUS = 1
"""Frequencies on each side of the lowest one that count as low."""


class FreeU(Participant):
    """Hooks before the layers; nothing of the network itself is changed."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._on = True

    @contextmanager
    def patched(self, model: Any) -> Generator[None]:
        """Add the hooks, and take them off.

        Raises:
            UserError: the network is no UNet.
        """
        unet = getattr(model, "unet", None)
        if unet is None:
            raise UserError("freeu_unet", model=model.info.id)
        with ExitStack() as undo:
            for stage, block in enumerate(unet.up_blocks[:_STAGES]):
                for place, layer in enumerate(block.resnets):
                    hook = partial(self._mixed, stage, _backbone(unet, block, stage, place))
                    undo.callback(layer.register_forward_pre_hook(hook).remove)
            yield

    def before(self, step: Step) -> None:
        share = step.index / max(step.total, 1)
        self._on = self._options.start <= share <= self._options.end

    def parameters(self) -> Mapping[str, str]:
        options = self._options
        stages = ((options.b1, options.s1), (options.b2, options.s2))
        told = ", ".join(f"backbone {b} skip {s}" for b, s in stages)
        values = {"Version": options.version, "Start": options.start, "End": options.end}
        return {"FreeU": told, **{f"FreeU {name}": str(value) for name, value in values.items()}}

    def _mixed(
        self, stage: int, channels: int, layer: nn.Module, given: tuple[Tensor, ...]
    ) -> tuple[Tensor, ...] | None:
        """What a layer is given, (B, backbone + skip, h, w) first."""
        if not self._on:
            return None
        options = self._options
        strength = (options.b1, options.b2)[stage]
        kept = (options.s1, options.s2)[stage]
        backbone, skip = given[0][:, :channels], given[0][:, channels:]
        half = channels // 2
        strong = backbone[:, :half] * _strength(backbone, strength, options.version)
        mixed = torch.cat([strong, backbone[:, half:], filtered(skip, kept)], dim=1)
        return mixed, *given[1:]


def _backbone(unet: Any, block: Any, stage: int, place: int) -> int:
    """How many channels of what a layer is given come from the middle."""
    if place:
        return block.resnets[place - 1].out_channels
    before = unet.mid_block if stage == 0 else unet.up_blocks[stage - 1]
    return before.resnets[-1].out_channels


def _strength(backbone: Tensor, factor: float, version: str) -> Tensor | float:
    """The factor; in version 2 the full one only where the backbone's mean is largest."""
    if version == "1":
        return factor
    mean = backbone.mean(dim=1, keepdim=True)
    low = mean.amin(dim=(2, 3), keepdim=True)
    reach = (mean.amax(dim=(2, 3), keepdim=True) - low).clamp(min=1e-12)
    return (factor - 1) * ((mean - low) / reach) + 1


def filtered(skip: Tensor, factor: float) -> Tensor:
    """(B, C, h, w) with the lowest frequencies times a factor."""
    spectrum = torch.fft.fftshift(torch.fft.fftn(skip.float(), dim=(-2, -1)), dim=(-2, -1))
    row, column = skip.shape[-2] // 2, skip.shape[-1] // 2
    rows, columns = (slice(max(at - _RADIUS, 0), at + _RADIUS) for at in (row, column))
    spectrum[..., rows, columns] *= factor
    back = torch.fft.ifftn(torch.fft.ifftshift(spectrum, dim=(-2, -1)), dim=(-2, -1))
    return back.real.to(skip.dtype)
