"""How files call the layers of a model, and what they hold for each.

A layer is known by its part (`unet`, also where that is a transformer, `text_encoder`,
`text_encoder_2`, …) and its flat name: that of the network with `_` for `.`, as kohya's trainer
writes it. Names of diffusers and peft become flat by the same rule, so one table a network serves
all of them; a UNet's layers are in it a second time, under the names of the first Stable
Diffusion's own code (LDM), as kohya writes SDXL's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import nn


class Named(NamedTuple):
    """What the name of a tensor in a file says.

    Attributes:
        part: which network.
        layer: its flat name there.
        kind: what it is of the layer's weights, see `Weights`.
    """

    part: str
    layer: str
    kind: str


_KINDS: Mapping[str, str] = {
    "lora_down.weight": "down",
    "lora_up.weight": "up",
    "lora_mid.weight": "mid",
    "lora_up.bias": "up_bias",
    "lora_A.weight": "down",
    "lora_B.weight": "up",
    "lora_B.bias": "up_bias",
    "lora_magnitude_vector": "magnitude",
    "lora_magnitude_vector.weight": "magnitude",
    "lora.down.weight": "down",
    "lora.up.weight": "up",
    "lora_linear_layer.down.weight": "down",
    "lora_linear_layer.up.weight": "up",
    **{f"{name}.weight": name for name in ("a1", "a2", "b1", "b2")},
    **{f"hada_{name}": f"hada_{name}" for name in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")},
    **{
        f"lokr_{name}": f"lokr_{name}"
        for name in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")
    },
    **{
        name: name
        for name in (
            *("alpha", "scale", "dora_scale", "oft_blocks", "oft_diag", "rescale"),
            *("diff", "diff_b", "w_norm", "b_norm", "weight", "on_input"),
        )
    },
}
"""End of a tensor's name -> what it is."""
NUMBERS = ("alpha", "scale", "on_input")

_KIND = re.compile(
    rf"(?P<layer>.+?)\.(?P<kind>{'|'.join(map(re.escape, sorted(_KINDS, key=len, reverse=True)))})"
)
_ADAPTER_NAME = re.compile(r"(lora_[AB]|lora_magnitude_vector)\.default(_0)?(?=\.|$)")
"""peft's name for the only adapter."""
_PROCESSOR = re.compile(r"\.processor\.(to_\w+)_lora\.(down|up)\.")
"""diffusers before 0.22: `attn1.processor.to_q_lora.down.weight`."""

_XLABS = re.compile(r"\.processor\.(qkv|proj)_lora([12]?)\.(down|up)\.")
"""XLabs' trainer for Flux: `double_blocks.0.processor.qkv_lora1.down.weight`."""
_XLABS_LAYERS: Mapping[str, str] = {
    "qkv1": "img_attn.qkv",
    "qkv2": "txt_attn.qkv",
    "proj1": "img_attn.proj",
    "proj2": "txt_attn.proj",
    "qkv": "qkv",
    "proj": "linear2",
}

_PARTS: tuple[tuple[str, str], ...] = (
    ("lora_unet_", "unet"),
    ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"),
    ("lora_te_", "text_encoder"),
    ("lycoris_te1_", "text_encoder"),
    ("lycoris_te2_", "text_encoder_2"),
    ("lycoris_te_", "text_encoder"),
    ("lycoris_unet_", "unet"),
    ("lycoris_text_model_", "text_encoder"),
    ("lycoris_", "unet"),
    ("lora_transformer_", "unet"),
    ("lora_te3_", "text_encoder_3"),
    ("unet.", "unet"),
    ("transformer.", "unet"),
    ("text_encoder.", "text_encoder"),
    ("text_encoder_2.", "text_encoder_2"),
    ("text_encoder_3.", "text_encoder_3"),
    ("model.diffusion_model.", "unet"),
    ("diffusion_model.", "unet"),
    ("text_model.", "text_encoder"),
    ("text_encoders.clip_l.transformer.", "text_encoder"),
    ("text_encoders.clip_g.transformer.", "text_encoder_2"),
    ("text_encoders.t5xxl.transformer.", "text_encoder_3"),
    ("double_blocks.", "unet"),
    ("single_blocks.", "unet"),
    ("joint_blocks.", "unet"),
    ("transformer_blocks.", "unet"),
    ("single_transformer_blocks.", "unet"),
    ("down_blocks.", "unet"),
    ("mid_block.", "unet"),
    ("up_blocks.", "unet"),
)
"""Begin of a layer's name -> part; the first that fits counts."""
_OWN = (
    *("text_model.", "down_blocks.", "mid_block.", "up_blocks."),
    *("double_blocks.", "single_blocks.", "joint_blocks."),
    *("transformer_blocks.", "single_transformer_blocks."),
)
"""Begins that belong to the layer's own name."""
_PEFT = "base_model.model."

_RESNET: Mapping[str, str] = {
    "norm1": "in_layers_0",
    "conv1": "in_layers_2",
    "norm2": "out_layers_0",
    "conv2": "out_layers_3",
    "time_emb_proj": "emb_layers_1",
    "conv_shortcut": "skip_connection",
}
_OUTER: Mapping[str, str] = {
    "conv_in": "input_blocks_0_0",
    "time_embedding_linear_1": "time_embed_0",
    "time_embedding_linear_2": "time_embed_2",
    "add_embedding_linear_1": "label_emb_0_0",
    "add_embedding_linear_2": "label_emb_0_2",
    "conv_norm_out": "out_0",
    "conv_out": "out_2",
}
_MIDDLE: Mapping[str, str] = {"resnets_0": "0", "attentions_0": "1", "resnets_1": "2"}
_BLOCK = re.compile(r"(down|up)_blocks_(\d+)_(resnets|attentions)_(\d+)_(.+)")
_SCALER = re.compile(r"(down|up)_blocks_(\d+)_(down|up)samplers_0_conv")


def read_name(name: str) -> Named | None:
    """What a tensor's name says; None if it is none of an adapter's."""
    name = _PROCESSOR.sub(_from_processor, name.removeprefix(_PEFT))
    name = _XLABS.sub(_from_xlabs, name)
    found = _KIND.fullmatch(_ADAPTER_NAME.sub(r"\1", name))
    if found is None:
        return None
    for begin, part in _PARTS:
        if found["layer"].startswith(begin):
            rest = found["layer"] if begin in _OWN else found["layer"].removeprefix(begin)
            flat = rest.replace(".", "_").removeprefix("text_model_")
            return Named(part, flat, _KINDS[found["kind"]])
    return None


def _from_processor(found: re.Match[str]) -> str:
    projection = "to_out.0" if found[1] == "to_out" else found[1]
    return f".{projection}.lora.{found[2]}."


def _from_xlabs(found: re.Match[str]) -> str:
    return f".{_XLABS_LAYERS[found[1] + found[2]]}.lora_{found[3]}."


def layers(network: nn.Module) -> dict[str, nn.Module]:
    """Flat name -> layer, of those that have a weight; of a UNet also by the names of LDM."""
    named = {
        name.replace(".", "_").removeprefix("text_model_"): layer
        for name, layer in network.named_modules()
        if isinstance(getattr(layer, "weight", None), nn.Parameter)
    }
    return {**dict(_by_ldm(named)), **named} if "conv_in" in named else named


def _by_ldm(named: Mapping[str, nn.Module]) -> Iterator[tuple[str, nn.Module]]:
    numbers = {int(found[4]) for name in named if (found := _block(name, "down", "resnets"))}
    for name, layer in named.items():
        if other := ldm_name(name, max(numbers, default=0) + 1, named):
            yield other, layer


def _block(name: str, way: str, kind: str) -> re.Match[str] | None:
    found = _BLOCK.fullmatch(name)
    return found if found and found[1] == way and found[3] == kind else None


def ldm_name(name: str, per_block: int, names: Mapping[str, object]) -> str | None:
    """A UNet's layer by the name of the first Stable Diffusion's own code, flat.

    Its blocks are one list: each of diffusers' blocks is `per_block` pairs of a residual and, in
    some, an attention, then a change of size; on the way up one pair more.

    Args:
        per_block: `layers_per_block` of the UNet.
        names: of all layers, flat.
    """
    if name in _OUTER:
        return _OUTER[name]
    if name.startswith("mid_block_"):
        kind, number, rest = name.removeprefix("mid_block_").split("_", 2)
        return f"middle_block_{_MIDDLE[f'{kind}_{number}']}_{_inner(kind, rest)}"
    if found := _SCALER.fullmatch(name):
        number = (int(found[2]) + 1) * (per_block + 1)
        if found[1] == "down":
            return f"input_blocks_{number}_0_op"
        attends = any(one.startswith(f"up_blocks_{found[2]}_attentions_") for one in names)
        return f"output_blocks_{number - 1}_{2 if attends else 1}_conv"
    if found := _BLOCK.fullmatch(name):
        way, block, kind, place, rest = found.groups()
        number = int(block) * (per_block + 1) + int(place) + (way == "down")
        side = "input" if way == "down" else "output"
        return f"{side}_blocks_{number}_{int(kind == 'attentions')}_{_inner(kind, rest)}"
    return None


def _inner(kind: str, rest: str) -> str:
    return _RESNET.get(rest, rest) if kind == "resnets" else rest
