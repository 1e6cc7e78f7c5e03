"""What a name on the net leads to: files, and words about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from webui.core.download import Precision
from webui.core.kinds import ModelKind
from webui.library.fetching import Wanted

Ask = Callable[[str], Mapping[str, Any]]
"""The object of JSON at an address; raises UserError."""


@dataclass(frozen=True)
class Choice:
    """What the user would rather have.

    Attributes:
        precision: where there are several.
        pickles: take files that could run code when they are loaded.
    """

    precision: Precision = "fp16"
    pickles: bool = False


@dataclass(frozen=True)
class Item:
    """A file to fetch.

    Attributes:
        path: its place in the folder of a model that is one.
        weights: whether it is one of weights, and not of words.
    """

    wanted: Wanted
    path: str
    weights: bool = True


@dataclass(frozen=True)
class Found:
    """A model.

    Attributes:
        name: what it may be called; None: as the server does when it sends the file.
        folder: whether it is a folder and not a single file.
        kind: of models that a folder is.
        card: what our own card beside it says.
        civitai: what civitai says of it, as its helpers keep it.
        preview: address of a picture.
    """

    items: tuple[Item, ...]
    name: str | None = None
    folder: bool = False
    kind: ModelKind = "checkpoint"
    card: Mapping[str, Any] = field(default_factory=dict[str, Any])
    civitai: Mapping[str, Any] | None = None
    preview: str | None = None


def objects(value: object) -> list[Mapping[str, Any]]:
    """The objects in a list of JSON; none where it is no list."""
    found = cast(list[Any], value) if isinstance(value, list) else []
    return [cast(Mapping[str, Any], one) for one in found if isinstance(one, dict)]


def inside(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object in an object; an empty one where there is none."""
    found: object = value.get(name)
    return cast(Mapping[str, Any], found) if isinstance(found, dict) else {}


def words(value: object) -> str:
    """A text; an empty one where it is none."""
    return value if isinstance(value, str) else ""


def digest(value: object) -> str | None:
    """A SHA-256; None where it is none."""
    text = words(value).lower().removeprefix("sha256:")
    return text if len(text) == 64 and not set(text) - set("0123456789abcdef") else None
