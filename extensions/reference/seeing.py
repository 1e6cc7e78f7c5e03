"""Reference-only attention: lllyasviel's "reference-only" of the A1111 extension ControlNet, 2023.

Before each call the network is called for the picture, noised as what is drawn; what its layers of
self-attention are given is kept. Then those layers see the picture's places beside their own. What
the negative prompt leads to sees them only in part, which draws the result closer to the picture.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from webui.ext import Call, Drawing, JobView, Participant, UserError, flattened, resized

from .options import Options

Mode = Literal["off", "keep", "see", "alone"]


class Reference(Participant):
    """Hooks on the layers of self-attention; nothing of the network itself is changed."""

    order = 20

    def __init__(self, job: JobView, options: Options, refs: tuple[str, ...]) -> None:
        self._job = job
        self._options = options
        self._refs = refs
        self._mode: Mode = "off"
        self._kept: list[dict[str, list[Tensor]]] = []
        self._seen: dict[str, int] = {}
        self._latents: dict[tuple[int, int], list[Tensor]] = {}
        self._negative: Tensor | None = None

    def frame(self, job: JobView, before: JobView) -> bool:
        """Never: another frame has its own pictures and seed."""
        return False

    @contextmanager
    def patched(self, model: Any) -> Generator[None]:
        """Add the hooks, and take them off.

        Raises:
            UserError: the network is no UNet.
        """
        unet = getattr(model, "unet", None)
        if unet is None:
            raise UserError("reference_unet", model=model.info.id)
        with ExitStack() as undo:
            for name, layer in unet.named_modules():
                if name.endswith(".attn1") and not layer.is_cross_attention:
                    before, after = partial(self._before, name), partial(self._after, name)
                    hooked = layer.register_forward_pre_hook(before, with_kwargs=True)
                    undo.callback(hooked.remove)
                    hooked = layer.register_forward_hook(after, with_kwargs=True)
                    undo.callback(hooked.remove)
            undo.callback(self._forget)
            yield

    def call(self, call: Call) -> None:
        """Let the layers look at the pictures, noised as the rows are."""
        share = call.step.index / max(call.step.total, 1)
        self._mode, self._kept, self._seen = "off", [], {}
        if not self._options.start <= share <= self._options.end:
            return
        negative = [role == "negative" for role in call.roles]
        self._negative = torch.tensor(negative, device=call.x.device)
        height, width = call.x.shape[2], call.x.shape[3]
        for place, latents in enumerate(self._pictures(call.model, height, width)):
            self._kept.append({})
            self._mode = "keep"
            noised = latents + call.step.sigma * self._noise(place, latents)
            rows = noised.expand_as(call.x).contiguous()
            call.model.predict_x0(rows, call.step.sigma, call.embeddings)
        self._mode = "see"

    def parameters(self) -> Mapping[str, str]:
        options = self._options
        told = f"Style fidelity: {options.fidelity}, Start: {options.start}, End: {options.end}"
        return {"Reference": told}

    def _forget(self) -> None:
        self._mode, self._kept, self._seen, self._latents = "off", [], {}, {}

    def _pictures(self, model: Any, height: int, width: int) -> list[Tensor]:
        """(1, C, h, w) of each picture, at the size that is drawn; made once for a size."""
        if (height, width) not in self._latents:
            side = model.latent.stride
            opened = [flattened(self._job.services.picture(ref)) for ref in self._refs]
            fitted = [resized(one, width * side, height * side, "crop") for one in opened]
            encoded = [model.encode(_pixels(one)).to(model.device) for one in fitted]
            self._latents[height, width] = encoded
        return self._latents[height, width]

    def _noise(self, place: int, like: Tensor) -> Tensor:
        """The same on every step, so that the steps agree on what they see."""
        assert isinstance(self._job.request, Drawing)
        dice = torch.Generator().manual_seed((self._job.request.seed + place) % 2**63)
        return torch.randn(like.shape, generator=dice).to(like)

    def _before(
        self, name: str, layer: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        """Keep what a layer is given of the picture, or show it beside its own."""
        own: Tensor = given[0]
        if self._mode == "keep":
            self._kept[-1].setdefault(name, []).append(own)
        if self._mode != "see":
            return None
        number = self._seen.get(name, 0)  # of the tile, where large pictures are drawn in tiles
        self._seen[name] = number + 1
        shown = [kept[name][number] for kept in self._kept]
        return given, {**named, "encoder_hidden_states": torch.cat([own, *shown], dim=1)}

    def _after(
        self,
        name: str,
        layer: nn.Module,
        given: tuple[Any, ...],
        named: dict[str, Any],
        seen: Tensor,
    ) -> Tensor | None:
        """What leads away sees the picture in part only."""
        rows, fidelity = self._negative, self._options.fidelity
        if self._mode != "see" or rows is None or not fidelity or not bool(rows.any()):
            return None
        self._mode = "alone"
        alone = layer(given[0][rows], **{**named, "encoder_hidden_states": None})
        self._mode = "see"
        seen = seen.clone()
        seen[rows] = torch.lerp(seen[rows], alone, fidelity)
        return seen


def _pixels(picture: Image.Image) -> Tensor:
    """(1, 3, H, W) in 0..1."""
    return torch.from_numpy(np.array(picture, np.float32) / 255).permute(2, 0, 1)[None]
