"""Prompts to embeddings: CLIP, chunk by chunk, with A1111's emphasis."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from webui.core.errors import UserError
from webui.core.participants import Embedding
from webui.models.emphasis import Emphasis, emphasise
from webui.prompt.attention import Span, read_attention
from webui.prompt.chunks import Chunk, Vocabulary, make_chunks

REMEMBERED = 256
"""Chunks kept of the texts read last; one is 77 tokens, a quarter of a megabyte for CLIP-L."""

_COMMA = ",</w>"

_Key = tuple[tuple[str, ...], int, Emphasis]


class TextEncoder:
    """One CLIP text model and its tokenizer."""

    def __init__(self, model: CLIPTextModel, tokenizer: CLIPTokenizer) -> None:
        self.model = model
        self.tokenizer = tokenizer
        ids = tokenizer.get_vocab()
        special = (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token)
        start, end, padding = (ids[str(token)] for token in special)
        self._vocabulary = Vocabulary(self._tokenize, start, end, padding, ids.get(_COMMA, -1))
        self._remembered: OrderedDict[_Key, list[Embedding]] = OrderedDict()

    def encode(
        self, texts: Sequence[str], clip_skip: int = 1, emphasis: Emphasis = "Original"
    ) -> list[Embedding]:
        """Read texts; shorter ones are filled up with empty chunks to the length of the longest.

        Args:
            clip_skip: 1 reads the last layer, 2 the one before, …; the final norm is applied to
                each.

        Raises:
            UserError: a weight in a text is no number, or there are fewer layers than that.
        """
        key = (tuple(texts), clip_skip, emphasis)
        if key not in self._remembered:
            self._remember(key, self._encode(texts, clip_skip, emphasis))
        self._remembered.move_to_end(key)
        return list(self._remembered[key])

    def _remember(self, key: _Key, embeddings: list[Embedding]) -> None:
        self._remembered[key] = embeddings
        while len(self._remembered) > 1 and self._size() > REMEMBERED:
            self._remembered.popitem(last=False)

    def _size(self) -> int:
        """Chunks remembered."""
        kept = (one for embeddings in self._remembered.values() for one in embeddings)
        return sum(len(one.tokens) // self._context for one in kept)

    @property
    def _context(self) -> int:
        return self.model.config.max_position_embeddings

    def _tokenize(self, text: str) -> list[int]:
        valid = text.encode(errors="replace").decode()  # half a surrogate pair is no text
        return self.tokenizer(valid, add_special_tokens=False, verbose=False)["input_ids"]

    def _encode(self, texts: Sequence[str], clip_skip: int, emphasis: Emphasis) -> list[Embedding]:
        layers = self.model.config.num_hidden_layers
        if clip_skip > layers:
            raise UserError("clip_skip", "clip_skip", value=clip_skip, layers=layers)
        chunked = [self._chunks(text, emphasis) for text in texts]
        longest = max(map(len, chunked))
        empty = self._chunks("", emphasis)
        padded = [chunks + empty * (longest - len(chunks)) for chunks in chunked]
        columns = [
            self._encode_column([chunks[place] for chunks in padded], clip_skip, emphasis)
            for place in range(longest)
        ]
        return [Embedding(tokens) for tokens in torch.cat(columns, dim=1)]

    def _chunks(self, text: str, emphasis: Emphasis) -> list[Chunk]:
        spans = [Span(text, 1.0)] if emphasis == "None" else read_attention(text)
        return list(make_chunks(spans, self._vocabulary).chunks)

    def _encode_column(self, chunks: Sequence[Chunk], clip_skip: int, emphasis: Emphasis) -> Tensor:
        """Chunks at the same place of several texts: (texts, 77, width) float32."""
        tokens = torch.tensor([chunk.tokens for chunk in chunks], device=self.model.device)
        weights = torch.tensor([chunk.weights for chunk in chunks], device=self.model.device)
        layers = self.model(input_ids=tokens, output_hidden_states=True).hidden_states
        encoded = self.model.final_layer_norm(layers[-clip_skip])
        return emphasise(encoded.float(), weights, emphasis)
