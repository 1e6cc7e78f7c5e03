"""Newer flow models in single files: the transformer in one, its other parts beside it.

As with the older ones (`webui.models.singles`), what a file is its header says; these read texts
with language models, and have autoencoders of several kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from webui.core.offers import ModelInfo
from webui.library.flows import FLOW_PARTS
from webui.library.weights import Header, read_config, read_header
from webui.models.components import (
    Components,
    Convert,
    Kinds,
    Language,
    Source,
    Vae,
    load_components,
)
from webui.models.family import LoadProgress
from webui.models.flow import Shift
from webui.models.gguf_names import SIGHT_INPUT, SIGHT_OUTPUT
from webui.models.language import LAYER, WORDS
from webui.models.shelves import Sought, beside, missing
from webui.models.singles import Single, load_flow, vae_names

_SIGHT = "visual."
"""In the names of a language model's half that sees."""


def load_newer(
    kinds: Kinds, single: Single, info: ModelInfo, device: torch.device, progress: LoadProgress
) -> Components:
    """Read a model from a diffusers folder or from single files.

    Raises:
        UserError: a part is missing, cut off, damaged or does not fit its description.
    """
    if info.format == "diffusers":
        return load_flow(kinds, single, info, device, progress)
    path = Path(info.path)
    config = read_config(single.configs / "scheduler" / "scheduler_config.json", path.name)
    shift = Shift.from_config(config, path.name)
    sources = file_sources(kinds, single, info)

    tokenizer = partial(_tokenizer, kinds, single)
    return load_components(kinds, info, sources, tokenizer, shift, device, progress)


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
            sources[part] = Source((path,), (path.name,), prefix, config, _convert(kinds, part))
        else:
            sources[part] = _beside(kinds, info, part, config)
    return sources


def _convert(kinds: Kinds, part: str) -> Convert:
    return (kinds.vae.names or vae_names) if part == "vae" else kinds.names(part)


def _beside(kinds: Kinds, info: ModelInfo, part: str, config: Mapping[str, Any]) -> Source:
    """A part in a file of its own, or in two."""
    if part == "vae":
        fits = partial(_is_vae, vae=kinds.vae, config=config)
        sought = Sought(part, "vae", "VAE", fits, re.compile(kinds.vae.foreign))
        file = beside(info, sought)
        files = (file,) if file else ()
    else:
        language = kinds.languages[part]
        fits = partial(_is_language, language=language, config=config)
        sought = Sought(part, "text_encoder", language.title, fits)
        files = _language_files(language, info, sought, config)
    if not files:
        raise missing(info, sought)
    shown = tuple(file.name for file in files)
    return Source(files, shown, "", config, _convert(kinds, part))


def _language_files(
    language: Language, info: ModelInfo, sought: Sought, config: Mapping[str, Any]
) -> tuple[Path, ...]:
    """The file of a language model; one that sees may be two, as llama.cpp has them.

    Raises:
        UserError: what sees is missing beside the one that reads.
    """
    if file := beside(info, sought):
        return (file,)
    if not language.sees:
        return ()
    blind = partial(_is_language, language=replace(language, sees=False), config=config)
    reads = replace(sought, fits=blind)
    sees = Sought(
        f"{sought.part}_sight",
        sought.kind,
        f"{language.title}, mmproj",
        partial(_is_sight, config=config["vision_config"]),
    )
    words = beside(info, reads)
    if words is None:
        return ()
    sight = beside(info, sees)
    if sight is None:
        raise missing(info, sees)
    return words, sight


def _is_vae(header: Header, vae: Vae, config: Mapping[str, Any]) -> bool:
    """Whether a file holds that autoencoder, by the size of its first table."""
    found = (header.shapes.get(name, ()) for name in vae.input)
    return any(shape[1:2] == (config[vae.channels],) for shape in found)


def _is_language(header: Header, language: Language, config: Mapping[str, Any]) -> bool:
    """Whether a file holds that language model, by its width and the number of its layers."""
    shapes = header.shapes
    text = config.get("text_config", config)
    words = (shape for name, shape in shapes.items() if name.endswith(WORDS))
    layers = {int(found[1]) for name in shapes if (found := LAYER.search(name))}
    depth = language.chat.depth(text["num_hidden_layers"])
    return (
        any(shape[1:] == (text["hidden_size"],) for shape in words)
        and depth <= len(layers) <= text["num_hidden_layers"]
        and (not language.sees or any(_SIGHT in name for name in shapes))
    )


def _is_sight(header: Header, config: Mapping[str, Any]) -> bool:
    """Whether a file holds what sees, alone, by the sizes at both of its ends."""
    first, last = (header.shapes.get(name, ()) for name in (SIGHT_INPUT, SIGHT_OUTPUT))
    return first[:1] == (config["hidden_size"],) and last[:1] == (config["out_hidden_size"],)


def _tokenizer(kinds: Kinds, single: Single, folder: str) -> Path:
    """The folder of a language model's tokenizer: the family's own, or the one that ships."""
    own = single.configs / folder
    if own.is_dir():
        return own
    return next(one.words for one in kinds.languages.values() if one.tokenizer == folder)
