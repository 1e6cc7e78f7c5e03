"""Files of adapters: read whole, checked, sorted by the layers that they change."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from webui.core.errors import UserError
from webui.library.weights import SUFFIX, read_header
from webui.models.adapters.names import NUMBERS, read_name
from webui.models.adapters.weights import Weights

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
    """Read a `.safetensors` file.

    Raises:
        UserError: it cannot be read, is cut off, holds no adapter, or not numbers.
    """
    if path.suffix.lower() != SUFFIX:
        raise UserError("model_pickle", file=path.name)
    header = read_header(path, path.name)
    layers: dict[Layer, dict[str, str]] = {}
    for key in header.shapes:
        if found := read_name(key):
            layers.setdefault((found.part, found.layer), {})[found.kind] = key
    layers = {layer: kinds for layer, kinds in layers.items() if _changes(kinds)}
    if not layers:
        raise UserError("lora_none", "prompt", file=path.name)
    tensors = _read(path, [key for kinds in layers.values() for key in kinds.values()])
    alphas = _noted_alphas(header.metadata)
    read = {
        layer: _weights(layer, {kind: tensors[key] for kind, key in kinds.items()}, alphas)
        for layer, kinds in layers.items()
    }
    return Adapter(name, read, len(header.shapes) - len(tensors))


def _changes(kinds: Collection[str]) -> bool:
    """A `weight` alone is a model's own."""
    return bool({*kinds} - {*NUMBERS, "weight"}) or "on_input" in kinds


def _read(path: Path, names: Sequence[str]) -> dict[str, Tensor]:
    """Some tensors of a file, copied from it, as it would change with the file."""
    tensors: dict[str, Tensor] = {}
    try:
        with safe_open(path, framework="pt") as file:
            for name in names:
                tensors[name] = file.get_tensor(name).clone()
                if not bool(tensors[name].isfinite().all()):
                    raise UserError("lora_not_a_number", "prompt", file=path.name)
    except (OSError, SafetensorError) as error:
        raise UserError("model_damaged", file=path.name) from error
    return tensors


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
