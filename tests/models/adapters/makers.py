"""Adapters with random weights, for the tiny models of tests/tiny.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

TE_PREFIX = {"text_encoder": "lora_te_", "text_encoder_2": "lora_te2_", "unet": "lora_unet_"}


def rand(*shape: int, seed: int = 0, size: float = 0.3) -> Tensor:
    generator = torch.Generator().manual_seed(seed + sum(shape))
    return torch.randn(shape, generator=generator) * size


def lora_of(shape: tuple[int, ...], rank: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """A LoRA of a layer, by kohya's names."""
    out, into, *kernel = shape
    return {
        "lora_down.weight": rand(rank, into, *kernel, seed=seed),
        "lora_up.weight": rand(out, rank, *[1] * len(kernel), seed=seed + 1),
        "alpha": torch.tensor(1.0),
    }


def kohya(networks: Mapping[str, nn.Module], rank: int = 2, seed: int = 0) -> dict[str, Tensor]:
    """A LoRA of all attentions, feed-forwards and convolutions, as kohya's trainer names them."""
    tensors: dict[str, Tensor] = {}
    for part, network in networks.items():
        for number, (path, layer) in enumerate(network.named_modules()):
            if not isinstance(layer, nn.Linear | nn.Conv2d) or path.startswith("add_embedding"):
                continue
            name = path.replace(".", "_").removeprefix("text_model_")
            made = lora_of(tuple(layer.weight.shape), rank, seed + number)
            begin = TE_PREFIX[part] + ("text_model_" if part != "unet" else "")
            tensors |= {f"{begin}{name}.{kind}": tensor for kind, tensor in made.items()}
    return tensors


def write(
    path: Path, tensors: Mapping[str, Tensor], notes: Mapping[str, Any] | None = None
) -> Path:
    """A file of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in (notes or {}).items()
    }
    save_file({name: one.contiguous() for name, one in tensors.items()}, path, words or None)
    return path


def networks_of(model: Any) -> dict[str, nn.Module]:
    """The parts of a loaded model that adapters change."""
    return {"unet": model.unet, **{one.part: one.model for one in model.encoders}}


def weights_of(model: Any) -> dict[str, Tensor]:
    """A copy of all of its weights."""
    return {
        f"{part}.{name}": value.clone()
        for part, network in networks_of(model).items()
        for name, value in network.state_dict().items()
    }


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """To the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
