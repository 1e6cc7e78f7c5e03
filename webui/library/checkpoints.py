"""Checkpoints among the models that were found, and the names by which people ask for one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from webui.core.errors import Problem, UserError
from webui.core.offers import ModelInfo
from webui.library.entries import Listing, distinct, kind_of, plain
from webui.library.gguf import GGUF
from webui.library.places import PICKLE, PICKLES, Place
from webui.library.telling import Model, Told
from webui.library.weights import SUFFIX

_FORMATS = ("diffusers", "definition", SUFFIX[1:], PICKLE[1:], GGUF[1:])
"""Of checkpoints that may be loaded."""
_HASH_IN_BRACKETS = re.compile(r"\s*\[[0-9a-fA-F]+\]$")
_OLD_HASH = re.compile(r"[0-9a-f]{8}")
_OLD_HASH_OF = 0x100000, 0x10000
"""Begin and length of the bytes that it is of (A1111 until the end of 2022)."""


@dataclass(frozen=True)
class Moment:
    """What was known at one moment.

    Attributes:
        of: what it was made from; another one now means that it is to be made anew.
    """

    of: tuple[object, ...]
    models: tuple[tuple[Place, ModelInfo], ...]
    listing: Listing


def listed(found: Iterable[tuple[Place, Told]], shipped: Path) -> list[tuple[Place, ModelInfo]]:
    """The checkpoints, and whatever else lies among them with the reason why it is none, by name.

    Args:
        shipped: the model that came with the program.
    """
    here = [(place, told) for place, told in found if _may_draw(place, told)]
    names = distinct(place for place, _ in here)
    infos = [
        (place, _info(place, told, name, shipped))
        for (place, told), name in zip(here, names, strict=True)
    ]
    return sorted(infos, key=lambda entry: entry[1].id.casefold())


def named(models: Sequence[ModelInfo], name: str) -> ModelInfo | None:
    """The model that a name means; one that can be used before others of the same name.

    Args:
        name: id, title, file name or hash, also as A1111 has them: `file.safetensors [hash]`.
    """
    wanted = plain(name)
    for names in (_ids, _titles, _file_names, _hash):
        found = [info for info in models if wanted in names(info)]
        if found:
            return min(found, key=lambda info: info.problem is not None)
    shorter = _HASH_IN_BRACKETS.sub("", name)
    return named(models, shorter) if shorter != name else None


def preferred(models: Sequence[ModelInfo], wanted: str | None, home: Path) -> ModelInfo:
    """The default model: the wanted one, else the first that the user added, else the shipped one.

    Args:
        home: where models go, for the sentence.

    Raises:
        UserError: none can be used.
    """
    usable = [info for info in models if info.problem is None]
    chosen = named(usable, wanted) if wanted else None
    chosen = chosen or min(usable, key=lambda info: info.shipped, default=None)
    if chosen is None:
        raise UserError("no_model", "model", folder=str(home))
    return chosen


def named_by_old_hash(models: Iterable[ModelInfo], name: str) -> ModelInfo | None:
    """The model whose hash of eight digits stands in pictures of 2022; reads a piece of each."""
    wanted = name.strip().casefold()
    if not _OLD_HASH.fullmatch(wanted):
        return None
    files = (info for info in models if info.format != "diffusers" and info.problem is None)
    return next((info for info in files if _old_hash(Path(info.path)) == wanted), None)


def _may_draw(place: Place, told: Told) -> bool:
    """Whether it is a checkpoint, or lies where people put theirs."""
    if f".{place.format}" in PICKLES and told.kind == "checkpoint":
        return True
    is_one = kind_of(place, told) == "checkpoint" or place.kind == "checkpoint"
    return is_one and place.format in _FORMATS


def _info(place: Place, told: Told, name: str, shipped: Path) -> ModelInfo:
    model = told.model or Model(problem=_other_kind(place, told))
    return ModelInfo(
        id=name,
        path=str(place.path),
        format=place.format,
        bytes=place.bytes,
        shipped=place.path == shipped,
        **dict(model),
    )


def _other_kind(place: Place, told: Told) -> Problem:
    return UserError("model_other_kind", file=place.path.name, kind=told.kind).problem


def _ids(info: ModelInfo) -> set[str]:
    return {plain(info.id)}


def _titles(info: ModelInfo) -> set[str]:
    return {plain(title) for title in info.card.title.values()}


def _file_names(info: ModelInfo) -> set[str]:
    if info.definition:  # the path is its base's
        return set()
    path = Path(info.path)
    return {plain(name) for name in (path.name, path.stem, f"{info.id}{path.suffix}")}


def _hash(info: ModelInfo) -> set[str]:
    return {info.hash} if info.hash and not info.definition else set()


def _old_hash(path: Path) -> str | None:
    begin, length = _OLD_HASH_OF
    try:
        with path.open("rb") as file:
            file.seek(begin)
            return hashlib.sha256(file.read(length)).hexdigest()[:8]
    except OSError:
        return None
