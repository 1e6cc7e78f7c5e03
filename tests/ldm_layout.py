"""The weights of a diffusers folder under the names they have in a single file (LDM, OpenCLIP)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from webui.library.recognition import LDM_PARTS
from webui.library.weights import part_files

LAYERS_PER_BLOCK = 2
"""Of the tiny UNets."""

_UNET_BLOCKS = (
    (r"time_embedding\.linear_1", "time_embed.0"),
    (r"time_embedding\.linear_2", "time_embed.2"),
    (r"add_embedding\.linear_1", "label_emb.0.0"),
    (r"add_embedding\.linear_2", "label_emb.0.2"),
    (r"conv_in", "input_blocks.0.0"),
    (r"conv_norm_out", "out.0"),
    (r"conv_out", "out.2"),
    (r"mid_block\.resnets\.0", "middle_block.0"),
    (r"mid_block\.attentions\.0", "middle_block.1"),
    (r"mid_block\.resnets\.1", "middle_block.2"),
)
_UNET_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_VAE_NAMES = {
    "down_blocks.": "down.",
    "mid_block.attentions.0.": "mid.attn_1.",
    "mid_block.resnets.0.": "mid.block_1.",
    "mid_block.resnets.1.": "mid.block_2.",
    ".resnets.": ".block.",
    ".downsamplers.0.": ".downsample.",
    ".upsamplers.0.": ".upsample.",
    "conv_norm_out": "norm_out",
    "conv_shortcut": "nin_shortcut",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def ldm_layout(folder: Path, family: str = "sd1") -> Iterator[tuple[str, Tensor]]:
    """A diffusers folder's weights under the names they have in a single file."""
    for part, prefix in LDM_PARTS[family].items():
        (path,) = part_files(folder, part)
        yield from ldm_names(part, prefix, load_file(path))


def ldm_names(
    part: str, prefix: str, tensors: Mapping[str, Tensor]
) -> Iterator[tuple[str, Tensor]]:
    """The weights of one part."""
    if prefix.endswith(".model."):
        yield from ((prefix + name, tensor) for name, tensor in _open_clip(tensors))
        return
    for name, tensor in tensors.items():
        renamed = _RENAMED[part](name, tensors)
        if part == "vae" and ".attn_1." in renamed and tensor.ndim == 2:
            tensor = tensor[:, :, None, None].contiguous()  # it was a convolution there
        yield prefix + renamed, tensor


def _unet_name(name: str, all_names: Mapping[str, Tensor]) -> str:
    for pattern, block in _UNET_BLOCKS:
        name = re.sub(f"^{pattern}\\.", f"{block}.", name)
    found = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)", name)
    if found:
        way, block, kind, place, rest = found.groups()
        first = int(block) * (LAYERS_PER_BLOCK + 1)
        if kind == "downsamplers":
            return f"input_blocks.{first + LAYERS_PER_BLOCK + 1}.0.{rest.replace('conv', 'op')}"
        if kind == "upsamplers":
            attends = any(other.startswith(f"up_blocks.{block}.attentions") for other in all_names)
            return f"output_blocks.{first + LAYERS_PER_BLOCK}.{1 + attends}.{rest}"
        number = first + int(place) + (way == "down")
        side = "input" if way == "down" else "output"
        name = f"{side}_blocks.{number}.{int(kind == 'attentions')}.{rest}"
    for new, old in _UNET_RESNET.items():
        name = re.sub(rf"^(\w+_blocks?\.[\d.]+\.){new}\.", rf"\1{old}.", name)
    return name


def _vae_name(name: str, all_names: Mapping[str, Tensor]) -> str:
    blocks = 1 + max(int(number) for number in re.findall(r"up_blocks\.(\d+)", " ".join(all_names)))
    name = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{blocks - 1 - int(found[1])}", name)
    for new, old in _VAE_NAMES.items():
        name = name.replace(new, old)
    return name


def _text_encoder_name(name: str, all_names: Mapping[str, Tensor]) -> str:
    return f"text_model.{name.removeprefix('text_model.')}"


_RENAMED = {"unet": _unet_name, "vae": _vae_name, "text_encoder": _text_encoder_name}

_OPEN_CLIP = {
    "embeddings.position_embedding.weight": "positional_embedding",
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "final_layer_norm.": "ln_final.",
    "encoder.layers.": "transformer.resblocks.",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def _open_clip(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """With a projection (transposed there), queries, keys and values in one.

    Where there is no projection, a last layer that is not read is added, as Stable Diffusion 2
    has it in its files.
    """
    plain = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    width = plain["final_layer_norm.bias"].shape[0]
    projection = plain.pop("text_projection.weight", None)
    layers = 1 + max(int(name.split(".")[2]) for name in plain if name.startswith("encoder."))
    if projection is None:
        last = f"encoder.layers.{layers - 1}."
        unread = {
            name.replace(last, f"encoder.layers.{layers}."): tensor + 1
            for name, tensor in plain.items()
            if name.startswith(last)
        }
        plain |= unread
        projection = torch.ones(width, width)
    yield "text_projection", projection.T.contiguous()
    yield "logit_scale", torch.ones(())
    for name, tensor in plain.items():
        if ".self_attn." not in name or ".out_proj." in name:
            for new, old in _OPEN_CLIP.items():
                name = name.replace(new, old)
            yield name, tensor
        elif ".q_proj." in name:
            three = [plain[name.replace("q_proj", f"{which}_proj")] for which in "qkv"]
            block, _, kind = name.partition(".self_attn.q_proj.")
            block = block.replace("encoder.layers.", "transformer.resblocks.")
            yield f"{block}.attn.in_proj_{kind}", torch.cat(three)
