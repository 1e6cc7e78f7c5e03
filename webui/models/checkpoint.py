"""The parts of a Stable Diffusion model of any size, from a diffusers folder or a single file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from huggingface_hub.errors import StrictDataclassError
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.recognition import LDM_PARTS, unet_input
from webui.library.weights import part_files, read_config, read_header
from webui.models.autoencoder import Autoencoder
from webui.models.devices import autoencoder_dtype, device_name, network_dtype
from webui.models.family import LoadProgress
from webui.models.ldm_files import Found, file_parts
from webui.models.loading import Part, Tensors, fill, read_whole, without_weights
from webui.models.memory.turns import RAM
from webui.models.prediction import Prediction
from webui.models.texts import Reading, TextEncoder
from webui.models.training import predicts_velocity, told

CONFIGS = Path(__file__).parent / "configs"
"""A diffusers folder without weights for each family, for single files."""

_VOCABULARY = CONFIGS / "sd1" / "tokenizer"
"""All text encoders here read CLIP's tokens."""
_OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names in autoencoders saved by diffusers before 0.15."""
_OLD = re.compile(rf"(?<=\.)(?:{'|'.join(_OLD_ATTENTION)})(?=\.)")
_LAYER = re.compile(r"encoder\.layers\.(\d+)\.")
_PROJECTION = "text_projection.weight"
_DIFFUSERS_INPUT = "conv_in.weight"
WRONG_CONFIG = (AttributeError, LookupError, TypeError, ValueError, StrictDataclassError)
"""What the libraries raise for values that make no network."""


@dataclass(frozen=True)
class Encoder:
    """A text encoder of a family.

    Attributes:
        part: its folder in a diffusers folder.
        tokenizer: the folder of its tokenizer.
        reading: how it is read.
        projected: it has a projection for pooled vectors.
        open_clip: single files name its weights as OpenCLIP does, else as transformers does.
    """

    part: str
    tokenizer: str
    reading: Reading
    projected: bool = False
    open_clip: bool = False


@dataclass(frozen=True)
class Layout:
    """What a family consists of.

    Attributes:
        family: a key of `LDM_PARTS`.
        encoders: its text encoders, in the order in which their vectors are put together.
        configs: of the parts of single files.
        tried: a single file that does not tell what it was trained to predict is tried out.
    """

    family: str
    encoders: tuple[Encoder, ...]
    configs: Path
    tried: bool = False


@dataclass(frozen=True)
class Loaded:
    """The parts of a model."""

    unet: UNet2DConditionModel
    autoencoder: Autoencoder
    encoders: tuple[TextEncoder, ...]
    prediction: Prediction


def load_parts(
    layout: Layout, info: ModelInfo, device: torch.device, progress: LoadProgress
) -> Loaded:
    """Read a model into the machine's memory.

    Args:
        device: that it is to run on, which decides its precision.

    Raises:
        UserError: a part is missing, cut off, damaged or does not fit its description.
    """
    in_folder = info.format == "diffusers"
    shown = Path(info.path).name
    configs = Path(info.path) if in_folder else layout.configs
    schedule = read_config(configs / "scheduler" / "scheduler_config.json", shown)
    heard = {} if in_folder else told(info)
    schedule |= heard
    _prediction(schedule, shown)  # better to know now than after the weights
    config = _configs(layout, info, configs)
    networks = _networks(layout, info, config)
    parts = _folder_parts(layout, info) if in_folder else file_parts(layout.family, info, config)
    for part, tensors in read_whole(_read(parts, info, device), RAM, progress):
        convert = _from_file if parts[part].whole else _from_folder
        own = shown if in_folder else parts[part].files[0].name
        storage = info.card.storage if part == "unet" else None
        fill(networks[part], convert(layout, part, tensors, networks[part]), own, storage)
    unet: Any = networks["unet"]
    silent = not in_folder and "prediction_type" not in heard
    if layout.tried and silent and predicts_velocity(unet.to(device)):
        schedule["prediction_type"] = "v_prediction"
    unet.to(RAM)
    tokenizers = [read_tokenizer(configs / one.tokenizer, shown) for one in layout.encoders]
    encoders = (
        TextEncoder(networks[one.part], tokenizer, one.reading, one.part)
        for one, tokenizer in zip(layout.encoders, tokenizers, strict=True)
    )
    autoencoder = Autoencoder(networks["vae"])
    return Loaded(unet, autoencoder, tuple(encoders), _prediction(schedule, shown))


def _prediction(schedule: Mapping[str, Any], shown: str) -> Prediction:
    try:
        return Prediction.from_config(schedule, shown)
    except (*WRONG_CONFIG, RuntimeError) as error:
        raise UserError("model_damaged", file=f"{shown}/scheduler_config.json") from error


def _configs(layout: Layout, info: ModelInfo, configs: Path) -> dict[str, dict[str, Any]]:
    """Of the parts of a family."""
    shown = Path(info.path).name
    config = {
        part: read_config(configs / part / "config.json", f"{shown}/{part}/config.json")
        for part in LDM_PARTS[layout.family]
    }
    if info.format != "diffusers":
        config["unet"]["in_channels"] = _channels(info, config["unet"]["in_channels"])
    return config


def _networks(
    layout: Layout, info: ModelInfo, config: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The networks of a family, still without weights."""
    encoders = {one.part: one for one in layout.encoders}
    try:
        with without_weights():
            return {part: _network(part, config[part], encoders.get(part)) for part in config}
    except WRONG_CONFIG as error:
        raise UserError("model_damaged", file=f"{Path(info.path).name}/config.json") from error


def _network(part: str, config: Mapping[str, Any], encoder: Encoder | None) -> Any:
    if encoder is not None:
        kind = CLIPTextModelWithProjection if encoder.projected else CLIPTextModel
        return kind(CLIPTextConfig.from_dict(dict(config)))
    kind = UNet2DConditionModel if part == "unet" else AutoencoderKL
    return kind.from_config(dict(config))


def _channels(info: ModelInfo, usual: int) -> int:
    """How many the UNet of a single file takes."""
    path = Path(info.path)
    shape = unet_input(read_header(path, path.name)) or ()
    return shape[1] if len(shape) > 1 else usual


def _folder_parts(layout: Layout, info: ModelInfo) -> dict[str, Found]:
    """The files of a folder."""
    path = Path(info.path)
    parts: dict[str, Found] = {}
    for part in LDM_PARTS[layout.family]:
        files = part_files(path, part)
        if not files:
            raise UserError("model_part_missing", file=path.name, part=part)
        parts[part] = Found(files, "", False)
    return parts


def _read(
    parts: Mapping[str, Found], info: ModelInfo, device: torch.device
) -> dict[str, list[Part]]:
    """What to read: files of a folder, or stretches of single files."""
    name = device_name(device)
    folder = f"{Path(info.path).name}/" if info.format == "diffusers" else ""
    dtypes = dict.fromkeys(parts, network_dtype(device, name))
    dtypes["vae"] = autoencoder_dtype(device, name)
    read: dict[str, list[Part]] = {part: [] for part in parts}
    for part, found in parts.items():
        for file in found.files:
            shown = f"{folder}{part}/{file.name}" if folder else file.name
            read[part].append(Part(file, shown, found.prefix, dtypes[part], part == "unet"))
    return read


def _from_folder(layout: Layout, part: str, tensors: Tensors, network: Any) -> Tensors:
    """Names as saved by any version of diffusers and transformers to those of this one."""
    if part == "vae":
        ldm = any(name.startswith("encoder.down.") for name in tensors)
        return (
            _without_none(convert_ldm_vae_checkpoint, tensors, network)
            if ldm
            else old_names(tensors)
        )
    return tensors if part == "unet" else clip_names(tensors, network)


def old_names(tensors: Tensors) -> Tensors:
    """Names of an autoencoder saved by any version of diffusers to those of this one."""
    return {_OLD.sub(_new_attention, name): value for name, value in tensors.items()}


def _new_attention(found: re.Match[str]) -> str:
    return _OLD_ATTENTION[found[0]]


def _from_file(layout: Layout, part: str, tensors: Tensors, network: Any) -> Tensors:
    """Names of the first Stable Diffusion's own code (LDM) to those of diffusers."""
    prefix = LDM_PARTS[layout.family][part]
    encoder = next((one for one in layout.encoders if one.part == part), None)
    if encoder is not None:
        if encoder.open_clip:
            return clip_names(convert_open_clip_checkpoint(network, tensors, prefix), network)
        return clip_names({name.removeprefix(prefix): tensors[name] for name in tensors}, network)
    if part == "vae":
        return _without_none(convert_ldm_vae_checkpoint, tensors, network)
    if _DIFFUSERS_INPUT in tensors:
        return tensors
    plain = {name.removeprefix(prefix): value for name, value in tensors.items()}
    named = {f"{prefix}{name}": value for name, value in plain.items()}
    return _without_none(convert_ldm_unet_checkpoint, named, network)


def _without_none(convert: Any, tensors: Tensors, network: Any) -> Tensors:
    converted = convert(tensors, network.config)
    return {name: value for name, value in converted.items() if value is not None}


def clip_names(tensors: Tensors, network: CLIPTextModel | CLIPTextModelWithProjection) -> Tensors:
    """The names that this version of transformers gives, without what nothing reads."""
    projected = isinstance(network, CLIPTextModelWithProjection)
    inside = "text_model." if projected else ""
    kept: Tensors = {}
    for name, value in tensors.items():
        layer = _LAYER.search(name)
        if layer and int(layer[1]) >= network.config.num_hidden_layers:
            continue
        if name != _PROJECTION:
            kept[inside + name.removeprefix("text_model.")] = value
        elif projected:
            kept[name] = value
    return kept


def read_tokenizer(folder: Path, shown: str) -> CLIPTokenizer:
    """CLIP's tokenizer; its vocabulary is ours where a folder of ours has none.

    Without a `tokenizer.json` the files of words are all that is read: the padding token that
    configs of OpenCLIP name (`!`) would no longer be read as the mark it is in a text.

    Raises:
        UserError: a file is missing or damaged.
    """
    if folder.is_relative_to(CONFIGS):
        folder = _VOCABULARY
    whole, vocabulary = folder / "tokenizer.json", folder / "vocab.json"
    merges = folder / "merges.txt"
    file = whole if whole.is_file() else vocabulary
    read_config(file, f"{shown}/{folder.name}/{file.name}")  # is it whole?
    if file is whole:
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    if not merges.is_file():
        raise UserError("model_part_missing", file=shown, part=f"{folder.name}/merges.txt")
    return CLIPTokenizer(str(vocabulary), str(merges))
