"""The part in a job: maps at the size that is drawn, and what the networks add on each call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from webui.ext import (
    Call,
    JobView,
    Over,
    Participant,
    Txt2Img,
    UserError,
    flattened,
    resized,
    shorter_side,
)

from .kinds import number_for
from .networks import Added, Network
from .reading import read_network
from .told import told
from .units import NO_PREPROCESSOR, Fit, Unit

INPAINT = "inpaint"
"""The preprocessor whose map says by values below 0 what is to be made up."""
_LISTS = ("mid_block_additional_residual",)
"""Arguments that take one tensor, not several."""


class Control(Participant):
    """All units of a job."""

    order = 10

    def __init__(self, job: JobView, units: tuple[tuple[int, Unit], ...]) -> None:
        self._job = job
        self._units = [_One(job, number, unit) for number, unit in units]

    def frame(self, job: JobView, before: JobView) -> bool:
        """Never: another frame has its own pictures and seed."""
        return False

    @contextmanager
    def patched(self, model: Any) -> Iterator[None]:
        """Read the networks; where they lie between calls is theirs to know."""
        for one in self._units:
            one.read(model)
        try:
            yield
        finally:
            for one in self._units:
                one.leave()

    def call(self, call: Call) -> None:
        total: Added = {}
        for one in self._units:
            if one.counts(call):
                _add(total, one.added(call))
        for name, layers in total.items():
            if layers:
                call.residuals[name] = layers[0] if name in _LISTS else layers

    def parameters(self) -> Mapping[str, str]:
        return {f"ControlNet {one.number}": one.told() for one in self._units}


class _One:
    """One unit."""

    def __init__(self, job: JobView, number: int, unit: Unit) -> None:
        self.number = number
        self.unit = unit
        self._job = job
        self._file = job.services.model("controlnet", unit.model or "")
        self._network: Network | None = None
        self._kind: int | None = None
        self._shown: tuple[tuple[int, int], Any] | None = None
        self._masks: dict[tuple[int, int], Tensor] = {}

    def read(self, model: Any) -> None:
        def make() -> Network:
            return read_network(self._file, model)

        key = (str(self._file.path), model.info.path, str(model.dtype))
        network: Network = self._job.services.kept(key, make)
        self._network, self._shown = network, None
        self._masks.clear()
        self._kind = self._kind_for(network)
        if not self.unit.low_memory:
            network.module.to(model.device)

    def _kind_for(self, network: Network) -> int | None:
        """The number of the map's kind, for a union.

        Raises:
            UserError: it has none.
        """
        if not network.kinds:
            return None
        kind = number_for(self.unit, network.kinds)
        if kind is None:
            raise UserError("control_which_kind", number=self.number + 1, name=self._file.name)
        return kind

    def leave(self) -> None:
        if self._network is not None:
            self._network.module.to("cpu")
        self._network = self._shown = None

    def counts(self, call: Call) -> bool:
        """Whether it does on this step, as A1111's extension reckons."""
        share = call.step.index / max(call.step.total, 1)
        return self.unit.start <= share <= self.unit.end and self._in_pass(call)

    def _in_pass(self, call: Call) -> bool:
        """Whether it counts in this pass of a hires fix."""
        request = self._job.request
        if self.unit.passes == "both" or not isinstance(request, Txt2Img) or not request.hires:
            return True
        return (call.step.walk == 0) == (self.unit.passes == "first")

    def added(self, call: Call) -> Added:
        """What it adds for the rows of a call, weighted and masked."""
        assert self._network is not None
        module, unit = self._network.module, self.unit
        if unit.low_memory:
            module.to(call.model.device)
        shown = self._map(call)
        added = self._network.added(call, shown, self._kind, unit.mode != "balanced")
        if unit.low_memory:
            module.to("cpu")
        sides = call.x.shape[2], call.x.shape[3]
        return {
            name: [self._weighted(layer, call, sides) for layer in layers]
            for name, layers in added.items()
        }

    def _weighted(self, layer: Tensor, call: Call, sides: tuple[int, int]) -> Tensor:
        rows = torch.full((len(call.x),), self.unit.weight)
        if self.unit.mode == "control":
            rows *= torch.tensor([float(role == "positive") for role in call.roles])
        layer = layer * rows.to(layer).reshape(-1, *(1,) * (layer.ndim - 1))
        if self.unit.mask is None:
            return layer
        return layer * self._mask_like(layer, sides, call.step.over)

    def _mask_like(self, layer: Tensor, sides: tuple[int, int], over: Over | None) -> Tensor:
        """(1, 1, h, w), or (1, tokens, 1) for layers of tokens (2 x 2 latents each)."""
        size = (layer.shape[2], layer.shape[3]) if layer.ndim == 4 else _tokens(sides)
        if size not in self._masks:
            picture, fit = self._part(self._job.services.mask(self.unit.mask or ""), over)
            fitted = resized(picture, size[1], size[0], fit)
            self._masks[size] = torch.from_numpy(np.array(fitted, np.float32) / 255)[None, None]
        mask = self._masks[size].to(layer)
        return mask if layer.ndim == 4 else mask.reshape(1, -1, 1)

    def _map(self, call: Call) -> Any:
        """The map as the network takes it, at the size that is drawn; made once for a size."""
        assert self._network is not None
        stride = call.model.latent.stride
        size = call.x.shape[3] * stride, call.x.shape[2] * stride
        if self._shown is None or self._shown[0] != size:
            self._shown = size, self._network.shown(self._pixels(*size, call.step.over), call)
        return self._shown[1]

    def _pixels(self, width: int, height: int, over: Over | None = None) -> Tensor:
        """(1, 3, height, width) in 0..1."""
        unit, services = self.unit, self._job.services
        picture, fit = self._picture(over)
        if unit.preprocessor not in (NO_PREPROCESSOR, INPAINT):
            near = shorter_side(picture, unit.resolution or _perfect(picture, width, height, fit))
            picture = services.preprocess(unit.preprocessor, near, unit.options).convert("RGB")
        fitted = resized(picture, width, height, fit)
        pixels = torch.from_numpy(np.array(fitted, np.float32) / 255).permute(2, 0, 1)[None]
        if unit.preprocessor == INPAINT:
            pixels[self._made_up(width, height, over).expand_as(pixels)] = -1.0
        return pixels

    def _picture(self, over: Over | None) -> tuple[Image.Image, Fit]:
        """What leads, RGB, and how it becomes the size that is drawn."""
        if self.unit.image is None and over is not None:
            return over.picture, over.fit
        ref = self.unit.image or getattr(self._job.request, "image", None)
        if ref is None:
            raise UserError("control_no_picture", number=self.number + 1)
        return self._part(flattened(self._job.services.picture(ref)), over)

    def _part(self, picture: Image.Image, over: Over | None) -> tuple[Image.Image, Fit]:
        """Of what is meant for all of a picture, what lies where a part of it is drawn over."""
        if over is None or not over.is_part:
            return picture, self.unit.resize_mode
        return resized(picture, *over.whole, self.unit.resize_mode).crop(over.box), over.fit

    def _made_up(self, width: int, height: int, over: Over | None) -> Tensor:
        """(1, 1, height, width), true where an inpainting network is to make things up."""
        ref = self.unit.mask or (None if over else getattr(self._job.request, "mask", None))
        fit: Fit = "just_resize"
        if ref is not None:
            mask, fit = self._part(self._job.services.mask(ref), over)
        elif over is not None and over.mask is not None:
            mask = over.mask
        else:
            return torch.ones(1, 1, height, width, dtype=torch.bool)
        return torch.from_numpy(np.array(resized(mask, width, height, fit)) > 127)[None, None]

    def told(self) -> str:
        """As A1111's extension writes it."""
        return told(self.unit, self._file.name, self._file.hash)


def _tokens(sides: tuple[int, int]) -> tuple[int, int]:
    return -(-sides[0] // 2), -(-sides[1] // 2)


def _add(total: Added, more: Added) -> None:
    for name, layers in more.items():
        known = total.get(name)
        if known is None:
            total[name] = layers
        elif len(known) != len(layers):
            raise UserError("control_apart")
        else:
            total[name] = [a + b for a, b in zip(known, layers, strict=True)]


def _perfect(picture: Image.Image, width: int, height: int, fit: Fit) -> int:
    """The shorter side at which the map has the pixels of what is drawn (A1111's estimation)."""
    scales = height / picture.height, width / picture.width
    scale = min(scales) if fit == "fill" else max(scales)
    return max(64, round(scale * min(picture.size)))
