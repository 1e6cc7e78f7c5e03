"""What is asked for: any number of units, each a picture, a network and how strongly it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from webui.ext import ModelUse, PictureRef, hookimpl

Mode = Literal["balanced", "prompt", "control"]
Fit = Literal["just_resize", "crop", "fill"]
Passes = Literal["both", "first", "second"]
Share = Annotated[float, Field(ge=0, le=1)]
NO_PREPROCESSOR = "none"


class Unit(BaseModel):
    """One network and what it is shown.

    Attributes:
        image: what leads; None: the picture that the request begins with.
        mask: where it leads (white); None: everywhere.
        preprocessor, options: what makes the map of the picture; `none`: it is a map already.
        made_by: the preprocessor that made the picture, where that is a map already.
        resolution: shorter side of the picture for the preprocessor; None: as large as what is
            drawn ("pixel perfect").
        model: name of a ControlNet or T2I-Adapter.
        start, end: share of the steps from which, and up to which, it counts.
        mode: whether the prompt or the map matters more, as in A1111's extension.
        resize_mode: how the picture becomes the size that is drawn.
        control_type: number of the kind of map, for networks that know several; None: of that which
            the preprocessor makes, or made.
        low_memory: keep the network in the main memory between its calls.
        passes: of a hires fix, in which it counts.
        batch: pictures that the page asks for one job each of; in a job `image` counts alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    image: PictureRef | None = None
    mask: PictureRef | None = None
    preprocessor: str = Field(default=NO_PREPROCESSOR, max_length=100)
    options: dict[str, Any] = {}
    made_by: str = Field(default="", max_length=100)
    resolution: int | None = Field(default=None, ge=64, le=2048)
    model: str | None = Field(default=None, max_length=300)
    weight: float = Field(default=1.0, ge=0, le=2)
    start: Share = 0.0
    end: Share = 1.0
    mode: Mode = "balanced"
    resize_mode: Fit = "crop"
    control_type: int | None = Field(default=None, ge=0, le=63)
    low_memory: bool = False
    passes: Passes = "both"
    batch: tuple[PictureRef, ...] = Field(default=(), max_length=1000)

    @model_validator(mode="after")
    def _fits_together(self) -> Unit:
        if self.start > self.end:
            raise ValueError("starts_after_end")
        return self


class Options(BaseModel):
    """The panel's values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    units: tuple[Unit, ...] = Field(default=(), max_length=100)

    @property
    def active(self) -> tuple[tuple[int, Unit], ...]:
        """Number and unit of those that count."""
        return tuple(
            (number, unit)
            for number, unit in enumerate(self.units)
            if unit.enabled and unit.weight > 0 and unit.model
        )


@hookimpl
def models_of(options: Mapping[str, Any]) -> list[ModelUse]:
    """The networks, which stay on the device while pictures are drawn."""
    active = Options.model_validate(dict(options)).active
    return [ModelUse("controlnet", unit.model or "", unit.low_memory) for _, unit in active]
