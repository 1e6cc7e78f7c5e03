"""Parts of a flow model that lie beside its single file: which files they are, headers tell.

People keep these parts once for many models: `models/vae`, `models/text_encoders` (or `clip`). What
lies in none of them is taken from another checkpoint of the family that has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from webui.core.offers import ModelInfo
from webui.library.flows import FLOW_PARTS
from webui.library.weights import Header
from webui.models.components import Kinds, Language, Source, Vae
from webui.models.gguf_names import SIGHT_INPUT, SIGHT_OUTPUT, T5_MARK
from webui.models.gguf_names import WORDS as GGUF_WORDS
from webui.models.language import LAYER, WORDS
from webui.library.shelves import Sought, beside, missing

_CLIP_WORDS = "text_model.embeddings.token_embedding.weight"
_T5_WORDS = ("shared.weight", "encoder.embed_tokens.weight")
_SIGHT = "visual."
"""In the names of a language model's half that sees."""


def part_beside(
    kinds: Kinds, family: str, info: ModelInfo, part: str, config: Mapping[str, Any]
) -> Source | None:
    """A part in a file of its own, or in two; None for one that may be left out.

    Raises:
        UserError: there is none.
    """
    sought = _sought(kinds, part, config)
    convert = kinds.file_names(part)
    if files := _own_files(kinds.languages.get(part), info, sought, config):
        return Source(files, tuple(file.name for file in files), "", config, convert)
    inside = FLOW_PARTS[family][part]

    def has(header: Header) -> bool:
        return sought.fits(_within(header, inside))

    whole = replace(sought, kind="checkpoint", fits=has, foreign=None)
    if file := beside(info, whole):
        return Source((file,), (file.name,), inside, config, convert)
    if part in kinds.optional:
        return None
    raise missing(info, sought)


def _sought(kinds: Kinds, part: str, config: Mapping[str, Any]) -> Sought:
    if part == "vae":
        fits = partial(_is_vae, vae=kinds.vae, config=config)
        return Sought(part, "vae", "VAE", fits, re.compile(kinds.vae.foreign))
    if part in kinds.clips:
        title = "CLIP-G (clip_g)" if part == "text_encoder_2" else "CLIP-L (clip_l)"
        return Sought(part, "text_encoder", title, partial(_is_clip, config=config))
    if part in kinds.languages:
        language = kinds.languages[part]
        fits = partial(_is_language, language=language, config=config)
        return Sought(part, "text_encoder", language.title, fits)
    return Sought(part, "text_encoder", "T5 (t5xxl)", partial(_is_t5, config=config))


def _own_files(
    language: Language | None, info: ModelInfo, sought: Sought, config: Mapping[str, Any]
) -> tuple[Path, ...]:
    """The file of a part; of a language model that sees maybe two, as llama.cpp has them.

    Raises:
        UserError: what sees is missing beside the one that reads.
    """
    if file := beside(info, sought):
        return (file,)
    if language is None or not language.sees:
        return ()
    blind = partial(_is_language, language=replace(language, sees=False), config=config)
    words = beside(info, replace(sought, fits=blind))
    if words is None:
        return ()
    sees = Sought(
        f"{sought.part}_sight",
        sought.kind,
        f"{language.title}, mmproj",
        partial(_is_sight, config=config["vision_config"]),
    )
    sight = beside(info, sees)
    if sight is None:
        raise missing(info, sees)
    return words, sight


def _within(header: Header, prefix: str) -> Header:
    """Of a part in a file with all of them."""
    own = {
        name.removeprefix(prefix): shape
        for name, shape in header.shapes.items()
        if name.startswith(prefix)
    }
    return replace(header, shapes=own)


def _is_vae(header: Header, vae: Vae, config: Mapping[str, Any]) -> bool:
    """Whether a file holds that autoencoder, by the size of its first table."""
    found = (header.shapes.get(name, ()) for name in vae.input)
    return any(shape[1:2] == (config[vae.channels],) for shape in found)


def _is_clip(header: Header, config: Mapping[str, Any]) -> bool:
    """Whether a file holds that CLIP, by the width of its table of words."""
    return header.shapes.get(_CLIP_WORDS, ())[1:] == (config["hidden_size"],)


def _is_t5(header: Header, config: Mapping[str, Any]) -> bool:
    """Whether a file holds that T5, by its table of words: that of many languages has more."""
    own = any(name.startswith(T5_MARK) for name in header.shapes)  # a language model's is alike
    words = (*_T5_WORDS, *((GGUF_WORDS,) if own else ()))
    table = (config["vocab_size"], config["d_model"])
    return any(header.shapes.get(name) == table for name in words)


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
