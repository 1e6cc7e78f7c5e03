"""Options of extensions in a picture's parameters: `name field: value`, as A1111 writes them.

Only what differs from its default is said, and only plain values. An extension whose participant
says itself what it did is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from webui.core.guarding import Watched
from webui.core.hookspecs import Panel
from webui.core.participants import Participant

Said = Mapping[str, Mapping[str, str]]
"""Extension -> key -> text."""


class Telling(Participant):
    """Says what was chosen."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def parameters(self) -> Mapping[str, str]:
        return self._texts


def said(name: str, model: type[BaseModel], values: Mapping[str, Any]) -> dict[str, str]:
    """What parameters say of the values of an extension's panel; nothing if they do not fit."""
    try:
        chosen, usual = model.model_validate(values), model()
    except ValidationError:
        return {}
    texts: dict[str, str] = {}
    for field in model.model_fields:
        value = getattr(chosen, field)
        if value != getattr(usual, field) and isinstance(value, bool | int | float | str):
            texts[f"{name} {field}"] = str(value)
    return texts


def said_of(
    panels: Iterable[tuple[str, Panel]], given: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Extension -> what the parameters of pictures say of its options."""
    return {name: said(name, one.options, given[name]) for name, one in panels if name in given}


def understood(
    name: str, model: type[BaseModel], parameters: Mapping[str, str]
) -> dict[str, Any] | None:
    """The values that parameters tell of, the way back; None where they tell of none."""
    keys = {field: f"{name} {field}" for field in model.model_fields}
    told = {field: parameters[key] for field, key in keys.items() if key in parameters}
    if not told:
        return None
    try:
        return model.model_validate(told).model_dump(mode="json", include=set(told))
    except ValidationError:
        return None


def telling(texts: Said, participants: Sequence[Participant]) -> list[Participant]:
    """What is said for those who do not say it themselves."""
    speak = {
        one.name
        for one in participants
        if isinstance(one, Watched) and type(one.inner).parameters is not Participant.parameters
    }
    own = [values for name, values in texts.items() if name not in speak]
    every = {key: text for values in own for key, text in values.items()}
    return [Telling(every)] if every else []
