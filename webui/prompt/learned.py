"""Embeddings as ComfyUI names them, `embedding:name`: here the bare name means the same."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_NAME = r"(?=[\w./\\-]*[^\W\d])[\w./\\-]*\w"
"""With a letter in it, as `(embedding:1.2)` is a word and its weight."""
_NAMED = re.compile(rf"(?<![\w<])embedding:\s*({_NAME})", re.IGNORECASE)
_ENDINGS = (".safetensors", ".pt", ".bin")


def embeddings_in(prompt: str) -> list[str]:
    """The names that a prompt writes in ComfyUI's way, with their folders, without endings."""
    return [_without_ending(found[1]) for found in _NAMED.finditer(prompt)]


def with_bare_names(prompt: str) -> str:
    """The prompt with the names of files in place of that writing."""
    return _NAMED.sub(lambda found: PurePosixPath(_without_ending(found[1])).name, prompt)


def _without_ending(name: str) -> str:
    name = name.replace("\\", "/")
    ending = next((one for one in _ENDINGS if name.lower().endswith(one)), "")
    return name.removesuffix(name[len(name) - len(ending) :]) if ending else name
