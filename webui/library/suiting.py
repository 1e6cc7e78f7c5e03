"""What a model makes of the settings it is given: fields that count for nothing, values far off.

Nothing here is an error. It is said beside the field, or to the client that asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from webui.core.errors import Problem
from webui.core.offers import ModelInfo
from webui.core.texts import text

DISCRETE = ("sd1", "sd2", "sdxl", "sdxl-refiner")
"""Families that learned single noise levels; all others are flows."""
CLIP = (*DISCRETE, "sd3")
"""Families whose prompts CLIP alone reads, or also reads, layer by layer."""
WHOLE = "diffusers"
"""The family of pipelines that are run as they are: prompt, size, steps, guidance and seed."""

_OF_OUR_LOOP = (
    *("sampler", "schedule", "clip_skip", "shift", "vae", "noise_source", "storage"),
    *("variation_seed", "variation_strength", "seed_resize_width", "seed_resize_height"),
    *("eta_noise_seed_delta", "refiner", "hires"),
)
_LARGER, _SMALLER = 2.0, 0.4
"""Shares of the pixels it was trained at beyond which a model loses its way."""
_QUICK = 12
"""Models made for so few steps were distilled to them."""
_QUESTIONABLE = 2.5
_FEW = 1 / 3


class Suits(BaseModel):
    """What is to be said of settings.

    Attributes:
        unused: fields that count for nothing with this model.
        hints: sentences about values, each with its field.
    """

    unused: tuple[str, ...]
    hints: tuple[Problem, ...]


def unused_fields(info: ModelInfo) -> tuple[str, ...]:
    """Fields of a request that count for nothing with a model."""
    if info.family == WHOLE:
        return _OF_OUR_LOOP
    if info.extension:
        own = {*info.card.unused, *(("negative_prompt",) if info.card.distilled else ())}
        return tuple(sorted(own))
    fields = {
        "negative_prompt": info.card.distilled,
        "clip_skip": info.family not in CLIP,
        "shift": info.family in DISCRETE,
        "image_cfg_scale": info.variant != "edit" or info.family not in DISCRETE,
    }
    return tuple(name for name, unused in fields.items() if unused and info.family)


def hints(info: ModelInfo, values: Mapping[str, Any]) -> Iterator[Problem]:
    """What is to be said of the values of a request; those that are no numbers are left out."""
    card = info.card
    given = {name: value for name, value in values.items() if _is_number(value)}
    title = card.title.get("en") or info.id
    yield from _of_size(info, given, title)
    yield from _of_steps(info, given, title)
    guidance = given.get("cfg_scale", card.cfg_scale)
    without = card.cfg_scale <= 1 and not card.distilled
    if without and guidance > _QUESTIONABLE:
        yield _hint("hint_guidance", "cfg_scale", title=title)
    negative = values.get("negative_prompt")
    if isinstance(negative, str) and negative.strip() and not card.distilled and guidance <= 1:
        yield _hint("hint_negative", "negative_prompt")


def suits(info: ModelInfo, values: Mapping[str, Any]) -> Suits:
    """All that is to be said."""
    unused = unused_fields(info)
    said = [one for one in hints(info, values) if one.field not in unused]
    title = info.card.title.get("en") or info.id
    said += [_hint("hint_unused", name, title=title) for name in unused if _is_set(values, name)]
    return Suits(unused=unused, hints=tuple(said))


def _of_size(info: ModelInfo, given: Mapping[str, Any], title: str) -> Iterator[Problem]:
    width, height = (given.get(side) for side in ("width", "height"))
    if not width or not height:
        return
    card = info.card
    share = width * height / (card.width * card.height)
    if share > _LARGER or share < _SMALLER:
        code = "hint_large" if share > _LARGER else "hint_small"
        yield _hint(code, "width", title=title, width=card.width, height=card.height)


def _of_steps(info: ModelInfo, given: Mapping[str, Any], title: str) -> Iterator[Problem]:
    usual, steps = info.card.steps, given.get("steps", info.card.steps)
    if usual <= _QUICK and steps > usual * _QUESTIONABLE:
        yield _hint("hint_many_steps", "steps", title=title, steps=usual)
    if usual > _QUICK and steps < usual * _FEW:
        yield _hint("hint_few_steps", "steps", title=title, steps=usual)


def _is_set(values: Mapping[str, Any], name: str) -> bool:
    value = values.get(name)
    usual = {"clip_skip": (None, 1), "negative_prompt": (None, "")}.get(name)
    return value not in usual if usual else name == "shift" and value is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _hint(code: str, field: str, **values: Any) -> Problem:
    return Problem(code=code, field=field, values=values, message=text(f"error.{code}", **values))
