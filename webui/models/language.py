"""Prompts to embeddings: language models, whose inner vectors newer families read.

They read a text as a chat message, whole; what is between brackets is read like the rest, since
the networks behind scale each token's vector to the same size anyway.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import MistralModel, Qwen2Tokenizer

from webui.core.errors import UserError
from webui.library.weights import read_config
from webui.models.emphasis import Emphasis
from webui.models.gguf_names import WORDS as GGUF_WORDS
from webui.models.gguf_names import language_tensors
from webui.models.loading import Tensors
from webui.models.mistral_words import MISTRAL_WORDS, mistral_tokenizer
from webui.models.qwen_words import QWEN_WORDS, qwen_tokenizer
from webui.prompt.attention import read_attention

REMEMBERED = 16
"""Texts kept of those read last; one is up to a thousand tokens, some ten megabytes."""

_BEGIN = re.compile(r"^(?:model\.)?(?:language_model\.)?(?:model\.)?")
"""What stands before the names of a language model's weights, alone or within a larger one."""
_OTHERS = ("lm_head.", "visual.", "vision_tower.", "multi_modal_projector.")
_NORM = "norm.weight"
WORDS = ("embed_tokens.weight", GGUF_WORDS)
"""How the names of its table of words end, in transformers and in GGUF."""
LAYER = re.compile(r"(?:(?:^|\.)layers|^blk)\.(\d+)\.")
"""The number of a layer in the names of its weights, in both."""
_LAYER = re.compile(r"blk\.(\d+)\.(\w+)\.(weight|bias)")
_LAYER = re.compile(r"layers\.(\d+)\.")


@dataclass(frozen=True)
class Chat:
    """How a family reads a language model.

    Attributes:
        before, after: what stands around the text.
        length: tokens at most, with what stands around.
        skip: tokens at the beginning that are read but not handed on.
        layers: whose vectors are handed on, side by side: 0 is before the first layer, -1 the
            last one with its norm.
        padding: shorter texts are filled up to `length` with this token, which the others do not
            see; None where they are not.
        left: they are filled up in front.
    """

    before: str
    after: str
    length: int
    skip: int = 0
    layers: tuple[int, ...] = (-1,)
    padding: str | None = None
    left: bool = False

    def depth(self, layers: int) -> int:
        """How many of a model's layers are read."""
        return max(self.layers) if min(self.layers) >= 0 else layers


class LanguageEncoder:
    """A language model and its tokenizer."""

    def __init__(self, model: Any, tokenizer: Tokenizer, part: str, chat: Chat) -> None:
        """Read nothing yet.

        Args:
            model: of transformers, without the head that guesses words.
            part: its name among the parts of a model.
        """
        self.model = model
        self.part = part
        self._tokenizer = tokenizer
        self._chat = chat
        self._remembered: OrderedDict[tuple[str, Emphasis], Tensor] = OrderedDict()

    @property
    def width(self) -> int:
        """Numbers a token."""
        return self.model.config.hidden_size * len(self._chat.layers)

    def forget(self) -> None:
        """Forget what was read: the weights have changed."""
        self._remembered.clear()

    def encode(self, text: str, emphasis: Emphasis = "Original") -> Tensor:
        """(n, width) float32."""
        key = text, emphasis
        if key not in self._remembered:
            self._remembered[key] = self._encode(plain(text, emphasis))
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(key)
        return self._remembered[key]

    def _encode(self, text: str) -> Tensor:
        chat = self._chat
        whole = f"{chat.before}{text}{chat.after}"
        ids = self._tokenizer.encode(whole, add_special_tokens=False).ids[: chat.length]
        mask = torch.ones(1, len(ids), dtype=torch.long)
        if chat.padding is not None:
            more = chat.length - len(ids)
            filling = [self._tokenizer.token_to_id(chat.padding)] * more
            ids = [*filling, *ids] if chat.left else [*ids, *filling]
            mask = torch.nn.functional.pad(mask, (more, 0) if chat.left else (0, more))
        device = self.model.device
        output = self.model(
            input_ids=torch.tensor([ids], device=device),
            attention_mask=mask.to(device),
            output_hidden_states=True,
            use_cache=False,
        )
        layers = [output.hidden_states[place][0, chat.skip :].float() for place in chat.layers]
        return torch.cat(layers, dim=-1)


def plain(text: str, emphasis: Emphasis = "Original") -> str:
    """A prompt's words without its brackets and their weights.

    Raises:
        UserError: a weight in the text is no number.
    """
    valid = text.encode(errors="replace").decode()  # half a surrogate pair is no text
    if emphasis == "None":
        return valid
    return "".join(" " if span.is_break else span.text for span in read_attention(valid))


def read_language_tokenizer(folder: Path, shown: str) -> Tokenizer:
    """A language model's tokenizer, from `tokenizer.json` or the two files of its words.

    Args:
        folder: that they lie in.
        shown: how errors name the model.

    Raises:
        UserError: it is missing or damaged.
    """
    shipped = {QWEN_WORDS: qwen_tokenizer, MISTRAL_WORDS: mistral_tokenizer}.get(folder)
    if shipped:
        return shipped()
    file = folder / "tokenizer.json"
    if file.is_file():
        return tokenizer_of(file, f"{shown}/{file.name}")
    for needed in ("vocab.json", "merges.txt"):
        if not (folder / needed).is_file():
            raise UserError("model_part_missing", file=shown, part=f"{folder.name}/{needed}")
    read_config(folder / "vocab.json", f"{shown}/{folder.name}/vocab.json")  # is it whole?
    found: Any = Qwen2Tokenizer.from_pretrained(folder, local_files_only=True)
    return found.backend_tokenizer


def tokenizer_of(file: Path, shown: str) -> Tokenizer:
    """From a `tokenizer.json`.

    Raises:
        UserError: it is damaged.
    """
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing more precise
        raise UserError("model_damaged", file=shown) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def shortened(make: Callable[[Any], Any], config: Any, layers: int) -> Any:
    """A language model without the layers, and the norm, that nothing reads.

    Args:
        config: of transformers, for the whole model.
    """
    if layers >= config.num_hidden_layers:
        return make(config)
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]
    network = make(config)
    network.norm = nn.Identity()
    return network


def language_names(tensors: Tensors, network: Any) -> Tensors:
    """Names as saved by any version of transformers, or by llama.cpp, to those of the text model
    alone."""
    kept: Tensors = {}
    for name, value in language_tensors(tensors, _turned(network)).items():
        own = _BEGIN.sub("", name)
        layer = _LAYER.match(own)
        beyond = layer is not None and int(layer[1]) >= network.config.num_hidden_layers
        if own == _NORM and isinstance(network.norm, nn.Identity):
            continue
        if not own.startswith(_OTHERS) and not beyond:
            kept[own] = value
    return kept


def _turned(network: Any) -> tuple[int, int] | None:
    """Heads of queries and keys of a model whose rows llama.cpp has in another order."""
    if not isinstance(network, MistralModel):
        return None
    return network.config.num_attention_heads, network.config.num_key_value_heads
