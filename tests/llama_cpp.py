"""Text encoders as llama.cpp's converters write them: its own package names and stores them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import torch
from torch import Tensor

F32 = gguf.GGMLQuantizationType.F32
Q8_0 = gguf.GGMLQuantizationType.Q8_0


def write_llama(
    path: Path,
    architecture: Any,
    tensors: Mapping[str, Tensor],
    layers: int,
    kind: Any = F32,
) -> Path:
    """Weights by transformers' names, under llama.cpp's.

    Args:
        architecture: of `gguf.MODEL_ARCH`.
        kind: of matrices whose rows are whole blocks of it.
    """
    names = gguf.get_tensor_name_map(architecture, layers)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
    for name, value in tensors.items():
        own = names.get_name(name, try_suffixes=(".weight", ".bias"))
        _add(writer, own or name, value.float(), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def in_pairs(weight: Tensor, heads: int) -> Tensor:
    """Rows of queries or keys as llama.cpp's converter of Llama turns them (its `permute`)."""
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def sight_apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What sees in Qwen2.5-VL, cut up as its converter does."""
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if ".qkv." in name:
            for one, part in zip("qkv", value.chunk(3), strict=True):
                found[name.replace("qkv", one)] = part
        elif "patch_embed.proj.weight" in name:
            found["v.patch_embd.weight"] = value[:, :, 0]
            found["v.patch_embd.weight.1"] = value[:, :, 1]
        else:
            found[name] = value
    return found


def _add(writer: Any, name: str, value: Tensor, kind: Any) -> None:
    numbers = value.contiguous().numpy()
    block = gguf.GGML_QUANT_SIZES[kind][0]
    if kind == F32 or value.dim() != 2 or value.shape[1] % block:
        writer.add_tensor(name, numbers)
    else:
        writer.add_tensor(name, gguf.quantize(numbers, kind), raw_dtype=kind)


def decoded(value: Tensor, kind: Any) -> Tensor:
    """What is left of a tensor."""
    block = gguf.GGML_QUANT_SIZES[kind][0]
    if kind == F32 or value.dim() != 2 or value.shape[1] % block:
        return value
    return torch.from_numpy(
        gguf.dequantize(gguf.quantize(value.contiguous().numpy(), kind), kind).copy()
    )
