"""The weights of a diffusers folder of a flow under the names that its makers publish them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.ldm_layout import ldm_names
from webui.library.flows import FLOW_PARTS
from webui.library.weights import part_files

Weights = Mapping[str, Tensor]

_SD3 = (
    ("pos_embed.pos_embed", "pos_embed"),
    ("pos_embed.proj.", "x_embedder.proj."),
    ("time_text_embed.timestep_embedder.linear_1.", "t_embedder.mlp.0."),
    ("time_text_embed.timestep_embedder.linear_2.", "t_embedder.mlp.2."),
    ("time_text_embed.text_embedder.linear_1.", "y_embedder.mlp.0."),
    ("time_text_embed.text_embedder.linear_2.", "y_embedder.mlp.2."),
    ("norm_out.linear.", "final_layer.adaLN_modulation.1."),
    ("proj_out.", "final_layer.linear."),
    ("transformer_blocks.", "joint_blocks."),
    ("norm1_context.linear.", "context_block.adaLN_modulation.1."),
    ("norm1.linear.", "x_block.adaLN_modulation.1."),
    ("ff_context.net.0.proj.", "context_block.mlp.fc1."),
    ("ff_context.net.2.", "context_block.mlp.fc2."),
    ("ff.net.0.proj.", "x_block.mlp.fc1."),
    ("ff.net.2.", "x_block.mlp.fc2."),
    ("attn.to_add_out.", "context_block.attn.proj."),
    ("attn.norm_added_q.", "context_block.attn.ln_q."),
    ("attn.norm_added_k.", "context_block.attn.ln_k."),
)
_SD3_OWN = (("to_out.0.", "proj."), ("norm_q.", "ln_q."), ("norm_k.", "ln_k."))

_FLUX = (
    ("time_text_embed.timestep_embedder.linear_1.", "time_in.in_layer."),
    ("time_text_embed.timestep_embedder.linear_2.", "time_in.out_layer."),
    ("time_text_embed.text_embedder.linear_1.", "vector_in.in_layer."),
    ("time_text_embed.text_embedder.linear_2.", "vector_in.out_layer."),
    ("time_text_embed.guidance_embedder.linear_1.", "guidance_in.in_layer."),
    ("time_text_embed.guidance_embedder.linear_2.", "guidance_in.out_layer."),
    ("norm_out.linear.", "final_layer.adaLN_modulation.1."),
    ("context_embedder.", "txt_in."),
    ("x_embedder.", "img_in."),
)
_FLUX_DOUBLE = (
    ("norm1_context.linear.", "txt_mod.lin."),
    ("norm1.linear.", "img_mod.lin."),
    ("ff_context.net.0.proj.", "txt_mlp.0."),
    ("ff_context.net.2.", "txt_mlp.2."),
    ("ff.net.0.proj.", "img_mlp.0."),
    ("ff.net.2.", "img_mlp.2."),
    ("attn.to_add_out.", "txt_attn.proj."),
    ("attn.to_out.0.", "img_attn.proj."),
    ("attn.norm_added_q.weight", "txt_attn.norm.query_norm.scale"),
    ("attn.norm_added_k.weight", "txt_attn.norm.key_norm.scale"),
    ("attn.norm_q.weight", "img_attn.norm.query_norm.scale"),
    ("attn.norm_k.weight", "img_attn.norm.key_norm.scale"),
)
_FLUX_SINGLE = (
    ("norm.linear.", "modulation.lin."),
    ("attn.norm_q.weight", "norm.query_norm.scale"),
    ("attn.norm_k.weight", "norm.key_norm.scale"),
    ("proj_out.", "linear2."),
)


def flow_layout(folder: Path, family: str, part: str, prefix: str) -> dict[str, Tensor]:
    """The weights of a part."""
    (file,) = part_files(folder, part)
    tensors = load_file(file)
    if part == "vae":
        named = dict(ldm_names(part, "", tensors))
    elif part == "transformer":
        named = (sd3_layout if family == "sd3" else flux_layout)(tensors)
    elif any(name.startswith("encoder.block.") for name in tensors):
        named = dict(tensors)
    else:
        named = {
            name if "text_" in name else f"text_model.{name}": value
            for name, value in tensors.items()
        }
    return {prefix + name: value.contiguous().clone() for name, value in named.items()}


def write_whole(folder: Path, family: str, path: Path, *left_out: str) -> Path:
    """One file with all parts but some."""
    tensors: dict[str, Tensor] = {}
    for part, prefix in FLOW_PARTS[family].items():
        if part not in left_out and part_files(folder, part):
            tensors |= flow_layout(folder, family, part, prefix)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return path


def write_part(folder: Path, family: str, part: str, path: Path) -> Path:
    """A part in a file of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(flow_layout(folder, family, part, ""), path)
    return path


def _renamed(name: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for new, old in pairs:
        name = name.replace(new, old)
    return name


def _swapped(value: Tensor) -> Tensor:
    scale, shift = value.chunk(2)
    return torch.cat([shift, scale])


def _joined(tensors: Weights, base: str, names: tuple[str, ...], end: str) -> Tensor:
    return torch.cat([tensors[f"{base}{name}.{end}"] for name in names])


def sd3_layout(tensors: Weights) -> dict[str, Tensor]:
    """Of the transformer of Stable Diffusion 3."""
    last = max(int(one) for one in re.findall(r"transformer_blocks\.(\d+)", " ".join(tensors)))
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        place = re.fullmatch(r"(.*\.)(attn2?)\.(to|add)_(q|k|v)(_proj)?\.(weight|bias)", name)
        if place:
            start, attention, kind, _, _, end = place.groups()
            side = "x_block" if kind == "to" else "context_block"
            names = tuple(f"to_{one}" if kind == "to" else f"add_{one}_proj" for one in "qkv")
            base = start.replace("transformer_blocks", "joint_blocks")
            whole = _joined(tensors, f"{start}{attention}.", names, end)
            found[f"{base}{side}.{attention}.qkv.{end}"] = whole
            continue
        turned = name.startswith("norm_out.") or f"blocks.{last}.norm1_context." in name
        own = re.fullmatch(r"(.*\.)(attn2?\.)(to_out\.0\.|norm_[qk]\.)(.*)", name)
        if own:
            name = f"{own[1]}x_block.{own[2]}{_renamed(own[3], _SD3_OWN)}{own[4]}"
        found[_renamed(name, _SD3)] = _swapped(value) if turned else value
    return found


def flux_layout(tensors: Weights) -> dict[str, Tensor]:
    """Of the transformer of Flux.1."""
    found: dict[str, Tensor] = {}
    for name, value in tensors.items():
        single = name.startswith("single_")
        place = re.fullmatch(r"(.*\.attn\.)(to|add)_(q|k|v)(_proj)?\.(weight|bias)", name)
        block = re.match(r"(?:single_)?transformer_blocks\.(\d+)\.", name)
        if block is None:
            turned = name.startswith("norm_out.")
            name = re.sub(r"^proj_out\.", "final_layer.linear.", name)
            found[_renamed(name, _FLUX)] = _swapped(value) if turned else value
        elif single and (place or ".proj_mlp." in name):
            end, base = name.rpartition(".")[2], f"single_transformer_blocks.{block[1]}."
            names = ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")
            found[f"single_blocks.{block[1]}.linear1.{end}"] = _joined(tensors, base, names, end)
        elif place:
            side = "img" if place[2] == "to" else "txt"
            names = tuple(f"to_{one}" if side == "img" else f"add_{one}_proj" for one in "qkv")
            whole = _joined(tensors, place[1], names, place[5])
            found[f"double_blocks.{block[1]}.{side}_attn.qkv.{place[5]}"] = whole
        else:
            rest = _renamed(name[block.end() :], _FLUX_SINGLE if single else _FLUX_DOUBLE)
            found[f"{'single' if single else 'double'}_blocks.{block[1]}.{rest}"] = value
    return found
