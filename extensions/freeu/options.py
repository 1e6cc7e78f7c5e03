"""What can be chosen."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from webui.ext import option


class Options(BaseModel):
    """The panel's values; the factors are those that the authors name for Stable Diffusion XL.

    Attributes:
        version: 2 strengthens by how much there is at each place, 1 the same everywhere.
        b1, b2: factors of half of the backbone's channels, in the first and the second stage.
        s1, s2: factors of the lowest frequencies of what skips the middle.
        start, end: share of the steps from which, and up to which, it counts.
    """

    model_config = ConfigDict(frozen=True)

    enabled: bool = option(False, "Use FreeU", "Użyj FreeU")
    version: Literal["1", "2"] = option("2", "Version", "Wersja")
    b1: float = option(1.3, "Backbone, stage 1", "Rdzeń, stopień 1", 0, 3)
    b2: float = option(1.4, "Backbone, stage 2", "Rdzeń, stopień 2", 0, 3)
    s1: float = option(0.9, "Skip, stage 1", "Pominięcie, stopień 1", 0, 3)
    s2: float = option(0.2, "Skip, stage 2", "Pominięcie, stopień 2", 0, 3)
    start: float = option(0.0, "From this share of the steps", "Od tej części kroków", 0, 1)
    end: float = option(1.0, "To this share of the steps", "Do tej części kroków", 0, 1)
