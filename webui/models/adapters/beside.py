"""Adapters on layers whose weights stay as their files have them, see `models.stored`.

A LoRA's two thin matrices are multiplied with what comes in; any other change is worked out anew
in each call, as the weight is only there then.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from webui.models.adapters.algorithms import change
from webui.models.adapters.weights import Weights
from webui.models.stored import StoredLinear

Change = tuple[Weights, float]
"""What a file holds for the layer, and how strongly it counts."""

_THIN = frozenset({"down", "up", "up_bias"})


def put_beside(layer: StoredLinear, changes: Sequence[Change]) -> None:
    """Bring a layer to where exactly these changes count, in this order."""
    if not changes:
        layer.clear()
    elif all(weights.tensors.keys() <= _THIN and weights.rows is None for weights, _ in changes):
        pairs = [_thin(weights, strength) for weights, strength in changes]
        layer.add(torch.cat([down for down, _ in pairs]), torch.cat([up for _, up in pairs], dim=1))
    else:
        layer.change(partial(_changed, changes))


def _thin(weights: Weights, strength: float) -> tuple[Tensor, Tensor]:
    """down (r, inputs) and up (outputs, r), float32, with all factors in `up`."""
    down, up = weights["down"].float().flatten(1), weights["up"].float().flatten(1)
    scale = strength * weights.scale(len(down))
    taken = int(weights.numbers.get("dyn", len(down)))
    return down[:taken], up[:, :taken] * scale


def _changed(changes: Sequence[Change], weight: Tensor) -> Tensor:
    for weights, strength in changes:
        weight = weight + strength * change(weights, weight)
    return weight
