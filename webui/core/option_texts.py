"""Options of extensions in a picture's parameters: `name field: value`, as A1111 writes them.

Only what differs from its default is said: plain values as text, lists as JSON, and no pictures,
which are this machine's own. An extension whose participant says itself what it did is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from webui.core.guarding import Watched
from webui.core.hookspecs import Panel
from webui.core.participants import Participant
from webui.core.pictures import PATTERN

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
    shortly = chosen.model_dump(mode="json", exclude_defaults=True)
    texts: dict[str, str] = {}
    for field in model.model_fields:
        value = getattr(chosen, field)
        if value == getattr(usual, field):
            continue
        if isinstance(value, bool | int | float | str):
            if not _is_picture(value):
                texts[f"{name} {field}"] = str(value)
        elif rest := _without_pictures(shortly.get(field)):
            texts[f"{name} {field}"] = json.dumps(rest, ensure_ascii=False)
    return texts


def _is_picture(value: object) -> bool:
    return isinstance(value, str) and re.match(PATTERN, value) is not None


def _without_pictures(value: Any) -> Any:
    """Plain data but for the pictures in it."""
    if isinstance(value, Mapping):
        given = cast(Mapping[str, Any], value)
        return {name: _without_pictures(one) for name, one in given.items() if not _is_picture(one)}
    if isinstance(value, list):
        rows = cast(list[Any], value)
        return [_without_pictures(one) for one in rows if not _is_picture(one)]
    return value


def said_of(
    panels: Iterable[tuple[str, Panel]], given: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """Extension -> what the parameters of pictures say of its options."""
    return {name: said(name, one.options, given[name]) for name, one in panels if name in given}


def understood(
    name: str, model: type[BaseModel], parameters: Mapping[str, str]
) -> dict[str, Any] | None:
    """The values that parameters tell of, the way back; None where they tell of none."""
    return read_options(
        model, {f"{name} {field}": field for field in model.model_fields}, parameters
    )


def read_options(
    model: type[BaseModel], names: Mapping[str, str], parameters: Mapping[str, str]
) -> dict[str, Any] | None:
    """The values of a model that parameters tell of; None where they tell of none, or they do not
    fit.

    Args:
        names: what a field's value is called in parameters -> the field.
    """
    told = {field: parameters[key] for key, field in names.items() if key in parameters}
    if not told:
        return None
    try:
        usual = model()
        values = {field: _meant(text, getattr(usual, field)) for field, text in told.items()}
        return model.model_validate(values).model_dump(mode="json", include=set(told))
    except (ValidationError, ValueError):
        return None


def _meant(text: str, usual: object) -> Any:
    return json.loads(text) if isinstance(usual, list | tuple | Mapping | BaseModel) else text


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
