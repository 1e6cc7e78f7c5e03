"""Regions in a picture's parameters, there and back. Masks are not among them: they are this
machine's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from .options import Options

_REGIONS, _AREAS = "Regions", "Region areas"
_PLAIN = {
    "Region first": "first",
    "Region joined": "joined",
    "Region base": "base",
    "Region blur": "blur",
    "Region way": "way",
}
_IN_THE_PROMPT = "common"
"""Words that all regions begin with stand in each part of the picture's prompt already."""


def told(options: Options) -> dict[str, str]:
    """What a picture's parameters say."""
    grid = options.split in ("columns", "rows")
    values = {_REGIONS: f"{options.split} {options.shares}".strip() if grid else options.split}
    usual = Options()
    for key, field in _PLAIN.items():
        value = getattr(options, field)
        if value not in (getattr(usual, field), _IN_THE_PROMPT):
            values[key] = str(value)
    if options.split == "areas":
        areas = [{"prompt": one.prompt, "box": list(one.box)} for one in options.drawn]
        values[_AREAS] = json.dumps(areas, ensure_ascii=False)
    return values


def read(parameters: Mapping[str, str]) -> dict[str, Any] | None:
    """The panel's values that parameters tell of; None where they tell of none."""
    if _REGIONS not in parameters:
        return None
    split, _, shares = parameters[_REGIONS].partition(" ")
    values: dict[str, Any] = {"enabled": True, "split": split, "shares": shares}
    values |= {field: parameters[key] for key, field in _PLAIN.items() if key in parameters}
    try:
        values["areas"] = json.loads(parameters.get(_AREAS, "[]"))
        options = Options.model_validate(values)
    except (ValueError, ValidationError):
        return None
    return options.model_dump(mode="json", exclude={"masks"})
