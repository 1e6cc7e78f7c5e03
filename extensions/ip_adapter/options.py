"""What can be chosen: any number of units, each an IP-Adapter and the pictures it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from webui.ext import ModelUse, PictureRef


def _field(default: Any, en: str, pl: str, low: float | None = None, high: float | None = None):
    titles: Any = {"titles": {"pl": pl}}
    return Field(default=default, ge=low, le=high, title=en, json_schema_extra=titles)


def _name(en: str, pl: str):
    titles: Any = {"titles": {"pl": pl}}
    return Field(default="", max_length=300, title=en, json_schema_extra=titles)


class Unit(BaseModel):
    """One IP-Adapter and what it is shown.

    Attributes:
        model: name of a file in models/ip_adapter.
        encoder: name of a file or folder in models/image_encoder; empty: the one beside the model.
        images: what it is shown; none: the pictures that the prompt names, as `{image}`.
        masks: one picture, where they count (white); none: everywhere. A list, since a form has
            no field for a picture.
        start, end: share of the steps from which, and up to which, they count.
    """

    model_config = ConfigDict(frozen=True)

    model: str = _name("IP-Adapter", "IP-Adapter")
    encoder: str = _name("Image encoder (empty: beside it)", "Koder obrazów (pusty: obok modelu)")
    weight: float = _field(0.6, "Weight", "Waga", 0, 2)
    start: float = _field(0.0, "From this share of the steps", "Od tej części kroków", 0, 1)
    end: float = _field(1.0, "To this share of the steps", "Do tej części kroków", 0, 1)
    images: tuple[PictureRef, ...] = Field(default=(), max_length=16)
    masks: tuple[PictureRef, ...] = Field(default=(), max_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> Unit:
        if self.start > self.end:
            raise ValueError("it starts after its end: make the start smaller than the end")
        return self


class Switch(BaseModel):
    """Stands first in the panel."""

    model_config = ConfigDict(frozen=True)

    enabled: bool = _field(False, "Draw what pictures show", "Rysuj to, co pokazują obrazy")


class Options(Unit, Switch):
    """The panel's values: whether, the first unit, and those beside it."""

    more: tuple[Unit, ...] = Field(default=(), max_length=8)

    @property
    def units(self) -> tuple[Unit, ...]:
        """Those that count."""
        if not self.enabled:
            return ()
        return tuple(one for one in (self, *self.more) if one.weight > 0)


def used(options: Mapping[str, Any]) -> list[ModelUse]:
    """The networks that lie beside the model while it draws."""
    try:
        units = Options.model_validate(dict(options)).units
    except ValidationError:
        return []
    return [ModelUse("ip_adapter", unit.model) for unit in units if unit.model]
