"""Models of architectures that extensions bring: told from the same headers as ours, after them.

What an extension says never changes what we read as a model of our own. It is not kept on disk with
what else headers tell, since extensions come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from webui.core.architectures import Architecture, Brought
from webui.core.errors import UserError
from webui.library.cards import CARDS
from webui.library.gguf import read_gguf
from webui.library.header import Shape
from webui.library.pickles import read_pickle
from webui.library.pipelines import GENERIC
from webui.library.places import PICKLES, Place
from webui.library.recognition import INDEX
from webui.library.telling import Model, Told, card_over
from webui.library.weights import read_config, read_header

Found = tuple[tuple[Place, Told], ...]


class Architectures:
    """Those that extensions bring, and the models there are of them."""

    def __init__(self, brought: Callable[[], Brought]) -> None:
        """Look at nothing yet.

        Args:
            brought: tells which there are at the moment.
        """
        self._brought = brought
        self._last: Brought = ()
        self._known: dict[Place, Told] = {}

    def now(self) -> Brought:
        """Which there are; the same object as long as they are the same. Ours are left out."""
        now = tuple(one for one in self._brought() if one[1].name not in CARDS)
        if now != self._last:
            self._last = now
            self._known = {}
        return self._last

    def told(self, found: Found, brought: Brought) -> Found:
        """What was found, with what extensions tell of models that are not ours."""
        if not brought:
            return found
        known = self._known
        told = tuple((at, known.get(at) or _told(at, one, brought)) for at, one in found)
        if brought is self._last:
            self._known = dict(told)
        return told


def _told(place: Place, told: Told, brought: Brought) -> Told:
    if not _is_open(place, told):
        return told
    try:
        wanted = _pipeline(place) if place.format == "diffusers" else _shapes(place)
    except UserError:
        return told
    for extension, one in brought:
        if _is(one, wanted) and _may_be(one, told):
            return _as(place, told, extension, one)
    return told


def _is_open(place: Place, told: Told) -> bool:
    """Whether it is readable, and nothing that we know how to use."""
    if told.problem is not None or told.definition is not None or place.format == "definition":
        return False
    if told.model is not None:
        return told.model.problem is not None or told.model.family == GENERIC
    return told.family is None or place.kind == "checkpoint"


def _may_be(one: Architecture, told: Told) -> bool:
    return one.kind == "checkpoint" or told.kind in (one.kind, "unknown")


def _pipeline(place: Place) -> str:
    index = read_config(place.path / INDEX, f"{place.path.name}/{INDEX}")
    return str(index.get("_class_name"))


def _shapes(place: Place) -> Mapping[str, Shape]:
    path, name = place.path, place.path.name
    if f".{place.format}" in PICKLES:
        return read_pickle(path, name).header.shapes
    if place.format == "gguf":
        return read_gguf(path, name).header.shapes
    return read_header(path, name).shapes


def _is(one: Architecture, found: str | Mapping[str, Shape]) -> bool:
    """Whether a pipeline of this name, or a file with these weights, is of an architecture."""
    if isinstance(found, str):
        return one.pipeline == found
    if not (one.marks or one.shapes):
        return False
    marked = all(_any_begins(found, mark) for mark in one.marks)
    return marked and all(_fits(found.get(name), want) for name, want in one.shapes.items())


def _any_begins(names: Iterable[str], mark: str) -> bool:
    return any(name.startswith(mark) for name in names)


def _fits(shape: Shape | None, wanted: Shape) -> bool:
    if shape is None or len(shape) != len(wanted):
        return False
    return all(want in (0, have) for have, want in zip(shape, wanted, strict=True))


def _as(place: Place, told: Told, extension: str, one: Architecture) -> Told:
    model = None
    if one.kind == "checkpoint":
        card = card_over(place.card, one.model_card)
        model = Model(family=one.name, card=card, extension=extension, sizes=one.sizes)
    return told.model_copy(update={"kind": one.kind, "family": one.name, "model": model})
