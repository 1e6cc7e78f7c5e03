"""Textual inversion: words that a text encoder has learned, each one vector or several.

Gal et al., "An image is worth one word", 2022. As in A1111 the name of the file in a prompt means
its vectors: the longest name that fits counts, in any case of letters, and they take as many
places of a chunk of 75 tokens as they are.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from webui.core.errors import UserError
from webui.library.entries import Entry, Page
from webui.library.hashes import Stamp, stamp
from webui.library.weights import read_header
from webui.models.tensors import SAFE, read_pickled, read_some
from webui.prompt.chunks import CHUNK

KEPT = 256
"""Embeddings that are kept for the next prompt; one is some kilobytes."""

_KIND = "embedding"
_SHORT_HASH = 12
_PAIR = ("clip_l", "clip_g")
"""Those of SDXL's two text encoders, in their order."""


@dataclass(frozen=True, eq=False)
class LearnedWords:
    """What a name means; equal only to itself.

    Attributes:
        name: how prompts call it.
        vectors: (n, width) for each text encoder, in the order of their vectors.
    """

    name: str
    vectors: tuple[Tensor, ...]


class Learner(Protocol):
    """What is needed of a model (see `webui.models.family.Model`)."""

    def reads(self, words: LearnedWords) -> bool: ...

    def learn(self, words: Sequence[LearnedWords]) -> None: ...

    def names_in(self, texts: Sequence[str], names: Collection[str]) -> frozenset[str]: ...


class Shelf(Protocol):
    """What is needed of the catalog (`webui.library.catalog.Catalog`)."""

    def hashed(self, id: str) -> Entry: ...

    def entries(self, kind: str | None = None, *, limit: int | None = 100) -> Page: ...


def read_embedding(path: Path, name: str) -> LearnedWords:
    """Read a file of A1111's (`string_to_param`, `emb_params`), of diffusers' (`<token>`), or of
    SDXL's (`clip_l`, `clip_g`); `.safetensors`, or written by torch.

    Raises:
        UserError: it cannot be read, holds no vectors of one length, or too many.
    """
    held = _held(path)
    inner = held.get("string_to_param")
    if isinstance(inner, Mapping):
        held = inner
    tensors = {str(key): one for key, one in held.items() if isinstance(one, Tensor)}
    if set(_PAIR) <= tensors.keys():
        vectors = tuple(tensors[part] for part in _PAIR)
    elif len(tensors) == 1:
        vectors = tuple(tensors.values())
    else:
        raise UserError("embedding_none", "prompt", file=path.name)
    vectors = tuple(one[None] if one.dim() == 1 else one for one in vectors)
    if any(one.dim() != 2 for one in vectors) or len({len(one) for one in vectors}) != 1:
        raise UserError("embedding_none", "prompt", file=path.name)
    if not all(bool(one.float().isfinite().all()) for one in vectors):
        raise UserError("lora_not_a_number", "prompt", file=path.name)
    if not 0 < len(vectors[0]) <= CHUNK:
        count = len(vectors[0])
        raise UserError("embedding_long", "prompt", file=path.name, count=count, most=CHUNK)
    return LearnedWords(name, tuple(one.detach().clone() for one in vectors))


def _held(path: Path) -> Mapping[Any, Any]:
    if path.suffix.lower() in SAFE:
        return read_some(path, read_header(path, path.name).shapes)
    return read_pickled(path)


class Embeddings:
    """Those that prompts have named, read from their files and kept."""

    def __init__(self, shelf: Shelf) -> None:
        """Read nothing yet."""
        self._shelf = shelf
        self._kept: OrderedDict[Path, tuple[Stamp | None, LearnedWords]] = OrderedDict()

    def learn(self, model: Learner, texts: Sequence[str]) -> None:
        """Teach a model the embeddings that some texts name; those for other models are words.

        Raises:
            UserError: one is damaged.
        """
        model.learn([words for words, _ in self._meant(model, texts)])

    def values(self, model: Learner, texts: Sequence[str]) -> Mapping[str, str]:
        """A1111's `TI hashes`, for a picture's parameters."""
        hashes: dict[str, str] = {}
        for words, entry in self._meant(model, texts):
            if hash := self._hash(entry):
                hashes[words.name.replace(":", "").replace(",", "")] = hash[:_SHORT_HASH]
        text = ", ".join(f"{name}: {hash}" for name, hash in hashes.items())
        return {"TI hashes": text} if text else {}

    def _meant(self, model: Learner, texts: Sequence[str]) -> list[tuple[LearnedWords, Entry]]:
        named = self._named(texts)
        found = sorted(model.names_in(texts, list(named))) if named else ()
        read = ((self._read(named[name], name), named[name]) for name in found)
        return [(words, entry) for words, entry in read if model.reads(words)]

    def _named(self, texts: Iterable[str]) -> dict[str, Entry]:
        """Name -> embedding, of those whose names are somewhere in the texts' letters."""
        letters = "\n".join(map(_letters, texts))
        named: dict[str, Entry] = {}
        for entry in self._shelf.entries(_KIND, limit=None).entries:
            name = Path(entry.path).stem if entry.format != "diffusers" else entry.name
            if _letters(name) and _letters(name) in letters:
                named.setdefault(name, entry)
        return named

    def _read(self, entry: Entry, name: str) -> LearnedWords:
        if entry.problem is not None:
            raise UserError(entry.problem.code, "prompt", **entry.problem.values)
        path, now = Path(entry.path), stamp(Path(entry.path))
        known = self._kept.get(path)
        if known is None or known[0] != now or known[1].name != name:
            self._kept[path] = now, read_embedding(path, name)
        self._kept.move_to_end(path)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[path][1]

    def _hash(self, entry: Entry) -> str | None:
        try:
            return self._shelf.hashed(entry.id).sha256
        except UserError:
            return None  # gone since it was read


def _letters(text: str) -> str:
    """A text without what tells two writings of the same tokens apart, and without escapes."""
    return "".join(unicodedata.normalize("NFC", text).lower().replace("\\", "").split())
