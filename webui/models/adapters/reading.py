"""Files of adapters: read whole, checked, sorted by the layers that they change."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from webui.core.errors import UserError
from webui.library.weights import read_header
from webui.models.adapters.names import NUMBERS, read_name
from webui.models.adapters.weights import Weights
from webui.models.tensors import SAFE, read_notes, read_pickled, read_some

Layer = tuple[str, str]
"""Part and flat name."""

_DIFFUSERS_NOTES = "lora_adapter_metadata"


@dataclass(frozen=True, eq=False)
class Adapter:
    """A file, read; equal only to itself.

    Attributes:
        name: by which it is asked for.
        layers: what it changes.
        strange: how many of its tensors are none of an adapter's that is known.
    """

    name: str
    layers: Mapping[Layer, Weights]
    strange: int = 0

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        tensors = (one for weights in self.layers.values() for one in weights.tensors.values())
        return sum(one.numel() * one.element_size() for one in tensors)


def read_adapter(path: Path, name: str) -> Adapter:
    """Read a `.safetensors` file, or one that torch wrote.

    Raises:
        UserError: it cannot be read, is cut off, holds no adapter, or not numbers.
    """
    pickled = None if path.suffix.lower() in SAFE else _pickled(path)
    names = read_header(path, path.name).shapes if pickled is None else pickled
    layers: dict[Layer, dict[str, str]] = {}
    for key in names:
        if found := read_name(key):
            layers.setdefault((found.part, found.layer), {})[found.kind] = key
    layers = {layer: kinds for layer, kinds in layers.items() if _changes(kinds)}
    if not layers:
        raise UserError("lora_none", "prompt", file=path.name)
    wanted = [key for kinds in layers.values() for key in kinds.values()]
    tensors = read_some(path, wanted) if pickled is None else {key: pickled[key] for key in wanted}
    if not all(bool(tensor.float().isfinite().all()) for tensor in tensors.values()):
        raise UserError("lora_not_a_number", "prompt", file=path.name)
    alphas = _noted_alphas(read_notes(path))
    read = {
        layer: _weights(layer, {kind: tensors[key] for kind, key in kinds.items()}, alphas)
        for layer, kinds in layers.items()
    }
    return Adapter(name, read, len(names) - len(tensors))


def _changes(kinds: Collection[str]) -> bool:
    """A `weight` alone is a model's own."""
    return bool({*kinds} - {*NUMBERS, "weight"}) or "on_input" in kinds


def _pickled(path: Path) -> Mapping[str, Tensor]:
    """Those of a file that torch wrote, also where they lie in a `state_dict`."""
    held = read_pickled(path)
    inner = held.get("state_dict")
    items = inner.items() if isinstance(inner, Mapping) else held.items()
    return {str(name): tensor for name, tensor in items if isinstance(tensor, Tensor)}


def _weights(layer: Layer, tensors: Mapping[str, Tensor], alphas: _Alphas) -> Weights:
    numbers = {
        name: float(one) for name, one in tensors.items() if name in NUMBERS and one.numel() == 1
    }
    matrices = {name: one for name, one in tensors.items() if name not in NUMBERS}
    if "alpha" not in numbers and "down" in matrices:
        noted = alphas.of(layer, matrices["down"].shape[0])
        numbers |= {"alpha": noted} if noted is not None else {}
    return Weights(matrices, numbers)


@dataclass(frozen=True)
class _Alphas:
    """What diffusers notes of the scales, part by part."""

    notes: Mapping[str, Any]

    def of(self, layer: Layer, rank: int) -> float | None:
        part, name = layer
        alpha = self.notes.get(f"{part}.lora_alpha")
        for pattern, own in _object(self.notes.get(f"{part}.alpha_pattern")).items():
            if name.endswith(pattern.replace(".", "_")):
                alpha = own
        if not isinstance(alpha, int | float):
            return None
        return alpha * math.sqrt(rank) if self.notes.get(f"{part}.use_rslora") else alpha


def _noted_alphas(notes: Mapping[str, str]) -> _Alphas:
    try:
        return _Alphas(_object(json.loads(notes.get(_DIFFUSERS_NOTES, "{}"))))
    except (ValueError, RecursionError):
        return _Alphas({})


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
