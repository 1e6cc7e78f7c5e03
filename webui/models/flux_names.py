"""Names of Flux.1's weights as its makers publish them, to those of diffusers.

Unlike the conversion that diffusers has, this one goes by the network, so that any size of it will
do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:  # adapters need these names, and what loads models needs adapters
    from webui.models.loading import Tensors

OUTER: Mapping[str, str] = {
    "time_in.in_layer": "time_text_embed.timestep_embedder.linear_1",
    "time_in.out_layer": "time_text_embed.timestep_embedder.linear_2",
    "vector_in.in_layer": "time_text_embed.text_embedder.linear_1",
    "vector_in.out_layer": "time_text_embed.text_embedder.linear_2",
    "guidance_in.in_layer": "time_text_embed.guidance_embedder.linear_1",
    "guidance_in.out_layer": "time_text_embed.guidance_embedder.linear_2",
    "txt_in": "context_embedder",
    "img_in": "x_embedder",
    "final_layer.linear": "proj_out",
}
DOUBLE: Mapping[str, tuple[str, ...]] = {
    "img_mod.lin": ("norm1.linear",),
    "txt_mod.lin": ("norm1_context.linear",),
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "img_attn.norm.query_norm": ("attn.norm_q",),
    "img_attn.norm.key_norm": ("attn.norm_k",),
    "txt_attn.norm.query_norm": ("attn.norm_added_q",),
    "txt_attn.norm.key_norm": ("attn.norm_added_k",),
    "img_attn.proj": ("attn.to_out.0",),
    "txt_attn.proj": ("attn.to_add_out",),
    "img_mlp.0": ("ff.net.0.proj",),
    "img_mlp.2": ("ff.net.2",),
    "txt_mlp.0": ("ff_context.net.0.proj",),
    "txt_mlp.2": ("ff_context.net.2",),
}
SINGLE: Mapping[str, tuple[str, ...]] = {
    "modulation.lin": ("norm.linear",),
    "linear1": ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"),
    "norm.query_norm": ("attn.norm_q",),
    "norm.key_norm": ("attn.norm_k",),
    "linear2": ("proj_out",),
}
_BLOCK = re.compile(r"(double|single)_blocks\.(\d+)\.(.+)")
SHIFT_FIRST = "final_layer.adaLN_modulation.1"


def flux_names(tensors: Tensors, network: Any) -> Tensors:
    """The tensors by the network's names; a name that is not known stays, so that it is refused."""
    found: Tensors = {}
    for name, value in tensors.items():
        layer, _, kind = name.rpartition(".")
        kind = "weight" if kind == "scale" else kind
        for new, part in _renamed(layer, value, network.inner_dim):
            found[f"{new}.{kind}"] = part
    return found


def _renamed(layer: str, value: Tensor, width: int) -> Iterator[tuple[str, Tensor]]:
    block = _BLOCK.fullmatch(layer)
    if layer == SHIFT_FIRST:
        shift, scale = value.chunk(2)  # diffusers has them the other way round
        yield "norm_out.linear", torch.cat([scale, shift])
    elif block is None:
        yield OUTER.get(layer, layer), value
    else:
        names = (DOUBLE if block[1] == "double" else SINGLE).get(block[3], (block[3],))
        blocks = "transformer_blocks" if block[1] == "double" else "single_transformer_blocks"
        sizes = [width] * (len(names) - 1)
        parts = value.split([*sizes, len(value) - sum(sizes)]) if sizes else (value,)
        for one, part in zip(names, parts, strict=True):
            yield f"{blocks}.{block[2]}.{one}", part
