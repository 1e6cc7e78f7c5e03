"""Newer flow models in single files: the transformer in one, its other parts beside it.

As with the older ones (`webui.models.singles`), what a file is its header says; these read texts
with language models, and have autoencoders of several kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.flows import FLOW_PARTS
from webui.library.weights import SUFFIX, Header, read_config, read_header
from webui.models.components import Components, Convert, Kinds, Source, load_components
from webui.models.family import LoadProgress
from webui.models.flow import Shift
from webui.models.qwen_words import QWEN_WORDS
from webui.models.shelves import FOLDERS
from webui.models.singles import Single, load_flow, vae_names

_ANCESTORS = 6
_WORDS = "embed_tokens.weight"


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

    def tokenizer(name: str) -> Path:
        return _tokenizer(kinds, single, path, name)

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
    """A part in a file of its own."""
    path = Path(info.path)
    kind = "vae" if part == "vae" else "text_encoder"
    named = info.card.parts.get(part)
    for file in (file for shelf in _shelves(path, kind) for file in _files(shelf)):
        if named is not None and named not in (file.name, file.stem):
            continue
        foreign = kind == "vae" and re.search(kinds.vae.foreign, file.stem.lower())
        if named is None and foreign:
            continue
        try:
            header = read_header(file, file.name)
        except UserError:
            if named is not None:
                raise
            continue
        if _is(header, part, kinds, config):
            return Source((file,), (file.name,), "", config, _convert(kinds, part))
    folder = next(_shelves(path, kind), path.parent / FOLDERS[kind][0])
    what = "VAE" if part == "vae" else kinds.languages[part].title
    raise UserError("model_companion_missing", file=path.name, what=what, folder=str(folder))


def _is(header: Header, part: str, kinds: Kinds, config: Mapping[str, Any]) -> bool:
    """Whether a file holds that part, by the sizes of its tables."""
    shapes = header.shapes
    if part == "vae":
        found = (shapes.get(name, ()) for name in kinds.vae.input)
        return any(shape[1:2] == (config[kinds.vae.channels],) for shape in found)
    text = config.get("text_config", config)
    words = [shape for name, shape in shapes.items() if name.endswith(_WORDS)]
    depth = kinds.languages[part].chat.depth(text["num_hidden_layers"])
    last = f"layers.{depth - 1}."
    after = f"layers.{text['num_hidden_layers']}."
    return (
        any(shape[1:] == (text["hidden_size"],) for shape in words)
        and any(last in name for name in shapes)
        and not any(after in name for name in shapes if "visual" not in name)
    )


def _tokenizer(kinds: Kinds, single: Single, path: Path, folder: str) -> Path:
    """The folder, or the file, of a language model's tokenizer.

    Raises:
        UserError: there is none; the sentence says which file to add.
    """
    shipped = single.configs / folder
    if shipped.is_dir():
        return shipped
    language = next(one for one in kinds.languages.values() if one.tokenizer == folder)
    if language.words is None:
        return QWEN_WORDS
    shelves = list(_shelves(path, "text_encoder"))
    for shelf in shelves:
        if (shelf / language.words).is_file():
            return shelf / language.words
    where = shelves[0] if shelves else path.parent
    raise UserError(
        "language_tokenizer_missing",
        file=path.name,
        what=language.title,
        folder=str(where),
        name=language.words,
    )


def _files(shelf: Path) -> Iterator[Path]:
    yield from sorted(shelf.rglob(f"*{SUFFIX}"))


def _shelves(path: Path, kind: str) -> Iterator[Path]:
    """Folders of that kind of part, the nearest first."""
    for folder in path.parents[:_ANCESTORS]:
        for name in FOLDERS[kind]:
            if (folder / name).is_dir():
                yield folder / name
