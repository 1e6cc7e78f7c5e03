"""What can be chosen: any number of passes, each finds something and draws it anew."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from webui.ext import option

SKIN = "skin"
"""The detector that needs no network."""


def _rare(default: Any, en: str, pl: str, low: float | None = None, high: float | None = None):
    """A number that few need."""
    return option(default, en, pl, low, high, fine=True)


def _text(default: str, longest: int, en: str, pl: str, **more: Any) -> Any:
    return option(default, en, pl, longest=longest, **more)


_SKIN_WORDS = {SKIN: {"en": "Faces, by the colour of skin", "pl": "Twarze, po kolorze skóry"}}


class Pass(BaseModel):
    """One pass over the picture.

    Attributes:
        detector: `skin`, or the name of a model in models/detectors.
        labels: which of the things that it knows, with commas; empty: all.
        confidence: from which on something counts.
        count: so many at most, the largest first; 0: all.
        smallest, largest: share of the picture that something may take.
        dilate: by how much the mask grows, in pixels; below 0 it shrinks.
        blur: of its border, in pixels; padding: of the surroundings that are drawn with it.
        right, down: by how much it moves, in pixels.
        merge: draw all finds at once, under one mask.
        prompt, negative_prompt: of what is found; empty: as in the picture. `[PROMPT]` stands for
            the picture's own, `[SEP]` between prompts of one find after the other.
        strength: how much may change. steps, cfg_scale: 0: as in the picture.
    """

    model_config = ConfigDict(frozen=True)

    detector: str = _text(
        SKIN, 300, "What finds it", "Co to znajduje", models="detector", words=_SKIN_WORDS
    )
    labels: str = _text("", 500, "Only these things", "Tylko te rzeczy")
    confidence: float = option(0.3, "Confidence", "Pewność", 0, 1)
    count: int = option(0, "At most so many (0: all)", "Najwyżej tyle (0: wszystkie)", 0, 50)
    smallest: float = _rare(0.0, "Smallest share of the picture", "Najmniejsza część", 0, 1)
    largest: float = _rare(1.0, "Largest share of the picture", "Największa część", 0, 1)
    dilate: int = _rare(4, "Grow the mask, pixels", "Powiększ maskę, piksele", -128, 128)
    blur: int = _rare(4, "Soft border, pixels", "Miękka granica, piksele", 0, 64)
    padding: int = _rare(32, "Surroundings, pixels", "Otoczenie, piksele", 0, 256)
    right: int = _rare(0, "Move right, pixels", "Przesuń w prawo, piksele", -200, 200)
    down: int = _rare(0, "Move down, pixels", "Przesuń w dół, piksele", -200, 200)
    merge: bool = _rare(False, "All at once", "Wszystko naraz")
    prompt: str = _text("", 5000, "Prompt (empty: as the picture)", "Opis (pusty: jak obraz)")
    negative_prompt: str = _text("", 5000, "Negative prompt", "Opis negatywny")
    strength: float = option(0.4, "Strength", "Siła", 0, 1)
    steps: int = _rare(0, "Steps (0: as the picture)", "Kroki (0: jak obraz)", 0, 150)
    cfg_scale: float = _rare(0.0, "CFG scale (0: as the picture)", "CFG (0: jak obraz)", 0, 30)


class Switch(BaseModel):
    """Stands first in the panel."""

    model_config = ConfigDict(frozen=True)

    enabled: bool = option(False, "Draw details anew", "Rysuj szczegóły od nowa")


class Options(Pass, Switch):
    """The panel's values: whether, the first pass, and those that follow it."""

    more: tuple[Pass, ...] = Field(
        default=(),
        max_length=8,
        title="Further passes",
        json_schema_extra={
            "titles": {"pl": "Kolejne przejścia"},
            "row": {"en": "Pass", "pl": "Przejście"},
            "first": 2,
        },
    )

    @property
    def passes(self) -> tuple[Pass, ...]:
        return (self, *self.more)
