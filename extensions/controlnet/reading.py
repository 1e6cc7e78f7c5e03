"""Networks from a diffusers folder or a single file, told by the names of their weights."""

from __future__ import annotations

import inspect
import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import torch
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
from diffusers.models.adapter import T2IAdapter
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.controlnets.controlnet_flux import FluxControlNetModel
from diffusers.models.controlnets.controlnet_sd3 import SD3ControlNetModel
from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from webui.ext import ModelFile, UserError

from .names import adapter_names
from .networks import Adapter, FluxControl, Network, SD3Control, UNetControl

Tensors = Mapping[str, Tensor]
Config = dict[str, Any]

_CONFIG = "config.json"
_WEIGHTS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors")
_UNET_FAMILIES = ("sd1", "sd2", "sdxl")


def read_network(file: ModelFile, model: Any) -> Network:
    """Read a network in the precision of the model that it is to lead.

    Raises:
        UserError: it is for another kind of model, of a kind that is not known, or damaged.
    """
    tensors, told = _weights(file)
    kind = _kind(tensors, file)
    module = _made(kind, file, model, tensors, told)
    module.to(model.dtype).requires_grad_(False).eval()
    if kind is SD3ControlNetModel:
        return SD3Control(module, model.transformer)
    wraps: Mapping[Any, Callable[[Any], Network]] = {
        T2IAdapter: Adapter,
        FluxControlNetModel: FluxControl,
    }
    return wraps.get(kind, UNetControl)(module)


def _weights(file: ModelFile) -> tuple[Tensors, Config]:
    """The weights, and what the config of a folder says."""
    path, told = file.path, Config()
    try:
        if path.is_dir():
            told = json.loads((path / _CONFIG).read_text(encoding="utf-8"))
            path = next(path / name for name in _WEIGHTS if (path / name).exists())
        if path.suffix == ".safetensors":
            return load_file(path), told
        tensors = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except StopIteration as error:
        raise UserError("control_unread", name=file.name, reason=_WEIGHTS[0]) from error
    except (OSError, ValueError, SafetensorError, RuntimeError, pickle.UnpicklingError) as error:
        raise UserError("control_unread", name=file.name, reason=str(error)[:200]) from error
    return tensors.get("state_dict", tensors), told


def _kind(tensors: Tensors, file: ModelFile) -> Any:
    """The class of the network.

    Raises:
        UserError: it is none that is known.
    """
    names = "\n".join(tensors)
    marks = (
        (ControlNetUnionModel, ("task_embedding",)),
        (ControlNetModel, ("controlnet_cond_embedding.", "input_hint_block.0.weight\n")),
        (FluxControlNetModel, ("controlnet_x_embedder.",)),
        (SD3ControlNetModel, ("controlnet_blocks.",)),
        (T2IAdapter, ("body.0.",)),
    )
    if "lllite" in names or "lora_controlnet" in tensors:
        raise UserError("control_kind", name=file.name)
    for kind, wanted in marks:
        if any(mark in f"{names}\n" for mark in wanted):
            return kind
    raise UserError("control_kind", name=file.name)


def _made(kind: Any, file: ModelFile, model: Any, tensors: Tensors, told: Config) -> nn.Module:
    """The network with its weights.

    Raises:
        UserError: it does not fit the model, or lacks weights.
    """
    _check_family(kind, file, model)
    if kind in (ControlNetModel, ControlNetUnionModel):
        tensors = convert_controlnet_checkpoint(dict(tensors), dict(model.unet.config))
    elif kind is T2IAdapter:
        tensors = adapter_names(tensors)
    config = {**_guessed(kind, model, tensors), **_known(kind, told)}
    if kind in (ControlNetModel, ControlNetUnionModel):
        _check_like(config, model, file)
    try:
        with torch.device("meta"):
            module = kind(**config)
        module.load_state_dict(dict(tensors), strict=True, assign=True)
    except (RuntimeError, ValueError, TypeError, LookupError) as error:
        raise UserError("control_misfit", name=file.name, model=model.info.id) from error
    return module


def _check_family(kind: Any, file: ModelFile, model: Any) -> None:
    family = model.info.family
    fits = {SD3ControlNetModel: family == "sd3", FluxControlNetModel: family == "flux"}
    if not fits.get(kind, family in _UNET_FAMILIES):
        raise UserError("control_misfit", name=file.name, model=model.info.id)


def _check_like(config: Config, model: Any, file: ModelFile) -> None:
    """Whether it reads texts, and is told sizes, as the network that it is to lead."""
    for name in ("cross_attention_dim", "addition_embed_type", "block_out_channels"):
        # as JSON: what comes from a folder has lists where others have tuples
        if json.dumps(config.get(name)) != json.dumps(model.unet.config[name]):
            raise UserError("control_misfit", name=file.name, model=model.info.id)


def _known(kind: Any, told: Config) -> Config:
    """Of what a folder's config says, what the class takes."""
    parameters = inspect.signature(kind.__init__).parameters
    return {name: value for name, value in told.items() if name in parameters}


def _guessed(kind: Any, model: Any, tensors: Tensors) -> Config:
    """The config as the weights and the model that is led tell it; what is missing shows later."""
    if kind is T2IAdapter:
        return _adapter(tensors)
    if kind is FluxControlNetModel:
        return _flux(dict(model.transformer.config), tensors)
    if kind is SD3ControlNetModel:
        return _sd3(dict(model.transformer.config), tensors)
    return _unet(kind, model, tensors)


def _unet(kind: Any, model: Any, tensors: Tensors) -> Config:
    config = _known(kind, dict(model.unet.config))
    config["in_channels"] = model.latent.channels  # also for inpainting models
    first = tensors.get("controlnet_cond_embedding.conv_in.weight")
    if first is not None:
        blocks = [f"controlnet_cond_embedding.blocks.{place}.weight" for place in range(1, 20, 2)]
        wide = [tensors[name].shape[0] for name in blocks if name in tensors]
        config["conditioning_embedding_out_channels"] = (first.shape[0], *wide)
        config["conditioning_channels"] = first.shape[1]
    if kind is ControlNetUnionModel and "task_embedding" in tensors:
        count, width = tensors["task_embedding"].shape
        config |= {"num_control_type": count, "num_trans_channel": width}
        config["num_proj_channel"] = tensors["spatial_ch_projs.weight"].shape[0]
        config["num_trans_layer"] = _count(tensors, "transformer_layes.")
    return config


def _adapter(tensors: Tensors) -> Config:
    """Of a T2I-Adapter; one for SDXL unshuffles 16 x 16 pixels, the others 8 x 8."""
    levels = _count(tensors, "adapter.body.")
    if "adapter.conv_in.weight" not in tensors:
        channels = [  # the last level has the channels of the one before
            tensors[f"adapter.body.{level}.out_conv.weight"].shape[0] for level in range(levels - 1)
        ]
        inside = tensors["adapter.body.0.in_conv.weight"].shape[1] // 64
        count = _count(tensors, "adapter.body.0.resnets.")
        kinds = {"adapter_type": "light_adapter", "num_res_blocks": count}
        return {**kinds, "channels": channels, "in_channels": inside, "downscale_factor": 8}
    first = tensors["adapter.conv_in.weight"].shape[1]
    large = first in (256, 768)
    return {
        "in_channels": first // (256 if large else 64),
        "downscale_factor": 16 if large else 8,
        "adapter_type": "full_adapter_xl" if large else "full_adapter",
        "channels": [
            tensors[f"adapter.body.{level}.resnets.0.block1.weight"].shape[0]
            for level in range(levels)
        ],
        "num_res_blocks": _count(tensors, "adapter.body.0.resnets."),
    }


def _sd3(model: Config, tensors: Tensors) -> Config:
    config = _known(SD3ControlNetModel, model)
    config["num_layers"] = _count(tensors, "transformer_blocks.")
    config["use_pos_embed"] = "pos_embed.proj.weight" in tensors
    if "context_embedder.weight" not in tensors:
        config["joint_attention_dim"] = None
    first = tensors.get("pos_embed_input.proj.weight")
    if first is not None:
        config["extra_conditioning_channels"] = first.shape[1] - model["in_channels"]
    return config


def _flux(model: Config, tensors: Tensors) -> Config:
    config = _known(FluxControlNetModel, model)
    config["num_layers"] = _count(tensors, "transformer_blocks.")
    config["num_single_layers"] = _count(tensors, "single_transformer_blocks.")
    config["guidance_embeds"] = any("guidance_embedder" in name for name in tensors)
    modes = tensors.get("controlnet_mode_embedder.weight")
    config["num_mode"] = None if modes is None else modes.shape[0]
    return config


def _count(tensors: Tensors, prefix: str) -> int:
    """How many numbers follow a prefix of names."""
    places = {name[len(prefix) :].split(".")[0] for name in tensors if name.startswith(prefix)}
    return len(places)
