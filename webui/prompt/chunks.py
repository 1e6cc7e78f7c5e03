"""Prompts longer than the text encoder reads: chunks of 75 tokens, cut at commas if possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from webui.prompt.attention import Span

CHUNK = 75
BACKTRACK = 20
"""How many tokens may move to the next chunk so that it begins after a comma."""


@dataclass(frozen=True)
class Vocabulary:
    """What is needed of a tokenizer.

    Attributes:
        tokenize: text -> token ids, without start and end.
        start, end, padding: ids around and behind a chunk.
        comma: id of the token `,</w>`.
        embeddings: name of each learned embedding -> how many vectors, so tokens, it fills.
    """

    tokenize: Callable[[str], list[int]]
    start: int
    end: int
    padding: int
    comma: int
    embeddings: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Chunk:
    """What the encoder reads at once.

    Attributes:
        tokens: ids, start and end among them: 77, more only for an embedding that is longer.
            Where a learned embedding goes they are 0.
        weights: one for each token.
        embeddings: (offset, name): the vectors take the places from 1 + offset on.
    """

    tokens: tuple[int, ...]
    weights: tuple[float, ...]
    embeddings: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Chunks:
    """A whole text; `token_count` is the length so far, full chunks counting as full."""

    chunks: tuple[Chunk, ...]
    token_count: int

    @property
    def room(self) -> int:
        """How many tokens fit before one more chunk is needed."""
        return CHUNK * max(1, -(-self.token_count // CHUNK))


def make_chunks(
    spans: Sequence[Span], vocabulary: Vocabulary, backtrack: int = BACKTRACK
) -> Chunks:
    """Cut a text (from `read_attention`) into chunks, as A1111 does."""
    maker = _Maker(vocabulary, backtrack)
    for span in spans:
        if span.is_break:
            maker.finish_chunk()
        else:
            maker.add(vocabulary.tokenize(span.text), span.weight)
    if maker.tokens or not maker.chunks:
        maker.finish_chunk(last=True)
    return Chunks(tuple(maker.chunks), maker.token_count)


class _Maker:
    """Fills one chunk after the other."""

    def __init__(self, vocabulary: Vocabulary, backtrack: int) -> None:
        self.vocabulary = vocabulary
        self.backtrack = backtrack
        self.known = _by_tokens(vocabulary)
        self.chunks: list[Chunk] = []
        self.token_count = 0
        self._begin([], [], [])

    def _begin(
        self, tokens: list[int], weights: list[float], embeddings: list[tuple[int, str]]
    ) -> None:
        self.tokens, self.weights, self.embeddings = tokens, weights, embeddings
        self.last_comma: int | None = None

    def add(self, tokens: list[int], weight: float) -> None:
        position = 0
        while position < len(tokens):
            token = tokens[position]
            if token == self.vocabulary.comma:
                self.last_comma = len(self.tokens)
            elif len(self.tokens) == CHUNK:
                self._cut_at_comma()
            if len(self.tokens) == CHUNK:
                self.finish_chunk()
            name, length = self._embedding_at(tokens, position)
            if name:
                self._place(name, weight)
            else:
                self.tokens.append(token)
                self.weights.append(weight)
            position += length

    def finish_chunk(self, last: bool = False) -> None:
        vocabulary, missing = self.vocabulary, max(0, CHUNK - len(self.tokens))
        self.token_count += len(self.tokens) if last else CHUNK
        padding = [vocabulary.padding] * missing
        tokens = (vocabulary.start, *self.tokens, vocabulary.end, *padding)
        weights = (1.0, *self.weights, 1.0, *[1.0] * missing)
        self.chunks.append(Chunk(tokens, weights, tuple(self.embeddings)))
        self._begin([], [], [])

    def _cut_at_comma(self) -> None:
        """End the full chunk after its last comma, if that is near; the rest begins the next."""
        if self.last_comma is None or CHUNK - self.last_comma > self.backtrack:
            return
        cut = self.last_comma + 1
        tokens, weights = self.tokens[cut:], self.weights[cut:]
        moved = [(offset - cut, name) for offset, name in self.embeddings if offset >= cut]
        self.tokens, self.weights = self.tokens[:cut], self.weights[:cut]
        self.embeddings = [place for place in self.embeddings if place[0] < cut]
        self.finish_chunk()
        self._begin(tokens, weights, moved)

    def _embedding_at(self, tokens: list[int], position: int) -> tuple[str, int]:
        """Name of the embedding that begins here (or none) and how many tokens its name has."""
        for ids, name in self.known.get(tokens[position], ()):
            if tokens[position : position + len(ids)] == ids:
                return name, len(ids)
        return "", 1

    def _place(self, name: str, weight: float) -> None:
        vectors = self.vocabulary.embeddings[name]
        if len(self.tokens) + vectors > CHUNK:
            self.finish_chunk()
        self.embeddings.append((len(self.tokens), name))
        self.tokens += [0] * vectors
        self.weights += [weight] * vectors


def _by_tokens(vocabulary: Vocabulary) -> dict[int, list[tuple[list[int], str]]]:
    """First token of a name -> the names that begin so, the longest first."""
    known: dict[int, list[tuple[list[int], str]]] = {}
    for name in vocabulary.embeddings:
        ids = vocabulary.tokenize(name)
        if ids:
            known.setdefault(ids[0], []).append((ids, name))
    for names in known.values():
        names.sort(key=lambda entry: -len(entry[0]))
    return known
