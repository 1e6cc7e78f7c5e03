"""Units in a picture's parameters: `IP-Adapter 0: "Model: plain, Weight: 0.6, …"`, there and back.
Pictures and masks are not among them: they are this machine's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from .options import Unit

_KEY = re.compile(r"IP-Adapter (\d{1,2})")
_FIELDS = {
    "Model": "model",
    "Encoder": "encoder",
    "Weight": "weight",
    "Start": "start",
    "End": "end",
}
_PAIR = re.compile(rf"(?:^|, )({'|'.join(_FIELDS)}): (.*?)(?=, (?:{'|'.join(_FIELDS)}): |$)")


def told(units: Sequence[Unit]) -> dict[str, str]:
    """What a picture's parameters say of units."""
    return {f"IP-Adapter {place}": _line(unit) for place, unit in enumerate(units)}


def _line(unit: Unit) -> str:
    values = {name: getattr(unit, field) for name, field in _FIELDS.items()}
    return ", ".join(f"{name}: {value}" for name, value in values.items() if value != "")


def read(parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """The panel's values that parameters tell of; None where they tell of no unit."""
    found = [
        (int(match[1]), unit)
        for key, text in parameters.items()
        if (match := _KEY.fullmatch(key)) and (unit := _unit(text)) is not None
    ]
    if not found:
        return None
    first, *more = (unit for _, unit in sorted(found, key=lambda one: one[0]))
    return {"enabled": True, **first, "more": more}


def _unit(text: str) -> dict[str, Any] | None:
    """None where it makes no sense."""
    values = {_FIELDS[name]: value for name, value in _PAIR.findall(text)}
    try:
        return Unit.model_validate(values).model_dump(include=set(values)) if values else None
    except ValidationError:
        return None
