"""Prompts to embeddings: CLIP, chunk by chunk, with A1111's emphasis."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from webui.core.errors import UserError
from webui.core.participants import Embedding
from webui.models.emphasis import Emphasis, emphasise
from webui.prompt.attention import Span, read_attention
from webui.prompt.chunks import Chunk, Vocabulary, make_chunks

REMEMBERED = 256
"""Chunks kept of the texts read last; one is 77 tokens, a quarter of a megabyte for CLIP-L."""

_COMMA = ",</w>"

_Key = tuple[tuple[str, ...], int, Emphasis]


@dataclass(frozen=True)
class Reading:
    """How a family was trained to read its text encoder.

    Attributes:
        skip: the least clip skip, 2 where it was trained on the layer before the last.
        left_out: how many of the last layers are not there, since nothing ever reads them.
        norm: whether the final norm is applied to the layer.
        padding: id of the token that fills a chunk up; None for the end token.
        pooler: the pooled vector is the end token's, without a projection.
    """

    skip: int = 1
    left_out: int = 0
    norm: bool = True
    padding: int | None = None
    pooler: bool = False


class TextEncoder:
    """One CLIP text model and its tokenizer; with a projection it gives pooled vectors too."""

    def __init__(
        self,
        model: CLIPTextModel | CLIPTextModelWithProjection,
        tokenizer: CLIPTokenizer,
        reading: Reading = Reading(),
        part: str = "text_encoder",
    ) -> None:
        self.model = model
        self.part = part
        self.tokenizer = tokenizer
        self._reading = reading
        projected = isinstance(model, CLIPTextModelWithProjection)
        transformer = model.text_model if projected else model
        self._norm = transformer.final_layer_norm
        self._embedding = transformer.embeddings.token_embedding
        ids = tokenizer.get_vocab()
        start, end = ids[str(tokenizer.bos_token)], ids[str(tokenizer.eos_token)]
        padding = end if reading.padding is None else reading.padding
        self._vocabulary = Vocabulary(self._tokenize, start, end, padding, ids.get(_COMMA, -1))
        self._remembered: OrderedDict[_Key, list[Embedding]] = OrderedDict()
        self._learned: Mapping[str, Tensor] = {}

    def encode(
        self, texts: Sequence[str], clip_skip: int = 1, emphasis: Emphasis = "Original"
    ) -> list[Embedding]:
        """Read texts; shorter ones are filled up with empty chunks to the length of the longest.

        Args:
            clip_skip: 1 reads the last layer, 2 the one before, …; less than the family was
                trained with is read as that.

        Raises:
            UserError: a weight in a text is no number, or there are fewer layers than that.
        """
        key = (tuple(texts), clip_skip, emphasis)
        if key not in self._remembered:
            self._remember(key, self._encode(texts, clip_skip, emphasis))
        self._remembered.move_to_end(key)
        return list(self._remembered[key])

    def learn(self, words: Mapping[str, Tensor]) -> None:
        """Read these names as these vectors (n, width) from now on, and no others."""
        same = words.keys() == self._learned.keys()
        if same and all(words[name] is self._learned[name] for name in words):
            return
        self._learned = dict(words)
        lengths = {name: len(vectors) for name, vectors in words.items()}
        self._vocabulary = replace(self._vocabulary, embeddings=lengths)
        self.forget()

    def names_in(self, text: str, names: Collection[str]) -> set[str]:
        """Which names would be read as vectors in a text if all of them were learned."""
        vocabulary = replace(self._vocabulary, embeddings=dict.fromkeys(names, 1))
        chunks = make_chunks(read_attention(text), vocabulary).chunks
        return {name for chunk in chunks for _, name in chunk.embeddings}

    def forget(self) -> None:
        """Forget what was read: the weights have changed."""
        self._remembered.clear()

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
        layers = self.model.config.num_hidden_layers + self._reading.left_out
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
        tokens = torch.cat([column for column, _ in columns], dim=1)
        pooled = columns[0][1]
        if pooled is None:
            return [Embedding(one) for one in tokens]
        return [Embedding(one, its) for one, its in zip(tokens, pooled, strict=True)]

    def _chunks(self, text: str, emphasis: Emphasis) -> list[Chunk]:
        spans = [Span(text, 1.0)] if emphasis == "None" else read_attention(text)
        return list(make_chunks(spans, self._vocabulary).chunks)

    def _encode_column(
        self, chunks: Sequence[Chunk], clip_skip: int, emphasis: Emphasis
    ) -> tuple[Tensor, Tensor | None]:
        """Chunks at the same place of several texts.

        Returns:
            (texts, 77, width) and, where there is a projection, (texts, pooled width); float32.
        """
        tokens = torch.tensor([chunk.tokens for chunk in chunks], device=self.model.device)
        with self._with_learned(chunks):
            output = self.model(input_ids=tokens, output_hidden_states=True)
        place = max(clip_skip, self._reading.skip) - self._reading.left_out
        encoded = output.hidden_states[-place]
        if self._reading.norm:
            encoded = self._norm(encoded)
        pooled = getattr(output, "text_embeds", None)
        if self._reading.pooler:
            pooled = output.pooler_output
        rows = [chunk.weights for chunk in chunks]
        # only now: the model may have come to its device just before
        weights = torch.tensor(rows, device=encoded.device)
        emphasised = emphasise(encoded.float(), weights, emphasis)
        return emphasised, None if pooled is None else pooled.float()

    @contextmanager
    def _with_learned(self, chunks: Sequence[Chunk]) -> Iterator[None]:
        """Learned vectors take their places when the encoder looks up its tokens."""
        if not any(chunk.embeddings for chunk in chunks):
            yield
            return

        def place(module: Any, tokens: Any, looked_up: Tensor) -> Tensor:
            looked_up = looked_up.clone()
            for row, chunk in enumerate(chunks):
                for offset, name in chunk.embeddings:
                    vectors = self._learned[name].to(looked_up)
                    looked_up[row, 1 + offset : 1 + offset + len(vectors)] = vectors
            return looked_up

        handle = self._embedding.register_forward_hook(place)
        try:
            yield
        finally:
            handle.remove()
