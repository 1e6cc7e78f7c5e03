"""Flow models in single files: one with all parts, or a transformer whose other parts lie beside.

People keep these parts once for many models: `models/vae`, `models/text_encoders` (or `clip`).
What a file is, its header says; a model's card may name files where several would do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint

from webui.core.offers import ModelInfo
from webui.library.flows import FLOW_PARTS
from webui.library.weights import Header, read_config, read_header
from webui.models.components import (
    Components,
    Convert,
    Kinds,
    Source,
    folder_names,
    folder_sources,
    load_components,
)
from webui.models.family import LoadProgress
from webui.models.flow import Shift
from webui.models.gguf_names import T5_MARK, WORDS
from webui.models.loading import Tensors
from webui.models.shelves import Sought, beside, missing
from webui.models.t5 import T5_WORDS

_CLIP_WORDS = "text_model.embeddings.token_embedding.weight"
_T5_WORDS = ("shared.weight", "encoder.embed_tokens.weight")
_VAE_INPUT = "decoder.conv_in.weight"
_OWN_NAMES: Mapping[str, re.Pattern[str]] = {
    "flux": re.compile(r"sd_?3|qwen|wan"),
    "chroma": re.compile(r"sd_?3|qwen|wan"),
    "sd3": re.compile(r"(^|[^a-z])ae([^a-z]|$)|flux|qwen|wan"),
}
"""Family -> what autoencoders of other families are called, whose headers look the same."""

Configured = Callable[[Header, str, Mapping[str, Any]], Mapping[str, Any]]
"""(header, prefix, a usual config) -> the config of a transformer."""


@dataclass(frozen=True)
class Single:
    """How a family's single files are read.

    Attributes:
        family: a key of `FLOW_PARTS`.
        configs: of the parts.
        config: of the transformer, from the header.
        convert: its weights.
    """

    family: str
    configs: Path
    config: Configured
    convert: Convert


def file_sources(kinds: Kinds, single: Single, info: ModelInfo) -> dict[str, Source]:
    """The parts of a model in a single file, and of those beside it.

    Raises:
        UserError: one is found nowhere, or a file is damaged.
    """
    path = Path(info.path)
    header = read_header(path, path.name)
    sources: dict[str, Source] = {}
    for part, prefix in FLOW_PARTS[single.family].items():
        config = read_config(single.configs / part / "config.json", f"{path.name}/{part}")
        inside = any(name.startswith(prefix) for name in header.shapes)
        if part == "transformer":
            own = prefix if inside else ""
            config = single.config(header, own, config)
            sources[part] = Source((path,), (path.name,), own, config, single.convert)
        elif inside:
            convert = vae_names if part == "vae" else folder_names
            sources[part] = Source((path,), (path.name,), prefix, config, convert)
        elif (found := _beside(kinds, single.family, info, part, config)) is not None:
            sources[part] = found
    return sources


def load_flow(
    kinds: Kinds, single: Single, info: ModelInfo, device: torch.device, progress: LoadProgress
) -> Components:
    """Read a model from a diffusers folder or from single files.

    Raises:
        UserError: a part is missing, cut off, damaged or does not fit its description.
    """
    path = Path(info.path)
    folder = info.format == "diffusers"
    configs = path if folder else single.configs
    config = read_config(configs / "scheduler" / "scheduler_config.json", path.name)
    shift = Shift.from_config(config, path.name)
    sources = folder_sources(kinds, info) if folder else file_sources(kinds, single, info)

    def tokenizer(name: str) -> Path:
        own = configs / name
        shipped = kinds.t5 is not None and name == kinds.t5[1] and not own.is_dir()
        return T5_WORDS if shipped and not folder else own

    return load_components(kinds, info, sources, tokenizer, shift, device, progress)


def blocks_of(header: Header, prefix: str) -> int:
    """How many blocks of such a name there are."""
    numbers = {name.removeprefix(prefix).split(".")[0] for name in header.shapes if prefix in name}
    return len(numbers)


def vae_names(tensors: Tensors, network: Any) -> Tensors:
    """An autoencoder's weights as the first Stable Diffusion's code names them, or diffusers."""
    if any(".mid_block." in name for name in tensors):
        return tensors
    converted = convert_ldm_vae_checkpoint(tensors, network.config)
    return {name: value for name, value in converted.items() if value is not None}


def _beside(
    kinds: Kinds, family: str, info: ModelInfo, part: str, config: Mapping[str, Any]
) -> Source | None:
    """A part in a file of its own; None for one that may be left out."""
    kind = "vae" if part == "vae" else "text_encoder"
    foreign = _OWN_NAMES[family] if kind == "vae" else None
    fits = partial(_is, part=part, kinds=kinds, config=config)
    sought = Sought(part, kind, _title(kinds, part), fits, foreign)
    inside = FLOW_PARTS[family][part]
    whole = replace(sought, kind="checkpoint", fits=partial(fits, prefix=inside), foreign=None)
    convert = vae_names if kind == "vae" else folder_names
    for one, prefix in ((sought, ""), (whole, inside)):
        if file := beside(info, one):
            return Source((file,), (file.name,), prefix, config, convert)
    if part in kinds.optional:
        return None
    raise missing(info, sought)


def _title(kinds: Kinds, part: str) -> str:
    if part == "vae":
        return "VAE"
    if kinds.t5 and part == kinds.t5[0]:
        return "T5 (t5xxl)"
    return "CLIP-G (clip_g)" if part == "text_encoder_2" else "CLIP-L (clip_l)"


def _is(
    header: Header, part: str, kinds: Kinds, config: Mapping[str, Any], prefix: str = ""
) -> bool:
    """Whether a file holds that part, by the sizes of its tables."""

    def shape(name: str) -> tuple[int, ...]:
        return header.shapes.get(prefix + name, ())

    if part == "vae":
        return shape(_VAE_INPUT)[1:2] == (config["latent_channels"],)
    if part in kinds.clips:
        return shape(_CLIP_WORDS)[1:] == (config["hidden_size"],)
    own = any(name.startswith(T5_MARK) for name in header.shapes)  # a language model's is alike
    words = (*_T5_WORDS, *((WORDS,) if own else ()))
    table = (config["vocab_size"], config["d_model"])  # that of many languages has more words
    return any(shape(name) == table for name in words)
