"""What can be chosen: any number of units, each an IP-Adapter and the pictures it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from webui.ext import ModelUse, PictureRef, option


def _file(kind: str, en: str, pl: str, **words: Any) -> Any:
    """The name of a file of a kind of models."""
    return option("", en, pl, longest=300, models=kind, **words)


def _mask(en: str, pl: str) -> Any:
    return option(None, en, pl, mask=True, over="image")


_BESIDE = {"": {"en": "The one beside the IP-Adapter", "pl": "Ten obok IP-Adaptera"}}


class Shown(BaseModel):
    """A picture that a unit is shown; its name alone does as well.

    Attributes:
        weight: of this picture, times that of its unit.
        mask: where it counts (white); None: where the unit does.
    """

    model_config = ConfigDict(frozen=True)

    image: PictureRef | None = option(None, "Picture", "Obraz")
    weight: float = option(1.0, "Weight of this picture", "Waga tego obrazu", 0, 2)
    mask: PictureRef | None = _mask("Where this picture counts", "Gdzie liczy się ten obraz")

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, given: Any) -> Any:
        return {"image": given} if isinstance(given, str) else given

    @property
    def plain(self) -> bool:
        """Whether it is as its unit is."""
        return self.weight == 1 and self.mask is None


class Unit(BaseModel):
    """One IP-Adapter and what it is shown.

    Attributes:
        model: name of a file in models/ip_adapter.
        encoder: name of a file or folder in models/image_encoder; empty: the one beside the model.
        images: what it is shown; none: the pictures that the prompt names, as `{image}`.
        mask: where they count (white); None: everywhere.
        start, end: share of the steps from which, and up to which, they count.
    """

    model_config = ConfigDict(frozen=True)

    model: str = _file("ip_adapter", "IP-Adapter", "IP-Adapter")
    encoder: str = _file("image_encoder", "Image encoder", "Koder obrazów", words=_BESIDE)
    weight: float = option(0.6, "Weight", "Waga", 0, 2)
    start: float = option(0.0, "From this share of the steps", "Od tej części kroków", 0, 1)
    end: float = option(1.0, "To this share of the steps", "Do tej części kroków", 0, 1)
    images: tuple[Shown, ...] = Field(
        default=(),
        max_length=16,
        title="Pictures (none: those that the prompt names)",
        json_schema_extra={
            "titles": {"pl": "Obrazy (brak: te, które wymienia opis)"},
            "row": {"en": "Picture", "pl": "Obraz"},
        },
    )
    mask: PictureRef | None = _mask("Where all of them count", "Gdzie liczą się wszystkie")

    @model_validator(mode="before")
    @classmethod
    def _as_before(cls, given: Any) -> Any:
        """`masks`, a list of one, is what clients gave before there was a field for a picture."""
        if not isinstance(given, dict) or not given.get("masks"):
            return given
        values: dict[str, Any] = dict(given)  # pyright: ignore[reportUnknownArgumentType]
        first, *_ = values.pop("masks")
        return {"mask": first, **values}

    @model_validator(mode="after")
    def _fits_together(self) -> Unit:
        if self.start > self.end:
            raise ValueError("starts_after_end")
        return self

    @property
    def pictures(self) -> tuple[PictureRef, ...]:
        """What it is shown, by the pictures' names."""
        return tuple(one.image for one in self.images if one.image)

    def parts(self) -> tuple[Unit, ...]:
        """The same as units whose pictures all count alike: together those that are as the unit,
        each of the others alone. Without pictures: itself."""
        shown = [one for one in self.images if one.image and one.weight > 0]
        if not self.pictures:
            return (self,)
        together = tuple(one for one in shown if one.plain)
        alone = [
            self.model_copy(
                update={
                    "images": (Shown(image=one.image),),
                    "weight": self.weight * one.weight,
                    "mask": one.mask or self.mask,
                }
            )
            for one in shown
            if not one.plain
        ]
        same = [self.model_copy(update={"images": together})] if together else []
        return (*same, *alone)


class Switch(BaseModel):
    """Stands first in the panel."""

    model_config = ConfigDict(frozen=True)

    enabled: bool = option(False, "Draw what pictures show", "Rysuj to, co pokazują obrazy")


class Options(Unit, Switch):
    """The panel's values: whether, the first unit, and those beside it."""

    more: tuple[Unit, ...] = Field(
        default=(),
        max_length=8,
        title="Further units",
        json_schema_extra={
            "titles": {"pl": "Kolejne jednostki"},
            "row": {"en": "Unit", "pl": "Jednostka"},
            "first": 2,
        },
    )

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
