"""Which models jobs need, so that none is deleted from under one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, cast

from pydantic import BaseModel

from webui.library.entries import Entry, plain

_LONGEST_NAME = 500
_MARK = re.compile(r"<\w+:([^:<>]+)")
"""How prompts name a LoRA."""


class Shelf(Protocol):
    """What is needed of the catalog (`webui.library.catalog.Catalog`)."""

    def find(self, kind: str, name: str) -> Entry | None: ...


def is_needed(entry: Entry, requests: Iterable[BaseModel], shelf: Shelf) -> bool:
    """Whether a model is named in any of some requests, as a value or in a prompt."""
    texts = {text for request in requests for text in _texts(request.model_dump())}
    if entry.kind == "embedding":
        word = re.escape(plain(entry.name.rpartition("/")[2]))
        if any(re.search(rf"(?<!\w){word}(?!\w)", plain(text)) for text in texts):
            return True
    found = (shelf.find(entry.kind, name) for name in {n for text in texts for n in _names(text)})
    return any(one is not None and entry.id in _made_of(one, shelf) for one in found)


def _made_of(found: Entry, shelf: Shelf) -> Iterator[str]:
    """Ids of a model and, of one that a file defines, of the model that it is made of."""
    yield found.id
    if found.format == "definition" and found.base:
        base = shelf.find("checkpoint", found.base)
        yield from [base.id] if base else []


def _names(text: str) -> Iterator[str]:
    if 0 < len(text) <= _LONGEST_NAME:
        yield text
    yield from (name.strip() for name in _MARK.findall(text))


def _texts(value: object) -> Iterator[str]:
    """All texts in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in cast(Mapping[str, Any], value).values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in cast(Iterable[Any], value):
            yield from _texts(one)
