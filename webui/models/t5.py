"""Prompts to embeddings: T5, which reads a whole text at once, with A1111's brackets.

Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text
transformer", 2020.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import T5EncoderModel

from webui.core.errors import UserError
from webui.models.emphasis import Emphasis
from webui.models.language import tokenizer_of
from webui.prompt.attention import Span, read_attention

REMEMBERED = 16
"""Texts kept of those read last; one is up to 512 tokens, eight megabytes of T5-XXL."""

T5_WORDS = Path(__file__).parent / "configs" / "t5"
"""The tokenizer that ships: no single file of a model holds it."""

_TOKENIZER = "tokenizer.json"
_END, _PADDING = 1, 0
"""T5's own: every model of this kind has them there."""


class T5Encoder:
    """T5 and its tokenizer.

    A weighted text is read word for word as without weights; then each token is multiplied by its
    weight. A mean is not restored as with CLIP: T5's is near 0, and to divide by it would tear
    the text apart.
    """

    def __init__(self, model: T5EncoderModel, tokenizer: Tokenizer, part: str) -> None:
        """Read nothing yet.

        Args:
            part: its name among the parts of a model.
        """
        self.model = model
        self.part = part
        self._tokenizer = tokenizer
        self._remembered: OrderedDict[tuple[str, int, Emphasis], Tensor] = OrderedDict()

    @property
    def width(self) -> int:
        return self.model.config.d_model

    def forget(self) -> None:
        """Forget what was read: the weights have changed."""
        self._remembered.clear()

    def encode(self, text: str, length: int, emphasis: Emphasis = "Original") -> Tensor:
        """(length, width) float32; what is longer is cut off, what is shorter filled up.

        Raises:
            UserError: a weight in the text is no number.
        """
        key = text, length, emphasis
        if key not in self._remembered:
            self._remembered[key] = self._encode(text, length, emphasis)
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(key)
        return self._remembered[key]

    def encode_bare(self, text: str, length: int, emphasis: Emphasis = "Original") -> Tensor:
        """(n, width) float32: the text, its end and one token of padding, at most `length`.

        The text is read as if the padding were not there; the padding sees the text.

        Raises:
            UserError: a weight in the text is no number.
        """
        ids, weights = self._tokens(text, length - 1, emphasis)
        row = [*ids, _END, _PADDING][:length]
        tokens = torch.tensor([row], device=self.model.device)
        mask = torch.ones_like(tokens)
        mask[:, len(ids) + 1 :] = 0
        encoded = self.model(input_ids=tokens, attention_mask=mask).last_hidden_state[0].float()
        if emphasis in ("None", "Ignore") or set(weights) <= {1.0}:
            return encoded
        more = len(row) - len(weights)
        return encoded * torch.tensor([*weights, *[1.0] * more], device=encoded.device)[:, None]

    def _encode(self, text: str, length: int, emphasis: Emphasis) -> Tensor:
        ids, weights = self._tokens(text, length - 1, emphasis)
        more = length - len(ids) - 1
        tokens = torch.tensor([[*ids, _END, *[_PADDING] * more]], device=self.model.device)
        encoded = self.model(input_ids=tokens).last_hidden_state[0].float()
        if emphasis in ("None", "Ignore") or set(weights) <= {1.0}:
            return encoded
        rows = torch.tensor([*weights, *[1.0] * (more + 1)], device=encoded.device)
        return encoded * rows[:, None]

    def _tokens(self, text: str, most: int, emphasis: Emphasis) -> tuple[list[int], list[float]]:
        valid = text.encode(errors="replace").decode()  # half a surrogate pair is no text
        spans = [Span(valid, 1.0)] if emphasis == "None" else read_attention(valid)
        ids: list[int] = []
        weights: list[float] = []
        for span in spans:
            if span.is_break:
                continue
            found = self._tokenizer.encode(span.text, add_special_tokens=False).ids
            ids += found
            weights += [span.weight] * len(found)
        return ids[:most], weights[:most]


def read_t5_tokenizer(folder: Path, shown: str) -> Tokenizer:
    """T5's tokenizer from a folder's `tokenizer.json`.

    Args:
        shown: how errors name the model.

    Raises:
        UserError: it is missing or damaged.
    """
    file = folder / _TOKENIZER
    if not file.is_file():
        raise UserError("model_part_missing", file=shown, part=f"{folder.name}/{_TOKENIZER}")
    return tokenizer_of(file, f"{shown}/{folder.name}/{_TOKENIZER}")
