"""IP-Adapters and image encoders from files: plain, plus, full face; folders and single files."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.models.embeddings import ImageProjection
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from webui.ext import ModelFile, Services, UserError

Tensors = Mapping[str, Tensor]

_BESIDE = ("image_encoder", "../image_encoder", "models/image_encoder", "../models/image_encoder")
"""Where the image encoder lies as the makers of IP-Adapters put it, seen from the file's folder."""
_KINDS = ("proj.weight", "proj.3.weight", "latents")
"""Marks of the projections: plain, full face, plus."""
_FACE = "norm.weight"
"""Mark of those of FaceID that theirs have, beside `proj.0` and `proj.2`, or a resampler."""
_HEADS = 16
"""Of CLIP's image encoders in sizes L, H and G alike."""


@dataclass(frozen=True, eq=False)
class Adapter:
    """An IP-Adapter.

    Attributes:
        projection: from what the encoder says of pictures to tokens.
        layers: (to_k, to_v) of each layer of cross attention, in the network's order.
        whole: it reads one vector a picture, not what the encoder says of its parts.
    """

    projection: nn.Module
    layers: tuple[tuple[Tensor, Tensor], ...]
    whole: bool

    @property
    def reads(self) -> int:
        """Numbers a vector of what it is told."""
        weights = list(self.projection.parameters())
        linear = [one for one in weights if one.ndim == 2]
        return linear[0].shape[1]


def read_adapter(file: ModelFile, model: Any) -> Adapter:
    """Read an IP-Adapter in the precision of the model that it is to lead.

    Raises:
        UserError: it cannot be read, is of a kind that is not known, or is for another model.
    """
    projection, layers = _parts(file)
    face = _FACE in projection and "proj.0.weight" in projection and "latents" not in projection
    if face and "proj.3.weight" not in projection:
        raise UserError("ip_adapter_face", name=file.name)
    if not any(mark in projection for mark in _KINDS):
        raise UserError("ip_adapter_kind", name=file.name)
    unet = getattr(model, "unet", None)
    if unet is None:
        raise UserError("ip_adapter_misfit", name=file.name, model=model.info.id)
    names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    try:
        keys = [2 * place + 1 for place in range(len(names))]
        pairs = [(layers[f"{key}.to_k_ip.weight"], layers[f"{key}.to_v_ip.weight"]) for key in keys]
        made = unet._convert_ip_adapter_image_proj_to_diffusers(dict(projection), False)
    except (LookupError, RuntimeError, ValueError) as error:
        raise UserError("ip_adapter_misfit", name=file.name, model=model.info.id) from error
    for name, (key, _) in zip(names, pairs, strict=True):
        wide = unet.get_submodule(name.removesuffix(".processor")).to_k.weight
        if len(layers) != 2 * len(names) or key.shape != wide.shape:
            raise UserError("ip_adapter_misfit", name=file.name, model=model.info.id)
    made = made.to(model.dtype).requires_grad_(False).eval()
    fitted = tuple((key.to(model.dtype), value.to(model.dtype)) for key, value in pairs)
    return Adapter(made, fitted, isinstance(made, ImageProjection))


def _parts(file: ModelFile) -> tuple[Tensors, Tensors]:
    """The projection's weights and those of the layers, by their own names."""
    tensors: Any = _weights(file.path, file.name)
    if "image_proj" in tensors and "ip_adapter" in tensors:
        return tensors["image_proj"], tensors["ip_adapter"]
    return tuple(
        {name[len(part) :]: one for name, one in tensors.items() if name.startswith(part)}
        for part in ("image_proj.", "ip_adapter.")
    )  # pyright: ignore[reportReturnType]  two parts


def _weights(path: Path, name: str) -> Any:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, ValueError, SafetensorError, RuntimeError, pickle.UnpicklingError) as error:
        raise UserError("ip_adapter_unread", name=name, reason=str(error)[:200]) from error


class Encoder:
    """What CLIP says of pictures."""

    def __init__(self, network: CLIPVisionModelWithProjection) -> None:
        self.network = network.requires_grad_(False).eval()
        size: Any = network.config.image_size
        self._processor = CLIPImageProcessor(size=size, crop_size=size)

    def seen(self, pictures: list[Any], whole: bool) -> tuple[Tensor, Tensor]:
        """What it says of RGB pictures, and of none: (pictures, width), or (…, parts, width)."""
        given: Any = self._processor(pictures, return_tensors="pt")
        pixels: Tensor = given.pixel_values.to(self.network.device, self.network.dtype)
        if whole:
            said: Tensor = self.network(pixels).image_embeds
            return said, torch.zeros_like(said)
        both = [
            self.network(one, output_hidden_states=True).hidden_states[-2]
            for one in (pixels, torch.zeros_like(pixels))
        ]
        return both[0], both[1]


def read_encoder(file: ModelFile, named: str, adapter: Adapter, services: Services) -> Encoder:
    """The image encoder that is named, else the one beside the IP-Adapter.

    Raises:
        UserError: there is none, it cannot be read, or it says something else than is read.
    """
    path = services.model("image_encoder", named).path if named else _beside(file)
    try:
        if path.is_dir():
            made: Any = CLIPVisionModelWithProjection.from_pretrained(path, local_files_only=True)
        else:
            made = _of_file(_weights(path, path.name))
    except (OSError, LookupError, RuntimeError, ValueError) as error:
        raise UserError("ip_adapter_unread", name=path.name, reason=str(error)[:200]) from error
    config = made.config
    if (config.projection_dim if adapter.whole else config.hidden_size) != adapter.reads:
        raise UserError("ip_adapter_encoder", name=file.name, encoder=path.name)
    return Encoder(made)


def _beside(file: ModelFile) -> Path:
    found = [file.path.parent / one for one in _BESIDE]
    there = next((one for one in found if (one / "config.json").is_file()), None)
    if there is None:
        raise UserError("ip_adapter_no_encoder", name=file.name)
    return there


def _of_file(tensors: Tensors) -> CLIPVisionModelWithProjection:
    """A single file, its sizes told by the shapes of its weights."""
    grid = tensors["vision_model.embeddings.patch_embedding.weight"]
    places = tensors["vision_model.embeddings.position_embedding.weight"]
    wide, patch = grid.shape[0], grid.shape[-1]
    layers = {name.split(".")[3] for name in tensors if ".encoder.layers." in name}
    config = CLIPVisionConfig(
        hidden_size=wide,
        intermediate_size=tensors["vision_model.encoder.layers.0.mlp.fc1.weight"].shape[0],
        projection_dim=tensors["visual_projection.weight"].shape[0],
        num_hidden_layers=len(layers),
        num_attention_heads=_HEADS,
        image_size=round((places.shape[0] - 1) ** 0.5) * patch,
        patch_size=patch,
        hidden_act="quick_gelu" if wide == 1024 else "gelu",
    )
    network = CLIPVisionModelWithProjection(config)
    kept = {name: one for name, one in tensors.items() if not name.endswith("position_ids")}
    network.load_state_dict(kept, strict=True)
    return network
