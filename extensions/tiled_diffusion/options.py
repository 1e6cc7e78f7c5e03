"""What can be chosen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """The panel's values.

    Attributes:
        tile: side of a tile in pixels; 0: the size that the model was made for.
        overlap: what neighbours share at least, in pixels; half a tile at most.
    """

    model_config = ConfigDict(frozen=True)

    enabled: bool = Field(
        default=False,
        title="Draw in tiles",
        json_schema_extra={"titles": {"pl": "Rysuj kafelkami"}},
    )
    tile: int = Field(
        default=0,
        ge=0,
        le=4096,
        multiple_of=8,
        title="Tile, pixels (0: as the model was made for)",
        json_schema_extra={"titles": {"pl": "Kafelek, piksele (0: jak dla modelu)"}},
    )
    overlap: int = Field(
        default=64,
        ge=0,
        le=2048,
        title="Overlap, pixels",
        json_schema_extra={"titles": {"pl": "Zakładka, piksele"}},
    )
