"""The two layouts of Stable Diffusion's checkpoints: a folder of diffusers, and one file in the
names of the first code (LDM, OpenCLIP). Between them weights are renamed, and some are cut,
put together or turned; no number changes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from webui.core.errors import UserError
from webui.library.making import check_layouts
from webui.library.recognition import LDM_PARTS
from webui.library.weights import read_config
from webui.models.checkpoint import old_names
from webui.models.loading import without_weights
from webui.models.merging.sources import Source, Weight

How = Literal["as it is", "convolution", "turned", "q", "k", "v"]

_LAYERS = 2
"""Of a UNet's block, in all of them."""
_LOGIT_SCALE = math.log(100)
"""OpenCLIP's, up to which it may grow in training, and does; nothing draws with it."""
_UNET: Mapping[str, str] = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}
_RESNET: Mapping[str, str] = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_VAE: Mapping[str, str] = {
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
_OPEN_CLIP: Mapping[str, str] = {
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
_QKV = re.compile(r"encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(\w+)")
_ATTENDS = re.compile(r"mid\.attn_1\.(?:q|k|v|proj_out)\.weight")
_BLOCK = re.compile(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)")
_INSIDE = re.compile(rf"^(\w+_blocks?\.[\d.]+\.)({'|'.join(_RESNET)})\.")


@dataclass(frozen=True)
class Old:
    """What a weight of diffusers is in a single file: its name there, and what is done to it."""

    name: str
    how: How = "as it is"


def as_single(source: Source, family: str | None) -> Source:
    """A folder's weights as those of a single file.

    Raises:
        UserError: of this family it cannot be done, or a part is missing.
    """
    parts = _parts(family, source.path.name)
    weights: dict[str, Weight] = {}
    for part, prefix in parts.items():
        own = {
            name.partition("/")[2]: one
            for name, one in source.weights.items()
            if name.startswith(f"{part}/")
        }
        if not own:
            raise UserError("model_part_missing", file=source.path.name, part=part)
        if part == "vae":
            own = cast(dict[str, Weight], old_names(cast(Any, own)))
        fused: dict[str, dict[str, Weight]] = {}
        for name, weight in own.items():
            old = old_name(part, prefix, name, own)
            if old.how in ("q", "k", "v"):
                fused.setdefault(old.name, {})[old.how] = weight
            else:
                weights[prefix + old.name] = _turned(weight, old.how, back=False)
        for name, three in fused.items():
            weights[prefix + name] = _joined([three[one] for one in "qkv"])
        if prefix.endswith(".model."):
            weights[f"{prefix}logit_scale"] = Weight((), torch.float32, _logit_scale, ())
    return Source(source.path, weights, source.metadata)


def as_folder(source: Source, family: str | None, names: Mapping[str, Collection[str]]) -> Source:
    """A single file's weights as those of a folder.

    Args:
        names: of the weights that each part of the folder has, see `names_of`.

    Raises:
        UserError: of this family it cannot be done, or weights are missing.
    """
    parts = _parts(family, source.path.name)
    weights: dict[str, Weight] = {}
    for part, prefix in parts.items():
        for name in names[part]:
            old = old_name(part, prefix, name, names[part])
            found = source.weights.get(prefix + old.name)
            if found is None:
                raise UserError("model_part_missing", file=source.path.name, part=part)
            weights[f"{part}/{name}"] = _turned(found, old.how, back=True)
    return Source(source.path, weights, source.metadata, folder=True)


def names_of(family: str | None, configs: Path, channels: int) -> dict[str, list[str]]:
    """The weights of each part of a family, by the configs of its folder.

    channels: that the UNet takes.
    """
    found: dict[str, list[str]] = {}
    for part in _parts(family, configs.name):
        config = read_config(configs / part / "config.json", f"{part}/config.json")
        if part == "unet":
            config["in_channels"] = channels
        with without_weights():
            network = _network(part, config)
        inside = "text_model." if part.startswith("text") else ""
        found[part] = [_published(name, inside) for name in network.state_dict()]
    return found


def old_name(part: str, prefix: str, name: str, names: Collection[str]) -> Old:
    """What a weight of a part is in a single file, below the part's prefix.

    Args:
        name: without the part.
        names: of all weights of the part.
    """
    if part == "unet":
        return Old(_unet_name(name, names))
    if part == "vae":
        renamed = _vae_name(name, names)
        return Old(renamed, "convolution" if _ATTENDS.search(renamed) else "as it is")
    plain = name.removeprefix("text_model.")
    if not prefix.endswith(".model."):
        return Old(f"text_model.{plain}")
    if plain == "text_projection.weight":
        return Old("text_projection", "turned")
    if found := _QKV.fullmatch(plain):
        layer, which, kind = found.groups()
        how: Any = which
        return Old(f"transformer.resblocks.{layer}.attn.in_proj_{kind}", how)
    for new, old in _OPEN_CLIP.items():
        plain = plain.replace(new, old)
    return Old(plain)


def _parts(family: str | None, shown: str) -> Mapping[str, str]:
    check_layouts(family, shown)
    return LDM_PARTS[family or ""]


def _network(part: str, config: Mapping[str, Any]) -> torch.nn.Module:
    if part == "unet":
        return UNet2DConditionModel.from_config(dict(config))  # pyright: ignore
    if part == "vae":
        return AutoencoderKL.from_config(dict(config))  # pyright: ignore
    kind = CLIPTextModelWithProjection if part == "text_encoder_2" else CLIPTextModel
    return kind(CLIPTextConfig.from_dict(dict(config)))


def _published(name: str, inside: str) -> str:
    """Names of text encoders as all versions of the library read them."""
    if not inside or name.startswith((inside, "text_projection.")):
        return name
    return inside + name


def _unet_name(name: str, names: Collection[str]) -> str:
    for new, old in _UNET.items():
        if name.startswith(f"{new}."):
            name = old + name[len(new) :]
            break
    if found := _BLOCK.fullmatch(name):
        way, block, kind, place, rest = found.groups()
        first = int(block) * (_LAYERS + 1)
        if kind == "downsamplers":
            return f"input_blocks.{first + _LAYERS + 1}.0.{rest.replace('conv', 'op')}"
        if kind == "upsamplers":
            attends = any(one.startswith(f"up_blocks.{block}.attentions") for one in names)
            return f"output_blocks.{first + _LAYERS}.{1 + attends}.{rest}"
        number = first + int(place) + (way == "down")
        side = "input" if way == "down" else "output"
        name = f"{side}_blocks.{number}.{int(kind == 'attentions')}.{rest}"
    return _INSIDE.sub(lambda found: f"{found[1]}{_RESNET[found[2]]}.", name)


def _vae_name(name: str, names: Collection[str]) -> str:
    """The way up is counted from the other end there."""
    last = max((int(one) for one in re.findall(r"up_blocks\.(\d+)", " ".join(names))), default=0)
    name = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{last - int(found[1])}", name)
    for new, old in _VAE.items():
        name = name.replace(new, old)
    return name


def _turned(weight: Weight, how: How, back: bool) -> Weight:
    """A weight as the other layout has it; back: as a folder has it."""
    shape = weight.shape
    if how == "turned":
        return _made(weight, shape[::-1], lambda given: given.T)
    if how == "convolution":
        if back and len(shape) == 4:
            return _made(weight, shape[:2], lambda given: given[:, :, 0, 0])
        if not back and len(shape) == 2:
            return _made(weight, (*shape, 1, 1), lambda given: given[:, :, None, None])
    if how in ("q", "k", "v"):
        rows, place = shape[0] // 3, "qkv".index(how)
        return _made(
            weight, (rows, *shape[1:]), lambda given: given[place * rows : (place + 1) * rows]
        )
    return weight


def _logit_scale() -> Tensor:
    return torch.tensor(_LOGIT_SCALE)


def _made(weight: Weight, shape: tuple[int, ...], change: Callable[[Tensor], Tensor]) -> Weight:
    read = weight.read
    return Weight(shape, weight.dtype, lambda: change(read()).contiguous(), weight.parts)


def _joined(three: Sequence[Weight]) -> Weight:
    first = three[0]
    shape = (sum(one.shape[0] for one in three), *first.shape[1:])
    parts = tuple(part for one in three for part in one.parts)
    return Weight(shape, first.dtype, lambda: torch.cat([one.read() for one in three]), parts)
