"""What can be chosen."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webui.ext import PictureRef


def _field(default: Any, en: str, pl: str, low: float | None = None, high: float | None = None):
    titles: Any = {"titles": {"pl": pl}}
    return Field(default=default, ge=low, le=high, title=en, json_schema_extra=titles)


class Options(BaseModel):
    """The panel's values.

    Attributes:
        fidelity: by how much the negative prompt does not see the picture: more keeps closer to it.
        start, end: share of the steps from which, and up to which, it counts.
        images: what is seen; none: the pictures that the prompt names, as `{image}`.
    """

    model_config = ConfigDict(frozen=True)

    enabled: bool = _field(False, "Draw in the manner of a picture", "Rysuj na wzór obrazu")
    fidelity: float = _field(0.5, "Style fidelity", "Wierność stylowi", 0, 1)
    start: float = _field(0.0, "From this share of the steps", "Od tej części kroków", 0, 1)
    end: float = _field(1.0, "To this share of the steps", "Do tej części kroków", 0, 1)
    images: tuple[PictureRef, ...] = Field(
        default=(),
        max_length=4,
        title="Pictures (none: those that the prompt names)",
        json_schema_extra={"titles": {"pl": "Obrazy (brak: te, które wymienia opis)"}},
    )
