"""What can be chosen, and where the regions lie."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from webui.ext import Box, PictureRef, option

Split = Literal["columns", "rows", "areas", "masks"]
First = Literal["region", "common", "base"]
Way = Literal["latents", "attention"]
MOST = 16
"""Regions; each is one more call of the network a step."""


_WORDS = {
    "columns": {"en": "columns", "pl": "kolumny"},
    "rows": {"en": "rows", "pl": "wiersze"},
    "areas": {"en": "drawn here", "pl": "narysowane tutaj"},
    "masks": {"en": "masks", "pl": "maski"},
    "region": {"en": "its own region", "pl": "własny obszar"},
    "common": {"en": "all regions, as their beginning", "pl": "początek opisu wszystkich obszarów"},
    "base": {"en": "a base under all regions", "pl": "tło pod wszystkimi obszarami"},
}
_WAYS = {
    "latents": {"en": "in what is drawn, one call each", "pl": "w rysunku, po jednym wywołaniu"},
    "attention": {"en": "in the network's attention, one call", "pl": "w uwadze sieci, raz"},
}


_CUT = ["columns", "rows", "masks"]
"""Ways in which parts of the prompt itself are for regions."""
_AREA = {"en": "Area", "pl": "Obszar"}


def _several(default: Any, most: int, en: str, pl: str, **more: Any) -> Any:
    """A list, or a text."""
    return option(default, en, pl, longest=most, **more)


class Area(BaseModel):
    """A place in the picture, and what is there.

    Attributes:
        prompt: of this area; where it is empty, there is no such area.
        box: where it lies.
        mask: where it lies (white), in place of the rectangle.
    """

    model_config = ConfigDict(frozen=True)

    prompt: str = _several("", 5000, "What is here", "Co tu jest")
    box: Box = Field(
        default=(0.25, 0.25, 0.75, 0.75),
        title="Where, in percent",
        json_schema_extra={"titles": {"pl": "Gdzie, w procentach"}},
    )
    mask: PictureRef | None = option(
        None, "Mask, in place of the rectangle", "Maska zamiast prostokąta", mask=True
    )


class Options(BaseModel):
    """The panel's values.

    Attributes:
        split: how regions lie; `areas`: as `areas` say, which have prompts of their own, with
            the request's prompt under them; `masks`: as the pictures in `masks` say.
        shares: `2,1`: the first column, or row, is twice as wide as the second. `;` begins the
            next line of a grid: `1,1;1` is two columns above one (with rows: two rows, and one
            beside them). `2:1,1;1` makes the first line twice as thick. Empty: all alike.
        areas: rectangles or masks with words of their own.
        first: what the first part of the prompt is: a region's, words that all regions begin
            with, or a base under them all. With `areas`, the request's prompt is the base.
        joined: with `areas`: theirs begin with the request's prompt, too.
        base: share of the base in every region.
        blur: how far neighbours fade into each other, as a share of the shorter side.
        masks: white is the region, one picture a region.
        way: `latents`: what each part leads to counts in its region; `attention`: the network sees
            each part in its region, in one call for all.
    """

    model_config = ConfigDict(frozen=True)

    enabled: bool = option(False, "Words for regions", "Opisy dla obszarów")
    split: Split = option("columns", "Regions are", "Obszary to", words=_WORDS)
    areas: tuple[Area, ...] = _several(
        (), MOST - 1, "Areas", "Obszary", when={"split": ["areas"]}, row=_AREA
    )
    shares: str = _several(
        "",
        200,
        "Shares, as 2,1 or 1,1;1",
        "Udziały, np. 2,1 albo 1,1;1",
        when={"split": ["columns", "rows"]},
    )
    masks: tuple[PictureRef, ...] = _several(
        (),
        MOST,
        "Masks, one a part of the prompt",
        "Maski, po jednej na część opisu",
        when={"split": ["masks"]},
    )
    first: First = option(
        "region",
        "The first part is for",
        "Pierwsza część opisuje",
        words=_WORDS,
        when={"split": _CUT},
    )
    joined: bool = option(
        False,
        "The words of each area begin with the prompt",
        "Słowa każdego obszaru zaczynają się opisem",
        when={"split": ["areas"]},
    )
    base: float = option(
        0.2, "Share of the base, the whole prompt", "Udział tła, całego opisu", 0, 1
    )
    blur: float = option(0.0, "Soft borders", "Miękkie granice", 0, 0.5)
    way: Way = option("latents", "Regions count", "Obszary działają", words=_WAYS)

    @property
    def drawn(self) -> tuple[Area, ...]:
        """The areas that count."""
        return tuple(one for one in self.areas if one.prompt.strip())

    @property
    def based(self) -> bool:
        """Whether the first branch lies under all others."""
        return self.first == "base" or self.split == "areas"

    @field_validator("shares")
    @classmethod
    def _readable(cls, shares: str) -> str:
        if shares.strip():
            lines_of(shares)
        return shares


def lines_of(shares: str) -> list[tuple[float, list[float]]]:
    """(thickness, shares along it) of each line.

    Raises:
        ValueError: it cannot be read.
    """
    lines: list[tuple[float, list[float]]] = []
    for text in shares.split(";"):
        head, colon, rest = text.rpartition(":")
        try:
            thickness = float(head) if colon else 1.0
            along = [float(one) for one in rest.split(",")]
        except ValueError as error:
            raise ValueError("shares_no_numbers") from error
        if not all(0 < one < 1000 for one in (thickness, *along)):
            raise ValueError("shares_out_of_bounds")
        lines.append((thickness, along))
    if sum(len(along) for _, along in lines) > MOST:
        raise ValueError("shares_too_many")
    return lines


def boxes(split: Split, shares: str, count: int) -> list[Box]:
    """Where the regions of a grid lie; `count` of them where no shares are given."""
    lines = lines_of(shares) if shares.strip() else [(1.0, [1.0] * count)]
    total = sum(thickness for thickness, _ in lines)
    found: list[Box] = []
    across = 0.0
    for thickness, along in lines:
        begin, across = across, across + thickness / total
        at = 0.0
        for share in along:
            start, at = at, at + share / sum(along)
            upright = split == "columns"
            found.append((start, begin, at, across) if upright else (begin, start, across, at))
    return found
