"""What can be chosen, and where the regions lie."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from webui.ext import PictureRef

Split = Literal["columns", "rows", "masks"]
First = Literal["region", "common", "base"]
Box = tuple[float, float, float, float]
"""left, top, right, bottom as shares of the picture."""
MOST = 16
"""Regions; each is one more call of the network a step."""


_WORDS = {
    "columns": {"en": "columns", "pl": "kolumny"},
    "rows": {"en": "rows", "pl": "wiersze"},
    "masks": {"en": "masks", "pl": "maski"},
    "region": {"en": "its own region", "pl": "własny obszar"},
    "common": {"en": "all regions, as their beginning", "pl": "początek opisu wszystkich obszarów"},
    "base": {"en": "a base under all regions", "pl": "tło pod wszystkimi obszarami"},
}


def _field(
    default: Any, en: str, pl: str, low: float | None = None, high: float | None = None
) -> Any:
    titles: Any = {"titles": {"pl": pl}}
    if default in ("columns", "region"):
        titles["words"] = _WORDS
    return Field(default=default, ge=low, le=high, title=en, json_schema_extra=titles)


class Options(BaseModel):
    """The panel's values.

    Attributes:
        split: how regions lie; `masks`: as the pictures in `masks` say.
        shares: `2,1`: the first column, or row, is twice as wide as the second. `;` begins the
            next line of a grid: `1,1;1` is two columns above one (with rows: two rows, and one
            beside them). `2:1,1;1` makes the first line twice as thick. Empty: all alike.
        first: what the first part of the prompt is: a region's, words that all regions begin
            with, or a base under them all.
        base: share of the base in every region.
        blur: how far neighbours fade into each other, as a share of the shorter side.
        masks: white is the region, one picture a region.
    """

    model_config = ConfigDict(frozen=True)

    enabled: bool = _field(False, "Words for regions", "Opisy dla obszarów")
    split: Split = _field("columns", "Regions are", "Obszary to")
    shares: str = Field(
        default="",
        max_length=200,
        title="Shares, as 2,1 or 1,1;1",
        json_schema_extra={"titles": {"pl": "Udziały, np. 2,1 albo 1,1;1"}},
    )
    first: First = _field("region", "The first part is for", "Pierwsza część opisuje")
    base: float = _field(0.2, "Share of the base", "Udział całości", 0, 1)
    blur: float = _field(0.0, "Soft borders", "Miękkie granice", 0, 0.5)
    masks: tuple[PictureRef, ...] = Field(default=(), max_length=MOST)

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
            raise ValueError("shares are numbers, as 2,1 or 1,1;1") from error
        if not all(0 < one < 1000 for one in (thickness, *along)):
            raise ValueError("shares lie above 0 and below 1000")
        lines.append((thickness, along))
    if sum(len(along) for _, along in lines) > MOST:
        raise ValueError(f"there can be {MOST} regions at most")
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
