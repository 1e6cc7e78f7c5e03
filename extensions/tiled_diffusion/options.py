"""What can be chosen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from webui.ext import option

_TILE = "Tile, pixels (0: as the model was made for)"


class Options(BaseModel):
    """The panel's values.

    Attributes:
        tile: side of a tile in pixels; 0: the size that the model was made for.
        overlap: what neighbours share at least, in pixels; half a tile at most.
    """

    model_config = ConfigDict(frozen=True)

    enabled: bool = option(False, "Draw in tiles", "Rysuj kafelkami")
    tile: int = option(0, _TILE, "Kafelek, piksele (0: jak dla modelu)", 0, 4096, step=8)
    overlap: int = option(64, "Overlap, pixels", "Zakładka, piksele", 0, 2048)
