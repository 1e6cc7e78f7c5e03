"""Layers whose weights stay in memory as their files keep them, and are decoded for each call.

So a network in 8 or 4 bits a number takes half or a quarter of the memory, at the price of some
work each time. The numbers themselves never change: what adapters add is kept beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from webui.core.request import Storage
from webui.models.packed import Packed, unpacked
from webui.models.shrinking import shrunk

Change = Callable[[Tensor], Tensor]
"""A weight (outputs, inputs), float32 -> the weight changed."""


class StoredLinear(nn.Module):
    """A linear layer."""

    stored: Tensor
    like: Tensor
    factor: Tensor | None
    down: Tensor | None
    up: Tensor | None

    def __init__(self, weight: Packed, bias: nn.Parameter | None) -> None:
        """Take a weight as it is."""
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.kind = weight.kind
        self.bias = bias
        self.register_buffer("stored", weight.rows)
        self.register_buffer("factor", weight.factor)
        self.register_buffer("like", torch.empty(0, dtype=weight.dtype))
        self.register_buffer("down", None)
        self.register_buffer("up", None)
        self._change: Change | None = None

    @property
    def weight(self) -> nn.Parameter:
        """Shape and precision of the weight; its numbers are in `plain`."""
        shape = (self.out_features, self.in_features)
        numbers = torch.empty(shape, dtype=self.like.dtype, device="meta")
        return nn.Parameter(numbers, requires_grad=False)

    def plain(self) -> Tensor:
        """(outputs, inputs) the numbers of the file."""
        return unpacked(self.stored, self.kind, self.factor)

    def forward(self, x: Tensor) -> Tensor:
        numbers = self.plain()
        if self._change is not None:
            numbers = self._change(numbers.float())
        bias = None if self.bias is None else self.bias.to(x.dtype)
        y = linear(x, numbers.to(x.dtype), bias)
        if self.down is None or self.up is None:
            return y
        down, up = self.down.to(x), self.up.to(x)
        return y + linear(linear(x, down), up)

    def add(self, down: Tensor, up: Tensor) -> None:
        """Add up @ down to the weight, in place of what was added before.

        Args:
            down: (r, inputs).
            up: (outputs, r).
        """
        self.clear()
        self.down, self.up = down.to(self._at), up.to(self._at)

    def change(self, change: Change) -> None:
        """Change the weight in each call, in place of what was done before."""
        self.clear()
        self._change = change

    def clear(self) -> None:
        """The weight is the file's again."""
        self.down = self.up = self._change = None

    @property
    def _at(self) -> Any:
        """Device and precision of what is kept beside the weight."""
        return torch.empty(0, dtype=self.like.dtype, device=self.stored.device)


def replace_layers(
    network: nn.Module, tensors: dict[str, Tensor], storage: Storage | None = None
) -> dict[str, Tensor]:
    """Put those weights into a network that can stay as they are; others are decoded.

    Args:
        network: that has no weights yet.
        tensors: by its names.
        storage: how matrices that have more bits are to be kept.

    Returns:
        Those that are still to be filled in.
    """
    layers: dict[str, Any] = dict(network.named_modules())
    left: dict[str, Tensor] = {}
    decoded: dict[int, Tensor] = {}
    for name, tensor in tensors.items():
        path, _, kind = name.rpartition(".")
        layer = layers.get(path)
        whole = layer if kind == "weight" and type(layer) is nn.Linear else None
        if whole is not None and not isinstance(tensor, Packed):
            small = shrunk(path, tensor, storage)
            tensor = tensor if small is None else small
        if not isinstance(tensor, Packed):
            left[name] = tensor
        elif whole is not None:
            parent, _, own = path.rpartition(".")
            setattr(layers[parent], own, StoredLinear(tensor, whole.bias))
        else:
            if id(tensor) not in decoded:  # tables of words go by two names
                decoded[id(tensor)] = tensor.plain()
            left[name] = decoded[id(tensor)]
    return left
