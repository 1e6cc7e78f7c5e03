"""Regions by attention: one call of the network, in which each layer of cross attention looks at
every part of the prompt and takes of each what lies in its region ("attention couple").

Hooks do it: nothing of the network is changed.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, scaled_dot_product_attention

from webui.ext import Call, Cond, UserError

from .regions import Regional


class Coupled(Regional):
    """All parts of a picture's prompt in one branch, whose layers see the others, too."""

    order = -10  # before those that add to what a layer sees

    _parts: Sequence[Sequence[Cond]] = ()
    _rows: Sequence[Sequence[Tensor]] = ()
    _shares: Tensor | None = None
    _query: Tensor | None = None

    def conditioning(self, conds: list[Cond]) -> list[Cond]:
        """One positive branch a picture, of the first part.

        Raises:
            UserError: there are not as many branches as regions.
        """
        told = super().conditioning(conds)
        images = range(1 + max(cond.image for cond in told))
        self._parts = [
            [one for one in told if one.role == "positive" and one.image == image]
            for image in images
        ]
        firsts = [replace(parts[0], region=None, weight=1.0) for parts in self._parts]
        return [*firsts, *(one for one in told if one.role == "negative")]

    @contextmanager
    def patched(self, model: Any) -> Generator[None]:
        """Add the hooks; take them off.

        Raises:
            UserError: the model has no layers of cross attention of the kind.
        """
        unet = getattr(model, "unet", None)
        if unet is None:
            raise UserError("regional_attention", model=model.info.id)
        names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
        with ExitStack() as undo:
            for name in names:
                self._hook(undo, unet.get_submodule(name.removesuffix(".processor")))
            try:
                yield
            finally:
                self._rows, self._query, self._shares = (), None, None

    def call(self, call: Call) -> None:
        """What the layers see for each row beside its own text."""
        rows: list[list[Tensor]] = []
        where, kind = call.model.device, call.model.dtype
        for image, role in zip(call.images, call.roles, strict=True):
            parts = self._parts[image][1:] if role == "positive" else ()
            tokens = [one.at(call.step.index).tokens for one in parts]
            rows.append([one.to(where, kind) for one in tokens])
        self._rows = rows
        self._shares = self._shared(call)

    def _shared(self, call: Call) -> Tensor:
        """(parts, h, w): how much of each part counts where; 1 together."""
        height, width = call.x.shape[2:]
        parts = self._parts[0]
        layers = [one.region(height, width) * max(one.weight, 0) for one in parts if one.region]
        shares = torch.stack(layers)
        return (shares / shares.sum(0).clamp(min=1e-6)).to(call.model.device)

    def _hook(self, undo: ExitStack, layer: Any) -> None:
        """Keep the queries of a layer; mix before it puts its heads together."""

        def keep(module: nn.Module, given: Any, query: Tensor) -> None:
            self._query = query

        def mix(module: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            return (self._mixed(given[0], layer), *given[1:])

        undo.callback(layer.to_q.register_forward_hook(keep).remove)
        undo.callback(layer.to_out[0].register_forward_pre_hook(mix).remove)

    def _mixed(self, hidden: Tensor, layer: Any) -> Tensor:
        """(rows, positions, width), of each row its parts by their regions."""
        if self._query is None or len(hidden) != len(self._rows):
            return hidden  # a call that is not the job's own
        shares = self._at(hidden.shape[1]).to(hidden)
        mixed = hidden.clone()
        for row, parts in enumerate(self._rows):
            if not parts:
                continue
            mixed[row] *= shares[0]
            query = _headed(self._query[row : row + 1], layer.heads)
            for share, tokens in zip(shares[1:], parts, strict=True):
                key, value = (_headed(one(tokens[None]), layer.heads) for one in _read(layer))
                seen = scaled_dot_product_attention(query, key, value)
                mixed[row] += seen[0].transpose(0, 1).flatten(1) * share
        return mixed

    def _at(self, positions: int) -> Tensor:
        """(parts, positions, 1): the regions at the size of a layer.

        Raises:
            UserError: a part of the picture alone is drawn.
        """
        assert self._shares is not None
        height, width = self._shares.shape[1:]
        while height * width > positions and max(height, width) > 1:
            height, width = -(-height // 2), -(-width // 2)
        if height * width != positions:
            raise UserError("regional_tiles")
        return adaptive_avg_pool2d(self._shares, (height, width)).flatten(1)[:, :, None]


def _read(layer: Any) -> tuple[nn.Module, nn.Module]:
    return layer.to_k, layer.to_v


def _headed(rows: Tensor, heads: int) -> Tensor:
    """(rows, positions, width) as (rows, heads, positions, width of a head)."""
    return rows.unflatten(2, (heads, -1)).transpose(1, 2)
