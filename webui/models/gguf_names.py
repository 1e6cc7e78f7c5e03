"""Names that llama.cpp's converters give the weights of text encoders, to those of transformers.

https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/tensor_mapping.py. Its converters
also change a few of the weights themselves: rows of queries and keys of Llama's kind are put in
another order, and what sees in Qwen2.5-VL, a file of its own (`mmproj`), is cut up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

WORDS = "token_embd.weight"
"""The table of words of every kind."""
T5_MARK = "enc.blk.0."
"""How names of T5's first layer begin, and of no language model's."""
SIGHT_INPUT, SIGHT_OUTPUT = "v.patch_embd.weight", "mm.2.weight"
"""The first and the last layer of what sees."""

_LAYER = re.compile(r"((?:enc\.|v\.)?blk)\.(\d+)\.(\w+)\.(weight|bias)")
_T5: Mapping[str, str] = {
    **{f"attn_{one}": f"layer.0.SelfAttention.{one}" for one in "qkvo"},
    "attn_rel_b": "layer.0.SelfAttention.relative_attention_bias",
    "attn_norm": "layer.0.layer_norm",
    "ffn_gate": "layer.1.DenseReluDense.wi_0",
    "ffn_up": "layer.1.DenseReluDense.wi_1",
    "ffn_down": "layer.1.DenseReluDense.wo",
    "ffn_norm": "layer.1.layer_norm",
}
_LANGUAGE: Mapping[str, str] = {
    **{f"attn_{one}": f"self_attn.{one}_proj" for one in "qkv"},
    **{f"attn_{one}_norm": f"self_attn.{one}_norm" for one in "qk"},
    "attn_output": "self_attn.o_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    **{f"ffn_{one}": f"mlp.{one}_proj" for one in ("gate", "up", "down")},
}
_SIGHT: Mapping[str, str] = {
    **{f"attn_{one}": f"attn.{one}" for one in ("q", "k", "v", "qkv")},
    "attn_out": "attn.proj",
    "ln1": "norm1",
    "ln2": "norm2",
    **{f"ffn_{one}": f"mlp.{one}_proj" for one in ("gate", "up", "down")},
}
_LAYERS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "enc.blk": ("encoder.block", _T5),
    "blk": ("layers", _LANGUAGE),
    "v.blk": ("visual.blocks", _SIGHT),
}
"""How names of layers begin -> how they begin in transformers, and what is in a layer."""
_T5_OUTER: Mapping[str, str] = {
    WORDS: "shared.weight",
    "enc.output_norm.weight": "encoder.final_layer_norm.weight",
}
_OUTER: Mapping[str, str] = {
    WORDS: "embed_tokens.weight",
    "output_norm.weight": "norm.weight",
    "output.weight": "lm_head.weight",
    "v.post_ln.weight": "visual.merger.ln_q.weight",
    **{
        f"mm.{place}.{kind}": f"visual.merger.mlp.{place}.{kind}"
        for place in (0, 2)
        for kind in ("weight", "bias")
    },
}
_ROPE = "rope_freqs.weight"
"""A table that follows from the config."""
_TURNED = re.compile(r"blk\.\d+\.attn_([qk])\.(weight|bias)")
_SIGHT_QUERY = re.compile(r"(visual\.blocks\.\d+\.attn\.)q\.(weight|bias)")
_SIGHT_PATCHES = "visual.patch_embed.proj.weight"


def t5_name(name: str) -> str:
    """Of T5's encoder; what is no such name stays as it is."""
    return _T5_OUTER.get(name) or _in_layer(name)


def language_tensors(
    tensors: Mapping[str, Tensor], heads: tuple[int, int] | None = None
) -> dict[str, Tensor]:
    """Of a language model without what is before its layers' names, and of what sees for one.

    Args:
        heads: of queries and of keys, of a model whose rows llama.cpp puts in another order
            (Llama, Mistral); None of one whose rows stay (Qwen).
    """
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        turned = _TURNED.fullmatch(name) if heads else None
        if turned and heads:
            value = _turned_back(value, heads["qk".index(turned[1])])
        if name != _ROPE:
            found[_OUTER.get(name) or _in_layer(name)] = value
    return _with_sight(found)


def _in_layer(name: str) -> str:
    found = _LAYER.fullmatch(name)
    if found is None:
        return name
    begin, inside = _LAYERS[found[1]]
    if found[3] not in inside:
        return name
    return f"{begin}.{found[2]}.{inside[found[3]]}.{found[4]}"


def _turned_back(value: Tensor, heads: int) -> Tensor:
    """Rows in the order of transformers: of each head the first halves of all pairs, then the
    second; llama.cpp has the two of a pair side by side."""
    rows = torch.arange(len(value)).reshape(heads, -1, 2).swapaxes(1, 2).flatten()
    return value.index_select(0, rows)


def _with_sight(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """One layer for query, key and value, and one for patches of two pictures in time; what is
    not all there stays as it is, to be named as unknown."""
    for name in [name for name in tensors if _SIGHT_QUERY.fullmatch(name)]:
        begin, _, kind = name.rpartition("q.")
        _joined(tensors, [f"{begin}{one}.{kind}" for one in "qkv"], f"{begin}qkv.{kind}", torch.cat)
    halves = [SIGHT_INPUT, f"{SIGHT_INPUT}.1"]
    _joined(tensors, halves, _SIGHT_PATCHES, partial(torch.stack, dim=2))
    return tensors


def _joined(
    tensors: dict[str, Tensor],
    parts: Sequence[str],
    whole: str,
    join: Callable[[list[Tensor]], Tensor],
) -> None:
    if all(name in tensors for name in parts):
        tensors[whole] = join([tensors.pop(name) for name in parts])
