"""Flow models in single files: one with all parts, or a transformer whose other parts lie beside
it (`companions`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from webui.core.offers import ModelInfo
from webui.library.flows import FLOW_PARTS
from webui.library.weights import Header, read_config, read_header
from webui.models.companions import part_beside
from webui.models.components import (
    Components,
    Convert,
    Kinds,
    Source,
    folder_sources,
    load_components,
)
from webui.models.family import LoadProgress
from webui.models.flow import Shift
from webui.models.t5 import T5_WORDS

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
            convert = kinds.file_names(part)
            sources[part] = Source((path,), (path.name,), prefix, config, convert)
        elif (found := part_beside(kinds, single.family, info, part, config)) is not None:
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

    tokenizer = partial(_tokenizer, kinds, configs, shipped=not folder)
    return load_components(kinds, info, sources, tokenizer, shift, device, progress)


def _tokenizer(kinds: Kinds, configs: Path, name: str, shipped: bool) -> Path:
    """The folder of a tokenizer: the family's own, or the one that ships for its kind."""
    own = configs / name
    if own.is_dir() or not shipped:
        return own
    if kinds.t5 and name == kinds.t5[1]:
        return T5_WORDS
    languages = kinds.languages.values()
    return next((one.words for one in languages if one.tokenizer == name), own)


def blocks_of(header: Header, prefix: str) -> int:
    """How many blocks of such a name there are."""
    numbers = {name.removeprefix(prefix).split(".")[0] for name in header.shapes if prefix in name}
    return len(numbers)
