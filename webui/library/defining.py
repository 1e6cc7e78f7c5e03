"""The models that files define, put together from the models that are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from webui.core.offers import ModelInfo
from webui.library.checkpoints import named
from webui.library.definitions import (
    Definition,
    Missing,
    missing_base,
    missing_loras,
    resolved,
)
from webui.library.entries import SHORT_HASH
from webui.library.index import Hashed
from webui.library.places import Place
from webui.library.presets import OwnPresets, with_own
from webui.library.telling import Model, Told

Pairs = Sequence[tuple[Place, ModelInfo]]


class Named(Protocol):
    """What is needed of the list of all models (`webui.library.entries.Listing`)."""

    def find(self, kind: str, name: str) -> object | None: ...


@dataclass(frozen=True)
class Defined:
    """All checkpoints.

    Attributes:
        models: in their order; those that are defined lie where their base does.
        by_place: what the files define.
    """

    models: Pairs
    by_place: Mapping[Place, ModelInfo] = field(default_factory=dict[Place, ModelInfo])

    @property
    def any(self) -> bool:
        return bool(self.by_place)

    def told(self, found: Iterable[tuple[Place, Told]]) -> Iterator[tuple[Place, Told]]:
        """What is told of everything, of definitions what their models are."""
        for place, told in found:
            info = self.by_place.get(place)
            if info is not None:
                of = {name: getattr(info, name) for name in Model.model_fields}
                told = told.model_copy(update={"model": Model(**of), "family": info.family})
            yield place, told


def defined(
    models: Pairs, found: Iterable[tuple[Place, Told]], listing: Named, all_read: bool
) -> Defined:
    """Each definition as the model that it defines.

    Args:
        models: all checkpoints, definitions among them.
        found: what is told of everything.
        listing: to look LoRAs up.
        all_read: whether all LoRAs are known; before, none is missed.
    """
    said = {place: told.definition for place, told in found if told.definition}
    if not said:
        return Defined(models)
    bases = [(place, info) for place, info in models if place not in said]
    infos = [info for _, info in bases]
    places = {info.id: place for place, info in bases}

    def is_there(name: str) -> bool:
        return not all_read or listing.find("lora", name) is not None

    whole: list[tuple[Place, ModelInfo]] = []
    by_place: dict[Place, ModelInfo] = {}
    for place, info in models:
        definition = said.get(place)
        if definition is not None:
            base = named(infos, definition.base)
            info = resolved(definition, info, base, missing_loras(definition, is_there))
            by_place[place] = info
            place = places[base.id] if base else place
        whole.append((place, info))
    return Defined(whole, by_place)


def completed(
    models: Pairs, hashed: Callable[[Place], Hashed | None], own: OwnPresets | None = None
) -> tuple[tuple[Place, ModelInfo], ...]:
    """The models with the hashes that are known, and with the user's presets."""

    def one(place: Place, info: ModelInfo) -> ModelInfo:
        known = hashed(place)
        short = known.sha256[:SHORT_HASH] if known else None
        card = with_own(info.card, info.id, info.family, own or {})
        return info.model_copy(update={"hash": short, "card": card})

    return tuple((place, one(place, info)) for place, info in models)


def missing_of(
    definition: Definition, models: Sequence[ModelInfo], listing: Named
) -> tuple[Missing, ...]:
    """What a definition needs that is not there."""
    infos = [info for info in models if not info.definition]
    base = () if named(infos, definition.base) else (missing_base(definition),)
    loras = missing_loras(definition, lambda name: listing.find("lora", name) is not None)
    return (*base, *loras)
