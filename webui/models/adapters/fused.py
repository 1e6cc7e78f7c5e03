"""Layers by the names of their makers' code, where diffusers has others, or several for one.

Flux's and Stable Diffusion 3's own code keeps query, key and value in one layer (`qkv`), Flux's
single blocks the first layer of the feed-forward as well (`linear1`); Z-Image's is like them. What
a file holds for such a layer belongs to the diffusers layers row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from torch import nn

from webui.models.adapters.weights import Rows
from webui.models.flux2_names import BLOCKS as FLUX2_BLOCKS
from webui.models.flux2_names import OUTER as FLUX2_OUTER
from webui.models.flux_names import DOUBLE, OUTER, SHIFT_FIRST, SINGLE

_Table = Mapping[str, tuple[str, ...]]


class Piece(NamedTuple):
    """A layer of the network and what of the file's weights is its; `rows` None: all of them."""

    layer: nn.Module
    rows: Rows | None


_SD3_OUTER: _Table = {
    "x_embedder.proj": ("pos_embed.proj",),
    "t_embedder.mlp.0": ("time_text_embed.timestep_embedder.linear_1",),
    "t_embedder.mlp.2": ("time_text_embed.timestep_embedder.linear_2",),
    "y_embedder.mlp.0": ("time_text_embed.text_embedder.linear_1",),
    "y_embedder.mlp.2": ("time_text_embed.text_embedder.linear_2",),
    "final_layer.linear": ("proj_out",),
    SHIFT_FIRST: ("norm_out.linear",),
}
_SD3_JOINT: _Table = {
    "x_block.adaLN_modulation.1": ("norm1.linear",),
    "context_block.adaLN_modulation.1": ("norm1_context.linear",),
    "x_block.attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "context_block.attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
    "x_block.attn2.qkv": ("attn2.to_q", "attn2.to_k", "attn2.to_v"),
    "x_block.attn.ln_q": ("attn.norm_q",),
    "x_block.attn.ln_k": ("attn.norm_k",),
    "context_block.attn.ln_q": ("attn.norm_added_q",),
    "context_block.attn.ln_k": ("attn.norm_added_k",),
    "x_block.attn2.ln_q": ("attn2.norm_q",),
    "x_block.attn2.ln_k": ("attn2.norm_k",),
    "x_block.attn.proj": ("attn.to_out.0",),
    "x_block.attn2.proj": ("attn2.to_out.0",),
    "context_block.attn.proj": ("attn.to_add_out",),
    "x_block.mlp.fc1": ("ff.net.0.proj",),
    "x_block.mlp.fc2": ("ff.net.2",),
    "context_block.mlp.fc1": ("ff_context.net.0.proj",),
    "context_block.mlp.fc2": ("ff_context.net.2",),
}
_FLUX_OUTER: _Table = {
    **{name: (own,) for name, own in OUTER.items()},
    SHIFT_FIRST: ("norm_out.linear",),
}
_FLUX_SINGLE: _Table = {**SINGLE, "qkv": ("attn.to_q", "attn.to_k", "attn.to_v")}
"""`qkv` is what XLabs' files change of `linear1`."""
_Z_IMAGE_OUTER: _Table = {
    "x_embedder": ("all_x_embedder.2-1",),
    "final_layer.linear": ("all_final_layer.2-1.linear",),
    SHIFT_FIRST: ("all_final_layer.2-1.adaLN_modulation.1",),
}
_Z_IMAGE_BLOCK: _Table = {
    "attention.qkv": ("attention.to_q", "attention.to_k", "attention.to_v"),
    "attention.out": ("attention.to_out.0",),
    "attention.q_norm": ("attention.norm_q",),
    "attention.k_norm": ("attention.norm_k",),
}
_Z_IMAGE_BLOCKS = ("layers", "noise_refiner", "context_refiner")
_MARKS: tuple[tuple[str, Mapping[tuple[str, str], _Table]], ...] = (
    (
        "single_transformer_blocks_0_attn_to_q",
        {
            ("", ""): _FLUX_OUTER,
            ("double_blocks", "transformer_blocks"): DOUBLE,
            ("single_blocks", "single_transformer_blocks"): _FLUX_SINGLE,
        },
    ),
    (
        "pos_embed_proj",
        {("", ""): _SD3_OUTER, ("joint_blocks", "transformer_blocks"): _SD3_JOINT},
    ),
    ("double_stream_modulation_img_linear", {("", ""): FLUX2_OUTER, **FLUX2_BLOCKS}),
    (
        "all_x_embedder_2-1",
        {("", ""): _Z_IMAGE_OUTER, **{(one, one): _Z_IMAGE_BLOCK for one in _Z_IMAGE_BLOCKS}},
    ),
)
"""A layer that only such a network has -> (its blocks in files, in diffusers) -> their layers."""
_SWAPPED = re.compile(r"norm_out_linear|transformer_blocks_(\d+)_norm1_context_linear")
"""Layers whose halves, shift and scale, diffusers has the other way round; of the second kind,
the last block's only."""


def fused(named: Mapping[str, nn.Module]) -> dict[str, tuple[Piece, ...]]:
    """By the flat name that files have: the layers that are there in its place.

    Args:
        named: all layers of a network by their own flat names.
    """
    tables = next((tables for mark, tables in _MARKS if mark in named), {})
    found: dict[str, tuple[Piece, ...]] = {}
    for (files, own), table in tables.items():
        for place in _places(named, own):
            for name, layers in table.items():
                flat = [f"{own}{place}{one}".replace(".", "_") for one in layers]
                if all(one in named for one in flat):
                    found[f"{files}{place}{name}".replace(".", "_")] = _pieces(named, flat)
    return found


def _places(named: Mapping[str, nn.Module], blocks: str) -> Iterator[str]:
    """`_0_`, `_1_`, … of the blocks of that name; nothing for what is outside of blocks."""
    if not blocks:
        yield ""
        return
    number = re.compile(rf"{blocks}(_\d+_)")
    places = (found[1] for name in named if (found := number.match(name)))
    yield from dict.fromkeys(places)


def _pieces(named: Mapping[str, nn.Module], names: Sequence[str]) -> tuple[Piece, ...]:
    if len(names) == 1:
        layer = named[names[0]]
        return (Piece(layer, _halves(layer) if _is_swapped(named, names[0]) else None),)
    sizes = [_outputs(named[name]) for name in names]
    total, start, pieces = sum(sizes), 0, list[Piece]()
    for name, size in zip(names, sizes, strict=True):
        pieces.append(Piece(named[name], Rows(total, ((start, start + size),))))
        start += size
    return tuple(pieces)


def _is_swapped(named: Mapping[str, nn.Module], name: str) -> bool:
    found = _SWAPPED.fullmatch(name)
    if found is None or found[1] is None:
        return found is not None
    # the last block leaves the text as it is: it has no feed-forward for it
    return f"transformer_blocks_{found[1]}_ff_context_net_2" not in named


def _halves(layer: nn.Module) -> Rows:
    total = _outputs(layer)
    return Rows(total, ((total // 2, total), (0, total // 2)))


def _outputs(layer: nn.Module) -> int:
    weight = layer.weight
    assert isinstance(weight, nn.Parameter)
    return weight.shape[0]
