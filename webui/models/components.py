"""The parts of a model that is a rectified flow, from a diffusers folder or from single files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers.loaders.single_file_utils import convert_ldm_vae_checkpoint
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    T5Config,
    T5EncoderModel,
)

from webui.core.errors import UserError
from webui.core.offers import ModelInfo
from webui.library.weights import part_files, read_config
from webui.models.autoencoder import Autoencoder
from webui.models.checkpoint import WRONG_CONFIG, clip_names, read_tokenizer
from webui.models.devices import flow_dtype, t5_dtype
from webui.models.family import LoadProgress
from webui.models.flow import Shift
from webui.models.gguf_names import t5_name
from webui.models.language import Chat, LanguageEncoder, language_names, read_language_tokenizer
from webui.models.loading import Part, Tensors, fill, read_parts, without_weights
from webui.models.memory.turns import RAM
from webui.models.qwen_words import QWEN_WORDS
from webui.models.t5 import T5Encoder, read_t5_tokenizer
from webui.models.texts import Reading, TextEncoder

Make = Callable[[Mapping[str, Any]], Any]
"""A network of a config."""
Convert = Callable[[Tensors, Any], Tensors]
"""(tensors, network) -> the tensors by the network's own names."""


@dataclass(frozen=True)
class Source:
    """Where a part's weights and its config come from.

    Attributes:
        files: they may lie in several.
        shown: how errors name each.
        prefix: of the names that belong to the part.
        config: of the network.
        convert: to the network's names.
    """

    files: tuple[Path, ...]
    shown: tuple[str, ...]
    prefix: str
    config: Mapping[str, Any]
    convert: Convert


@dataclass(frozen=True)
class Components:
    """The parts of a model.

    Attributes:
        networks: by the name of their folder in the layout of diffusers.
        encoders: its text encoders, in the order of their folders.
    """

    networks: Mapping[str, Any]
    autoencoder: Autoencoder
    encoders: tuple[Any, ...]
    shift: Shift


@dataclass(frozen=True)
class Clip:
    """How a family reads a CLIP.

    Attributes:
        tokenizer: the folder of its tokenizer.
        projected: its pooled vector is the projected one.
    """

    tokenizer: str
    reading: Reading
    projected: bool = True


@dataclass(frozen=True)
class Language:
    """A language model that a family reads texts with.

    Attributes:
        tokenizer: the folder of its tokenizer.
        make: the network.
        chat: how it is read.
        title: how errors name it, with the usual name of its file.
        words: its tokenizer that ships with the program, for single files.
        names: to the network's names.
        sees: it sees pictures, too; that half may lie in a file of its own.
        encoder: (network, tokenizer, part, chat) -> what reads with it.
    """

    tokenizer: str
    make: Make
    chat: Chat
    title: str
    words: Path = QWEN_WORDS
    names: Convert = language_names
    sees: bool = False
    encoder: Callable[[Any, Any, str, Chat], Any] = LanguageEncoder


def _plain_vae(config: Mapping[str, Any]) -> Any:
    return AutoencoderKL.from_config(dict(config))


@dataclass(frozen=True)
class Vae:
    """The kind of autoencoder of a family.

    Attributes:
        make: the network.
        wrap: what the engine sees of it.
        names: of single files, to the network's; None: those of the first Stable Diffusion.
        input: the table of single files whose second size is the channels of latents, by its
            names in the layouts that there are.
        channels: what its config calls their number.
        foreign: what autoencoders of other families are called, whose headers look the same.
    """

    make: Make = _plain_vae
    wrap: Callable[[Any], Autoencoder] = Autoencoder
    names: Convert | None = None
    input: tuple[str, ...] = ("decoder.conv_in.weight",)
    channels: str = "latent_channels"
    foreign: str = r"sd_?3|qwen|wan"


@dataclass(frozen=True)
class Kinds:
    """Of what kind a family's parts are.

    Attributes:
        transformer: makes its network of a config.
        clips: its CLIPs by the name of the part.
        t5: the name of its T5, and the folder of its tokenizer.
        optional: parts that a model may lack.
        languages: its language models by the name of the part.
    """

    transformer: Make
    clips: Mapping[str, Clip]
    t5: tuple[str, str] | None = None
    optional: frozenset[str] = field(default=frozenset())
    languages: Mapping[str, Language] = field(default_factory=dict[str, Language])
    vae: Vae = field(default=Vae())

    @property
    def parts(self) -> Sequence[str]:
        own = (*self.clips, *(self.t5[:1] if self.t5 else ()), *self.languages)
        return ("transformer", "vae", *own)

    def names(self, part: str) -> Convert:
        """What turns names that diffusers and transformers saved into the network's own."""
        if part == "vae" and self.vae.names is not None:
            return self.vae.names
        return self.languages[part].names if part in self.languages else folder_names

    def file_names(self, part: str) -> Convert:
        """What turns names of single files into the network's own."""
        return (self.vae.names or vae_names) if part == "vae" else self.names(part)


def folder_sources(kinds: Kinds, info: ModelInfo) -> dict[str, Source]:
    """The parts of a diffusers folder.

    Raises:
        UserError: one is missing or damaged.
    """
    folder = Path(info.path)
    sources: dict[str, Source] = {}
    for part in kinds.parts:
        files = part_files(folder, part)
        if not files:
            if part in kinds.optional:
                continue
            raise UserError("model_part_missing", file=folder.name, part=part)
        shown = tuple(f"{folder.name}/{part}/{file.name}" for file in files)
        config = read_config(folder / part / "config.json", f"{folder.name}/{part}/config.json")
        sources[part] = Source(files, shown, "", config, kinds.names(part))
    return sources


def load_components(
    kinds: Kinds,
    info: ModelInfo,
    sources: Mapping[str, Source],
    tokenizers: Callable[[str], Path],
    shift: Shift,
    device: torch.device,
    progress: LoadProgress,
) -> Components:
    """Read a model into the machine's memory.

    Args:
        sources: of its parts.
        device: that it is to run on, which decides its precision.
        tokenizers: (folder in the layout of diffusers) -> where that tokenizer lies.

    Raises:
        UserError: a part is cut off, damaged or does not fit its description.
    """
    shown = Path(info.path).name
    networks = {part: _network(kinds, part, one, shown) for part, one in sources.items()}
    encoders = _tokenizers(kinds, sources, tokenizers, shown)
    read: dict[str, Tensors] = {}
    dtypes = {part: _dtype(part, device) for part in sources}
    stay = sources.keys() - {"vae", *kinds.clips}  # the large ones
    files = {
        f"{part}/{number}": Part(path, shown, source.prefix, dtypes[part], part in stay)
        for part, source in sources.items()
        for number, (path, shown) in enumerate(zip(source.files, source.shown, strict=True))
    }
    for name, tensors in read_parts(files, RAM, progress):
        part, number = name.split("/")
        read.setdefault(part, {}).update(tensors)
        source = sources[part]
        if int(number) == len(source.files) - 1:
            given = read.pop(part)
            plain = {key.removeprefix(source.prefix): given[key] for key in given}
            storage = info.card.storage if part in stay else None
            fill(networks[part], source.convert(plain, networks[part]), source.shown[0], storage)
    made = tuple(make(networks[part]) for part, make in encoders.items())
    return Components(networks, kinds.vae.wrap(networks["vae"]), made, shift)


def folder_names(tensors: Tensors, network: Any) -> Tensors:
    """Names as saved by any version of diffusers and transformers to those of this one."""
    if isinstance(network, CLIPTextModel | CLIPTextModelWithProjection):
        return clip_names(tensors, network)
    if isinstance(network, T5EncoderModel):
        return t5_names(tensors)
    return tensors


def vae_names(tensors: Tensors, network: Any) -> Tensors:
    """An autoencoder's weights as the first Stable Diffusion's code names them, or diffusers."""
    if any(".mid_block." in name for name in tensors):
        return tensors
    converted = convert_ldm_vae_checkpoint(tensors, network.config)
    return {name: value for name, value in converted.items() if value is not None}


def t5_names(tensors: Tensors) -> Tensors:
    """The encoder's alone; the table of words is there twice, as one."""
    named = {t5_name(name): value for name, value in tensors.items()}
    kept = {name: value for name, value in named.items() if not name.startswith("decoder.")}
    kept.pop("lm_head.weight", None)
    words = kept.get("shared.weight", kept.get("encoder.embed_tokens.weight"))
    if words is not None:
        kept["shared.weight"] = kept["encoder.embed_tokens.weight"] = words
    return kept


def _network(kinds: Kinds, part: str, source: Source, shown: str) -> Any:
    try:
        with without_weights():
            return make(kinds, part)(source.config)
    except (*WRONG_CONFIG, RuntimeError) as error:
        raise UserError("model_damaged", file=f"{shown}/{part}/config.json") from error


def make(kinds: Kinds, part: str) -> Make:
    if part == "transformer":
        return kinds.transformer
    if part == "vae":
        return kinds.vae.make
    if part in kinds.languages:
        return kinds.languages[part].make
    if part in kinds.clips:
        kind = CLIPTextModelWithProjection if kinds.clips[part].projected else CLIPTextModel
        return lambda config: kind(CLIPTextConfig.from_dict(dict(config)))
    return lambda config: T5EncoderModel(T5Config.from_dict(dict(config)))


def _tokenizers(
    kinds: Kinds, sources: Mapping[str, Source], find: Callable[[str], Path], shown: str
) -> dict[str, Callable[[Any], Any]]:
    """By part: what makes a text encoder of its network; read before the weights are."""
    found: dict[str, Callable[[Any], Any]] = {}
    for part in sorted(set(sources) - {"transformer", "vae"}):
        clip = kinds.clips.get(part)
        if clip is not None:
            words = read_tokenizer(find(clip.tokenizer), shown)
            found[part] = _clip_maker(words, clip.reading, part)
        elif part in kinds.languages:
            language = kinds.languages[part]
            tokenizer = read_language_tokenizer(find(language.tokenizer), shown)
            found[part] = _language_maker(tokenizer, part, language)
        elif kinds.t5:
            pieces = read_t5_tokenizer(find(kinds.t5[1]), shown)
            found[part] = _t5_maker(pieces, part)
    return found


def _clip_maker(words: Any, reading: Reading, part: str) -> Callable[[Any], Any]:
    return lambda network: TextEncoder(network, words, reading, part)


def _t5_maker(pieces: Any, part: str) -> Callable[[Any], Any]:
    return lambda network: T5Encoder(network, pieces, part)


def _language_maker(tokenizer: Any, part: str, language: Language) -> Callable[[Any], Any]:
    return lambda network: language.encoder(network, tokenizer, part, language.chat)


def _dtype(part: str, device: torch.device) -> torch.dtype:
    return t5_dtype(device) if part.startswith("text") else flow_dtype(device)
