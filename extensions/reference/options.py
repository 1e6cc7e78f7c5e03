"""What can be chosen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from webui.ext import PictureRef, option


class Options(BaseModel):
    """The panel's values.

    Attributes:
        fidelity: by how much the negative prompt does not see the picture: more keeps closer to it.
        start, end: share of the steps from which, and up to which, it counts.
        images: what is seen; none: the pictures that the prompt names, as `{image}`.
    """

    model_config = ConfigDict(frozen=True)

    enabled: bool = option(False, "Draw in the manner of a picture", "Rysuj na wzór obrazu")
    fidelity: float = option(0.5, "Style fidelity", "Wierność stylowi", 0, 1)
    start: float = option(0.0, "From this share of the steps", "Od tej części kroków", 0, 1)
    end: float = option(1.0, "To this share of the steps", "Do tej części kroków", 0, 1)
    images: tuple[PictureRef, ...] = Field(
        default=(),
        max_length=4,
        title="Pictures (none: those that the prompt names)",
        json_schema_extra={"titles": {"pl": "Obrazy (brak: te, które wymienia opis)"}},
    )
