"""IP-Adapter: Ye et al., "IP-Adapter: text compatible image prompt adapter", 2023.

Each layer of cross attention looks at the text; with the same queries it looks at the pictures'
tokens, by keys and values of the adapter's own, and both are added. Hooks do it: nothing of the
network is changed.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate, linear, scaled_dot_product_attention

from webui.ext import Call, Drawing, JobView, Participant, flattened

from .options import Unit
from .reading import Adapter, read_adapter, read_encoder
from .told import told


@dataclass(eq=False)
class _One:
    """One unit while a model draws.

    Attributes:
        shown, nothing: (tokens, width) for rows that are led to, and away from.
        tokens: (rows, tokens, width) of this call of the network; None: it does not count.
        mask: (1, 1, H, W) in 0..1, at the size of its picture.
        masks: by their size.
    """

    unit: Unit
    adapter: Adapter
    shown: Tensor
    nothing: Tensor
    mask: Tensor | None
    tokens: Tensor | None = None
    masks: dict[tuple[int, int], Tensor] = field(default_factory=dict)


class ImagePrompts(Participant):
    """All units of a job."""

    def __init__(self, job: JobView, units: tuple[Unit, ...]) -> None:
        self._job = job
        self._asked = units
        self._units = tuple(part for unit in units for part in unit.parts())
        self._files = [job.services.model("ip_adapter", unit.model) for unit in self._units]
        self._ready: list[_One] = []
        self._moved: dict[Adapter, Adapter] = {}
        self._query: Tensor | None = None
        self._sides = (1, 1)

    def frame(self, job: JobView, before: JobView) -> bool:
        """Never: another frame has its own pictures and seed."""
        return False

    @contextmanager
    def patched(self, model: Any) -> Generator[None]:
        """Read adapters, look at the pictures, add the hooks; take them off."""
        places = range(len(self._units))
        self._ready = [self._made(place, model) for place in places]
        unet = model.unet
        names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
        with ExitStack() as undo:
            for place, name in enumerate(names):
                layer = unet.get_submodule(name.removesuffix(".processor"))
                self._hook(undo, layer, place)
            try:
                yield
            finally:
                self._ready, self._query = [], None
                self._moved.clear()

    def call(self, call: Call) -> None:
        """What each row is shown."""
        self._sides = call.x.shape[2], call.x.shape[3]
        share = call.step.index / max(call.step.total, 1)
        for one in self._ready:
            if not one.unit.start <= share <= one.unit.end:
                one.tokens = None
                continue
            rows = [one.shown if role == "positive" else one.nothing for role in call.roles]
            one.tokens = torch.stack(rows)

    def parameters(self) -> Mapping[str, str]:
        return told(self._asked)

    def _made(self, place: int, model: Any) -> _One:
        """A unit with its networks where the model works."""
        unit, file, services = self._units[place], self._files[place], self._job.services
        key = ("ip_adapter", str(file.path), model.info.path, str(model.dtype))
        adapter: Adapter = services.kept(key, lambda: read_adapter(file, model))
        encoder = services.kept(
            ("image_encoder", unit.encoder, str(file.path)),
            lambda: read_encoder(file, unit.encoder, adapter, services),
        )
        pictures = [flattened(services.picture(ref)) for ref in self._refs(unit)]
        encoder.network.to(model.device)
        with torch.inference_mode():
            both = encoder.seen(pictures, adapter.whole)
            projection = adapter.projection.to(model.device)
            shown, nothing = (
                projection(one.to(model.device, model.dtype)).flatten(0, 1) for one in both
            )
        encoder.network.to("cpu")
        return _One(unit, self._here(adapter, model), shown, nothing, self._mask(unit))

    def _here(self, adapter: Adapter, model: Any) -> Adapter:
        """Its layers where the model works, once for all units that have it."""
        if adapter not in self._moved:
            layers = tuple((k.to(model.device), v.to(model.device)) for k, v in adapter.layers)
            self._moved[adapter] = Adapter(adapter.projection, layers, adapter.whole)
        return self._moved[adapter]

    def _refs(self, unit: Unit) -> tuple[str, ...]:
        request = self._job.request
        named = request.references.values() if isinstance(request, Drawing) else ()
        return unit.pictures or tuple(named)

    def _mask(self, unit: Unit) -> Tensor | None:
        if unit.mask is None:
            return None
        picture: Image.Image = self._job.services.mask(unit.mask)
        return torch.from_numpy(np.array(picture, np.float32) / 255)[None, None]

    def _hook(self, undo: ExitStack, layer: Any, place: int) -> None:
        """Keep the queries of a layer; add before it puts its heads together."""

        def keep(module: nn.Module, given: Any, query: Tensor) -> None:
            self._query = query

        def add(module: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return (self._added(given[0], place, layer.heads), *given[1:])

        undo.callback(layer.to_q.register_forward_hook(keep).remove)
        undo.callback(layer.to_out[0].register_forward_pre_hook(add).remove)

    def _added(self, hidden: Tensor, place: int, heads: int) -> Tensor:
        """(rows, positions, width) with what the pictures add."""
        assert self._query is not None
        query = _headed(self._query, heads)
        for one in self._ready:
            if one.tokens is None:
                continue
            keys, values = one.adapter.layers[place]
            key = _headed(linear(one.tokens, keys), heads)
            value = _headed(linear(one.tokens, values), heads)
            seen = scaled_dot_product_attention(query, key, value)
            seen = seen.transpose(1, 2).flatten(2)
            if one.mask is not None:
                seen = seen * self._mask_like(one, seen)
            hidden = hidden + one.unit.weight * seen
        return hidden

    def _mask_like(self, one: _One, seen: Tensor) -> Tensor | float:
        """(1, positions, 1); where a part of the picture alone is drawn, all of it counts."""
        assert one.mask is not None
        height, width = self._sides
        while height * width > seen.shape[1] and max(height, width) > 1:
            height, width = -(-height // 2), -(-width // 2)
        if height * width != seen.shape[1]:
            return 1.0
        if (height, width) not in one.masks:
            small = interpolate(one.mask, (height, width), mode="bicubic")
            one.masks[height, width] = small.reshape(1, -1, 1).to(seen)
        return one.masks[height, width]


def _headed(rows: Tensor, heads: int) -> Tensor:
    """(rows, positions, width) as (rows, heads, positions, width of a head)."""
    return rows.unflatten(2, (heads, -1)).transpose(1, 2)
