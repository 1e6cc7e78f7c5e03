"""Names of Flux.2's weights as its makers publish them, to those of diffusers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from webui.models.flux_names import SHIFT_FIRST

if TYPE_CHECKING:  # adapters need these names, and what loads models needs adapters
    from webui.models.loading import Tensors

_TIME = "time_guidance_embed"
OUTER: Mapping[str, tuple[str, ...]] = {
    "img_in": ("x_embedder",),
    "txt_in": ("context_embedder",),
    "time_in.in_layer": (f"{_TIME}.timestep_embedder.linear_1",),
    "time_in.out_layer": (f"{_TIME}.timestep_embedder.linear_2",),
    "guidance_in.in_layer": (f"{_TIME}.guidance_embedder.linear_1",),
    "guidance_in.out_layer": (f"{_TIME}.guidance_embedder.linear_2",),
    "double_stream_modulation_img.lin": ("double_stream_modulation_img.linear",),
    "double_stream_modulation_txt.lin": ("double_stream_modulation_txt.linear",),
    "single_stream_modulation.lin": ("single_stream_modulation.linear",),
    "final_layer.linear": ("proj_out",),
    SHIFT_FIRST: ("norm_out.linear",),
}
DOUBLE: Mapping[str, tuple[str, ...]] = {
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "img_attn.norm.query_norm": ("attn.norm_q",),
    "img_attn.norm.key_norm": ("attn.norm_k",),
    "txt_attn.norm.query_norm": ("attn.norm_added_q",),
    "txt_attn.norm.key_norm": ("attn.norm_added_k",),
    "img_attn.proj": ("attn.to_out.0",),
    "txt_attn.proj": ("attn.to_add_out",),
    "img_mlp.0": ("ff.linear_in",),
    "img_mlp.2": ("ff.linear_out",),
    "txt_mlp.0": ("ff_context.linear_in",),
    "txt_mlp.2": ("ff_context.linear_out",),
}
SINGLE: Mapping[str, tuple[str, ...]] = {
    "linear1": ("attn.to_qkv_mlp_proj",),
    "linear2": ("attn.to_out",),
    "norm.query_norm": ("attn.norm_q",),
    "norm.key_norm": ("attn.norm_k",),
}
BLOCKS: Mapping[tuple[str, str], Mapping[str, tuple[str, ...]]] = {
    ("double_blocks", "transformer_blocks"): DOUBLE,
    ("single_blocks", "single_transformer_blocks"): SINGLE,
}
"""(blocks in files, in diffusers) -> layers in files -> in diffusers."""
_BLOCK = re.compile(r"((?:double|single)_blocks)\.(\d+)\.(.+)")


def flux2_names(tensors: Tensors, network: Any) -> Tensors:
    """The tensors by the network's names; a name that is not known stays, so that it is refused."""
    found: Tensors = {}
    for name, value in tensors.items():
        layer, _, kind = name.rpartition(".")
        kind = "weight" if kind == "scale" else kind
        for new, part in _renamed(layer, value):
            found[f"{new}.{kind}"] = part
    return found


def _renamed(layer: str, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    block = _BLOCK.fullmatch(layer)
    if layer == SHIFT_FIRST:
        shift, scale = value.chunk(2)  # diffusers has them the other way round
        yield OUTER[layer][0], torch.cat([scale, shift])
    elif block is None:
        yield OUTER.get(layer, (layer,))[0], value
    else:
        (own, table), *_ = [
            (own, table) for (files, own), table in BLOCKS.items() if files == block[1]
        ]
        names = table.get(block[3], (block[3],))
        for one, part in zip(names, value.chunk(len(names)), strict=True):
            yield f"{own}.{block[2]}.{one}", part
